"""The object types that globus_common declares: each is constructed, and each of its values is read and set.

The functions follow one pattern: `globus_object_construct_process(task_request, process_computer, process_pid)` makes
what `globus_object_process_get_process_pid` and `globus_object_task_get_task_request` look into, and their `set` twins
change.
"""

from __future__ import annotations

import gc
import inspect
import re
import weakref
from collections.abc import Callable
from typing import Any

import globus_lowlevel
from globus_lowlevel import common

CONSTRUCTOR = re.compile(r"globus_(object|error)_construct_(\w+)")
# Constructors of another pattern: their own tests are in test_error_objects.py.
OTHER = {"error", "multiple", "string"}


def constructors() -> list[tuple[str, str]]:
    """Kind and name of each type that can be constructed."""
    found = [match.groups() for name in dir(common) if (match := CONSTRUCTOR.fullmatch(name))]
    return [(kind, name) for kind, name in found if name not in OTHER]


def type_of(kind: str, name: str) -> Any:
    spelled = {"errno_error": "errno", "base": "base"}.get(name, name)
    return getattr(common, f"GLOBUS_{kind.upper()}_TYPE_{spelled.upper()}")


def parameters(function: Callable[..., Any]) -> list[str]:
    return list(inspect.signature(function).parameters)


def annotation(function: Callable[..., Any], parameter: str) -> str:
    """The type of a parameter, as the first line of the docstring has it."""
    match = re.search(rf"[(, ]{parameter}: (.*?)(?:, \w+: |, /\))", function.__doc__.splitlines()[0])
    assert match is not None
    return match[1]


# C keeps a list without a copy, for ever: one will do.
LISTS = [common.globus_list_cons(number, None) for number in range(2)]


class Values:
    """Values for parameters, each unlike the one before."""

    def __init__(self) -> None:
        self._count = 0

    def __call__(self, function: Callable[..., Any], parameter: str) -> Any:
        self._count += 1
        type_name = annotation(function, parameter)
        if type_name.startswith("globus_object_t"):
            return common.globus_object_construct_base()
        if type_name.startswith("globus_module_descriptor_t"):
            return (common.GLOBUS_COMMON_MODULE, common.GLOBUS_THREAD_MODULE)[self._count % 2]
        if type_name.startswith("Text"):
            return f"text {self._count % 2}"
        if type_name.startswith("globus_list_t"):
            return LISTS[self._count % 2]
        if type_name.startswith("IO"):
            return None
        assert type_name.startswith(("int", "float")), (function, parameter, type_name)
        return self._count


# Parameters that are not called as their functions are.
COMMON_VALUES = {
    "base_source": ("globus_error_{}et_source", "globus_error_base_{}et_source"),
    "base_cause": ("globus_error_{}et_cause", "globus_error_base_{}et_cause"),
    "source_module": ("globus_error_{}et_source",),
    "causal_error": ("globus_error_{}et_cause",),
    "system_errno": ("globus_error_errno_{}et_errno",),
}


def accessors(parameter: str) -> list[tuple[Callable[..., Any], Callable[..., Any]]]:
    """The functions that get and set what a parameter of a constructor stands for."""
    found = COMMON_VALUES.get(parameter) or [
        name.replace("_get_", "_{}et_")
        for name in dir(common)
        if re.fullmatch(rf"globus_(object|error)_\w+_get_{parameter}", name)
    ]
    assert found, parameter
    return [(getattr(common, name.format("g")), getattr(common, name.format("s"))) for name in found]


def made_and_values(kind: str, name: str) -> tuple[Any, dict[str, Any]]:
    construct, value_for = getattr(common, f"globus_{kind}_construct_{name}"), Values()
    values = {parameter: value_for(construct, parameter) for parameter in parameters(construct)}
    return construct(*values.values()), values


def test_what_is_constructed_has_its_type_and_values() -> None:
    for kind, name in constructors():
        made, values = made_and_values(kind, name)
        assert common.globus_object_get_type(made) is type_of(kind, name)
        assert common.globus_object_type_match(type_of(kind, name), common.GLOBUS_OBJECT_TYPE_BASE)
        for parameter, value in values.items():
            for get, _ in accessors(parameter):
                assert get(made) == value, (name, parameter)


def test_values_can_be_set() -> None:
    for kind, name in constructors():
        construct, value_for = getattr(common, f"globus_{kind}_construct_{name}"), Values()
        made = construct(*(value_for(construct, parameter) for parameter in parameters(construct)))
        for parameter in parameters(construct):
            for get, set_to in accessors(parameter):
                value = value_for(construct, parameter)
                set_to(made, value)
                assert get(made) == value, (name, parameter)


def test_a_bare_object_is_initialized() -> None:
    for kind, name in constructors():
        _, values = made_and_values(kind, name)
        bare = common.globus_object_construct(type_of(kind, name))
        made = getattr(common, f"globus_{kind}_initialize_{name}")(bare, *values.values())
        assert made is bare
        for parameter, value in values.items():
            assert accessors(parameter)[0][0](made) == value, (name, parameter)


def test_what_is_no_number_may_be_missing() -> None:
    for kind, name in constructors():
        construct, value_for = getattr(common, f"globus_{kind}_construct_{name}"), Values()
        values = {
            parameter: None if "None" in annotation(construct, parameter) else value_for(construct, parameter)
            for parameter in parameters(construct)
        }
        made = construct(*values.values())
        for parameter, value in values.items():
            assert accessors(parameter)[0][0](made) == value, (name, parameter)


def test_what_is_stored_lives_with_its_object_and_no_longer() -> None:
    """Also where the first argument is another object, such as a module, which lives for ever."""
    inner = common.globus_object_construct_base()
    gone = weakref.ref(inner)
    error = common.globus_error_construct_aborted(common.GLOBUS_COMMON_MODULE, inner, inner)
    del inner
    gc.collect()
    assert common.globus_error_get_cause(error) is gone()
    del error
    gc.collect()
    globus_lowlevel.reap()
    assert gone() is None


def test_every_function_of_the_pattern_is_covered() -> None:
    """Getters and setters of types which no constructor has a parameter for would be missed."""
    seen = {
        function.__name__
        for kind, name in constructors()
        for parameter in parameters(getattr(common, f"globus_{kind}_construct_{name}"))
        for pair in accessors(parameter)
        for function in pair
    }
    pattern = re.compile(r"globus_(object|error)_(?!type_)\w+_[gs]et_\w+")
    every = {name for name in dir(common) if pattern.fullmatch(name)}
    assert every - seen == {"globus_object_printable_get_string_func"}
