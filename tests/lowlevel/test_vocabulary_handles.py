"""Against the toy library: handles by value and by address, who owns them, when they end, and threads."""

from __future__ import annotations

import copy
import gc
import pickle
import sys
import threading
import weakref
from collections.abc import Callable
from pathlib import Path
from typing import Any, Self

import pytest
from tests.lowlevel.conftest import alive, eventually

import globus_lowlevel
from globus_lowlevel import GlobusError

pytestmark = pytest.mark.usefixtures("balanced")

LIMIT = 20.0
Steady = Callable[..., None]


# ---- ownership -----------------------------------------------------------------------------------------


def test_a_handle_is_made_used_and_destroyed(toy: Any) -> None:
    before = toy.toy_live()
    handle = toy.toy_handle_init("caf\udce9")
    assert isinstance(handle, toy.toy_handle_t)
    assert toy.toy_handle_get_name(handle) == "caf\udce9"
    assert toy.toy_live() == before + 1
    assert not handle.closed
    assert "owned" in repr(handle)
    assert toy.toy_handle_destroy(handle) is None
    assert toy.toy_live() == before
    assert handle.closed
    assert "closed" in repr(handle)


def test_a_collected_handle_is_destroyed(toy: Any) -> None:
    before = toy.toy_live()
    handles = [toy.toy_handle_init(f"{i}") for i in range(100)] + [toy.toy_attr_init() for _ in range(100)]
    assert toy.toy_live() == before + 200
    del handles
    globus_lowlevel.reap()
    assert toy.toy_live() == before


def test_handles_leak_nothing(toy: Any, steady: Steady) -> None:
    def call() -> None:
        toy.toy_handle_destroy(toy.toy_handle_init("x"))
        toy.toy_handle_init("y")
        attr = toy.toy_attr_copy(toy.toy_attr_init())
        toy.toy_attr_destroy(attr)

    steady(call)


def test_use_after_close_is_refused(toy: Any) -> None:
    handle = toy.toy_handle_init("name")
    toy.toy_handle_destroy(handle)
    for use in (toy.toy_handle_get_name, toy.toy_handle_destroy, toy.toy_handle_wait, toy.toy_handle_keep):
        with pytest.raises(ValueError, match="this toy_handle_t is closed"):
            use(handle)
    with pytest.raises(ValueError, match="closed"):
        toy.toy_handle_count([toy.toy_handle_init("x"), handle])


def test_a_failing_destroy_leaves_the_handle_open(toy: Any) -> None:
    handle = toy.toy_handle_init("name")
    with pytest.raises(GlobusError):
        toy.toy_handle_destroy_fails(handle)
    assert not handle.closed
    assert toy.toy_handle_get_name(handle) == "name"


def test_what_is_no_handle(toy: Any) -> None:
    handle = toy.toy_handle_init("name")
    attr = toy.toy_attr_init()
    for wrong in (None, attr, 1, "name", object(), toy.toy_handle_t, toy.TOY_MODULE):
        with pytest.raises(TypeError, match="'handle' must be toy_handle_t"):
            toy.toy_handle_get_name(wrong)
    for wrong in (None, handle, 1):
        with pytest.raises(TypeError, match="'attr' must be toy_attr_t"):
            toy.toy_attr_set_level(wrong, 1)


def test_handles_are_made_by_their_functions_only(toy: Any) -> None:
    handle = toy.toy_handle_init("name")
    with pytest.raises(TypeError, match="cannot be made directly"):
        toy.toy_handle_t()
    for duplicate in (copy.copy, copy.deepcopy, pickle.dumps):
        with pytest.raises(TypeError):
            duplicate(handle)


def test_a_handle_belongs_to_one_object(toy: Any) -> None:
    handle = toy.toy_handle_init("name")
    assert handle == handle
    assert toy.toy_handle_keep(handle) is handle
    assert {handle: 1}[handle] == 1
    assert weakref.ref(handle)() is handle


def test_each_of_many_handles_is_found(toy: Any) -> None:
    handles = [toy.toy_handle_init(f"{i}") for i in range(2000)]
    assert all(toy.toy_handle_keep(handle) is handle for handle in handles)
    for handle in handles[::2]:
        toy.toy_handle_destroy(handle)
    assert all(toy.toy_handle_keep(handle) is handle for handle in handles[1::2])
    more = [toy.toy_handle_init("more") for _ in range(1000)]  # at addresses that come back
    assert all(toy.toy_handle_keep(handle) is handle for handle in handles[1::2] + more)


def test_a_thread_that_only_waits_does_not_hold_the_handle(toy: Any) -> None:
    handle = toy.toy_handle_init("x")
    before = sys.getrefcount(handle)
    for _ in range(10):
        toy.toy_handle_get_name(handle)
    assert sys.getrefcount(handle) == before


def test_arrays_of_handles(toy: Any) -> None:
    class Fresh:
        """A sequence whose elements nobody else refers to."""

        def __len__(self) -> int:
            return 100

        def __getitem__(self, index: int) -> Any:
            if index < 100:
                return toy.toy_handle_init(f"{index}")
            raise IndexError

    assert toy.toy_handle_count([toy.toy_handle_init("a"), toy.toy_handle_init("b")]) == 2
    assert toy.toy_handle_count(Fresh()) == 100
    for wrong in (None, [None], [1], [toy.toy_attr_init()], toy.toy_handle_init("c")):
        with pytest.raises(TypeError):
            toy.toy_handle_count(wrong)


# ---- handles that belong to others ---------------------------------------------------------------------


def test_a_borrowed_handle_keeps_its_owner_alive(toy: Any) -> None:
    child = toy.toy_handle_get_child(toy.toy_handle_init("parent"))
    gc.collect()
    globus_lowlevel.reap()
    assert toy.toy_handle_get_name(child) == "child"
    assert "borrowed" in repr(child)


def test_a_borrowed_handle_closes_with_its_owner(toy: Any) -> None:
    handle = toy.toy_handle_init("name")
    child = toy.toy_handle_get_child(handle)
    assert toy.toy_handle_get_child(handle) is child
    toy.toy_handle_destroy(handle)
    with pytest.raises(ValueError, match="closed"):
        toy.toy_handle_get_name(child)


def test_a_borrowed_handle_is_not_the_users_to_destroy(toy: Any) -> None:
    handle = toy.toy_handle_init("name")
    child = toy.toy_handle_get_child(handle)
    with pytest.raises(ValueError, match="belongs to"):
        toy.toy_handle_destroy(child)
    assert toy.toy_handle_get_name(child) == "child"


def test_the_address_of_a_dead_handle_can_come_back(toy: Any) -> None:
    parent = toy.toy_handle_init("parent")
    child = toy.toy_handle_get_child(parent)
    toy.toy_handle_destroy(parent)
    fresh = [toy.toy_handle_init(f"fresh {i}") for i in range(2)]  # at the two addresses that became free
    assert [toy.toy_handle_get_name(handle) for handle in fresh] == ["fresh 0", "fresh 1"]
    for dead in (parent, child):
        with pytest.raises(ValueError, match="closed"):
            toy.toy_handle_get_name(dead)
    toy.toy_handle_destroy(fresh[0])
    assert toy.toy_handle_get_name(fresh[1]) == "fresh 1"


# ---- in-out handles ------------------------------------------------------------------------------------


def test_an_in_out_handle_that_is_replaced(toy: Any) -> None:
    handle = toy.toy_handle_init("name")
    other = toy.toy_handle_replace(handle)
    assert other is not handle
    assert handle.closed
    assert toy.toy_handle_get_name(other) == "replaced"


def test_an_in_out_handle_that_is_cleared(toy: Any) -> None:
    handle = toy.toy_handle_init("name")
    assert toy.toy_handle_clear(handle) is None
    assert handle.closed
    with pytest.raises(ValueError, match="closed"):
        toy.toy_handle_clear(handle)


# ---- handles by address --------------------------------------------------------------------------------


def test_a_handle_by_address_stays_where_it_is(toy: Any) -> None:
    attrs = [toy.toy_attr_init() for _ in range(100)]
    for level, attr in enumerate(attrs):
        toy.toy_attr_set_level(attr, level)  # fails unless the address is that of toy_attr_init()
    assert [toy.toy_attr_get_level(attr) for attr in attrs] == list(range(100))
    copied = toy.toy_attr_copy(attrs[7])
    assert toy.toy_attr_get_level(copied) == 7
    toy.toy_attr_destroy(attrs[7])
    assert toy.toy_attr_get_level(copied) == 7
    with pytest.raises(ValueError, match="this toy_attr_t is closed"):
        toy.toy_attr_get_level(attrs[7])


def test_what_a_handle_uses_stays_alive(toy: Any) -> None:
    handle = toy.toy_handle_init("name")
    attr = toy.toy_attr_init()
    toy.toy_attr_set_level(attr, 3)
    toy.toy_handle_set_attr(handle, attr)
    gone = weakref.ref(attr)
    del attr
    gc.collect()
    globus_lowlevel.reap()
    assert toy.toy_handle_get_level(handle) == 3
    assert gone() is not None
    toy.toy_handle_destroy(handle)
    del handle
    assert eventually(lambda: alive() and gone() is None)


def test_none_is_null_where_c_allows_it(toy: Any) -> None:
    handle = toy.toy_handle_init("name")
    toy.toy_handle_set_attr(handle, None)
    assert toy.toy_handle_get_level(handle) == -1


# ---- Python objects in handles -------------------------------------------------------------------------


def test_a_user_pointer_is_the_object(toy: Any) -> None:
    handle = toy.toy_handle_init("name")

    class Thing:
        pass

    thing = Thing()
    toy.toy_handle_set_user_pointer(handle, thing)
    gone = weakref.ref(thing)
    del thing
    gc.collect()
    assert toy.toy_handle_get_user_pointer(handle) is gone()
    toy.toy_handle_set_user_pointer(handle, None)
    assert toy.toy_handle_get_user_pointer(handle) is None
    toy.toy_handle_destroy(handle)
    gc.collect()
    assert gone() is None


def test_a_cycle_through_a_handle_is_collected(toy: Any) -> None:
    before = toy.toy_live()
    for _ in range(10):
        handle = toy.toy_handle_init("cycle")
        toy.toy_handle_set_user_pointer(handle, [handle])
    del handle
    gc.collect()
    globus_lowlevel.reap()
    assert toy.toy_live() == before


def test_a_log_outlives_the_file_object(toy: Any, tmp_path: Path) -> None:
    handle = toy.toy_handle_init("name")
    file = (tmp_path / "log").open("w")
    toy.toy_handle_set_log(handle, file)
    toy.toy_handle_write_log(handle, "one ")
    file.close()
    toy.toy_handle_write_log(handle, "two ")
    del file
    gc.collect()
    toy.toy_handle_write_log(handle, "three")
    assert (tmp_path / "log").read_text() == "one two three"


# ---- threads -------------------------------------------------------------------------------------------


class Waiting:
    """A thread inside a call with `handle`."""

    def __init__(self, toy: Any, wait: Callable[[Any], None], handle: Any) -> None:
        self.toy, self.handle = toy, handle
        self.thread = threading.Thread(target=wait, args=(handle,), daemon=True)
        self.thread.start()
        while not toy.toy_waiting():
            pass

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if not self.handle.closed:
            self.toy.toy_handle_wake(self.handle)
        self.thread.join(LIMIT)
        assert not self.thread.is_alive()


def test_a_handle_in_use_cannot_be_destroyed(toy: Any) -> None:
    handle = toy.toy_handle_init("name")
    with Waiting(toy, toy.toy_handle_wait, handle):
        for destroy in (toy.toy_handle_destroy, toy.toy_handle_clear, toy.toy_handle_replace):
            with pytest.raises(ValueError, match="in use"):
                destroy(handle)
        assert toy.toy_handle_get_name(handle) == "name"
    toy.toy_handle_destroy(handle)


def test_the_owner_of_a_handle_in_use_cannot_be_destroyed(toy: Any) -> None:
    handle = toy.toy_handle_init("name")
    child = toy.toy_handle_get_child(handle)
    with Waiting(toy, toy.toy_handle_wait, child), pytest.raises(ValueError, match="in use"):
        toy.toy_handle_destroy(handle)


def test_closing_may_wake_those_who_wait_in_the_handle(toy: Any) -> None:
    handle = toy.toy_handle_init("name")
    with Waiting(toy, toy.toy_handle_wait_or_close, handle):
        toy.toy_handle_close(handle)
    assert handle.closed


def test_a_handle_that_is_being_destroyed_cannot_be_used(toy: Any) -> None:
    handle = toy.toy_handle_init("name")
    destroyer = threading.Thread(target=toy.toy_handle_destroy_slowly, args=(handle, 300))
    before = toy.toy_live()
    destroyer.start()
    while toy.toy_live() == before:
        pass
    seen = []
    for use in (toy.toy_handle_get_name, toy.toy_handle_destroy, toy.toy_handle_keep):
        with pytest.raises(ValueError, match=r"in use|closed"):
            seen.append(use(handle))
    fresh = toy.toy_handle_init("fresh")  # at the same address, before the destroying call has returned
    assert fresh is not handle
    destroyer.join(LIMIT)
    assert handle.closed
    assert not fresh.closed
    assert toy.toy_handle_get_name(fresh) == "fresh"


def test_an_argument_that_destroys_the_handle_meanwhile(toy: Any) -> None:
    handle = toy.toy_handle_init("name")

    class Evil:
        def __init__(self, destroy: Callable[[Any], Any]) -> None:
            self.destroy = destroy

        def __index__(self) -> int:
            self.destroy(handle)
            return 1

    for destroy in (toy.toy_handle_destroy, toy.toy_handle_clear):
        with pytest.raises(ValueError, match="in use"):
            toy.toy_handle_filter(handle, Evil(destroy))
    assert not handle.closed
    with pytest.raises(ValueError, match=r"closed|in use"):
        toy.toy_handle_filter(handle, Evil(toy.toy_handle_close))


def test_many_threads_make_use_and_destroy(toy: Any) -> None:
    errors: list[BaseException] = []

    def work(number: int) -> None:
        try:
            for i in range(300):
                name = f"{number}.{i}"
                handle = toy.toy_handle_init(name)
                child = toy.toy_handle_get_child(handle)
                assert toy.toy_handle_get_name(handle) == name
                assert toy.toy_handle_get_name(child) == "child"
                if i % 3:
                    toy.toy_handle_destroy(handle)
                    assert handle.closed
        except BaseException as error:  # noqa: BLE001 - told to the main thread
            errors.append(error)

    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    try:
        threads = [threading.Thread(target=work, args=(n,)) for n in range(16)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(LIMIT)
    finally:
        sys.setswitchinterval(interval)
    assert not errors


def test_threads_race_for_one_handle(toy: Any) -> None:
    """Exactly one destroys it; the others are refused."""
    for _ in range(200):
        handle = toy.toy_handle_init("raced")
        barrier = threading.Barrier(4)
        done: list[str] = []

        def race(handle: Any = handle, barrier: threading.Barrier = barrier, done: list[str] = done) -> None:
            barrier.wait()
            try:
                toy.toy_handle_destroy(handle)
                done.append("destroyed")
            except ValueError:
                done.append("refused")

        threads = [threading.Thread(target=race) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(LIMIT)
        assert done.count("destroyed") == 1
