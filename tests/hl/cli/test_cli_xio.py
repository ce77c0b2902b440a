"""``pyglobus xio``: cat and perf, as processes, over stacks with and without GSI."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from typing import TYPE_CHECKING, Any

import pytest
from tests.hl.cli.conftest import Process, Runner

from globus_hl.cli.exits import Exit

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from globus_hl.testgrid import Grid


class Pyglobus(Runner):
    program = "pyglobus"
    argv = (sys.executable, "-W", "error", "-m", "globus_hl.cli.pyglobus", "xio")


@pytest.fixture
def run(grid: Grid, tmp_path: Path) -> Pyglobus:
    (tmp_path / "work").mkdir()
    return Pyglobus(grid, tmp_path / "work")


@pytest.fixture
def host(grid: Grid) -> tuple[object, ...]:
    """Options of a server on tcp,gsi."""
    return ("-s", "tcp,gsi", "--credential", grid.host.cert, "--key", grid.host.key)


def first_event(process: Process, stream: Any = None) -> dict[str, Any]:
    """The next line of ``--json``."""
    return json.loads((stream or process.stderr).readline())


class Listening:
    """``pyglobus xio cat -l 0 --json``, which is up."""

    def __init__(self, process: Process) -> None:
        self.process = process
        event = first_event(process)
        assert event["event"] == "listening", event
        self.contact = f"localhost:{event['contact'].rpartition(':')[2]}"

    def end(self, given: bytes | None = None) -> tuple[int, bytes, list[dict[str, Any]]]:
        """Its exit code, its output, and the other events."""
        stdout, stderr = self.process.communicate(given, timeout=40)
        return self.process.returncode, stdout, [json.loads(line) for line in stderr.splitlines()]


@contextlib.contextmanager
def listening(run: Pyglobus, *options: object, **more: Any) -> Iterator[Listening]:
    with run.start("cat", "-l", "localhost:0", "--json", *options, **more) as process:
        try:
            yield Listening(process)
        finally:
            if process.poll() is None:
                process.kill()


@pytest.mark.parametrize("stack", ["tcp", "tcp,gsi", "tcp,gsi,rate:1GB/s"])
def test_data_goes_both_ways_and_both_ends_end(
    run: Pyglobus, grid: Grid, host: tuple[object, ...], data: Path, stack: str
) -> None:
    options = (*host, "-s", stack)
    back = os.urandom(1_000_001)
    with listening(run, *options, stdin=subprocess.PIPE) as server:
        with data.open("rb") as source:
            client = run.start("cat", "-s", stack, server.contact, stdin=source)
        with client:
            code, received, events = server.end(back)
            assert client.communicate(timeout=40) == (back, b"")
            assert client.returncode == 0
    assert (code, received) == (0, data.read_bytes())
    connected, closed = events
    assert connected["subject"] == (grid.user.subject if "gsi" in stack else None)
    assert closed["sent"] == len(back) and closed["received"] == len(received) and closed["error"] is None


def test_a_peer_that_is_a_plain_program(run: Pyglobus) -> None:
    with listening(run, stdin=subprocess.DEVNULL) as server:
        with socket.create_connection(("localhost", int(server.contact.rpartition(":")[2])), 20) as peer:
            assert peer.recv(1) == b""  # its input has ended, and it still reads
            peer.sendall(b"late")
        code, received, _ = server.end()
    assert (code, received) == (0, b"late")


def test_one_after_the_other(run: Pyglobus) -> None:
    with listening(run, "-k", "-n") as server:
        for text in (b"one ", b"two"):
            run.ok("cat", server.contact, input=text)
        server.process.send_signal(signal.SIGTERM)
        code, received, events = server.end()
    assert (code, received) == (Exit.TERMINATED, b"one two")
    assert [event["event"] for event in events if event["event"] != "error"] == ["connected", "closed"] * 2


def test_a_file(run: Pyglobus, data: Path) -> None:
    with data.open("rb") as wanted:
        process = run.start("cat", "-s", "file", "--no-input", data)
        with process:
            assert process.communicate(timeout=40) == (wanted.read(), b"")


def test_a_file_that_is_only_read_is_not_made(run: Pyglobus, tmp_path: Path) -> None:
    with run.start("cat", "-s", "file", "--no-input", tmp_path / "none") as process:
        assert b"No such file" in process.communicate(timeout=40)[1]
    assert process.returncode == Exit.NOT_FOUND
    assert not (tmp_path / "none").exists()


def test_forwarding_puts_gsi_in_between(run: Pyglobus, grid: Grid, host: tuple[object, ...]) -> None:
    with (
        listening(run, *host, "-k", "-n") as server,
        listening(run, "-k", "--to", server.contact, "--to-stack", "tcp,gsi") as forwarder,
    ):
        peers = [
            socket.create_connection(("localhost", int(forwarder.contact.rpartition(":")[2])), 20)
            for _ in range(3)
        ]
        for number, peer in enumerate(peers):
            peer.sendall(b"%d" % number)
            peer.shutdown(socket.SHUT_WR)
        for peer in peers:  # the server takes one after the other, in an order of its own
            assert peer.recv(1) == b""  # its input has ended
            peer.close()
        seen = []
        while [event["event"] for event in seen].count("closed") < len(peers):  # it has taken ours
            seen.append(first_event(server.process))
        forwarder.process.send_signal(signal.SIGINT)
        assert forwarder.end()[0] == Exit.INTERRUPTED
        server.process.send_signal(signal.SIGTERM)
        received = server.end()[1]
    assert sorted(received) == sorted(b"012")
    subjects = {event["subject"] for event in seen if event["event"] == "connected"}
    assert subjects == {grid.user.subject}


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("busy", [False, True])
def test_signals_end_it_within_a_second(run: Pyglobus, number: signal.Signals, busy: bool) -> None:
    """While nobody is there, and while a client hangs and nobody gives or takes data."""
    with listening(run, stdin=subprocess.PIPE) as server, contextlib.ExitStack() as stack:
        if busy:
            address = "localhost", int(server.contact.rpartition(":")[2])
            peer = stack.enter_context(socket.create_connection(address, 20))
            assert first_event(server.process)["event"] == "connected"
            peer.setblocking(False)
            with contextlib.suppress(BlockingIOError):
                while True:
                    peer.send(bytes(65536))
        started = time.monotonic()
        server.process.send_signal(number)
        code = server.process.wait(20)
        assert time.monotonic() - started < 1.0
        assert code == 128 + number
        server.process.communicate()


def test_a_reader_that_goes_away(run: Pyglobus) -> None:
    with listening(run) as server:
        assert server.process.stdout is not None
        server.process.stdout.close()
        with socket.create_connection(("localhost", int(server.contact.rpartition(":")[2])), 20) as peer:
            peer.sendall(b"x" * 100)
            assert server.process.wait(20) == Exit.BROKEN_PIPE
        assert server.process.stderr is not None
        server.process.stderr.close()


@pytest.mark.parametrize(
    ("options", "words"), [(("--timeout", "0.5"), "0.5 seconds"), (("--idle", "0.4"), "no data for 0.4")]
)
def test_deadlines(run: Pyglobus, options: tuple[str, ...], words: str) -> None:
    with socket.create_server(("localhost", 0)) as silent:
        ran = run("cat", f"localhost:{silent.getsockname()[1]}", *options)
    assert ran.code == Exit.TIMEOUT
    assert words in ran.error


def test_a_handshake_that_stalls(run: Pyglobus) -> None:
    with socket.create_server(("localhost", 0)) as silent:
        contact = f"localhost:{silent.getsockname()[1]}"
        ran = run("cat", "-s", "tcp,gsi", contact, "--connect-timeout", "0.5")
        assert ran.code == Exit.TIMEOUT
        assert contact in ran.error
        told = run("cat", "-s", "tcp,gsi", contact, "--connect-timeout", "0.5", "--json")
    [event] = [json.loads(line) for line in told.stderr.splitlines()]
    assert (told.code, event["event"], event["exit_code"]) == (Exit.TIMEOUT, "error", Exit.TIMEOUT)


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        ((), Exit.USAGE, "CONTACT"),
        (("-l", "1", "host:1"), Exit.USAGE, "one of both"),
        (("host:1", "-k"), Exit.USAGE, "go with -l"),
        (("-l", "here"), Exit.USAGE, "[HOST:]PORT"),
        (("-s", "gsi", "host:1"), Exit.USAGE, "begins with what moves data"),
        (("-s", "nothing", "host:1"), Exit.USAGE, "there is no XIO driver nothing"),
        (("-s", "file", "-l", "1"), Exit.USAGE, "it needs tcp"),
        (("-s", "tcp,gsi", "--key", "k", "host:1"), Exit.USAGE, "--key goes with --credential"),
        (("-s", "tcp,gsi", "--credential", "none", "host:1"), Exit.BAD_CREDENTIAL, "none"),
        (("localhost:1",), Exit.NO_CONNECTION, "refused"),
    ],
)
def test_what_is_wrong_is_one_line_and_an_exit_code(
    run: Pyglobus, arguments: tuple[str, ...], code: Exit, words: str
) -> None:
    ran = run("cat", *arguments)
    assert ran.code == code, ran.stderr
    assert words in ran.error


def test_who_is_expected_and_who_is_allowed(run: Pyglobus, grid: Grid, host: tuple[object, ...]) -> None:
    with listening(run, *host, "-n", "--allow", "/O=Grid/CN=Nobody", "--allow", grid.host.subject) as server:
        wrong = run("cat", "-s", "tcp,gsi", "--expect", "/O=Grid/CN=Nobody", server.contact)
        assert wrong.code == Exit.NOT_TRUSTED
        run("cat", "-s", "tcp,gsi", server.contact)  # the user: refused
        run.ok("cat", *host, "--expect", "self", server.contact, input=b"from the host")
        code, received, events = server.end()
    assert (code, received) == (0, b"from the host")
    refused = [event["message"] for event in events if event["event"] == "refused"]
    assert any(f"{grid.user.subject} is refused" in message for message in refused)


def test_curl_talks_to_it(run: Pyglobus, grid: Grid, host: tuple[object, ...]) -> None:
    curl = shutil.which("curl")
    if curl is None:
        pytest.skip("curl is not installed here")
    answer = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nConnection: close\r\n\r\nhello"
    with listening(run, *host, "--tls", stdin=subprocess.PIPE) as server:
        command = [curl, "-sS", f"https://{server.contact}/x", "--capath", grid.env["X509_CERT_DIR"]]
        command += ["--cert", str(grid.user.cert), "--key", str(grid.user.key), "--max-time", "20"]
        done: list[subprocess.CompletedProcess[bytes]] = []
        thread = threading.Thread(
            target=lambda: done.append(subprocess.run(command, capture_output=True, timeout=30, check=False))
        )
        thread.start()
        code, received, events = server.end(answer)
        thread.join(30)
    assert done[0].stdout == b"hello", (done, events)
    assert received.startswith(b"GET /x HTTP/1.1\r\n")
    assert (code, events[0]["subject"]) == (0, grid.user.subject)


# ---- perf ---------------------------------------------------------------------------------------------------------


@contextlib.contextmanager
def measured(run: Pyglobus, *options: object) -> Iterator[tuple[Process, str]]:
    with run.start("perf", "-l", "localhost:0", "--json", *options) as process:
        try:
            contact = first_event(process, process.stdout)["contact"]
            yield process, f"localhost:{contact.rpartition(':')[2]}"
        finally:
            if process.poll() is None:
                process.kill()


@pytest.mark.parametrize("stack", ["tcp", "tcp,gsi"])
def test_all_tests(run: Pyglobus, grid: Grid, host: tuple[object, ...], stack: str) -> None:
    quick = ("--round-trips", "20", "-b", "64k", "--streams", "2")
    with measured(run, *host, "-s", stack) as (server, contact):
        ran = run.ok("perf", "-s", stack, contact, *quick, "--bytes", "3M", "--json")
        people = run.ok("perf", "-s", stack, contact, *quick, "-t", "0.2", "--test", "send").stdout
        server.send_signal(signal.SIGINT)
        assert server.wait(20) == Exit.INTERRUPTED
        stdout, _ = server.communicate()
    told = json.loads(ran.stdout)
    latency, send, receive = told["results"]
    assert told["stack"] == stack
    assert latency["round_trips"] == 20
    assert 0 < latency["minimum"] <= latency["median"] <= latency["p99"] <= latency["maximum"]
    for result in (send, receive):
        assert result["bytes"] == 2 * (3 << 20)
        assert result["rate"] == pytest.approx(result["bytes"] / result["seconds"])
        assert result["streams"] == 2
    assert latency["subject"] == (grid.host.subject if "gsi" in stack else None)
    assert "MB/s" in people and "2 streams" in people
    served = [json.loads(line)["test"] for line in stdout.splitlines()]
    assert sorted(served) == sorted(["latency", *["send"] * 4, *["receive"] * 2])


def test_a_server_goes_on_after_a_client_that_is_none(run: Pyglobus) -> None:
    with measured(run) as (server, contact):
        address = "localhost", int(contact.rpartition(":")[2])
        for said in (b"GET / HTTP/1.1\r\n", b'{"test": "send"}\n', b"{" * 10000, b""):
            with socket.create_connection(address, 20) as peer, contextlib.suppress(ConnectionError):
                peer.sendall(said)
                peer.shutdown(socket.SHUT_WR)
                assert peer.recv(100) == b""
            assert first_event(server, server.stdout)["event"] == "failed"
        run.ok("perf", contact, "--test", "latency", "--round-trips", "2")


def test_what_does_not_answer(run: Pyglobus) -> None:
    with socket.create_server(("localhost", 0)) as silent:
        contact = f"localhost:{silent.getsockname()[1]}"
        ran = run("perf", contact, "--test", "latency", "--timeout", "0.3")
    assert ran.code == Exit.TIMEOUT
    assert "0.3 seconds" in ran.error


# ---- help and completion ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["cat", "perf"])
def test_help_imports_nothing_of_the_library(run: Pyglobus, name: str) -> None:
    text = run.ok(name, "--help").stdout
    assert "Exit codes:" in text and "--stack" in text
    code = f"import globus_hl.cli.xio_{name}, sys; print(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=30
    )
    assert not {"globus_lowlevel", "globus_hl.xio", "asyncio"} & set(done.stdout.split())


@pytest.mark.parametrize(
    ("words", "wanted"),
    [
        ("xio ", {"cat", "perf"}),
        ("xio cat --idl", {"--idle"}),
        ("xio cat --stack t", {"tcp"}),
        ("xio cat --stack tcp,g", {"tcp,gsi", "tcp,gssapi_ftp"}),
        ("xio perf --test ", {"latency", "send", "receive"}),
    ],
)
def test_completion(run: Pyglobus, words: str, wanted: set[str]) -> None:
    text = f"pyglobus {words}"
    env = {
        "_PYGLOBUS_COMPLETE": "bash_complete",
        "COMP_WORDS": text,
        "COMP_CWORD": str(len(text.split(" ")) - 1),
    }
    command = [*run.argv[:-1]]
    done = subprocess.run(command, env=run.env | env, capture_output=True, text=True, check=False, timeout=30)
    assert {line.partition(",")[2] for line in done.stdout.splitlines()} == wanted
