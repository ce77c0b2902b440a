"""Options as the toolkit's programs have them: long names with one dash, such as ``-tcp-bs 1M``.

They are neither bundled nor cut short: ``-vb`` is one option and not ``-v -b``. ``--vb`` is the same as
``-vb``, and ``-tcp-bs=1M`` the same as ``-tcp-bs 1M``.
"""

from __future__ import annotations

import difflib
import re
from typing import Any

import click

from .completion import complete_arguments

__all__ = ["GlobusCommand", "Size", "parse"]


class GlobusCommand(click.Command):
    """A click command whose options follow the toolkit's rules."""

    def make_parser(self, ctx: click.Context) -> Any:
        """The parser of click, without its short options: they are long ones of one letter here."""
        # click has no other way to refuse bundles than these private tables.
        parser: Any = super().make_parser(ctx)
        short, long = parser._short_opt, parser._long_opt  # noqa: SLF001
        long.update(short)
        short.clear()
        names = list(long)
        long.update({f"-{name}": long[name] for name in names if not name.startswith("--")})

        def unknown(name: str, _state: object) -> None:
            raise click.NoSuchOption(name, possibilities=difflib.get_close_matches(name, names))

        parser._match_short_opt = unknown  # noqa: SLF001
        return parser

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Print the epilog as it is written: it has tables."""
        if self.epilog:
            formatter.write(f"\n{self.epilog}\n")


class Size(click.ParamType):  # type: ignore[type-arg,unused-ignore]
    """A number of bytes; ``k``, ``M`` and ``G`` multiply by 1024, as they do in ``globus-url-copy``.

    Args:
        most: the largest one.
    """

    name = "bytes"

    def __init__(self, most: int) -> None:
        self.most = most

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """Bytes as a number."""
        match = re.fullmatch(r"(\d{1,12})([bkmg]?)", str(value), re.IGNORECASE | re.ASCII)
        size = int(match[1]) << {"": 0, "b": 0, "k": 10, "m": 20, "g": 30}[match[2].lower()] if match else 0
        if not 0 < size <= self.most:
            self.fail(f"{value!r} is not a size such as 65536, 64k or 4M, of at most {self.most}", param, ctx)
        return size


def parse(command: click.Command, program: str, arguments: list[str]) -> int:
    """Run the command with these arguments, and give its exit code.

    Wrong ones are told in one line, with the way to the help. All else that the command raises goes on: that
    is why click's own way to run a command, which keeps some errors to itself, is not used.
    """
    complete_arguments(command, program)
    try:
        with command.make_context(program, arguments) as context:
            result = command.invoke(context)
    except click.exceptions.Exit as leaving:
        return leaving.exit_code
    except click.UsageError as error:
        from .exits import Exit
        from .report import one_line

        asked = error.ctx.command_path if error.ctx else program
        click.echo(
            f"{program}: {one_line(error.format_message())} ({asked} {_help_option(error)} lists all options)",
            err=True,
        )
        return Exit.USAGE
    return result if isinstance(result, int) else 0


def _help_option(error: click.UsageError) -> str:
    return error.ctx.help_option_names[0] if error.ctx else "--help"
