"""globus_lowlevel.ftp_client: directories, names, listings, and what a server knows of a file and of itself."""

from __future__ import annotations

import hashlib
import os
import socket
import threading
import zlib
from pathlib import Path
from typing import Any

import pytest
from tests.lowlevel.ftp_client.peers import Completion, extended, finish, receive

from globus_lowlevel import GlobusError, ftp_client

CONTENT = b"x" * 1234
MODIFIED = 1_600_000_000


@pytest.fixture
def file(root: Path) -> Path:
    path = root / "facts.dat"
    path.write_bytes(CONTENT)
    os.utime(path, (MODIFIED, MODIFIED))
    return path


@pytest.fixture
def tree(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory with a file, and with a directory that has another."""
    tree = root / tmp_path_factory.mktemp("tree").name
    (tree / "inner").mkdir(parents=True)
    (tree / "a.dat").write_bytes(b"a")
    (tree / "inner" / "b.dat").write_bytes(b"bb")
    return tree


# ---- names -----------------------------------------------------------------------------------------------------


def test_directories_are_made_and_removed(root: Path, url: Any, handle: Any, attr: Any) -> None:
    finish(ftp_client.globus_ftp_client_mkdir, handle, url("made"), attr)
    assert (root / "made").is_dir()
    with pytest.raises(GlobusError):
        finish(ftp_client.globus_ftp_client_mkdir, handle, url("made"), attr)
    finish(ftp_client.globus_ftp_client_rmdir, handle, url("made"), attr)
    assert not (root / "made").exists()


def test_files_are_moved_and_deleted(file: Path, url: Any, handle: Any, attr: Any) -> None:
    finish(ftp_client.globus_ftp_client_move, handle, url(file.name), url("other.dat"), attr)
    assert not file.exists()
    assert file.with_name("other.dat").read_bytes() == CONTENT
    finish(ftp_client.globus_ftp_client_delete, handle, url("other.dat"), attr)
    assert not file.with_name("other.dat").exists()
    with pytest.raises(GlobusError, match="No such file"):
        finish(ftp_client.globus_ftp_client_delete, handle, url("other.dat"), attr)


def test_mode_group_and_time_are_changed(file: Path, url: Any, handle: Any, attr: Any) -> None:
    finish(ftp_client.globus_ftp_client_chmod, handle, url(file.name), 0o640, attr)
    assert file.stat().st_mode & 0o777 == 0o640
    finish(ftp_client.globus_ftp_client_utime, handle, url(file.name), 1_500_000_000, attr)
    assert file.stat().st_mtime == 1_500_000_000
    group = os.getgroups()[-1] if os.getgroups() else os.getgid()
    finish(ftp_client.globus_ftp_client_chgrp, handle, url(file.name), str(group), attr)
    assert file.stat().st_gid == group
    with pytest.raises(GlobusError):
        finish(ftp_client.globus_ftp_client_chgrp, handle, url(file.name), "no such group", attr)


def test_a_link_is_asked_for(file: Path, url: Any, handle: Any, attr: Any) -> None:
    """The stock server knows no SITE SYMLINK."""
    with pytest.raises(GlobusError, match="Invalid command") as raised:
        finish(ftp_client.globus_ftp_client_symlink, handle, url(file.name), url("link.dat"), attr)
    assert ftp_client.globus_error_ftp_error_get_code(raised.value) == 500


# ---- listings --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("mode", ["stream", "extended"])
def test_names_are_listed(tree: Path, url: Any, handle: Any, attr: Any, mode: str) -> None:
    if mode == "extended":
        ftp_client.globus_ftp_client_operationattr_set_list_uses_data_mode(extended(attr), True)
    listed = receive(ftp_client.globus_ftp_client_list, handle, url(tree.name), attr)
    assert {"a.dat", "inner"} <= set(listed.decode().split())


def test_a_list_for_people(tree: Path, url: Any, handle: Any, attr: Any) -> None:
    listed = receive(ftp_client.globus_ftp_client_verbose_list, handle, url(tree.name), attr)
    (line,) = (line for line in listed.decode().splitlines() if line.endswith("a.dat"))
    assert line.startswith("-rw")
    (line,) = (line for line in listed.decode().splitlines() if line.endswith("inner"))
    assert line.startswith("drw")


def facts(line: str) -> tuple[str, dict[str, str]]:
    """Of a line as RFC 3659 has it."""
    said, _, name = line.partition(" ")
    return name, dict(fact.lower().split("=", 1) for fact in said.rstrip(";").split(";"))


def test_a_list_for_programs(tree: Path, url: Any, handle: Any, attr: Any) -> None:
    listed = receive(ftp_client.globus_ftp_client_machine_list, handle, url(tree.name), attr)
    entries = dict(facts(line) for line in listed.decode().splitlines())
    assert entries["a.dat"]["type"] == "file"
    assert entries["a.dat"]["size"] == "1"
    assert entries["inner"]["type"] == "dir"


def test_a_list_of_everything_below(tree: Path, url: Any, handle: Any, attr: Any) -> None:
    listed = receive(ftp_client.globus_ftp_client_recursive_list, handle, url(tree.name), attr)
    names = {facts(line)[0].removeprefix("./") for line in listed.decode().splitlines() if "=" in line}
    assert {"a.dat", "inner", "inner/b.dat"} <= names


@pytest.mark.parametrize(
    "operation",
    [
        ftp_client.globus_ftp_client_list,
        ftp_client.globus_ftp_client_verbose_list,
        ftp_client.globus_ftp_client_machine_list,
        ftp_client.globus_ftp_client_recursive_list,
    ],
)
def test_what_is_not_there_is_not_listed(url: Any, handle: Any, attr: Any, operation: Any) -> None:
    with pytest.raises(GlobusError, match="No such file"):
        receive(operation, handle, url("none"), attr)


# ---- facts -----------------------------------------------------------------------------------------------------


def test_size_and_time(file: Path, url: Any, handle: Any, attr: Any) -> None:
    assert finish(ftp_client.globus_ftp_client_size, handle, url(file.name), attr) == len(CONTENT)
    assert finish(ftp_client.globus_ftp_client_modification_time, handle, url(file.name), attr) == MODIFIED


def test_all_facts(file: Path, url: Any, handle: Any, attr: Any) -> None:
    for operation in (ftp_client.globus_ftp_client_mlst, ftp_client.globus_ftp_client_stat):
        said = finish(operation, handle, url(file.name), attr).decode().lower()
        assert str(len(CONTENT)) in said
        assert file.name in said


def test_a_directory_is_entered(tree: Path, url: Any, handle: Any, attr: Any) -> None:
    said = finish(ftp_client.globus_ftp_client_cwd, handle, url(tree.name), attr)
    assert said.startswith(b"250")
    with pytest.raises(GlobusError):
        finish(ftp_client.globus_ftp_client_cwd, handle, url("none"), attr)


@pytest.mark.parametrize("mode", ["stream", "extended"])
def test_what_exists(file: Path, tree: Path, url: Any, handle: Any, attr: Any, mode: str) -> None:
    if mode == "extended":
        extended(attr)
    for name in (file.name, tree.name, f"{tree.name}/inner/b.dat"):
        finish(ftp_client.globus_ftp_client_exists, handle, url(name), attr)
    with pytest.raises(GlobusError):
        finish(ftp_client.globus_ftp_client_exists, handle, url("none"), attr)


def test_what_exists_without_attributes(file: Path, url: Any, handle: Any) -> None:
    finish(ftp_client.globus_ftp_client_exists, handle, url(file.name), None)
    with pytest.raises(GlobusError):
        finish(ftp_client.globus_ftp_client_exists, handle, url("none"), None)


def test_what_exists_where_nobody_listens(handle: Any, attr: Any) -> None:
    """Each way to ask is refused at once, and C's own then ended the process."""
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        for _ in range(300):
            with pytest.raises(GlobusError, match="refused"):
                finish(
                    ftp_client.globus_ftp_client_exists,
                    handle,
                    f"ftp://127.0.0.1:{bound.getsockname()[1]}/x",
                    attr,
                )


def test_what_exists_is_no_longer_asked_when_aborted(handle: Any, attr: Any) -> None:
    completion = Completion()
    with socket.create_server(("127.0.0.1", 0)) as silent:
        place = f"ftp://127.0.0.1:{silent.getsockname()[1]}/x"
        ftp_client.globus_ftp_client_exists(handle, place, attr, completion, None)
        with silent.accept()[0]:
            ftp_client.globus_ftp_client_abort(handle)
            with pytest.raises(GlobusError, match="abort"):
                completion.check()


@pytest.mark.parametrize("algorithm", ["MD5", "SHA1", "SHA256", "ADLER32"])
def test_checksums(file: Path, url: Any, handle: Any, attr: Any, algorithm: str) -> None:
    def expected(data: bytes) -> str:
        if algorithm == "ADLER32":
            return f"{zlib.adler32(data):08x}"
        return hashlib.new(algorithm, data).hexdigest()

    cksm = ftp_client.globus_ftp_client_cksm
    assert finish(cksm, handle, url(file.name), attr, 0, -1, algorithm) == expected(CONTENT)
    assert finish(cksm, handle, url(file.name), attr, 10, 100, algorithm) == expected(CONTENT[10:110])


def test_a_checksum_that_nobody_knows(file: Path, url: Any, handle: Any, attr: Any) -> None:
    with pytest.raises(GlobusError):
        finish(ftp_client.globus_ftp_client_cksm, handle, url(file.name), attr, 0, -1, "NONE")


def test_an_output_is_not_readable_before_its_time(file: Path, url: Any, handle: Any, attr: Any) -> None:
    arrived, release, completion = threading.Event(), threading.Event(), Completion()

    def on_command(plugin: Any, specific: Any, handle: Any, url: str, command: str) -> None:
        arrived.set()
        release.wait(20)

    plugin = ftp_client.globus_ftp_client_plugin_init("hold", ftp_client.GLOBUS_FTP_CLIENT_CMD_MASK_ALL, None)
    ftp_client.globus_ftp_client_plugin_set_copy_func(plugin, lambda template, specific: template)
    ftp_client.globus_ftp_client_plugin_set_destroy_func(plugin, lambda plugin, specific: None)
    ftp_client.globus_ftp_client_plugin_set_size_func(plugin, lambda *_: None)
    ftp_client.globus_ftp_client_plugin_set_command_func(plugin, on_command)
    ftp_client.globus_ftp_client_handle_add_plugin(handle, plugin)
    size = ftp_client.globus_ftp_client_size(handle, url(file.name), attr, completion, None)
    assert arrived.wait(20)
    assert not size.done
    with pytest.raises(RuntimeError, match="has not completed"):
        size.value  # noqa: B018
    release.set()
    completion.check()
    assert (size.done, size.value) == (True, len(CONTENT))


# ---- the server ------------------------------------------------------------------------------------------------


def test_features(url: Any, handle: Any, attr: Any) -> None:
    def known(feature: int) -> int:
        return ftp_client.globus_ftp_client_is_feature_supported(features, feature)

    features = ftp_client.globus_ftp_client_features_init()
    assert known(ftp_client.GLOBUS_FTP_CLIENT_FEATURE_MLST) == ftp_client.GLOBUS_FTP_CLIENT_MAYBE
    finish(ftp_client.globus_ftp_client_feat, handle, url(""), attr, features)
    for feature in (
        ftp_client.GLOBUS_FTP_CLIENT_FEATURE_PARALLELISM,
        ftp_client.GLOBUS_FTP_CLIENT_FEATURE_MLST,
        ftp_client.GLOBUS_FTP_CLIENT_FEATURE_SIZE,
        ftp_client.GLOBUS_FTP_CLIENT_FEATURE_REST_STREAM,
    ):
        assert known(feature) == ftp_client.GLOBUS_FTP_CLIENT_TRUE
    assert known(ftp_client.GLOBUS_FTP_CLIENT_FEATURE_ABUF) == ftp_client.GLOBUS_FTP_CLIENT_FALSE
    ftp_client.globus_ftp_client_features_destroy(features)
    with pytest.raises(ValueError, match="closed"):
        known(ftp_client.GLOBUS_FTP_CLIENT_FEATURE_MLST)


def test_a_feature_that_is_none(url: Any) -> None:
    features = ftp_client.globus_ftp_client_features_init()
    for number in (-1, ftp_client.GLOBUS_FTP_CLIENT_FEATURE_MAX, 4711):
        with pytest.raises((GlobusError, ValueError, OverflowError)):
            ftp_client.globus_ftp_client_is_feature_supported(features, number)
