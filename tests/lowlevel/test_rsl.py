"""globus_lowlevel.rsl: trees that are parsed, made by hand, walked, evaluated and taken apart."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.lowlevel.conftest import activating

from globus_lowlevel import GlobusError, common, rsl

SPEC = "&(executable=/bin/echo)(arguments=a $(VAR) 'b c')(environment=(HOME /home)(X 1))(count=2)"


active = activating(rsl.GLOBUS_RSL_MODULE)


@pytest.fixture(autouse=True)
def balanced(active: None, nothing_left: None) -> None:
    """Each test leaves no node alive."""


def literal(text: str) -> Any:
    return rsl.globus_rsl_value_make_literal(text)


def sequence(*values: Any) -> Any:
    return rsl.globus_rsl_value_make_sequence(values)


def relation(attribute: str, *texts: str) -> Any:
    return rsl.globus_rsl_make_relation(rsl.GLOBUS_RSL_EQ, attribute, sequence(*map(literal, texts)))


def variable(name: str) -> Any:
    return rsl.globus_rsl_value_make_variable(sequence(literal(name)))


def unparse(tree: Any) -> str:
    return " ".join(rsl.globus_rsl_unparse(tree).split())


# ---- parsing and walking ---------------------------------------------------------------------------------------


def test_a_parsed_tree_can_be_walked() -> None:
    tree = rsl.globus_rsl_parse(SPEC)
    assert rsl.globus_rsl_is_boolean(tree)
    assert rsl.globus_rsl_is_boolean_and(tree)
    assert not rsl.globus_rsl_is_boolean_or(tree)
    assert rsl.globus_rsl_boolean_get_operator(tree) == rsl.GLOBUS_RSL_AND
    names = [rsl.globus_rsl_relation_get_attribute(operand) for operand in tree]
    assert names == ["executable", "arguments", "environment", "count"]
    executable = tree[0]
    assert rsl.globus_rsl_is_relation_eq(executable)
    assert rsl.globus_rsl_is_relation_attribute_equal(executable, "EXECUTABLE")
    single = rsl.globus_rsl_relation_get_single_value(executable)
    assert rsl.globus_rsl_value_literal_get_string(single) == "/bin/echo"
    arguments = rsl.globus_rsl_relation_get_value_sequence(tree[1])
    kinds = [rsl.globus_rsl_value_is_literal(value) for value in arguments]
    assert [bool(kind) for kind in kinds] == [True, False, True]
    assert rsl.globus_rsl_value_is_variable(arguments[1])
    assert rsl.globus_rsl_value_variable_get_name(arguments[1]) == "VAR"
    assert rsl.globus_rsl_value_variable_get_size(arguments[1]) == 1


def test_lists_are_those_of_the_common_library() -> None:
    tree = rsl.globus_rsl_parse(SPEC)
    operands = rsl.globus_rsl_boolean_get_operand_list(tree)
    assert common.globus_list_size(operands) == len(tree) == 4
    assert common.globus_list_first(operands) is tree[0]
    assert [node is other for node, other in zip(operands, tree, strict=True)] == [True] * 4
    backwards = rsl.globus_list_copy_reverse(operands)
    assert next(iter(backwards)) is tree[3]
    assert next(iter(rsl.globus_rsl_boolean_get_operand_list_ref(tree))) is tree[0]
    values = rsl.globus_rsl_relation_get_value_sequence(tree[1])
    assert len(list(rsl.globus_rsl_value_sequence_get_value_list(values))) == 3
    assert len(list(rsl.globus_rsl_value_sequence_get_list_ref(values))) == 3
    with pytest.raises(GlobusError, match="no boolean"):
        rsl.globus_rsl_boolean_get_operand_list(tree[0])


def test_parameters() -> None:
    tree = rsl.globus_rsl_parse(SPEC)
    single, multi, pairs = (
        rsl.GLOBUS_RSL_PARAM_SINGLE_LITERAL,
        rsl.GLOBUS_RSL_PARAM_MULTI_LITERAL,
        rsl.GLOBUS_RSL_PARAM_SEQUENCE,
    )
    assert rsl.globus_rsl_param_get(tree, single, "count") == ["2"]
    assert rsl.globus_rsl_param_get(tree, multi, "executable") == ["/bin/echo"]
    assert rsl.globus_rsl_param_get(tree, pairs, "environment") == ["HOME", "/home", "X", "1"]
    assert rsl.globus_rsl_param_get(tree, single, "absent") == []
    for kind, name in ((single, "environment"), (multi, "arguments"), (99, "count")):
        with pytest.raises(GlobusError):
            rsl.globus_rsl_param_get(tree, kind, name)
    values = rsl.globus_rsl_param_get_values(tree, "count")
    assert rsl.globus_rsl_value_list_param_get(values, rsl.GLOBUS_RSL_VALUE_LITERAL) == ["2"]
    assert rsl.globus_rsl_param_get_values(tree, "absent") is None
    rsl.globus_rsl_value_list_literal_replace(values, "3")
    assert "count" in unparse(tree)
    assert rsl.globus_rsl_param_get(tree, single, "count") == ["3"]


@pytest.mark.parametrize("text", ["", "&(a", "(a=", "&(a=1)(", "&&", "(=1)"])
def test_what_is_no_rsl(text: str) -> None:
    with pytest.raises(GlobusError, match="RSL"):
        rsl.globus_rsl_parse(text)


def test_attributes_in_one_spelling() -> None:
    tree = rsl.globus_rsl_parse("&(Max_Time=3)(GRAM_My_Job=x)")
    rsl.globus_rsl_assist_attributes_canonicalize(tree)
    assert [rsl.globus_rsl_relation_get_attribute(node) for node in tree] == ["maxtime", "grammyjob"]
    assert rsl.globus_rsl_assist_string_canonicalize("Std_Out") == "stdout"


# ---- by hand -----------------------------------------------------------------------------------------------------


def test_a_tree_made_by_hand() -> None:
    tree = rsl.globus_rsl_make_boolean(
        rsl.GLOBUS_RSL_AND, [relation("executable", "/bin/ls"), relation("count", "1")]
    )
    assert unparse(tree) == unparse(rsl.globus_rsl_parse(rsl.globus_rsl_unparse(tree)))
    assert [rsl.globus_rsl_relation_get_attribute(node) for node in tree] == ["executable", "count"]
    assert len(rsl.globus_rsl_make_boolean(rsl.GLOBUS_RSL_OR, None)) == 0


def test_a_node_belongs_to_one_tree() -> None:
    part = relation("a", "1")
    tree = rsl.globus_rsl_make_boolean(rsl.GLOBUS_RSL_AND, [part])
    for again in ([part], [tree[0]]):
        with pytest.raises(ValueError, match="belongs to a tree"):
            rsl.globus_rsl_make_boolean(rsl.GLOBUS_RSL_AND, again)
    other = relation("b", "2")
    with pytest.raises(ValueError, match="twice"):
        rsl.globus_rsl_make_boolean(rsl.GLOBUS_RSL_AND, [other, other])
    copy = rsl.globus_rsl_copy_recursive(part)
    both = rsl.globus_rsl_make_boolean(rsl.GLOBUS_RSL_AND, [copy, other])
    assert len(both) == 2
    with pytest.raises(ValueError, match="freed with it"):
        rsl.globus_rsl_free_recursive(part)


def test_freeing() -> None:
    tree = rsl.globus_rsl_parse(SPEC)
    part = tree[0]
    rsl.globus_rsl_free_recursive(tree)
    for gone in (tree, part):
        with pytest.raises(ValueError, match="closed"):
            rsl.globus_rsl_unparse(gone)
    part = relation("a", "1")
    tree = rsl.globus_rsl_make_boolean(rsl.GLOBUS_RSL_AND, [part])
    rsl.globus_rsl_free(tree)  # the node alone
    assert unparse(part)
    value = literal("x")
    rsl.globus_rsl_value_free_recursive(value)
    with pytest.raises(ValueError, match="closed"):
        rsl.globus_rsl_value_literal_get_string(value)


def test_a_part_outlives_the_name_of_its_tree() -> None:
    part = rsl.globus_rsl_parse(SPEC)[1]
    assert rsl.globus_rsl_relation_get_attribute(part) == "arguments"


def test_concatenations() -> None:
    node = rsl.globus_rsl_value_make_concatenation(literal("a"), literal("b"))
    assert rsl.globus_rsl_value_eval(node, None, False) == "ab"
    rsl.globus_rsl_value_concatenation_set_left(node, literal("A"))
    rsl.globus_rsl_value_concatenation_set_right(node, variable("X"))
    assert rsl.globus_rsl_value_eval(node, {"X": "!"}, False) == "A!"
    left = rsl.globus_rsl_value_concatenation_get_left(node)
    assert rsl.globus_rsl_value_literal_get_string(left) == "A"
    assert rsl.globus_rsl_value_is_variable(rsl.globus_rsl_value_concatenation_get_right(node))
    with pytest.raises(GlobusError, match="no concatenation"):
        rsl.globus_rsl_value_concatenation_set_left(left, literal("x"))
    with pytest.raises(ValueError, match="above"):
        rsl.globus_rsl_value_concatenation_set_left(node, node)


def test_arguments_that_are_none() -> None:
    with pytest.raises(ValueError, match="operator"):
        rsl.globus_rsl_make_relation(99, "a", sequence(literal("1")))
    with pytest.raises(TypeError):
        rsl.globus_rsl_make_boolean(rsl.GLOBUS_RSL_AND, [literal("a")])
    with pytest.raises(ValueError, match="sequence of values"):
        rsl.globus_rsl_make_relation(rsl.GLOBUS_RSL_EQ, "a", literal("1"))
    with pytest.raises(ValueError, match="name of the variable"):
        rsl.globus_rsl_value_make_variable(sequence())


# ---- while another call uses it ------------------------------------------------------------------------------------


class Doing:
    """A text that does something when it is asked for."""

    def __init__(self, deed: Callable[[], object]) -> None:
        self.deed = deed

    def __fspath__(self) -> str:
        self.deed()
        return "text"


def refused(deed: Callable[[], object]) -> Callable[[], None]:
    """The deed, which must be refused."""

    def check() -> None:
        with pytest.raises(ValueError, match=r"in use|belongs"):
            deed()

    return check


def test_what_was_put_into_a_tree_uses_it() -> None:
    values = sequence(literal("1"))
    tree = rsl.globus_rsl_make_relation(rsl.GLOBUS_RSL_EQ, "a", values)
    whole = rsl.globus_rsl_make_boolean(rsl.GLOBUS_RSL_AND, [tree])
    free = refused(lambda: rsl.globus_rsl_free_recursive(whole))
    assert not rsl.globus_rsl_is_relation_attribute_equal(tree, Doing(free))
    list_of_it = rsl.globus_rsl_value_sequence_get_value_list(values)
    rsl.globus_rsl_value_list_literal_replace(list_of_it, Doing(lambda: unparse(whole)))
    assert rsl.globus_rsl_param_get(whole, rsl.GLOBUS_RSL_PARAM_SINGLE_LITERAL, "a") == ["text"]
    rsl.globus_rsl_free_recursive(whole)
    with pytest.raises(ValueError, match="closed"):
        len(tree)


def test_what_was_taken_out_of_a_tree_uses_it_no_more() -> None:
    part = relation("a", "1")
    whole = rsl.globus_rsl_make_boolean(rsl.GLOBUS_RSL_AND, [part])
    rsl.globus_rsl_free(whole)
    assert not rsl.globus_rsl_is_relation_attribute_equal(
        part, Doing(refused(lambda: rsl.globus_rsl_free_recursive(part)))
    )
    rsl.globus_rsl_make_boolean(rsl.GLOBUS_RSL_AND, [part])


def test_a_side_changes_its_owner() -> None:
    first, second = literal("1"), literal("2")
    node = rsl.globus_rsl_value_make_concatenation(first, literal("!"))
    for _ in range(3):
        rsl.globus_rsl_value_concatenation_set_left(node, second)
        first, second = second, first
    other = rsl.globus_rsl_value_make_concatenation(second, literal("?"))
    assert (
        rsl.globus_rsl_value_eval(node, None, False) + rsl.globus_rsl_value_eval(other, None, False) == "2!1?"
    )
    for whole in (node, other):
        rsl.globus_rsl_value_free_recursive(whole)
    for gone in (first, second):
        with pytest.raises(ValueError, match="closed"):
            rsl.globus_rsl_value_literal_get_string(gone)


@pytest.mark.parametrize(
    "deed",
    [
        rsl.globus_rsl_value_free_recursive,
        rsl.globus_rsl_value_free,
        lambda node: rsl.globus_rsl_value_make_sequence([node]),
    ],
)
def test_nodes_that_are_given_one_after_another(deed: Callable[[Any], object]) -> None:
    first, second = literal("1"), literal("2")

    def give() -> Iterator[Any]:
        yield first
        refused(lambda: deed(first))()
        yield second

    made = rsl.globus_rsl_value_make_sequence(give())
    assert [rsl.globus_rsl_value_literal_get_string(value) for value in made] == ["1", "2"]


def test_a_list_whose_tree_is_freed_meanwhile() -> None:
    tree = rsl.globus_rsl_parse("&(count=1)")
    values = rsl.globus_rsl_param_get_values(tree, "count")
    with pytest.raises(ValueError, match="closed"):
        rsl.globus_rsl_value_list_literal_replace(values, Doing(lambda: rsl.globus_rsl_free_recursive(tree)))


def test_a_tree_that_is_being_evaluated() -> None:
    tree = rsl.globus_rsl_parse("&(arguments=$(A))")

    class Variables(dict[str, str]):
        def __missing__(self, name: str) -> str:
            refused(lambda: rsl.globus_rsl_eval(tree, {name: "other"}))()
            return "one"

    rsl.globus_rsl_eval(tree, Variables())
    assert rsl.globus_rsl_param_get(tree, rsl.GLOBUS_RSL_PARAM_SINGLE_LITERAL, "arguments") == ["one"]


def test_a_tree_has_so_many_levels_at_most() -> None:
    node = literal("x")
    with pytest.raises(ValueError, match="levels"):
        for _ in range(20_000):
            node = rsl.globus_rsl_value_make_concatenation(node, literal("y"))
    assert len(rsl.globus_rsl_value_eval(node, None, False)) == 10_000
    other = rsl.globus_rsl_value_make_concatenation(literal("a"), literal("b"))
    with pytest.raises(ValueError, match="levels"):
        rsl.globus_rsl_value_concatenation_set_right(other, node)


# ---- evaluation ----------------------------------------------------------------------------------------------------


def test_variables_become_what_they_stand_for() -> None:
    tree = rsl.globus_rsl_parse("&(arguments=$(A) $(B)#x plain)")
    before = rsl.globus_rsl_relation_get_value_sequence(tree[0])
    rsl.globus_rsl_eval(tree, {"A": "one", "B": "two"})
    multi = rsl.GLOBUS_RSL_PARAM_MULTI_LITERAL
    assert rsl.globus_rsl_param_get(tree, multi, "arguments") == ["one", "twox", "plain"]
    with pytest.raises(ValueError, match="closed"):  # it was in the tree that was
        len(before)


def test_a_tree_that_cannot_be_evaluated_stays_as_it_is() -> None:
    tree = rsl.globus_rsl_parse("&(arguments=$(A) $(NOTHING))")
    before = unparse(tree)
    with pytest.raises(GlobusError, match="stands for nothing"):
        rsl.globus_rsl_eval(tree, {"A": "one"})
    assert unparse(tree) == before


def test_substitutions_define_variables() -> None:
    tree = rsl.globus_rsl_parse("&(rsl_substitution=(X 5))(count=$(X))")
    rsl.globus_rsl_eval(tree, None)
    assert rsl.globus_rsl_param_get(tree, rsl.GLOBUS_RSL_PARAM_SINGLE_LITERAL, "count") == ["5"]
    defined: dict[str, str] = {}
    rsl.globus_rsl_eval(rsl.globus_rsl_parse("&(rsl_substitution=(X 5)(Y $(X)6))")[0], defined)
    assert defined == {"X": "5", "Y": "56"} or defined == {"X": "5", "Y": "5"}


def test_a_table_of_the_common_library() -> None:
    table = common.globus_symboltable_init(
        common.globus_hashtable_string_hash, common.globus_hashtable_string_keyeq
    )
    common.globus_symboltable_create_scope(table)
    common.globus_symboltable_insert(table, "A", "from the table")
    assert rsl.globus_rsl_value_eval(variable("A"), table, False) == "from the table"
    with pytest.raises(GlobusError, match="stands for nothing"):
        rsl.globus_rsl_value_eval(variable("B"), table, False)
    common.globus_symboltable_destroy(table)
    literal = rsl.globus_rsl_value_make_literal("text")
    for wrong, error in (
        (table, ValueError),
        (common.GLOBUS_COMMON_MODULE, TypeError),
        (object(), TypeError),
    ):
        with pytest.raises(error):
            rsl.globus_rsl_value_eval(literal, wrong, False)
    with pytest.raises(TypeError):
        rsl.globus_rsl_value_eval(literal, None, None)


def test_a_mapping_that_raises() -> None:
    class Mapping(dict[str, str]):
        def __missing__(self, name: str) -> str:
            raise ZeroDivisionError(name)

    with pytest.raises(ZeroDivisionError):
        rsl.globus_rsl_value_eval(variable("A"), Mapping(), False)


# ---- whatever is written ---------------------------------------------------------------------------------------------

words = st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1, max_size=12)
names = st.from_regex(r"[A-Za-z][A-Za-z0-9_]{0,8}", fullmatch=True)


@given(relations=st.lists(st.tuples(names, st.lists(words, min_size=1, max_size=3)), min_size=1, max_size=4))
def test_what_is_written_is_read_again(relations: list[tuple[str, list[str]]]) -> None:
    made = [relation(name, *texts) for name, texts in relations]
    tree = rsl.globus_rsl_make_boolean(rsl.GLOBUS_RSL_AND, made)
    again = rsl.globus_rsl_parse(rsl.globus_rsl_unparse(tree))
    read = [
        (
            rsl.globus_rsl_relation_get_attribute(node),
            [
                rsl.globus_rsl_value_literal_get_string(v)
                for v in rsl.globus_rsl_relation_get_value_sequence(node)
            ],
        )
        for node in again
    ]
    assert read == relations


@given(st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=60))
def test_any_text_is_a_tree_or_an_error(text: str) -> None:
    try:
        tree = rsl.globus_rsl_parse(text)
    except GlobusError:
        return
    assert rsl.globus_rsl_unparse(tree)
