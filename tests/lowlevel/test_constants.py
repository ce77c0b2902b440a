"""Every constant of the headers is in the binding, with C's value: found by gcc, not by the binding's own tools.

The preprocessor tells which header defines which macro and enumerator; a C program of all of them tells what they are.
"""

from __future__ import annotations

import enum
import importlib
import json
import re
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from toolkit import MODULES, gcc, headers_of, includes

import globus_lowlevel

#: Macros that are numbers or strings in C, and no constants of the API; each with the reason.
NOT_CONSTANTS = {
    r"_?\w+_H_?_?|\w+_INCLUDE\w*": "guards against including a header twice",
    r"BRAIN_SYMBOL_NAME": "a string that its header makes a void *: the name of a symbol that a plug-in library exports",
    r"GLOBUS_FUNC_?NAME": "the name of the C function it stands in",
    r"GLOBUS_BUILD_\w+|BUILD_\w+|HAVE_\w+|TARGET_ARCH_\w+": "how the library was configured when it was built",
}

PROGRAM = r"""
static void show_text(const char *name, const char *value)
{
    printf("[\"%s\", \"text\", \"", name);
    for (; *value; ++value) printf("\\u%04x", (unsigned char)*value);
    printf("\"]\n");
}
static void show_number(const char *name, long long value) { printf("[\"%s\", \"number\", %lld]\n", name, value); }
static void show_natural(const char *name, unsigned long value) { printf("[\"%s\", \"number\", %lu]\n", name, value); }
static void show_real(const char *name, double value) { printf("[\"%s\", \"real\", %.17g]\n", name, value); }
static void show_address(const char *name, const void *value) { printf("[\"%s\", \"address\", %d]\n", name, !!value); }
static void show_module(const char *name, ...) { printf("[\"%s\", \"module\", null]\n", name); }
static void show_type(const char *name, ...) { printf("[\"%s\", \"type\", null]\n", name); }
#define KIND(value) _Generic((value), \
    char: show_number, signed char: show_number, unsigned char: show_number, short: show_number, \
    unsigned short: show_number, int: show_number, unsigned int: show_number, long: show_number, long long: show_number, \
    unsigned long: show_natural, unsigned long long: show_natural, \
    float: show_real, double: show_real, char *: show_text, const char *: show_text, \
    globus_module_descriptor_t *: show_module, \
    globus_object_type_t *: show_type, const globus_object_type_t *: show_type, default: show_address)
#define IS_ADDRESS(value) _Generic((value), \
    globus_module_descriptor_t *: 1, globus_object_type_t *: 1, const globus_object_type_t *: 1, default: 0)
/* What only a running program knows is no constant; the optimizer removes the call. */
#define SHOW(name) if (__builtin_constant_p(name) || IS_ADDRESS(name)) KIND(name)(#name, IS_ADDRESS(name) ? 0 : (name))
"""


@dataclass(frozen=True)
class Constant:
    name: str
    kind: str
    value: Any


def by_header(preprocessed: str) -> dict[str, str]:
    """The preprocessed text of each header, by its name."""
    found: dict[str, list[str]] = {}
    current = ""
    for line in preprocessed.splitlines():
        if marker := re.match(r'# \d+ "([^"]*)"', line):
            current = Path(marker[1]).name
        else:
            found.setdefault(current, []).append(line)
    return {name: "\n".join(lines) for name, lines in found.items()}


def macros(text: str) -> set[str]:
    """Macros without parameters that stand for something."""
    return set(re.findall(r"^#define (\w+) +\S", text, re.MULTILINE))


def enumerators(text: str) -> dict[str, str]:
    """Each enumerator with the name by which C users know its enum, "" where it has none."""
    found = {}
    for tag, body, typedef in re.findall(
        r"\benum\s*(\w*)\s*\{([^{}]*)\}\s*(\w*)", re.sub(r"^#.*", "", text, flags=re.MULTILINE)
    ):
        for item in body.split(","):
            if name := re.match(r"\s*(\w+)", item):
                found[name[1]] = typedef or tag
    return found


def evaluate(module: str, names: set[str], cwd: Path) -> dict[str, Constant]:
    """What a C program prints of the names that are expressions at all."""
    wanted = sorted(names)
    while True:
        lines = [f"static void f{i}(void) {{ SHOW({name}); }}" for i, name in enumerate(wanted)]
        calls = "".join(f"    f{i}();\n" for i in range(len(wanted)))
        head = f"{includes(module)}#include <stdio.h>\n{PROGRAM}"
        source = head + "\n".join(lines) + f"\nint main(void)\n{{\n{calls}    return 0;\n}}\n"
        done = gcc("-w", "-O1", "-o", str(cwd / "constants"), source=source, check=False)
        if done.returncode == 0:
            break
        offset = head.count("\n") + 1
        bad = {int(n) - offset for n in re.findall(r"^<stdin>:(\d+):", done.stderr, re.MULTILINE)}
        bad |= {
            wanted.index(n) for n in re.findall(r"in expansion of macro '(\w+)'", done.stderr) if n in wanted
        }
        bad &= set(range(len(wanted)))
        assert bad, done.stderr[:2000]
        wanted = [name for i, name in enumerate(wanted) if i not in bad]
    output = subprocess.run(
        [cwd / "constants"], capture_output=True, text=True, timeout=20, check=True
    ).stdout
    return {c.name: c for c in (Constant(*json.loads(line)) for line in output.splitlines())}


@pytest.fixture(scope="module")
def preprocessed() -> dict[str, dict[str, str]]:
    found = {}
    for module in MODULES:
        found[module] = by_header(gcc("-E", "-dD", source=includes(module)).stdout)
    return found


@pytest.mark.parametrize("module", MODULES)
def test_constants(module: str, preprocessed: dict[str, dict[str, str]], tmp_path: Path) -> None:
    binding = importlib.import_module(f"globus_lowlevel.{module}")
    text = "\n".join(preprocessed[module].get(name, "") for name in headers_of(module))
    names = macros(text)
    enums = enumerators(text)
    no_constants = re.compile("|".join(f"(?:{pattern})" for pattern in NOT_CONSTANTS))
    found = evaluate(module, names | set(enums), tmp_path)
    missing, wrong = [], []
    for name, constant in found.items():
        if name not in enums and no_constants.fullmatch(name):
            continue
        value = getattr(binding, name, missing)
        if value is missing:
            missing.append(name)
        elif not agrees(value, constant):
            wrong.append((name, value, constant.value))
    assert not missing, f"of {len(found)} constants are missing: {missing}"
    assert not wrong, f"name, binding's value, C's value: {wrong}"
    for name, class_ in enums.items():
        assert name in found, f"{name} is no constant"
        if class_ and hasattr(binding, class_):
            assert issubclass(getattr(binding, class_), enum.IntEnum | enum.IntFlag), class_
            assert isinstance(getattr(binding, name), getattr(binding, class_)), name


def agrees(value: Any, constant: Constant) -> bool:
    match constant.kind:
        case "number":
            return isinstance(value, int) and value == constant.value
        case "real":
            return isinstance(value, float) and value == constant.value
        case "text":
            return isinstance(value, str) and value.encode() == constant.value.encode("latin-1")
        case "module":
            return type(value).__name__ == "globus_module_descriptor_t"
        case "type":
            return type(value).__name__ == "globus_object_type_t"
    return isinstance(value, globus_lowlevel.CObject) if constant.value else value in (None, [])
