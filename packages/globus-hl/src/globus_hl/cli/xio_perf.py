"""``pyglobus xio perf``: latency and throughput of a stack, between two of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from .exits import Exit, UsageError
from .options import GlobusCommand, Size
from .xio_options import GSI_HELP, SETTINGS, listen, security, stack_options

if TYPE_CHECKING:
    from globus_hl.xio import Handle

    from .xio_measure import Result

__all__ = ["command"]

TESTS = ("latency", "send", "receive")
_SECONDS = click.FloatRange(0, min_open=True)

EPILOG = f"""\
CONTACT is host:port of another one that runs with -l. Both need the same stack.

{GSI_HELP}
Examples:
  pyglobus xio perf -l 7000 -s tcp,gsi --credential hostcert.pem --key hostkey.pem
  pyglobus xio perf -s tcp,gsi host:7000 --block 1M --streams 4 --json

Exit codes:
""" + "".join(f"  {code.value:3}  {code.meaning}\n" for code in Exit)


@click.command("perf", cls=GlobusCommand, epilog=EPILOG, context_settings=SETTINGS)
@click.argument("contact", required=False)
@click.option("-l", "--listen", "place", metavar="[HOST:]PORT", help="Be the server, until interrupted.")
@stack_options
@click.option(
    "--test",
    "tests",
    type=click.Choice(TESTS),
    multiple=True,
    help="What to measure, from here; may be repeated.  [default: all]",
)
@click.option(
    *("-t", "--time", "seconds"),
    type=_SECONDS,
    default=5.0,
    show_default=True,
    metavar="SECONDS",
    help="How long each test sends.",
)
@click.option(
    "--bytes", "size", type=Size(1 << 50), metavar="BYTES", help="How much it sends, in place of that."
)
@click.option(
    *("-b", "--block", "block"),
    type=Size(1 << 28),
    default="256k",
    show_default=True,
    metavar="BYTES",
    help="Size of each write.",
)
@click.option(
    *("-P", "--streams", "streams"),
    type=click.IntRange(1, 64),
    default=1,
    show_default=True,
    metavar="N",
    help="Connections at once that send or receive.",
)
@click.option(
    "--round-trips",
    "round_trips",
    type=click.IntRange(1),
    default=1000,
    show_default=True,
    metavar="N",
    help="latency: messages to and fro, of one byte.",
)
@click.option(
    "--timeout", "timeout", type=_SECONDS, metavar="SECONDS", help="Limit of each single read and write."
)
@click.option(
    "--connect-timeout",
    "connect_timeout",
    type=_SECONDS,
    default=60.0,
    show_default=True,
    metavar="SECONDS",
    help="For connecting, handshake included.",
)
@click.option("--json", "as_json", is_flag=True, help="Print the results as JSON; -l: one object a line.")
def command(contact: str | None, place: str | None, **options: Any) -> int:
    """Measure latency and throughput of a stack to CONTACT, or be the server for that."""
    if (contact is None) == (place is None):
        raise UsageError("name a CONTACT to connect to, or a place to listen at (-l), one of both")
    if place is not None:
        _serve(place, options)
    elif contact is not None:
        _measure(contact, options)
    return Exit.OK


def _serve(place: str, options: dict[str, Any]) -> None:
    import json

    from globus_hl.xio import Server

    from .report import describe
    from .xio_measure import serve_all

    as_json = options["as_json"]

    def failed(error: Exception) -> None:
        line = describe(error)
        print(
            json.dumps({"event": "failed", "message": line}) if as_json else f"==> failed: {line}", flush=True
        )

    def served(result: Result) -> None:
        if as_json:
            print(json.dumps({"event": "served", **result.facts}), flush=True)
        else:
            print(f"==> {result.test}: {_rate(result)}", flush=True)

    with listen(Server, options["stack"], place, options) as server:
        print(
            json.dumps({"event": "listening", "contact": server.contact})
            if as_json
            else f"==> listening: {server.contact}",
            flush=True,
        )
        serve_all(server, options["timeout"], served, failed)


def _measure(contact: str, options: dict[str, Any]) -> None:
    from globus_hl.timeouts import Timeout
    from globus_hl.xio import Handle

    from .tables import print_json
    from .xio_measure import Plan, measure

    stack = options["stack"]
    gsi = security(stack, options, accepting=False)
    limits = Timeout(options["connect_timeout"], None, options["timeout"])

    def connect() -> Handle:
        return Handle(stack, contact, gsi=gsi, timeout=limits)

    wanted = [test for test in TESTS if test in (options["tests"] or TESTS)]
    results = []
    for test in wanted:
        plan = Plan(
            test,
            block=1 if test == "latency" else options["block"],
            seconds=options["seconds"],
            size=options["size"],
            round_trips=options["round_trips"],
        )
        result = measure(plan, connect, 1 if test == "latency" else options["streams"])
        results.append(result)
        if not options["as_json"]:
            print(f"{test:8} {_rate(result)}", flush=True)
    if options["as_json"]:
        print_json({"contact": contact, "stack": str(stack), "results": [result.facts for result in results]})


def _rate(result: Result) -> str:
    facts = result.facts
    if result.test == "latency":
        microseconds = {name: facts[name] * 1e6 for name in ("minimum", "median", "p99", "maximum")}
        told = ", ".join(f"{name} {value:.1f}" for name, value in microseconds.items())
        return f"{told} us, {facts['round_trips']} round trips; connected in {facts['connect'] * 1e3:.1f} ms"
    return (
        f"{facts['rate'] / 1e6:.1f} MB/s: {facts['bytes']} bytes in {facts['seconds']:.3f} s, "
        f"blocks of {facts['block']}, {facts['streams']} streams"
    )
