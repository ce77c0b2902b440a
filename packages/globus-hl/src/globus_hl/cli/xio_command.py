"""``pyglobus xio`` and the list of its subcommands."""

from __future__ import annotations

from typing import Any

import click

from .groups import Lazy, LazyGroup

__all__ = ["command"]

SUBCOMMANDS = {
    "cat": Lazy("globus_hl.cli.xio_cat", "Move data between a connection and standard input and output."),
    "perf": Lazy("globus_hl.cli.xio_perf", "Measure latency and throughput of a stack."),
}


@click.group(
    "xio",
    cls=LazyGroup,
    subcommands=SUBCOMMANDS,
    context_settings={"help_option_names": ["--help", "-help", "-h"]},
)
def command(**_options: Any) -> None:
    """Connect, listen, forward and measure, over any stack of XIO's drivers: tcp, gsi, rate and the others."""
