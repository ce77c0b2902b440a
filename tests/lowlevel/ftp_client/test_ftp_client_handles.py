"""globus_lowlevel.ftp_client: handles, the connections that they keep, many at once, and operations that are aborted."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.lowlevel.ftp_client.peers import LIMIT, Completion, Dialogue, extended, fetch, finish, with_plugin

from globus_lowlevel import GlobusError, ftp_client

SIZE = ftp_client.globus_ftp_client_size


@pytest.fixture
def file(root: Path) -> Path:
    path = root / "handles.dat"
    path.write_bytes(b"1234")
    return path


def listening() -> tuple[Dialogue, Any]:
    """A handle, and what is said on it."""
    dialogue = Dialogue(
        ftp_client.globus_ftp_client_plugin_set_size_func,
        ftp_client.globus_ftp_client_plugin_set_get_func,
        ftp_client.globus_ftp_client_plugin_set_third_party_transfer_func,
    )
    return dialogue, with_plugin(dialogue.plugin)


# ---- connections that are kept ---------------------------------------------------------------------------------


def test_every_operation_has_its_connection(file: Path, url: Any) -> None:
    dialogue, handle = listening()
    for _ in range(2):
        assert finish(SIZE, handle, url(file.name), None) == 4
    assert len(dialogue.connections) == 2


def test_a_url_is_cached(file: Path, url: Any) -> None:
    dialogue, handle = listening()
    ftp_client.globus_ftp_client_handle_cache_url_state(handle, url(file.name))
    for _ in range(3):
        assert finish(SIZE, handle, url(file.name), None) == 4
    assert len(dialogue.connections) == 1
    ftp_client.globus_ftp_client_handle_flush_url_state(handle, url(file.name))
    for _ in range(2):
        assert finish(SIZE, handle, url(file.name), None) == 4
    assert len(dialogue.connections) == 3


def test_a_url_waits_for_one_connection(url: Any, handle: Any) -> None:
    ftp_client.globus_ftp_client_handle_cache_url_state(handle, url("file"))
    for call in (
        ftp_client.globus_ftp_client_handle_cache_url_state,
        ftp_client.globus_ftp_client_handle_flush_url_state,
    ):
        with pytest.raises(GlobusError, match="url"):
            call(handle, "nonsense")
    with pytest.raises(GlobusError):  # it has none yet
        ftp_client.globus_ftp_client_handle_cache_url_state(handle, url("file"))


def test_everything_is_cached(file: Path, url: Any) -> None:
    dialogue, attributes = listening()[0], ftp_client.globus_ftp_client_handleattr_init()
    ftp_client.globus_ftp_client_handleattr_add_plugin(attributes, dialogue.plugin)
    ftp_client.globus_ftp_client_handleattr_set_cache_all(attributes, True)
    handle = ftp_client.globus_ftp_client_handle_init(attributes)
    for _ in range(3):
        assert finish(SIZE, handle, url(file.name), None) == 4
    assert len(dialogue.connections) == 1


def test_urls_in_attributes_are_not_for_handles(url: Any) -> None:
    """Where the library would lose them, and the plug-ins with them."""
    attributes = ftp_client.globus_ftp_client_handleattr_init()
    ftp_client.globus_ftp_client_handleattr_add_cached_url(attributes, url("file"))
    with pytest.raises(GlobusError):
        ftp_client.globus_ftp_client_handleattr_add_cached_url(attributes, url("file"))
    for use in (ftp_client.globus_ftp_client_handle_init, ftp_client.globus_ftp_client_handleattr_copy):
        with pytest.raises(GlobusError, match="cache them in the handle"):
            use(attributes)
    ftp_client.globus_ftp_client_handleattr_remove_cached_url(attributes, url("file"))
    ftp_client.globus_ftp_client_handleattr_copy(attributes)
    ftp_client.globus_ftp_client_handle_destroy(ftp_client.globus_ftp_client_handle_init(attributes))


def test_a_cached_connection_takes_transfers(root: Path, url: Any, attr: Any) -> None:
    data = os.urandom(200_000)
    (root / "cached.dat").write_bytes(data)
    dialogue, handle = listening()
    ftp_client.globus_ftp_client_handle_cache_url_state(handle, url("cached.dat"))
    extended(attr, 2)
    for _ in range(3):
        assert fetch(handle, url("cached.dat"), attr) == data
    assert len(dialogue.connections) == 1


@pytest.mark.parametrize(
    ("from_source", "to_source"), [(True, True), (True, False), (False, True), (False, False)]
)
def test_a_handle_borrows_a_connection(file: Path, url: Any, from_source: bool, to_source: bool) -> None:
    """In either of its two places; it goes with the handle that has it."""
    handles = [ftp_client.globus_ftp_client_handle_init(None) for _ in range(2)]
    for handle in handles:
        ftp_client.globus_ftp_client_handle_cache_url_state(handle, url(file.name))
    assert finish(SIZE, handles[0], url(file.name), None) == 4
    ftp_client.globus_ftp_client_handle_borrow_connection(handles[0], from_source, handles[1], to_source)
    for handle in handles:
        assert finish(SIZE, handle, url(file.name), None) == 4
        ftp_client.globus_ftp_client_handle_destroy(handle)


# ---- one after the other, and all at once ------------------------------------------------------------------------


def test_transfers_in_a_pipeline(root: Path, url: Any, attr: Any) -> None:
    """As many as the callable names, without a word between them."""
    names = [f"pipe{number}" for number in range(5)]
    for name in names:
        (root / f"{name}.dat").write_bytes(name.encode() * 1000)
    waiting, asked = names[1:], []

    def more(handle: Any, argument: str) -> tuple[str | None, str | None]:
        asked.append(argument)
        if not waiting:
            return None, None
        name = waiting.pop(0)
        return url(f"{name}.dat"), url(f"{name}.copy")

    attributes = ftp_client.globus_ftp_client_handleattr_init()
    ftp_client.globus_ftp_client_handleattr_set_pipeline(attributes, 3, more, "argument")
    handle = ftp_client.globus_ftp_client_handle_init(attributes)
    finish(
        ftp_client.globus_ftp_client_third_party_transfer,
        handle, url("pipe0.dat"), extended(attr), url("pipe0.copy"), attr, None,
    )  # fmt: skip
    for name in names:
        assert (root / f"{name}.copy").read_bytes() == name.encode() * 1000
    assert set(asked) == {"argument"}
    ftp_client.globus_ftp_client_handle_destroy(handle)


def test_handles_used_from_many_threads(root: Path, url: Any, attr: Any) -> None:
    data = os.urandom(200_000)
    (root / "threads.dat").write_bytes(data)
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


def test_user_pointer(handle: Any) -> None:
    thing = object()
    ftp_client.globus_ftp_client_handle_set_user_pointer(handle, thing)
    assert ftp_client.globus_ftp_client_handle_get_user_pointer(handle) is thing


# ---- operations under way ------------------------------------------------------------------------------------------


def test_abort(root: Path, url: Any, handle: Any, attr: Any) -> None:
    (root / "long.dat").write_bytes(bytes(8 << 20))
    completion = Completion()
    ftp_client.globus_ftp_client_get(handle, url("long.dat"), attr, None, completion, None)
    ftp_client.globus_ftp_client_abort(handle)
    error = completion.wait()
    assert error is not None
    assert error.type_name == "GLOBUS_FTP_CLIENT_ERROR_ABORTED"
    assert len(fetch(handle, url("long.dat"), attr)) == 8 << 20  # the handle is usable again


def test_there_is_nothing_to_abort(handle: Any) -> None:
    with pytest.raises(GlobusError):
        ftp_client.globus_ftp_client_abort(handle)


def test_a_handle_has_one_operation_at_a_time(file: Path, url: Any, handle: Any, attr: Any) -> None:
    completion = Completion()
    ftp_client.globus_ftp_client_get(handle, url(file.name), attr, None, completion, None)
    with pytest.raises(GlobusError) as raised:
        SIZE(handle, url(file.name), attr, lambda *_: None, None)
    assert raised.value.type_name == "GLOBUS_FTP_CLIENT_ERROR_IN_USE"
    ftp_client.globus_ftp_client_abort(handle)
    completion.wait()


def test_a_handle_in_use_cannot_be_destroyed(root: Path, url: Any, handle: Any, attr: Any) -> None:
    (root / "busy.dat").write_bytes(bytes(1 << 20))
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


def test_a_handle_leaves_nothing(steady: Callable[[Callable[[], Any]], None]) -> None:
    init, destroy = ftp_client.globus_ftp_client_handle_init, ftp_client.globus_ftp_client_handle_destroy
    steady(lambda: destroy(init(None)))
