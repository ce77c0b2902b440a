"""``pyglobus``: its subcommands are found, listed and completed, and cost nothing until they are used."""

from __future__ import annotations

import re
import subprocess
import sys
import sysconfig
import textwrap
from importlib import import_module
from importlib.metadata import version
from pathlib import Path

import pytest

from globus_hl.cli.exits import Exit
from globus_hl.cli.pyglobus_command import SUBCOMMANDS

# A program like pyglobus, with two subcommands; importing one of them says so.
PROGRAM = textwrap.dedent(
    """
    import sys
    from globus_hl.cli import pyglobus, pyglobus_command
    from globus_hl.cli.groups import Lazy
    pyglobus_command.SUBCOMMANDS.clear()
    pyglobus_command.SUBCOMMANDS.update(
        one=Lazy("sub_one", "Do one thing."), other=Lazy("sub_other", "Do another.")
    )
    pyglobus.main()
    """
)
SUBCOMMAND = textwrap.dedent(
    """
    import sys
    import click
    print("imported", __name__, file=sys.stderr)

    @click.command()
    @click.argument("fate")
    def command(fate):
        if fate == "bug":
            raise ZeroDivisionError("by zero")
        if fate == "missing":
            raise FileNotFoundError(2, "No such file or directory", "/some/file")
        print(fate)
        return 0
    """
)


class Pyglobus:
    """Runs the program with warnings as errors, in a directory that has the two subcommands."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.inner = directory / "pyglobus"
        self.inner.write_text(f"#!{sys.executable} -Werror\n{PROGRAM}")
        self.inner.chmod(0o755)
        for name in ("sub_one", "sub_other"):
            (directory / f"{name}.py").write_text(SUBCOMMAND)

    def __call__(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        command = [str(self.inner), *arguments]
        return subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)


@pytest.fixture
def pyglobus(tmp_path: Path) -> Pyglobus:
    return Pyglobus(tmp_path)


def test_help_lists_subcommands_and_exit_codes_and_imports_none(pyglobus: Pyglobus) -> None:
    ran = pyglobus("--help")
    assert (ran.returncode, ran.stderr) == (0, "")
    assert re.search(r"^  one +Do one thing\.$", ran.stdout, re.MULTILINE)
    assert re.search(r"^  other +Do another\.$", ran.stdout, re.MULTILINE)
    for code in Exit:
        assert re.search(rf"^ +{code.value}  {re.escape(code.meaning)}$", ran.stdout, re.MULTILINE)


def test_no_arguments_is_no_success(pyglobus: Pyglobus) -> None:
    ran = pyglobus()
    assert (ran.returncode, ran.stdout) == (Exit.USAGE, "")
    assert ran.stderr.startswith("Usage: pyglobus")


def test_a_subcommand_alone_is_imported(pyglobus: Pyglobus) -> None:
    ran = pyglobus("one", "fine")
    assert (ran.returncode, ran.stdout, ran.stderr) == (0, "fine\n", "imported sub_one\n")


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (["onne"], Exit.USAGE, "No such subcommand 'onne': one? (pyglobus --help lists all options)"),
        (["zzz"], Exit.USAGE, "No such subcommand 'zzz': one or other?"),
        (["--nothing"], Exit.USAGE, "No such option"),
        (["one"], Exit.USAGE, "Missing argument 'FATE'. (pyglobus one --help lists all options)"),
        (["one", "missing"], Exit.NOT_FOUND, "/some/file: No such file or directory"),
        (["one", "bug"], Exit.BUG, "internal error: ZeroDivisionError"),
    ],
)
def test_failures_are_one_line_and_an_exit_code(
    pyglobus: Pyglobus, arguments: list[str], code: Exit, says: str
) -> None:
    ran = pyglobus(*arguments)
    assert ran.returncode == code
    [line] = ran.stderr.removeprefix("imported sub_one\n").splitlines()
    assert line.startswith(f"pyglobus: {says}")


@pytest.mark.parametrize("arguments", [["-dbg", "one", "bug"], ["one", "bug", "-dbg"]])
def test_debugging_shows_tracebacks(pyglobus: Pyglobus, arguments: list[str]) -> None:
    ran = pyglobus(*arguments)
    assert ran.returncode == Exit.BUG
    assert "Traceback" in ran.stderr


def complete(pyglobus: Pyglobus, words: str) -> set[str]:
    script = pyglobus("--completion", "bash").stdout
    [function] = re.findall(r"^(_\w+)\(\) \{", script, re.MULTILINE)[:1]
    ask = f"COMP_WORDS=({words}); COMP_CWORD=$((${{#COMP_WORDS[@]}} - 1)); {function} pyglobus;"
    done = subprocess.run(
        ["bash", "-c", f'{script}\nPATH=$PWD:$PATH; {ask} printf "%s\\n" "${{COMPREPLY[@]}}"'],
        cwd=pyglobus.directory,
        capture_output=True,
        text=True,
        check=True,
        timeout=30,
    )
    assert "imported sub_other" not in done.stderr
    return set(done.stdout.split())


@pytest.mark.parametrize(
    ("words", "wanted"),
    [
        ("pyglobus o", {"one", "other"}),
        ("pyglobus --comp", {"--completion"}),
        ("pyglobus one --h", {"--help"}),
    ],
)
def test_completion(pyglobus: Pyglobus, words: str, wanted: set[str]) -> None:
    assert complete(pyglobus, words) == wanted


def installed(*arguments: str) -> subprocess.CompletedProcess[str]:
    """What the installed command prints."""
    command = [sysconfig.get_path("scripts") + "/pyglobus", *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=30, check=True)


def test_version_of_the_installed_command() -> None:
    assert installed("--version").stdout == f"pyglobus: {version('globus-hl')}\n"


def test_start_up_imports_no_binding_and_no_certificates() -> None:
    code = (
        "import sys; sys.argv[1:] = ['--help']\n"
        "from globus_hl.cli.pyglobus import main\n"
        "try: main()\n"
        "finally: print(*sys.modules, file=sys.stderr)\n"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=30, check=True)
    unwanted = {"globus_lowlevel", "cryptography", "rich", "asyncio", "ssl", "globus_hl.testgrid"}
    assert not unwanted & set(ran.stderr.split())


def test_every_subcommand_is_there() -> None:
    for subcommand in SUBCOMMANDS.values():
        assert import_module(subcommand.module).command.help
        assert subcommand.help.endswith(".")
