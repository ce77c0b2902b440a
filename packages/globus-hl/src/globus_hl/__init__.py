"""Grids for Python applications: GridFTP transfers, GSI security, and a whole test grid on loopback.

::

    from globus_hl import gridftp

    with gridftp.Client() as client:
        client.get("gsiftp://data.example.org/run/a.dat", "a.dat", parallelism=4)

Each module stands for one service and is loaded when it is first used:

* :mod:`globus_hl.gridftp`: files on GridFTP and FTP servers
* :mod:`globus_hl.myproxy`: credentials from an online repository
* :mod:`globus_hl.security`: credentials, proxies, trust, security contexts
* :mod:`globus_hl.errors`: everything that can go wrong
* :mod:`globus_hl.timeouts`, :mod:`globus_hl.progress`: deadlines and progress events
* :mod:`globus_hl.testgrid`: a certification authority, users and servers for tests
"""

from __future__ import annotations

import importlib
import os
from types import ModuleType

__all__ = ["errors", "gridftp", "myproxy", "progress", "security", "testgrid", "timeouts"]

__version__: str


def __getattr__(name: str) -> ModuleType | str:
    # Modules on first use: importing the package costs next to nothing.
    if name in __all__:
        return importlib.import_module(f"{__name__}.{name}")
    if name == "__version__":
        # Asking importlib.metadata takes longer than most of the imports of a command.
        with open(os.path.join(os.path.dirname(__file__), "VERSION"), encoding="ascii") as file:
            return file.read().strip()
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__, "__version__"})
