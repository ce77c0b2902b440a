"""The server classes of ``socketserver``, over a stack of drivers."""

from __future__ import annotations

import contextlib
import logging
import socket
import socketserver
import threading
from typing import TYPE_CHECKING, Any

from ...errors import GridError
from ..sockets import HANDSHAKE, XioSocket

if TYPE_CHECKING:
    from ..attributes import Attributes
    from ..gsi import GSI
    from ..stack import StackLike

__all__ = ["StackServer", "TCPServer", "ThreadingTCPServer"]

GRACE = 0.5
POLL = 0.2

log = logging.getLogger("globus_hl.xio")


class StackServer(socketserver.TCPServer):
    """Puts a server of the standard library on a stack of drivers: name it first among the bases.

    ::

        class Server(StackServer, http.server.ThreadingHTTPServer):
            pass

        with Server(("", 7000), Handler, stack="tcp,gsi", gsi=GSI(credential=host)) as server:
            server.serve_forever()

    A handler finds the peer in ``self.request.peer``: the handshake is over when it begins. It takes place where the
    handler runs, so that with threads nobody waits for another's; ``verify_request`` comes before. Peers that do not
    finish it, or are refused, never reach a handler, and are logged (logger ``globus_hl.xio``).

    Unlike the standard library's, it always stops: `shutdown` and `server_close` leave those who are being served `grace`
    seconds, and then cut their connections.

    Args:
        arguments, options: of the class that it is put before; `bind_and_activate` by keyword.
        stack, gsi, attributes, handshake_timeout: as of `XioSocket`.

    Attributes:
        grace: seconds that a handler has when the server is to stop. Default: 0.5.

    Raises:
        TypeError: the class forks: the toolkit does not work in a forked process.
        As `XioSocket`, and as the class itself.
    """

    grace = GRACE

    def __init__(
        self,
        *arguments: Any,
        bind_and_activate: bool = True,
        stack: StackLike = "tcp",
        gsi: GSI | None = None,
        attributes: Attributes | None = None,
        handshake_timeout: float = HANDSHAKE,
        **options: Any,
    ) -> None:
        if isinstance(self, getattr(socketserver, "ForkingMixIn", ())):
            raise TypeError("the toolkit does not work in a forked process: use ThreadingMixIn")
        self._state = threading.Lock()
        self._served: set[socket.socket] = set()
        self._serving: int | None = None  # the thread of serve_forever
        self._stopping = False
        super().__init__(*arguments, bind_and_activate=False, **options)  # type: ignore[misc]
        self.socket.close()
        self.socket = XioSocket(
            self.address_family,
            self.socket_type,
            stack=stack,
            gsi=gsi,
            attributes=attributes,
            handshake_timeout=handshake_timeout,
        )
        if bind_and_activate:
            try:
                self.server_bind()
                self.server_activate()
            except BaseException:
                self.server_close()
                raise

    # ---- serving --------------------------------------------------------------------------------------------------

    def get_request(self) -> tuple[Any, Any]:
        """See ``socketserver.BaseServer.get_request``."""
        request, address = self.socket.accept()
        with self._state:
            self._served.add(request)
        return request, address

    def finish_request(self, request: Any, client_address: Any) -> None:
        """Shake hands, then let the handler serve."""
        try:
            request.do_handshake()
        except (GridError, OSError) as error:
            if not self._stopping:
                log.warning("%s: a connection did not come about: %s", _text(client_address), error)
            return
        super().finish_request(request, client_address)

    def close_request(self, request: Any) -> None:
        """See ``socketserver.BaseServer.close_request``."""
        super().close_request(request)
        with self._state:
            self._served.discard(request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """See ``socketserver.BaseServer.handle_error``. What cutting a connection does to its handler is no error."""
        if not self._stopping:
            super().handle_error(request, client_address)

    # ---- stopping -------------------------------------------------------------------------------------------------

    def serve_forever(self, poll_interval: float = POLL) -> None:
        """See ``socketserver.BaseServer.serve_forever``.

        Args:
            poll_interval: seconds after which it looks whether it is to stop.
        """
        with self._state:
            self._serving = None if self._stopping else threading.get_ident()
        try:
            if self._serving is not None:
                super().serve_forever(poll_interval)
        finally:
            with self._state:
                self._serving, self._stopping = None, False

    def shutdown(self) -> None:
        """Stop `serve_forever`, and wait until it has stopped: `poll_interval`, or `grace` while a handler runs in its
        thread.

        It may be called from any thread, before `serve_forever` begins (which ends at once then), and by a handler of
        signals or of requests in the thread of `serve_forever`: there it does not wait.
        """
        with self._state:
            self._stopping = True
            serving = self._serving
        if serving is None:
            return
        if serving == threading.get_ident():
            threading.Thread(target=self._shut_down, name="shutdown").start()
        else:
            self._shut_down()

    def _shut_down(self) -> None:
        with self._cutting():
            super().shutdown()

    def server_close(self) -> None:
        """Close the listening socket, and wait for the threads that serve, where the class has it so; at most `grace`
        seconds and what their handlers do when their connection is gone."""
        with self._cutting():
            super().server_close()

    @contextlib.contextmanager
    def _cutting(self) -> Any:
        """If this takes longer than the grace, cut the connections."""
        cut = threading.Timer(self.grace, self._cut)
        cut.daemon = True
        cut.start()
        try:
            yield
        finally:
            cut.cancel()

    def _cut(self) -> None:
        with self._state:
            self._stopping = True
            served = list(self._served)
        for request in served:
            with contextlib.suppress(OSError):  # it has ended by itself
                request.shutdown(socket.SHUT_RDWR)


class TCPServer(StackServer):
    """``socketserver.TCPServer``: one request after the other."""


class ThreadingTCPServer(StackServer, socketserver.ThreadingTCPServer):
    """``socketserver.ThreadingTCPServer``: a thread for each connection."""


def _text(address: Any) -> str:
    return f"{address[0]}:{address[1]}" if isinstance(address, tuple) else str(address)
