"""Where ``pyglobus`` starts, the command whose subcommands make grids, proxies and the like.

What does the work is imported by :func:`main`, so that Ctrl-C in the middle of the imports ends as elsewhere.
"""

from __future__ import annotations

import sys

from .program import DEBUG_OPTIONS, run

__all__ = ["main"]

PROGRAM = "pyglobus"


def main() -> None:
    """Run the command with the arguments of the process, and end the process with its exit code."""
    sys.exit(run(PROGRAM, _body))


def _body(arguments: list[str]) -> int:
    from .options import parse
    from .pyglobus_command import command

    # `run` has seen them; they may stand anywhere, and no subcommand has to know them.
    return parse(command, PROGRAM, [argument for argument in arguments if argument not in DEBUG_OPTIONS])


if __name__ == "__main__":
    main()
