"""``pyglobus proxy`` and the list of its subcommands."""

from __future__ import annotations

from typing import Any

import click

from .groups import Lazy, LazyGroup

__all__ = ["command"]

SUBCOMMANDS = {
    "init": Lazy("globus_hl.cli.proxy_init", "Make a proxy, as grid-proxy-init does."),
    "info": Lazy("globus_hl.cli.proxy_info", "Show a proxy, as grid-proxy-info does."),
    "verify": Lazy(
        "globus_hl.cli.proxy_verify", "Tell whether a proxy or certificate is trusted, and if not, why."
    ),
    "destroy": Lazy("globus_hl.cli.proxy_destroy", "Remove proxies, as grid-proxy-destroy does."),
}


@click.group(
    "proxy",
    cls=LazyGroup,
    subcommands=SUBCOMMANDS,
    context_settings={"help_option_names": ["--help", "-help", "-h"]},
)
def command(**_options: Any) -> None:
    """Make, show, verify and remove proxies.

    Options and exit codes are those of grid-proxy-init, grid-proxy-info and grid-proxy-destroy: 0 means yes, 1 no.
    """
