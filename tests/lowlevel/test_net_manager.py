"""globus_lowlevel.net_manager: attributes, and a manager in Python that real connections ask."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any

import pytest
from tests.lowlevel.conftest import activating

from globus_lowlevel import GlobusError, net_manager, xio, xio_drivers

LIMIT = 30.0


active = activating(xio.GLOBUS_XIO_MODULE, net_manager.GLOBUS_NET_MANAGER_MODULE)

# ---- attributes ----------------------------------------------------------------------------------------------


def test_an_attribute_is_a_struct() -> None:
    attr = net_manager.globus_net_manager_attr_init("scope", "name", "value")
    assert (attr.scope, attr.name, attr.value) == ("scope", "name", "value")
    attr.value = "another"
    assert attr.value == "another"
    net_manager.globus_net_manager_attr_destroy(attr)
    assert attr.closed
    assert net_manager.globus_net_manager_null_attr.scope is None


def test_arrays_of_attributes_are_lists() -> None:
    parse = net_manager.globus_net_manager_attr_array_from_string
    attrs = parse("scope", "a=1;b=2;c=a%20b;")
    assert [a[:2] for a in attrs] == [("scope", "a"), ("scope", "b"), ("scope", "c")]
    assert net_manager.globus_net_manager_attr_array_copy(attrs) == attrs
    assert net_manager.globus_net_manager_attr_array_copy([]) == []
    net_manager.globus_net_manager_attr_array_delete(attrs)
    with pytest.raises(GlobusError):
        parse("scope", "no value")
    with pytest.raises(TypeError, match="scope, name, value"):
        net_manager.globus_net_manager_attr_array_copy([("a", "b")])
    with pytest.raises(TypeError):
        net_manager.globus_net_manager_attr_array_copy([("a", "b", 3)])


def test_errors_have_their_type_and_text() -> None:
    inner = net_manager.GlobusNetManagerErrorParameter("port")
    assert inner.code == net_manager.GLOBUS_NET_MANAGER_ERROR_PARAMETER
    outer = net_manager.GlobusNetManagerErrorManager(inner, "mine", "pre_listen")
    assert "mine" in str(outer)
    assert "port" in outer.chain[-1].message
    assert "50% off" in str(net_manager.GlobusNetManagerErrorWrapFailedWithMessage(inner, "50% off"))
    assert "made" in str(net_manager.GlobusNetManagerErrorWrapFailed("made", inner))
    assert "why" in str(net_manager.GlobusNetManagerErrorInit("m", "why"))
    assert "room" in str(net_manager.GlobusNetManagerErrorMemory("room"))


# ---- a manager -----------------------------------------------------------------------------------------------


class Manager:
    """Notes what it is asked. Methods that a test adds are its functions."""

    FUNCTIONS = ("pre_listen", "post_listen", "end_listen", "pre_accept", "post_accept", "pre_connect", "post_connect",
                 "pre_close", "post_close")  # fmt: skip

    def __init__(self, name: str, **answers: Any) -> None:
        self.calls: list[tuple[Any, ...]] = []
        self.answers = answers
        self.struct = net_manager.globus_net_manager_t(name=name)
        for function in self.FUNCTIONS:
            setattr(self.struct, function, self.noting(function))

    def noting(self, function: str) -> Any:
        def called(*arguments: Any) -> Any:
            assert arguments[0] is self.struct
            self.calls.append((function, *arguments[1:]))
            default = (None, None) if function in ("post_listen", "pre_connect") else None
            answer = self.answers.get(function, default)
            return answer(*arguments) if callable(answer) else answer

        return called

    def names(self) -> list[str]:
        return [call[0] for call in self.calls]


@pytest.fixture
def register() -> Iterator[Any]:
    registered = []

    def add(manager: Manager) -> Manager:
        net_manager.globus_net_manager_register(manager.struct, net_manager.GLOBUS_NET_MANAGER_MODULE)
        registered.append(manager)
        return manager

    yield add
    for manager in registered:
        net_manager.globus_net_manager_unregister(manager.struct)


class Link:
    """A listener, a client and the server's end, over tcp with the driver that asks managers on top."""

    def __init__(self, manager: str) -> None:
        self.stack, attr = xio.globus_xio_stack_init(None), xio.globus_xio_attr_init()
        for name in ("tcp", "net_manager"):
            driver = xio.globus_xio_driver_load(name)
            xio.globus_xio_stack_push_driver(self.stack, driver)
        tcp, manages = xio.globus_xio_driver_load("tcp"), driver
        set_task = xio_drivers.GLOBUS_XIO_NET_MANAGER_SET_TASK_ID
        xio.globus_xio_attr_cntl(
            attr, manages, xio.GLOBUS_XIO_SET_STRING_OPTIONS, f"manager={manager};color=blue;"
        )
        xio.globus_xio_attr_cntl(attr, manages, set_task, "task-7")
        xio.globus_xio_attr_cntl(attr, tcp, xio_drivers.GLOBUS_XIO_TCP_SET_INTERFACE, "127.0.0.1")
        self.attr = attr
        self.server = xio.globus_xio_server_create(attr, self.stack)
        self.contact = xio.globus_xio_server_get_contact_string(self.server)

    def connect(self) -> Any:
        client = xio.globus_xio_handle_create(self.stack)
        xio.globus_xio_open(client, self.contact, self.attr)
        return client


def test_a_real_connection_asks_the_manager(register: Any) -> None:
    manager = register(Manager("asked"))
    link = Link("asked")
    done = []
    opened = threading.Thread(target=lambda: done.append(link.connect()))
    opened.start()
    accepted = xio.globus_xio_server_accept(link.server)
    xio.globus_xio_open(accepted, None, None)
    opened.join(LIMIT)
    client = done[0]
    xio.globus_xio_write(client, b"hello", 5, None)
    buffer = bytearray(5)
    xio.globus_xio_read(accepted, buffer, 5, None)
    assert buffer == b"hello"
    for handle in (client, accepted):
        xio.globus_xio_close(handle, None)
    xio.globus_xio_server_close(link.server)

    names = manager.names()
    assert names[:2] == ["pre_listen", "post_listen"]
    assert sorted(names) == sorted(
        [
            "pre_listen",
            "post_listen",
            "end_listen",
            "pre_accept",
            "post_accept",
            "pre_connect",
            "post_connect",
        ]
        + 2 * ["pre_close", "post_close"]
    )
    for _, own, task, transport, *_ in manager.calls:
        assert ("asked", "color", "blue") in own or any(a[1:] == ("color", "blue") for a in own)
        assert (task, transport) == ("task-7", "tcp")
    contact = next(call[4] for call in manager.calls if call[0] == "post_listen")
    assert contact == link.contact


def test_a_manager_changes_where_to_connect(register: Any) -> None:
    register(Manager("looks on"))
    target = Link("looks on")
    register(Manager("redirects", pre_connect=lambda *_: (target.contact, None)))
    link = Link("redirects")
    wrong, link.contact = link.contact, "127.0.0.1:1"
    assert wrong != target.contact
    done: list[Any] = []
    opened = threading.Thread(target=lambda: done.append(link.connect()))
    opened.start()
    accepted = xio.globus_xio_server_accept(target.server)
    xio.globus_xio_open(accepted, None, None)
    opened.join(LIMIT)
    for handle in (done[0], accepted):
        xio.globus_xio_close(handle, None)
    for server in (link.server, target.server):
        xio.globus_xio_server_close(server)


def test_a_manager_sets_attributes_of_the_transport(register: Any) -> None:
    seen: list[Any] = []

    def nodelay(_: Any, __: Any, ___: str, transport: str, attrs: Any) -> Any:
        seen.append((transport, attrs))
        return [*attrs, ("tcp", "nodelay", "true")]

    manager = register(Manager("sets", pre_listen=nodelay))
    link = Link("sets")
    assert seen[0][0] == "tcp"
    posted = next(call for call in manager.calls if call[0] == "post_listen")
    assert ("tcp", "nodelay", "true") in posted[5] or any(a[1] == "nodelay" for a in posted[5])
    xio.globus_xio_server_close(link.server)


def test_a_manager_that_raises_refuses(register: Any, unraisable: list[BaseException]) -> None:
    def refuse(*_: Any) -> None:
        raise PermissionError("do not listen")

    register(Manager("refuses", pre_listen=refuse))
    with pytest.raises(GlobusError, match="do not listen"):
        Link("refuses")
    assert isinstance(unraisable[0], PermissionError)


def test_an_answer_that_is_no_attributes_refuses(register: Any, unraisable: list[BaseException]) -> None:
    register(Manager("wrong", pre_listen=lambda *_: "text"))
    with pytest.raises(GlobusError, match="attributes"):
        Link("wrong")
    assert isinstance(unraisable[0], TypeError)


def test_a_manager_has_a_name() -> None:
    with pytest.raises(GlobusError, match="no name"):
        net_manager.globus_net_manager_register(
            net_manager.globus_net_manager_t(), net_manager.GLOBUS_NET_MANAGER_MODULE
        )
