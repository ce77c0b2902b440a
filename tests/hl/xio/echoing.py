"""A server that sends back what it gets, on tcp and with GSI, in a process of its own: its objects are not the test's.

python -m tests.hl.xio.echoing CERTIFICATE KEY        # prints the two ports, and ends with its standard input
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import sys

from globus_hl import xio
from globus_hl.errors import GridError
from globus_hl.security import Credential

HANDSHAKE = 5.0


async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError, GridError):
        while data := await reader.read(1 << 16):
            writer.write(data)
            await writer.drain()
    writer.transport.abort()


async def main() -> None:
    gsi = xio.GSI(credential=Credential.from_files(*sys.argv[1:3]), authorization="none")
    plain = await xio.start_server(echo, "localhost")
    secure = await xio.start_server(echo, "localhost", stack="tcp,gsi", gsi=gsi, timeout=HANDSHAKE)
    print(plain.port, secure.port, flush=True)
    await asyncio.to_thread(sys.stdin.read)
    for server in (plain, secure):
        server.close()
        server.abort_clients()


if __name__ == "__main__":
    logging.disable()  # of all the handshakes that do not come about
    asyncio.run(main())
