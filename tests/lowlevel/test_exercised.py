"""Every public function of a library is used by the tests of its module: by gcc and nm, and by the tests' syntax."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest
from toolkit import declared, exported, skipped

HERE = Path(__file__).parent

#: Where the tests of a module are.
TESTS = {
    "ftp_client": "ftp_client/*.py",
    "gsi_callback": "gsi/*.py",
    "gsi_proxy_core": "gsi/*.py",
    "gssapi": "gsi/*.py",
    "gssapi_error": "gsi/*.py",
    "xio": "*xio*.py",
    "xio_drivers": "*xio*.py",
}

#: Functions that no test calls, and why.
UNUSED: dict[str, dict[str, str]] = {}


def used(pattern: str) -> set[str]:
    """The names that are read in these files, be they attributes of a module or imported."""
    found: set[str] = set()
    for path in HERE.glob(pattern):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Attribute):
                found.add(node.attr)
            elif isinstance(node, ast.Name):
                found.add(node.id)
    return found


@pytest.mark.parametrize("module", TESTS)
def test_every_public_function_is_used(module: str) -> None:
    public = (declared(module) & exported()) - set(skipped(module))
    missing = public - used(TESTS[module]) - set(UNUSED.get(module, {}))
    assert not missing, f"{len(missing)} of {len(public)} functions are in no test: {sorted(missing)}"


@pytest.mark.parametrize("module", TESTS)
def test_the_table_of_unused_functions_is_true(module: str) -> None:
    for function in UNUSED.get(module, {}):
        assert function in declared(module) & exported(), f"{function} is no public function"
        assert function not in used(TESTS[module]), f"{function} is used"
