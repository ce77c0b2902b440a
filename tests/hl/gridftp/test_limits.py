"""Deadlines, forks, and the end of the interpreter, with transfers in flight."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import pytest
from tests.hl.gridftp.support import MB, both_modes, data, slowly

from globus_hl import errors
from globus_hl.gridftp import Client, Timeout
from globus_hl.timeouts import GRACE

if TYPE_CHECKING:
    from pathlib import Path

    from tests.hl.gridftp.support import AnyClient, Place

    from globus_hl.testgrid import Grid


@both_modes
@pytest.mark.parametrize(
    ("timeout", "says"),
    [(0.4, "timeout total"), (Timeout(stall=0.3), "timeout stall")],
    ids=["total", "stall"],
)
def test_a_transfer_ends_by_its_deadline(
    own_client: AnyClient, place: Place, timeout: Timeout | float, says: str, parallelism: int
) -> None:
    own_client.stat(place.url)
    start = time.monotonic()
    with pytest.raises(errors.OperationTimeoutError, match=says):
        own_client.put(slowly(data(4 * MB), 0.6), place / "b", parallelism=parallelism, timeout=timeout)
    assert time.monotonic() - start < GRACE + 10, "far from the time that the source takes"
    assert own_client.stat(place.url).is_dir, "the client stays usable"
    own_client.close()
    assert place.names() == set()


def test_a_child_of_a_fork_cannot_use_a_client(blocking: Client, place: Place) -> None:
    blocking.stat(place.url)
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            blocking.stat(place.url)
            said = "nothing"
        except BaseException as error:  # noqa: BLE001 - told to the parent
            said = f"{type(error).__name__}: {error}"
        os.write(writing, said.encode())
        os._exit(0)
    os.close(writing)
    with os.fdopen(reading) as pipe:
        said = pipe.read()
    assert os.waitpid(child, 0)[1] == 0
    assert "fork" in said
    assert blocking.stat(place.url).is_dir, "the parent can"


LEAVING = """
import sys, threading, time
from globus_hl.gridftp import Client

class Slow:
    def read(self, size):
        time.sleep(0.05)
        return bytes(min(size, 100_000))

url, proxy, parallelism = sys.argv[1], sys.argv[2], int(sys.argv[3])
client = Client(credential=proxy)
started = threading.Event()

def tell(event):
    if event.bytes_done:
        started.set()

for number in range(2):
    threading.Thread(
        target=client.put, args=(Slow(), f"{url}/{number}"), daemon=True,
        kwargs={"parallelism": parallelism, "block_size": 100_000, "progress": tell},
    ).start()
assert started.wait(30)
print(time.time(), flush=True)
"""


@both_modes
def test_the_interpreter_ends_with_transfers_in_flight(
    grid: Grid, place: Place, parallelism: int, tmp_path: Path
) -> None:
    ran = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", LEAVING, place.url, str(grid.user.proxy), str(parallelism)],
        env=os.environ | grid.env,
        capture_output=True,
        text=True,
        timeout=50,
        check=True,
    )
    seconds = time.time() - float(ran.stdout)
    assert seconds < 2 + seconds_of_a_start(), "2 s, and what the load of the machine adds"
    assert ran.stderr == ""


def seconds_of_a_start() -> float:
    """How long an interpreter with the package that does nothing takes at this moment."""
    begun = time.monotonic()
    subprocess.run([sys.executable, "-c", "import globus_hl.gridftp"], check=True, timeout=50)
    return time.monotonic() - begun
