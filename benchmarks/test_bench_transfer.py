"""Transfers of one large file against globus-url-copy: the same server, the same file, the same mode and protection."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from globus_hl import gridftp
from globus_hl.testgrid import Grid

CHUNK = 1 << 20


class Discard(io.RawIOBase):
    """A file object that counts what is written to it: memory as the destination."""

    def __init__(self) -> None:
        self.count = 0

    def writable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = 0) -> int:
        return offset

    def write(self, data: Any) -> int:
        self.count += len(data)
        return len(data)


class Zeros(io.RawIOBase):
    """A file object of `size` zero bytes: memory as the source."""

    def __init__(self, size: int) -> None:
        self.left = size

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        count = min(len(buffer), self.left)
        self.left -= count
        return count


@pytest.fixture(scope="session")
def servers(grid: Grid) -> dict[str, Any]:
    return {"gsiftp": grid.gridftp, "ftp": grid.start_gridftp(security="anonymous")}


def url_of(servers: dict[str, Any], scheme: str, name: str) -> str:
    server = servers[scheme]
    return f"{server.url if scheme == 'gsiftp' else server.ftp_url}/{name}"


def make_file(path: Path, size: int) -> None:
    if path.exists() and path.stat().st_size == size:
        return
    block = os.urandom(CHUNK)
    with path.open("wb") as file:
        for _ in range(size // CHUNK):
            file.write(block)


def client_of(grid: Grid, scheme: str) -> gridftp.Client:
    return gridftp.Client(credential=grid.user.credential if scheme == "gsiftp" else None)


MODES = {
    "stream": ({"mode": "stream"}, []),
    "extended x4": ({"mode": "extended", "parallelism": 4}, ["-p", "4"]),
}
SCHEMES = ["gsiftp", "ftp"]


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("end", ["file", "memory"])
@pytest.mark.parametrize("scheme", SCHEMES)
def test_get(
    scheme: str,
    end: str,
    mode: str,
    grid: Grid,
    servers: dict[str, Any],
    size: int,
    scratch: Path,
    run: Any,
    side_by_side: Any,
) -> None:
    make_file(Path(servers[scheme].root) / "get.dat", size)
    source, target = url_of(servers, scheme, "get.dat"), scratch / "got.dat"
    options, flags = MODES[mode]
    with client_of(grid, scheme) as client:

        def ours() -> None:
            if end == "file":
                client.get(source, target, **options)
            else:
                sink = Discard()
                client.get(source, sink, **options)
                assert sink.count == size

        there = target.as_uri() if end == "file" else "file:///dev/null"
        side_by_side(
            f"get {scheme} to {end}, {mode}", ours, lambda: run(["globus-url-copy", *flags, source, there]),
            peer="globus-url-copy", target="at least 1.0", before=lambda: target.unlink(missing_ok=True),
        )  # fmt: skip


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("end", ["file", "memory"])
@pytest.mark.parametrize("scheme", SCHEMES)
def test_put(
    scheme: str,
    end: str,
    mode: str,
    grid: Grid,
    servers: dict[str, Any],
    size: int,
    scratch: Path,
    run: Any,
    side_by_side: Any,
) -> None:
    source = scratch / "put.dat"
    make_file(source, size)
    target = url_of(servers, scheme, "put.dat")
    stored = Path(servers[scheme].root) / "put.dat"
    options, flags = MODES[mode]
    with client_of(grid, scheme) as client:

        def ours() -> None:
            client.put(source if end == "file" else Zeros(size), target, **options)

        there = [source.as_uri()] if end == "file" else ["-len", str(size), "file:///dev/zero"]
        side_by_side(
            f"put {scheme} from {end}, {mode}", ours, lambda: run(["globus-url-copy", *flags, *there, target]),
            peer="globus-url-copy", target="at least 1.0", before=lambda: stored.unlink(missing_ok=True),
        )  # fmt: skip
    assert stored.stat().st_size == size
    stored.unlink()


# Of the program's own memory: what getrusage() says includes that of the process which started it.
PEAK = """
import re, sys
from pathlib import Path
from globus_hl import gridftp
what, url, path, credential = sys.argv[1:]
with gridftp.Client(credential=credential) as client:
    client.get(url, path) if what == "get" else client.put(path, url)
print(int(re.search(r"VmHWM:\\s+(\\d+) kB", Path("/proc/self/status").read_text())[1]) // 1024)
"""


@pytest.mark.parametrize("what", ["get", "put"])
def test_peak_memory(
    what: str,
    grid: Grid,
    servers: dict[str, Any],
    size: int,
    scratch: Path,
    side_by_side: Any,
    benchmark: Any,
) -> None:
    make_file(Path(servers["gsiftp"].root) / "get.dat", size)
    make_file(scratch / "put.dat", size)
    url = url_of(servers, "gsiftp", "get.dat" if what == "get" else "peak.dat")
    path = str(scratch / ("peak.dat" if what == "get" else "put.dat"))

    def measure() -> str:
        command = [sys.executable, "-c", PEAK, what, url, path, str(grid.user.credential)]
        return subprocess.run(command, check=True, capture_output=True, text=True, timeout=300).stdout

    peak = int(benchmark.pedantic(measure))
    side_by_side.record(
        f"peak memory of a {what}", peak, None, "MiB", target="below 100 MiB whatever the size"
    )
    assert peak < 100
