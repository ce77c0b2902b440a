"""Error objects: chains, descriptions, matching; results; objects and their types."""

from __future__ import annotations

import errno
import os
from typing import Any

import pytest

from globus_lowlevel import GlobusError, common

MODULE = common.GLOBUS_COMMON_MODULE


def error(text: str = "what happened", cause: Any = None, kind: int = 7, source: Any = MODULE) -> Any:
    return common.globus_error_construct_error(source, cause, kind, "file.c", "function", 42, text)


# ---- generic errors --------------------------------------------------------------------------------------------


def test_what_an_error_knows() -> None:
    made = error("100% of it")
    assert common.globus_object_get_type(made) is common.GLOBUS_ERROR_TYPE_GLOBUS
    assert common.globus_error_get_type(made) == 7
    assert common.globus_error_get_source(made) is MODULE
    assert common.globus_error_get_cause(made) is None
    assert common.globus_error_get_short_desc(made) == "100% of it"
    assert common.globus_error_get_long_desc(made) is None
    common.globus_error_set_type(made, 8)
    common.globus_error_set_short_desc(made, "short")
    common.globus_error_set_long_desc(made, "a longer one")
    assert common.globus_error_get_type(made) == 8
    assert common.globus_error_get_short_desc(made) == "short"
    assert common.globus_error_get_long_desc(made) == "a longer one"


@pytest.mark.parametrize(
    "construct", [common.globus_error_construct_error, common.globus_error_v_construct_error]
)
def test_both_constructors(construct: Any) -> None:
    made = construct(MODULE, None, 3, "file.c", "function", 42, "words")
    assert (common.globus_error_get_type(made), common.globus_error_get_short_desc(made)) == (3, "words")


def test_a_bare_object_becomes_an_error() -> None:
    bare = common.globus_object_construct(common.GLOBUS_ERROR_TYPE_GLOBUS)
    made = common.globus_error_initialize_error(bare, MODULE, None, 3, "file.c", "function", 42, "words")
    assert common.globus_error_get_short_desc(made) == "words"


def test_a_chain_of_causes() -> None:
    root = error("root")
    middle = error("middle", root)
    top = error("top", middle)
    assert common.globus_error_get_cause(top) is middle
    assert common.globus_error_get_cause(middle) is root
    chain = common.globus_error_print_chain(top)
    assert chain is not None
    assert chain.index("top") < chain.index("middle") < chain.index("root")
    assert "root" in common.globus_error_print_friendly(top)


def test_a_chain_has_no_circle() -> None:
    root = error("root")
    top = error("top", error("middle", root))
    with pytest.raises(ValueError, match="stored in itself"):
        common.globus_error_set_cause(root, top)
    with pytest.raises(ValueError, match="stored in itself"):
        common.globus_error_set_cause(root, root)


def test_the_innermost_match_counts() -> None:
    top = error("top", error("inner", kind=9, source=common.GLOBUS_THREAD_MODULE), kind=7)
    assert common.globus_error_match(top, MODULE, 7)
    assert common.globus_error_match(top, common.GLOBUS_THREAD_MODULE, 9)
    assert not common.globus_error_match(top, MODULE, 9)
    assert not common.globus_error_match(top, None, 7)


# ---- errors of the system --------------------------------------------------------------------------------------


def test_errors_of_the_system() -> None:
    made = common.globus_error_construct_errno_error(MODULE, None, errno.ENOENT)
    assert common.globus_error_errno_get_errno(made) == errno.ENOENT
    assert common.globus_error_errno_match(made, MODULE, errno.ENOENT)
    assert not common.globus_error_errno_match(made, MODULE, errno.EACCES)
    assert os.strerror(errno.ENOENT) in common.globus_error_print_chain(made)
    common.globus_error_errno_set_errno(made, errno.EACCES)
    assert common.globus_error_errno_search(error("outer", made)) == errno.EACCES


def test_wrapping_a_number_of_the_system() -> None:
    made = common.globus_error_wrap_errno_error(MODULE, errno.EPIPE, 5, "file.c", "function", 42, "writing")
    assert common.globus_error_get_short_desc(made) == f"writing: {os.strerror(errno.EPIPE)}"
    assert common.globus_error_errno_search(made) == errno.EPIPE
    assert common.globus_error_errno_search(error()) == 0


# ---- errors that are but words, and those that are several -----------------------------------------------------


def test_errors_that_are_words() -> None:
    made = common.globus_error_construct_string(MODULE, None, "100% wrong")
    assert common.globus_object_printable_to_string(made) == "100% wrong"
    bare = common.globus_object_construct(common.GLOBUS_ERROR_TYPE_STRING)
    assert (
        common.globus_object_printable_to_string(
            common.globus_error_initialize_string(bare, MODULE, error("cause"), "other words")
        )
        == "other words"
    )


def test_several_errors_at_once() -> None:
    several = common.globus_error_construct_multiple(MODULE, 6, "two failed")
    common.globus_error_mutliple_add_chain(several, error("one"), "the first")
    common.globus_error_mutliple_add_chain(several, error("other", error("deeper")), "the second")
    text = common.globus_error_print_chain(several)
    assert text is not None
    assert all(word in text for word in ("the first", "one", "the second", "other", "deeper"))
    taken = []
    while (chain := common.globus_error_multiple_remove_chain(several)) is not None:
        taken.append(common.globus_error_get_short_desc(chain))
    assert sorted(taken) == ["one", "other"]


# ---- results ---------------------------------------------------------------------------------------------------


def test_a_result_gives_its_error_once() -> None:
    result = common.globus_error_put(error("kept"))
    assert isinstance(result, GlobusError)
    assert (result.code, result.module) == (7, "globus_common")
    peeked = common.globus_error_peek(result)
    assert common.globus_error_get_short_desc(peeked) == "kept"
    taken = common.globus_error_get(result)
    assert common.globus_error_get_short_desc(taken) == "kept"
    assert common.globus_error_get(common.GLOBUS_SUCCESS) is None


def test_an_exception_has_the_object_that_c_made() -> None:
    with pytest.raises(GlobusError) as caught:
        common.globus_libc_contact_string_to_ints("no contact")
    assert common.globus_error_get_source(caught.value) is MODULE
    assert "unable to parse" in common.globus_error_print_chain(caught.value)
    outer = error("outer", caught.value)
    assert "unable to parse" in common.globus_error_print_chain(outer)


# ---- objects ---------------------------------------------------------------------------------------------------


def test_types_form_a_tree() -> None:
    depth, kind = 0, common.GLOBUS_ERROR_TYPE_NO_AUTHORIZATION
    while (parent := common.globus_object_type_get_parent_type(kind)) is not None:
        assert common.globus_object_type_match(kind, parent)
        assert not common.globus_object_type_match(parent, kind)
        depth, kind = depth + 1, parent
    assert kind is common.GLOBUS_OBJECT_TYPE_BASE
    assert depth == 4
    assert common.globus_object_type_get_class_data(common.GLOBUS_OBJECT_TYPE_BASE) is None


def test_an_object_is_seen_as_what_it_is_derived_from() -> None:
    made = error()
    assert common.globus_object_upcast(made, common.GLOBUS_ERROR_TYPE_BASE) is not None
    assert common.globus_object_upcast(made, common.GLOBUS_ERROR_TYPE_ERRNO) is None
    assert not common.globus_object_is_static(made)
    assert common.globus_object_is_static(common.GLOBUS_ERROR_NO_INFO)


def test_copies_of_an_object_are_their_own() -> None:
    made = error("the original", error("cause"))
    copy = common.globus_object_copy(made)
    common.globus_object_free(made)
    assert made.closed
    assert common.globus_error_get_short_desc(copy) == "the original"
    assert "cause" in common.globus_error_print_chain(copy)


def test_references_are_counted() -> None:
    made = error("referred to twice")
    common.globus_object_reference(made)
    common.globus_object_free(made)
    assert common.globus_error_get_short_desc(made) == "referred to twice"
    common.globus_object_free(made)
    with pytest.raises(ValueError, match="closed"):
        common.globus_error_get_short_desc(made)


def test_objects_carry_data() -> None:
    made, data = common.globus_object_construct_socket(), object()
    assert common.globus_object_get_local_instance_data(made) is None
    common.globus_object_set_local_instance_data(made, data)
    assert common.globus_object_get_local_instance_data(made) is data
    for own in (common.globus_object_construct_base(), error()):  # its data are C's
        with pytest.raises(ValueError, match="data of its own"):
            common.globus_object_set_local_instance_data(own, data)


def test_what_can_be_printed() -> None:
    printable = common.globus_object_construct_printable()
    assert common.globus_object_get_type(printable) is common.GLOBUS_OBJECT_TYPE_PRINTABLE
    assert common.globus_object_printable_get_string_func(error()) is not None
    assert "what happened" in common.globus_object_printable_to_string(error())
