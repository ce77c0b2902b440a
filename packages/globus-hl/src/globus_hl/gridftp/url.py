"""URLs of files on FTP and GridFTP servers and on this machine, read as the Globus libraries read them.

The toolkit has its own rules, which differ from a web browser's:

* the path of ``gsiftp://host/data/a`` is ``/data/a``, absolute on the server, not relative to the login
  directory;
* ``gsiftp://host/~/a`` and ``gsiftp://host/~bob/a`` are ``~/a`` and ``~bob/a``: relative to a home directory;
* ``?``, ``#`` and ``;type=i`` are ordinary characters of the path;
* ``%XX`` is one byte, whatever the character set of the server is.

See ``globus_url_parse()`` in ``globus_common``. What that function would refuse or misread (a port above
65535, a line break that would end the FTP command, an underscore in a host name) is refused with a reason.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, field, replace
from urllib.parse import quote, unquote_to_bytes

from globus_hl.errors import GridError

__all__ = ["DEFAULT_PORTS", "GridFTPURL", "InvalidURLError"]

DEFAULT_PORTS = {"gsiftp": 2811, "ftp": 21, "sshftp": 22}
"""Scheme of a server's URL to the TCP port its control channel has unless the URL names one."""

# The characters globus_url_parse() takes as they are, without the wildcards of globus-url-copy: a URL
# printed here names one file for both of them.
_PATH_SAFE = "$-_.+!'(),;/:@=&~"

_BAD_ESCAPE = re.compile(r"%(?![0-9A-Fa-f]{2})")
_PASSWORD = re.compile(r"(//[^/@:]*):(?!\d*/)[^@]+@")
_BAD_LOGIN = re.compile(r"[^\w$.+!*'(),;?&=%-]")
_HOST = re.compile(r"[A-Za-z0-9.-]+")
_FILE_URL = re.compile(r"(?://(?P<host>[^/]*))?(?P<path>/.*)?", re.DOTALL)


class InvalidURLError(GridError, ValueError):
    """A string is not a URL that the Globus libraries can use.

    Attributes:
        url: the URL as given, with any password replaced by ``***``.
        fault: what is wrong with it, in words.
    """

    def __init__(self, url: str, fault: str) -> None:
        shown = _PASSWORD.sub(r"\1:***@", url)
        super().__init__(f"invalid URL {shown!r}: {fault}", url=shown)
        self.fault = fault

    def __str__(self) -> str:
        return self.message

    def __reduce__(self) -> tuple[type[InvalidURLError], tuple[str, str]]:
        return type(self), (self.url or "", self.fault)


@dataclass(frozen=True, slots=True)
class GridFTPURL:
    """The parts of a ``gsiftp``, ``ftp``, ``sshftp`` or ``file`` URL, decoded and checked.

    Text is ``str``; bytes that are not UTF-8 are carried as surrogate escapes (as in :func:`os.fsdecode`), so
    that every name on a server can be written and comes back unchanged.

    Attributes:
        scheme: ``"gsiftp"``, ``"ftp"``, ``"sshftp"`` or ``"file"``.
        host: name or address in lower case; an IPv6 address without its brackets. May be empty for ``file``.
        path: as the server gets it: ``/...`` or ``~...``. A URL without a path has ``/``.
        port: TCP port of the control channel; 0 takes the scheme's default (:data:`DEFAULT_PORTS`).
        user: login name, or None. With ``gsiftp``: the account to ask for in place of the mapped one.
        password: or None. Neither ``str()`` nor ``repr()`` shows it.

    Raises:
        InvalidURLError: a part cannot be used; the message names the URL and the fault.

    >>> url = GridFTPURL.parse("gsiftp://grid.example.org/data/run%201.dat")
    >>> url.path, url.port, url.name
    ('/data/run 1.dat', 2811, 'run 1.dat')
    >>> str(url.parent / "a#b")
    'gsiftp://grid.example.org/data/a%23b'
    """

    scheme: str
    host: str
    path: str = "/"
    port: int = 0
    user: str | None = None
    password: str | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "scheme", self.scheme.lower())
        object.__setattr__(self, "host", self.host.lower())
        if self.scheme != "file":
            object.__setattr__(self, "path", self.path or "/")
            object.__setattr__(self, "port", self.port or DEFAULT_PORTS.get(self.scheme, 0))
        elif self.path.startswith("//"):
            object.__setattr__(self, "path", "/" + self.path.lstrip("/"))
        fault = _fault(self)
        if fault:
            raise InvalidURLError(f"{self.scheme}://{self.host}{self.path}", fault)

    @classmethod
    def parse(cls, url: str | GridFTPURL) -> GridFTPURL:
        """Take the URL apart; a :class:`GridFTPURL` is returned as it is.

        Raises:
            InvalidURLError: with what is wrong and, where it helps, how to write it.
        """
        if isinstance(url, GridFTPURL):
            return url
        scheme, colon, rest = url.partition(":")
        scheme = scheme.lower()
        if not colon or "/" in scheme:
            raise InvalidURLError(
                url, "it has no scheme; write gsiftp://host/path, or file:///path if it is local"
            )
        if scheme not in DEFAULT_PORTS and scheme != "file":
            raise InvalidURLError(url, f"the scheme {scheme!r} is not one of gsiftp, ftp, sshftp and file")
        try:
            return _parse_file(rest) if scheme == "file" else _parse_remote(scheme, rest)
        except InvalidURLError as error:
            raise InvalidURLError(url, error.fault) from None
        except _FaultError as fault:
            raise InvalidURLError(url, str(fault)) from None

    @classmethod
    def from_local(cls, path: str | bytes | os.PathLike[str] | os.PathLike[bytes]) -> GridFTPURL:
        """The ``file`` URL of a local path; a relative one is taken from the current directory.

        A trailing slash, which means "into this directory", is kept.
        """
        text = os.fsdecode(path)
        slash = "/" if text.endswith("/") and text.strip("/") else ""
        return cls("file", "", os.path.abspath(text) + slash)

    def __str__(self) -> str:
        """The URL, percent-encoded, pure ASCII, without the password and without a default port."""
        return self.to_string()

    def to_string(self, *, password: bool = False) -> str:
        """The URL as ``globus_url_parse()`` takes it; with its password only when asked for."""
        if self.scheme == "file":
            return f"file://{self.host}{_encode(self.path)}"
        login = ""
        if self.user is not None:
            secret = f":{_encode_login(self.password)}" if password and self.password is not None else ""
            login = f"{_encode_login(self.user)}{secret}@"
        host = f"[{self.host}]" if ":" in self.host else self.host
        port = "" if self.port == DEFAULT_PORTS.get(self.scheme) else f":{self.port}"
        return f"{self.scheme}://{login}{host}{port}{self._encoded_path()}"

    def _encoded_path(self) -> str:
        # "/~" is how a URL spells a home directory: one really called "/~..." needs its tilde escaped.
        encoded = _encode(self.path)
        if encoded.startswith("~"):
            return "/" + encoded
        return "/%7E" + encoded[2:] if encoded.startswith("/~") else encoded

    @property
    def is_remote(self) -> bool:
        """Whether a server has the file: every scheme but ``file``."""
        return self.scheme != "file"

    @property
    def names_directory(self) -> bool:
        """Whether it ends with a slash: "all in this directory" as source, "into it" as destination."""
        return self.path.endswith("/")

    @property
    def local_path(self) -> str:
        """Path of a ``file`` URL on this machine.

        Raises:
            InvalidURLError: the URL is not a ``file`` URL, or one of another machine.
        """
        if self.is_remote:
            raise InvalidURLError(str(self), "it names no local file")
        if self.host not in ("", "localhost"):
            raise InvalidURLError(
                str(self),
                f"it names a file on the machine {self.host!r}, and only local files can be used this way; "
                f"for a file of this machine write file:///{self.host}{self.path} or file://{self.path}",
            )
        return self.path

    @property
    def name(self) -> str:
        """Last component of the path, without trailing slashes; empty for the root directory."""
        return self.path.rstrip("/").rpartition("/")[2]

    @property
    def parent(self) -> GridFTPURL:
        """The directory this file or directory is in; the root and a home directory are their own parents."""
        head, slash, _ = self.path.rstrip("/").rpartition("/")
        if not slash:
            return self.with_path(self.path.rstrip("/") or "/")
        return self.with_path(head.rstrip("/") or "/")

    def with_path(self, path: str) -> GridFTPURL:
        """The same place with another path (decoded, as :attr:`path` is)."""
        return replace(self, path=path)

    def join(self, *parts: str) -> GridFTPURL:
        """The URL of something below this directory.

        Args:
            parts: names or relative paths, decoded: a ``%`` in them is a percent sign.

        Raises:
            InvalidURLError: a part is absolute, which would leave the directory unseen.
        """
        path = self.path
        for part in parts:
            if part.startswith("/"):
                raise InvalidURLError(str(self), f"cannot join the absolute path {part!r} to it")
            path = f"{path.rstrip('/')}/{part}"
        return self.with_path(path)

    __truediv__ = join


class _FaultError(Exception):
    """What is wrong with a URL that is being taken apart."""


def _parse_file(rest: str) -> GridFTPURL:
    """What follows ``file:``: ``/path``, ``///path``, ``//host/path`` and, as the toolkit, ``////path``."""
    match = _FILE_URL.fullmatch(rest)
    if match is None or match["path"] is None:
        raise _FaultError("it names no absolute path; a local file is written file:///absolute/path")
    return GridFTPURL("file", match["host"] or "", _decode(match["path"], "path"))


def _parse_remote(scheme: str, rest: str) -> GridFTPURL:
    """What follows ``gsiftp:``, ``ftp:`` or ``sshftp:``."""
    if not rest.startswith("//"):
        raise _FaultError(f"two slashes must follow the scheme; write {scheme}://host/path")
    authority, slash, path = rest[2:].partition("/")
    login, at, address = authority.rpartition("@")
    user, password = _split_login(login) if at else (None, None)
    host, port = _split_address(address)
    # "/~" leads to a home directory only if the tilde is written as such: "/%7E" is a directory of that name.
    path = path if path.startswith("~") else slash + path
    return GridFTPURL(scheme, host, _decode(path, "path"), port, user, password)


def _split_login(login: str) -> tuple[str, str | None]:
    if "@" in login:
        raise _FaultError(
            "the user part has more than one '@'; write %40 for an '@' in a user name or password"
        )
    user, colon, password = login.partition(":")
    for part, text in (("user", user), ("password", password)):
        if _BAD_LOGIN.search(text):
            raise _FaultError(f"the {part} has a character that must be escaped, as %40 for '@'")
    return _decode(user, "user"), _decode(password, "password") if colon else None


def _split_address(address: str) -> tuple[str, int]:
    if address.startswith("["):
        host, bracket, tail = address[1:].partition("]")
        if not bracket:
            raise _FaultError("the IPv6 address has no closing ']'")
        if ":" not in host:
            raise _FaultError(f"{host!r} in brackets is not an IPv6 address")
        if tail and not tail.startswith(":"):
            raise _FaultError(f"{tail!r} after the IPv6 address is not a port")
        colon, port = tail[:1], tail[1:]
    else:
        host, colon, port = address.partition(":")
        if ":" in port:
            raise _FaultError(
                "the host has more than one ':'; write an IPv6 address in brackets, as in [::1]"
            )
    if not colon:
        return host, 0
    if not (port.isascii() and port.isdigit() and len(port) <= 5 and 1 <= int(port) <= 65535):
        raise _FaultError("the port is not a number from 1 to 65535")
    return host, int(port)


def _decode(text: str, part: str) -> str:
    if _BAD_ESCAPE.search(text):
        raise _FaultError(f"a '%' in the {part} has no two hex digits after it; write %25 for a percent sign")
    if not _is_encodable(text):
        raise _FaultError(f"the {part} has half a surrogate pair, which stands for no character")
    return unquote_to_bytes(_bytes(text)).decode("utf-8", "surrogateescape")


def _encode(text: str, safe: str = _PATH_SAFE) -> str:
    return quote(_bytes(text), safe=safe)


def _encode_login(text: str) -> str:
    return _encode(text, safe="").replace("~", "%7E")  # quote() leaves it, globus_url_parse() refuses it here


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")


def _is_encodable(text: str) -> bool:
    try:
        _bytes(text)
    except UnicodeEncodeError:
        return False
    return True


def _fault(url: GridFTPURL) -> str | None:
    """What makes the URL unusable, or None."""
    if url.scheme != "file" and url.scheme not in DEFAULT_PORTS:
        return f"the scheme {url.scheme!r} is not one of gsiftp, ftp, sshftp and file"
    for part in ("path", "user", "password"):
        text = getattr(url, part) or ""
        # C strings end at NUL; CR and LF would end the FTP command and start another one.
        if "\0" in text or (url.is_remote and ("\r" in text or "\n" in text)):
            return f"the {part} has a NUL or line break, which FTP cannot carry"
        if not _is_encodable(text):
            return f"the {part} has half a surrogate pair, which stands for no character"
    if url.scheme == "file":
        if url.port or url.user is not None or url.password is not None:
            return "a file URL has no port, user or password"
        return None if url.path.startswith("/") else "the path of a file URL must start with '/'"
    if not url.path.startswith(("/", "~")):
        return "the path must start with '/' (from the root) or '~' (from a home directory)"
    if url.user == "" or url.password == "":
        return "the user name or the password before '@' is empty"
    if url.password is not None and url.user is None:
        return "it has a password but no user name"
    if not 1 <= url.port <= 65535:
        return f"the port {url.port} is not a number from 1 to 65535"
    return _host_fault(url.host)


def _host_fault(host: str) -> str | None:
    if not host:
        return "it names no host"
    if ":" in host:
        return None if _is_ipv6(host) else f"{host!r} is not an IPv6 address"
    if _HOST.fullmatch(host):
        return None
    return f"the host name {host!r} has a character other than letters, digits, '-' and '.'"


def _is_ipv6(host: str) -> bool:
    from ipaddress import AddressValueError, IPv6Address

    try:
        return IPv6Address(host).scope_id is None
    except AddressValueError:
        return False
