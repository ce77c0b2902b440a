"""Files on GridFTP and FTP servers.

::

    from globus_hl import gridftp

    with gridftp.Client() as client:
        client.put("a.dat", "gsiftp://host/data/")
        client.get("gsiftp://host/data/a.dat", "copy.dat", parallelism=4)
        with client.open("gsiftp://host/data/a.dat") as file:
            header = file.read(64)

:class:`AsyncClient` has the same methods for asyncio. Errors are in :mod:`globus_hl.errors`.
"""

from __future__ import annotations

from ..progress import Progress
from ..timeouts import Deadline, Timeout
from .client import AsyncClient, Client, Visited
from .files import AsyncFile, BufferedRemoteWriter, RawRemoteReader, RawRemoteWriter
from .listing import Entry, ListingError
from .report import TransferResult
from .url import GridFTPURL, InvalidURLError

__all__ = [
    "AsyncClient",
    "AsyncFile",
    "BufferedRemoteWriter",
    "Client",
    "Deadline",
    "Entry",
    "GridFTPURL",
    "InvalidURLError",
    "ListingError",
    "Progress",
    "RawRemoteReader",
    "RawRemoteWriter",
    "Timeout",
    "TransferResult",
    "Visited",
]
