"""An XIO driver written in Python, for tests, that passes everything on; and connections.

`hooks` has what a driver does besides, by the name of its function: a test asks there, or raises.
"""

from __future__ import annotations

import queue
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest

from globus_lowlevel import xio, xio_drivers

LIMIT = 20.0
SET, GET, NAME, ASK = 1, 2, 3, 4


class Wait:
    """A callback that is waited for."""

    def __init__(self) -> None:
        self.calls: queue.SimpleQueue[tuple[Any, ...]] = queue.SimpleQueue()

    def __call__(self, *arguments: Any) -> None:
        self.calls.put(arguments)

    def get(self) -> tuple[Any, ...]:
        return self.calls.get(timeout=LIMIT)


@dataclass
class Attr:
    value: int = 0
    name: str | None = None


@dataclass
class State:
    """Of an open handle."""

    attr: Attr | None = None
    below: Any = None  # the handle to the drivers below
    descriptor: int = -1
    system: Any = None
    extra: dict[str, Any] = field(default_factory=dict)


class Hooked:
    """What these drivers have: attributes, control commands and hooks."""

    def __init__(self, name: str) -> None:
        self.hooks: dict[str, Callable[..., Any]] = {}
        self.ended: list[Any] = []
        self.driver = xio.globus_xio_driver_init(name, self)
        xio.globus_xio_driver_set_attr(
            self.driver, self.attr_init, self.attr_copy, self.attr_cntl, self.attr_destroy
        )

    def at(self, place: str, *arguments: Any) -> Any:
        hook = self.hooks.get(place)
        return hook(*arguments) if hook else None

    def destroy(self) -> None:
        xio.globus_xio_driver_destroy(self.driver)

    def attr_init(self) -> Attr:
        self.at("attr_init")
        return Attr()

    def attr_copy(self, attr: Attr) -> Attr:
        self.at("attr_copy", attr)
        return Attr(attr.value, attr.name)

    def attr_destroy(self, attr: Attr) -> None:
        self.at("attr_destroy", attr)
        self.ended.append(attr)

    def command(self, kept: Any, command: int, arguments: Any) -> None:
        if command == SET:
            kept.value = arguments.integer()
        elif command == GET:
            arguments.answer(kept.value)
        elif command == NAME:
            kept.name = arguments.string()
        else:
            raise NotImplementedError(f"no command {command}")

    def attr_cntl(self, attr: Attr, command: int, arguments: Any) -> None:
        self.at("attr_cntl", attr, command)
        self.command(attr, command, arguments)

    def handle_cntl(self, state: State, command: int, arguments: Any) -> None:
        self.at("handle_cntl", state, command)
        self.command(state.attr, command, arguments)

    def server_cntl(self, server: Any, command: int, arguments: Any) -> None:
        self.at("server_cntl", server, command)
        arguments.answer(("server", command))

    def link_cntl(self, link: Any, command: int, arguments: Any) -> None:
        self.at("link_cntl", link, command)
        arguments.answer(("link", command))


class Through(Hooked):
    """A transform driver: everything goes through it unchanged."""

    def __init__(self, name: str = "through", *, serves: bool = True) -> None:
        super().__init__(name)
        xio.globus_xio_driver_set_transform(
            self.driver, self.open, self.close, self.read, self.write, self.handle_cntl, self.push
        )
        if serves:
            xio.globus_xio_driver_set_server(
                self.driver, self.server_init, self.accept, self.server_destroy, self.server_cntl,
                self.link_cntl, self.link_destroy,
            )  # fmt: skip
            xio.globus_xio_driver_set_server_pre_init(self.driver, self.pre_init)

    def push(self, driver: Any, stack: Any) -> None:
        self.at("push", stack)
        xio.globus_xio_stack_push_driver(stack, driver)

    def open(self, contact: Any, link: Any, attr: Attr | None, op: Any) -> None:
        self.at("open", op, contact, link)
        state = State(Attr(attr.value, attr.name) if attr else Attr())
        state.below = xio.globus_xio_operation_get_driver_handle(op)
        xio.globus_xio_driver_pass_open(op, contact, self.opened, state)
        self.at("open passed", op)

    def opened(self, op: Any, error: Any, state: State) -> None:
        self.at("opened", op, error, state)
        xio.globus_xio_driver_finished_open(None if error else state, op, error)
        self.at("open finished", op)

    def close(self, state: State, attr: Attr | None, op: Any) -> None:
        self.at("close", op, state, attr)
        xio.globus_xio_driver_pass_close(op, self.closed, state)
        self.at("close passed", op)

    def closed(self, op: Any, error: Any, state: State) -> None:
        self.at("closed", op, error, state)
        xio.globus_xio_driver_finished_close(op, error)

    def read(self, state: State, buffers: list[memoryview], count: int, op: Any) -> None:
        if self.at("read", op, buffers, state):
            return
        wanted = xio.globus_xio_operation_get_wait_for(op)
        xio.globus_xio_driver_pass_read(op, buffers, wanted, self.was_read, state)
        self.at("read passed", op)

    def was_read(self, op: Any, error: Any, length: int, state: State) -> None:
        self.at("was_read", op, error, length)
        xio.globus_xio_driver_finished_read(op, error, length)

    def write(self, state: State, buffers: list[Any], count: int, op: Any) -> None:
        if self.at("write", op, buffers, state):
            return
        wanted = xio.globus_xio_operation_get_wait_for(op)
        xio.globus_xio_driver_pass_write(op, buffers, wanted, self.written, state)
        self.at("write passed", op)

    def written(self, op: Any, error: Any, length: int, state: State) -> None:
        self.at("written", op, error, length)
        xio.globus_xio_driver_finished_write(op, error, length)

    def pre_init(self, attr: Attr | None, contact: Any, op: Any) -> None:
        self.at("pre_init", op, attr, contact)

    def server_init(self, attr: Attr | None, contact: Any, op: Any) -> None:
        self.at("server_init", op, contact)
        xio.globus_xio_driver_pass_server_init(op, contact, {"server": self.driver})
        self.at("server_init passed", op)

    def accept(self, server: Any, op: Any) -> None:
        self.at("accept", op, server)
        xio.globus_xio_driver_pass_accept(op, self.accepted, None)
        self.at("accept passed", op)

    def accepted(self, op: Any, error: Any, argument: Any) -> None:
        self.at("accepted", op, error)
        xio.globus_xio_driver_finished_accept(op, None if error else {"link": self.driver}, error)

    def server_destroy(self, server: Any) -> None:
        self.at("server_destroy", server)
        self.ended.append(server)

    def link_destroy(self, link: Any) -> None:
        self.at("link_destroy", link)
        self.ended.append(link)


def driver_of(kind: Callable[[], Any]) -> Any:
    """A fixture: a driver of this kind, whose hooks are gone after the test."""

    @pytest.fixture
    def fixture(active: None, nothing_left: None) -> Iterator[Any]:
        driver = kind()
        yield driver
        driver.hooks.clear()

    return fixture


def stack_of(*drivers: Any) -> Any:
    """From the last to the first."""
    stack = xio.globus_xio_stack_init(None)
    for driver in drivers:
        xio.globus_xio_stack_push_driver(stack, driver)
    return stack


class Pair:
    """Both ends of a connection: a client and what a server has accepted, by stacks of their own."""

    def __init__(self, client: Any, server: Any, attr: Any = None, server_attr: Any = None) -> None:
        if server_attr is None:
            server_attr = loopback_attr()
        self.server = xio.globus_xio_server_create(server_attr, server)
        self.contact = xio.globus_xio_server_get_contact_string(self.server)
        accepted = Wait()
        xio.globus_xio_server_register_accept(self.server, accepted, None)
        self.client = xio.globus_xio_handle_create(client)
        xio.globus_xio_open(self.client, self.contact, attr)
        self.peer, error = accepted.get()[1:3]
        assert error is None
        xio.globus_xio_open(self.peer, None, None)

    def end(self) -> None:
        for handle in (self.client, self.peer):
            if not handle.closed:
                xio.globus_xio_close(handle, None)
        xio.globus_xio_server_close(self.server)


def loopback_attr() -> Any:
    tcp = xio.globus_xio_driver_load("tcp")
    attr = xio.globus_xio_attr_init()
    xio.globus_xio_attr_cntl(attr, tcp, xio_drivers.GLOBUS_XIO_TCP_SET_INTERFACE, "127.0.0.1")
    return attr


def tcp_stack(*drivers: Any) -> Any:
    return stack_of(xio.globus_xio_driver_load("tcp"), *drivers)
