"""The data connections of an upload in extended block mode, made before its first block is on its way.

When a write fails while another data connection is still being made, the C library marks the transfer as ended, and
ends the process once that connection is there. It tells nobody when all of them are. The end-of-file mark, though,
waits for every one; and then they stay, for the next upload. So an empty upload comes first.
"""

from __future__ import annotations

import contextlib

from globus_lowlevel import ftp_client

from ..errors import ServerError
from .ends import BufferSource, Source
from .job import Job
from .operations import Start, Upload
from .options import Tuning
from .url import GridFTPURL

__all__ = ["make_data_connections"]


async def make_data_connections(
    job: Job,
    start: Start,
    source: Source,
    target: GridFTPURL,
    shown: GridFTPURL,
    tuning: Tuning,
    *,
    is_new: bool,
) -> None:
    """Make the data connections for `source`, if they are not there and it is not safe without.

    A single block is safe: it has the end-of-file mark itself.

    Args:
        start: begins the upload of it, and of nothing as well.
        target: what will be written.
        shown: the file that error messages are about.
        is_new: whether there is nothing at `target`: then there will be nothing, for a server that does not overwrite.

    Raises:
        GridError: as of the upload itself.
    """
    single = source.size is not None and source.size <= tuning.block
    if tuning.parallelism == 1 or single or job.connection.can_send:
        return
    nothing = BufferSource(memoryview(b""), tuning.buffers, tuning.block)
    upload = Upload(job.handle, start, nothing, **job.limits(shown, "put it"))
    await job.run(upload, shown, "put it", expected="place")
    if is_new:
        with contextlib.suppress(ServerError):  # the upload goes over it, or tells what is wrong
            await job.command(target, "remove it", ftp_client.globus_ftp_client_delete, lambda _: None)
