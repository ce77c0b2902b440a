"""The life of a client: connections, threads, closing, leaks."""

from __future__ import annotations

import contextlib
import gc
import os
import threading
import time
import warnings
from pathlib import Path

import pytest
from tests.hl.gridftp.support import MB, Place, data, wait_for

from globus_hl import errors
from globus_hl.gridftp import Client
from globus_hl.testgrid import Grid


def test_a_client_logs_in_once(grid: Grid) -> None:
    with grid.start_gridftp() as server, Client(credential=grid.user.credential) as one:
        for _ in range(5):
            one.stat(server.url)
            one.put(b"x", server.url + "/a")
            one.get(server.url + "/a", bytearray(1))
        assert "1 connections, 1 idle" in repr(one)
        assert server.log.read_text().count("New connection from") == 1


def test_small_files_in_extended_mode_share_a_data_channel(grid: Grid, tmp_path: Path) -> None:
    with grid.start_gridftp() as server, Client(credential=grid.user.credential) as one:
        one.put(b"x", server.url + "/warm", mode="extended", in_place=True)
        start = time.monotonic()
        for i in range(20):
            one.put(b"x", f"{server.url}/{i}", mode="extended", in_place=True)
        shared = time.monotonic() - start
        start = time.monotonic()
        for i in range(20):
            one.put(b"x", f"{server.url}/{i}", mode="stream", in_place=True)
        single = time.monotonic() - start
        assert shared < single, "a handshake for each file takes longer"


def test_threads_share_a_client(grid: Grid, place: Place, tmp_path: Path) -> None:
    failures: list[BaseException] = []

    def work(number: int) -> None:
        try:
            content = data(MB + number)
            for turn in range(4):
                url = place / f"{number}-{turn}"
                one.put(content, url, parallelism=1 + number % 3)
                buffer = bytearray(len(content))
                one.get(url, buffer)
                assert buffer == content
                assert one.stat(url).size == len(content)
                one.remove(url)
        except BaseException as failure:  # noqa: BLE001 - for the assertion
            failures.append(failure)

    with Client(credential=grid.user.credential, max_connections=4, timeout=60) as one:
        threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
        assert not failures
        assert one._core.pool.counts[0] <= 4
    assert place.names() == set()


def test_a_closed_client(grid: Grid, place: Place) -> None:
    one = Client(credential=grid.user.credential)
    assert not one.closed
    one.stat(place.url)
    one.close()
    one.close()
    assert one.closed
    assert "closed" in repr(one)
    with pytest.raises(errors.ClosedError):
        one.stat(place.url)


def test_a_forgotten_client_is_warned_about(grid: Grid, place: Place) -> None:
    one = Client(credential=grid.user.credential)
    one.stat(place.url)
    with pytest.warns(ResourceWarning, match="unclosed <Client"):
        del one
        gc.collect()


def test_a_client_is_not_warned_about_after_close(grid: Grid) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        Client(credential=grid.user.credential).close()
        gc.collect()


def test_transfers_leak_neither_memory_nor_descriptors(grid: Grid, place: Place) -> None:
    import globus_lowlevel

    url = place.file("a", data(100_000))

    def descriptors() -> int:
        return len(os.listdir("/proc/self/fd"))

    def alive() -> int:
        gc.collect()
        return sum(count for name, count in globus_lowlevel.live().items() if name != "called")

    def work(one: Client) -> None:
        one.get(url, bytearray(100_000))
        one.put(data(1000), place / "b")
        one.list(place.url)
        with contextlib.suppress(FileNotFoundError):
            one.get(place / "no", bytearray(10))

    with Client(credential=grid.user.credential) as one:
        for _ in range(3):
            work(one)
        before = descriptors(), alive()
        for _ in range(30):
            work(one)
        wait_for(lambda: descriptors() <= before[0])
        wait_for(lambda: alive() <= before[1] + 3)
