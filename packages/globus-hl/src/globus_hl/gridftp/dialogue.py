"""The dialogue of control channels, shown as it happens: what is said to servers, and what they answer."""

from __future__ import annotations

import re
from typing import Any, Protocol

from globus_lowlevel import ftp_client

__all__ = ["Dialogue", "TextWriter"]

# The library tells a plug-in of the operations whose begin it wants to hear of; a login is part of the first one.
_OPERATIONS = (
    "chmod",
    "cksm",
    "delete",
    "feat",
    "get",
    "list",
    "machine_list",
    "mkdir",
    "mlst",
    "modification_time",
    "move",
    "put",
    "recursive_list",
    "rmdir",
    "size",
    "stat",
    "third_party_transfer",
    "verbose_list",
)
# What must not be shown, or is of no use to a reader: passwords, and the tokens of the security exchange.
_HIDDEN = re.compile(r"^(PASS|ACCT|ADAT)( .*)?$", re.IGNORECASE | re.MULTILINE)


class TextWriter(Protocol):
    """Where it is shown: anything with the `write` of a text file."""

    def write(self, text: str, /) -> object: ...


class Dialogue:
    """A plug-in for the handles of one client.

    Args:
        writer: gets whole lines, from the threads of the library: `write` may be called by several at once.
    """

    def __init__(self, writer: TextWriter) -> None:
        self._writer = writer
        self._copies: list[Any] = []

    def attach(self, handle: Any) -> None:
        """Show what is said on the control channels of a ``globus_ftp_client_handle_t`` from now on."""
        ftp_client.globus_ftp_client_handle_add_plugin(handle, self._make())

    def _make(self) -> Any:
        every = ftp_client.globus_ftp_client_plugin_command_mask_t.GLOBUS_FTP_CLIENT_CMD_MASK_ALL
        plugin = ftp_client.globus_ftp_client_plugin_init("pyglobus_dialogue", every, None)
        ftp_client.globus_ftp_client_plugin_set_copy_func(plugin, self._copy)
        ftp_client.globus_ftp_client_plugin_set_destroy_func(plugin, self._destroy)
        ftp_client.globus_ftp_client_plugin_set_connect_func(plugin, self._connect)
        ftp_client.globus_ftp_client_plugin_set_command_func(plugin, self._command)
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

    def _connect(self, _plugin: object, _specific: object, _handle: object, url: str | None) -> None:
        self._show(f"connecting to {_without_password(url or '')}")

    def _command(
        self, _plugin: object, _specific: object, _handle: object, _url: str | None, command: str | None
    ) -> None:
        self._show(_HIDDEN.sub(r"\1 ...", (command or "").strip()), mark="> ")

    def _response(
        self,
        _plugin: object,
        _specific: object,
        _handle: object,
        _url: str | None,
        error: object,
        response: Any,
    ) -> None:
        if response is not None:
            self._show(bytes(response.response_buffer).rstrip(b"\0").decode("utf-8", "replace").strip())
        if error is not None:
            self._show(str(error))

    def _show(self, text: str, mark: str = "") -> None:
        self._writer.write("".join(f"{mark}{line}\n" for line in text.splitlines()))


def _without_password(url: str) -> str:
    return re.sub(r"//([^/@:]*):[^/@]*@", r"//\1@", url)


def _begun(*_arguments: object) -> None:
    """An operation begins."""
