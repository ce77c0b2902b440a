"""Names on a grid, compared as the library compares them."""

from __future__ import annotations

import re
from typing import Any, Literal

from globus_lowlevel import GlobusError, gsi_cert_utils, gssapi

from .library import start

__all__ = ["Name"]

Kind = Literal["subject", "host"]

# What the library takes for the same attribute (globus_i_gsi_cert_utils_dn_cmp).
_ALIASES = (
    (re.compile(r"/uid=", re.IGNORECASE), "/USERID="),
    (re.compile(r"/(?:e|email)=", re.IGNORECASE), "/emailAddress="),
)


class Name:
    """The name of somebody, or of a service on a host. Immutable.

    Args:
        subject: distinguished name as the toolkit writes it: ``/O=Grid/CN=Test User``.

    Two names are equal if the library's comparison says so: letters' case does not matter, ``Email``, ``E`` and
    ``emailAddress`` are one attribute, and so are ``UID`` and ``USERID``. The name of a host is never equal to a
    distinguished name; `matches` tells whether a certificate of that name is accepted for the host.

    Raises:
        ValueError: it is no name.

    >>> Name("/O=Grid/CN=Jo/Email=jo@example.org") == Name("/o=grid/cn=jo/emailAddress=jo@example.org")
    True
    """

    __slots__ = ("_handle", "kind", "text")

    kind: Kind
    text: str
    _handle: Any

    def __init__(self, subject: str) -> None:
        if not isinstance(subject, str):
            raise TypeError(f"a name is a str such as '/O=Grid/CN=Test User', not {subject!r}")
        if not subject.startswith("/"):
            raise ValueError(
                f"{subject!r} is no distinguished name: it has to look like /O=Grid/CN=Test User"
            )
        _fill(self, "subject", subject)

    @classmethod
    def host(cls, host: str, service: str = "host") -> Name:
        """The name of a service on a host: what a client asks for.

        Args:
            host: name or address of the host.
            service: ``"host"``, the usual one, fits a certificate for the mere host name as well.

        Raises:
            ValueError: it is no host name.
        """
        if not host or not service or any(c in "@/ \0" or not c.isprintable() for c in host + service):
            raise ValueError(f"{host!r} is no host name, or {service!r} no name of a service")
        name = cls.__new__(cls)
        _fill(name, "host", f"{service}@{host}")
        return name

    def __setattr__(self, field: str, value: object) -> None:
        raise AttributeError("a Name does not change")

    @property
    def handle(self) -> Any:
        """The low level's ``gss_name_t``.

        Raises:
            ValueError: the library makes none of it, for example because it does not know an attribute. Such a name can
                be compared with others, and be looked up in a grid-mapfile, but is no target of a context.
        """
        if self._handle is None:
            start()
            host = self.kind == "host"
            kind = gssapi.GSS_C_NT_HOSTBASED_SERVICE if host else gssapi.GSS_C_NT_USER_NAME
            try:
                handle = gssapi.gss_import_name(self.text.encode("utf-8", "surrogateescape"), kind)
            except GlobusError as error:
                raise ValueError(f"the library reads no name in {self.text!r}: {error}") from None
            object.__setattr__(self, "_handle", handle)
        return self._handle

    def matches(self, other: Name) -> bool:
        """Whether the library takes both for the same (``gss_compare_name``).

        For a host that depends on ``GLOBUS_GSSAPI_NAME_COMPATIBILITY`` and may ask the name service.
        """
        equal: int = gssapi.gss_compare_name(self.handle, other.handle)
        return bool(equal)

    @property
    def canonical(self) -> str:
        """One text for all names that are equal to this one."""
        text = self.text
        if self.kind == "subject":
            for pattern, replacement in _ALIASES:
                text = pattern.sub(replacement, text)
        return "".join(c.lower() if c.isascii() else c for c in text)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Name):
            return NotImplemented
        if self.kind != other.kind:
            return False
        if self.kind == "host":
            return self.canonical == other.canonical
        start()
        return bool(gsi_cert_utils.globus_i_gsi_cert_utils_dn_cmp(self.text, other.text) == 0)

    def __hash__(self) -> int:
        return hash((self.kind, self.canonical))

    def __str__(self) -> str:
        return self.text

    def __repr__(self) -> str:
        if self.kind == "host":
            service, _, host = self.text.partition("@")
            return f"Name.host({host!r}, {service!r})"
        return f"Name({self.text!r})"

    def __reduce__(self) -> tuple[Any, tuple[str, ...]]:
        if self.kind == "host":
            service, _, host = self.text.partition("@")
            return Name.host, (host, service)
        return Name, (self.text,)


def _fill(name: Name, kind: Kind, text: str) -> None:
    if "\0" in text:
        raise ValueError(f"{text!r} is no name: it has a NUL character")
    for field, value in (("kind", kind), ("text", text), ("_handle", None)):
        object.__setattr__(name, field, value)
