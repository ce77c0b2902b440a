"""Calls every function of a module with arguments that make no sense, in this process: run by campaign.py.

    child.py MODULE JOB.json

Each call must end in an exception or a result. What is about to be called is written down before each call, so that the
last line tells which one has crashed or hangs; the last line of a run that got through begins with `over`.
"""

from __future__ import annotations

import ctypes
import faulthandler
import gc
import importlib
import json
import os
import random
import resource
import signal
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import commands
import nature
import trouble
import values
from signatures import Function, functions_of
from trouble import show
from values import Maker

import globus_lowlevel
from globus_lowlevel import common
from globus_lowlevel.typing import CObject

LIMIT = 20.0  # seconds after which the stacks are written; campaign.py ends a process that hangs
WAIT = 0.1  # seconds after which a call that waits by its nature is left alone


class Log:
    """A file that survives the process; far from the descriptors that C functions are given."""

    def __init__(self, path: Path) -> None:
        self.file = os.dup2(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND), 901)

    def write(self, *words: object) -> None:
        os.write(
            self.file,
            ("\t".join(str(word) for word in words).replace("\n", " ") + "\n").encode(errors="replace"),
        )


class Heap(ctypes.Structure):
    """struct mallinfo2."""

    _fields_ = [(name, ctypes.c_size_t) for name in
                ("arena", "ordblks", "smblks", "hblks", "hblkhd", "usmblks", "fsmblks", "uordblks", "fordblks",
                 "keepcost")]  # fmt: skip


mallinfo = ctypes.CDLL(None).mallinfo2
mallinfo.restype = Heap


def heap() -> int:
    """Bytes that C has allocated."""
    info = mallinfo()
    return int(info.uordblks + info.hblkhd)


def settle() -> None:
    gc.collect()
    globus_lowlevel.reap()


def census() -> dict[str, int]:
    """What is alive."""
    settle()
    counts = {name: count for name, count in globus_lowlevel.live().items() if name != "called"}
    return {**counts, "descriptors": len(os.listdir("/proc/self/fd")) - 1}


class Run:
    """The calls of one module."""

    def __init__(self, module: str, job: dict[str, Any]) -> None:
        self.module, self.job = module, job
        self.log = Log(Path(job["log"]))
        self.dump = os.dup2(os.open(job["dump"], os.O_WRONLY | os.O_CREAT | os.O_TRUNC), 902)
        self.directory = Path(job["directory"])
        self.calls = self.exceptions = self.results = 0
        self.kinds: dict[str, int] = {}
        self.accepted: dict[str, str] = {}
        self.kept: dict[str, Any] = {}
        self.leaks: dict[str, str] = {}
        self.armed = 0.0
        self.where: tuple[Any, ...] = ()
        self.first_step = 0
        self.wanted = 0  # arguments of the last command, that were not given

    def activate(self) -> None:
        for module in Maker.modules:
            namespace = vars(importlib.import_module(f"globus_lowlevel.{module}"))
            for name, value in namespace.items():
                if name.startswith("GLOBUS_") and name.endswith("_MODULE") and isinstance(value, CObject):
                    try:
                        common.globus_module_activate(value)
                    except globus_lowlevel.GlobusError:
                        continue

    def arm(self) -> None:
        if time.monotonic() - self.armed > 1:
            faulthandler.dump_traceback_later(LIMIT, file=self.dump)
            self.armed = time.monotonic()

    def call(self, function: Function, arguments: list[Any], kind: str) -> bool:
        """Calls it; whether it gave a result."""
        self.arm()
        self.log.write("call", *self.where, kind, [show(a) for a in arguments])
        self.calls += 1
        self.wanted = 0
        try:
            self.maker.remember(function.call(*arguments))
        except (Exception, SystemExit) as error:
            self.wanted = commands.arguments_after(error)
            self.exceptions += 1
            self.kinds[type(error).__name__] = self.kinds.get(type(error).__name__, 0) + 1
            self.unexpected(function, error, arguments)
            return False
        self.results += 1
        return True

    def unexpected(self, function: Function, error: BaseException, arguments: list[Any]) -> None:
        """Errors that tell that something inside is wrong."""
        own = error.args == (7,)  # of a callback
        leaves = isinstance(error, SystemExit) and not own and function.name not in nature.ENDS
        if leaves or isinstance(error, SystemError):
            self.accepted.setdefault(function.name, f"{error!r} for {[show(a) for a in arguments]}")

    # ---- the steps of a function ----------------------------------------------------------------------------------

    def exercise(self, index: int, function: Function, first: int) -> None:
        """All calls of one function, from its step `first` on."""
        steps = self.steps(function)
        for number, step in enumerate(steps):
            if number < first:
                continue
            self.where = (index, number, function.name)
            self.maker = Maker(
                self.module, random.Random(f"{self.job['seed']}/{function.name}/{number}"), self.directory
            )
            step(function)

    def steps(self, function: Function) -> list[Callable[[Function], None]]:
        random_steps = [self.all_right] * self.job["rounds"]
        if function.name in nature.WAITS:
            return [self.all_wrong, self.waiting]
        if self.module == "xio_drivers" and function.name in commands.TARGETS:
            return [self.command] * self.job["rounds"] * 8
        if not function.parameters:
            return [self.all_right, self.all_right]
        return [self.all_wrong, *[self.one_wrong] * max(1, self.job["rounds"] // 8), *random_steps,
                *[self.sabotaged] * (self.job["rounds"] // 4), *([self.huge] if self.job["huge"] else []),
                self.repeated]  # fmt: skip

    def all_wrong(self, function: Function) -> None:
        bad = [
            None,
            object(),
            -1,
            2**70,
            1.5,
            "text",
            "nul\0",
            b"bytes",
            [],
            [None],
            {},
            int,
            Exception("no"),
            common.GLOBUS_COMMON_MODULE,
        ]
        for value in bad:
            self.call(function, [value] * len(function.parameters), "all wrong")
        for count in {0, 1, len(function.parameters) - 1, len(function.parameters) + 1, 30} - {
            len(function.parameters)
        }:
            if count >= 0 and not function.variadic:
                self.refuse(function, [None] * count, "wrong number")

    def one_wrong(self, function: Function) -> None:
        """Everything is right but one."""
        right = self.maker.right(function)
        for argument in right:
            if isinstance(argument, CObject) and self.maker.random.random() < 0.3:
                self.maker.destroy(argument)
        for position, (_, options) in enumerate(function.parameters):
            for value in self.maker.wrong(options):
                arguments = list(right)
                arguments[position] = value
                self.refuse(function, arguments, f"wrong {function.parameters[position][0]}")

    def refuse(self, function: Function, arguments: list[Any], kind: str) -> None:
        if self.call(function, arguments, kind) and function.name not in nature.ACCEPTS:
            self.accepted.setdefault(function.name, f"{kind}: {[show(a) for a in arguments]}")

    def all_right(self, function: Function) -> None:
        arguments = self.maker.right(function)
        if self.maker.random.random() < 0.3:
            position = self.maker.random.randrange(len(function.parameters) or 1)
            if arguments and not nature.values_of(function.name, function.parameters[position][0]):
                arguments[position] = self.maker.anything()
        for _ in range(self.maker.random.choice([1, 1, 2, 3])):
            self.call(function, arguments, "right")
        for argument in arguments:
            if isinstance(argument, CObject):
                inspect(argument)
        self.drop()

    def command(self, function: Function) -> None:
        """A control command that there is: without arguments, which may be right, and with any others."""
        name, leading = commands.command_for(function.name, self.maker.random)
        self.call(function, leading, name)
        for _ in range(4):
            arguments = [self.maker.anything() for _ in range(self.wanted)]
            self.call(function, [*leading, *arguments], name)
        self.drop()

    def sabotaged(self, function: Function) -> None:
        self.call(function, self.maker.sabotage(self.maker.right(function)), "sabotaged")
        self.drop()

    def huge(self, function: Function) -> None:
        for position, (_, options) in enumerate(function.parameters):
            if "Buffer" in options:
                with trouble.huge() as big:
                    arguments = self.maker.right(function)
                    arguments[position] = big
                    self.call(function, arguments, f"huge {function.parameters[position][0]}")
                    del arguments
                    self.drop()
                    settle()

    def drop(self) -> None:
        """Gives up the objects, sometimes by their destroy functions."""
        trouble.KEPT.clear()
        if self.maker.random.random() < 0.5:
            for item in [item for items in self.maker.pool.values() for item in items]:
                if self.maker.random.random() < 0.5:
                    self.maker.destroy(item)

    def repeated(self, function: Function) -> None:
        """The same bad call many times: nothing may grow."""
        for _ in range(3):
            arguments = self.maker.right(function)
            position = self.maker.random.randrange(len(function.parameters))
            bad = self.maker.wrong(function.parameters[position][1])
            if not bad:
                continue
            arguments[position] = self.maker.random.choice(bad)
            if function.name in nature.ENDS:
                return
            self.growth(function, arguments, 30)  # caches fill up
            growth = [self.growth(function, arguments, 100) for _ in range(2)]
            for what in (
                "bytes",
                "objects",
                "closures",
                "pins",
                "boxes",
                "errors",
                "callbacks",
                "descriptors",
            ):
                if min(g.get(what, 0) for g in growth) >= (800 if what == "bytes" else 50):
                    self.leaks[function.name] = f"{growth} {what} for {[show(a) for a in arguments]}"
                    return

    def growth(self, function: Function, arguments: list[Any], times: int) -> dict[str, int]:
        """What is more after calls that fail than before; nothing if one does not fail."""
        counts = census()
        self.log.write("call", *self.where, "repeated", [show(a) for a in arguments])
        call = function.call
        before, start = heap(), time.monotonic()
        for _ in range(times):
            self.calls += 1
            try:
                call(*arguments)
            except (Exception, SystemExit):
                self.exceptions += 1
            else:
                self.results += 1
                return {}
            if time.monotonic() - start > 0.5:
                return {}
        settle()
        more = {"bytes": heap() - before}
        return more | {name: count - counts[name] for name, count in census().items()}

    def waiting(self, function: Function) -> None:
        """Calls that may never return, each in a thread that is left behind."""
        for _ in range(4):
            arguments = self.maker.right(function)
            self.log.write("call", *self.where, "waiting", [show(a) for a in arguments])
            self.calls += 1

            def body(arguments: list[Any] = arguments) -> None:
                try:
                    function.call(*arguments)
                except Exception:
                    self.exceptions += 1

            thread = threading.Thread(target=body, daemon=True)
            thread.start()
            thread.join(WAIT)
            if arguments and isinstance(arguments[0], CObject):
                self.maker.destroy(arguments[0])  # while the other thread uses it

    # ---- the whole run ---------------------------------------------------------------------------------------------

    def main(self) -> None:
        functions = functions_in_order(self.module, self.job.get("only"))
        self.log.write("functions", len(functions))
        gc.collect()
        gc.freeze()
        start_index, start_step = self.job["start"]
        for index in range(start_index, len(functions)):
            self.where = (index, start_step if index == start_index else 0, functions[index].name)
            self.log.write("call", *self.where, "activation")
            self.arm()
            self.activate()
            self.maker = Maker(self.module, random.Random(0), self.directory)
            before = census()
            self.exercise(index, functions[index], start_step if index == start_index else 0)
            self.maker = Maker(self.module, random.Random(0), self.directory)
            trouble.KEPT.clear()
            after = census()
            grown = {name: after[name] - before[name] for name in after if after[name] > before[name]}
            if grown and functions[index].name not in nature.WAITS:
                self.kept[functions[index].name] = grown
            self.log.write("done", index, json.dumps(self.report()))
        faulthandler.cancel_dump_traceback_later()
        self.log.write("over", json.dumps({**self.report(), "threads": threading.active_count(),
                                           "memory": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss}))  # fmt: skip

    def report(self) -> dict[str, Any]:
        report = {"calls": self.calls, "exceptions": self.exceptions, "results": self.results, "kinds": self.kinds,
                  "accepted": self.accepted, "kept": self.kept, "leaks": self.leaks}  # fmt: skip
        report = json.loads(json.dumps(report))
        self.calls = self.exceptions = self.results = 0
        self.kinds, self.accepted, self.kept, self.leaks = {}, {}, {}, {}
        return report


def functions_in_order(module: str, only: str | None) -> list[Function]:
    """By name; those that leave threads behind, or end things, last."""
    found = functions_of(module)
    if module == "xio_drivers":
        found = [f for f in functions_of("xio") if f.variadic]
    waits = list(nature.WAITS)
    found.sort(key=lambda f: (f.name in waits and waits.index(f.name) + 1, f.name in nature.ENDS, f.name))
    return [f for f in found if not only or f.name == only]


def inspect(value: Any) -> None:
    """What Python does with any object: none of it may crash."""
    for look in (
        repr,
        hash,
        str,
        len,
        list,
        bool,
        dir,
        type(value),
        lambda v: v == v,
        lambda v: v[0],
        lambda v: v["a"],
        lambda v: v(),
    ):
        try:
            look(value)
        except Exception:
            continue
    for name in values.fields(value):
        for new in (None, 5, "text", b"bytes", [], ["a", None], object(), value, accept_nothing):
            try:
                getattr(value, name)
                setattr(value, name, new)
            except (Exception, SystemExit):
                continue
        try:
            delattr(value, name)
        except Exception:
            continue


def accept_nothing() -> None:
    """A callback without arguments."""


def contain(directory: Path) -> None:
    """Nothing that is called may reach beyond the directory, or outlive this process."""
    os.chdir(directory)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (2**26, 2**26))
    resource.setrlimit(resource.RLIMIT_NOFILE, (1024, 1024))
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG: dies with its parent
    os.umask(0o077)


def main() -> None:
    module, job = sys.argv[1], json.loads(Path(sys.argv[2]).read_text())
    contain(Path(job["directory"]))
    os.register_at_fork(after_in_child=lambda: os._exit(0))  # what is forked by a call has nothing to do
    faulthandler.enable(file=os.dup2(os.open(job["dump"], os.O_WRONLY | os.O_CREAT | os.O_TRUNC), 902))
    sys.unraisablehook = lambda _: None
    threading.excepthook = lambda _: None
    for path in Path(job["directory"]).glob("*.pem"):
        values.PEMS.append(path.read_bytes())
    Maker.learn(job["modules"])
    Maker.avoid = set(job["avoid"])
    run = Run(module, job)
    Maker.note = run.log.write
    run.main()
    os._exit(0)


if __name__ == "__main__":
    main()
