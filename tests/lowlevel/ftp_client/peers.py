"""Operations that are waited for, and the data of transfers."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable
from typing import Any

from globus_lowlevel import GlobusError, ftp_client, ftp_control

LIMIT = 30.0


class Completion:
    """A completion callback."""

    def __init__(self) -> None:
        self.done, self.error, self.argument = threading.Event(), None, None

    def __call__(self, argument: Any, handle: Any, error: GlobusError | None) -> None:
        self.argument, self.error = argument, error
        self.done.set()

    def wait(self) -> GlobusError | None:
        assert self.done.wait(LIMIT), "the operation did not complete"
        return self.error

    def check(self) -> None:
        if error := self.wait():
            raise error


def finish(operation: Callable[..., Any], *arguments: Any) -> Any:
    """Starts an operation and waits for its end; what it brings then, if it brings anything."""
    completion = Completion()
    output = operation(*arguments, completion, None)
    completion.check()
    return None if output is None else output.value


class Reader:
    """Takes what comes, with reads that are registered again and again."""

    def __init__(self, handle: Any, reads: int, size: int = 65536) -> None:
        self.parts: dict[int, bytes] = {}
        for _ in range(reads):
            self.register(handle, bytearray(size))

    def register(self, handle: Any, buffer: bytearray) -> None:
        """Refused when the operation has ended meanwhile."""
        with contextlib.suppress(GlobusError):
            ftp_client.globus_ftp_client_register_read(handle, buffer, self.on_data, None)

    def on_data(
        self, _: Any, handle: Any, error: Any, buffer: bytearray, length: int, offset: int, eof: bool
    ) -> None:
        if error is not None:
            return
        if length:  # reads that were left over at the end of the file come back empty
            self.parts[offset] = bytes(buffer[:length])
        if not eof:
            self.register(handle, buffer)

    @property
    def data(self) -> bytes:
        return b"".join(self.parts[offset] for offset in sorted(self.parts))


def receive(operation: Callable[..., None], handle: Any, *arguments: Any, reads: int = 3) -> bytes:
    """What an operation brings that is followed by data."""
    completion = Completion()
    operation(handle, *arguments, completion, None)
    reader = Reader(handle, reads)
    completion.check()
    return reader.data


def send(
    operation: Callable[..., None],
    handle: Any,
    *arguments: Any,
    data: bytes,
    blocks: int = 1,
    offset: int = 0,
) -> None:
    """Starts an operation that takes data, and gives it in that many blocks."""
    completion, written = Completion(), Completion()
    operation(handle, *arguments, completion, None)

    def on_data(_: Any, handle: Any, error: Any, buffer: Any, length: int, at: int, eof: bool) -> None:
        if eof or error:
            written(None, handle, error)

    size = -(-len(data) // blocks)
    for start in range(0, len(data), size):
        block = data[start : start + size]
        last = start + size >= len(data)
        ftp_client.globus_ftp_client_register_write(handle, block, offset + start, last, on_data, None)
    written.check()
    completion.check()


def fetch(handle: Any, source: str, attr: Any, *, reads: int = 3) -> bytes:
    return receive(ftp_client.globus_ftp_client_get, handle, source, attr, None, reads=reads)


def store(handle: Any, target: str, attr: Any, data: bytes) -> None:
    send(ftp_client.globus_ftp_client_put, handle, target, attr, None, data=data)


def extended(attr: Any, streams: int = 1) -> Any:
    """The attribute, for extended block mode."""
    parallelism = ftp_control.globus_ftp_control_parallelism_t()
    parallelism.mode = ftp_control.GLOBUS_FTP_CONTROL_PARALLELISM_FIXED
    parallelism.fixed.size = streams
    ftp_client.globus_ftp_client_operationattr_set_mode(
        attr, ftp_control.GLOBUS_FTP_CONTROL_MODE_EXTENDED_BLOCK
    )
    ftp_client.globus_ftp_client_operationattr_set_parallelism(attr, parallelism)
    return attr


def make_plugin(
    name: str, *functions: tuple[Callable[[Any, Any], None], Callable[..., Any]], specific: Any = None
) -> Any:
    """A plug-in with these functions: how each one is set, and what it is.

    One object serves every handle: its copies are itself.
    """
    plugin = ftp_client.globus_ftp_client_plugin_init(
        name, ftp_client.GLOBUS_FTP_CLIENT_CMD_MASK_ALL, specific
    )
    ftp_client.globus_ftp_client_plugin_set_copy_func(plugin, lambda template, specific: template)
    ftp_client.globus_ftp_client_plugin_set_destroy_func(plugin, lambda plugin, specific: None)
    for put, function in functions:
        put(plugin, function)
    return plugin


def with_plugin(*plugins: Any) -> Any:
    """A handle that has them."""
    attributes = ftp_client.globus_ftp_client_handleattr_init()
    for plugin in plugins:
        ftp_client.globus_ftp_client_handleattr_add_plugin(attributes, plugin)
    return ftp_client.globus_ftp_client_handle_init(attributes)


class Dialogue:
    """What a plug-in hears of an operation: the connections, the commands and the replies."""

    def __init__(self, *begins: Callable[[Any, Any], None]) -> None:
        self.connections: list[str] = []
        self.commands: list[str] = []
        self.replies: list[int] = []
        self.plugin = make_plugin(
            "dialogue",
            (ftp_client.globus_ftp_client_plugin_set_connect_func, self.on_connect),
            (ftp_client.globus_ftp_client_plugin_set_command_func, self.on_command),
            (ftp_client.globus_ftp_client_plugin_set_response_func, self.on_reply),
            # A plug-in is told only of operations that it has a function for.
            *((begin, lambda *_: None) for begin in begins),
        )

    def on_connect(self, plugin: Any, specific: Any, handle: Any, url: str) -> None:
        self.connections.append(url)

    def on_command(self, plugin: Any, specific: Any, handle: Any, url: str, command: str) -> None:
        self.commands.append(command.strip())

    def on_reply(self, plugin: Any, specific: Any, handle: Any, url: str, error: Any, reply: Any) -> None:
        if reply is not None:
            self.replies.append(reply.code)

    def said(self, words: str) -> list[str]:
        """The commands that begin so."""
        return [command for command in self.commands if command.startswith(words)]
