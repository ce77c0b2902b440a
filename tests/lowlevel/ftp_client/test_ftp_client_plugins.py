"""globus_lowlevel.ftp_client: plug-ins that are written in Python: what they are told, and how they lead an operation."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from tests.lowlevel.ftp_client.peers import (
    Dialogue,
    extended,
    fetch,
    finish,
    make_plugin,
    receive,
    store,
    with_plugin,
)

from globus_lowlevel import GlobusError, ftp_client

CONTENT = b"content"


@pytest.fixture
def file(root: Path) -> Path:
    path = root / "plugged.dat"
    path.write_bytes(CONTENT)
    return path


@pytest.fixture
def refused(with_passwords: Any) -> Callable[[str], str]:
    """URLs where nobody is let in."""
    return lambda name: f"ftp://{with_passwords.user}:wrong@{with_passwords.contact}/{name}"


# ---- a plug-in and its handles -----------------------------------------------------------------------------------


def test_a_plugin_is_added_once(handle: Any) -> None:
    plugin = make_plugin("once")
    attributes = ftp_client.globus_ftp_client_handleattr_init()
    for add, remove, owner in (
        (
            ftp_client.globus_ftp_client_handleattr_add_plugin,
            ftp_client.globus_ftp_client_handleattr_remove_plugin,
            attributes,
        ),
        (
            ftp_client.globus_ftp_client_handle_add_plugin,
            ftp_client.globus_ftp_client_handle_remove_plugin,
            handle,
        ),
    ):
        add(owner, plugin)
        with pytest.raises(GlobusError):
            add(owner, plugin)
        remove(owner, plugin)
        with pytest.raises(GlobusError):
            remove(owner, plugin)
        add(owner, plugin)
        remove(owner, plugin)


def test_every_owner_has_its_copy(file: Path, url: Any) -> None:
    copies: list[Any] = []
    destroyed: list[Any] = []

    def copy(template: Any, specific: str) -> Any:
        made = ftp_client.globus_ftp_client_plugin_init(
            "copies", ftp_client.GLOBUS_FTP_CLIENT_CMD_MASK_ALL, f"{specific}+"
        )
        ftp_client.globus_ftp_client_plugin_set_copy_func(made, copy)
        ftp_client.globus_ftp_client_plugin_set_destroy_func(made, destroy)
        copies.append(f"{specific}+")
        return made

    def destroy(plugin: Any, specific: str) -> None:
        destroyed.append(specific)

    template = make_plugin("copies", specific="mine")
    ftp_client.globus_ftp_client_plugin_set_copy_func(template, copy)
    assert ftp_client.globus_ftp_client_plugin_get_plugin_specific(template) == "mine"
    attributes = ftp_client.globus_ftp_client_handleattr_init()
    ftp_client.globus_ftp_client_handleattr_add_plugin(attributes, template)
    handle = ftp_client.globus_ftp_client_handle_init(attributes)
    assert copies == ["mine+", "mine++"]
    ftp_client.globus_ftp_client_handle_destroy(handle)
    ftp_client.globus_ftp_client_handleattr_remove_plugin(attributes, template)
    assert sorted(destroyed) == ["mine+", "mine++"]


def test_a_plugin_without_a_copy_function_is_refused(handle: Any) -> None:
    plugin = ftp_client.globus_ftp_client_plugin_init("bare", ftp_client.GLOBUS_FTP_CLIENT_CMD_MASK_ALL, None)
    with pytest.raises(GlobusError):
        ftp_client.globus_ftp_client_handle_add_plugin(handle, plugin)
    ftp_client.globus_ftp_client_plugin_destroy(plugin)
    with pytest.raises(ValueError, match="closed"):
        ftp_client.globus_ftp_client_plugin_get_plugin_specific(plugin)


def test_a_function_that_raises_is_told(
    file: Path, url: Any, unraisable: list[BaseException], recorder: Any
) -> None:
    def fail(*_: Any) -> None:
        raise LookupError("not here")

    plugin = make_plugin("failing", (ftp_client.globus_ftp_client_plugin_set_size_func, fail))
    handle = with_plugin(plugin)
    assert finish(ftp_client.globus_ftp_client_size, handle, url(file.name), None) == len(CONTENT)
    assert [type(error) for error in unraisable] == [LookupError]
    unraisable.clear()


# ---- what it is told of an operation -----------------------------------------------------------------------------


def test_it_hears_the_dialogue(file: Path, url: Any, attr: Any) -> None:
    dialogue = Dialogue(ftp_client.globus_ftp_client_plugin_set_get_func)
    handle = with_plugin(dialogue.plugin)
    assert fetch(handle, url(file.name), extended(attr)) == CONTENT
    assert dialogue.connections == [url(file.name)]
    assert dialogue.said("MODE") == ["MODE E"]
    assert dialogue.said("RETR")
    assert 226 in dialogue.replies


def test_a_mask_chooses_commands(file: Path, url: Any, attr: Any) -> None:
    heard: list[str] = []
    plugin = ftp_client.globus_ftp_client_plugin_init(
        "masked", ftp_client.GLOBUS_FTP_CLIENT_CMD_MASK_DATA_ESTABLISHMENT, None
    )
    ftp_client.globus_ftp_client_plugin_set_copy_func(plugin, lambda template, specific: template)
    ftp_client.globus_ftp_client_plugin_set_destroy_func(plugin, lambda plugin, specific: None)
    ftp_client.globus_ftp_client_plugin_set_get_func(plugin, lambda *_: None)
    ftp_client.globus_ftp_client_plugin_set_command_func(plugin, lambda *a: heard.append(a[-1].split()[0]))
    fetch(with_plugin(plugin), url(file.name), attr)
    assert heard
    assert set(heard) <= {"PASV", "EPSV", "SPAS", "PORT", "EPRT", "SPOR"}


def test_it_is_told_of_data(file: Path, url: Any, attr: Any, recorder: Any) -> None:
    reads, writes, data, logins, ends = (recorder() for _ in range(5))
    handle = with_plugin(
        make_plugin(
            "data",
            (ftp_client.globus_ftp_client_plugin_set_get_func, lambda *_: None),
            (ftp_client.globus_ftp_client_plugin_set_put_func, lambda *_: None),
            (ftp_client.globus_ftp_client_plugin_set_read_func, reads),
            (ftp_client.globus_ftp_client_plugin_set_write_func, writes),
            (ftp_client.globus_ftp_client_plugin_set_data_func, data),
            (ftp_client.globus_ftp_client_plugin_set_authenticate_func, logins),
            (ftp_client.globus_ftp_client_plugin_set_complete_func, ends),
            specific="specific",
        )
    )
    fetch(handle, url(file.name), attr, reads=1)
    assert reads.calls[0][-1] == 65536  # the length of the buffer
    assert sum(call[5] for call in data.calls) == len(CONTENT)
    assert data.calls[-1][-1] is True
    seen = len(data.calls)
    store(handle, url("written.dat"), attr, b"more")
    assert writes.calls[0][-3:] == (4, 0, True)
    assert len(data.calls) == seen + 1
    assert len(ends.calls) == len(logins.calls) == 2
    assert {call[1] for call in (*reads.calls, *writes.calls, *data.calls, *logins.calls)} == {"specific"}


# ---- operations, and how they go on elsewhere --------------------------------------------------------------------


class Operation(NamedTuple):
    """One that fails at a place, and goes on at another where a plug-in says so."""

    begins: Callable[[Any, Any], None]  # sets the function that is told of it
    restart: Callable[..., None]
    run: Callable[[Any, str], Any]  # on a handle, at a URL
    again: tuple[Any, ...]  # what the restart takes besides the URL
    expected: object


def named(operation: Operation) -> str:
    return operation.restart.__name__.removeprefix("globus_ftp_client_plugin_restart_")


LISTED = b"plugged.dat"

OPERATIONS = [
    Operation(
        ftp_client.globus_ftp_client_plugin_set_size_func,
        ftp_client.globus_ftp_client_plugin_restart_size,
        lambda handle, url: finish(ftp_client.globus_ftp_client_size, handle, url, None),
        (),
        len(CONTENT),
    ),
    Operation(
        ftp_client.globus_ftp_client_plugin_set_modification_time_func,
        ftp_client.globus_ftp_client_plugin_restart_modification_time,
        lambda handle, url: (
            finish(ftp_client.globus_ftp_client_modification_time, handle, url, None) > 1_500_000_000
        ),
        (),
        True,
    ),
    Operation(
        ftp_client.globus_ftp_client_plugin_set_mlst_func,
        ftp_client.globus_ftp_client_plugin_restart_mlst,
        lambda handle, url: LISTED in finish(ftp_client.globus_ftp_client_mlst, handle, url, None),
        (),
        True,
    ),
    Operation(
        ftp_client.globus_ftp_client_plugin_set_stat_func,
        ftp_client.globus_ftp_client_plugin_restart_stat,
        lambda handle, url: LISTED in finish(ftp_client.globus_ftp_client_stat, handle, url, None),
        (),
        True,
    ),
    Operation(
        ftp_client.globus_ftp_client_plugin_set_cksm_func,
        ftp_client.globus_ftp_client_plugin_restart_cksm,
        lambda handle, url: finish(ftp_client.globus_ftp_client_cksm, handle, url, None, 0, -1, "ADLER32"),
        (0, -1, "ADLER32"),
        "0bcb02fc",
    ),
    Operation(
        ftp_client.globus_ftp_client_plugin_set_feat_func,
        ftp_client.globus_ftp_client_plugin_restart_feat,
        lambda handle, url: finish(
            ftp_client.globus_ftp_client_feat, handle, url, None, ftp_client.globus_ftp_client_features_init()
        ),
        (),
        None,
    ),
    Operation(
        ftp_client.globus_ftp_client_plugin_set_list_func,
        ftp_client.globus_ftp_client_plugin_restart_list,
        lambda handle, url: LISTED in receive(ftp_client.globus_ftp_client_list, handle, url, None),
        (),
        True,
    ),
    Operation(
        ftp_client.globus_ftp_client_plugin_set_verbose_list_func,
        ftp_client.globus_ftp_client_plugin_restart_verbose_list,
        lambda handle, url: LISTED in receive(ftp_client.globus_ftp_client_verbose_list, handle, url, None),
        (),
        True,
    ),
    Operation(
        ftp_client.globus_ftp_client_plugin_set_machine_list_func,
        ftp_client.globus_ftp_client_plugin_restart_machine_list,
        lambda handle, url: LISTED in receive(ftp_client.globus_ftp_client_machine_list, handle, url, None),
        (),
        True,
    ),
    Operation(
        ftp_client.globus_ftp_client_plugin_set_recursive_list_func,
        ftp_client.globus_ftp_client_plugin_restart_recursive_list,
        lambda handle, url: receive(ftp_client.globus_ftp_client_recursive_list, handle, url, None) != b"",
        (),
        True,
    ),
    Operation(
        ftp_client.globus_ftp_client_plugin_set_get_func,
        ftp_client.globus_ftp_client_plugin_restart_get,
        lambda handle, url: fetch(handle, url, None),
        (),
        CONTENT,
    ),
    Operation(
        ftp_client.globus_ftp_client_plugin_set_put_func,
        ftp_client.globus_ftp_client_plugin_restart_put,
        lambda handle, url: store(handle, url, None, b"stored"),
        (),
        None,
    ),
    Operation(
        ftp_client.globus_ftp_client_plugin_set_chmod_func,
        ftp_client.globus_ftp_client_plugin_restart_chmod,
        lambda handle, url: finish(ftp_client.globus_ftp_client_chmod, handle, url, 0o600, None),
        (0o600,),
        None,
    ),
    Operation(
        ftp_client.globus_ftp_client_plugin_set_chgrp_func,
        ftp_client.globus_ftp_client_plugin_restart_chgrp,
        lambda handle, url: finish(ftp_client.globus_ftp_client_chgrp, handle, url, "0", None),
        ("0",),
        None,
    ),
    Operation(
        ftp_client.globus_ftp_client_plugin_set_utime_func,
        ftp_client.globus_ftp_client_plugin_restart_utime,
        lambda handle, url: finish(ftp_client.globus_ftp_client_utime, handle, url, 1_500_000_000, None),
        (1_500_000_000,),
        None,
    ),
    Operation(
        ftp_client.globus_ftp_client_plugin_set_delete_func,
        ftp_client.globus_ftp_client_plugin_restart_delete,
        lambda handle, url: finish(ftp_client.globus_ftp_client_delete, handle, url, None),
        (),
        None,
    ),
    Operation(
        ftp_client.globus_ftp_client_plugin_set_mkdir_func,
        ftp_client.globus_ftp_client_plugin_restart_mkdir,
        lambda handle, url: finish(ftp_client.globus_ftp_client_mkdir, handle, url, None),
        (),
        None,
    ),
    Operation(
        ftp_client.globus_ftp_client_plugin_set_rmdir_func,
        ftp_client.globus_ftp_client_plugin_restart_rmdir,
        lambda handle, url: finish(ftp_client.globus_ftp_client_rmdir, handle, url, None),
        (),
        None,
    ),
]


class Elsewhere:
    """Sends a failed operation to the place where it succeeds."""

    def __init__(self, operation: Operation, url: str, when: float | None = None) -> None:
        self.operation, self.url, self.when = operation, url, when
        self.begun: list[bool] = []
        self.faults: list[Any] = []
        self.plugin = make_plugin(
            "elsewhere",
            (operation.begins, self.on_begin),
            (ftp_client.globus_ftp_client_plugin_set_fault_func, self.on_fault),
        )

    def on_begin(self, *arguments: Any) -> None:
        self.begun.append(arguments[-1])

    def on_fault(self, plugin: Any, specific: Any, handle: Any, url: str, error: Any) -> None:
        self.faults.append(error)
        if len(self.faults) == 1:
            again = self.operation.again
            if self.operation.restart in (
                ftp_client.globus_ftp_client_plugin_restart_get,
                ftp_client.globus_ftp_client_plugin_restart_put,
            ):
                self.operation.restart(handle, self.url, None, None, self.when)
            else:
                self.operation.restart(handle, self.url, *again, None, self.when)


@pytest.mark.parametrize("operation", OPERATIONS, ids=named)
def test_an_operation_goes_on_elsewhere(root: Path, url: Any, refused: Any, operation: Operation) -> None:
    directory = root / f"restarted-{named(operation)}"
    directory.mkdir()
    (directory / "plugged.dat").write_bytes(CONTENT)
    if named(operation) == "rmdir":
        (directory / "plugged.dat.dir").mkdir()
    place = f"{directory.name}/" if named(operation).endswith("list") else f"{directory.name}/plugged.dat"
    if named(operation) in ("mkdir", "rmdir"):
        place += ".dir"
    elsewhere = Elsewhere(operation, url(place))
    handle = with_plugin(elsewhere.plugin)
    assert operation.run(handle, refused(place)) == operation.expected
    assert elsewhere.begun == [False, True]
    assert len(elsewhere.faults) == 1
    ftp_client.globus_ftp_client_handle_destroy(handle)
    path = directory / "plugged.dat"
    match named(operation):
        case "put":
            assert path.read_bytes() == b"stored"
        case "chmod":
            assert path.stat().st_mode & 0o777 == 0o600
        case "utime":
            assert path.stat().st_mtime == 1_500_000_000
        case "delete":
            assert not path.exists()
        case "mkdir":
            assert path.with_name("plugged.dat.dir").is_dir()
        case "rmdir":
            assert not path.with_name("plugged.dat.dir").exists()


class Leader:
    """Sends an operation of two URLs elsewhere, once."""

    def __init__(self, begins: Any, go_on: Callable[[Any], None]) -> None:
        self.begun: list[tuple[Any, ...]] = []
        self.go_on = go_on
        self.plugin = make_plugin(
            "leader",
            (begins, lambda *a: self.begun.append(a[3:])),
            (ftp_client.globus_ftp_client_plugin_set_fault_func, self.on_fault),
        )

    def on_fault(self, plugin: Any, specific: Any, handle: Any, url: str, error: Any) -> None:
        if len(self.begun) == 1:
            self.go_on(handle)


def test_a_move_goes_on_elsewhere(file: Path, url: Any, refused: Any) -> None:
    """C keeps the path of the first target."""
    begins = ftp_client.globus_ftp_client_plugin_set_move_func
    restart = ftp_client.globus_ftp_client_plugin_restart_move
    target = file.with_name("moved.dat")
    leader = Leader(begins, lambda handle: restart(handle, url(file.name), url(target.name), None, None))
    finish(
        ftp_client.globus_ftp_client_move,
        with_plugin(leader.plugin), refused("x"), refused(str(target)[1:]), None,
    )  # fmt: skip
    assert target.read_bytes() == CONTENT
    assert [(call[0], call[-1]) for call in leader.begun] == [(refused("x"), False), (url(file.name), True)]


def test_a_link_goes_on_elsewhere(file: Path, url: Any, refused: Any) -> None:
    """To be refused again: the server makes none."""
    begins = ftp_client.globus_ftp_client_plugin_set_symlink_func
    restart = ftp_client.globus_ftp_client_plugin_restart_symlink
    leader = Leader(begins, lambda handle: restart(handle, url(file.name), url("link"), None, None))
    with pytest.raises(GlobusError, match="Invalid command"):
        finish(
            ftp_client.globus_ftp_client_symlink,
            with_plugin(leader.plugin), refused("x"), refused("y"), None,
        )  # fmt: skip
    assert [call[0] for call in leader.begun] == [refused("x"), url(file.name)]


def test_a_third_party_transfer_goes_on_elsewhere(file: Path, url: Any) -> None:
    begins = ftp_client.globus_ftp_client_plugin_set_third_party_transfer_func
    restart = ftp_client.globus_ftp_client_plugin_restart_third_party_transfer
    leader = Leader(
        begins, lambda handle: restart(handle, url(file.name), None, url("third.copy"), None, None, None)
    )
    finish(
        ftp_client.globus_ftp_client_third_party_transfer,
        with_plugin(leader.plugin), url("none"), None, url("nowhere"), None, None,
    )  # fmt: skip
    assert file.with_name("third.copy").read_bytes() == CONTENT
    assert [call[0] for call in leader.begun] == [url("none"), url(file.name)]


def test_a_restart_waits_for_its_time(file: Path, url: Any, refused: Any) -> None:
    when = time.time() + 0.6
    begins = ftp_client.globus_ftp_client_plugin_set_size_func
    restart = ftp_client.globus_ftp_client_plugin_restart_size
    leader = Leader(begins, lambda handle: restart(handle, url(file.name), None, when))
    assert finish(ftp_client.globus_ftp_client_size, with_plugin(leader.plugin), refused("x"), None) == len(
        CONTENT
    )
    assert time.time() >= when


def test_a_restart_has_its_marker(root: Path, url: Any) -> None:
    """What a plug-in sets, another one reads while the restart begins; at no other time."""
    (root / "digits.dat").write_bytes(b"0123456789")
    markers: list[str] = []

    def on_begin(plugin: Any, specific: Any, handle: Any, url: str, attr: Any, restart: bool) -> None:
        if not restart:
            with pytest.raises(GlobusError) as raised:
                ftp_client.globus_ftp_client_plugin_restart_get_marker(handle)
            assert raised.value.type_name == "GLOBUS_FTP_CLIENT_ERROR_NO_RESTART_MARKER"
            return
        marker = ftp_client.globus_ftp_client_plugin_restart_get_marker(handle)
        markers.append(ftp_client.globus_ftp_client_restart_marker_to_string(marker))

    def on_fault(plugin: Any, specific: Any, handle: Any, failed: str, error: Any) -> None:
        marker = ftp_client.globus_ftp_client_restart_marker_init()
        ftp_client.globus_ftp_client_restart_marker_set_offset(marker, 4)
        ftp_client.globus_ftp_client_plugin_restart_get(handle, url("digits.dat"), None, marker, None)

    plugin = make_plugin(
        "marker",
        (ftp_client.globus_ftp_client_plugin_set_get_func, on_begin),
        (ftp_client.globus_ftp_client_plugin_set_fault_func, on_fault),
    )
    assert fetch(with_plugin(plugin), url("none"), None) == b"456789"
    assert markers == ["4"]


def test_nothing_is_restarted_where_nothing_runs(url: Any, handle: Any) -> None:
    with pytest.raises(GlobusError):
        ftp_client.globus_ftp_client_plugin_restart_size(handle, url("x"), None, None)


# ---- operations that a plug-in ends, and what no plug-in can do -------------------------------------------------------


def test_a_plugin_aborts(root: Path, url: Any, recorder: Any) -> None:
    (root / "aborted.dat").write_bytes(bytes(1 << 20))
    aborted = recorder()

    def on_command(plugin: Any, specific: Any, handle: Any, url: str, command: str) -> None:
        if command.startswith("RETR"):
            ftp_client.globus_ftp_client_plugin_abort(handle)

    plugin = make_plugin(
        "abort",
        (ftp_client.globus_ftp_client_plugin_set_get_func, lambda *_: None),
        (ftp_client.globus_ftp_client_plugin_set_command_func, on_command),
        (ftp_client.globus_ftp_client_plugin_set_abort_func, aborted),
    )
    handle = with_plugin(plugin)
    with pytest.raises(GlobusError) as raised:
        fetch(handle, url("aborted.dat"), None)
    assert raised.value.type_name == "GLOBUS_FTP_CLIENT_ERROR_ABORTED"
    assert [call[2] for call in aborted.calls] == [handle]


def test_channels_are_neither_added_nor_removed(root: Path, url: Any, attr: Any, recorder: Any) -> None:
    """Not even to a put, where the library would hang, or crash."""
    refused: list[GlobusError] = []

    def on_write(plugin: Any, specific: Any, handle: Any, *_: Any) -> None:
        for change in (
            ftp_client.globus_ftp_client_plugin_add_data_channels,
            ftp_client.globus_ftp_client_plugin_remove_data_channels,
        ):
            with pytest.raises(GlobusError, match="channels cannot be") as raised:
                change(handle, 1, 0)
            refused.append(raised.value)

    plugin = make_plugin(
        "channels",
        (ftp_client.globus_ftp_client_plugin_set_put_func, lambda *_: None),
        (ftp_client.globus_ftp_client_plugin_set_write_func, on_write),
    )
    store(with_plugin(plugin), url("channels.dat"), extended(attr, 2), CONTENT)
    assert (root / "channels.dat").read_bytes() == CONTENT
    assert len(refused) == 2


def test_a_plugin_in_use_is_not_destroyed() -> None:
    plugin = make_plugin("used")
    handle = with_plugin(plugin)
    with pytest.raises(ValueError, match="use"):
        ftp_client.globus_ftp_client_plugin_destroy(plugin)
    ftp_client.globus_ftp_client_handle_destroy(handle)
