"""GSI inside a protocol of one's own, in asyncio: tokens go over a plain connection, each after its length.

The library opens no socket and blocks nowhere. The client makes sure that the server is the host it wants, both ends
protect their messages, and a client who wants another host sees an error before it has sent anything.

    python examples/security/tokens_in_asyncio.py
"""

from __future__ import annotations

import asyncio

from globus_hl.security import Credential, SecurityContext
from globus_hl.security.errors import PeerNameError, SecurityError
from globus_hl.testgrid import Grid


async def send(writer: asyncio.StreamWriter, token: bytes) -> None:
    if token:
        writer.write(len(token).to_bytes(4) + token)
        await writer.drain()


async def receive(reader: asyncio.StreamReader) -> bytes:
    return await reader.readexactly(int.from_bytes(await reader.readexactly(4)))


async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, host: Credential) -> None:
    """Say to whoever comes who he is, and what he said."""
    context = SecurityContext.accept(credential=host)
    try:
        while not context.established:
            await send(writer, context.step(await receive(reader)))
        message = context.unwrap(await receive(reader), confidential=True)
        await send(writer, context.wrap(f"{context.peer} said {message.decode()!r}".encode()))
    except SecurityError as error:
        await send(writer, error.token)
    except (asyncio.IncompleteReadError, ConnectionError):
        pass  # the client did not like us
    finally:
        context.close()
        writer.close()


async def ask(port: int, target: str, credential: Credential, message: str) -> str:
    """Connect to localhost, and talk only to `target`."""
    reader, writer = await asyncio.open_connection("localhost", port)
    try:
        with SecurityContext.initiate(target, credential=credential) as context:
            await send(writer, context.step())
            while not context.established:
                await send(writer, context.step(await receive(reader)))
            await send(writer, context.wrap(message.encode()))
            return context.unwrap(await receive(reader)).decode()
    finally:
        writer.close()


async def main() -> None:
    with Grid() as grid:
        host = Credential.from_files(grid.host.cert, grid.host.key)
        user = Credential.load(grid.user.proxy)
        served: list[asyncio.Task[None]] = []

        def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            served.append(asyncio.create_task(serve(reader, writer, host)))

        server = await asyncio.start_server(connected, "localhost", 0)
        async with server:
            port = server.sockets[0].getsockname()[1]
            answers = await asyncio.gather(*(ask(port, "localhost", user, f"hello {n}") for n in range(3)))
            print(*answers, sep="\n")
            try:
                await ask(port, "www.example.org", user, "a secret")
            except PeerNameError as error:
                print(f"nothing was sent: {error.message}")
            await asyncio.gather(*served)


if __name__ == "__main__":
    asyncio.run(main())
