"""A conversation that the GSS-API secures: both sides prove who they are, one lends its rights, messages are encrypted.

    python gss_handshake.py accept                # prints the port it listens on, and serves one peer
    python gss_handshake.py initiate 41235 hello  # delegates, says hello, prints the answer

Either side shows the credential of its environment (X509_USER_PROXY, or X509_USER_CERT and X509_USER_KEY). The initiator
may name whom it expects: --expect "/O=Grid/CN=host/server.example". A token travels as four bytes of length, then itself.

The calls are those of a C program: gss_acquire_cred(), then gss_init_sec_context() on one side and
gss_accept_sec_context() on the other for as long as they answer "continue needed", then gss_wrap() and gss_unwrap().
"""

from __future__ import annotations

import argparse
import socket
import struct
import sys
from typing import Final

from globus_lowlevel import GlobusError, common, gssapi

LENGTH: Final = struct.Struct("!I")
LARGEST = 1 << 20  # no peer is believed a larger token


class Peer:
    """The other side, by its tokens."""

    def __init__(self, stream: socket.socket):
        self.stream = stream

    def send(self, token: bytes) -> None:
        self.stream.sendall(LENGTH.pack(len(token)) + token)

    def receive(self) -> bytes:
        (length,) = LENGTH.unpack(self.exactly(LENGTH.size))
        if length > LARGEST:
            raise ConnectionError(f"the peer announces a token of {length} bytes")
        return self.exactly(length)

    def exactly(self, length: int) -> bytes:
        parts = bytearray()
        while len(parts) < length:
            part = self.stream.recv(length - len(parts))
            if not part:
                raise ConnectionError("the peer has ended the conversation")
            parts += part
        return bytes(parts)


def acquire(usage: int) -> gssapi.gss_cred_id_t:
    """The credential of the environment."""
    credential, _, _ = gssapi.gss_acquire_cred(None, 0, None, usage)
    return credential


def text(name: gssapi.gss_name_t | None) -> str:
    return "<nobody>" if name is None else gssapi.gss_display_name(name)[0].decode()


def initiate(
    peer: Peer, credential: gssapi.gss_cred_id_t, target: gssapi.gss_name_t | None
) -> gssapi.gss_ctx_id_t:
    """Shakes hands as the side that begins, and delegates a proxy of the credential."""
    wanted = gssapi.GSS_C_MUTUAL_FLAG | gssapi.GSS_C_CONF_FLAG | gssapi.GSS_C_DELEG_FLAG
    context: gssapi.gss_ctx_id_t | None = None
    token: bytes | None = None
    while True:
        status, context, _, answer, granted, _ = gssapi.gss_init_sec_context(
            credential, context, target, None, wanted, 0, None, token
        )
        if answer:
            peer.send(answer)
        if status == gssapi.GSS_S_COMPLETE and context is not None:
            break
        token = peer.receive()
    if not granted & gssapi.GSS_C_CONF_FLAG:
        raise ConnectionError("the peer does not encrypt")
    return context


def accept(
    peer: Peer, credential: gssapi.gss_cred_id_t
) -> tuple[gssapi.gss_ctx_id_t, gssapi.gss_name_t | None, gssapi.gss_cred_id_t | None]:
    """Shakes hands as the side that waits: the context, who the peer is, and what it has delegated."""
    context: gssapi.gss_ctx_id_t | None = None
    source: gssapi.gss_name_t | None = None
    while True:
        status, context, name, _, answer, _, _, delegated = gssapi.gss_accept_sec_context(
            context, credential, peer.receive(), None, 0
        )
        source = name or source  # it comes once, before the end
        if answer:
            peer.send(answer)
        if status == gssapi.GSS_S_COMPLETE and context is not None:
            return context, source, delegated


def say(peer: Peer, context: gssapi.gss_ctx_id_t, message: bytes) -> None:
    confidential, token = gssapi.gss_wrap(context, 1, gssapi.GSS_C_QOP_DEFAULT, message)
    if not confidential:
        raise ConnectionError("the message would go in clear text")
    peer.send(token)


def hear(peer: Peer, context: gssapi.gss_ctx_id_t) -> bytes:
    message, _, _ = gssapi.gss_unwrap(context, peer.receive())
    return message


def serve() -> None:
    """One conversation: the answer is what was said, in capitals."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        print(listener.getsockname()[1], flush=True)
        stream, _ = listener.accept()
    with stream:
        peer = Peer(stream)
        context, source, delegated = accept(peer, acquire(gssapi.GSS_C_ACCEPT))
        print(f"accepted {text(source)}", flush=True)
        if delegated is not None:
            name, lifetime, _, _ = gssapi.gss_inquire_cred(delegated)
            print(f"may act as {text(name)} for {lifetime // 60} minutes", flush=True)
        say(peer, context, hear(peer, context).decode().upper().encode())


def ask(port: int, words: str, expected: str | None) -> None:
    target = None if expected is None else gssapi.gss_import_name(expected.encode(), None)
    with socket.create_connection(("127.0.0.1", port)) as stream:
        peer = Peer(stream)
        context = initiate(peer, acquire(gssapi.GSS_C_INITIATE), target)
        print(f"connected to {text(gssapi.gss_inquire_context(context)[1])}", flush=True)
        say(peer, context, words.encode())
        print(hear(peer, context).decode(), flush=True)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("accept")
    client = commands.add_parser("initiate")
    client.add_argument("port", type=int, help="what the other side has printed")
    client.add_argument("words")
    client.add_argument(
        "--expect", metavar="NAME", help="the only one to talk to; default: whoever is trusted"
    )
    options = parser.parse_args()
    common.globus_module_activate(gssapi.GLOBUS_GSI_GSSAPI_MODULE)
    try:
        if options.command == "accept":
            serve()
        else:
            ask(options.port, options.words, options.expect)
    except (GlobusError, OSError) as error:
        print(f"{options.command}: {error}", file=sys.stderr)
        return 1
    finally:
        common.globus_module_deactivate(gssapi.GLOBUS_GSI_GSSAPI_MODULE)
    return 0


if __name__ == "__main__":
    sys.exit(main())
