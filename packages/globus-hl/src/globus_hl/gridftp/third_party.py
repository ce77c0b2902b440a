"""Transfers between two servers: the data does not come here."""

from __future__ import annotations

from typing import Any

from globus_lowlevel import ftp_client

from .operations import Start, Transfer

__all__ = ["ThirdParty"]

SILENCE = 3600.0
"""Seconds without a sign of life that a server is granted if it does not send performance markers."""


class ThirdParty(Transfer):
    """A transfer between two servers. Its bytes are those of the receiver's performance markers (``112``)."""

    cached = 2

    def __init__(self, handle: Any, start: Start, **limits: Any) -> None:
        super().__init__(handle, start, **limits)
        self._stall_with_markers = self.stall
        self.stall = max(self.stall, SILENCE)
        self._stripes: dict[int, int] = {}
        self._plugin: Any = None

    def begin(self) -> None:
        self._plugin = ftp_client.globus_ftp_client_perf_plugin_init(None, self._on_marker, None, None)
        ftp_client.globus_ftp_client_handle_add_plugin(self.handle, self._plugin)
        super().begin()

    def collect(self, error: BaseException | None) -> int:
        ftp_client.globus_ftp_client_handle_remove_plugin(self.handle, self._plugin)
        return super().collect(error)

    def _on_marker(
        self,
        _specific: object,
        _handle: object,
        _time: int,
        _tenth: int,
        stripe: int,
        _stripes: int,
        count: int,
    ) -> None:
        self.stall = self._stall_with_markers
        before = self._stripes.get(stripe, 0)
        self._stripes[stripe] = max(before, count)
        self._moved(max(0, count - before))

    def _done_with(self, buffer: Any, length: int, offset: int) -> None:
        raise NotImplementedError("no data comes here")

    def _go_on_with(self, buffer: Any) -> bool:
        raise NotImplementedError("no data comes here")
