"""GSI on a stack: who is who, what is protected, who is let in, what is delegated."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

import pytest

from globus_hl import xio
from globus_hl.errors import ConnectionLostError
from globus_hl.security import Flag, Name
from globus_hl.security.errors import HandshakeError, PeerNameError, SecurityError, UnknownCAError
from globus_hl.xio.errors import PeerRefusedError, StackError

from .conftest import LIMIT, echo

if TYPE_CHECKING:
    from globus_hl.security import Credential
    from globus_hl.testgrid import Grid

    from .conftest import Serving

STACK = "tcp,gsi"


def connect(contact: str, **options: Any) -> xio.Handle:
    return xio.Handle(STACK, contact, gsi=xio.GSI(**options), timeout=LIMIT)


def test_the_ends_know_each_other(serving: Serving, host: Credential, user: Credential, grid: Grid) -> None:
    with serving(STACK, echo, gsi=xio.GSI(credential=host)) as served:
        with connect(served.contact, credential=user) as client:
            assert client.peer is not None and client.context is not None
            assert client.peer.subject == grid.host.subject
            assert client.peer.chain[0].subject == grid.host.subject
            assert client.peer.address == client.tcp.remote_numeric_contact
            assert client.gsi.local_name == Name(grid.user.subject)
            status = client.context.inquire()
            assert status.protocol.startswith("TLS")
            assert Flag.CONFIDENTIALITY in status.flags
            context = client.context
        assert served.wait() is None
    assert served.peer is not None
    assert served.peer.subject == grid.user.subject
    with pytest.raises(SecurityError):  # over with the connection
        context.inquire()


@pytest.mark.parametrize("protection", list(xio.Protection))
def test_each_protection(
    serving: Serving, host: Credential, user: Credential, protection: xio.Protection
) -> None:
    with (
        serving(STACK, echo, gsi=xio.GSI(credential=host, protection=protection)) as served,
        connect(served.contact, credential=user, protection=protection.name.lower()) as client,
    ):
        client.write(b"secret" * 50_000)
        assert client.read(300_000, 300_000) == b"secret" * 50_000


@pytest.mark.parametrize(("protection", "seen"), [("none", True), ("privacy", False)])
def test_what_the_wire_shows(
    serving: Serving, host: Credential, user: Credential, protection: str, seen: bool
) -> None:
    """A relay between both ends looks at what passes."""
    passed = bytearray()

    def relay(outside: xio.Handle) -> None:
        with xio.Handle("tcp", target, timeout=LIMIT) as inside:
            back = threading.Thread(target=copy, args=(inside, outside))
            back.start()
            copy(outside, inside)
            while back.is_alive():  # it may be between two reads
                inside.cancel("read")
                back.join(0.05)

    def copy(source: xio.Handle, sink: xio.Handle) -> None:
        try:
            while data := source.read():
                passed.extend(data)
                sink.write(data)
        except xio_errors:
            return

    from globus_hl.errors import GridError

    xio_errors = GridError
    with serving(STACK, echo, gsi=xio.GSI(credential=host, protection=protection)) as served:
        target = served.contact
        with (
            serving("tcp", relay) as relayed,
            connect(relayed.contact, credential=user, protection=protection) as client,
        ):
            client.write(b"a sentence that stands out")
            assert client.read(100, 26) == b"a sentence that stands out"
    assert (b"a sentence that stands out" in passed) == seen


def test_without_a_word_it_is_private_and_the_host_is_checked(
    serving: Serving, host: Credential, user: Credential, stranger: Credential
) -> None:
    attributes = xio.Attributes()
    attributes.gsi.credential = user
    with (
        serving(STACK, echo, gsi=xio.GSI(credential=host)) as served,
        xio.Handle(STACK, served.contact, attributes, timeout=LIMIT) as client,
    ):
        assert client.context is not None
        assert Flag.CONFIDENTIALITY in client.context.flags_obtained
        client.write(b"x")
        assert client.read() == b"x"
    with serving(STACK, echo, gsi=xio.GSI(credential=user)) as served, pytest.raises(PeerNameError):
        xio.Handle(STACK, served.contact, attributes, timeout=LIMIT).open()


@pytest.mark.parametrize("how", ["none", "self", "name", "text", "host"])
def test_each_authorization(
    serving: Serving, host: Credential, user: Credential, grid: Grid, how: str
) -> None:
    expected: dict[str, Any] = {
        "none": "none",
        "self": "self",
        "name": Name(grid.user.subject),
        "text": grid.user.subject,
        "host": "host",
    }
    server = host if how == "host" else user
    with (
        serving(STACK, echo, gsi=xio.GSI(credential=server)) as served,
        connect(served.contact, credential=user, authorization=expected[how]) as client,
    ):
        client.write(b"x")
        assert client.read() == b"x"


@pytest.mark.parametrize("how", ["self", "text"])
def test_somebody_else_is_refused_before_a_byte_is_sent(
    serving: Serving, host: Credential, user: Credential, how: str
) -> None:
    received: list[bytes] = []
    with serving(STACK, lambda c: received.append(c.read()), gsi=xio.GSI(credential=host)) as served:
        expected = "self" if how == "self" else "/O=Grid/CN=Somebody Else"
        with pytest.raises(PeerNameError) as caught:
            connect(served.contact, credential=user, authorization=expected).open()
        assert caught.value.url == served.contact
        assert served.wait() is not None
    assert not b"".join(received)


def test_a_server_that_wants_an_identity(
    serving: Serving, host: Credential, user: Credential, grid: Grid
) -> None:
    for wanted, fine in ((grid.user.subject, True), ("/O=Grid/CN=Somebody Else", False)):
        with serving(STACK, echo, gsi=xio.GSI(credential=host, authorization=wanted)) as served:
            with connect(served.contact, credential=user) as client:
                try:
                    client.write(b"x")
                    assert (client.read() == b"x") == fine
                except ConnectionLostError:
                    assert not fine
            error = served.wait()
        assert (error is None) if fine else isinstance(error, PeerNameError)


def test_a_callback_decides(serving: Serving, host: Credential, user: Credential, grid: Grid) -> None:
    asked: list[xio.Peer] = []

    def admit(peer: xio.Peer) -> bool:
        asked.append(peer)
        return peer.subject == grid.user.subject

    with (
        serving(STACK, echo, gsi=xio.GSI(credential=host, authorization=admit)) as served,
        connect(served.contact, credential=user) as client,
    ):
        client.write(b"x")
        assert client.read() == b"x"
    assert [peer.subject for peer in asked] == [grid.user.subject]


def raise_an_error(peer: xio.Peer) -> bool:
    raise LookupError("the grid map is gone")


@pytest.mark.parametrize(
    "callback",
    [raise_an_error, lambda peer: False, lambda peer: None, lambda peer: 1, lambda peer: "yes"],
    ids=["raises", "no", "nothing", "one", "text"],
)
@pytest.mark.parametrize("side", ["server", "client"])
def test_a_callback_fails_closed(
    serving: Serving, host: Credential, user: Credential, callback: Any, side: str, grid: Grid
) -> None:
    received: list[bytes] = []
    ours = {"authorization": callback}
    server = xio.GSI(credential=host, **(ours if side == "server" else {}))
    with serving(STACK, lambda c: received.append(c.read()), gsi=server) as served:
        client = connect(served.contact, credential=user, **(ours if side == "client" else {}))
        error: Exception | None
        if side == "client":
            with pytest.raises(PeerRefusedError) as caught:
                client.open()
            error, subject = caught.value, grid.host.subject
        else:
            with client:
                assert client.read() == b""
            error, subject = served.wait(), grid.user.subject
        assert isinstance(error, PeerRefusedError) and isinstance(error, PermissionError)
        assert error.subject == subject
        assert isinstance(error.__cause__, LookupError) == (callback is raise_an_error)
        assert client.closed
    assert not b"".join(received)


def test_who_has_no_certificate(serving: Serving, host: Credential) -> None:
    with serving(STACK, echo, gsi=xio.GSI(credential=host)) as served:
        with connect(served.contact, anonymous=True) as client:
            assert client.read() == b""
        assert isinstance(served.wait(), PeerRefusedError)
    with serving(STACK, echo, gsi=xio.GSI(credential=host, accept_anonymous=True)) as served:
        with connect(served.contact, anonymous=True) as client:
            client.write(b"x")
            assert client.read() == b"x"
        assert served.wait() is None
        assert served.peer is not None and served.peer.name is None


def test_an_authority_that_nobody_trusts(serving: Serving, host: Credential, stranger: Credential) -> None:
    with serving(STACK, echo, gsi=xio.GSI(credential=host)) as served:
        try:
            with connect(served.contact, credential=stranger) as client:
                assert client.read() == b""
        except (ConnectionLostError, HandshakeError):
            pass  # in the handshake, or after it: TLS leaves that open
        assert isinstance(served.wait(), UnknownCAError)


@pytest.mark.parametrize("delegation", list(xio.Delegation))
def test_delegation(
    serving: Serving, host: Credential, user: Credential, grid: Grid, delegation: xio.Delegation
) -> None:
    with serving(STACK, echo, gsi=xio.GSI(credential=host)) as served:
        with connect(served.contact, credential=user, delegation=delegation) as client:
            client.write(b"x")
            assert client.read() == b"x"
        assert served.wait() is None
    assert served.peer is not None
    got = served.peer.delegated
    if delegation is xio.Delegation.NONE:
        assert got is None
    else:
        assert got is not None
        assert got.identity == grid.user.subject
        assert got.is_limited == (delegation is xio.Delegation.LIMITED)


def test_delegation_at_any_time(serving: Serving, host: Credential, user: Credential, grid: Grid) -> None:
    received: list[Any] = []

    def serve(connection: xio.Handle) -> None:
        received.append(connection.gsi.accept_delegation())
        connection.write(b"thanks")

    with serving(STACK, serve, gsi=xio.GSI(credential=host)) as served:
        with connect(served.contact, credential=user) as client:
            client.gsi.delegate(user)
            assert client.read(100, 6) == b"thanks"
        assert served.wait() is None
    assert received[0].identity == grid.user.subject


def test_noise_is_no_handshake(host: Credential) -> None:
    with (
        xio.Server(STACK, "localhost", gsi=xio.GSI(credential=host)) as server,
        xio.Handle("tcp", f"localhost:{server.port}") as client,
    ):
        client.write(b"GET / HTTP/1.0\r\n\r\n" * 1000)
        with pytest.raises((HandshakeError, ConnectionLostError)):
            server.accept(timeout=LIMIT).open(timeout=LIMIT)


@pytest.mark.parametrize(
    "options",
    [
        {"protection": "best"},
        {"delegation": "some"},
        {"delegation": "full", "authorization": "none"},
        {"delegation": "full", "authorization": lambda peer: True},
        {"delegation": "full", "tls": True},
        {"delegation": "limited", "anonymous": True},
        {"authorization": "somebody"},
    ],
)
def test_what_contradicts_itself(options: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"none of|delegation|distinguished name"):
        xio.GSI(**options)


def test_values_of_another_kind() -> None:
    with pytest.raises(TypeError):
        xio.GSI(credential="/tmp/x509up")  # type: ignore[arg-type]
    with pytest.raises(TypeError):
        xio.GSI(authorization=5)  # type: ignore[arg-type]


def test_a_server_has_no_host_to_check(host: Credential) -> None:
    with pytest.raises(StackError, match="for who connects"):
        xio.Server(STACK, "localhost", gsi=xio.GSI(credential=host, authorization="host"))
    with pytest.raises(StackError, match="for who connects"):
        xio.Server("tcp,gsi:auth=host", "localhost", gsi=xio.GSI(credential=host))


def test_the_text_of_the_stack_has_the_last_word(
    serving: Serving, host: Credential, user: Credential
) -> None:
    with serving("tcp,gsi:protection=integrity", echo, gsi=xio.GSI(credential=host)) as served:
        handle = xio.Handle(
            "tcp,gsi:protection=integrity;auth=none", served.contact, gsi=xio.GSI(credential=user)
        )
        with handle:
            handle.write(b"x")
            assert handle.read() == b"x"
