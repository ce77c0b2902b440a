"""Shell completion: the options of a command, and local files."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import click
    from click.shell_completion import CompletionItem

__all__ = ["SHELLS", "complete_arguments", "files", "script"]

SHELLS = ("bash", "zsh", "fish")


def files(_context: click.Context, _parameter: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Complete an operand: the shell knows the local files."""
    from click.shell_completion import CompletionItem

    return [CompletionItem(incomplete, type="file")]


def complete_arguments(command: click.Command, program: str) -> None:
    """Answer the shell, and leave, if it asks what the command line can go on with."""
    asked = os.environ.get(_variable(program))
    if asked:
        from click.shell_completion import shell_complete

        sys.exit(shell_complete(command, {}, program, _variable(program), asked))


def script(command: click.Command, program: str, shell: str) -> str:
    """What the shell must run, for example from its start file, to complete the command's arguments."""
    from click.shell_completion import get_completion_class

    kind = get_completion_class(shell)
    if kind is None:
        raise ValueError(f"shell={shell!r}: one of {', '.join(SHELLS)} is expected")
    return kind(command, {}, program, _variable(program)).source()


def _variable(program: str) -> str:
    """The environment variable that the script asks by."""
    return f"_{program}_COMPLETE".replace("-", "_").upper()
