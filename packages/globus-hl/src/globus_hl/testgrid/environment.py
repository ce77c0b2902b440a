"""The environment variables by which the toolkit's libraries, programs and servers find a grid."""

from __future__ import annotations

import os
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

# Settings of another grid, or of the site, that would change what clients do. X509_USER_CERT and _KEY are
# among them: the toolkit looks for a host credential first, finds it there, and never uses the proxy.
FOREIGN = (
    "X509_USER_CERT",
    "X509_USER_KEY",
    "X509_RUN_AS_SERVER",
    "GLOBUS_TCP_PORT_RANGE",
    "GLOBUS_TCP_SOURCE_RANGE",
    "GLOBUS_UDP_PORT_RANGE",
)
# All that a server inherits: how programs and libraries are found, and the policy of OpenSSL
INHERITED = ("PATH", "LD_LIBRARY_PATH", "GLOBUS_LOCATION", "OPENSSL_CONF", "TZ", "TMPDIR")


def inherited() -> dict[str, str]:
    """The part of this process' environment that a server gets too."""
    return {name: os.environ[name] for name in INHERITED if name in os.environ}


@contextmanager
def environment(variables: Mapping[str, str | None]) -> Iterator[None]:
    """Set variables of this process (None: unset it), and restore them at the end.

    `os.environ` reaches C's ``getenv``, which the toolkit asks at each use. C code that reads the environment
    in another thread at this moment may crash: enter and leave while no transfer runs.
    """
    before = {name: os.environ.get(name) for name in variables}
    _set(variables)
    try:
        yield
    finally:
        _set(before)


def _set(variables: Mapping[str, str | None]) -> None:
    for name, value in variables.items():
        if value is None:
            os.environ.pop(name, None)
        else:
            os.environ[name] = value
