"""The options of ``pyglobus-url-copy``, and what it does."""

from __future__ import annotations

import functools
import sys
from typing import TYPE_CHECKING, Any, TextIO

import click

from . import completion
from .display import Lines, Quiet, closing
from .exits import Exit, UsageError
from .options import GlobusCommand, Size
from .report import printable

if TYPE_CHECKING:
    from .copier import Settings
    from .display import Display
    from .operands import Operand

__all__ = ["command"]

PROGRAM = "pyglobus-url-copy"

EPILOG = f"""\
SOURCE and DESTINATION are URLs (gsiftp://host/path, ftp://host/path, file:///path),
paths of local files, or - for standard input and output.

  gsiftp://host/data/a       /data/a, from the root of the server
  gsiftp://host/~/a          a, in your home directory on the server
  gsiftp://host/data/        what is in /data; as destination: into /data
  'gsiftp://host/data/*.h5'  wildcards * ? [a-z] in the last part; %XX is literal

Nothing is written under the final name of a file before all of it has arrived.
Your proxy (X509_USER_PROXY, grid-proxy-init) says who you are.

Examples:
  {PROGRAM} -p 4 run.h5 gsiftp://host/data/
  {PROGRAM} -r -cd gsiftp://host/data/2024/ file:///scratch/2024/
  {PROGRAM} gsiftp://one/data/a gsiftp://other/data/a     (data goes directly)
  {PROGRAM} -list gsiftp://host/data/
  {PROGRAM} gsiftp://host/data/a.tar - | tar x

Exit codes:
""" + "".join(f"  {code.value:3}  {code.meaning}\n" for code in Exit)


@click.command(
    PROGRAM,
    cls=GlobusCommand,
    epilog=EPILOG,
    context_settings={"help_option_names": ["-help", "-usage", "--help"], "max_content_width": 90},
    options_metavar="[OPTIONS]",
)
@click.argument(
    "urls", nargs=-1, metavar="SOURCE DESTINATION", type=click.UNPROCESSED, shell_complete=completion.files
)
@click.option(
    "-vb", "-verbose-perf", "verbose", is_flag=True, help="Show more: each file, and how fast it comes."
)
@click.option("-q", "-quiet", "quiet", is_flag=True, help="Show nothing but errors.")
@click.option(
    "--json", "as_json", is_flag=True, help="Show events as JSON, one a line (globus_hl.cli.events)."
)
@click.option("-r", "-recurse", "recurse", is_flag=True, help="Copy (or list) what is in subdirectories too.")
@click.option(
    "-cd", "-create-dest", "create", is_flag=True, help="Make the directories the destination needs."
)
@click.option(
    *("-p", "-parallel", "parallel"),
    type=click.IntRange(0, 64),
    default=0,
    metavar="N",
    help="Data connections of a transfer; they make it use extended block mode (MODE E).",
)
@click.option(
    *("-fast", "fast"),
    is_flag=True,
    help="Use extended block mode, which reuses data connections; several files do anyway where they can.",
)
@click.option(
    "-tcp-bs",
    "-tcp-buffer-size",
    "tcp_buffer",
    type=Size(2**31 - 1),
    help="TCP buffer on both sides, such as 4M.",
)
@click.option(
    "-bs", "-block-size", "block_size", type=Size(32 << 20), help="Bytes read or written at once, such as 1M."
)
@click.option(
    *("-nodcau", "-no-data-channel-authentication", "no_dcau"),
    is_flag=True,
    help="Do not authenticate data connections: anybody on the network may take your place there.",
)
@click.option("-dcsafe", "-data-channel-safe", "safe", is_flag=True, help="Protect the data against changes.")
@click.option("-dcpriv", "-data-channel-private", "private", is_flag=True, help="Encrypt the data.")
@click.option(
    *("--timeout", "timeout"),
    type=click.FloatRange(0, min_open=True),
    metavar="SECONDS",
    help="Give up when it takes longer, all files together.",
)
@click.option(
    "-list", "list_url", metavar="URL", type=click.UNPROCESSED, help="Show what is there; copy nothing."
)
@click.option(
    "-dbg", "-debugftp", "debug", is_flag=True, help="Show the dialogue with the servers, on standard error."
)
@click.option(
    *("-completion", "shell"),
    type=click.Choice(completion.SHELLS),
    help='Print what makes the shell complete options: eval "$(pyglobus-url-copy -completion bash)".',
)
@click.version_option(
    None, "-version", "--version", package_name="globus-hl", message="%(prog)s: %(version)s"
)
def command(urls: tuple[str, ...], list_url: str | None, shell: str | None, **options: Any) -> int:
    """Copy files between this machine, GridFTP servers and FTP servers."""
    if shell is not None:
        print(completion.script(command, PROGRAM, shell))
        return Exit.OK
    settings = _settings(**options)
    if list_url is not None:
        if urls:
            raise click.UsageError("-list copies nothing: SOURCE and DESTINATION do not go with it")
        return _list(list_url, settings, options)
    if len(urls) != 2:
        wrong = "is missing" if len(urls) < 2 else f"is all there can be, not {printable(urls[2])!r} too"
        raise click.UsageError(f"SOURCE DESTINATION {wrong}")
    return _copy(*urls, settings, options)


def _settings(
    *, parallel: int, fast: bool, no_dcau: bool, safe: bool, private: bool, debug: bool, **options: Any
) -> Settings:
    from .copier import Settings

    if safe and private:
        raise click.UsageError("-dcsafe and -dcpriv exclude each other: -dcpriv is the safer one")
    if no_dcau and (safe or private):
        raise click.UsageError("-dcsafe and -dcpriv need authenticated data connections: drop -nodcau")
    return Settings(
        parallelism=max(1, parallel),
        extended=fast or parallel > 0,
        tcp_buffer=options["tcp_buffer"],
        block_size=options["block_size"],
        protection="private" if private else "safe" if safe else "clear",
        data_channel_authentication=not no_dcau,
        timeout=options["timeout"],
        debug=debug,
    )


def _copy(source_text: str, destination_text: str, settings: Settings, options: dict[str, Any]) -> int:
    from .copier import Copier
    from .operands import STDIO, parse_operand
    from .plan import make_plan

    display = _display(options, sys.stderr if destination_text == STDIO else sys.stdout)
    with closing(display):
        source = parse_operand(source_text, wildcards=True)
        destination = parse_operand(destination_text)
        if source.is_stdio and destination.is_stdio:
            raise UsageError("standard input to standard output is not a copy: one of the two must be a file")
        _check_security(settings, source, destination)
        with Copier(settings, display, create=options["create"]) as copier:
            jobs = make_plan(source, destination, copier.places, recurse=options["recurse"], warn=_warn)
            copier.run(jobs)
    return Exit.OK


def _list(text: str, settings: Settings, options: dict[str, Any]) -> int:
    from .copier import Copier
    from .operands import parse_operand
    from .show import EntryLines, show

    display: Display = Quiet()
    listed: JSONLines | EntryLines
    if options["as_json"]:
        from .events import JSONLines

        display = listed = JSONLines(sys.stdout)
    else:
        listed = EntryLines(sys.stdout, long=options["verbose"])
    with closing(display):
        operand = parse_operand(text, wildcards=True)
        with Copier(settings, display) as copier:
            show(operand, copier.places, listed.entries, recurse=options["recurse"], warn=_warn)
    return Exit.OK


def _check_security(settings: Settings, *operands: Operand) -> None:
    """FTP without GSI has nothing to protect data connections with."""
    remote = [operand for operand in operands if operand.url and operand.url.is_remote]
    for operand in remote:
        if operand.url and operand.url.scheme != "gsiftp" and settings.protection != "clear":
            raise UsageError(f"-dcsafe and -dcpriv need gsiftp URLs: {operand.text} cannot protect data")
    schemes = {operand.url.scheme for operand in remote if operand.url}
    if len(schemes) > 1 and "gsiftp" in schemes and settings.data_channel_authentication:
        raise UsageError(
            "an FTP server cannot authenticate itself to a GridFTP server; add -nodcau if it need not"
        )


def _display(options: dict[str, Any], stream: TextIO) -> Display:
    """What shows the progress, as the options and the kind of output want it."""
    if options["as_json"]:
        from .events import JSONLines

        return JSONLines(stream)
    if options["quiet"]:
        return Quiet()
    if stream.isatty():
        from .bar import Bar

        return Bar(stream, verbose=options["verbose"], delay=0 if options["verbose"] else Bar.DELAY)
    return Lines(functools.partial(print, file=stream, flush=True), verbose=options["verbose"])


def _warn(text: str) -> None:
    print(f"{PROGRAM}: {printable(text)}", file=sys.stderr, flush=True)
