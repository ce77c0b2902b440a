"""CPython's own socket tests, with XioSocket in the place of ``socket.socket``.

python -m tests.hl.xio.cpython.run                  # a table, as in the manual
python -m tests.hl.xio.cpython.run --stack tcp,gsi
python -m tests.hl.xio.cpython.run --json -k sendall
"""

# ruff: noqa: N802 - unittest's names

from __future__ import annotations

import argparse
import collections
import contextlib
import gc
import json
import platform
import sys
import tempfile
import time
import unittest
from typing import Any

from globus_hl import xio
from globus_hl.errors import GridError
from globus_hl.security import Credential
from globus_hl.testgrid import Grid
from globus_hl.xio.standard import SocketModule
from globus_hl.xio.watcher import watcher

from .selection import rule_against

HANDSHAKE = 5.0
"""Seconds after which a handshake is given up, so that a test that cannot end fails early."""


class Results(unittest.TestResult):
    """What became of each test: ``"passed"``, or why not."""

    def __init__(self, *, verbose: bool) -> None:
        super().__init__()
        self.outcomes: dict[str, str] = {}
        self.verbose = verbose

    def startTest(self, test: Any) -> None:
        super().startTest(test)
        self._began = time.monotonic()

    def _note(self, test: Any, outcome: str) -> None:
        name = _name(test)
        if self.outcomes.get(name, "passed") == "passed":
            self.outcomes[name] = outcome
        if self.verbose:
            print(f"{time.monotonic() - self._began:7.2f} {name}: {outcome}", file=sys.stderr, flush=True)

    def addSuccess(self, test: Any) -> None:
        self._note(test, "passed")

    def addFailure(self, test: Any, err: Any) -> None:
        super().addFailure(test, err)
        self._note(test, f"failed: {self.failures[-1][1]}")

    def addError(self, test: Any, err: Any) -> None:
        super().addError(test, err)
        self._note(test, f"failed: {self.errors[-1][1]}")

    def addSkip(self, test: Any, reason: str) -> None:
        self._note(test, f"skipped: {reason}")

    def addSubTest(self, test: Any, subtest: Any, err: Any) -> None:
        if err is not None:
            self.addFailure(subtest.test_case, err)


def _name(test: Any) -> str:
    return f"{type(test).__name__}.{getattr(test, '_testMethodName', test)}"


def _shaking_hands_at_once(kind: type[xio.XioSocket]) -> type[xio.XioSocket]:
    """Sockets whose accepted ones begin their handshake in the background: these tests let a client connect, and go on
    when it has, before the server reads or writes anything. Nor does the server close one before that."""

    class Socket(kind):  # type: ignore[valid-type, misc]
        __slots__ = ("begun",)

        def accept(self) -> tuple[Any, Any]:
            accepted, address = super().accept()
            timeout = accepted.gettimeout()
            accepted.settimeout(0)
            with contextlib.suppress(OSError):  # it has only begun; or the client has gone already
                accepted.do_handshake()
            accepted.settimeout(timeout)
            accepted.begun = True
            return accepted, address

        def _real_close(self, *arguments: Any) -> None:
            if getattr(self, "begun", False):
                with contextlib.suppress(OSError, GridError):  # the client has gone; or it was closed before
                    self.settimeout(HANDSHAKE)
                    self.do_handshake()
            super()._real_close(*arguments)

    Socket.__name__ = Socket.__qualname__ = "socket"
    return Socket


def test_classes() -> list[type[unittest.TestCase]]:
    """All classes with tests, by name."""
    from test import test_socket

    return [
        found
        for _, found in sorted(vars(test_socket).items())
        if isinstance(found, type) and issubclass(found, unittest.TestCase) and names_of(found)
    ]


def names_of(found: type[unittest.TestCase]) -> list[str]:
    """The names of its tests."""
    return list(unittest.defaultTestLoader.getTestCaseNames(found))


def run(module: SocketModule, stack: str, wanted: str = "", *, verbose: bool = False) -> dict[str, str]:
    """Run what is about these sockets.

    Returns:
        Name of each test, and ``passed``, ``failed: ...``, ``skipped: ...`` (by the test itself) or ``not for it: ...``.
    """
    from test import support, test_socket

    test_socket.socket = module  # the module under test, by the name that the tests call it
    support.use_resources = ["network"]  # of this host only: no test that is chosen leaves it
    results = Results(verbose=verbose)
    watcher()  # its thread stays, and the tests count threads
    gc.freeze()  # each test collects the garbage three times: there is none in what is here already
    for found in test_classes():
        chosen = []
        for name in names_of(found):
            rule = rule_against(found.__name__, name, plain=stack == "tcp")
            if rule is not None:
                results.outcomes[f"{found.__name__}.{name}"] = f"not for it: {rule[1]}"
            elif wanted in f"{found.__name__}.{name}":
                chosen.append(found(name))
        unittest.TestSuite(chosen)(results)
    return results.outcomes


def table(outcomes: dict[str, str]) -> str:
    """Markdown: a line for each class of which something ran, and one for each reason why nothing did."""
    counts: dict[str, collections.Counter[str]] = collections.defaultdict(collections.Counter)
    reasons: dict[str, set[str]] = collections.defaultdict(set)
    for name, outcome in outcomes.items():
        kind, _, why = outcome.partition(": ")
        counts[name.partition(".")[0]][kind] += 1
        if kind in ("skipped", "not for it"):
            reasons[name.partition(".")[0]].add(why)
    lines = ["| class | passed | failed | not run | why not |", "|---|---|---|---|---|"]
    others: collections.Counter[str] = collections.Counter()
    for name, count in sorted(counts.items()):
        idle, why = count["skipped"] + count["not for it"], "; ".join(sorted(reasons[name]))
        if count["passed"] or count["failed"]:
            lines.append(f"| `{name}` | {count['passed']} | {count['failed']} | {idle} | {why} |")
        else:
            others[why] += idle
    lines += [f"| others | | | {idle} | {why} |" for why, idle in sorted(others.items())]
    total: collections.Counter[str] = sum(counts.values(), collections.Counter())
    idle = total["skipped"] + total["not for it"]
    lines.append(
        f"| all of CPython {platform.python_version()} | {total['passed']} | {total['failed']} | {idle} | |"
    )
    return "\n".join(lines)


def main() -> int:
    """Run them, and show what became of them."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--stack", default="tcp", help="the drivers (default: tcp)")
    parser.add_argument("--json", action="store_true", help="one object: test to outcome")
    parser.add_argument("-k", default="", metavar="TEXT", help="only tests whose name holds this")
    parser.add_argument("-v", action="store_true", help="tell about each test")
    asked = parser.parse_args()
    options: dict[str, Any] = {"stack": asked.stack}
    with contextlib.ExitStack() as closing:
        files_of_tests = closing.enter_context(tempfile.TemporaryDirectory())
        closing.enter_context(contextlib.chdir(files_of_tests))
        if "gsi" in asked.stack.split(","):
            grid = closing.enter_context(Grid())
            host = Credential.from_files(grid.host.cert, grid.host.key)
            options |= {"gsi": xio.GSI(credential=host, authorization="none"), "handshake_timeout": HANDSHAKE}
        module = SocketModule(**options)
        if len(asked.stack.split(",")) > 1:
            module.socket = _shaking_hands_at_once(module.socket)
        outcomes = run(module, asked.stack, asked.k, verbose=asked.v)
    print(json.dumps(outcomes) if asked.json else table(outcomes))
    return int(any(outcome.startswith("failed") for outcome in outcomes.values()))


if __name__ == "__main__":
    sys.exit(main())
