"""Functions that make sockets, as the module ``socket`` has them."""

from __future__ import annotations

import contextlib
import errno
import os
import socket
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from ..errors import GridError
from .sockets import XioSocket
from .stack import Stack

__all__ = ["create_connection", "create_server", "socketpair"]

S = TypeVar("S", bound=XioSocket)

TOKEN = 16
PAIRING = 60.0
"""Seconds that the two ends of a pair may take to find each other."""

_DEFAULT: Any = socket._GLOBAL_DEFAULT_TIMEOUT  # type: ignore[attr-defined]  # noqa: SLF001 - those who pass it on


def socketpair(
    family: int | None = None,
    type: int = socket.SOCK_STREAM,  # noqa: A002 - its name in the standard library
    proto: int = 0,
    *,
    kind: Callable[..., S] = XioSocket,  # type: ignore[assignment]
    **options: Any,
) -> tuple[S, S]:
    """Two sockets that are connected, as ``socket.socketpair``. On udt they are so over the loopback interface.

    Args:
        family, type, proto: as of ``socket.socketpair``; a pair of streams.
        kind: a class made from `XioSocket`.
        options: keyword arguments of `XioSocket`; the second end is the one that accepts.

    Raises:
        OSError: as of ``socket.socketpair``; (EPROTONOSUPPORT) `type` is none of streams.
        As `XioSocket`.
    """
    if not _is_tcp(options):
        return _pair_on_transport(kind, options)
    first, second = socket.socketpair(family, type, proto)
    with first, second:  # until they are ours
        one = kind(fileno=first.fileno(), **options)
        first.detach()
        try:
            other = kind(fileno=second.fileno(), **options, server_side=True)
        except BaseException:
            one.close()
            raise
        second.detach()
        return one, other


def create_connection(
    address: Any,
    timeout: float | None = _DEFAULT,
    source_address: tuple[str, int] | None = None,
    *,
    all_errors: bool = False,
    kind: Callable[..., S] = XioSocket,  # type: ignore[assignment]
    **options: Any,
) -> S:
    """Connect to a host, whatever its addresses: ``socket.create_connection``.

    Args:
        address: (host, port); on file, popen and pipe: text, as ``connect`` takes it.
        timeout: seconds, of the socket; without it, ``socket.getdefaulttimeout()``.
        source_address: (host, port) to bind to before connecting.
        all_errors: whether the errors of all of the host's addresses are raised, else the first one.
        kind: a class made from `XioSocket`.
        options: keyword arguments of `XioSocket`; ``server_hostname`` is `address`'s host unless given.

    Raises:
        OSError: as of ``socket.create_connection``; an ``ExceptionGroup`` of them with `all_errors`.
        As `XioSocket` and its ``connect``: what is wrong with the peer is not tried again at another address.
    """
    if _is_tcp(options):
        host, port = address
        options.setdefault("server_hostname", host)
        found: Any = socket.getaddrinfo(host, port, 0, socket.SOCK_STREAM)
    else:
        found = [(-1, -1, -1, "", address)]
    errors: list[Exception] = []
    for family, type_, proto, _name, where in found:
        sock = None
        try:
            sock = kind(family, type_, proto, **options)
            if timeout is not _DEFAULT:
                sock.settimeout(timeout)
            if source_address:
                sock.bind(source_address)
            sock.connect(where)
        except OSError as error:
            errors.append(error)
            if sock is not None:
                sock.close()
            if isinstance(error, GridError):
                raise
        except BaseException:
            if sock is not None:
                sock.close()
            raise
        else:
            return sock
    if not errors:
        raise OSError("getaddrinfo returns an empty list")
    raise ExceptionGroup("create_connection failed", errors) if all_errors else errors[0]


def create_server(
    address: Sequence[Any],
    *,
    family: int = socket.AF_INET,
    backlog: int | None = None,
    reuse_port: bool = False,
    dualstack_ipv6: bool = False,
    kind: Callable[..., S] = XioSocket,  # type: ignore[assignment]
    **options: Any,
) -> S:
    """A socket that listens: ``socket.create_server``.

    Args:
        address, family, backlog, reuse_port, dualstack_ipv6: as of ``socket.create_server``.
        kind: a class made from `XioSocket`.
        options: keyword arguments of `XioSocket`, for the sockets that it accepts.

    Raises:
        OSError: as of ``socket.create_server``.
        As `XioSocket`.
    """
    if not _is_tcp(options):
        if reuse_port or dualstack_ipv6:
            raise ValueError("reuse_port and dualstack_ipv6 are of tcp")
        sock = kind(family, **options)
        try:
            sock.bind(tuple(address))
            sock.listen(128 if backlog is None else backlog)
        except BaseException:
            sock.close()
            raise
        return sock
    with socket.create_server(
        tuple(address), family=family, backlog=backlog, reuse_port=reuse_port, dualstack_ipv6=dualstack_ipv6
    ) as plain:  # until it is ours
        sock = kind(plain.family, plain.type, plain.proto, plain.fileno(), **options)
        plain.detach()
        return sock


def _is_tcp(options: dict[str, Any]) -> bool:
    stack = options.get("stack", "tcp")
    return stack == "tcp" or Stack(stack).names[0] == "tcp"


def _pair_on_transport(kind: Callable[..., S], options: dict[str, Any]) -> tuple[S, S]:
    """Anybody might connect to the listener: the first to know the token is the other end."""
    token = os.urandom(TOKEN)
    with create_server(("", 0), kind=kind, **options) as listener:
        listener.settimeout(PAIRING)
        first = kind(**options)
        try:
            first.setblocking(False)
            with contextlib.suppress(BlockingIOError):
                first.connect(("127.0.0.1", listener.getsockname()[1]))
            second = listener.accept()[0]
            try:
                for end in (first, second):
                    end.settimeout(PAIRING)
                first.sendall(token)
                if second.recv(TOKEN, socket.MSG_WAITALL) != token:
                    raise ConnectionAbortedError(
                        errno.ECONNABORTED, "somebody else has connected to the pair"
                    )
                for end in (first, second):
                    end.settimeout(socket.getdefaulttimeout())
            except BaseException:
                second.close()
                raise
        except BaseException:
            first.close()
            raise
        return first, second
