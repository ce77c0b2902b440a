"""Results of a command: fields for people, JSON for programs."""

from __future__ import annotations

import datetime as dt
import json
from typing import Any

import click

from .report import printable

__all__ = ["print_fields", "print_json"]


def print_json(value: Any) -> None:
    """Print a value as one JSON document; times as ISO 8601, bytes that are no text as surrogate escapes."""
    click.echo(json.dumps(value, default=_plain, indent=2))


def print_fields(fields: dict[str, Any]) -> None:
    """Print names and values, a line each, the values below each other."""
    width = max(map(len, fields), default=0)
    for name, value in fields.items():
        click.echo(f"{name.replace('_', ' '):{width}}  {printable(str(_plain(value)))}")
    click.echo()


def _plain(value: Any) -> Any:
    return value.isoformat(sep=" ", timespec="seconds") if isinstance(value, dt.datetime) else value
