"""An echo server and its client, secured by GSI: both sides prove who they are, and everything is encrypted.

    python xio_echo_gsi.py server                 # prints the contact string, such as host:41235
    python xio_echo_gsi.py client host:41235 hello

Server and client run with the credential of the same user (X509_USER_PROXY, or what grid-proxy-init has made), and accept
nobody else. The server is written with the callbacks of XIO, and serves any number of clients at a time; the client with
its blocking calls.
"""

from __future__ import annotations

import argparse
import signal
import sys
from typing import Any

from globus_lowlevel import GlobusError, common, gssapi, xio, xio_drivers

MODULES = (xio.GLOBUS_XIO_MODULE, gssapi.GLOBUS_GSI_GSSAPI_MODULE)
SIZE = 64 * 1024


class Stack:
    """TCP with GSI on top, and the attributes that both sides want."""

    def __init__(self) -> None:
        self.tcp = xio.globus_xio_driver_load("tcp")
        self.gsi = xio.globus_xio_driver_load("gsi")
        self.stack = xio.globus_xio_stack_init(None)
        xio.globus_xio_stack_push_driver(self.stack, self.tcp)
        xio.globus_xio_stack_push_driver(self.stack, self.gsi)
        self.attr = xio.globus_xio_attr_init()
        self.control(
            xio_drivers.GLOBUS_XIO_GSI_SET_AUTHORIZATION_MODE, xio_drivers.GLOBUS_XIO_GSI_SELF_AUTHORIZATION
        )
        self.control(
            xio_drivers.GLOBUS_XIO_GSI_SET_PROTECTION_LEVEL,
            xio_drivers.GLOBUS_XIO_GSI_PROTECTION_LEVEL_PRIVACY,
        )

    def control(self, command: int, *arguments: Any) -> None:
        xio.globus_xio_attr_cntl(self.attr, self.gsi, command, *arguments)

    def peer(self, handle: xio.globus_xio_handle_t) -> str:
        name = xio.globus_xio_handle_cntl(handle, self.gsi, xio_drivers.GLOBUS_XIO_GSI_GET_PEER_NAME)
        text, _ = gssapi.gss_display_name(name)
        return text.decode()


class EchoServer:
    def __init__(self, stack: Stack):
        self.stack = stack
        self.server = xio.globus_xio_server_create(stack.attr, stack.stack)
        self.closing = False

    @property
    def contact(self) -> str:
        return xio.globus_xio_server_get_contact_string(self.server)

    def accept(self) -> None:
        xio.globus_xio_server_register_accept(self.server, self.on_accept, None)

    def on_accept(
        self, server: xio.globus_xio_server_t, handle: xio.globus_xio_handle_t | None, error: GlobusError | None,
        user_arg: Any,
    ) -> None:  # fmt: skip
        if handle is not None and error is None:
            # The handshake happens in the open: of one client, while others are accepted.
            xio.globus_xio_register_open(handle, None, self.stack.attr, self.on_open, None)
        if not self.closing:
            self.accept()

    def close(self) -> None:
        self.closing = True  # the accept that is under way ends with an error
        xio.globus_xio_server_close(self.server)

    def on_open(self, handle: xio.globus_xio_handle_t, error: GlobusError | None, user_arg: Any) -> None:
        if error is not None:
            report("refused", error)
            close(handle)
            return
        report("serving", self.stack.peer(handle))
        self.read(handle, bytearray(SIZE))

    def read(self, handle: xio.globus_xio_handle_t, buffer: bytearray) -> None:
        xio.globus_xio_register_read(handle, buffer, 1, None, self.on_read, buffer)

    def on_read(
        self, handle: xio.globus_xio_handle_t, error: GlobusError | None, buffer: bytearray, length: int, nbytes: int,
        data_desc: object, user_arg: bytearray,
    ) -> None:  # fmt: skip
        """`buffer` is the very one that was registered, as is `user_arg`."""
        if nbytes:
            answer = memoryview(user_arg)[:nbytes]
            xio.globus_xio_register_write(handle, answer, nbytes, None, self.on_written, user_arg)
            return
        if error is not None and error.code != xio.GLOBUS_XIO_ERROR_EOF:
            report("lost", error)
        close(handle)

    def on_written(
        self, handle: xio.globus_xio_handle_t, error: GlobusError | None, buffer: object, length: int, nbytes: int,
        data_desc: object, user_arg: bytearray,
    ) -> None:  # fmt: skip
        if error is not None:
            report("lost", error)
            close(handle)
        else:
            self.read(handle, user_arg)


def close(handle: xio.globus_xio_handle_t) -> None:
    xio.globus_xio_register_close(handle, None, lambda *_: None, None)


def report(*words: object) -> None:
    print(*words, file=sys.stderr, flush=True)


def serve() -> int:
    echo = EchoServer(Stack())
    signals = {signal.SIGINT, signal.SIGTERM}
    signal.pthread_sigmask(signal.SIG_BLOCK, signals)
    echo.accept()
    print(echo.contact, flush=True)
    signal.sigwait(signals)
    echo.close()
    return 0


def ask(contact: str, words: list[str]) -> int:
    stack = Stack()
    handle = xio.globus_xio_handle_create(stack.stack)
    try:
        xio.globus_xio_open(handle, contact, stack.attr)
        report("connected to", stack.peer(handle))
        for word in words:
            message = word.encode()
            xio.globus_xio_write(handle, message, len(message), None)
            answer = bytearray(len(message))
            xio.globus_xio_read(handle, answer, len(answer), None)
            print(answer.decode(), flush=True)
    except GlobusError as error:
        report(f"{contact}: {error}")
        return 1
    finally:
        xio.globus_xio_close(handle, None)
    return 0


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("server")
    client = commands.add_parser("client")
    client.add_argument("contact", help="what the server has printed")
    client.add_argument("words", nargs="+")
    options = parser.parse_args()
    for module in MODULES:
        common.globus_module_activate(module)
    try:
        return serve() if options.command == "server" else ask(options.contact, options.words)
    finally:
        for module in reversed(MODULES):
            common.globus_module_deactivate(module)


if __name__ == "__main__":
    sys.exit(main())
