"""Every public function of the installed libraries is in the binding: found by gcc and nm, not by our own tools."""

from __future__ import annotations

import importlib
import re

import pytest
from toolkit import MODULES, declared, exported, skipped

NO_LIBRARY = re.compile("declared.* no library")
CONDITION = re.compile("declared only under ([A-Z0-9_]+)")
INTERNAL = "internal"


@pytest.mark.parametrize("module", MODULES)
def test_every_public_function_is_bound(module: str) -> None:
    binding = importlib.import_module(f"globus_lowlevel.{module}")
    public = declared(module) & exported()
    missing = {name for name in public if not hasattr(binding, name)} - set(skipped(module))
    assert not missing, f"{len(missing)} of {len(public)} functions are missing: {sorted(missing)}"


@pytest.mark.parametrize("module", MODULES)
def test_the_table_of_exceptions_is_true(module: str) -> None:
    for function, reason in skipped(module).items():
        if NO_LIBRARY.search(reason):
            assert function in declared(module), f"{function} is not declared"
            assert function not in exported(), f"{function} is exported"
        elif condition := CONDITION.search(reason):
            assert function not in declared(module), f"{function} is declared"
            assert function in declared(module, condition[1]), f"{function}: {reason}"
        else:
            assert reason.startswith(INTERNAL) and re.match(r"globus_(i|l|X)_", function), (
                f"{function}: {reason}"
            )
        assert not hasattr(importlib.import_module(f"globus_lowlevel.{module}"), function)


@pytest.mark.parametrize("module", MODULES)
def test_every_function_tells_what_it_is(module: str) -> None:
    binding = importlib.import_module(f"globus_lowlevel.{module}")
    for name in sorted(declared(module) & exported() & set(dir(binding))):
        assert (getattr(binding, name).__doc__ or "").strip(), f"{name} has no docstring"
