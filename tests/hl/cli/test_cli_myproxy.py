"""``pyglobus myproxy`` against the stock server."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from tests.hl.cli.conftest import Runner

from globus_hl.cli.exits import Exit
from globus_hl.security import Credential

if TYPE_CHECKING:
    from globus_hl.testgrid import Grid

PHRASE = b"correct horse\n"


class MyProxy(Runner):
    program = "pyglobus"
    argv = (sys.executable, "-W", "error", "-m", "globus_hl.cli.pyglobus", "myproxy")


@pytest.fixture
def run(grid: Grid, tmp_path: Path) -> MyProxy:
    (tmp_path / "work").mkdir()
    runner = MyProxy(grid, tmp_path / "work")
    runner.env |= grid.myproxy.env
    return runner


def test_from_init_to_destroy(run: MyProxy, grid: Grid) -> None:
    name = ("-l", "cli-tom")
    assert "is stored at localhost:" in run.ok("init", "-S", *name, input=PHRASE).stdout
    [stored] = json.loads(run.ok("info", *name, "--json").stdout)
    assert stored["owner"] == grid.user.subject
    assert stored["time_left"] > 0
    assert grid.user.subject in run.ok("info", *name).stdout
    told = json.loads(run.ok("logon", "-S", *name, "-o", "got", "-t", "1", "--json", input=PHRASE).stdout)
    got = Credential.load(run.directory / "got")
    assert (told["path"], told["identity"]) == ("got", got.identity)
    assert 3000 < got.time_left < 4000
    run.ok("passwd", "-S", *name, input=PHRASE + b"battery staple\n")
    refused = run("logon", "-S", *name, "-o", "other", input=PHRASE)
    assert (refused.code, refused.stdout) == (Exit.LOGIN_REFUSED, "")
    assert "passphrase" in refused.error
    assert "correct horse" not in refused.stderr
    assert not (run.directory / "other").exists()
    run.ok("destroy", *name)
    missing = run("info", *name)
    assert missing.code == Exit.NOT_FOUND
    assert "no credentials found for user cli-tom" in missing.error


def test_passphrases_from_files_and_descriptors(run: MyProxy, tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_bytes(PHRASE)
    run.ok("init", "--passphrase-file", secret, "-l", "cli-file")
    with secret.open("rb") as file:
        os.set_inheritable(file.fileno(), True)
        number = file.fileno()
        run.ok("logon", "--passphrase-fd", number, "-l", "cli-file", "-o", "got", pass_fds=[number])
    both = run("logon", "-S", "--passphrase-file", secret, "-l", "cli-file", input=PHRASE)
    assert both.code == Exit.USAGE
    empty = run("logon", "-S", "-l", "cli-file", input=b"")
    assert "no passphrase in standard input" in empty.error
    absent = run("logon", "--passphrase-file", "absent", "-l", "cli-file")
    assert absent.code == Exit.NOT_FOUND


def test_without_a_terminal_nobody_is_asked(run: MyProxy) -> None:
    asked = run("logon", "-l", "cli-nobody", start_new_session=True)
    assert asked.code == Exit.USAGE
    assert "no terminal" in asked.error


def test_certificate_and_key(run: MyProxy, grid: Grid, tmp_path: Path) -> None:
    key = tmp_path / "key.pem"
    subprocess.run(
        ["openssl", "pkcs8", "-topk8", "-in", grid.user.key, "-passout", "pass:correct horse", "-out", key],
        check=True,
        timeout=30,
    )
    key.chmod(0o600)
    run.ok("store", grid.user.cert, key, "-l", "cli-keeper")
    run.ok("logon", "-S", "-l", "cli-keeper", "-o", "got", input=PHRASE)
    lines = PHRASE + b"battery staple\n"
    run.ok("init", "-S", "-C", grid.user.cert, "-y", key, "-c", "24", "-l", "cli-eec", input=lines)
    run.ok("logon", "-S", "-l", "cli-eec", "-o", "got", input=b"battery staple\n")
    assert Credential.load(run.directory / "got").identity == grid.user.subject
    half = run("init", "-S", "-C", grid.user.cert, "-l", "cli-eec", input=PHRASE)
    assert half.code == Exit.USAGE
    assert "-keyfile" in half.error


def test_renewal(run: MyProxy, grid: Grid) -> None:
    run.ok("init", "-n", "-R", "*", "-l", "cli-renewed")
    run.ok("logon", "-a", grid.user.proxy, "-l", "cli-renewed", "-o", "new")
    assert Credential.load(run.directory / "new").identity == grid.user.subject


def test_trust_roots(run: MyProxy, grid: Grid) -> None:
    told = json.loads(run.ok("trustroots", "-d", "roots", "--json").stdout)
    assert grid.ca.hashes[0] in told["authorities"]
    assert set(os.listdir(run.directory / "roots")) == set(told["files"])
    wrong = run("trustroots", "-d", "fresh", "--fingerprint", "00" * 32)
    assert wrong.code == Exit.NOT_TRUSTED
    assert not (run.directory / "fresh").exists()


def test_wrong_words(run: MyProxy, grid: Grid) -> None:
    nameless = run("info", env={"MYPROXY_SERVER": ""})
    assert nameless.code == Exit.USAGE
    assert "name one by -s" in nameless.error
    nobody = run("info", "-s", "localhost", "-p", "1", "-l", "x")
    assert nobody.code == Exit.NO_CONNECTION
    assert run("info", "-p", "0").code == Exit.USAGE


def test_help_tells_every_option(run: MyProxy) -> None:
    for name in ("init", "logon", "info", "store", "passwd", "destroy", "trustroots"):
        assert "--pshost" in run.ok(name, "--help").stdout
