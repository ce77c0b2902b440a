"""Connections to servers, each a handle of the C library, and the pool that a client keeps them in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, TypeVar

from globus_lowlevel import GlobusError, ftp_client

from .._runtime.completion import Completion
from .._runtime.library import activate
from ..errors import GridError, OperationTimeoutError
from ..timeouts import Deadline
from .dialogue import Dialogue
from .faults import login_error
from .monitor import ReplyMonitor
from .operations import Command, Transfer
from .options import Endpoint, Security, Tuning, c_url, operation_attributes
from .replies import Reply
from .url import GridFTPURL

__all__ = ["Connection", "Route"]

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Route:
    """What a connection leads to, and how it is used. Connections with equal routes are exchangeable.

    The library would use a control connection again whose security differs: it compares neither subjects nor the
    protection of the control channel. And it does not survive a change from extended block mode to stream mode while data
    connections are still being made, or from a TCP buffer that was set to the system's. So what is equal is decided here.

    Attributes:
        endpoints: one server, or the two of a third-party transfer.
        security: of all channels.
        streams: data connections of extended block mode; 0 for stream mode.
        tcp_buffer: bytes, or None for the system's choice.
    """

    endpoints: tuple[Endpoint, ...]
    security: Security
    streams: int
    tcp_buffer: int | None = None

    @classmethod
    def to(cls, security: Security, tuning: Tuning, *urls: GridFTPURL) -> Route:
        streams = tuning.parallelism if tuning.extended else 0
        return cls(tuple(Endpoint.of(url) for url in urls), security, streams, tuning.tcp_buffer)

    @property
    def tuning(self) -> Tuning:
        """The tuning of operations without data."""
        return Tuning(self.streams or 1, "extended" if self.streams else "stream", self.tcp_buffer)

    def __str__(self) -> str:
        return " and ".join(map(str, self.endpoints))


class Connection:
    """A handle of the C library with its cached control and data connections. One operation at a time.

    Attributes:
        route: where it leads.
        fresh: whether no operation but the login has been done on it.
        features: names of what each server of the route can do, such as ``"MLST"``, by endpoint.
        can_send: whether all data connections of an upload in extended block mode are there, from the last one.
        gone: settled when the library has let go of it.
    """

    def __init__(self, route: Route, client_name: tuple[str, str], dialogue: Dialogue | None = None) -> None:
        activate(ftp_client, "GLOBUS_FTP_CLIENT_MODULE")
        self.route = route
        self.fresh = True
        self.can_send = False
        self.gone: Completion[None] = Completion()
        self.features: dict[Endpoint, frozenset[str]] = {}
        attr = ftp_client.globus_ftp_client_handleattr_init()
        ftp_client.globus_ftp_client_handleattr_set_cache_all(attr, True)
        ftp_client.globus_ftp_client_handleattr_set_clientinfo(attr, *client_name, None)
        self.handle = ftp_client.globus_ftp_client_handle_init(attr)
        ftp_client.globus_ftp_client_handleattr_destroy(attr)
        self._current: Command[Any] | None = None
        self._monitor = ReplyMonitor(self.handle, self._on_reply)
        if dialogue is not None:
            dialogue.attach(self.handle)

    async def log_in(self, url: GridFTPURL, deadline: Deadline) -> None:
        """Connect to the server of `url`, authenticate, and learn what it can do.

        Raises:
            GridError: the reason, which no file has a part in.
        """
        endpoint = Endpoint.of(url)
        attr = operation_attributes(url, self.route.security, self.route.tuning)
        features = ftp_client.globus_ftp_client_features_init()
        end, _ = deadline.limits(connecting=True)

        def start(callback: Any, argument: Any) -> None:
            # FEAT is part of each login: asking for it means to log in and nothing more.
            ftp_client.globus_ftp_client_feat(self.handle, c_url(url), attr, features, callback, argument)

        def timed_out(stalled: bool) -> GridError:
            limit = deadline.describe(connecting=True, stalled=stalled)
            return OperationTimeoutError(f"could not connect to {endpoint}: {limit}", url=str(url))

        login = Command(
            self.handle, start, lambda _: None, end=end, describe=timed_out, may_block=not endpoint.is_address
        )
        login.cached = 0
        try:
            await self.run(login)
        except GlobusError as error:
            raise login_error(error, url, self.route.security.credential) from error
        self.features[endpoint] = _feature_names(features)

    def run(self, operation: Command[T]) -> Command[T]:
        """Make `operation` the current one; to be awaited."""
        self._current = operation
        if isinstance(operation, Transfer):
            self.can_send = False
        return operation

    def _on_reply(self, url: str | None, reply: Reply) -> None:
        if (operation := self._current) is not None:
            operation.heard(url, reply)

    def abort(self, error: BaseException) -> None:
        """Let the operation that is under way, if any, fail with `error`."""
        if self._current is not None and not self._current.finished():
            self._current.fail(error)

    def close(self) -> None:
        """End the connections to the servers, at once or as soon as the library has let go of them."""
        if self._current is None or not self._current.when_over(self._destroy):
            self._destroy()

    def _destroy(self) -> None:
        # Explicitly, and not when collected: the credential must outlive the handle.
        ftp_client.globus_ftp_client_handle_destroy(self.handle)
        self.gone.set_result(None)

    def settle(self) -> bool:
        """Whether the library has nothing under way on it. Then nothing of the last operation is kept, either."""
        if self._current is not None and self._current.finished():
            self._current = None  # it would keep the buffers of the user locked
        return self._current is None


def _feature_names(features: Any) -> frozenset[str]:
    """The features that a server said it has, without the prefix of the C constants."""
    prefix = "GLOBUS_FTP_CLIENT_FEATURE_"
    yes = ftp_client.GLOBUS_FTP_CLIENT_TRUE
    return frozenset(
        feature.name.removeprefix(prefix)
        for feature in ftp_client.globus_ftp_client_probed_feature_t
        if feature.name.startswith(prefix)
        and feature.name != prefix + "MAX"
        and ftp_client.globus_ftp_client_is_feature_supported(features, feature) == yes
    )
