"""Shell completion: the options of a command, and local files."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import click
    from click.shell_completion import CompletionItem

__all__ = ["SHELLS", "files", "script"]

SHELLS = ("bash", "zsh", "fish")


def files(_context: click.Context, _parameter: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Complete an operand: the shell knows the local files."""
    from click.shell_completion import CompletionItem

    return [CompletionItem(incomplete, type="file")]


def script(command: click.Command, program: str, shell: str) -> str:
    """What the shell must run, for example from its start file, to complete the command's arguments."""
    from click.shell_completion import get_completion_class

    kind = get_completion_class(shell)
    if kind is None:
        raise ValueError(f"shell={shell!r}: one of {', '.join(SHELLS)} is expected")
    variable = f"_{program}_COMPLETE".replace("-", "_").upper()
    # Not through the constructor's checks: bash's asks the bash of this machine, and this may be for another.
    return kind(command, {}, program, variable).source()
