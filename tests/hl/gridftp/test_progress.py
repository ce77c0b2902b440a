"""Events of a transfer."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.hl.gridftp.support import MB, AnyClient, Place, Recorder, both_modes, data, slowly

from globus_hl import progress


@both_modes
def test_progress_of_a_get(client: AnyClient, place: Place, tmp_path: Path, parallelism: int) -> None:
    record = Recorder()
    url = place.file("a", data(5 * MB))
    client.get(url, tmp_path / "b", progress=record, parallelism=parallelism)
    first, last = record.events[0], record.events[-1]
    assert isinstance(first, progress.Started)
    assert isinstance(last, progress.Finished)
    assert (first.source, first.destination) == (url, str(tmp_path / "b"))
    assert (first.bytes_done, first.bytes_total, last.bytes_done) == (0, 5 * MB, 5 * MB)


def test_progress_of_a_put_that_takes_a_while(client: AnyClient, place: Place) -> None:
    record = Recorder()
    client.put(slowly(data(4 * MB), 0.03), place / "b", block_size=MB // 4, progress=record)
    advanced = record.events[1:-1]
    assert len(advanced) >= 2
    assert all(isinstance(event, progress.Advanced) for event in advanced)
    done = [event.bytes_done for event in advanced]
    assert done == sorted(done)
    assert 0 < done[0] < 4 * MB
    assert isinstance(record.events[-1], progress.Finished)
    assert record.events[-1].bytes_done == 4 * MB


def test_progress_of_a_failure(client: AnyClient, place: Place, tmp_path: Path) -> None:
    record = Recorder()
    with pytest.raises(FileNotFoundError) as caught:
        client.get(place / "no", tmp_path / "b", progress=record)
    assert [type(event) for event in record.events] == [progress.Started, progress.Failed]
    assert record.events[1].error is caught.value  # type: ignore[attr-defined]


@pytest.mark.parametrize("kind", [progress.Started, progress.Advanced, progress.Finished])
def test_an_exception_of_progress_ends_the_transfer(client: AnyClient, place: Place, kind: type) -> None:
    seen: list[type] = []

    def stop(event: progress.Event) -> None:
        seen.append(type(event))
        if isinstance(event, kind):
            raise ZeroDivisionError("enough")

    with pytest.raises(ZeroDivisionError, match="enough"):
        client.put(slowly(data(4 * MB), 0.03), place / "b", block_size=MB // 4, progress=stop)
    assert seen[-1] is kind
