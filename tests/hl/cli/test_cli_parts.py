"""The parts that commands share, one by one."""

from __future__ import annotations

import errno
import io
import json
import os
import signal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from globus_hl import errors
from globus_hl.cli.display import Lines, amount, duration
from globus_hl.cli.events import JSONLines
from globus_hl.cli.exits import Exit, Terminated, UsageError, exit_for
from globus_hl.cli.operands import parse_operand
from globus_hl.cli.program import at_interruption
from globus_hl.cli.report import describe, printable
from globus_hl.gridftp.url import InvalidURLError
from globus_hl.progress import Advanced, Finished, Started


@pytest.mark.parametrize(
    ("size", "text"),
    [
        *[(0, "0 bytes"), (999, "999 bytes"), (1000, "1.0 kB"), (999_949, "999.9 kB"), (999_950, "1.0 MB")],
        *[(64 << 20, "67.1 MB"), (10**9, "1.0 GB"), (1 << 60, "1152.9 PB")],
    ],
)
def test_amount(size: int, text: str) -> None:
    assert amount(size) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0.00 s"),
        (9.994, "9.99 s"),
        (12.3, "12 s"),
        (59.4, "59 s"),
        (60, "1:00"),
        (205, "3:25"),
        (3805, "1:03:25"),
    ],
)
def test_duration(seconds: float, text: str) -> None:
    assert duration(seconds) == text


@given(st.text())
def test_printable_text_is_printable(text: str) -> None:
    assert printable(text).isprintable()
    assert printable(text) == text or not text.isprintable()


EXITS = [
    (KeyboardInterrupt(), Exit.INTERRUPTED),
    (Terminated(), Exit.TERMINATED),
    (InvalidURLError("x", "y"), Exit.USAGE),
    (UsageError("x"), Exit.USAGE),
    (errors.NotFoundError("x"), Exit.NOT_FOUND),
    (errors.PermissionDeniedError("x"), Exit.NOT_PERMITTED),
    (errors.ExistsError("x"), Exit.NOT_PERMITTED),
    (errors.IsDirectoryError("x"), Exit.NOT_PERMITTED),
    (errors.DirectoryNotEmptyError("x"), Exit.FAILED),
    (errors.NoSpaceError("x"), Exit.NO_SPACE),
    (errors.ServerError("x"), Exit.FAILED),
    (errors.LoginRefusedError("x"), Exit.LOGIN_REFUSED),
    (errors.AuthorizationError("x"), Exit.LOGIN_REFUSED),
    (errors.NoCredentialError("x"), Exit.BAD_CREDENTIAL),
    (errors.CredentialExpiredError("x"), Exit.BAD_CREDENTIAL),
    (errors.UntrustedCAError("x"), Exit.NOT_TRUSTED),
    (errors.ServerIdentityError("x"), Exit.NOT_TRUSTED),
    (errors.ProtectionError("x"), Exit.NOT_TRUSTED),
    (errors.ConnectRefusedError("x"), Exit.NO_CONNECTION),
    (errors.HostNotFoundError("x"), Exit.NO_CONNECTION),
    (errors.ConnectionLostError("x"), Exit.NO_CONNECTION),
    (errors.DataChannelError("x"), Exit.NO_CONNECTION),
    (errors.OperationTimeoutError("x"), Exit.TIMEOUT),
    (errors.GridError("x"), Exit.FAILED),
    (OSError(errno.ENOSPC, "full", "a"), Exit.NO_SPACE),
    (OSError(errno.EDQUOT, "full", "a"), Exit.NO_SPACE),
    (OSError(errno.EACCES, "no", "a"), Exit.NOT_PERMITTED),
    (OSError(errno.EROFS, "no", "a"), Exit.NOT_PERMITTED),
    (OSError(errno.EIO, "no", "a"), Exit.FAILED),
    (BrokenPipeError(), Exit.BROKEN_PIPE),
    (ZeroDivisionError(), Exit.BUG),
    (ValueError("x"), Exit.BUG),
]


@pytest.mark.parametrize(("error", "code"), EXITS, ids=lambda value: type(value).__name__)
def test_exit_code(error: BaseException, code: Exit) -> None:
    assert exit_for(error) is code


@pytest.mark.parametrize("name", errors.__all__)
def test_no_error_of_the_grid_is_a_bug(name: str) -> None:
    assert exit_for(getattr(errors, name)("x")) is not Exit.BUG


def test_exit_codes_are_for_ever() -> None:
    """Scripts know these numbers: none may change its meaning."""
    known = "OK 0, FAILED 1, USAGE 2, NOT_FOUND 3, NOT_PERMITTED 4, LOGIN_REFUSED 5, BAD_CREDENTIAL 6"
    known += ", NOT_TRUSTED 7, NO_CONNECTION 8, NO_SPACE 9, TIMEOUT 10, BUG 70, INTERRUPTED 130"
    known += ", BROKEN_PIPE 141, TERMINATED 143"
    assert ", ".join(f"{code.name} {int(code)}" for code in Exit) == known


def test_description_is_one_line_with_what_to_do() -> None:
    error = errors.ServerError("it\nfailed \x1b[31m", url="gsiftp://h/a", hint="ask")
    error.add_note("or wait")
    assert describe(error) == r"gsiftp://h/a: it failed \x1b[31m; ask; or wait"
    full = OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), b"/caf\xe9")
    assert (
        describe(full) == r"/caf\xe9: No space left on device; free some space, or choose another file system"
    )
    assert "this is a bug" in describe(KeyError("x"))


@pytest.mark.parametrize(
    ("text", "matching", "other"),
    [
        ("ftp://h/d/*.h5", ["a.h5", ".h5", "caf\udce9.h5"], ["a.h", "a.h5x"]),
        ("ftp://h/d/a?c", ["abc"], ["ac", "abcd"]),
        ("ftp://h/d/%2A*", ["*", "*a"], ["a"]),
        ("ftp://h/d/%5Bx]?", ["[x]a"], ["xa"]),
        ("ftp://h/[ab]%20c", ["a c"], ["b", "a%20c"]),
        ("file:/d/*", ["a"], []),
    ],
)
def test_pattern(text: str, matching: list[str], other: list[str]) -> None:
    operand = parse_operand(text, wildcards=True)
    assert operand.url is not None
    assert operand.url.names_directory
    assert operand.pattern is not None
    assert [operand.pattern.matches(name) for name in matching] == [True] * len(matching)
    assert [operand.pattern.matches(name) for name in other] == [False] * len(other)


@pytest.mark.parametrize(
    "text", ["ftp://[::1]", "ftp://h/*/a", "ftp://h/a%2A", "ftp://h/*/", "/d/*", "-", "a*"]
)
def test_no_pattern(text: str) -> None:
    assert parse_operand(text, wildcards=True).pattern is None
    assert parse_operand("ftp://h/*").pattern is None


def test_lines_of_several_files() -> None:
    lines: list[str] = []
    display = Lines(lines.append, verbose=True)
    display.begin(2, 30)
    for name in ("a", "b"):
        display.event(Started(name, "to", 0, 15, 0.0))
        for tenth in range(1, 15):
            display.event(Advanced(name, "to", tenth, 15, tenth / 5, 5.0))
        display.event(Finished(name, "to", 15, 15, 3.0))
    display.close(None)
    assert [line.partition(" ")[0] for line in lines] == ["a:"] * 3 + ["a"] + ["b:"] * 3 + ["b", "2"]
    assert lines[0] == "a: 1 of 15 bytes, 5 bytes/s avg, 5 bytes/s inst"
    assert lines[3] == "a -> to: 15 bytes in 3.00 s, 5 bytes/s"
    assert lines[-1].startswith("2 of 2 files, 30 bytes in ")


def test_json_is_ascii_and_one_line() -> None:
    stream = io.StringIO()
    JSONLines(stream).event(Started("caf\udce9\n", "\u2028", 0, None, 0.0))
    assert stream.getvalue().isascii()
    [line] = stream.getvalue().splitlines()
    assert json.loads(line)["source"] == "caf\udce9\n"


def test_interruption_calls_hooks() -> None:
    from globus_hl.cli import program

    called = []
    before = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)]

    def body(_arguments: list[str]) -> int:
        with at_interruption(lambda: called.append("inner")):
            signal.raise_signal(signal.SIGTERM)
        return 0

    try:
        assert program.run("prog", body, []) == Exit.TERMINATED
    finally:
        for number, handler in zip((signal.SIGINT, signal.SIGTERM), before, strict=True):
            signal.signal(number, handler)
    assert called == ["inner"]
