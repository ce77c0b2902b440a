"""globus_lowlevel.gsi_sysconfig: where credentials are by the environment, and whose permissions will do."""

from __future__ import annotations

import os
import pwd
from pathlib import Path

import pytest

from globus_hl.testgrid import Grid
from globus_lowlevel import GlobusError
from globus_lowlevel import gsi_sysconfig as sysconfig

pytestmark = pytest.mark.usefixtures("nothing_left")


def test_the_environment_says_where_things_are(grid: Grid, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("X509_USER_CERT", str(grid.user.cert))
    monkeypatch.setenv("X509_USER_KEY", str(grid.user.key))
    names = sysconfig.globus_gsi_sysconfig_get_user_cert_filename_unix()
    assert names == (str(grid.user.cert), str(grid.user.key))
    assert sysconfig.globus_gsi_sysconfig_get_cert_dir_unix() == str(grid.trust_directory)
    assert sysconfig.globus_gsi_sysconfig_get_gridmap_filename_unix() == str(grid.gridmap)
    proxy = sysconfig.globus_gsi_sysconfig_get_proxy_filename_unix(sysconfig.GLOBUS_PROXY_FILE_INPUT)
    assert proxy == str(grid.user.proxy)


def test_files_and_directories_are_looked_for(tmp_path: Path) -> None:
    sysconfig.globus_gsi_sysconfig_dir_exists_unix(tmp_path)
    (tmp_path / "file").write_text("content")
    sysconfig.globus_gsi_sysconfig_file_exists_unix(tmp_path / "file")
    with pytest.raises(GlobusError):
        sysconfig.globus_gsi_sysconfig_file_exists_unix(tmp_path / "none")
    with pytest.raises(GlobusError):
        sysconfig.globus_gsi_sysconfig_dir_exists_unix(tmp_path / "none")


def test_a_key_that_others_read_is_refused(tmp_path: Path) -> None:
    key = tmp_path / "key"
    key.write_text("a key")
    key.chmod(0o644)
    with pytest.raises(GlobusError):
        sysconfig.globus_gsi_sysconfig_check_keyfile_unix(key)
    key.chmod(0o600)
    sysconfig.globus_gsi_sysconfig_check_keyfile_unix(key)
    sysconfig.globus_gsi_sysconfig_check_keyfile_uid_unix(key, os.getuid())
    sysconfig.globus_gsi_sysconfig_check_certfile_unix(key)
    sysconfig.globus_gsi_sysconfig_check_certfile_uid_unix(key, os.getuid())


def test_the_authorities_of_a_directory_are_listed(grid: Grid) -> None:
    found = sysconfig.globus_gsi_sysconfig_get_ca_cert_files_unix(grid.trust_directory)
    assert {Path(name).name for name in found} >= {f"{name}.0" for name in grid.ca.hashes}


def test_paths_are_completed_and_split() -> None:
    assert sysconfig.globus_gsi_sysconfig_get_current_working_dir_unix() == str(Path.cwd())
    assert sysconfig.globus_gsi_sysconfig_make_absolute_path_for_filename_unix("/a/b") == "/a/b"
    assert sysconfig.globus_gsi_sysconfig_make_absolute_path_for_filename_unix("b") == str(Path.cwd() / "b")
    assert sysconfig.globus_gsi_sysconfig_split_dir_and_filename_unix("/a/b") == ("/a", "b")


def test_who_runs_the_process() -> None:
    assert bool(sysconfig.globus_gsi_sysconfig_is_superuser_unix()) is (os.getuid() == 0)
    assert sysconfig.globus_gsi_sysconfig_get_user_id_string_unix() == str(os.getuid())
    assert sysconfig.globus_gsi_sysconfig_get_username_unix() == pwd.getpwuid(os.getuid()).pw_name
    assert sysconfig.globus_gsi_sysconfig_get_proc_id_string_unix() == str(os.getpid())
