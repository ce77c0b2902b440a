"""The environment variables by which the toolkit's libraries, programs and servers find a grid."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

# Settings of another grid, or of the site, that would change what clients do. X509_USER_CERT and _KEY among them:
# the toolkit looks for a host credential first and takes it from these, so the proxy would never be used.
FOREIGN = (
    "X509_USER_CERT",
    "X509_USER_KEY",
    "X509_RUN_AS_SERVER",
    "GLOBUS_TCP_PORT_RANGE",
    "GLOBUS_TCP_SOURCE_RANGE",
    "GLOBUS_UDP_PORT_RANGE",
)
# What a server inherits from the process that starts it: nothing but how programs and libraries are found
INHERITED = ("PATH", "LD_LIBRARY_PATH", "GLOBUS_LOCATION", "OPENSSL_CONF", "TZ", "TMPDIR")


@contextmanager
def environment(variables: Mapping[str, str]) -> Iterator[None]:
    """Set variables of this process, and unset the foreign ones; restore all of them at the end.

    `os.environ` reaches C's ``getenv``, which the toolkit reads at each use. C code that reads the environment in
    another thread at this moment may crash: enter and leave while no transfer runs.
    """
    names = {*variables, *FOREIGN}
    before = {name: os.environ.get(name) for name in names}
    _set({name: variables.get(name) for name in names})
    try:
        yield
    finally:
        _set(before)


def _set(values: Mapping[str, str | None]) -> None:
    for name, value in values.items():
        if value is None:
            os.environ.pop(name, None)
        else:
            os.environ[name] = value


def inherited() -> dict[str, str]:
    """The part of this process' environment that a server gets too."""
    return {name: os.environ[name] for name in INHERITED if name in os.environ}
