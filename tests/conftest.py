"""What every test can rely on: nothing of the developer's grid setup leaks in, and no process leaks out."""

from __future__ import annotations

import gc
import os
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from pathlib import Path

import hypothesis
import pytest

# The toolkit reads its settings from the environment, some of them once and for all at the first activation:
# they have to go before any test module imports the binding.
for _name in list(os.environ):
    if _name.startswith(("GLOBUS_", "GPT_", "GRAM_", "GRIDMAP", "GSI_", "MYPROXY_", "X509_")):
        del os.environ[_name]

_MARK = f"PYGLOBUS_TEST_RUN={uuid.uuid4().hex}"
os.environ["PYGLOBUS_TEST_RUN"] = _MARK.partition("=")[2]

hypothesis.settings.register_profile("test", deadline=None, print_blob=True)
hypothesis.settings.register_profile("fuzz", deadline=None, print_blob=True, max_examples=20_000)
hypothesis.settings.load_profile("test")


def _descendants() -> dict[int, str]:
    """The live processes that this test run started, at any depth: pid and command line."""
    found = {}
    for process in Path("/proc").glob("[0-9]*"):
        pid = int(process.name)
        try:
            ours = _MARK.encode() in (process / "environ").read_bytes().split(b"\0")
            status = (process / "stat").read_text().rpartition(")")[2].split()
            command = (process / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace").strip()
        except (OSError, IndexError):  # it ended meanwhile, or belongs to another user
            continue
        state, parent = status[0], int(status[1])
        if pid == os.getpid() or state == "Z":
            continue
        # multiprocessing's resource tracker ends with the process that started it, by design not before.
        if (ours or parent == os.getpid()) and "resource_tracker" not in command:
            found[pid] = command
    return found


@pytest.fixture(scope="session", autouse=True)
def no_process_left() -> Iterator[None]:
    """Fails the run when a process that the tests started, at any depth, is still there at its end."""
    yield
    deadline = time.monotonic() + 5  # a killed process needs a moment to go
    while (left := _descendants()) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not left, f"the tests left processes behind: {left}"


def pytest_collection_finish() -> None:
    """What is there before the first test stays: those that count what is alive collect garbage faster without it."""
    gc.collect()
    gc.freeze()


# ---- tests that need a process in which nothing has happened yet -------------------------------------------------------


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line(
        "markers", "own_process: what the toolkit reads once a process must not have been read yet"
    )


@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> bool | None:
    """Runs a test that is marked so in a pytest of its own."""
    if pyfuncitem.get_closest_marker("own_process") is None or "PYGLOBUS_OWN_PROCESS" in os.environ:
        return None
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", pyfuncitem.nodeid],
        cwd=pyfuncitem.config.rootpath,
        env=os.environ | {"PYGLOBUS_OWN_PROCESS": "yes"},
        capture_output=True,
        text=True,
        timeout=50,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return True
