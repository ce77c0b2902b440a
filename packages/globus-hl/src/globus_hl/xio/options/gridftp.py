"""The commands of the drivers that speak GridFTP: gridftp, gridftp_multicast, gssapi_ftp."""

from __future__ import annotations

import enum
from typing import TYPE_CHECKING, Any

from globus_lowlevel import xio_drivers as c

from .kinds import BOOL, COUNT, INT, SIZE, TEXT, TEXTS, choice
from .option import Kind, Option, Options, command

if TYPE_CHECKING:
    from ...security import Credential

__all__ = [
    "DCAU",
    "GSSAPIFTPOptions",
    "GridFTPMode",
    "GridFTPOptions",
    "GridFTPProtection",
    "MulticastOptions",
]


class DCAU(enum.IntEnum):
    """Authentication of data channels."""

    DEFAULT = c.GLOBUS_XIO_GRIDFTP_DCAU_DEFAULT
    NONE = c.GLOBUS_XIO_GRIDFTP_DCAU_NONE
    SELF = c.GLOBUS_XIO_GRIDFTP_DCAU_SELF
    SUBJECT = c.GLOBUS_XIO_GRIDFTP_DCAU_SUBJECT


class GridFTPMode(enum.IntEnum):
    """Transmission mode of data channels."""

    NONE = c.GLOBUS_XIO_GRIDFTP_MODE_NONE
    STREAM = c.GLOBUS_XIO_GRIDFTP_MODE_STREAM
    BLOCK = c.GLOBUS_XIO_GRIDFTP_MODE_BLOCK
    EXTENDED_BLOCK = c.GLOBUS_XIO_GRIDFTP_MODE_EXTENDED_BLOCK
    COMPRESSED = c.GLOBUS_XIO_GRIDFTP_MODE_COMPRESSED


class GridFTPProtection(enum.IntEnum):
    """Protection of a channel."""

    CLEAR = c.GLOBUS_XIO_GRIDFTP_PROTECTION_CLEAR
    SAFE = c.GLOBUS_XIO_GRIDFTP_PROTECTION_SAFE
    CONFIDENTIAL = c.GLOBUS_XIO_GRIDFTP_PROTECTION_CONFIDENTIAL
    PRIVATE = c.GLOBUS_XIO_GRIDFTP_PROTECTION_PRIVATE


CLIENT: Kind[Any] = Kind(
    "the low level's globus_ftp_client_handle_t", lambda value: (value,), lambda value: value
)


class GridFTPOptions(Options):
    """Commands of the driver gridftp: a file on a GridFTP server, whose URL is the contact."""

    driver = "gridftp"

    client = Option(CLIENT, "GRIDFTP_*_HANDLE", "A client handle of the low level to work with.", keep=True)
    append = Option(BOOL, "GRIDFTP_*_APPEND", "Whether writing begins at the end of the file.")
    # Asked for what was not set, the driver copies a string at NULL, which ends the process.
    eret = Option(
        TEXT,
        "GRIDFTP_*_ERET",
        "Extended retrieve: what the server does to what it sends.",
        keep=True,
        ask=False,
    )
    esto = Option(
        TEXT, "GRIDFTP_*_ESTO", "Extended store: what the server does to what it gets.", keep=True, ask=False
    )
    partial = Option(BOOL, "GRIDFTP_*_PARTIAL_TRANSFER", "Whether reads and writes are partial transfers.")
    streams = Option(COUNT, "GRIDFTP_*_NUM_STREAMS", "Data connections at once.")
    tcp_buffer = Option(SIZE, "GRIDFTP_*_TCP_BUFFER", "Of each data connection.")
    mode = Option(choice(GridFTPMode), "GRIDFTP_*_MODE", "Transmission mode.")
    data_protection = Option(choice(GridFTPProtection), "GRIDFTP_*_DATA_PROTECTION", "Of data channels.")
    control_protection = Option(
        choice(GridFTPProtection), "GRIDFTP_*_CONTROL_PROTECTION", "Of the control channel."
    )

    @command("GRIDFTP_SEEK")
    def seek(self, offset: int) -> None:
        """Read or write from `offset` on."""
        self._control("GRIDFTP_SEEK", offset)

    @command("GRIDFTP_SET_AUTH", "attr")
    def log_in_as(
        self,
        credential: Credential | None,
        user: str = "",
        password: str = "",
        account: str = "",
        subject: str = "",
    ) -> None:
        """Who we are; `subject` is who the server has to be."""
        handle = None if credential is None else credential.handle
        self._control("GRIDFTP_SET_AUTH", handle, user, password, account, subject)
        self._target.keep("gridftp.credential", credential)

    @command("GRIDFTP_GET_AUTH", "attr")
    def login(self) -> tuple[str, str, str, str]:
        """User, password, account and subject, as `log_in_as` has set them."""
        _credential, *texts = self._control("GRIDFTP_GET_AUTH")
        user, password, account, subject = (text or "" for text in texts)
        return user, password, account, subject

    @command("GRIDFTP_SET_DCAU", "attr")
    def authenticate_data(self, mode: DCAU | str, subject: str = "") -> None:
        """How data channels are authenticated; `subject` with `DCAU.SUBJECT`."""
        self._control("GRIDFTP_SET_DCAU", choice(DCAU).to_c(mode)[0], subject)

    @command("GRIDFTP_GET_DCAU", "attr")
    def data_authentication(self) -> tuple[DCAU, str]:
        """What `authenticate_data` has set."""
        mode, subject = self._control("GRIDFTP_GET_DCAU")
        return DCAU(mode), subject or ""


class MulticastOptions(Options):
    """Commands of the driver gridftp_multicast: a file that goes to many servers, from one to the next."""

    driver = "gridftp_multicast"

    streams = Option(COUNT, "GRIDFTP_MULTICAST_ATTR_PARALLEL", "Data connections to each server.")
    tcp_buffer = Option(SIZE, "GRIDFTP_MULTICAST_ATTR_TCPBS", "Of each data connection.")
    urls = Option(TEXTS, "GRIDFTP_MULTICAST_ATTR_URLS", "Where the file goes.")
    write_locally = Option(BOOL, "GRIDFTP_MULTICAST_ATTR_LOCAL_WRITE", "Whether this host keeps a copy.")
    fan_out = Option(COUNT, "GRIDFTP_MULTICAST_ATTR_CAST_COUNT", "Servers that each one passes it on to.")
    subject = Option(TEXT, "GRIDFTP_MULTICAST_ATTR_SUBJECT", "Who the servers have to be.")


class GSSAPIFTPOptions(Options):
    """Commands of the driver gssapi_ftp: the security of FTP control channels (RFC 2228)."""

    driver = "gssapi_ftp"

    subject = Option(TEXT, "GSSAPI_ATTR_TYPE_SUBJECT", "Who the server has to be.")
    start_state = Option(INT, "GSSAPI_ATTR_TYPE_START_STATE", "State in which the dialogue begins.")
    encrypt = Option(BOOL, "GSSAPI_ATTR_TYPE_ENCRYPT", "Whether messages are encrypted.")
    allow_clear = Option(BOOL, "GSSAPI_ATTR_TYPE_ALLOW_CLEAR", "Whether a client may do without security.")
    force_server = Option(BOOL, "GSSAPI_ATTR_TYPE_FORCE_SERVER", "Whether this end is the server.")

    @command("DRIVER_GSSAPI_FTP_GET_AUTH")
    def authentication(self) -> tuple[int, Any, Any, Any, str]:
        """Kind of security, context, credential and delegated credential of the low level, and the subject."""
        kind, context, credential, delegated, subject = self._control("DRIVER_GSSAPI_FTP_GET_AUTH")
        return kind, context, credential, delegated, subject
