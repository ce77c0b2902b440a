"""What the subcommands of ``pyglobus xio`` have in common: the stack, its security, and where to listen."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import click

from .completion import files
from .exits import UsageError

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

    from globus_hl.xio import GSI, AsyncServer, Peer, Server, Stack

__all__ = ["GSI_HELP", "SETTINGS", "StackText", "listen", "security", "stack_options"]

SETTINGS = {"help_option_names": ["--help", "-help", "-h"], "max_content_width": 90}

GSI_HELP = """\
STACK names drivers, what moves the data first, with options after a colon:

  tcp    tcp,gsi    tcp,gsi,rate:10MB/s    udt    file    "tcp:nodelay=true,gsi"

With gsi both ends prove who they are, and data is private, unless the options say
otherwise. Who connects makes sure that the server is the host that was named.
"""


class StackText(click.ParamType):  # type: ignore[type-arg,unused-ignore]
    """A stack as text; it becomes a `Stack`."""

    name = "stack"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Stack:
        """The stack."""
        from globus_hl.xio import Stack
        from globus_hl.xio.errors import DriverNotFoundError, StackError

        try:
            return Stack(value)
        except (DriverNotFoundError, StackError, ValueError) as error:
            self.fail(str(error), param, ctx)

    def shell_complete(
        self, ctx: click.Context, param: click.Parameter, incomplete: str
    ) -> list[CompletionItem]:
        """Names of drivers, after what is there already."""
        from click.shell_completion import CompletionItem

        from globus_hl.xio.drivers import BUILT_IN, PACKAGES, TRANSPORTS

        before, comma, begun = incomplete.rpartition(",")
        fitting = sorted({*BUILT_IN, *PACKAGES} - TRANSPORTS) if comma else sorted(TRANSPORTS)
        return [CompletionItem(before + comma + name) for name in fitting if name.startswith(begun)]


_OPTIONS: Sequence[Callable[[Callable[..., Any]], Callable[..., Any]]] = (
    click.option(
        *("-s", "--stack", "stack"),
        type=StackText(),
        default="tcp",
        show_default=True,
        metavar="STACK",
        help="The drivers, with commas between.",
    ),
    click.option(
        *("--credential", "credential"),
        type=click.Path(),
        metavar="FILE",
        shell_complete=files,
        help="gsi: who we are: a proxy, or certificate and key in one file.  [default: what is found]",
    ),
    click.option(
        *("--key", "key"),
        type=click.Path(),
        metavar="FILE",
        shell_complete=files,
        help="gsi: the key, if it is in a file of its own.",
    ),
    click.option(
        *("--expect", "expect"),
        metavar="WHO",
        default="host",
        show_default=True,
        help="gsi: who the server has to be: host, self, none (anybody) or a distinguished name.",
    ),
    click.option(
        *("--allow", "allow"),
        metavar="DN",
        multiple=True,
        help="gsi: who may connect to us; may be repeated.  [default: whomever a trusted authority knows]",
    ),
    click.option(
        *("--protection", "protection"),
        type=click.Choice(["privacy", "integrity", "none"]),
        default="privacy",
        show_default=True,
        help="gsi: what happens to the data.",
    ),
    click.option(
        *("--delegation", "delegation"),
        type=click.Choice(["none", "limited", "full"]),
        default="none",
        show_default=True,
        help="gsi: whether the server gets a proxy of ours.",
    ),
    click.option("--tls", "tls", is_flag=True, help="gsi: speak plain TLS, as curl and openssl do."),
)


def stack_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options to a command."""
    for option in reversed(_OPTIONS):
        function = option(function)
    return function


def security(stack: Stack, options: dict[str, Any], *, accepting: bool) -> GSI | None:
    """What the options say about a stack's security; None if it has none."""
    if not stack.is_secure:
        return None
    from globus_hl.security import Credential
    from globus_hl.xio import GSI

    file, key, allowed = options["credential"], options["key"], options["allow"]
    if key and not file:
        raise UsageError("--key goes with --credential")
    credential = None
    if file:
        credential = Credential.from_files(file, key) if key else Credential.load(file)

    def admit(peer: Peer) -> bool:
        return peer.subject in allowed

    return GSI(
        credential=credential,
        protection=options["protection"],
        delegation="none" if accepting else options["delegation"],
        authorization=(admit if allowed else None) if accepting else options["expect"],
        tls=options["tls"],
    )


def listen(kind: type[Server | AsyncServer], stack: Stack, place: str, options: dict[str, Any]) -> Any:
    """A server at ``[HOST:]PORT``."""
    host, _, port = place.rpartition(":")
    if "tcp" not in stack:
        raise UsageError(f"nothing listens on the stack {stack}: it needs tcp")
    if not port.isdecimal() or int(port) > 65535:
        raise UsageError(f"{place!r} is no place to listen at: [HOST:]PORT is expected; 0 is any free port")
    return kind(
        stack,
        host.strip("[]") or None,
        int(port),
        gsi=security(stack, options, accepting=True),
        connection_timeout=options["connect_timeout"],
    )
