"""Memory for data that comes or goes in a stream, used again and again.

New memory takes the system as long as it takes to encrypt what goes into it.
"""

from __future__ import annotations

__all__ = ["BLOCK", "give_back", "take_block"]

BLOCK = 1 << 18
"""Bytes of one."""
KEPT = 16
"""How many are kept."""

blocks: list[bytearray] = []


def take_block() -> bytearray:
    """One to write to."""
    try:
        return blocks.pop()
    except IndexError:
        return bytearray(BLOCK)


def give_back(block: object) -> None:
    """It is used no more. What is no block is left to the collector."""
    if isinstance(block, bytearray) and len(block) == BLOCK and len(blocks) < KEPT:
        blocks.append(block)
