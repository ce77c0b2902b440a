"""A whole grid on loopback, for tests and first steps: a certification authority, users, servers.

    from globus_hl.testgrid import Grid

    with Grid() as grid:
        print(grid.gridftp.url, grid.user.proxy)

Needs the extra ``globus-hl[testgrid]``, and the Debian packages of the servers that are asked for.
"""

from __future__ import annotations

from .errors import MissingProgramError, TestGridError
from .gass import GASSServer
from .gram import Gatekeeper
from .grid import Grid
from .gridftp import GridFTPServer
from .keys import EXPIRED, NOT_YET_VALID, VALID
from .myproxy import MyProxyServer
from .pki import CertificateAuthority, Identity
from .proxy import User
from .striped import StripedGridFTPServer

__all__ = [
    "EXPIRED",
    "NOT_YET_VALID",
    "VALID",
    "CertificateAuthority",
    "GASSServer",
    "Gatekeeper",
    "Grid",
    "GridFTPServer",
    "Identity",
    "MissingProgramError",
    "MyProxyServer",
    "StripedGridFTPServer",
    "TestGridError",
    "User",
]
