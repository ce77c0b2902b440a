"""The stubs say what the modules do: by stubtest, and by programs that a strict type checker accepts and refuses."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

import globus_lowlevel

PACKAGE = Path(globus_lowlevel.__file__).parent
TYPED = Path(__file__).parent / "typed"
SWIG = Path(__file__).parents[2] / "swig"
MODULES = sorted(path.stem for path in PACKAGE.glob("*.pyi") if not path.stem.startswith("_"))


def run(*command: object) -> subprocess.CompletedProcess[str]:
    words = [sys.executable, "-m", *map(str, command)]
    return subprocess.run(words, capture_output=True, text=True, timeout=300, cwd=TYPED, check=False)


def strict(file: str, cache: Path) -> list[tuple[int, str]]:
    """The complaints of mypy --strict: line and error code."""
    done = run("mypy", "--strict", "--no-error-summary", "--config-file=", f"--cache-dir={cache}", file)
    assert done.returncode in (0, 1), done.stdout + done.stderr
    return [
        (int(line), code)
        for line, code in re.findall(r":(\d+): error: .*\[([\w-]+)\]$", done.stdout, re.MULTILINE)
    ]


@pytest.fixture(scope="session")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("mypy")


@pytest.mark.timeout(300)
def test_stubs_and_modules_agree() -> None:
    """Every name of a module is in its stub and the other way round, with the same parameters, values and kinds."""
    done = run(
        "mypy.stubtest", "--concise", *(f"globus_lowlevel.{m}" for m in [*MODULES, "_support", "typing"])
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.timeout(300)
def test_a_right_program_passes(cache: Path) -> None:
    assert strict("right.py", cache) == []


@pytest.mark.timeout(300)
def test_each_mistake_is_found(cache: Path) -> None:
    wanted = [
        (number, mark[1])
        for number, line in enumerate((TYPED / "wrong.py").read_text().splitlines(), 1)
        if (mark := re.search(r"  # ([\w-]+)$", line))
    ]
    assert len(wanted) > 10
    assert strict("wrong.py", cache) == wanted


def test_every_conversion_has_its_types() -> None:
    """A type with a conversion of its own says what it takes and gives: nothing is `Any` for want of an entry."""
    sources = [*SWIG.glob("*.i"), SWIG / "lib" / "types.swg"]
    text = "\n".join(path.read_text() for path in sources)
    used = {
        *re.findall(r"^%custom\([^,]+,\s*(\w+)", text, re.MULTILINE),
        *re.findall(r"[ ,(]CUSTOM=(\w+)", text),
    }
    table = re.search(
        r"^CUSTOM = (\{.*?^\})", (SWIG / "tools" / "python_types.py").read_text(), re.MULTILINE | re.DOTALL
    )
    assert table is not None
    assert used - set(ast.literal_eval(table[1])) == set()
