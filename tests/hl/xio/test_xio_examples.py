"""The programs of examples/xio do what they say."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

EXAMPLES = Path(__file__).parents[3] / "examples" / "xio"

SEGMENTS = [
    "PING: (0, 'alive')",
    "H1: (0, '0 16 32')",
    *(f"size {size}: complete: True" for size in (1, 511, 512, 513, 5_000_000)),
    "nothing: (1, 'no such segment')",
    "CN=A Newcomer is refused: it is not authorized",
    "now it is: (0, 'alive')",
    "is refused: the authorization callback raised CredentialFileError",
    "another server was wanted: PeerNameError",
    "50 at once, all right: True",
    "stopped within a second, while a client hung: True",
]


def test_the_segment_service() -> None:
    done = subprocess.run(
        [sys.executable, "-W", "error", str(EXAMPLES / "segment_service.py")],
        capture_output=True,
        text=True,
        timeout=55,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, ""), done.stderr
    assert [words for words in SEGMENTS if words not in done.stdout] == [], done.stdout
    assert "not refused" not in done.stdout
