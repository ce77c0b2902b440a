"""The knobs of connections and transfers, checked, and put into the attributes of the C library."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias, get_args

from globus_lowlevel import ftp_client, ftp_control

from .credentials import Credential
from .url import GridFTPURL

__all__ = ["Endpoint", "Mode", "Protection", "Security", "Tuning"]

Protection: TypeAlias = Literal["clear", "safe", "private"]
Mode: TypeAlias = Literal["auto", "stream", "extended"]

DEFAULT_BLOCK_SIZE = 1 << 20
MAX_PARALLELISM = 64
BUFFER_MEMORY = 64 << 20
"""Bytes of buffers that one transfer may have."""


@dataclass(frozen=True, slots=True)
class Security:
    """How the connections of a client are secured. Part of what makes two connections exchangeable.

    Attributes:
        credential: who we are, or None for what the library finds (``X509_USER_PROXY`` and so on).
        server_subject: distinguished name the server must have, or None: that of the host in the URL.
        protection: of the data: ``"clear"``, ``"safe"`` (integrity) or ``"private"`` (encrypted).
        data_channel_authentication: True: data connections are authenticated as ourselves; a distinguished
            name: as that; False: not at all.
        ipv6: whether IPv6 may be used.
    """

    credential: Credential | None = None
    server_subject: str | None = None
    protection: Protection = "clear"
    data_channel_authentication: bool | str = True
    ipv6: bool | None = None

    def __post_init__(self) -> None:
        if self.protection not in get_args(Protection):
            raise ValueError(
                f"protection={self.protection!r}: one of 'clear', 'safe' and 'private' is expected"
            )
        for subject in (self.server_subject, self.data_channel_authentication):
            if isinstance(subject, str) and (not subject or set(subject) & set("\r\n\0")):
                raise ValueError(
                    f"{subject!r} is not a distinguished name such as '/O=Grid/CN=host.example.org'"
                )
        if self.protection != "clear" and not self.data_channel_authentication:
            # The library would skip PROT without a word and send the data in clear.
            raise ValueError(
                f"protection={self.protection!r} needs an authenticated data channel: "
                "leave data_channel_authentication=True"
            )

    def check(self, url: GridFTPURL) -> None:
        """Refuse a URL whose scheme cannot give what was asked for.

        Raises:
            ValueError: with the way out.
        """
        if url.scheme != "gsiftp" and self.protection != "clear":
            raise ValueError(
                f"{url}: {url.scheme} has no protection={self.protection!r}; use a gsiftp URL, "
                "or say protection='clear' if the data may travel unprotected"
            )


@dataclass(frozen=True, slots=True)
class Tuning:
    """How one transfer uses the network.

    Attributes:
        parallelism: TCP connections for the data; more than one needs extended block mode.
        mode: ``"stream"``, ``"extended"`` (extended block mode, MODE E) or ``"auto"``: extended if
            parallelism > 1.
        tcp_buffer: bytes of the socket buffers on both sides, or None: as the system likes.
        block_size: bytes that are read or written at once, or None: 1 MiB.
    """

    parallelism: int = 1
    mode: Mode = "auto"
    tcp_buffer: int | None = None
    block_size: int | None = None

    def __post_init__(self) -> None:
        _check_number("parallelism", self.parallelism, 1, MAX_PARALLELISM)
        if self.mode not in get_args(Mode):
            raise ValueError(f"mode={self.mode!r}: one of 'auto', 'stream' and 'extended' is expected")
        if self.mode == "stream" and self.parallelism > 1:
            raise ValueError(
                f"parallelism={self.parallelism} needs mode='extended': stream mode has one connection"
            )
        if self.tcp_buffer is not None:
            _check_number("tcp_buffer", self.tcp_buffer, 1, (1 << 31) - 1)
        if self.block_size is not None:
            _check_number("block_size", self.block_size, 1, BUFFER_MEMORY // 2)

    @property
    def extended(self) -> bool:
        """Whether the data travels in extended block mode."""
        return self.mode == "extended" or self.parallelism > 1

    @property
    def block(self) -> int:
        """Bytes of one buffer."""
        return self.block_size or DEFAULT_BLOCK_SIZE

    @property
    def buffers(self) -> int:
        """Buffers of one transfer: enough that each connection has one more to go on with."""
        return max(2, min(2 * self.parallelism + 2, BUFFER_MEMORY // self.block))


def _check_number(name: str, value: object, least: int, most: int) -> None:
    if isinstance(value, bool) or not isinstance(value, int):
        raise TypeError(f"{name} must be a whole number, not {value!r}")
    if not least <= value <= most:
        raise ValueError(f"{name}={value}: from {least} to {most} is possible")


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A server and the account on it: what a control connection leads to."""

    scheme: str
    host: str
    port: int
    user: str | None
    password: str | None = field(repr=False)

    @classmethod
    def of(cls, url: GridFTPURL) -> Endpoint:
        return cls(url.scheme, url.host, url.port, url.user, url.password)

    @property
    def is_address(self) -> bool:
        """Whether the host is written as a number, so that no name service is asked."""
        return ":" in self.host or self.host.replace(".", "").isdigit()

    def __str__(self) -> str:
        return f"{self.scheme}://{f'[{self.host}]' if ':' in self.host else self.host}:{self.port}"


def c_url(url: GridFTPURL) -> str:
    """The URL for the C library. User and password go by the attributes, so that no URL of an error shows them."""
    bare = GridFTPURL(url.scheme, url.host, url.path, url.port)
    return str(bare)


def operation_attributes(url: GridFTPURL, security: Security, tuning: Tuning) -> Any:
    """A ``globus_ftp_client_operationattr_t`` for operations on `url`."""
    attr = ftp_client.globus_ftp_client_operationattr_init()
    _set_login(attr, url, security)
    if url.scheme == "gsiftp":
        _set_data_security(attr, security)
    if security.ipv6 or (security.ipv6 is None and ":" in url.host and not _maps_ipv4(url.host)):
        ftp_client.globus_ftp_client_operationattr_set_allow_ipv6(attr, True)
    if tuning.extended:
        mode = ftp_control.GLOBUS_FTP_CONTROL_MODE_EXTENDED_BLOCK
        ftp_client.globus_ftp_client_operationattr_set_mode(attr, mode)
        _set_parallelism(attr, tuning.parallelism)
    if tuning.tcp_buffer is not None:
        _set_tcp_buffer(attr, tuning.tcp_buffer)
    return attr


def _maps_ipv4(address: str) -> bool:
    from ipaddress import IPv6Address  # few need it, and it takes a while

    return IPv6Address(address).ipv4_mapped is not None


def _set_login(attr: Any, url: GridFTPURL, security: Security) -> None:
    credential = security.credential.handle if security.credential else None
    if url.scheme == "gsiftp":
        # ":globus-mapping:" asks for the account that the grid-mapfile names.
        user, password = url.user or ":globus-mapping:", url.password or ""
    elif url.user is not None:
        user, password = url.user, url.password or ""
    else:
        return  # the library logs in as "anonymous"
    ftp_client.globus_ftp_client_operationattr_set_authorization(
        attr, credential, user, password, None, security.server_subject
    )


def _set_data_security(attr: Any, security: Security) -> None:
    # Always said, never left to the library's default: with that, a server that does not offer DCAU or PROT
    # would get and send the data in clear without a word.
    dcau = ftp_control.globus_ftp_control_dcau_t()
    wanted = security.data_channel_authentication
    if isinstance(wanted, str):
        dcau.mode = ftp_control.GLOBUS_FTP_CONTROL_DCAU_SUBJECT
        dcau.subject.subject = wanted
    elif wanted:
        dcau.mode = ftp_control.GLOBUS_FTP_CONTROL_DCAU_SELF
    else:
        dcau.mode = ftp_control.GLOBUS_FTP_CONTROL_DCAU_NONE
    ftp_client.globus_ftp_client_operationattr_set_dcau(attr, dcau)
    protection = getattr(ftp_control, f"GLOBUS_FTP_CONTROL_PROTECTION_{security.protection.upper()}")
    ftp_client.globus_ftp_client_operationattr_set_data_protection(attr, protection)


def _set_parallelism(attr: Any, connections: int) -> None:
    parallelism = ftp_control.globus_ftp_control_parallelism_t()
    parallelism.mode = ftp_control.GLOBUS_FTP_CONTROL_PARALLELISM_FIXED
    parallelism.fixed.size = connections
    ftp_client.globus_ftp_client_operationattr_set_parallelism(attr, parallelism)


def _set_tcp_buffer(attr: Any, size: int) -> None:
    buffer = ftp_control.globus_ftp_control_tcpbuffer_t()
    buffer.mode = ftp_control.GLOBUS_FTP_CONTROL_TCPBUFFER_FIXED
    buffer.fixed.size = size
    ftp_client.globus_ftp_client_operationattr_set_tcp_buffer(attr, buffer)
