"""A fault proxy that stands before an FTP server's data channels too.

It reads the control channel, and puts addresses of its own in place of those on which the two sides agree: in replies to
``PASV``, ``EPSV`` and ``SPAS``, and in the commands ``PORT``, ``EPRT`` and ``SPOR``.

On a control channel with GSI commands and replies are encrypted (``ENC``, replies 632 and 633), and nobody on the way can
read an address or change one: that is what GSI is for. There the data goes around the proxy, and only the control channel
has faults. For data channels with GSI there are `Server.pause`, by which nothing moves, and `Server.kill`; data channels
of a server's plain FTP (``grid.start_gridftp("anonymous")``) run through the same code of the client.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from .faults import Fault, FaultProxy, unedited

if TYPE_CHECKING:
    import asyncio

    from .server import Server

__all__ = ["FTPFaultProxy"]

Address = tuple[str, int]
SIX_NUMBERS = re.compile(rb"(\d+,\d+,\d+,\d+),(\d+),(\d+)")
EXTENDED = re.compile(rb"([|!#])(\d?)\1([\da-fA-F.:]*)\1(\d+)\1")


class FTPFaultProxy(FaultProxy):
    """A proxy before an FTP server: control channel and, without GSI, data channels.

    Args:
        target: the server, or its port.
        fault: what happens to each control channel; None: nothing.
        data: what happens to each data channel. ``"down"`` is from the server to the client there too, whoever connects.

    Attributes:
        data: may be changed at any time; it holds for data channels that are agreed on from then on.
        data_channels: how many data channels have come.
    """

    def __init__(
        self, target: Server | int, fault: Fault | None = None, *, data: Fault | None = None
    ) -> None:
        self.data = data
        self.data_channels = 0
        super().__init__(target, fault)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.accepted += 1
        control = ControlChannel(self)
        target = ("127.0.0.1", self.target)
        await self._relay(reader, writer, target, self.fault, (control.commands, control.replies))

    async def redirect(self, address: Address, *, from_server: bool) -> Address:
        """An address that leads to another one, through the fault of data channels."""
        fault = self.data

        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            self.data_channels += 1
            edits = (unedited, unedited)
            await self._relay(reader, writer, address, fault, edits, from_server=from_server)

        return "127.0.0.1", await self._listen(serve)


class ControlChannel:
    """What is said on one control channel, line by line."""

    def __init__(self, proxy: FTPFaultProxy) -> None:
        self._proxy = proxy
        self._up = self._down = b""  # beginnings of lines
        self._striped = False

    async def commands(self, data: bytes) -> bytes:
        """The client's commands, with our addresses."""
        *lines, self._up = (self._up + data).split(b"\n")
        return b"".join([await self._command(line) + b"\n" for line in lines])

    async def replies(self, data: bytes) -> bytes:
        """The server's replies, with our addresses."""
        *lines, self._down = (self._down + data).split(b"\n")
        return b"".join([await self._reply(line) + b"\n" for line in lines])

    async def _command(self, line: bytes) -> bytes:
        word = line[:5].upper()
        if word in (b"PORT ", b"SPOR "):
            return await self._six_numbers(line, from_server=True)
        if word == b"EPRT ":
            return await self._extended(line, from_server=True)
        return line

    async def _reply(self, line: bytes) -> bytes:
        if line.startswith(b"229-"):
            self._striped = True
        elif self._striped and not line.startswith(b"229 "):
            return await self._six_numbers(line, from_server=False)
        elif line.startswith(b"229 "):
            self._striped = False
            return await self._extended(line, from_server=False)
        elif line.startswith(b"227 "):
            return await self._six_numbers(line, from_server=False)
        return line

    async def _six_numbers(self, line: bytes, *, from_server: bool) -> bytes:
        """``127,0,0,1,4,1``, any number of times."""
        changed, end = b"", 0
        for found in SIX_NUMBERS.finditer(line):
            host = found[1].decode().replace(",", ".")
            port = int(found[2]) << 8 | int(found[3])
            host, port = await self._proxy.redirect((host, port), from_server=from_server)
            ours = f"{host.replace('.', ',')},{port >> 8},{port & 255}".encode()
            changed, end = changed + line[end : found.start()] + ours, found.end()
        return changed + line[end:]

    async def _extended(self, line: bytes, *, from_server: bool) -> bytes:
        """``|1|127.0.0.1|1025|``, or ``|||1025|``, which means the host of the control channel."""
        found = EXTENDED.search(line)
        if not found:
            return line
        stated = found[3].decode()
        target = (stated or "127.0.0.1", int(found[4]))
        host, port = await self._proxy.redirect(target, from_server=from_server)
        mark = found[1].decode()
        ours = mark.join(["", "1" if stated else "", host if stated else "", str(port), ""])
        return line[: found.start()] + ours.encode() + line[found.end() :]
