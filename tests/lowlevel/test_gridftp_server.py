"""globus_lowlevel.gridftp_server: a storage interface in Python, embedded, that serves the real globus-url-copy."""

from __future__ import annotations

import ftplib
import hashlib
import os
import pwd
import stat
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.lowlevel.conftest import eventually

import globus_lowlevel
from globus_lowlevel import GlobusError, common, gridftp_server, gridftp_server_control

LIMIT = 30.0
ROOT = Path(__file__).resolve().parents[2]


class Upload:
    """Blocks of a file as they come, in any order; as many reads outstanding as the server thinks good."""

    def __init__(self, store: Store, path: str, operation: Any) -> None:
        self.store, self.path = store, path
        self.blocks: dict[int, bytes] = {}
        self.error: Exception | None = None
        self.eof = False
        self.outstanding = 0
        size = gridftp_server.globus_gridftp_server_get_block_size(operation)
        gridftp_server.globus_gridftp_server_begin_transfer(operation, 0, None)
        with store.lock:
            for _ in range(gridftp_server.globus_gridftp_server_get_optimal_concurrency(operation)):
                self.read(operation, bytearray(size))

    def read(self, operation: Any, buffer: bytearray) -> None:
        try:
            gridftp_server.globus_gridftp_server_register_read(operation, buffer, self.on_block, self)
            self.outstanding += 1
        except GlobusError:  # the connections have ended: the reads before this one say how
            if not self.outstanding:
                raise

    def on_block(
        self,
        operation: Any,
        error: Any,
        buffer: bytearray,
        length: int,
        offset: int,
        eof: bool,
        argument: Any,
    ) -> None:
        assert argument is self
        with self.store.lock:
            self.outstanding -= 1
            self.error = self.error or error
            self.eof = self.eof or eof
            if length:
                self.blocks[offset] = bytes(buffer[:length])
                gridftp_server.globus_gridftp_server_update_bytes_written(operation, offset, length)
            if not self.eof and not self.error:
                self.read(operation, buffer)
            if self.outstanding:
                return
            if not self.error:
                self.store.files[self.path] = b"".join(self.blocks[at] for at in sorted(self.blocks))
        gridftp_server.globus_gridftp_server_finished_transfer(operation, self.error)


class Download:
    """A file, block after block: the next one is sent when the last one has gone."""

    def __init__(self, store: Store, data: bytes, operation: Any) -> None:
        self.store, self.data = store, data
        self.size = gridftp_server.globus_gridftp_server_get_block_size(operation)
        gridftp_server.globus_gridftp_server_begin_transfer(operation, 0, None)
        self.at, length = gridftp_server.globus_gridftp_server_get_read_range(operation)
        self.end = len(data) if length < 0 else min(len(data), self.at + length)  # -1: to the end
        self.send(operation)

    def send(self, operation: Any) -> None:
        block = self.data[self.at : min(self.at + self.size, self.end)]
        if not block:
            gridftp_server.globus_gridftp_server_finished_transfer(operation, None)
            return
        offset, self.at = self.at, self.at + len(block)  # before the callback, which may come at once
        try:
            gridftp_server.globus_gridftp_server_register_write(
                operation, block, offset, -1, self.on_block, None
            )
        except GlobusError as error:  # the client has gone
            gridftp_server.globus_gridftp_server_finished_transfer(operation, error)

    def on_block(self, operation: Any, error: Any, buffer: bytes, length: int, argument: Any) -> None:
        if error:
            gridftp_server.globus_gridftp_server_finished_transfer(operation, error)
        else:
            self.send(operation)


class Store:
    """Files in memory. Nobody may write below /sealed."""

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}
        self.directories = {"/", "/sealed"}
        self.lock = threading.RLock()
        self.sessions: list[str] = []
        self.ended: list[object] = []
        self.commands: list[tuple[Any, str]] = []
        self.without_dot = False  # listings are without the entry of the directory itself

    def interface(self) -> Any:
        return gridftp_server.globus_gfs_storage_iface_t(
            init_func=self.on_session,
            destroy_func=self.ended.append,
            send_func=self.on_send,
            recv_func=self.on_receive,
            command_func=self.on_command,
            stat_func=self.on_stat,
        )

    def on_session(self, operation: Any, session: Any) -> None:
        self.sessions.append(session.username)
        gridftp_server.globus_gridftp_server_finished_session_start(operation, None, self, None, "/")

    def entry(self, path: str) -> Any:
        """What stat() says of a path, None of one that is not there."""
        if path in self.directories:
            mode, size = stat.S_IFDIR | 0o755, 0
        elif path in self.files:
            mode, size = stat.S_IFREG | 0o644, len(self.files[path])
        else:
            return None
        return gridftp_server_control.globus_gridftp_server_control_stat_t(
            name=path.rpartition("/")[2] or "/", mode=mode, size=size, nlink=1, mtime=1_600_000_000
        )

    def children(self, path: str) -> list[str]:
        base = path.rstrip("/") + "/"
        names = [*self.files, *self.directories]
        return sorted(n for n in names if n.startswith(base) and n != path and "/" not in n[len(base) :])

    def on_stat(self, operation: Any, info: Any, session: Any) -> None:
        assert session is self
        path = info.pathname.rstrip("/") or "/"
        with self.lock:
            own = self.entry(path)
            if own is None:
                error = gridftp_server.GlobusGFSErrorPathNotFound(path)
                gridftp_server.globus_gridftp_server_finished_stat(operation, error, None)
                return
            inside = path in self.directories and not info.file_only
            entries = [own] if not inside else [self.entry(name) for name in self.children(path)]
            if inside and not self.without_dot:
                own.name = "."
                entries.insert(0, own)
        gridftp_server.globus_gridftp_server_finished_stat(operation, None, entries)

    def on_send(self, operation: Any, info: Any, session: Any) -> None:
        if info.pathname == "/sealed/raises":
            raise ZeroDivisionError("a mistake of the author")
        data = self.files.get(info.pathname)
        if data is None:
            error = gridftp_server.GlobusGFSErrorPathNotFound(info.pathname)
            gridftp_server.globus_gridftp_server_finished_transfer(operation, error)
        else:
            Download(self, data, operation)

    def on_receive(self, operation: Any, info: Any, session: Any) -> None:
        if info.pathname.startswith("/sealed/"):
            error = gridftp_server.GlobusGFSErrorQuotaExceeded()
            gridftp_server.globus_gridftp_server_finished_transfer(operation, error)
        else:
            Upload(self, info.pathname, operation)

    def on_command(self, operation: Any, info: Any, session: Any) -> None:
        self.commands.append((info.command, info.pathname))
        error, answer = None, None
        with self.lock:
            if info.command == gridftp_server.GLOBUS_GFS_CMD_MKD:
                self.directories.add(info.pathname.rstrip("/"))
            elif info.command == gridftp_server.GLOBUS_GFS_CMD_DELE:
                if self.files.pop(info.pathname, None) is None:
                    error = gridftp_server.GlobusGFSErrorPathNotFound(info.pathname)
            elif info.command == gridftp_server.GLOBUS_GFS_CMD_CKSM:
                answer = hashlib.md5(self.files[info.pathname]).hexdigest()
            else:
                error = gridftp_server.GlobusGFSErrorNotImplemented()
        gridftp_server.globus_gridftp_server_finished_command(operation, error, answer)


class Served:
    """The embedded server and what it serves."""

    def __init__(self, directory: Path, restrict_paths: str = "RW/") -> None:
        """`restrict_paths` adds to those of earlier servers: the library keeps them as long as the process lives."""
        self.store = Store()
        gridftp_server.globus_gridftp_server_add_storage_module("memory", self.store.interface())
        config = directory / "conf"  # empty, in the place of /etc/gridftp.conf
        config.touch()
        (directory / "conf.d").mkdir()
        user = ["-allow-root", "-anonymous-user", pwd.getpwuid(0).pw_name] if os.geteuid() == 0 else []
        self.handle = gridftp_server.globus_gridftp_server_embed_init(
            [
                *("globus-gridftp-server", "-c", str(config), "-C", str(directory / "conf.d")),
                *("-port", "0", "-control-interface", "127.0.0.1", "-data-interface", "127.0.0.1"),
                *("-logfile", str(directory / "log"), "-allow-anonymous", *user),
                *("-dsi", "memory", "-connections-max", "100", "-restrict-paths", restrict_paths),
            ]
        )
        self.stopped = threading.Event()
        gridftp_server.globus_gridftp_server_embed_start(self.handle, self.on_event, None)
        contact = gridftp_server.globus_gridftp_server_embed_config_get_string(self.handle, "contact_string")
        self.port = int(contact.rpartition(":")[2])
        self.url = f"ftp://127.0.0.1:{self.port}"

    def on_event(self, handle: Any, error: Any, event: Any, argument: Any) -> bool:
        if event == gridftp_server.GLOBUS_GFS_EMBED_EVENT_STOPPED:
            self.stopped.set()
        return True

    def sessions(self) -> int:
        count: int = gridftp_server.globus_gridftp_server_embed_config_get_int(
            self.handle, "open_connections_count"
        )
        return count

    def idle(self) -> bool:
        return self.sessions() == 0 and len(self.store.ended) == len(self.store.sessions)

    def stop(self) -> None:
        assert eventually(lambda: self.sessions() == 0)
        gridftp_server.globus_gridftp_server_embed_stop(self.handle)
        assert self.stopped.wait(LIMIT), "the server did not stop"
        gridftp_server.globus_gridftp_server_embed_destroy(self.handle)


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    common.globus_module_activate(gridftp_server.GLOBUS_GRIDFTP_SERVER_MODULE)
    served = Served(tmp_path_factory.mktemp("server"))
    yield served
    served.stop()


@pytest.fixture
def store(served: Served) -> Store:
    """Empty again."""
    served.store.files.clear()
    served.store.directories = {"/", "/sealed"}
    served.store.commands.clear()
    return served.store


def url_copy(*arguments: object) -> subprocess.CompletedProcess[str]:
    words = [str(word) for word in arguments]
    return subprocess.run(
        ["globus-url-copy", *words], capture_output=True, text=True, timeout=LIMIT, check=False
    )


def copied(*arguments: object) -> str:
    done = url_copy(*arguments)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def refused(*arguments: object) -> str:
    done = url_copy(*arguments)
    assert done.returncode != 0, done.stdout
    return done.stderr


@pytest.mark.parametrize("size", [0, 1, 3_000_001])
def test_get(served: Served, store: Store, tmp_path: Path, size: int) -> None:
    store.files["/a"] = os.urandom(size)
    copied(f"{served.url}/a", f"file://{tmp_path}/a")
    assert (tmp_path / "a").read_bytes() == store.files["/a"]


@pytest.mark.parametrize("size", [0, 1, 3_000_001])
def test_put(served: Served, store: Store, tmp_path: Path, size: int) -> None:
    (tmp_path / "b").write_bytes(os.urandom(size))
    copied(f"file://{tmp_path}/b", f"{served.url}/b")
    assert store.files == {"/b": (tmp_path / "b").read_bytes()}


def test_parallel_streams_both_ways(served: Served, store: Store, tmp_path: Path) -> None:
    (tmp_path / "c").write_bytes(os.urandom(5_000_000))
    copied("-p", 4, f"file://{tmp_path}/c", f"{served.url}/c")
    copied("-p", 4, f"{served.url}/c", f"file://{tmp_path}/again")
    assert (tmp_path / "again").read_bytes() == (tmp_path / "c").read_bytes() == store.files["/c"]


def test_part_of_a_file(served: Served, store: Store, tmp_path: Path) -> None:
    store.files["/d"] = os.urandom(1_000_000)
    copied("-off", 1000, "-len", 500_000, f"{served.url}/d", f"file://{tmp_path}/d")
    got = (tmp_path / "d").read_bytes()
    assert got[-500_000:] == store.files["/d"][1000:501_000]


def test_list(served: Served, store: Store) -> None:
    store.files |= {"/docs/one.txt": b"1", "/docs/two.txt": b"22", "/other": b""}
    store.directories |= {"/docs", "/docs/inner"}
    names = [line.strip() for line in copied("-list", f"{served.url}/docs/").splitlines()[1:] if line.strip()]
    assert sorted(names) == ["inner/", "one.txt", "two.txt"]


def test_a_tree_with_its_directories(served: Served, store: Store, tmp_path: Path) -> None:
    (tmp_path / "from" / "deep").mkdir(parents=True)
    (tmp_path / "from" / "top").write_bytes(b"top")
    (tmp_path / "from" / "deep" / "leaf").write_bytes(b"leaf")
    copied("-cd", "-r", f"file://{tmp_path}/from/", f"{served.url}/tree/")
    assert store.files == {"/tree/top": b"top", "/tree/deep/leaf": b"leaf"}
    made = [path for command, path in store.commands if command == gridftp_server.GLOBUS_GFS_CMD_MKD]
    assert {path.rstrip("/") for path in made} >= {"/tree", "/tree/deep"}
    copied("-cd", "-r", f"{served.url}/tree/", f"file://{tmp_path}/back/")
    assert (tmp_path / "back" / "deep" / "leaf").read_bytes() == b"leaf"


def test_checksum_command(served: Served, store: Store, tmp_path: Path) -> None:
    (tmp_path / "e").write_bytes(b"checked")
    copied("-verify-checksum", "-checksum-alg", "MD5", f"file://{tmp_path}/e", f"{served.url}/e")
    assert (gridftp_server.GLOBUS_GFS_CMD_CKSM, "/e") in store.commands


def test_a_client_of_another_kind(served: Served, store: Store) -> None:
    """Python's own: what globus-url-copy does not ask for."""
    store.files |= {"/k": b"12345", "/sub/l": b""}
    store.directories.add("/sub")
    with ftplib.FTP(timeout=LIMIT) as ftp:
        ftp.connect("127.0.0.1", served.port)
        ftp.login()
        facts = dict(ftp.mlsd("/"))
        assert (facts["k"]["type"], facts["k"]["size"]) == ("file", "5")
        assert facts["sub"]["type"] == "dir"
        assert ftp.size("/k") == 5
        lines: list[str] = []
        ftp.retrlines("LIST /", lines.append)
        assert any(line.endswith(" k") for line in lines), lines
        ftp.delete("/k")
        assert "/k" not in store.files
        with pytest.raises(ftplib.error_perm, match="PATH_NOT_FOUND"):
            ftp.delete("/k")
        with pytest.raises(ftplib.error_perm, match="NOT_IMPLEM"):
            ftp.rename("/sub/l", "/m")


def test_refusals_reach_the_client(served: Served, store: Store, tmp_path: Path) -> None:
    (tmp_path / "f").write_bytes(b"f")
    message = refused(f"{served.url}/missing", f"file://{tmp_path}/missing")
    assert "PATH_NOT_FOUND" in message, message
    message = refused(f"file://{tmp_path}/f", f"{served.url}/sealed/f")
    assert "QUOTA_EXCEEDED" in message, message
    assert store.files == {}


def test_an_exception_is_a_refusal(
    served: Served, store: Store, tmp_path: Path, unraisable: list[BaseException]
) -> None:
    store.files["/sealed/raises"] = b"never"
    message = refused(f"{served.url}/sealed/raises", f"file://{tmp_path}/g")
    assert "error" in message, message
    assert [type(error) for error in unraisable] == [ZeroDivisionError]


def test_a_client_that_dies(served: Served, store: Store, tmp_path: Path) -> None:
    """A download into a pipe that nobody reads, and its process killed: the session ends, the next one is served."""
    store.files["/h"] = bytes(50_000_000)
    before = len(store.ended)
    client = subprocess.Popen(["globus-url-copy", f"{served.url}/h", "-"], stdout=subprocess.PIPE)
    assert client.stdout is not None
    client.stdout.read(1000)
    client.kill()
    client.stdout.close()
    client.wait(LIMIT)
    assert eventually(lambda: len(store.ended) > before and served.idle())
    store.files["/i"] = b"next"
    copied(f"{served.url}/i", f"file://{tmp_path}/i")
    assert (tmp_path / "i").read_bytes() == b"next"


def test_nothing_is_left_of_sessions(served: Served, store: Store, tmp_path: Path) -> None:
    store.files["/j"] = b"j"

    def count() -> dict[str, int]:
        assert eventually(served.idle)
        globus_lowlevel.reap()
        return {name: count for name, count in globus_lowlevel.live().items() if name != "called"}

    copied(f"{served.url}/j", f"file://{tmp_path}/j")
    before = count()
    for _ in range(3):
        copied(f"{served.url}/j", f"file://{tmp_path}/j")
        copied(f"file://{tmp_path}/j", f"{served.url}/j")
    assert eventually(lambda: count() == before), (before, count())
    assert set(store.ended) == {store}


def show_restricted(directory: Path) -> None:
    """What a client sees of /docs, of which it may only see what leads to /docs/inner."""
    common.globus_module_activate(gridftp_server.GLOBUS_GRIDFTP_SERVER_MODULE)
    served = Served(directory, "RW/docs/inner")
    served.store.files["/docs/secret"] = b""
    served.store.directories |= {"/docs", "/docs/inner", "/docs/other"}
    with ftplib.FTP(timeout=LIMIT) as ftp:
        ftp.connect("127.0.0.1", served.port)
        ftp.login()
        print(sorted(name for name, _ in ftp.mlsd("/docs") if name))
        served.store.directories.remove("/docs/inner")
        print(sorted(name for name, _ in ftp.mlsd("/docs") if name))
        served.store.without_dot = True
        with pytest.raises(ftplib.Error):
            list(ftp.mlsd("/docs"))
    served.stop()


def test_entries_are_hidden(tmp_path: Path) -> None:
    """In a process of its own, or later servers would be restricted, too."""
    program = (
        "import pathlib, sys\n"
        "from tests.lowlevel import test_gridftp_server\n"
        "test_gridftp_server.show_restricted(pathlib.Path(sys.argv[1]))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, str(tmp_path)],
        cwd=ROOT, capture_output=True, text=True, timeout=2 * LIMIT, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == ["['.', 'inner']", "['.']"]
    assert "must have '.' among them" in done.stderr
