"""The installed toolkit as gcc and nm see it: what its headers declare and its libraries export.

None of it goes through the binding or its tools, so that tests can compare.
"""

from __future__ import annotations

import re
import subprocess
import tempfile
from functools import cache
from pathlib import Path

SWIG = Path(__file__).parents[2] / "swig"
HEADERS = Path("/usr/include/globus")
MODULES = sorted(p.stem for p in SWIG.glob("*.i"))
#: Headers that the others take for granted.
PRELUDE = ["globus_common.h", "gssapi.h", "globus_xio.h", "stdio.h"]


def gcc(*options: str, source: str, check: bool = True) -> subprocess.CompletedProcess[str]:
    """Runs the C compiler on `source`, which it calls <stdin>."""
    command = ["gcc", "-std=gnu11", "-D_GNU_SOURCE", f"-I{HEADERS}", *options, "-x", "c", "-"]
    return subprocess.run(command, input=source, check=check, capture_output=True, text=True, timeout=120)


def interface(module: str) -> str:
    return (SWIG / f"{module}.i").read_text()


def headers_of(module: str) -> list[str]:
    named = re.findall(r'^%include\s+"([\w.]+\.h)"', interface(module), re.MULTILINE)
    return [name for name in named if (HEADERS / name).exists()]


def includes(module: str) -> str:
    """The lines of a C program that needs the module's headers."""
    return "".join(f"#include <{name}>\n" for name in [*PRELUDE, *headers_of(module)])


def skipped(module: str) -> dict[str, str]:
    """The table of exceptions: function and reason."""
    return dict(re.findall(r'^%skip\((\w+),\s*"([^"]*)"\)', interface(module), re.MULTILINE))


@cache
def prototypes(module: str, condition: str = "") -> dict[str, list[str]]:
    """The functions that the module's headers declare, by gcc -aux-info, with the types of their parameters.

    With a `condition`, those too that need that macro to be defined.
    """
    names = headers_of(module)
    with tempfile.NamedTemporaryFile("r", suffix=".aux") as report:
        defines = [f"-D{condition}"] if condition else []
        gcc(*defines, "-fsyntax-only", "-aux-info", report.name, source=includes(module))
        lines = report.read().splitlines()
    found: dict[str, list[str]] = {}
    for line in lines:
        place = re.match(r"/\* (\S+?):\d+:\w+ \*/ (extern|static) (.*)", line)
        if place and Path(place[1]).name in names and place[2] == "extern":
            name = re.search(r"(\w+) \((?!\*)", place[3])
            if name:
                found[name[1]] = parameter_types(place[3][name.end() :])
    return found


def parameter_types(text: str) -> list[str]:
    """What stands before the parenthesis that closes the list."""
    types, depth, current = [], 0, ""
    for character in text:
        if depth == 0 and character in ",)":
            types.append(current.strip())
            current = ""
            if character == ")":
                break
        else:
            depth += (character == "(") - (character == ")")
            current += character
    return types


def declared(module: str, condition: str = "") -> frozenset[str]:
    return frozenset(prototypes(module, condition))


@cache
def exported() -> frozenset[str]:
    """Symbols of all libraries of the toolkit, MyProxy's too."""
    symbols: set[str] = set()
    for library in [*Path("/usr/lib").glob("*/libglobus_*.so"), *Path("/usr/lib").glob("*/libmyproxy.so")]:
        command = ["nm", "-D", "--defined-only", str(library)]
        listing = subprocess.run(command, check=True, capture_output=True, text=True, timeout=60).stdout
        symbols.update(line.split()[-1].split("@")[0] for line in listing.splitlines() if line)
    return frozenset(symbols)
