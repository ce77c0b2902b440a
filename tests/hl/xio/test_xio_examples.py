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
    "H1 after SIGHUP: (0, '64 128')",
    "is not read: ",
    "H1 after a broken one: (0, '64 128')",
    "50 at once, all right: True",
    "stopped within a second, while a client hung: True",
    "security off: (0, 'alive')",
    "stopped within a second, while idle: True",
]


WAYS = [
    ("default", "Test User asks, and delegates a proxy", 0),
    ("--disable-host-auth", "Test User asks, and delegates no proxy", 0),
    ("--no-proxy", "somebody asks, and delegates no proxy", 0),
    ("an unknown name", "knows nothing of V-R", 1),
    ("no proxy", "there is no proxy", 3),
    ("an expired proxy", "has expired", 4),
    ("a short proxy", "s only", 5),
    ("another server", "is somebody else", 6),
    ("another server, --disable-host-auth", "Test User asks", 0),
]


def run(name: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-W", "error", str(EXAMPLES / name)],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=55,
        check=False,
    )


def test_data_find() -> None:
    done = run("data_find.py")
    assert done.returncode == 0, done.stdout
    for title, words, status in WAYS:
        _, _, part = done.stdout.partition(f"{title}:\n")
        said, _, ended = part.partition("    status ")
        assert words in said, done.stdout
        assert ended.startswith(f"{status}\n"), done.stdout


def test_the_segment_service() -> None:
    done = run("segment_service.py")
    assert done.returncode == 0, done.stdout
    assert [words for words in SEGMENTS if words not in done.stdout] == [], done.stdout
    assert "not refused" not in done.stdout
