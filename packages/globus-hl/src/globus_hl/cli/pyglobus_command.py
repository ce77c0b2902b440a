"""``pyglobus`` and the list of its subcommands."""

from __future__ import annotations

from typing import Any

import click

from . import completion
from .exits import Exit
from .groups import Lazy, LazyGroup

__all__ = ["command"]

PROGRAM = "pyglobus"

# A line for each: where the click command is, and what it does, which is all that is known of it until it is asked for.
SUBCOMMANDS: dict[str, Lazy] = {
    "grid": Lazy("globus_hl.cli.grid_command", "Start a whole grid on this machine, for tests."),
    "proxy": Lazy("globus_hl.cli.proxy_command", "Make, show, verify and remove proxies."),
    "myproxy": Lazy("globus_hl.cli.myproxy_command", "Keep credentials in an online repository."),
    "xio": Lazy(
        "globus_hl.cli.xio_command", "Connect, listen, forward and measure, over any stack of drivers."
    ),
}

EPILOG = "Exit codes:\n" + "".join(f"  {code.value:3}  {code.meaning}\n" for code in Exit)


def _print_completion(context: click.Context, _parameter: click.Parameter, shell: str | None) -> None:
    if shell is not None and not context.resilient_parsing:
        click.echo(completion.script(command, PROGRAM, shell))
        context.exit(Exit.OK)


@click.group(
    PROGRAM,
    cls=LazyGroup,
    subcommands=SUBCOMMANDS,
    epilog=EPILOG,
    context_settings={"help_option_names": ["--help", "-help", "-h"], "max_content_width": 90},
)
@click.option(
    *("--completion", "shell"),
    type=click.Choice(completion.SHELLS),
    is_eager=True,
    expose_value=False,
    callback=_print_completion,
    help='Print what makes the shell complete arguments: eval "$(pyglobus --completion bash)".',
)
@click.option("-dbg", "--dbg", "debug", is_flag=True, help="Show errors with their traceback.")
@click.version_option(
    None, "--version", "-version", package_name="globus-hl", message="%(prog)s: %(version)s"
)
def command(**_options: Any) -> None:
    """Tools for the grid: see SUBCOMMAND --help."""
