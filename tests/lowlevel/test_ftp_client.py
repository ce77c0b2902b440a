"""globus_lowlevel.ftp_client against the real server: transfers, deferred outputs, attributes, plug-ins, failures."""

from __future__ import annotations

import contextlib
import gc
import hashlib
import os
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import globus_lowlevel
from globus_lowlevel import GlobusError, common, ftp_client, ftp_control

LIMIT = 30.0


@pytest.fixture(scope="module", autouse=True)
def active() -> Iterator[None]:
    common.globus_module_activate(ftp_client.GLOBUS_FTP_CLIENT_MODULE)
    yield
    common.globus_module_deactivate(ftp_client.GLOBUS_FTP_CLIENT_MODULE)


@pytest.fixture(scope="module")
def server(grid: Any) -> Iterator[Any]:
    with grid.start_gridftp(security="anonymous") as server:
        yield server


@pytest.fixture
def url(server: Any) -> Callable[[str], str]:
    return lambda name: f"{server.ftp_url}/{name}"


@pytest.fixture
def handle() -> Iterator[Any]:
    handle = ftp_client.globus_ftp_client_handle_init(None)
    yield handle
    if not handle.closed:
        ftp_client.globus_ftp_client_handle_destroy(handle)


@pytest.fixture
def attr() -> Any:
    return ftp_client.globus_ftp_client_operationattr_init()


class Completion:
    def __init__(self) -> None:
        self.done, self.error, self.argument = threading.Event(), None, None

    def __call__(self, argument: Any, handle: Any, error: GlobusError | None) -> None:
        self.argument, self.error = argument, error
        self.done.set()

    def wait(self) -> GlobusError | None:
        assert self.done.wait(LIMIT), "the operation did not complete"
        return self.error

    def check(self) -> None:
        if error := self.wait():
            raise error


def fetch(handle: Any, source: str, attr: Any, *, blocks: int = 3, size: int = 65536) -> bytes:
    parts: dict[int, bytes] = {}
    completion = Completion()

    def on_data(
        _: Any, handle: Any, error: Any, buffer: bytearray, length: int, offset: int, eof: bool
    ) -> None:
        if error is None:
            if length:  # reads that were left over at the end of the file come back empty
                parts[offset] = bytes(buffer[:length])
            if not eof:
                # Refused when another data connection has brought the end meanwhile.
                with contextlib.suppress(GlobusError):
                    ftp_client.globus_ftp_client_register_read(handle, buffer, on_data, None)

    ftp_client.globus_ftp_client_get(handle, source, attr, None, completion, None)
    for _ in range(blocks):
        ftp_client.globus_ftp_client_register_read(handle, bytearray(size), on_data, None)
    completion.check()
    return b"".join(parts[offset] for offset in sorted(parts))


def store(handle: Any, target: str, attr: Any, data: bytes) -> None:
    completion, written = Completion(), Completion()
    ftp_client.globus_ftp_client_put(handle, target, attr, None, completion, None)

    def on_data(_: Any, handle: Any, error: Any, buffer: Any, length: int, offset: int, eof: bool) -> None:
        assert buffer is data
        written(None, handle, error)

    ftp_client.globus_ftp_client_register_write(handle, data, 0, True, on_data, None)
    written.check()
    completion.check()


def test_get(server: Any, url: Any, handle: Any, attr: Any) -> None:
    data = os.urandom(1 << 20)
    (Path(server.root) / "get.dat").write_bytes(data)
    assert fetch(handle, url("get.dat"), attr) == data


def test_put(server: Any, url: Any, handle: Any, attr: Any) -> None:
    data = os.urandom(300_000)
    store(handle, url("put.dat"), attr, data)
    assert (Path(server.root) / "put.dat").read_bytes() == data


@pytest.mark.parametrize("streams", [1, 4])
def test_extended_block_mode(server: Any, url: Any, handle: Any, attr: Any, streams: int) -> None:
    data = os.urandom(3 << 20)
    (Path(server.root) / "mode_e.dat").write_bytes(data)
    parallelism = ftp_control.globus_ftp_control_parallelism_t()
    parallelism.mode = ftp_control.GLOBUS_FTP_CONTROL_PARALLELISM_FIXED
    parallelism.fixed.size = streams
    ftp_client.globus_ftp_client_operationattr_set_mode(
        attr, ftp_control.GLOBUS_FTP_CONTROL_MODE_EXTENDED_BLOCK
    )
    ftp_client.globus_ftp_client_operationattr_set_parallelism(attr, parallelism)
    got = ftp_client.globus_ftp_client_operationattr_get_parallelism(attr)
    assert (got.mode, got.fixed.size) == (parallelism.mode, streams)
    assert fetch(handle, url("mode_e.dat"), attr, blocks=6) == data


def test_outputs_that_come_at_completion(server: Any, url: Any, handle: Any, attr: Any) -> None:
    path = Path(server.root) / "facts.dat"
    path.write_bytes(b"x" * 1234)
    os.utime(path, (1_600_000_000, 1_600_000_000))
    completion = Completion()
    size = ftp_client.globus_ftp_client_size(handle, url("facts.dat"), attr, completion, None)
    completion.check()
    assert size.done
    assert size.value == 1234
    completion = Completion()
    modified = ftp_client.globus_ftp_client_modification_time(
        handle, url("facts.dat"), attr, completion, None
    )
    completion.check()
    assert modified.value == 1_600_000_000
    completion = Completion()
    facts = ftp_client.globus_ftp_client_mlst(handle, url("facts.dat"), attr, completion, None)
    completion.check()
    assert b"size=1234" in facts.value.lower()
    completion = Completion()
    checksum = ftp_client.globus_ftp_client_cksm(
        handle, url("facts.dat"), attr, 0, -1, "MD5", completion, None
    )
    completion.check()
    assert checksum.value == hashlib.md5(b"x" * 1234).hexdigest()


def test_an_output_is_not_readable_before_its_time(server: Any, url: Any, handle: Any, attr: Any) -> None:
    (Path(server.root) / "early.dat").write_bytes(b"1")
    release, completion = threading.Event(), Completion()

    def slow(*arguments: Any) -> None:
        completion(*arguments)

    size = ftp_client.globus_ftp_client_size(handle, url("early.dat"), attr, slow, None)
    if not size.done:
        with pytest.raises(RuntimeError, match="has not completed"):
            size.value  # noqa: B018
    release.set()
    completion.check()
    assert size.value == 1


def test_features(url: Any, handle: Any, attr: Any) -> None:
    features, completion = ftp_client.globus_ftp_client_features_init(), Completion()
    ftp_client.globus_ftp_client_feat(handle, url(""), attr, features, completion, None)
    completion.check()
    answer = ftp_client.globus_ftp_client_is_feature_supported(
        features, ftp_client.GLOBUS_FTP_CLIENT_FEATURE_PARALLELISM
    )
    assert answer == ftp_client.GLOBUS_FTP_CLIENT_TRUE


def test_names_and_directories(server: Any, url: Any, handle: Any, attr: Any) -> None:
    root = Path(server.root)

    def run(function: Any, *arguments: Any) -> None:
        completion = Completion()
        function(handle, *arguments, attr, completion, None)
        completion.check()

    run(ftp_client.globus_ftp_client_mkdir, url("made"))
    assert (root / "made").is_dir()
    (root / "made" / "a").write_bytes(b"a")
    run(ftp_client.globus_ftp_client_move, url("made/a"), url("made/b"))
    assert (root / "made" / "b").exists()
    assert not (root / "made" / "a").exists()
    run(ftp_client.globus_ftp_client_chmod, url("made/b"), 0o600)
    assert (root / "made" / "b").stat().st_mode & 0o777 == 0o600
    run(ftp_client.globus_ftp_client_delete, url("made/b"))
    run(ftp_client.globus_ftp_client_rmdir, url("made"))
    assert not (root / "made").exists()


def test_a_missing_file(url: Any, handle: Any, attr: Any) -> None:
    completion = Completion()
    ftp_client.globus_ftp_client_get(handle, url("missing"), attr, None, completion, "argument")
    ftp_client.globus_ftp_client_register_read(handle, bytearray(10), lambda *_: None, None)
    error = completion.wait()
    assert completion.argument == "argument"
    assert isinstance(error, GlobusError)
    assert error.type_name == "GLOBUS_FTP_CLIENT_ERROR_RESPONSE"
    assert ftp_client.globus_error_ftp_error_get_code(error) == 500
    assert "No such file" in str(error)


def test_a_malformed_url(handle: Any, attr: Any) -> None:
    before = globus_lowlevel.live()["callbacks"]
    with pytest.raises(GlobusError) as caught:
        ftp_client.globus_ftp_client_size(handle, "nonsense", attr, lambda *_: None, None)
    assert caught.value.module == "globus_ftp_client"
    assert globus_lowlevel.live()["callbacks"] == before


def test_abort(server: Any, url: Any, handle: Any, attr: Any) -> None:
    (Path(server.root) / "long.dat").write_bytes(bytes(8 << 20))
    completion = Completion()
    ftp_client.globus_ftp_client_get(handle, url("long.dat"), attr, None, completion, None)
    ftp_client.globus_ftp_client_abort(handle)
    error = completion.wait()
    assert error is not None
    assert error.type_name == "GLOBUS_FTP_CLIENT_ERROR_ABORTED"
    assert len(fetch(handle, url("long.dat"), attr)) == 8 << 20  # the handle is usable again


def test_a_handle_in_use_cannot_be_destroyed(server: Any, url: Any, handle: Any, attr: Any) -> None:
    (Path(server.root) / "busy.dat").write_bytes(bytes(1 << 20))
    completion = Completion()
    ftp_client.globus_ftp_client_get(handle, url("busy.dat"), attr, None, completion, None)
    with pytest.raises(GlobusError):
        ftp_client.globus_ftp_client_handle_destroy(handle)
    assert not handle.closed
    ftp_client.globus_ftp_client_abort(handle)
    completion.wait()
    ftp_client.globus_ftp_client_handle_destroy(handle)
    with pytest.raises(ValueError, match="closed"):
        ftp_client.globus_ftp_client_abort(handle)


def test_partial_get_and_restart_marker(server: Any, url: Any, handle: Any, attr: Any) -> None:
    (Path(server.root) / "part.dat").write_bytes(bytes(range(256)) * 16)
    completion, got = Completion(), bytearray()

    def on_data(
        _: Any, handle: Any, error: Any, buffer: bytearray, length: int, offset: int, eof: bool
    ) -> None:
        got.extend(buffer[:length])
        if not eof:
            ftp_client.globus_ftp_client_register_read(handle, buffer, on_data, None)

    ftp_client.globus_ftp_client_partial_get(handle, url("part.dat"), attr, None, 100, 200, completion, None)
    ftp_client.globus_ftp_client_register_read(handle, bytearray(4096), on_data, None)
    completion.check()
    assert bytes(got) == (bytes(range(256)) * 16)[100:200]
    marker = ftp_client.globus_ftp_client_restart_marker_init()
    ftp_client.globus_ftp_client_restart_marker_set_offset(marker, 4000)
    assert ftp_client.globus_ftp_client_restart_marker_to_string(marker) == "4000"
    completion = Completion()
    got.clear()
    ftp_client.globus_ftp_client_get(handle, url("part.dat"), attr, marker, completion, None)
    ftp_client.globus_ftp_client_register_read(handle, bytearray(4096), on_data, None)
    completion.check()
    assert len(got) == 96


def test_a_plugin_in_python_sees_the_dialogue(server: Any, url: Any, attr: Any) -> None:
    (Path(server.root) / "seen.dat").write_bytes(b"seen")
    commands: list[str] = []
    replies: list[int] = []
    plugin = ftp_client.globus_ftp_client_plugin_init(
        "watch", ftp_client.GLOBUS_FTP_CLIENT_CMD_MASK_ALL, None
    )
    ftp_client.globus_ftp_client_plugin_set_copy_func(plugin, lambda template, specific: template)
    ftp_client.globus_ftp_client_plugin_set_destroy_func(plugin, lambda plugin, specific: None)
    # A plug-in is told only of operations that it has a function for.
    ftp_client.globus_ftp_client_plugin_set_size_func(plugin, lambda *_: None)
    ftp_client.globus_ftp_client_plugin_set_command_func(
        plugin, lambda plugin, specific, handle, url, command: commands.append(command)
    )
    ftp_client.globus_ftp_client_plugin_set_response_func(
        plugin, lambda plugin, specific, handle, url, error, response: replies.append(response.code)
    )
    attributes = ftp_client.globus_ftp_client_handleattr_init()
    ftp_client.globus_ftp_client_handleattr_add_plugin(attributes, plugin)
    handle = ftp_client.globus_ftp_client_handle_init(attributes)
    completion = Completion()
    size = ftp_client.globus_ftp_client_size(handle, url("seen.dat"), attr, completion, None)
    completion.check()
    assert size.value == 4
    assert any("SIZE" in c for c in commands) and 213 in replies, (commands, replies)
    ftp_client.globus_ftp_client_handle_destroy(handle)


def test_performance_markers_of_a_third_party_transfer(server: Any, url: Any, attr: Any) -> None:
    (Path(server.root) / "third.dat").write_bytes(os.urandom(1 << 20))
    began: list[tuple[str, str]] = []
    ended: list[bool] = []
    plugin = ftp_client.globus_ftp_client_perf_plugin_init(
        lambda specific, handle, source, target, restart: began.append((source, target)),
        lambda specific, handle, second, tenth, stripe, stripes, count: None,
        lambda specific, handle, success: ended.append(success),
        "specific",
    )
    attributes = ftp_client.globus_ftp_client_handleattr_init()
    ftp_client.globus_ftp_client_handleattr_add_plugin(attributes, plugin)
    handle = ftp_client.globus_ftp_client_handle_init(attributes)
    completion = Completion()
    ftp_client.globus_ftp_client_third_party_transfer(
        handle, url("third.dat"), attr, url("third.copy"), attr, None, completion, None
    )
    completion.check()
    assert began == [(url("third.dat"), url("third.copy"))]
    assert ended == [True]
    root = Path(server.root)
    assert (root / "third.copy").read_bytes() == (root / "third.dat").read_bytes()
    ftp_client.globus_ftp_client_handle_destroy(handle)


def test_user_pointer(handle: Any) -> None:
    thing = object()
    ftp_client.globus_ftp_client_handle_set_user_pointer(handle, thing)
    assert ftp_client.globus_ftp_client_handle_get_user_pointer(handle) is thing


def test_many_transfers_leave_nothing(server: Any, url: Any, handle: Any, attr: Any) -> None:
    (Path(server.root) / "small.dat").write_bytes(b"small")

    def count() -> dict[str, int]:
        gc.collect()
        globus_lowlevel.reap()
        live = dict(globus_lowlevel.live())
        live.pop("called")
        return live

    fetch(handle, url("small.dat"), attr, blocks=1)
    before = count()
    for _ in range(20):
        assert fetch(handle, url("small.dat"), attr, blocks=1) == b"small"
    assert count() == before


def test_handles_used_from_many_threads(server: Any, url: Any, attr: Any) -> None:
    data = os.urandom(200_000)
    (Path(server.root) / "threads.dat").write_bytes(data)
    results: list[bool] = []

    def work() -> None:
        handle = ftp_client.globus_ftp_client_handle_init(None)
        results.extend(fetch(handle, url("threads.dat"), attr) == data for _ in range(3))
        ftp_client.globus_ftp_client_handle_destroy(handle)

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(LIMIT)
    assert results == [True] * 24


def test_restart_marker_as_text() -> None:
    marker = ftp_client.globus_ftp_client_restart_marker_init()
    for text, total in (("0-99,200-299", 198), ("5-6", 1), ("4711", 4711)):
        ftp_client.globus_ftp_client_restart_marker_from_string(marker, text)
        assert ftp_client.globus_ftp_client_restart_marker_to_string(marker) == text
        assert ftp_client.globus_ftp_client_restart_marker_get_total(marker) == total
    for wrong in ("1-", "7-3", "0-99;", "a-b", "0-99,", "-5"):
        with pytest.raises(GlobusError):
            ftp_client.globus_ftp_client_restart_marker_from_string(marker, wrong)
    assert ftp_client.globus_ftp_client_restart_marker_get_total(marker) >= 0
