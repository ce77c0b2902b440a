"""Where ``pyglobus-url-copy`` starts, the command that copies files to and from GridFTP and FTP servers.

What does the work is imported by :func:`main`, so that Ctrl-C in the middle of the imports ends as elsewhere.
"""

from __future__ import annotations

import sys

from .program import run

__all__ = ["main"]

PROGRAM = "pyglobus-url-copy"


def main() -> None:
    """Run the command with the arguments of the process, and end the process with its exit code."""
    sys.exit(run(PROGRAM, _body))


def _body(arguments: list[str]) -> int:
    from .options import parse
    from .url_copy_command import command

    return parse(command, PROGRAM, arguments)


if __name__ == "__main__":
    main()
