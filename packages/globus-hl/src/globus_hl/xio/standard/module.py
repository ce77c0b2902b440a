"""The module ``socket``, with sockets over a stack of drivers."""

from __future__ import annotations

import importlib.util
import socket
import types
from typing import Any

from .. import connecting, sockets

__all__ = ["SocketModule", "over_stack"]


class SocketModule(types.ModuleType):
    """What the module ``socket`` has, but that all stream sockets are `XioSocket` with these options.

    ``socket`` is a class made from `XioSocket`. Asked for another type than a stream, it makes a socket of the system.

    Args:
        options: keyword arguments of `XioSocket`.
    """

    def __init__(self, **options: Any) -> None:
        super().__init__("socket", socket.__doc__)
        self._options = options
        self.socket: Any = _class_with(options)

    def create_connection(self, *arguments: Any, **options: Any) -> Any:
        """See `globus_hl.xio.create_connection`."""
        return connecting.create_connection(*arguments, kind=self.socket, **(self._options | options))

    def create_server(self, *arguments: Any, **options: Any) -> Any:
        """See `globus_hl.xio.create_server`."""
        return connecting.create_server(*arguments, kind=self.socket, **(self._options | options))

    def socketpair(self, *arguments: Any, **options: Any) -> Any:
        """See `globus_hl.xio.socketpair`."""
        return connecting.socketpair(*arguments, kind=self.socket, **(self._options | options))

    def fromfd(self, fd: int, family: int, type: int, proto: int = 0) -> Any:  # noqa: A002
        """See ``socket.fromfd``."""
        return self.socket(family, type, proto, socket.dup(fd))

    def __getattr__(self, name: str) -> Any:
        return getattr(socket, name)

    def __dir__(self) -> list[str]:
        return sorted({*dir(socket), *super().__dir__()})


def _class_with(options: dict[str, Any]) -> type[sockets.XioSocket]:
    class Socket(sockets.XioSocket):
        __slots__ = ()

        def __new__(cls, family: int = -1, type: int = -1, *arguments: Any, **named: Any) -> Any:  # noqa: A002
            descriptor = named.get("fileno", arguments[1] if len(arguments) > 1 else None)
            if descriptor is None and type != -1 and not type & socket.SOCK_STREAM:
                return socket.socket(family, type, *arguments, **named)
            return super().__new__(cls, stack=(options | named).get("stack", "tcp"))

        def __init__(self, *arguments: Any, **named: Any) -> None:
            super().__init__(*arguments, **(options | named))

    Socket.__name__ = Socket.__qualname__ = "socket"
    return Socket


def over_stack(name: str, **options: Any) -> types.ModuleType:
    """A copy of a module that uses sockets, with sockets over a stack.

    ::

        ftplib = over_stack("ftplib", stack="tcp,gsi", gsi=GSI(credential=proxy))
        ftp = ftplib.FTP("www.example.org")

    It is for modules whose code says ``import socket`` and then ``socket.create_connection(...)`` or the like, such as
    ``ftplib``, ``smtplib`` and ``poplib``. The module itself stays as it is. The copy has classes of its own: what it
    raises is ``ftplib.error_perm`` of the copy.

    Args:
        name: of the module.
        options: keyword arguments of `XioSocket`.

    Raises:
        ModuleNotFoundError: there is none of this name.
        ValueError: the module does not use the module ``socket`` by this name.
    """
    spec = importlib.util.find_spec(name)
    if spec is None or spec.loader is None:
        raise ModuleNotFoundError(f"No module named {name!r}", name=name)
    copy = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(copy)
    if copy.__dict__.get("socket") is not socket:
        raise ValueError(f"the module {name} does not use the module socket by this name")
    copy.__dict__["socket"] = SocketModule(**options)
    return copy
