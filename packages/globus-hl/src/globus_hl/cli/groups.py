"""A command with subcommands that are imported when they are asked for, so that none costs another its start."""

from __future__ import annotations

import difflib
from importlib import import_module
from typing import TYPE_CHECKING, Any, NamedTuple

import click

from .exits import Exit

if TYPE_CHECKING:
    from collections.abc import Mapping

    from click.shell_completion import CompletionItem

__all__ = ["Lazy", "LazyGroup"]


class Lazy(NamedTuple):
    """A subcommand that is not imported yet.

    Attributes:
        module: where it is, with a click command called ``command``.
        help: what it does, in one sentence.
    """

    module: str
    help: str


class LazyGroup(click.Group):
    """A click group that lists, and completes, its subcommands without importing one.

    Without arguments it shows its help, on standard error: that is no success.

    Args:
        subcommands: the lazy ones, by their names.
    """

    def __init__(self, *args: Any, subcommands: Mapping[str, Lazy], **options: Any) -> None:
        super().__init__(*args, **({"subcommand_metavar": "SUBCOMMAND ..."} | options))
        self._subcommands = subcommands

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The names, in the order of the table."""
        return [*self._subcommands, *super().list_commands(ctx)]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The subcommand, imported now; None if there is none of this name."""
        if lazy := self._subcommands.get(cmd_name):
            found: click.Command = import_module(lazy.module).command
            return found
        return super().get_command(ctx, cmd_name)

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Show the help if there is nothing to do."""
        if not args and not ctx.resilient_parsing:
            click.echo(ctx.get_help(), err=True)
            ctx.exit(Exit.USAGE)
        return super().parse_args(ctx, args)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """The subcommand that the arguments name; a wrong name is told with the names that are like it."""
        name, known = args[0], self.list_commands(ctx)
        if name not in known and not name.startswith("-"):
            close = difflib.get_close_matches(name, known) or known
            ctx.fail(f"No such subcommand {name!r}: {' or '.join(close)}?")
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the subcommands with what they do."""
        if rows := [(name, self._help_of(ctx, name)) for name in self.list_commands(ctx)]:
            with formatter.section("Subcommands"):
                formatter.write_dl(rows)

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Print the epilog as it is written: it has tables."""
        if self.epilog:
            formatter.write(f"\n{self.epilog}")

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        """The subcommands and options that begin so."""
        from click.shell_completion import CompletionItem

        names = [name for name in self.list_commands(ctx) if name.startswith(incomplete)]
        found = [CompletionItem(name, help=self._help_of(ctx, name)) for name in names]
        return found + click.Command.shell_complete(self, ctx, incomplete)

    def _help_of(self, ctx: click.Context, name: str) -> str:
        if lazy := self._subcommands.get(name):
            return lazy.help
        found = self.get_command(ctx, name)
        return found.get_short_help_str(limit=200) if found else ""
