"""The command line of ``pyglobus-url-copy``: options, help, completion, and what a start costs."""

from __future__ import annotations

import re
import shlex
import subprocess
import sysconfig
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from globus_hl.cli.exits import Exit

if TYPE_CHECKING:
    from tests.hl.cli.conftest import Runner


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ([], "SOURCE DESTINATION"),
        (["a"], "SOURCE DESTINATION"),
        (["a", "b", "c"], "'c'"),
        (["-rp", "a", "b"], "No such option '-rp'"),
        (["-pa", "a", "b"], "-p"),
        (["-r", "-parallel", "a", "b"], "'-p'"),
        (["-p", "65", "a", "b"], "'-p'"),
        (["-bs", "12x", "a", "b"], "'12x' is not a size"),
        (["-bs", "0", "a", "b"], "not a size"),
        (["-bs", "33M", "a", "b"], "at most 33554432"),
        (["-tcp-bs", "2g", "a", "b"], "not a size"),
        (["--timeout", "0", "a", "b"], "--timeout"),
        (["-dcsafe", "-dcpriv", "a", "b"], "exclude each other"),
        (["-nodcau", "-dcpriv", "a", "b"], "drop -nodcau"),
        (["-dcpriv", "ftp://h/a", "b"], "need gsiftp URLs"),
        (["-list", "a", "b"], "-list copies nothing"),
        (["-list", "-"], "cannot be listed"),
        (["-", "-"], "not a copy"),
        (["-", "to/"], "standard input has no name"),
    ],
)
def test_wrong_arguments(run: Runner, arguments: list[str], says: str) -> None:
    ran = run(*arguments, input=b"")
    assert ran.code == Exit.USAGE
    assert says in ran.error
    assert ran.stdout == ""


OPTIONS = "-vb -p -r -cd -tcp-bs -bs -fast -nodcau -dcsafe -dcpriv -list -q -dbg --json --timeout -version"


@pytest.mark.parametrize("option", ["-help", "-usage", "--help"])
def test_help(run: Runner, option: str) -> None:
    text = run.ok(option).stdout
    for code in Exit:
        assert re.search(rf"^ +{code.value}  {re.escape(code.meaning)}$", text, re.MULTILINE)
    for name in set(re.findall(r"-+[a-z-]+", OPTIONS)):
        assert re.search(rf"^  (-.*, )?{name}\b", text, re.MULTILINE), name


def test_option_names_are_those_of_globus_url_copy(run: Runner) -> None:
    ran = subprocess.run(["globus-url-copy", "-help"], capture_output=True, text=True, check=False)
    theirs = ran.stdout + ran.stderr
    ours = run.ok("-help").stdout
    names = set(
        re.findall(r"(?<![-\w])-[a-z][\w-]*", " ".join(re.findall(r"^  (-.*?)(?:  |$)", ours, re.MULTILINE)))
    )
    assert names - {"-completion"} <= set(re.findall(r"(?<![-\w])-[a-z][\w-]*", theirs))


def test_version(run: Runner) -> None:
    assert run.ok("-version").stdout == f"{run.program}: {version('globus-hl')}\n"


def test_installed_command(run: Runner, url: str, remote: Path, data: Path) -> None:
    command = Path(sysconfig.get_path("scripts"), run.program)
    subprocess.run([command, "-q", data, f"{url}/a"], env=run.env, check=True, timeout=30)
    assert (remote / "a").read_bytes() == data.read_bytes()


@pytest.mark.parametrize(
    ("words", "wanted"),
    [("-dc", {"-dcsafe", "-dcpriv"}), ("-tcp", {"-tcp-bs", "-tcp-buffer-size"}), ("-completion f", {"fish"})],
)
def test_bash_completion(run: Runner, words: str, wanted: set[str]) -> None:
    script = run.ok("-completion", "bash").stdout
    [function] = re.findall(r"^(_\w+)\(\) \{", script, re.MULTILINE)[:1]
    inner = run.directory / run.program
    inner.write_text(f'#!/bin/sh\nexec {shlex.join(run.argv)} "$@"\n')
    inner.chmod(0o755)
    words = f"{run.program} {words}"
    ask = f"COMP_WORDS=({words}); COMP_CWORD=$((${{#COMP_WORDS[@]}} - 1)); {function} {run.program};"
    completed = subprocess.run(
        ["bash", "-c", f'{script}\n{ask} printf "%s\\n" "${{COMPREPLY[@]}}"'],
        env=run.env | {"PATH": f"{run.directory}:{run.env['PATH']}"},
        capture_output=True,
        check=True,
        timeout=30,
    )
    assert set(completed.stdout.decode().split()) == wanted


@pytest.mark.parametrize("shell", ["zsh", "fish"])
def test_other_completions(run: Runner, shell: str) -> None:
    assert "_PYGLOBUS_URL_COPY_COMPLETE" in run.ok("-completion", shell).stdout


def test_nothing_is_imported_that_is_not_needed(run: Runner, url: str, data: Path) -> None:
    with run.start("-q", data, f"{url}/a", env={"PYTHONPROFILEIMPORTTIME": "1"}) as process:
        stderr = process.communicate(timeout=30)[1].decode()
    assert process.returncode == 0
    imported = {
        line.rpartition("|")[2].strip() for line in stderr.splitlines() if line.startswith("import time:")
    }
    assert "globus_hl.gridftp.url" in imported
    unwanted = {
        "rich",
        "asyncio",
        "globus_hl.testgrid",
        "cryptography",
        "globus_hl.gridftp.ls",
        "http",
        "ssl",
    }
    assert not unwanted & imported
