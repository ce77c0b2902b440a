"""Statements that set and unset environment variables, for several shells."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

__all__ = ["SHELLS", "statements"]

SHELLS = ("sh", "csh", "fish")  # sh: also bash, zsh, dash, ksh


def statements(shell: str, variables: Mapping[str, str], unset: Iterable[str] = ()) -> str:
    """What the shell must evaluate, one statement a line.

    Args:
        shell: one of `SHELLS`.
        variables: what to set.
        unset: names of variables to remove.
    """
    lines = [_unset(shell, name) for name in unset]
    lines += [_set(shell, name, value) for name, value in variables.items()]
    return "".join(f"{line};\n" for line in lines)


def _set(shell: str, name: str, value: str) -> str:
    if shell == "fish":
        quoted = value.replace("\\", "\\\\").replace("'", "\\'")
        return f"set -gx {name} '{quoted}'"
    if shell == "csh":
        return f"setenv {name} {shlex.quote(value).replace('!', chr(92) + '!')}"  # "!" recalls commands, even in quotes
    return f"export {name}={shlex.quote(value)}"


def _unset(shell: str, name: str) -> str:
    return {"fish": f"set -e {name}", "csh": f"unsetenv {name}"}.get(shell, f"unset {name}")
