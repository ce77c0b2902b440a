"""The programs of examples/security do what they say."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).parents[3] / "examples" / "security"


@pytest.mark.parametrize(
    ("name", "words"),
    [
        (
            "proxy_and_its_failures.py",
            "mode 600|trusted as|NotFoundError|NotACertificateError|KeyMismatchError|UnknownCAError|left behind: []",
        ),
        ("tokens_in_asyncio.py", "said 'hello 0'|said 'hello 2'|nothing was sent"),
    ],
    ids=["proxies", "tokens"],
)
def test_example(name: str, words: str) -> None:
    done = subprocess.run(
        [sys.executable, "-W", "error", str(EXAMPLES / name)],
        capture_output=True,
        text=True,
        timeout=55,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, ""), done.stderr
    assert [word for word in words.split("|") if word not in done.stdout] == [], done.stdout
