"""A whole grid on loopback, for tests and first steps: a certification authority, users, GridFTP servers.

    from globus_hl.testgrid import Grid

    with Grid() as grid:
        print(grid.gridftp.url, grid.user.proxy)

Needs the extra ``globus-hl[testgrid]`` and the Debian package ``globus-gridftp-server-progs``.
"""

from __future__ import annotations

from .errors import MissingProgramError, TestGridError
from .grid import Grid, User
from .gridftp import GridFTPServer
from .pki import CertificateAuthority, Identity

__all__ = [
    "CertificateAuthority",
    "Grid",
    "GridFTPServer",
    "Identity",
    "MissingProgramError",
    "TestGridError",
    "User",
]
