"""``pyglobus xio cat``: a netcat over any stack."""

from __future__ import annotations

from typing import Any

import click

from .exits import Exit, Terminated, UsageError, exit_for
from .options import GlobusCommand
from .xio_options import GSI_HELP, SETTINGS, StackText, stack_options

__all__ = ["command"]

_SECONDS = click.FloatRange(0, min_open=True)

EPILOG = f"""\
CONTACT is what the first driver wants: host:port, a path, a URL.

{GSI_HELP}
Standard input goes to the peer, and its end too, where the stack is on tcp; what the
peer sends goes to standard output. It is over when both have ended; on a terminal,
when the peer has.

Examples:
  pyglobus xio cat -s tcp,gsi host:7000 <request
  pyglobus xio cat -s tcp,gsi -l 7000 --credential hostcert.pem --key hostkey.pem >data
  pyglobus xio cat -l localhost:8080 -k --to host:7000 --to-stack tcp,gsi
  pyglobus xio cat -s gridftp gsiftp://host/data/a --no-input >a

Exit codes:
""" + "".join(f"  {code.value:3}  {code.meaning}\n" for code in Exit)


@click.command("cat", cls=GlobusCommand, epilog=EPILOG, context_settings=SETTINGS)
@click.argument("contact", required=False)
@click.option("-l", "--listen", "place", metavar="[HOST:]PORT", help="Wait for somebody to connect.")
@click.option("-k", "--keep", "keep", is_flag=True, help="-l: for one after the other, until interrupted.")
@click.option(
    "--to", "target", metavar="CONTACT", help="-l: forward each connection there; with -k several at once."
)
@click.option(
    "--to-stack",
    "target_stack",
    type=StackText(),
    default="tcp",
    metavar="STACK",
    help="--to: over this stack.",
)
@stack_options
@click.option(
    "-n",
    "--no-input",
    "no_input",
    is_flag=True,
    help="Do not read standard input. A file is only read, and not made.",
)
@click.option("--timeout", "timeout", type=_SECONDS, metavar="SECONDS", help="End after so long.")
@click.option(
    "--connect-timeout",
    "connect_timeout",
    type=_SECONDS,
    default=60.0,
    show_default=True,
    metavar="SECONDS",
    help="For connecting, handshake included.",
)
@click.option(
    "--idle", "idle", type=_SECONDS, metavar="SECONDS", help="End if nothing comes and goes for so long."
)
@click.option("-v", "--verbose", "verbose", is_flag=True, help="Tell on standard error what happens.")
@click.option(
    "--json", "as_json", is_flag=True, help="Tell it as JSON, one object a line (globus_hl.cli.xio_events)."
)
def command(contact: str | None, place: str | None, target: str | None, keep: bool, **options: Any) -> int:
    """Connect to CONTACT, or listen, and move data between the peer and standard input and output."""
    if (contact is None) == (place is None):
        raise UsageError("name a CONTACT to connect to, or a place to listen at (-l), one of both")
    if place is None and (keep or target):
        raise UsageError("-k and --to go with -l")
    from .loop import run_command
    from .xio_conversation import converse
    from .xio_events import Events

    events = Events(verbose=options["verbose"], as_json=options["as_json"])
    try:
        run_command(converse(events, options, contact, place, target, keep))
    except (Exception, KeyboardInterrupt, Terminated) as error:
        if not events.as_json:
            raise
        events.failed(error)
        return exit_for(error)
    return Exit.OK
