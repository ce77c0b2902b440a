"""Listening to the control channel: what a server says while an operation runs.

When the data connection breaks, the library reports that, and drops the reply that tells why: that the disk is full, for
example. And the markers that servers send during long operations are signs of life that nothing else shows.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from globus_lowlevel import ftp_client

from .replies import Reply

__all__ = ["ReplyMonitor"]

# The library tells a plug-in of the replies to the operations whose begin it wants to hear of.
_OPERATIONS = (
    "get",
    "put",
    "third_party_transfer",
    "list",
    "verbose_list",
    "machine_list",
    "mlst",
    "cksm",
    "delete",
    "mkdir",
    "rmdir",
    "move",
    "chmod",
    "size",
    "modification_time",
)


class ReplyMonitor:
    """A plug-in of one handle that hears all replies.

    Args:
        handle: the ``globus_ftp_client_handle_t``.
        on_reply: called with the URL and each reply, on a thread of the library, before the library acts upon it.
    """

    def __init__(self, handle: Any, on_reply: Callable[[str | None, Reply], object]) -> None:
        self._on_reply = on_reply
        self._copies: list[Any] = []
        ftp_client.globus_ftp_client_handle_add_plugin(handle, self._make())

    def _make(self) -> Any:
        every = ftp_client.globus_ftp_client_plugin_command_mask_t.GLOBUS_FTP_CLIENT_CMD_MASK_ALL
        plugin = ftp_client.globus_ftp_client_plugin_init("pyglobus_reply_monitor", every, None)
        ftp_client.globus_ftp_client_plugin_set_copy_func(plugin, self._copy)
        ftp_client.globus_ftp_client_plugin_set_destroy_func(plugin, self._destroy)
        ftp_client.globus_ftp_client_plugin_set_response_func(plugin, self._response)
        for operation in _OPERATIONS:
            getattr(ftp_client, f"globus_ftp_client_plugin_set_{operation}_func")(plugin, _begun)
        return plugin

    def _copy(self, _template: object, _specific: object) -> Any:
        plugin = self._make()
        self._copies.append(plugin)
        return plugin

    def _destroy(self, plugin: Any, _specific: object) -> None:
        self._copies = [copy for copy in self._copies if copy is not plugin]

    def _response(
        self,
        _plugin: object,
        _specific: object,
        _handle: object,
        url: str | None,
        _error: object,
        response: Any,
    ) -> None:
        if response is not None:
            text = bytes(response.response_buffer).rstrip(b"\0").decode("utf-8", "surrogateescape")
            self._on_reply(url, Reply.parse(text) or Reply(response.code, text.strip()))


def _begun(*_arguments: object) -> None:
    """An operation begins."""
