"""python -m globus_lowlevel [--json]: what is installed, where it was found, and whether every module can be loaded.

The exit code is 0 if all modules load, 1 if one does not: its line says what is missing and which packages have it.
"""

from __future__ import annotations

import argparse
import contextlib
import importlib
import importlib.metadata
import json
import os
import platform
import re
import sys
from pathlib import Path
from typing import Any

from . import GlobusError, _modules, _support

#: The libraries that are worth a line: the toolkit's, and those that it and the binding stand on.
LIBRARIES = re.compile(r"lib(globus|myproxy|ssl|crypto|ffi|ltdl)[\w-]*\.so")
#: A shared library that the loader did not find, in its own words.
MISSING = re.compile(r"(lib[\w+-]+)\.so\.(\d+)[\w.]*: cannot open shared object file")


def packages_with(name: str, number: str) -> str:
    """Which packages have a shared library, by the naming rules of Debian and Fedora."""
    debian = name.replace("_", "-") + ("-" if name[-1].isdigit() else "") + number
    fedora = name.removeprefix("lib").replace("_", "-")
    return f"{name}.so.{number} is missing. Debian, Ubuntu: apt-get install {debian}; Fedora, EPEL: dnf install {fedora}"


def what_is_missing(error: BaseException) -> str:
    if found := MISSING.search(str(error)):
        return packages_with(found[1], found[2])
    if undefined := re.search(r"undefined symbol: (\w+)", str(error)):
        return (
            f"{error}. The installed toolkit is older than the one this package was built with ({undefined[1]} is new): "
            "update it, or build the package again"
        )
    return f"{type(error).__name__}: {error}"


def library_versions(module: Any, common: Any) -> dict[str, str]:
    """By the name of each C module whose descriptor the binding has."""
    found = {}
    for name in dir(module):
        descriptor = getattr(module, name)
        if isinstance(descriptor, common.globus_module_descriptor_t):
            with contextlib.suppress(GlobusError):  # a module that states no version
                version = common.globus_module_get_version(descriptor)
                found[name] = f"{version.major}.{version.minor}"
    return found


def check_module(name: str) -> dict[str, Any]:
    try:
        common = importlib.import_module("globus_lowlevel.common")
        module = importlib.import_module(f"globus_lowlevel.{name}")
    except ImportError as error:
        return {"works": False, "error": what_is_missing(error)}
    functions = sum(
        callable(getattr(module, n)) and not isinstance(getattr(module, n), type) for n in dir(module)
    )
    return {"works": True, "functions": functions, "versions": library_versions(module, common)}


def loaded_libraries() -> dict[str, str]:
    """The files that the loader has found, by name."""
    paths = {
        line.split(maxsplit=5)[5]
        for line in Path("/proc/self/maps").read_text().splitlines()
        if ".so" in line
    }
    return {
        os.path.basename(p): os.path.realpath(p)
        for p in sorted(paths)
        if LIBRARIES.match(os.path.basename(p))
    }


def report() -> dict[str, Any]:
    modules = {name: check_module(name) for name in _modules()}
    libraries = loaded_libraries()
    threads = next((path for name, path in libraries.items() if "globus_thread_" in name), None)
    return {
        "version": importlib.metadata.version("globus-lowlevel"),
        "directory": os.path.dirname(os.path.abspath(__file__)),
        "python": platform.python_version(),
        **_support.versions(),
        "thread_model": {"name": "pthread", "library": threads},
        "modules": modules,
        "libraries": libraries,
    }


def as_text(found: dict[str, Any]) -> str:
    width = max(map(len, found["modules"]))
    lines = [
        f"globus_lowlevel {found['version']}, in {found['directory']}",
        f"Python {found['python']}, {found['openssl']} (built with {found['openssl_headers']}, SWIG {found['swig']})",
        f"thread model: {found['thread_model']['name']}, {found['thread_model']['library']}",
        "",
        "modules:",
    ]
    for name, module in found["modules"].items():
        versions = ", ".join(f"{key} {value}" for key, value in module.get("versions", {}).items())
        works = (
            f"works, {module['functions']} functions"
            if module["works"]
            else f"DOES NOT LOAD: {module['error']}"
        )
        lines.append(f"  {name:{width}}  {works}{'; ' + versions if versions else ''}")
    lines += ["", "libraries:", *(f"  {name}  {path}" for name, path in found["libraries"].items())]
    return "\n".join(lines)


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="python -m globus_lowlevel", description=__doc__.partition("\n\n")[0]
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    options = parser.parse_args()
    found = report()
    print(json.dumps(found, indent=2) if options.json else as_text(found))
    return 0 if all(module["works"] for module in found["modules"].values()) else 1


if __name__ == "__main__":
    sys.exit(main())
