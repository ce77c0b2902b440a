"""The package itself: modules that are loaded at first use, and the report of `python -m globus_lowlevel`."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import globus_lowlevel
from globus_lowlevel import common

PACKAGE = Path(globus_lowlevel.__file__).parent
CMAKE = Path(__file__).parents[2] / "CMakeLists.txt"


def python(*words: str, path: Path | None = None) -> subprocess.CompletedProcess[str]:
    env = os.environ | ({"PYTHONPATH": str(path)} if path else {})
    return subprocess.run(
        [sys.executable, *words], capture_output=True, text=True, timeout=60, env=env, check=False
    )


def test_a_module_is_loaded_at_its_first_use() -> None:
    program = (
        "import sys, globus_lowlevel\n"
        "before = {m for m in sys.modules if m.startswith('globus_lowlevel.')}\n"
        "globus_lowlevel.gssapi.gss_indicate_mechs\n"
        "after = {m for m in sys.modules if m.startswith('globus_lowlevel.')}\n"
        "print(sorted(before), 'globus_lowlevel.gssapi' in after, 'globus_lowlevel.xio' in after)"
    )
    assert python("-c", program).stdout.strip() == "['globus_lowlevel._support'] True False"


def test_the_import_loads_little() -> None:
    """What makes an import slow: typing, re, enum and their like."""
    program = "import sys; before = set(sys.modules); import globus_lowlevel; print(*sorted(set(sys.modules) - before))"
    loaded = set(python("-I", "-c", program).stdout.split())
    assert not loaded & {"typing", "re", "enum", "collections", "importlib.metadata", "functools"}


def test_names() -> None:
    named = re.findall(r"^globus_module\((\w+)", CMAKE.read_text(), re.MULTILINE)
    built = {path.name.partition(".")[0] for path in PACKAGE.glob("[!_]*.abi3.so")}
    assert built <= set(named)
    assert built <= set(dir(globus_lowlevel))
    declared = re.findall(
        r"^    from \. import (\w+) as \1$", (PACKAGE / "__init__.py").read_text(), re.MULTILINE
    )
    assert sorted(declared) == sorted(named)
    with pytest.raises(AttributeError, match="no_such_module"):
        _ = globus_lowlevel.no_such_module
    assert globus_lowlevel.OID("1.2.3") == globus_lowlevel.OID("1.2.3")


def test_docstrings_tell_python_the_signature() -> None:
    import inspect

    assert str(inspect.signature(common.globus_module_activate)) == "(module_descriptor, /)"


def test_report() -> None:
    done = python("-m", "globus_lowlevel", "--json")
    assert done.returncode == 0, done.stdout + done.stderr
    found = json.loads(done.stdout)
    assert found["thread_model"]["name"] == "pthread"
    assert Path(found["thread_model"]["library"]).exists()
    assert all(module["works"] for module in found["modules"].values())
    assert re.fullmatch(r"\d+\.\d+", found["modules"]["xio"]["versions"]["GLOBUS_XIO_MODULE"])
    assert all(Path(path).is_file() for path in found["libraries"].values())
    assert found["openssl"].startswith("OpenSSL")
    assert re.fullmatch(r"4\.\d+\.\d+", found["swig"])
    text = python("-m", "globus_lowlevel")
    assert text.returncode == 0
    assert re.search(r"^  xio +works, \d+ functions; .*GLOBUS_XIO_MODULE", text.stdout, re.MULTILINE)


def test_report_of_a_library_that_is_missing(tmp_path: Path) -> None:
    """The module's library goes by a name that is not installed."""
    copy = tmp_path / "globus_lowlevel"
    shutil.copytree(
        PACKAGE, copy, ignore=shutil.ignore_patterns("ftp_*", "gridftp*", "g[ar]*", "my*", "sch*")
    )
    module = next(copy.glob("xio.abi3.so"))
    module.write_bytes(module.read_bytes().replace(b"libglobus_xio.so.0", b"libglobus_xyz.so.0"))
    done = python("-P", "-m", "globus_lowlevel", path=tmp_path)
    assert done.returncode == 1, done.stderr
    line = next(line for line in done.stdout.splitlines() if line.startswith("  xio "))
    assert "libglobus_xyz.so.0 is missing" in line
    assert "apt-get install libglobus-xyz0" in line
    assert "dnf install globus-xyz" in line
