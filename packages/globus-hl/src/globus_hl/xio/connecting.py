"""Functions that make sockets, as the module ``socket`` has them."""

from __future__ import annotations

import socket
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from ..errors import GridError
from .sockets import XioSocket

__all__ = ["create_connection", "create_server", "socketpair"]

S = TypeVar("S", bound=XioSocket)

_DEFAULT: Any = socket._GLOBAL_DEFAULT_TIMEOUT  # type: ignore[attr-defined]  # noqa: SLF001 - those who pass it on


def socketpair(
    family: int | None = None,
    type: int = socket.SOCK_STREAM,  # noqa: A002 - its name in the standard library
    proto: int = 0,
    *,
    kind: Callable[..., S] = XioSocket,  # type: ignore[assignment]
    **options: Any,
) -> tuple[S, S]:
    """Two sockets that are connected, as ``socket.socketpair``.

    Args:
        family, type, proto: as of ``socket.socketpair``.
        kind: a class made from `XioSocket`.
        options: keyword arguments of `XioSocket`; the second end is the one that accepts.
    """
    first, second = socket.socketpair(family, type, proto)
    return (
        kind(fileno=first.detach(), **options),
        kind(fileno=second.detach(), **options, server_side=True),
    )


def create_connection(
    address: tuple[str | None, int],
    timeout: float | None = _DEFAULT,
    source_address: tuple[str, int] | None = None,
    *,
    all_errors: bool = False,
    kind: Callable[..., S] = XioSocket,  # type: ignore[assignment]
    **options: Any,
) -> S:
    """Connect to a host, whatever its addresses: ``socket.create_connection``.

    Args:
        timeout: of the socket; without it, ``socket.getdefaulttimeout()``.
        kind: a class made from `XioSocket`.
        options: keyword arguments of `XioSocket`.
    """
    host, port = address
    errors: list[Exception] = []
    options.setdefault("server_hostname", host)
    for family, type_, proto, _name, where in socket.getaddrinfo(host, port, 0, socket.SOCK_STREAM):
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
        kind: a class made from `XioSocket`.
        options: keyword arguments of `XioSocket`, for the sockets that it accepts.
    """
    plain = socket.create_server(
        tuple(address), family=family, backlog=backlog, reuse_port=reuse_port, dualstack_ipv6=dualstack_ipv6
    )
    return kind(plain.family, plain.type, plain.proto, plain.detach(), **options)
