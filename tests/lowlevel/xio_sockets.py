"""An XIO driver written in Python, for tests, that reaches the network itself."""

from __future__ import annotations

import os
import queue
import socket
import struct
from typing import Any

from tests.lowlevel.xio_peers import LIMIT, Attr, Hooked, State

from globus_lowlevel import GlobusError, xio


def address_of(descriptor: int) -> tuple[str, int]:
    name = bytearray(16)
    xio.globus_xio_system_socket_getsockname(descriptor, name)
    return socket.inet_ntoa(name[4:8]), struct.unpack("!H", name[2:4])[0]


class Sockets(Hooked):
    """A transport driver: sockets of the system, by XIO's own functions for them."""

    def __init__(self, name: str = "sockets") -> None:
        super().__init__(name)
        xio.globus_xio_driver_set_transport(
            self.driver, self.open, self.close, self.read, self.write, self.handle_cntl
        )
        xio.globus_xio_driver_set_server(
            self.driver, self.server_init, self.accept, self.server_destroy, self.server_cntl,
            self.link_cntl, self.link_destroy,
        )  # fmt: skip

    def state(self, descriptor: int) -> State:
        system = xio.globus_xio_system_socket_init(descriptor, xio.GLOBUS_XIO_SYSTEM_TCP)
        return State(Attr(), None, descriptor, system)

    def open(self, contact: Any, link: Any, attr: Attr | None, op: Any) -> None:
        self.at("open", op, contact, link)
        if link:
            descriptor, link["descriptor"] = link["descriptor"], -1
            xio.globus_xio_driver_finished_open(self.state(descriptor), op, None)
            return
        there = (socket.gethostbyname(contact.host), int(contact.port))
        state = self.state(xio.globus_xio_system_socket_create(socket.AF_INET, socket.SOCK_STREAM, 0))

        def connected(error: Any, state: State) -> None:
            self.at("connected", op, error)
            if error:
                self.end(state)
            xio.globus_xio_driver_finished_open(None if error else state, op, error)

        try:
            xio.globus_xio_system_socket_register_connect(op, state.system, there, connected, state)
        except GlobusError:
            self.end(state)
            raise

    def end(self, state: State) -> None:
        xio.globus_xio_system_socket_destroy(state.system)
        xio.globus_xio_system_socket_close(state.descriptor)

    def close(self, state: State, attr: Attr | None, op: Any) -> None:
        self.end(state)
        self.at("close", op, state, attr)
        xio.globus_xio_driver_finished_close(op, None)

    def read(self, state: State, buffers: list[memoryview], count: int, op: Any) -> None:
        self.at("read", op, buffers, state)

        def was_read(error: Any, length: int, argument: Any) -> None:
            self.at("was_read", op, error, length)
            xio.globus_xio_driver_finished_read(op, error, length)

        wanted = xio.globus_xio_operation_get_wait_for(op)
        xio.globus_xio_system_socket_register_read(op, state.system, buffers, wanted, 0, was_read, None)

    def write(self, state: State, buffers: list[Any], count: int, op: Any) -> None:
        self.at("write", op, buffers, state)

        def written(error: Any, length: int, argument: Any) -> None:
            self.at("written", op, error, length)
            xio.globus_xio_driver_finished_write(op, error, length)

        wanted = xio.globus_xio_operation_get_wait_for(op)
        xio.globus_xio_system_socket_register_write(op, state.system, buffers, wanted, 0, None, written, None)

    def server_init(self, attr: Attr | None, contact: Any, op: Any) -> None:
        self.at("server_init", op, contact)
        descriptor = xio.globus_xio_system_socket_create(socket.AF_INET, socket.SOCK_STREAM, 0)
        loopback = struct.pack("=H", socket.AF_INET) + bytes((0, 0, 127, 0, 0, 1)) + bytes(8)
        xio.globus_xio_system_socket_bind(descriptor, loopback)
        xio.globus_xio_system_socket_listen(descriptor, 5)
        host, port = address_of(descriptor)
        system = xio.globus_xio_system_socket_init(descriptor, xio.GLOBUS_XIO_SYSTEM_TCP_LISTENER)
        here = xio.globus_xio_contact_parse(f"{host}:{port}")
        xio.globus_xio_driver_pass_server_init(op, here, State(Attr(), None, descriptor, system))

    def accept(self, server: State, op: Any) -> None:
        self.at("accept", op, server)

        incoming: queue.SimpleQueue[Any] = queue.SimpleQueue()  # the call may return after the callback

        def accepted(error: Any, argument: Any) -> None:
            self.at("accepted", op, error)
            link = None if error else {"descriptor": incoming.get(timeout=LIMIT).value}
            xio.globus_xio_driver_finished_accept(op, link, error)

        incoming.put(xio.globus_xio_system_socket_register_accept(op, server.system, accepted, None))

    def server_destroy(self, server: State) -> None:
        self.end(server)
        self.at("server_destroy", server)

    def link_destroy(self, link: Any) -> None:
        if link["descriptor"] >= 0:
            os.close(link["descriptor"])
        self.at("link_destroy", link)
        self.ended.append(link)
