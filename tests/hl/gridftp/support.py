"""What the tests of the GridFTP client share: clients with one interface, places, data, sources that misbehave."""

from __future__ import annotations

import asyncio
import functools
import io
import os
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from globus_hl import gridftp, progress
from globus_hl.gridftp import AsyncClient
from globus_hl.testgrid import GridFTPServer

MB = 1 << 20
SIZES = [0, 1, MB - 1, MB, MB + 1, 9 * MB + 12345]
AnyClient = Any

both_modes = pytest.mark.parametrize("parallelism", [1, 4], ids=["stream", "extended"])


class Awaiting:
    """An AsyncClient for blocking tests: each method runs its coroutine in one event loop."""

    def __init__(self, **kwargs: Any) -> None:
        self._runner = asyncio.Runner()
        self._client = AsyncClient(**kwargs)

    def __getattr__(self, name: str) -> Callable[..., Any]:
        method = getattr(self._client, name)
        return lambda *args, **kwargs: self._runner.run(method(*args, **kwargs))

    def walk(self, *args: Any, **kwargs: Any) -> list[gridftp.Visited]:
        async def collect() -> list[gridftp.Visited]:
            return [visited async for visited in self._client.walk(*args, **kwargs)]

        return self._runner.run(collect())

    def close(self) -> None:
        if not self._client.closed:
            self._runner.run(self._client.close())
            self._runner.close()


class Place:
    """A directory on the server, seen from both sides."""

    def __init__(self, server: GridFTPServer, path: Path) -> None:
        self.server = server
        self.path = path
        self.url = f"gsiftp://{server.contact}{quote(str(path))}"

    def __truediv__(self, name: str) -> str:
        return f"{self.url}/{quote(os.fsencode(name))}"

    def file(self, name: str, content: bytes) -> str:
        (self.path / name).write_bytes(content)
        return self / name

    def names(self) -> set[str]:
        return set(os.listdir(self.path))


@functools.cache
def data(size: int) -> bytes:
    """Bytes in which every place looks different."""
    return b"".join(i.to_bytes(8, "big") for i in range(size // 8 + 1))[:size]


class FailsAfter(io.RawIOBase):
    """A source that breaks midway."""

    def __init__(self, good: int) -> None:
        self._good = good

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any, /) -> int:
        if self._good <= 0:
            raise ZeroDivisionError("mine")
        self._good -= len(buffer)
        return len(buffer)


def slowly(content: bytes, seconds: float) -> io.RawIOBase:
    """A source that takes its time."""

    class Slow(io.BytesIO):
        def readinto(self, buffer: Any, /) -> int:
            time.sleep(seconds)
            return super().readinto(buffer)

    return Slow(content)


class Recorder:
    """Collects events, and checks where they come from."""

    def __init__(self) -> None:
        self.events: list[progress.Event] = []
        self._thread = threading.get_ident()

    def __call__(self, event: progress.Event) -> None:
        assert threading.get_ident() == self._thread
        self.events.append(event)


def wait_for(condition: Callable[[], object], seconds: float = 10.0) -> None:
    """Wait until something has become true."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.01)
