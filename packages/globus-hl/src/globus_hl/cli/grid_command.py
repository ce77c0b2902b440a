"""``pyglobus grid``: a whole grid on this machine, for the programs of other shells."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from globus_hl.errors import OperationTimeoutError

from .exits import Exit, Terminated
from .grid_record import Record, claim, place, started
from .groups import LazyGroup
from .shells import SHELLS, statements

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from globus_hl.testgrid import Grid

__all__ = ["command"]

PROXY_LIFETIME = 7 * 24 * 3600  # seconds: longer than a day's work, shorter than the certificates
KINDS = ("gridftp", "gass", "gram", "myproxy")
TITLES = {
    "gridftp": "GridFTP server",
    "gass": "GASS server",
    "gram": "GRAM gatekeeper",
    "myproxy": "MyProxy server",
}

in_directory = click.option(
    "--dir",
    "directory",
    metavar="D",
    help="The grid's directory. Default: a temporary one, one grid at a time.",
)
as_json = click.option("--json", "as_json", is_flag=True, help="Show it as JSON.")


@click.group(cls=LazyGroup, subcommands={})
def command() -> None:
    """A whole grid on this machine, for tests: certification authority, user with a proxy, servers on loopback."""


@command.command()
@in_directory
@click.option("--keep", is_flag=True, help="Leave the directory at the end, with all logs.")
@click.option(
    *("--service", "services"),
    type=click.Choice(KINDS),
    multiple=True,
    help="Start this one only; may be given several times. Default: all.",
)
@as_json
def up(*, directory: str | None, keep: bool, services: tuple[str, ...], as_json: bool) -> int:
    """Start a grid, show its services, and keep it up until Ctrl-C or "pyglobus grid down".

    Programs of the toolkit find it after

        eval "$(pyglobus grid env)"

    in their shell. Whoever can read the grid's directory can use it: that is nobody but you.
    """
    record_path = place(directory)
    claim(record_path)
    say = _silent if as_json else _say
    from globus_hl.testgrid import Grid

    grid = Grid(directory=directory, keep=keep)
    try:
        record = _start(grid, services or KINDS, say)
        record.write(record_path)
        click.echo(record.to_json() if as_json else _table(record, directory))
        sys.stdout.flush()
        grid.wait()
    except (KeyboardInterrupt, Terminated):
        say("stopping")
    finally:
        record_path.unlink(missing_ok=True)
        grid.close()
    if keep:
        say(f"kept: {grid.directory}")
    return Exit.OK


@command.command()
@in_directory
@click.option(
    "--shell",
    type=click.Choice(SHELLS),
    default="sh",
    show_default=True,
    help="sh stands for bash and zsh too.",
)
@as_json
def env(*, directory: str | None, shell: str, as_json: bool) -> int:
    """Print what sets the environment of a shell for the grid that is up.

    \b
        eval "$(pyglobus grid env)"
        globus-url-copy file:///etc/hosts $PYGLOBUS_GRIDFTP_URL/hosts
        globusrun -s -r "$PYGLOBUS_GRAM_CONTACT" '&(executable=/bin/date)'
        myproxy-logon -n -o /tmp/proxy

    fish: pyglobus grid env --shell fish | source
    """
    record = Record.read(place(directory))
    click.echo(record.to_json() if as_json else statements(shell, record.env, record.unset), nl=as_json)
    return Exit.OK


@command.command()
@in_directory
@click.option(
    *("--timeout", "timeout"),
    type=click.FloatRange(0, min_open=True),
    default=30.0,
    show_default=True,
    metavar="SECONDS",
)
def down(*, directory: str | None, timeout: float) -> int:
    """End the grid that is up, and wait until nothing is left of it."""
    record = Record.read(place(directory))
    if not record.end(timeout):
        raise OperationTimeoutError(f"the grid (process {record.pid}) is not down after {timeout:g} s")
    return Exit.OK


def _start(grid: Grid, services: Iterable[str], say: Callable[[str], None]) -> Record:
    """Start the grid and its services, in order, and give its record."""
    import os

    from globus_hl.testgrid.environment import FOREIGN
    from globus_hl.testgrid.proxy import make_proxy

    grid.start()
    say(f"directory: {grid.directory}")
    say(f"certification authority: {grid.ca.subject}")
    make_proxy(grid.user, grid.user.proxy, PROXY_LIFETIME)
    say(f"user: {grid.user.subject}, with a proxy for {PROXY_LIFETIME // 86400} days")
    starters: dict[str, Callable[[], str]] = {
        "gridftp": lambda: grid.gridftp.url,
        "gass": lambda: grid.gass.url,
        "gram": lambda: grid.gram.contact,
        "myproxy": lambda: grid.use_myproxy(ca=True).contact,
    }
    addresses = {}
    for kind in KINDS:
        if kind in services:
            addresses[kind] = starters[kind]()
            say(f"{TITLES[kind]}: started")
    names = {"gridftp": "PYGLOBUS_GRIDFTP_URL", "gass": "PYGLOBUS_GASS_URL", "gram": "PYGLOBUS_GRAM_CONTACT"}
    own = {
        "PYGLOBUS_GRID": str(grid.directory),
        "PYGLOBUS_USER_CERT": str(grid.user.cert),
        "PYGLOBUS_USER_KEY": str(grid.user.key),
        **{name: addresses[kind] for kind, name in names.items() if kind in addresses},
    }
    pid = os.getpid()
    return Record(pid, started(pid), str(grid.directory), grid.env | own, list(FOREIGN), addresses)


def _table(record: Record, directory: str | None) -> str:
    """The services with their addresses, and how to use them."""
    import shlex

    option = "" if directory is None else f" --dir {shlex.quote(directory)}"
    rows = [f"  {TITLES[kind]:16}  {address}" for kind, address in record.services.items()]
    how = [
        f'  another shell     eval "$(pyglobus grid env{option})"',
        f"  the end           Ctrl-C here, or: pyglobus grid down{option}",
    ]
    return "\n".join(["", *rows, "", *how, ""])


def _say(text: str) -> None:
    click.echo(f"==> {text}")


def _silent(_text: str) -> None:
    """Progress that nobody reads: with ``--json`` the output is one document."""
