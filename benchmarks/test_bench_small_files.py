"""Many small files by one command, against globus-url-copy as it comes and with its option to keep data connections."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path
from typing import Any

import pytest

from globus_hl.testgrid import Grid

SIZE = 1024


@pytest.mark.parametrize("flags", [[], ["-fast"]], ids=["default", "fast"])
@pytest.mark.parametrize("what", ["get", "put"])
def test_directory(
    what: str, flags: list[str], grid: Grid, scratch: Path, smoke: bool, run: Any, side_by_side: Any
) -> None:
    count = 50 if smoke else 1000
    served = Path(grid.gridftp.root)
    here, there = (served, scratch) if what == "get" else (scratch, served)
    source, target = here / "many", there / "copied"
    shutil.rmtree(source, ignore_errors=True)
    source.mkdir()
    for number in range(count):
        (source / f"{number}.dat").write_bytes(os.urandom(SIZE))

    def url(path: Path) -> str:
        if path.is_relative_to(served):
            return f"{grid.gridftp.url}/{path.relative_to(served)}/"
        return f"{path.as_uri()}/"

    def copy(command: list[str]) -> None:
        run([*command, url(source), url(target)])
        assert len(os.listdir(target)) == count

    def empty() -> None:
        shutil.rmtree(target, ignore_errors=True)
        target.mkdir()

    ours = shutil.which("pyglobus-url-copy", path=str(Path(sys.executable).parent)) or "pyglobus-url-copy"
    peer = " ".join(["globus-url-copy", *flags])
    empty()
    side_by_side(
        f"{what} of {count} files of 1 KiB, {peer}", lambda: copy([ours, "-q", "-r"]),
        lambda: copy(["globus-url-copy", "-r", *flags]), peer=peer, rounds=3, target="at least 1.0", before=empty,
    )  # fmt: skip
    shutil.rmtree(source)
    shutil.rmtree(target)
