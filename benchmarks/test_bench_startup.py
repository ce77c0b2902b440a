"""How soon things begin: the import of the package, and a small transfer by our command."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path
from typing import Any

import pytest

from globus_hl.testgrid import Grid


@pytest.mark.parametrize("package", ["globus_lowlevel", "globus_hl", "globus_hl.gridftp"])
def test_import(package: str, run: Any, side_by_side: Any) -> None:
    side_by_side(
        f"python -c 'import {package}'", lambda: run([sys.executable, "-c", f"import {package}"]),
        lambda: run([sys.executable, "-c", "pass"]), peer="bare python", rounds=15,
        target="globus_hl: at most 60 ms more",
    )  # fmt: skip


def test_small_transfer(grid: Grid, scratch: Path, run: Any, side_by_side: Any) -> None:
    (Path(grid.gridftp.root) / "small.dat").write_bytes(b"x" * 1024)
    source, target = f"{grid.gridftp.url}/small.dat", (scratch / "small.dat").as_uri()
    command = shutil.which("pyglobus-url-copy", path=str(Path(sys.executable).parent)) or "pyglobus-url-copy"
    side_by_side(
        "1 KiB by command over gsiftp", lambda: run([command, "-q", source, target]),
        lambda: run(["globus-url-copy", source, target]), peer="globus-url-copy", rounds=9, target="at most 200 ms more",
    )  # fmt: skip
