"""Copies and listings with ``pyglobus-url-copy``."""

from __future__ import annotations

import os
import re
import subprocess
from typing import TYPE_CHECKING

import pytest

from globus_hl.cli.exits import Exit
from globus_hl.gridftp.url import GridFTPURL

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.hl.cli.conftest import Runner, Tree

    from globus_hl.testgrid import Grid, GridFTPServer


AWKWARD_NAMES = [
    *("plain", "a b", " lead", "100%", "%41", "a#b?c;type=i", "*[x]?", "café", "caf\udce9", "-r"),
]


@pytest.fixture(scope="module")
def talkative_server(grid: Grid) -> Iterator[GridFTPServer]:
    """A server that logs every command it gets."""
    with grid.start_gridftp(options=["-log-level", "ALL"]) as server:
        yield server


# ---- copies ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "options",
    [
        "",
        "-p 4",
        "-p 1",
        "-p 0",
        "-fast",
        "-parallel 3 -dcpriv",
        "-dcsafe",
        "-data-channel-private",
        "-nodcau",
        "-tcp-bs 1M -bs 65536",
        "--tcp-buffer-size=128k --block-size=100000",
        "-q",
        "-vb",
    ],
)
def test_there_and_back(run: Runner, url: str, remote: Path, data: Path, options: str) -> None:
    run.ok(*options.split(), data, f"{url}/a")
    assert (remote / "a").read_bytes() == data.read_bytes()
    run.ok(*options.split(), f"{url}/a", run.directory / "back")
    assert (run.directory / "back").read_bytes() == data.read_bytes()
    assert (os.listdir(remote), os.listdir(run.directory)) == (["a"], ["back"]), "nothing is left over"


@pytest.mark.parametrize(
    ("options", "wanted", "unwanted"),
    [
        ("", ["DCAU A"], ["MODE E", "PROT", "SITE RETRBUFSIZE"]),
        ("-p 4", ["DCAU A", "MODE E", "OPTS RETR Parallelism=4,4,4;"], ["PROT"]),
        ("-fast", ["MODE E"], []),
        ("-dcsafe", ["DCAU A", "PROT S"], []),
        ("-dcpriv", ["DCAU A", "PROT P"], []),
        ("-nodcau", ["DCAU N"], ["DCAU A"]),
        ("-tcp-bs 128k", ["SITE RETRBUFSIZE 131072"], []),
    ],
)
def test_what_options_ask_of_the_server(
    run: Runner, talkative_server: GridFTPServer, options: str, wanted: list[str], unwanted: list[str]
) -> None:
    (talkative_server.root / "a").write_bytes(b"x" * 100_000)
    before = talkative_server.log.stat().st_size
    run.ok(*options.split(), f"{talkative_server.url}/a", "back")
    commands = commands_since(before, talkative_server)
    for command in wanted:
        assert command in commands
    for command in unwanted:
        assert not [sent for sent in commands if sent.startswith(command)]


def commands_since(before: int, server: GridFTPServer) -> list[str]:
    """What clients said to the server since its log had that size."""
    said = server.log.read_bytes()[before:].decode()
    return re.findall(r"\[CLIENT\]: (.*?)\r?\n", said)


def test_third_party(
    run: Runner, url: str, remote: Path, data: Path, second_gridftp_server: GridFTPServer
) -> None:
    (remote / "a").write_bytes(data.read_bytes())
    run.ok(f"{url}/a", f"{second_gridftp_server.url}/third-party")
    assert (second_gridftp_server.root / "third-party").read_bytes() == data.read_bytes()


def test_anonymous_ftp(run: Runner, anonymous_server: GridFTPServer, data: Path) -> None:
    run.ok(data, f"{anonymous_server.ftp_url}/by-ftp")
    run.ok(f"{anonymous_server.ftp_url}/by-ftp", "back")
    assert (run.directory / "back").read_bytes() == data.read_bytes()


def test_ftp_with_password(run: Runner, grid: Grid, data: Path) -> None:
    with grid.start_gridftp("password") as server:
        ran = run.ok(data, f"{server.ftp_url}/a")
        assert (server.root / "a").read_bytes() == data.read_bytes()
        assert server.password not in ran.stdout
        wrong = run(data, server.ftp_url.replace(f":{server.password}@", ":wrong@") + "/b")
        assert wrong.code == Exit.LOGIN_REFUSED
        assert "wrong" not in wrong.error


def test_empty_file(run: Runner, url: str, remote: Path) -> None:
    (run.directory / "empty").touch()
    for options in ((), ("-p", "2")):
        run.ok(*options, "empty", f"{url}/empty")
        run.ok(*options, f"{url}/empty", "back")
        assert (remote / "empty").stat().st_size == (run.directory / "back").stat().st_size == 0


def test_standard_streams(run: Runner, url: str, remote: Path, data: Path) -> None:
    run.ok("-", f"{url}/a", input=data.read_bytes())
    assert (remote / "a").read_bytes() == data.read_bytes()
    with run.start("-p", "4", f"{url}/a", "-") as process:
        stdout, stderr = process.communicate(timeout=30)
    assert (process.returncode, stdout) == (0, data.read_bytes())
    assert b"a -> " in stderr  # standard output carries the data


def test_local_copy(run: Runner, data: Path) -> None:
    run.ok(data, f"file://{run.directory}/copy")
    assert (run.directory / "copy").read_bytes() == data.read_bytes()
    (run.directory / "to").mkdir()
    run.ok("-r", f"file:{data.parent}/dat*", "to/", "--timeout", "20")
    assert (run.directory / "to" / "data").read_bytes() == data.read_bytes()


@pytest.mark.parametrize("name", AWKWARD_NAMES)
def test_awkward_name(run: Runner, url: str, remote: Path, name: str) -> None:
    there = GridFTPURL.parse(url) / name
    (run.directory / name).write_bytes(b"awkward")
    run.ok(run.directory / name, there)
    assert os.listdir(remote) == [name]
    (run.directory / "to").mkdir()
    run.ok(there, "to/")
    assert os.listdir(run.directory / "to") == [name]
    assert str(there) in run.ok("--json", "-list", f"{url}/").stdout
    assert name in run.ok("-list", f"{url}/").stdout


def test_option_like_path(run: Runner, url: str, remote: Path) -> None:
    (run.directory / "-r").write_bytes(b"x")
    run.ok("--", "-r", f"{url}/")
    assert os.listdir(remote) == ["-r"]


def test_existing_file_is_replaced(run: Runner, url: str, remote: Path, data: Path) -> None:
    for path in (remote / "a", run.directory / "a"):
        path.write_bytes(b"old" * 10_000_000)
    run.ok(data, f"{url}/a")
    run.ok(f"{url}/a", "a")
    assert (remote / "a").read_bytes() == (run.directory / "a").read_bytes() == data.read_bytes()


# ---- several files -----------------------------------------------------------------------------------


def test_directory(run: Runner, url: str, remote: Path, tree: Tree) -> None:
    ran = run(f"{tree.root}/", f"{url}/")
    assert ran.code == 0
    assert "nowhere: left out" in ran.error
    assert tree.found(remote) == tree.files
    assert "5 of 5 files" in ran.stdout
    (run.directory / "to").mkdir()
    run.ok(f"{url}/", "to/")
    assert tree.found(run.directory / "to") == tree.files


def test_recursive(run: Runner, url: str, remote: Path, tree: Tree) -> None:
    up = run("-r", "-cd", f"{tree.root}/", f"{url}/new/dir/")
    assert up.code == 0
    assert "loop: left out, it is a link to a directory that it is in itself" in up.stderr
    assert tree.found(remote / "new" / "dir") == tree.files | tree.below
    assert (remote / "new" / "dir" / "empty").is_dir()
    (remote / "new" / "dir" / "sub" / "loop").symlink_to("..")
    down = run("-r", "-cd", "-fast", f"{url}/new/", f"{run.directory}/down/")
    assert down.code == 0
    assert "loop: left out" in down.error
    assert tree.found(run.directory / "down" / "dir") == tree.files | tree.below
    for name in tree.below:
        assert (run.directory / "down" / "dir" / name).read_text() == name


def test_several_files_share_their_data_connections(
    run: Runner, talkative_server: GridFTPServer, tree: Tree
) -> None:
    before = talkative_server.log.stat().st_size
    run("-q", "-cd", f"{tree.root}/", f"{talkative_server.url}/shared/")
    commands = commands_since(before, talkative_server)
    assert sum(command.startswith("STOR ") for command in commands) == len(tree.files) > 1
    assert commands.count("PASV") == 1
    before = talkative_server.log.stat().st_size
    run.ok("-q", "-cd", f"{talkative_server.url}/shared/", "back/")
    commands = commands_since(before, talkative_server)
    assert sum(command.startswith("RETR ") for command in commands) == len(tree.files)
    assert commands.count("PASV") == 1, "for the listing"
    assert sum(command.startswith("PORT ") for command in commands) == 1
    assert tree.found(run.directory / "back") == tree.files


def test_a_server_that_cannot_connect_to_this_machine_sends_several_files_all_the_same(
    run: Runner, grid: Grid, tree: Tree
) -> None:
    with grid.start_gridftp(options=["-disable-command-list", "PORT,EPRT,SPOR"]) as server:
        run("-q", "-cd", f"{tree.root}/", f"{server.url}/")
        ran = run.ok("-cd", f"{server.url}/", "back/")
        assert "5 of 5 files" in ran.stdout
        assert tree.found(run.directory / "back") == tree.found(server.root)


def test_recursive_third_party(
    run: Runner, url: str, remote: Path, tree: Tree, second_gridftp_server: GridFTPServer
) -> None:
    run("-r", "-q", f"{tree.root}/", f"{url}/")
    run.ok("-r", "-cd", f"{url}/", f"{second_gridftp_server.url}/tree/")
    assert tree.found(second_gridftp_server.root / "tree") == tree.files | tree.below


@pytest.mark.parametrize(
    ("pattern", "names"),
    [
        ("*.dat", {"a.dat", "b.dat", "[c].dat"}),
        ("[ab]*", {"a.dat", "b.dat"}),
        ("?.dat", {"a.dat", "b.dat"}),
        ("*", {"a.dat", "b.dat", ".hidden", "[c].dat", "link"}),
        ("%5Bc%5D.*", {"[c].dat"}),
        ("[!a].dat", {"b.dat"}),
    ],
)
def test_wildcards(run: Runner, url: str, remote: Path, tree: Tree, pattern: str, names: set[str]) -> None:
    (remote / "here").mkdir()
    run("-q", f"{tree.root}/", f"{url}/here/")
    (run.directory / "to").mkdir()
    run.ok(f"{url}/here/{pattern}", "to/")
    assert tree.found(run.directory / "to") == names
    (remote / "there").mkdir()
    run(f"file://{tree.root}/{pattern}", f"{url}/there/")
    assert tree.found(remote / "there") == names


def test_one_match_needs_no_directory(run: Runner, url: str, remote: Path) -> None:
    (remote / "only").write_bytes(b"one")
    run.ok(f"{url}/on*", "to")
    assert (run.directory / "to").read_bytes() == b"one"


def test_several_files_need_a_directory(run: Runner, url: str, tree: Tree) -> None:
    for options in ((), ("-r",)):
        ran = run(*options, f"file://{tree.root}/?.dat", f"{url}/x")
        assert ran.code == Exit.USAGE
        assert "end it with '/'" in ran.error


def test_nothing_to_copy(run: Runner, url: str, remote: Path) -> None:
    assert run.ok(f"{url}/", f"{run.directory}/").stdout == "", "an empty directory is no error"
    ran = run(f"{url}/*.dat", f"{run.directory}/")
    assert ran.code == Exit.NOT_FOUND
    assert "no file fits the pattern" in ran.error
    (remote / "sub").mkdir()
    ran = run(f"{url}/", f"{run.directory}/")
    assert ran.code == Exit.NOT_FOUND
    assert "add -r" in ran.error


def test_create_destination(run: Runner, url: str, remote: Path, data: Path) -> None:
    for target, directory in ((f"{url}/p/q/a", remote / "p" / "q"), ("r/s/a", run.directory / "r" / "s")):
        ran = run(data, target)
        assert ran.code == Exit.NOT_FOUND
        assert "-cd" in ran.error
        run.ok("-cd", data, target)
        run.ok("-create-dest", data, target)
        assert os.listdir(directory) == ["a"]


def test_missing_directory_without_cd_is_found_before_the_next_file(
    run: Runner, url: str, tree: Tree
) -> None:
    ran = run("-r", f"{tree.root}/sub/", f"{url}/not/there/")
    assert ran.code == Exit.NOT_FOUND


# ---- listing -----------------------------------------------------------------------------------------


def test_list_is_that_of_globus_url_copy(run: Runner, url: str, remote: Path, tree: Tree) -> None:
    run("-r", "-q", f"{tree.root}/", f"{url}/")
    for options in ([], ["-r"]):
        theirs = subprocess.run(
            ["globus-url-copy", *options, "-list", f"{url}/"],
            env=run.env,
            capture_output=True,
            check=True,
            timeout=30,
        ).stdout.decode()
        ours = run.ok(*options, "-list", f"{url}/").stdout
        assert sorted(line.rstrip() for line in ours.splitlines()) == sorted(
            line.rstrip() for line in theirs.splitlines()
        )


def test_long_list(run: Runner, url: str, remote: Path) -> None:
    (remote / "a b").write_bytes(b"12345")
    (remote / "a b").chmod(0o640)
    os.utime(remote / "a b", (0, 1_000_000_000))
    ran = run.ok("-vb", "-list", f"{url}/")
    assert re.search(r"- 0640 .* 5  2001-09-09 01:46:40  a b\n", ran.stdout)


@pytest.mark.parametrize("target", ["a", "", "/", "/a", "/?"])
def test_list_of_anything(run: Runner, url: str, remote: Path, target: str) -> None:
    (remote / "a").write_bytes(b"x")
    assert "    a\n" in run.ok("-list", url + target if target != "a" else f"{remote}/a").stdout


def test_list_of_what_is_not_there(run: Runner, url: str) -> None:
    for target in (f"{url}/no/", f"{url}/no", "no", "no/"):
        ran = run("-list", target)
        assert ran.code == Exit.NOT_FOUND
        assert "no" in ran.error
