"""The containers of globus_common: Python objects in lists, queues, tables and pools of C."""

from __future__ import annotations

import gc
import weakref
from collections.abc import Callable
from typing import Any

import pytest

from globus_lowlevel import GlobusError, common

pytestmark = pytest.mark.usefixtures("nothing_left")


class Thing:
    """What can be referred to weakly."""

    def __init__(self, name: object = None) -> None:
        self.name = name


def make_list(*data: object) -> Any:
    head = None
    for datum in reversed(data):
        head = common.globus_list_cons(datum, head)
    return head


def less(low: Any, high: Any, _: Any) -> bool:
    return bool(low < high)


# ---- lists ---------------------------------------------------------------------------------------------------


def test_a_list_is_walked_as_in_c_and_as_in_python() -> None:
    head = make_list("a", None, ["b"], 4)
    found, node = [], head
    while not common.globus_list_empty(node):
        found.append(common.globus_list_first(node))
        node = common.globus_list_rest(node)
    assert found == list(head) == ["a", None, ["b"], 4]
    assert len(head) == common.globus_list_size(head) == 4
    assert common.globus_list_size(None) == 0
    assert common.globus_list_empty(None)


def test_a_list_keeps_its_data_and_lets_them_go() -> None:
    thing = Thing()
    gone = weakref.ref(thing)
    head = make_list(thing, 1)
    del thing
    gc.collect()
    assert common.globus_list_first(head) is gone()
    common.globus_list_free(head)
    assert gone() is None
    assert head.closed
    with pytest.raises(ValueError, match="closed"):
        list(head)


def test_a_list_that_is_forgotten_lets_its_data_go() -> None:
    import globus_lowlevel

    thing = Thing()
    gone = weakref.ref(thing)
    tail = common.globus_list_rest(make_list(Thing(), thing))
    del thing
    assert gone() is not None  # the tail is a list of its own
    assert len(tail) == 1
    del tail
    gc.collect()
    globus_lowlevel.reap()
    assert gone() is None


def test_insert_and_remove_give_the_new_head() -> None:
    head = common.globus_list_insert(None, "last")
    head = common.globus_list_insert(head, "middle")
    head = common.globus_list_insert(head, "first")
    middle = common.globus_list_rest(head)
    datum, head = common.globus_list_remove(head, middle)
    assert (datum, list(head)) == ("middle", ["first", "last"])
    assert middle.closed
    datum, head = common.globus_list_remove(head, head)
    assert (datum, list(head)) == ("first", ["last"])
    assert common.globus_list_remove(head, head) == ("last", None)


def test_the_place_behind_a_node_is_a_head_too() -> None:
    head = make_list(1, 4)
    place = common.globus_list_rest_ref(head)
    common.globus_list_insert(place, 3)
    common.globus_list_insert(place, 2)
    assert list(head) == [1, 2, 3, 4]
    assert common.globus_list_remove(place, common.globus_list_rest(head))[0] == 2
    assert list(head) == [1, 3, 4]


def test_a_node_of_another_list_is_not_removed() -> None:
    head, other = make_list(1, 2), make_list(3)
    assert common.globus_list_remove(head, other) == (None, head)
    assert (list(head), list(other)) == ([1, 2], [3])


def test_replace_first_gives_what_was_there() -> None:
    head = make_list("old", 2)
    assert common.globus_list_replace_first(head, "new") == "old"
    assert list(head) == ["new", 2]


def test_searching() -> None:
    head = make_list(5, 300000, "x", None)
    assert list(common.globus_list_search(head, 300000)) == [300000, "x", None]
    assert list(common.globus_list_search(head, None)) == [None]
    assert common.globus_list_search(head, "y") is None
    assert common.globus_list_search(None, 1) is None
    assert list(common.globus_list_search_pred(head, lambda datum, wanted: datum == wanted, "x")) == [
        "x",
        None,
    ]
    assert common.globus_list_search_pred(head, lambda datum, _: False, None) is None
    assert common.globus_list_first(common.globus_list_min(make_list(3, 1, 2), less, None)) == 1
    assert common.globus_list_min(None, less, None) is None


def test_sorting() -> None:
    head = make_list(3, 1, 2, 1)
    seen: list[object] = []

    def relation(low: int, high: int, argument: object) -> bool:
        seen.append(argument)
        return low < high

    assert list(common.globus_list_sort(head, relation, "extra")) == [1, 1, 2, 3]
    assert set(seen) == {"extra"}
    assert list(head) == [3, 1, 2, 1]
    assert list(common.globus_list_sort_destructive(head, less, None)) == [1, 1, 2, 3]


def test_the_librarys_own_comparison_serves() -> None:
    assert list(common.globus_list_sort(make_list(30, -2, 5), common.globus_list_int_less, None)) == [
        -2,
        5,
        30,
    ]


def test_halves_and_merging() -> None:
    left, right = common.globus_list_halves_destructive(make_list(1, 5, 2, 4))
    assert (list(left), list(right)) == ([1, 5], [2, 4])
    merged = common.globus_list_sort_merge_destructive(left, make_list(2, 4), less, None)
    assert list(merged) == [1, 2, 4, 5]
    assert list(right) == [2, 4]


def test_concat_makes_a_list_of_its_own() -> None:
    front, back = make_list(1, 2), make_list(3)
    both = common.globus_list_concat(front, back)
    common.globus_list_free(front)
    common.globus_list_free(back)
    assert list(both) == [1, 2, 3]
    assert common.globus_list_concat(None, None) is None


def test_copies_are_lists_of_their_own() -> None:
    head = make_list(1, 2)
    copy = common.globus_list_copy(head)
    common.globus_list_free(head)
    assert list(copy) == [1, 2]
    assert common.globus_list_copy(None) is None


def test_destroy_all_calls_for_each_datum() -> None:
    freed: list[object] = []
    common.globus_list_destroy_all(make_list(1, "two", None), freed.append)
    assert freed == [1, "two"]  # None is C's NULL, and nothing to free
    common.globus_list_destroy_all(None, freed.append)


def test_from_string() -> None:
    assert sorted(common.globus_list_from_string("  a b,c", ord(","), " ")) == ["a b", "c"]
    assert common.globus_list_from_string(None, ord(","), None) is None


def test_an_exception_of_a_callable_comes_out_of_the_call() -> None:
    head = make_list(2, 1)
    for call in (common.globus_list_sort, common.globus_list_min):
        with pytest.raises(ZeroDivisionError):
            call(head, lambda low, high, _: 1 // 0, None)
    with pytest.raises(ZeroDivisionError):
        common.globus_list_search_pred(head, lambda datum, _: 1 // 0, None)
    assert list(head) == [2, 1]


def test_a_list_cannot_be_changed_while_c_walks_it() -> None:
    head = make_list(2, 1)

    def free(low: int, high: int, _: object) -> bool:
        common.globus_list_free(head)
        return True

    with pytest.raises(ValueError, match="in use"):
        common.globus_list_min(head, free, None)
    assert list(head) == [2, 1]


def test_long_lists_do_not_exhaust_the_stack() -> None:
    import globus_lowlevel

    head = make_list(*range(100_000))
    assert common.globus_list_size(head) == 100_000
    assert common.globus_list_first(common.globus_list_min(head, less, None)) == 0
    assert common.globus_list_search_pred(head, lambda datum, _: datum == 99_999, None) is not None
    copy = common.globus_list_copy(head)
    common.globus_list_free(head)
    del head, copy
    gc.collect()
    globus_lowlevel.reap()


@pytest.mark.parametrize("wrong", [None, 1, "list", []])
def test_what_is_no_list_is_refused(wrong: object) -> None:
    for call in (common.globus_list_first, common.globus_list_rest, common.globus_list_rest_ref):
        with pytest.raises(TypeError, match=call.__name__):
            call(wrong)


# ---- queues --------------------------------------------------------------------------------------------------


def make_fifo(*data: object) -> Any:
    fifo = common.globus_fifo_init()
    for datum in data:
        common.globus_fifo_enqueue(fifo, datum)
    return fifo


def test_a_fifo_gives_first_what_came_first() -> None:
    fifo = make_fifo("a", "b", None)
    assert (common.globus_fifo_peek(fifo), common.globus_fifo_tail_peek(fifo)) == ("a", None)
    assert list(fifo) == ["a", "b", None]
    assert len(fifo) == common.globus_fifo_size(fifo) == 3
    assert [common.globus_fifo_dequeue(fifo) for _ in range(3)] == ["a", "b", None]
    assert common.globus_fifo_empty(fifo)


def test_an_empty_fifo_has_nothing_to_give() -> None:
    fifo = common.globus_fifo_init()
    for call in (common.globus_fifo_peek, common.globus_fifo_tail_peek):  # which C would not survive
        with pytest.raises(IndexError):
            call(fifo)
    assert common.globus_fifo_dequeue(fifo) is None
    assert common.globus_fifo_convert_to_list(fifo) is None
    assert len(common.globus_fifo_copy(fifo)) == 0


def test_fifo_remove_copy_move_and_convert() -> None:
    fifo = make_fifo(1000, "b", "c")
    assert common.globus_fifo_remove(fifo, 999 + 1) == 1000
    assert common.globus_fifo_remove(fifo, "not there") is None
    copy = common.globus_fifo_copy(fifo)
    moved = common.globus_fifo_move(fifo)
    assert (list(fifo), list(copy), list(moved)) == ([], ["b", "c"], ["b", "c"])
    assert list(common.globus_fifo_convert_to_list(copy)) == ["b", "c"]


def test_a_fifo_lets_its_data_go() -> None:
    import globus_lowlevel

    for end in (common.globus_fifo_destroy, lambda fifo: None):
        thing = Thing()
        gone = weakref.ref(thing)
        fifo = make_fifo(thing)
        del thing
        end(fifo)
        del fifo
        gc.collect()
        globus_lowlevel.reap()
        assert gone() is None


def test_fifo_destroy_all() -> None:
    freed: list[object] = []
    fifo = make_fifo(1, 2)
    common.globus_fifo_destroy_all(fifo, freed.append)
    assert freed == [1, 2]
    assert fifo.closed


def test_a_comparison_cannot_close_the_fifo() -> None:
    class Closing:
        def __eq__(self, other: object) -> bool:
            common.globus_fifo_destroy(fifo)
            return True

        __hash__ = None  # type: ignore[assignment]

    fifo = make_fifo(Closing(), 2)
    with pytest.raises(ValueError, match="in use"):
        common.globus_fifo_remove(fifo, 2)
    assert not fifo.closed
    common.globus_fifo_destroy(fifo)


# ---- priority queues -----------------------------------------------------------------------------------------


def by_number(left: Any, right: Any) -> int:
    return int(left > right) - int(left < right)


def test_a_priority_queue_gives_the_least_first() -> None:
    queue = common.globus_priority_q_init(by_number)
    for datum, priority in (("c", 3), ("a", 1), ("b", 2)):
        common.globus_priority_q_enqueue(queue, datum, priority)
    assert (common.globus_priority_q_first(queue), common.globus_priority_q_first_priority(queue)) == ("a", 1)
    assert len(queue) == common.globus_priority_q_size(queue) == 3
    assert common.globus_priority_q_modify(queue, "a", 9) == 1
    assert common.globus_priority_q_remove(queue, "c") == "c"
    assert common.globus_priority_q_remove(queue, "c") is None
    assert [common.globus_priority_q_dequeue(queue) for _ in range(2)] == ["b", "a"]
    assert common.globus_priority_q_empty(queue)
    assert common.globus_priority_q_dequeue(queue) is None
    common.globus_priority_q_destroy(queue)


def test_a_comparison_that_raises_loses_nothing() -> None:
    failing = False

    def compare(left: int, right: int) -> int:
        if failing:
            raise ZeroDivisionError
        return left - right

    queue = common.globus_priority_q_init(compare)
    for number in (2, 1):
        common.globus_priority_q_enqueue(queue, str(number), number)
    failing = True
    with pytest.raises(ZeroDivisionError):
        common.globus_priority_q_enqueue(queue, "3", 3)
    failing = False
    assert len(queue) == 2
    assert {common.globus_priority_q_dequeue(queue) for _ in range(2)} == {"1", "2"}


def test_a_comparison_cannot_change_its_queue() -> None:
    def compare(left: int, right: int) -> int:
        common.globus_priority_q_dequeue(queue)
        return 0

    queue = common.globus_priority_q_init(compare)
    common.globus_priority_q_enqueue(queue, "a", 1)
    with pytest.raises(RuntimeError, match="in use"):
        common.globus_priority_q_enqueue(queue, "b", 2)
    common.globus_priority_q_destroy(queue)  # it keeps `compare`, which knows it


# ---- hash tables ---------------------------------------------------------------------------------------------


def python_hash(key: object, limit: int) -> int:
    return hash(key) % limit


def equal(left: object, right: object) -> bool:
    return left == right


HASHES = [
    pytest.param(
        common.globus_hashtable_string_hash, common.globus_hashtable_string_keyeq, "a", "b", id="string"
    ),
    pytest.param(common.globus_hashtable_int_hash, common.globus_hashtable_int_keyeq, 1, 2, id="int"),
    pytest.param(
        common.globus_hashtable_ulong_hash, common.globus_hashtable_ulong_keyeq, 1, 2**64 - 1, id="ulong"
    ),
    pytest.param(
        common.globus_hashtable_voidp_hash, common.globus_hashtable_voidp_keyeq, int, str, id="voidp"
    ),
    pytest.param(python_hash, equal, ("any", 1), frozenset(), id="Python"),
]


@pytest.mark.parametrize(("hashing", "equality", "one", "two"), HASHES)
def test_a_hash_table(
    hashing: Callable[..., int], equality: Callable[..., bool], one: object, two: object
) -> None:
    table = common.globus_hashtable_init(7, hashing, equality)
    assert common.globus_hashtable_empty(table)
    common.globus_hashtable_insert(table, one, "datum of one")
    common.globus_hashtable_insert(table, two, "datum of two")
    assert len(table) == common.globus_hashtable_size(table) == 2
    assert common.globus_hashtable_lookup(table, one) == "datum of one"
    with pytest.raises(GlobusError):
        common.globus_hashtable_insert(table, one, "again")
    assert common.globus_hashtable_update(table, one, "new") == "datum of one"
    assert common.globus_hashtable_lookup(table, one) == "new"
    assert sorted(common.globus_hashtable_to_list(table)) == ["datum of two", "new"]
    assert common.globus_hashtable_remove(table, one) == "new"
    assert common.globus_hashtable_lookup(table, one) is None
    assert common.globus_hashtable_remove(table, one) is None
    assert common.globus_hashtable_update(table, one, "new") is None
    common.globus_hashtable_destroy(table)
    assert table.closed


def filled(count: int) -> Any:
    table = common.globus_hashtable_init(7, python_hash, equal)
    for number in range(count):
        common.globus_hashtable_insert(table, f"key {number}", number)
    return table


def test_walking_a_hash_table() -> None:
    table = filled(20)
    forward = [common.globus_hashtable_first(table)]
    forward += [common.globus_hashtable_next(table) for _ in range(19)]
    assert sorted(forward) == list(range(20))
    assert common.globus_hashtable_next(table) is None
    backward = [common.globus_hashtable_last(table)]
    backward += [common.globus_hashtable_prev(table) for _ in range(19)]
    assert backward == forward[::-1]


def test_copies_of_a_hash_table() -> None:
    table = filled(3)
    same = common.globus_hashtable_copy(table, None)
    other = common.globus_hashtable_copy(table, lambda key, datum: (key.upper(), datum * 2))
    common.globus_hashtable_destroy(table)
    assert common.globus_hashtable_lookup(same, "key 2") == 2
    assert sorted(common.globus_hashtable_to_list(other)) == [0, 2, 4]
    with pytest.raises(ZeroDivisionError):
        common.globus_hashtable_copy(same, lambda key, datum: 1 // 0)
    with pytest.raises(TypeError, match="a key and a datum"):
        common.globus_hashtable_copy(same, lambda key, datum: key)


def test_hash_table_destroy_all() -> None:
    freed: list[int] = []
    common.globus_hashtable_destroy_all(filled(3), freed.append)
    assert sorted(freed) == [0, 1, 2]


def test_a_hash_table_keeps_keys_and_data_and_lets_them_go() -> None:
    import globus_lowlevel

    table = common.globus_hashtable_init(3, python_hash, equal)
    key, datum = Thing(), Thing()
    gone = weakref.ref(key), weakref.ref(datum)
    common.globus_hashtable_insert(table, key, datum)
    del datum
    gc.collect()
    assert common.globus_hashtable_lookup(table, key) is gone[1]()
    common.globus_hashtable_remove(table, key)
    assert gone[1]() is None
    common.globus_hashtable_insert(table, key, 1)
    del key, table
    gc.collect()
    globus_lowlevel.reap()
    assert gone[0]() is None


@pytest.mark.parametrize("answer", [-1, 7, "x", None, 2**80])
def test_a_hash_out_of_range_is_refused(answer: object) -> None:
    table = common.globus_hashtable_init(7, lambda key, limit: answer, equal)
    with pytest.raises((TypeError, ValueError, OverflowError)):
        common.globus_hashtable_insert(table, "a", 1)
    assert len(table) == 0


def test_a_hash_or_comparison_that_raises() -> None:
    def fail(*_: object) -> int:
        raise ZeroDivisionError

    table = common.globus_hashtable_init(7, fail, equal)
    for call in (common.globus_hashtable_lookup, common.globus_hashtable_remove):
        with pytest.raises(ZeroDivisionError):
            call(table, "a")
    table = common.globus_hashtable_init(7, lambda key, limit: 0, fail)
    common.globus_hashtable_insert(table, "a", 1)
    with pytest.raises(ZeroDivisionError):
        common.globus_hashtable_insert(table, "b", 2)
    assert len(table) == 1


def test_the_hash_of_an_unfit_key_is_refused() -> None:
    table = common.globus_hashtable_init(
        7, common.globus_hashtable_string_hash, common.globus_hashtable_string_keyeq
    )
    with pytest.raises(TypeError):
        common.globus_hashtable_insert(table, 1, "datum")


def test_none_is_no_datum_of_a_hash_table() -> None:
    with pytest.raises(TypeError, match="NULL"):
        common.globus_hashtable_insert(filled(0), "key", None)


# ---- symbol tables -------------------------------------------------------------------------------------------


def test_scopes_of_a_symbol_table() -> None:
    table = common.globus_symboltable_init(
        common.globus_hashtable_string_hash, common.globus_hashtable_string_keyeq
    )
    with pytest.raises(GlobusError, match="no scope"):
        common.globus_symboltable_insert(table, "name", 1)
    common.globus_symboltable_create_scope(table)
    common.globus_symboltable_insert(table, "name", "outer")
    common.globus_symboltable_create_scope(table)
    common.globus_symboltable_insert(table, "name", "inner")
    with pytest.raises(GlobusError, match="already"):
        common.globus_symboltable_insert(table, "name", "again")
    assert common.globus_symboltable_lookup(table, "name") == "inner"
    assert common.globus_symboltable_remove(table, "name") == "inner"
    assert common.globus_symboltable_lookup(table, "name") == "outer"
    common.globus_symboltable_remove_scope(table)
    assert common.globus_symboltable_lookup(table, "name") == "outer"
    common.globus_symboltable_remove_scope(table)
    assert common.globus_symboltable_lookup(table, "name") is None
    with pytest.raises(GlobusError, match="no scope"):
        common.globus_symboltable_remove_scope(table)
    common.globus_symboltable_destroy(table)


def test_what_leaves_with_a_scope_may_use_the_table() -> None:
    class Last:
        def __del__(self) -> None:
            common.globus_symboltable_insert(table, "new", 1)

    table = common.globus_symboltable_init(python_hash, equal)
    common.globus_symboltable_create_scope(table)
    common.globus_symboltable_create_scope(table)
    for number in range(5):
        common.globus_symboltable_insert(table, number, number)
    common.globus_symboltable_insert(table, "last", Last())
    common.globus_symboltable_remove_scope(table)
    assert common.globus_symboltable_lookup(table, "new") == 1


# ---- handle tables -------------------------------------------------------------------------------------------


def test_a_handle_table_counts_references() -> None:
    ended: list[object] = []
    table = common.globus_handle_table_init(ended.append)
    thing = Thing()
    handle = common.globus_handle_table_insert(table, thing, 1)
    assert common.globus_handle_table_lookup(table, handle) is thing
    assert common.globus_handle_table_increment_reference(table, handle)
    assert common.globus_handle_table_increment_reference_by(table, handle, 2)
    assert [common.globus_handle_table_decrement_reference(table, handle) for _ in range(4)] == [
        True,
        True,
        True,
        False,
    ]
    assert ended == [thing]
    assert common.globus_handle_table_lookup(table, handle) is None
    assert common.globus_handle_table_lookup(table, 12345) is None
    assert not common.globus_handle_table_decrement_reference(table, handle)
    common.globus_handle_table_insert(table, "rest", 7)
    common.globus_handle_table_destroy(table)
    assert ended == [thing, "rest"]


def test_a_handle_table_without_a_destructor() -> None:
    table = common.globus_handle_table_init(None)
    handles = [common.globus_handle_table_insert(table, number, 1) for number in range(100)]
    assert [common.globus_handle_table_lookup(table, handle) for handle in handles] == list(range(100))
    common.globus_handle_table_destroy(table)
    with pytest.raises(ValueError, match="closed"):
        common.globus_handle_table_lookup(table, handles[0])


def test_a_destructor_may_use_its_handle_table(unraisable: list[BaseException]) -> None:
    def destructor(thing: object) -> None:
        common.globus_handle_table_insert(table, "successor", 1)
        raise ZeroDivisionError

    table = common.globus_handle_table_init(destructor)
    handle = common.globus_handle_table_insert(table, "first", 1)
    assert not common.globus_handle_table_decrement_reference(table, handle)
    assert [type(error) for error in unraisable] == [ZeroDivisionError]


# ---- pools of memory -----------------------------------------------------------------------------------------


def test_memory_of_a_pool_is_a_buffer() -> None:
    pool = common.globus_memory_init(64, 4)
    nodes = [common.globus_memory_pop_node(pool) for _ in range(6)]
    view = memoryview(nodes[0])
    assert len(view) == 64
    view[:5] = b"hello"
    assert bytes(nodes[0])[:5] == b"hello"
    with pytest.raises(ValueError, match="in use as a buffer"):
        common.globus_memory_push_node(pool, nodes[0])
    with pytest.raises(ValueError, match="in use as a buffer"):
        common.globus_memory_destroy(pool)
    view.release()
    common.globus_memory_push_node(pool, nodes[0])
    with pytest.raises(ValueError, match="already"):
        common.globus_memory_push_node(pool, nodes[0])
    with pytest.raises(ValueError, match="another pool"):
        common.globus_memory_push_node(common.globus_memory_init(64, 1), nodes[1])
    with pytest.raises((BufferError, ValueError)):
        memoryview(nodes[0])
    common.globus_memory_destroy(pool)
    with pytest.raises((BufferError, ValueError)):
        memoryview(nodes[1])


def test_memory_keeps_its_pool() -> None:
    node = common.globus_memory_pop_node(common.globus_memory_init(16, 2))
    gc.collect()
    memoryview(node)[0] = 1


# ---- range lists ---------------------------------------------------------------------------------------------


def ranges(range_list: Any) -> list[tuple[int, int]]:
    return [
        common.globus_range_list_at(range_list, index)
        for index in range(common.globus_range_list_size(range_list))
    ]


def test_range_lists_join_and_split() -> None:
    range_list = common.globus_range_list_init()
    common.globus_range_list_insert(range_list, 0, 10)
    common.globus_range_list_insert(range_list, 20, 10)
    common.globus_range_list_insert(range_list, 5, 10)
    assert ranges(range_list) == [(0, 15), (20, 10)]
    common.globus_range_list_remove(range_list, 3, 4)
    assert ranges(range_list) == [(0, 3), (7, 8), (20, 10)]
    assert common.globus_range_list_remove_at(range_list, 1) == (7, 8)
    other = common.globus_range_list_copy(range_list)
    common.globus_range_list_insert(other, 100, common.GLOBUS_RANGE_LIST_MAX)
    merged = common.globus_range_list_merge(range_list, other)
    assert ranges(merged) == [(0, 3), (20, 10), (100, common.GLOBUS_RANGE_LIST_MAX)]
    common.globus_range_list_destroy(merged)


@pytest.mark.parametrize("index", [-1, 1, 2**31 - 1])
def test_there_is_no_such_range(index: int) -> None:
    range_list = common.globus_range_list_init()
    common.globus_range_list_insert(range_list, 0, 10)
    for call in (common.globus_range_list_at, common.globus_range_list_remove_at):
        with pytest.raises((GlobusError, IndexError)):
            call(range_list, index)


@pytest.mark.parametrize(("offset", "length"), [(-1, 5), (0, -5), (2**62, 2**62)])
def test_ranges_that_make_no_sense(offset: int, length: int) -> None:
    range_list = common.globus_range_list_init()
    with pytest.raises((GlobusError, ValueError, OverflowError)):
        common.globus_range_list_insert(range_list, offset, length)
