"""Log-ins to a MyProxy server against the stock client: the same server, the same stored credential."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

from globus_hl.myproxy import MyProxyClient
from globus_hl.testgrid import Grid

PHRASE = "correct horse"


def test_logon(grid: Grid, scratch: Path, smoke: bool, side_by_side: Callable[..., None]) -> None:
    """A log-in makes a key, which costs most of the time on both sides."""
    server = grid.myproxy
    count = 1 if smoke else 8
    command = ["myproxy-logon", "-S", "-q", "-l", "bench", "-o", str(scratch / "theirs")]

    def theirs() -> None:
        for _ in range(count):
            subprocess.run(
                command, input=f"{PHRASE}\n", env=grid.env | server.env, text=True, check=True, timeout=60,
                capture_output=True,
            )  # fmt: skip

    with MyProxyClient(server.host, server.port, credential=grid.user.proxy) as client:
        client.init("bench", PHRASE)

        def ours() -> None:
            for _ in range(count):
                client.logon("bench", PHRASE).save(scratch / "ours")

        side_by_side(f"{count} MyProxy log-ins", ours, theirs, peer="myproxy-logon", target="at least 1.0")


def test_logons_at_once(grid: Grid, smoke: bool, side_by_side: Any) -> None:
    """Many log-ins of one process: the stock client needs a process for each."""
    import asyncio
    import time

    from globus_hl.myproxy import AsyncMyProxyClient

    server, count = grid.myproxy, 2 if smoke else 16

    async def many() -> float:
        async with AsyncMyProxyClient(server.host, server.port, credential=grid.user.proxy) as client:
            await client.init("flock", PHRASE)
            start = time.perf_counter()
            await asyncio.gather(*(client.logon("flock", PHRASE) for _ in range(count)))
            return time.perf_counter() - start

    seconds = side_by_side.benchmark.pedantic(lambda: asyncio.run(many()))
    side_by_side.record(f"{count} MyProxy log-ins at once: each", seconds / count, None, "s")
