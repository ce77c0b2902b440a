"""CPython's own tests of its sockets pass with XioSocket in their place: see the package ``cpython`` beside this."""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from .cpython.selection import ABOVE_TCP, ANYWHERE, OTHER_KINDS, rule_against

ROOT = Path(__file__).parents[3]
LIMIT = 170.0
STACKS = {"tcp": 340, "tcp,gsi": 280}
"""And how many tests pass at least, whatever the version of CPython."""

pytestmark = [
    pytest.mark.skipif(
        importlib.util.find_spec("test") is None or importlib.util.find_spec("test.test_socket") is None,
        reason="this interpreter was installed without the tests of the standard library",
    ),
    pytest.mark.timeout(LIMIT + 10),  # several hundred tests, some of which wait for seconds
]

Outcomes = dict[str, dict[str, str]]


@pytest.fixture(scope="module")
def outcomes() -> Outcomes:
    """Of each stack: name of each test, and what became of it. Processes of their own, both at once: they mostly wait."""
    running = {}
    try:
        for stack in STACKS:
            command = [sys.executable, "-m", "tests.hl.xio.cpython.run", "--stack", stack, "--json"]
            running[stack] = subprocess.Popen(
                command, cwd=ROOT, env=os.environ, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE
            )
        found: Outcomes = {}
        for stack, process in running.items():
            printed, complaints = process.communicate(timeout=LIMIT)
            assert process.returncode in (0, 1), complaints
            found[stack] = json.loads(printed)
        return found
    finally:
        for process in running.values():
            process.kill()
            process.communicate()


@pytest.mark.parametrize("stack", STACKS)
def test_what_can_be_about_these_sockets_passes(stack: str, outcomes: Outcomes) -> None:
    failed = {name: why for name, why in outcomes[stack].items() if why.startswith("failed")}
    assert not failed, "\n".join(f"{name}: {why}" for name, why in failed.items())
    assert sum(outcome == "passed" for outcome in outcomes[stack].values()) >= STACKS[stack]


def test_every_reason_against_a_test_is_used(outcomes: Outcomes) -> None:
    used = {
        rule[0]
        for stack, tests in outcomes.items()
        for name in tests
        if (rule := rule_against(*name.split("."), plain=stack == "tcp")) is not None
    }
    assert used == {*OTHER_KINDS, *ANYWHERE, *ABOVE_TCP}
