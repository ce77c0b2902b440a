"""No input from Python crashes the process: every function, called with hostile arguments in child processes.

What is called, and with what, is told in hostile/; this file runs it, in a bounded form with the other tests, and
completely with the mark `fuzz` (`./dev fuzz`).
"""

from __future__ import annotations

import importlib
import importlib.util
import json
import re
import runpy
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

HERE = Path(__file__).parent
CAMPAIGN = HERE / "hostile/campaign.py"
MODULES = sorted(path.stem for path in (HERE.parents[1] / "swig").glob("*.i"))
NATURE = runpy.run_path(str(HERE / "hostile/nature.py"))


def campaign(module: str, *options: str, limit: float) -> list[dict[str, Any]]:
    """The reports of one run over a module, a seed each."""
    done = subprocess.run(
        [sys.executable, "-B", str(CAMPAIGN), "--json", *options, module],
        capture_output=True, text=True, timeout=limit, check=False,
    )  # fmt: skip
    assert done.returncode in (0, 1), done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def check(reports: list[dict[str, Any]]) -> None:
    for report in reports:
        figures = "{module}, seed {seed}: {functions} functions, {calls} calls, {exceptions} exceptions in {seconds} s"
        print(figures.format(**report))
        faults = "\n".join(report["faults"])
        assert not faults, f"{report['module']}, --seed {report['seed']}:\n{faults}"
        assert report["functions"] == 0 or report["exceptions"] > 0


@pytest.mark.timeout(300)
@pytest.mark.parametrize("module", MODULES)
def test_hostile_arguments_raise(module: str) -> None:
    check(campaign(module, "--rounds", "4", limit=280))


@pytest.mark.fuzz
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("module", MODULES)
def test_hostile_arguments_raise_with_many_seeds(module: str) -> None:
    check(campaign(module, "--rounds", "40", "--seeds", "5", "--seed", "100", "--huge", limit=3500))


def test_a_crash_is_found(tmp_path: Path) -> None:
    """The run itself: a child that dies is noticed, told apart from one that ends, and another one goes on behind it."""
    source = tmp_path / "fatal.py"
    source.write_text(
        f"import ctypes, runpy, sys\nsys.path.insert(0, {str(HERE / 'hostile')!r})\n"
        "from globus_lowlevel import gssapi_error\n"
        "import signatures\nfunctions = signatures.functions_of\n"
        "def with_crash(module):\n"
        "    found = functions(module)\n"
        "    for function in found[:1]:\n"
        "        function.call = lambda *a: ctypes.string_at(0)\n"
        "    return found\n"
        "signatures.functions_of = with_crash\n"
        f"runpy.run_path({str(HERE / 'hostile/child.py')!r}, run_name='__main__')\n"
    )
    (report,) = campaign("gssapi_error", "--rounds", "1", "--deaths", "1", "--child", str(source), limit=100)
    assert [fault.split()[:3] for fault in report["faults"]] == [["crash:", "SIGSEGV", "in"]]
    assert report["children"] == 2


@pytest.mark.parametrize("table", ["WAITS", "ENDS", "ACCEPTS"])
def test_exceptions_from_the_rule_are_functions(table: str) -> None:
    names = NATURE[table]
    modules = [
        importlib.import_module(f"globus_lowlevel.{m}")
        for m in MODULES
        if importlib.util.find_spec(f"globus_lowlevel.{m}")
    ]
    for name, reason in names.items():
        assert any(hasattr(module, name) for module in modules), name
        assert re.match(r"[a-z].{10,}", reason), f"{name}: {reason!r} is no reason"
