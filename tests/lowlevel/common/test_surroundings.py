"""What surrounds the process: environment, home, paths of the installation, files and directories."""

from __future__ import annotations

import os
import pwd
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from globus_lowlevel import GlobusError, common

HOME = pwd.getpwuid(os.getuid()).pw_dir


@pytest.fixture
def name() -> Iterator[str]:
    """A variable of C's environment that is not there before, and not after."""
    yield "GLOBUS_TEST_VARIABLE"
    common.globus_libc_unsetenv("GLOBUS_TEST_VARIABLE")


# ---- the environment -------------------------------------------------------------------------------------------


def test_variables(name: str) -> None:
    assert common.globus_libc_getenv(name) is None
    common.globus_libc_setenv(name, "first", True)
    common.globus_libc_setenv(name, "second", False)
    assert common.globus_libc_getenv(name) == common.globus_module_getenv(name) == "first"
    common.globus_libc_setenv(name, "third", True)
    assert common.globus_libc_getenv(name) == "third"
    common.globus_libc_unsetenv(name)
    assert common.globus_libc_getenv(name) is None


def test_a_variable_of_python_is_one_of_c(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(name, "caf\udce9")
    assert common.globus_libc_getenv(name) == "caf\udce9"


@pytest.mark.parametrize("wrong", ["", "a=b"])
def test_names_that_no_variable_can_have(wrong: str) -> None:
    with pytest.raises(GlobusError):
        common.globus_libc_setenv(wrong, "value", True)


def test_a_modules_variable_comes_before_the_environments(name: str) -> None:
    common.globus_module_setenv("GLOBUS_TEST_MODULE_VARIABLE", "of the module")
    common.globus_libc_setenv("GLOBUS_TEST_MODULE_VARIABLE", "of the environment", True)
    assert common.globus_module_getenv("GLOBUS_TEST_MODULE_VARIABLE") == "of the module"
    common.globus_libc_unsetenv("GLOBUS_TEST_MODULE_VARIABLE")


# ---- places ----------------------------------------------------------------------------------------------------


def test_home() -> None:
    assert common.globus_libc_gethomedir() == os.environ.get("HOME", HOME)


@pytest.mark.parametrize(
    ("path", "url_form", "expanded"),
    [
        ("~/x", False, "{home}/x"), ("~", False, "{home}"), ("/a/~/x", False, "/a/~/x"), ("/~/x", True, "{home}/x"),
        ("/~/x", False, "/~/x"), ("/a", False, "/a"), ("~nobody.at.all/x", False, "~nobody.at.all/x"),
    ],
)  # fmt: skip
def test_tildes(path: str, url_form: bool, expanded: str) -> None:
    home = common.globus_libc_gethomedir()
    assert common.globus_tilde_expand(int(common.GLOBUS_TILDE_EXPAND), url_form, path) == expanded.format(
        home=home
    )


def test_tildes_of_users() -> None:
    user = pwd.getpwuid(os.getuid())
    both = int(common.GLOBUS_TILDE_EXPAND | common.GLOBUS_TILDE_USER_EXPAND)
    assert common.globus_tilde_expand(both, False, f"~{user.pw_name}/x") == f"{user.pw_dir}/x"
    assert common.globus_tilde_expand(
        int(common.GLOBUS_TILDE_EXPAND), False, f"~{user.pw_name}/x"
    ).startswith("~")


def test_paths_of_the_installation(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    assert Path(common.globus_location()).is_dir()
    assert common.globus_eval_path("${sysconfdir}/grid-security") == "/etc/grid-security"
    assert common.globus_eval_path("/a/path") == "/a/path"
    monkeypatch.setenv("GLOBUS_LOCATION", str(tmp_path))
    assert common.globus_location() == str(tmp_path)
    assert common.globus_eval_path("${prefix}/x") == f"{tmp_path}/x"


def test_attributes_of_a_configuration_file(tmp_path: Path) -> None:
    (tmp_path / "settings").write_text("first=1\nsecond=two words\n")
    attribute = common.globus_common_get_attribute_from_config_file
    assert attribute(str(tmp_path), "settings", "first") == "1"
    assert attribute(str(tmp_path), "settings", "second").split()[0] == "two"
    with pytest.raises(GlobusError):
        attribute(str(tmp_path), "settings", "third")
    with pytest.raises(GlobusError, match="failed to open"):
        attribute(str(tmp_path), "not there", "first")


# ---- the process -----------------------------------------------------------------------------------------------


def test_the_process() -> None:
    assert common.globus_libc_getpid() == os.getpid()
    before = os.umask(0o22)
    try:
        assert common.globus_libc_umask(0o27) == 0o22
        assert os.umask(0o22) == 0o27
    finally:
        os.umask(before)


def test_sleeping_lets_others_run() -> None:
    before = time.monotonic()
    common.globus_libc_usleep(10_000)
    assert time.monotonic() - before >= 0.01


# ---- files and directories -------------------------------------------------------------------------------------


def test_files(tmp_path: Path) -> None:
    path = tmp_path / "caf\udce9"
    descriptor = common.globus_libc_open(path, os.O_RDWR | os.O_CREAT, 0o600)
    assert common.globus_libc_write(descriptor, b"hello world") == 11
    assert common.globus_libc_lseek(descriptor, 6, os.SEEK_SET) == 6
    buffer = bytearray(20)
    assert common.globus_libc_read(descriptor, buffer) == 5
    assert buffer[:5] == b"world"
    assert common.globus_libc_read(descriptor, buffer) == 0
    common.globus_libc_close(descriptor)
    assert path.read_bytes() == b"hello world"
    assert path.stat().st_mode & 0o777 == 0o600


def test_directories(tmp_path: Path) -> None:
    names = {".", "..", "a", "b", "caf\udce9"}
    for name in names - {".", ".."}:
        (tmp_path / name).touch()
    directory = common.globus_libc_opendir(tmp_path)
    start = common.globus_libc_telldir(directory)
    first = common.globus_libc_readdir_r(directory)
    assert first is not None
    assert first[0] == os.stat(tmp_path / first[1], follow_symlinks=False).st_ino or first[1] == ".."
    common.globus_libc_seekdir(directory, start)
    assert common.globus_libc_readdir_r(directory) == first
    common.globus_libc_rewinddir(directory)
    found = set()
    while (entry := common.globus_libc_readdir_r(directory)) is not None:
        found.add(entry[1])
    assert found == names
    common.globus_libc_closedir(directory)
    with pytest.raises(ValueError, match="closed"):
        common.globus_libc_readdir_r(directory)


def test_a_directory_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="missing"):
        common.globus_libc_opendir(tmp_path / "missing")
