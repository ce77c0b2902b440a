"""What the subcommands of ``pyglobus proxy`` have in common: options, and the toolkit's exit codes."""

from __future__ import annotations

import re
from typing import Any

import click

from globus_hl.errors import GridError

from .options import GlobusCommand
from .report import one_line, report

__all__ = ["FAILED", "ProxyCommand", "Validity"]

FAILED = 1
"""What the toolkit's programs end with whenever they do not succeed."""

SETTINGS = {"help_option_names": ["-help", "-usage", "--help"], "max_content_width": 90}


class ProxyCommand(GlobusCommand):
    """A command that ends with 0 or 1 like those of the toolkit, whatever goes wrong."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **{"context_settings": SETTINGS, **options})

    def make_context(self, *args: Any, **options: Any) -> click.Context:
        """As click does it; a wrong option is told in one line."""
        try:
            return super().make_context(*args, **options)
        except click.UsageError as error:
            name = f"pyglobus proxy {self.name}"
            click.echo(
                f"{name}: {one_line(error.format_message())} ({name} -help lists all options)", err=True
            )
            raise click.exceptions.Exit(FAILED) from None

    def invoke(self, ctx: click.Context) -> Any:
        """As click does it; an error is told in one line."""
        try:
            return super().invoke(ctx)
        except (GridError, OSError, ValueError) as error:
            report(f"pyglobus proxy {self.name}", error, debug=ctx.params.get("debug", False))
            raise click.exceptions.Exit(FAILED) from None


class Validity(click.ParamType):  # type: ignore[type-arg,unused-ignore]
    """Hours and minutes, ``H:M``, as a number of minutes."""

    name = "H:M"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """Minutes as a number."""
        match = re.fullmatch(r"(\d{1,7}):([0-5]?\d)", str(value), re.ASCII)
        if not match:
            self.fail(f"{value!r} is not hours:minutes, such as 12:00", param, ctx)
        return 60 * int(match[1]) + int(match[2])
