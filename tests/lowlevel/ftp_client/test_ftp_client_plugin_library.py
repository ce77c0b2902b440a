"""globus_lowlevel.ftp_client: the plug-ins that come with the library: debug, performance, throughput, restarts."""

from __future__ import annotations

import gc
import os
import weakref
from pathlib import Path
from typing import Any

import pytest
from tests.lowlevel.conftest import eventually
from tests.lowlevel.ftp_client.peers import (
    Completion,
    Dialogue,
    Reader,
    extended,
    fetch,
    finish,
    store,
    with_plugin,
)

from globus_lowlevel import GlobusError, ftp_client

DATA = os.urandom(300_000)


@pytest.fixture
def file(root: Path) -> Path:
    path = root / "library.dat"
    path.write_bytes(DATA)
    return path


def destroy(handle: Any) -> None:
    ftp_client.globus_ftp_client_handle_destroy(handle)


# ---- debug ---------------------------------------------------------------------------------------------------------


def test_debug_writes_what_happens(file: Path, url: Any, tmp_path: Path) -> None:
    log = tmp_path / "log"
    with log.open("w") as stream:
        plugin = ftp_client.globus_ftp_client_debug_plugin_init(stream, "words of ours")
        handle = with_plugin(plugin)
        assert fetch(handle, url(file.name), None) == DATA
        destroy(handle)
        ftp_client.globus_ftp_client_debug_plugin_destroy(plugin)
    lines = log.read_text()
    assert "words of ours" in lines
    assert f"RETR {file}" in lines
    with pytest.raises(GlobusError):
        ftp_client.globus_ftp_client_debug_plugin_destroy(plugin)


def test_a_plugin_is_destroyed_by_its_own_function(tmp_path: Path) -> None:
    with (tmp_path / "log").open("w") as stream:
        plugin = ftp_client.globus_ftp_client_debug_plugin_init(stream, "text")
        for wrong in (
            ftp_client.globus_ftp_client_perf_plugin_destroy,
            ftp_client.globus_ftp_client_restart_plugin_destroy,
            ftp_client.globus_ftp_client_plugin_destroy,
        ):
            with pytest.raises((TypeError, ValueError)):
                wrong(plugin)
        ftp_client.globus_ftp_client_debug_plugin_destroy(plugin)


# ---- performance and throughput ---------------------------------------------------------------------------------------


class Mine:
    """Data of ours that a plug-in has, copied for each of its copies."""

    def __init__(self, number: int = 0) -> None:
        self.number = number


class Events:
    """What a plug-in says of transfers."""

    def __init__(self) -> None:
        self.begun: list[tuple[Any, ...]] = []
        self.markers: list[tuple[Any, ...]] = []
        self.totals: list[tuple[Any, ...]] = []
        self.ended: list[tuple[Any, ...]] = []

    def perf(self, specific: Any) -> Any:
        return ftp_client.globus_ftp_client_perf_plugin_init(
            lambda *a: self.begun.append(a), lambda *a: self.markers.append(a),
            lambda *a: self.ended.append(a), specific,
        )  # fmt: skip

    def throughput(self, specific: Any) -> Any:
        return ftp_client.globus_ftp_client_throughput_plugin_init(
            lambda *a: self.begun.append(a), lambda *a: self.markers.append(a),
            lambda *a: self.totals.append(a), lambda *a: self.ended.append(a), specific,
        )  # fmt: skip


def test_performance_of_a_get(file: Path, url: Any) -> None:
    events = Events()
    plugin = events.perf("specific")
    assert ftp_client.globus_ftp_client_perf_plugin_get_user_specific(plugin) == "specific"
    handle = with_plugin(plugin)
    assert fetch(handle, url(file.name), None) == DATA
    assert [call[0] for call in (*events.begun, *events.ended)] == ["specific"] * 2
    assert events.begun[0][2:] == (url(file.name), None, False)
    assert events.ended[0][2] is True
    assert 0 < events.markers[-1][-1] <= len(DATA)
    with pytest.raises(GlobusError):
        fetch(handle, url("none"), None)
    assert events.ended[-1][2] is False
    destroy(handle)
    ftp_client.globus_ftp_client_perf_plugin_destroy(plugin)


def test_performance_of_a_third_party_transfer(file: Path, url: Any, attr: Any) -> None:
    events = Events()
    handle = with_plugin(events.perf(None))
    finish(
        ftp_client.globus_ftp_client_third_party_transfer,
        handle, url(file.name), extended(attr), url("third.copy"), attr, None,
    )  # fmt: skip
    assert events.begun[0][2:4] == (url(file.name), url("third.copy"))
    assert [call[2] for call in events.ended] == [True]
    assert (file.with_name("third.copy")).read_bytes() == DATA
    destroy(handle)


def fetch_slowly(handle: Any, source: str, events: Events) -> None:
    """The plug-in counts by the second."""
    completion, block = Completion(), Completion()

    def on_data(_: Any, handle: Any, error: Any, buffer: Any, length: int, offset: int, eof: bool) -> None:
        block(None, handle, error)

    ftp_client.globus_ftp_client_get(handle, source, None, None, completion, None)
    while not events.totals:
        block.done.clear()
        ftp_client.globus_ftp_client_register_read(handle, bytearray(1000), on_data, None)
        assert block.wait() is None
        eventually(lambda: bool(events.totals), 0.1)
    Reader(handle, 1)
    completion.check()


def test_throughput(file: Path, url: Any) -> None:
    events = Events()
    plugin = events.throughput("specific")
    assert ftp_client.globus_ftp_client_throughput_plugin_get_user_specific(plugin) == "specific"
    handle = with_plugin(plugin)
    store(handle, url("stored.dat"), None, DATA)
    fetch_slowly(handle, url(file.name), events)
    assert [call[2:] for call in events.begun] == [(None, url("stored.dat")), (url(file.name), None)]
    assert [call[2] for call in events.ended] == [True, True]
    argument, told, total, now, average = events.totals[-1]
    assert (argument, told) == ("specific", handle)
    assert 0 < total <= len(DATA)
    assert now > 0
    assert average > 0
    destroy(handle)
    ftp_client.globus_ftp_client_throughput_plugin_destroy(plugin)


def test_data_of_ours_live_as_long_as_the_plugin() -> None:
    for init, ask, count in (
        (
            ftp_client.globus_ftp_client_perf_plugin_init,
            ftp_client.globus_ftp_client_perf_plugin_get_user_specific,
            3,
        ),
        (
            ftp_client.globus_ftp_client_throughput_plugin_init,
            ftp_client.globus_ftp_client_throughput_plugin_get_user_specific,
            4,
        ),
    ):
        plugin = init(*[None] * count, Mine(7))
        assert ask(plugin).number == 7
        known = weakref.ref(ask(plugin))
        del plugin
        assert eventually(lambda known=known: gc.collect() >= 0 and known() is None)


@pytest.mark.parametrize("kind", ["perf", "throughput"])
def test_every_copy_has_data_of_its_own(file: Path, url: Any, kind: str) -> None:
    """They go when the copies go."""
    events, made, gone = Events(), weakref.WeakSet(), []

    def copy(mine: Mine) -> Mine:
        made.add(copied := Mine(mine.number + 1))
        return copied

    plugin = getattr(events, kind)(Mine())
    if kind == "perf":
        ftp_client.globus_ftp_client_perf_plugin_set_copy_destroy(
            plugin, copy, lambda m: gone.append(m.number)
        )
    else:
        ftp_client.globus_ftp_client_throughput_plugin_set_copy_destroy(
            plugin, copy, lambda m: gone.append(m.number)
        )
    attributes = ftp_client.globus_ftp_client_handleattr_init()
    ftp_client.globus_ftp_client_handleattr_add_plugin(attributes, plugin)
    handle = ftp_client.globus_ftp_client_handle_init(attributes)
    assert fetch(handle, url(file.name), None) == DATA
    assert events.begun[0][0].number == events.ended[0][0].number == 2
    events.begun.clear()
    events.markers.clear()
    events.totals.clear()
    events.ended.clear()
    destroy(handle)
    assert gone == [2]
    ftp_client.globus_ftp_client_handleattr_destroy(attributes)
    assert gone == [2, 1]
    assert not made


# ---- restarts --------------------------------------------------------------------------------------------------------


def test_an_operation_is_tried_again(with_passwords: Any) -> None:
    dialogue = Dialogue(ftp_client.globus_ftp_client_plugin_set_size_func)
    plugin = ftp_client.globus_ftp_client_restart_plugin_init(2, 0.01, None)
    ftp_client.globus_ftp_client_restart_plugin_set_stall_timeout(plugin, 60)
    handle = with_plugin(dialogue.plugin, plugin)
    refused = f"ftp://{with_passwords.user}:wrong@{with_passwords.contact}/x"
    with pytest.raises(GlobusError) as raised:
        finish(ftp_client.globus_ftp_client_size, handle, refused, None)
    assert ftp_client.globus_error_ftp_error_get_code(raised.value) == 530
    assert dialogue.connections == [refused] * 3
    destroy(handle)
    ftp_client.globus_ftp_client_restart_plugin_destroy(plugin)


def test_no_restart_after_the_deadline(with_passwords: Any) -> None:
    dialogue = Dialogue(ftp_client.globus_ftp_client_plugin_set_size_func)
    plugin = ftp_client.globus_ftp_client_restart_plugin_init(5, 0.01, 1.0)  # long ago
    handle = with_plugin(dialogue.plugin, plugin)
    refused = f"ftp://{with_passwords.user}:wrong@{with_passwords.contact}/x"
    with pytest.raises(GlobusError):
        finish(ftp_client.globus_ftp_client_size, handle, refused, None)
    assert len(dialogue.connections) == 1
    destroy(handle)


def test_restart_markers_of_a_third_party_transfer(file: Path, url: Any, attr: Any) -> None:
    begun: list[tuple[Any, ...]] = []
    markers: list[str] = []
    ended: list[tuple[Any, ...]] = []

    def on_begin(argument: Any, handle: Any, source: str, target: str, saved: Any) -> bool:
        begun.append((argument, source, target))
        return False  # it begins at the beginning

    plugin = ftp_client.globus_ftp_client_restart_marker_plugin_init(
        on_begin,
        lambda argument, handle, marker: markers.append(
            ftp_client.globus_ftp_client_restart_marker_to_string(marker)
        ),
        lambda argument, handle, error, where: ended.append((argument, error, where)),
        "argument",
    )
    handle = with_plugin(plugin)
    finish(
        ftp_client.globus_ftp_client_third_party_transfer,
        handle, url(file.name), extended(attr), url("marked.copy"), attr, None,
    )  # fmt: skip
    assert begun == [("argument", url(file.name), url("marked.copy"))]
    assert ended == [("argument", None, None)]
    assert markers[-1] == f"0-{len(DATA)}"
    destroy(handle)
    ftp_client.globus_ftp_client_restart_marker_plugin_destroy(plugin)
