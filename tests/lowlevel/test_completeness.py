"""Every public function of the installed libraries is in the binding: found by gcc and nm, not by the binding's own tools."""

from __future__ import annotations

import importlib
import re
import subprocess
from functools import cache
from pathlib import Path

import pytest

SWIG = Path(__file__).parents[2] / "swig"
HEADERS = Path("/usr/include/globus")
MODULES = sorted(p.stem for p in SWIG.glob("*.i"))
NO_LIBRARY = re.compile("declared.* no library")
CONDITION = re.compile("declared only under ([A-Z0-9_]+)")
INTERNAL = "internal"


def interface(module: str) -> str:
    return (SWIG / f"{module}.i").read_text()


def headers_of(module: str) -> list[str]:
    named = re.findall(r'^%include\s+"([\w.]+\.h)"', interface(module), re.MULTILINE)
    return [name for name in named if (HEADERS / name).exists()]


def skipped(module: str) -> dict[str, str]:
    """The table of exceptions: function and reason."""
    return dict(re.findall(r'^%skip\((\w+),\s*"([^"]*)"\)', interface(module), re.MULTILINE))


@cache
def declared(module: str, tmp: Path, condition: str = "") -> frozenset[str]:
    """Functions that the module's headers declare, by gcc -aux-info; those too that need a macro to be defined."""
    names = headers_of(module)
    prelude = ["globus_common.h", "gssapi.h", "globus_xio.h", "stdio.h"]
    defines = [f"-D{condition}"] if condition else []
    source = tmp / f"{module}.c"
    source.write_text("".join(f"#include <{n}>\n" for n in [*prelude, *names]))
    report = tmp / f"{module}.aux"
    subprocess.run(
        ["gcc", "-std=gnu11", "-D_GNU_SOURCE", *defines, "-fsyntax-only", f"-I{HEADERS}", "-aux-info", str(report),
         str(source)], check=True, capture_output=True, timeout=60,
    )  # fmt: skip
    found = set()
    for line in report.read_text().splitlines():
        place = re.match(r"/\* (\S+?):\d+:\w+ \*/ (extern|static) (.*)", line)
        if place and Path(place[1]).name in names and place[2] == "extern":
            name = re.search(r"(\w+) \((?!\*)", place[3])
            if name:
                found.add(name[1])
    return frozenset(found)


@cache
def exported() -> frozenset[str]:
    """Symbols of all libraries of the toolkit, MyProxy's too."""
    symbols: set[str] = set()
    for library in [*Path("/usr/lib").glob("*/libglobus_*.so"), *Path("/usr/lib").glob("*/libmyproxy.so")]:
        listing = subprocess.run(
            ["nm", "-D", "--defined-only", str(library)],
            check=True,
            capture_output=True,
            text=True,
            timeout=60,
        ).stdout
        symbols.update(line.split()[-1].split("@")[0] for line in listing.splitlines() if line)
    return frozenset(symbols)


@pytest.fixture(scope="session")
def scratch(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("headers")


@pytest.mark.parametrize("module", MODULES)
def test_every_public_function_is_bound(module: str, scratch: Path) -> None:
    binding = importlib.import_module(f"globus_lowlevel.{module}")
    public = declared(module, scratch) & exported()
    missing = {name for name in public if not hasattr(binding, name)} - set(skipped(module))
    assert not missing, f"{len(missing)} of {len(public)} functions are missing: {sorted(missing)}"


@pytest.mark.parametrize("module", MODULES)
def test_the_table_of_exceptions_is_true(module: str, scratch: Path) -> None:
    for function, reason in skipped(module).items():
        if NO_LIBRARY.search(reason):
            assert function in declared(module, scratch), f"{function} is not declared"
            assert function not in exported(), f"{function} is exported"
        elif condition := CONDITION.search(reason):
            assert function not in declared(module, scratch), f"{function} is declared"
            assert function in declared(module, scratch, condition[1]), f"{function}: {reason}"
        else:
            assert reason.startswith(INTERNAL) and re.match(r"globus_(i|l|X)_", function), (
                f"{function}: {reason}"
            )
        assert not hasattr(importlib.import_module(f"globus_lowlevel.{module}"), function)


@pytest.mark.parametrize("module", MODULES)
def test_every_function_tells_what_it_is(module: str, scratch: Path) -> None:
    binding = importlib.import_module(f"globus_lowlevel.{module}")
    for name in sorted(declared(module, scratch) & exported() & set(dir(binding))):
        assert (getattr(binding, name).__doc__ or "").strip(), f"{name} has no docstring"
