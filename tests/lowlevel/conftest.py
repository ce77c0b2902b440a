"""The toy library of vocabulary/, built with the real tools against the installed package; leaks counted."""

from __future__ import annotations

import gc
import importlib.machinery
import importlib.util
import os
import socket
import subprocess
import sys
import sysconfig
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Literal

import pytest

import globus_lowlevel

ROOT = Path(__file__).resolve().parents[2]
# As the grids of the tests have it. The toolkit reads this once, in whichever test is the first that needs a name.
os.environ["GLOBUS_HOSTNAME"] = "localhost"

LIMIT = 20.0  # seconds that a callback may take on a busy machine


def run(*command: object) -> str:
    words = [str(word) for word in command]
    done = subprocess.run(words, capture_output=True, text=True, timeout=240, check=False)
    assert done.returncode == 0, f"{' '.join(words)}\n{done.stdout}{done.stderr}"
    return done.stdout


def build_toy(directory: Path) -> Path:
    """What cmake/GlobusModule.cmake does for a module of the package."""
    swig, source = ROOT / "swig", ROOT / "tests/lowlevel/vocabulary"
    interface, library = source / "toy.i", source / "library"
    package = Path(globus_lowlevel.__file__).parent
    flags = run("pkg-config", "--cflags-only-I", "globus-common").split()
    annotate_includes = [word for flag in flags for word in ("--include", flag.removeprefix("-I"))]
    run(
        sys.executable, "-B", swig / "tools/annotate.py", "--interface", interface, "--vocabulary", swig,
        "--output", directory, "--include", library, *annotate_includes,
    )  # fmt: skip
    wrapper, built = directory / "toy_wrap.c", directory / "toy.abi3.so"
    run(
        Path(sys.executable).parent / "swig", "-python", "-noproxy", "-threads", "-Wall", "-Werror",
        f"-I{directory}/headers", f"-I{swig}", "-o", wrapper, interface,
    )  # fmt: skip
    includes = [sysconfig.get_path("include"), directory, library, swig / "support"]
    run(
        "cc", "-g", "-O1", "-fPIC", "-shared", "-Wall", "-Wextra", "-Werror",
        "-D_GNU_SOURCE", "-DPy_LIMITED_API=0x030b0000", "-DSWIG_TYPE_TABLE=globus_lowlevel",
        *(f"-I{path}" for path in includes), *flags,
        wrapper, directory / "toy_types.c", *sorted(library.glob("*.c")), "-o", built,
        f"-L{package}", f"-Wl,-rpath,{package}", "-lglobus_lowlevel_support",
        "-lglobus_gssapi_gsi", "-lglobus_common", "-lcrypto", "-lm",
    )  # fmt: skip
    return built


@pytest.fixture(scope="session")
def toy_library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The extension module's file. PYGLOBUS_TOY names one that is built already."""
    built = os.environ.get("PYGLOBUS_TOY")
    return Path(built) if built else build_toy(tmp_path_factory.mktemp("toy"))


@pytest.fixture(scope="session")
def toy(toy_library: Path) -> Iterator[Any]:
    """The toy module, active."""
    from globus_lowlevel import common

    loader = importlib.machinery.ExtensionFileLoader("toy", str(toy_library))
    spec = importlib.util.spec_from_file_location("toy", toy_library, loader=loader)
    assert spec is not None
    module = importlib.util.module_from_spec(spec)
    loader.exec_module(module)
    common.globus_module_activate(module.TOY_MODULE)
    yield module
    common.globus_module_deactivate(module.TOY_MODULE)


def activating(*modules: Any, scope: Literal["module", "package"] = "module") -> Any:
    """A fixture: these modules of the toolkit are active during the tests of a file, or of a directory."""

    @pytest.fixture(scope=scope, autouse=True, name="active")
    def fixture() -> Iterator[None]:
        from globus_lowlevel import common

        for module in modules:
            common.globus_module_activate(module)
        yield
        for module in reversed(modules):
            common.globus_module_deactivate(module)

    return fixture


def eventually(condition: Callable[[], bool], limit: float = LIMIT) -> bool:
    """Waits until `condition()`, for `limit` seconds at most; whether it came true."""
    deadline = time.monotonic() + limit
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.001)
    return True


def alive() -> dict[str, int]:
    """How many objects, callbacks and buffers of the binding there are."""
    gc.collect()
    globus_lowlevel.reap()
    return {name: count for name, count in globus_lowlevel.live().items() if name != "called"}


def census(toy: Any) -> dict[str, int]:
    """What is alive, handles of the toy library too."""
    return {**alive(), "C handles": toy.toy_live()}


@pytest.fixture
def nothing_left(request: pytest.FixtureRequest) -> Iterator[None]:
    """Fails a test that leaves anything of the binding alive; what it has from fixtures that ask for this one, too."""
    before, failed = alive(), request.session.testsfailed
    yield
    request.node.funcargs.clear()
    if request.session.testsfailed > failed:
        return  # the traceback has everything
    assert eventually(lambda: all(count <= before[name] for name, count in alive().items())), (
        f"alive before the test: {before}, after it: {alive()}"
    )


@pytest.fixture
def balanced(toy: Any) -> Iterator[None]:
    """Fails a test that leaves anything alive."""
    before = census(toy)
    yield
    toy.toy_wait_idle()
    # less than before: what tests of other libraries have left to the collector
    assert eventually(lambda: all(count <= before[name] for name, count in census(toy).items())), (
        f"alive before the test: {before}, after it: {census(toy)}"
    )


@pytest.fixture
def steady(toy: Any) -> Callable[[Callable[[], Any]], None]:
    """Fails if many calls of a function leave C memory, or memory of Python, behind."""

    def grown(call: Callable[[], Any], calls: int) -> tuple[int, int]:
        """Bytes of C, and blocks of Python, after so many calls."""
        heap, blocks = toy.toy_heap(), sys.getallocatedblocks()
        for _ in range(calls):
            call()
        gc.collect()
        globus_lowlevel.reap()
        return toy.toy_heap() - heap, sys.getallocatedblocks() - blocks

    def check(call: Callable[[], Any], *, calls: int = 1000, slack: int = 4000) -> None:
        grown(call, calls)  # free lists and caches fill up
        # A leak grows each time; what a thread keeps for itself of the memory that it has freed, once.
        found = [grown(call, calls) for _ in range(2)]
        while min(heap for heap, _ in found) >= slack and len(found) < 5:
            found.append(grown(call, calls))
        assert min(heap for heap, _ in found) < slack, f"C memory leaks: {found}"
        assert min(blocks for _, blocks in found) < calls // 10, f"Python objects leak: {found}"

    return check


class Recorder:
    """A callable that notes the arguments of its calls, and in which thread they came."""

    def __init__(self) -> None:
        self.calls: list[tuple[Any, ...]] = []
        self.threads: list[int] = []
        self.called = threading.Event()

    def __call__(self, *arguments: Any) -> None:
        self.calls.append(arguments)
        self.threads.append(threading.get_ident())
        self.called.set()

    def wait(self) -> tuple[Any, ...]:
        assert self.called.wait(LIMIT), "the callback did not come"
        return self.calls[-1]


@pytest.fixture
def recorder() -> type[Recorder]:
    """The class: a fixture's own object would outlive the count of what is alive."""
    return Recorder


@pytest.fixture
def nobody() -> Iterator[str]:
    """Where a connection is refused, host and port: one is bound there, so that no other can be, and does not listen."""
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        yield f"127.0.0.1:{bound.getsockname()[1]}"


@pytest.fixture
def unraisable(monkeypatch: pytest.MonkeyPatch) -> list[BaseException]:
    """The exceptions that callbacks raise."""
    seen: list[BaseException] = []

    def note(info: Any) -> None:
        seen.append(info.exc_value.with_traceback(None))

    monkeypatch.setattr(sys, "unraisablehook", note)
    return seen
