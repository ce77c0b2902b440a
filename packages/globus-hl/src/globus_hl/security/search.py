"""Where credentials are looked for, as the toolkit's programs look for them."""

from __future__ import annotations

import os
import pwd
from dataclasses import dataclass
from typing import Literal

from globus_lowlevel import GlobusError, gsi_sysconfig

from .library import start

__all__ = ["Place", "default_proxy_path", "default_trust_directory", "places"]

Kind = Literal["proxy", "user", "host"]
_HOST = "/etc/grid-security"


@dataclass(frozen=True)
class Place:
    """One place: a proxy file, or certificate and key in two files.

    Attributes:
        kind: ``"proxy"``, ``"user"`` or ``"host"``.
        cert: path of the proxy, or of the certificate.
        key: path of the private key; None: in the same file.
    """

    kind: Kind
    cert: str
    key: str | None = None

    @property
    def exists(self) -> bool:
        return os.path.isfile(self.cert) and (self.key is None or os.path.isfile(self.key))

    def __str__(self) -> str:
        return self.cert if self.key is None else f"{self.cert} and {self.key}"


def default_proxy_path() -> str:
    """Where a new proxy is written, and the first place where one is looked for: ``X509_USER_PROXY``, or
    ``/tmp/x509up_u`` and the user's number."""
    start()
    path: str = gsi_sysconfig.globus_gsi_sysconfig_get_proxy_filename_unix(
        gsi_sysconfig.GLOBUS_PROXY_FILE_OUTPUT
    )
    return path


def default_trust_directory() -> str | None:
    """The directory of trusted authorities: ``X509_CERT_DIR``, ``~/.globus/certificates`` or
    ``/etc/grid-security/certificates``; None if there is none of them."""
    start()
    try:
        directory: str = gsi_sysconfig.globus_gsi_sysconfig_get_cert_dir_unix()
    except GlobusError:
        return None
    return directory


def places(kinds: tuple[Kind, ...] = ("proxy", "user", "host")) -> list[Place]:
    """The places where a credential is looked for, in order, whether there is one or not.

    Args:
        kinds: which of them.
    """
    finders = {"proxy": _proxies, "user": _users, "host": _hosts}
    unknown = set(kinds) - finders.keys()
    if unknown:
        raise ValueError(f"kinds of credentials are proxy, user and host, not {', '.join(sorted(unknown))}")
    return [place for kind in kinds for place in finders[kind]()]


def _proxies() -> list[Place]:
    return [Place("proxy", default_proxy_path())]


def _users() -> list[Place]:
    """``X509_USER_CERT`` and ``_KEY``, each by itself, or the two files in ``~/.globus``."""
    home = f"{_home()}/.globus"
    cert = os.environ.get("X509_USER_CERT") or f"{home}/usercert.pem"
    key = os.environ.get("X509_USER_KEY") or f"{home}/userkey.pem"
    return [Place("user", cert, key)]


def _hosts() -> list[Place]:
    directories = (_HOST, f"{os.environ.get('GLOBUS_LOCATION', '')}/etc", f"{_home()}/.globus")
    return [
        Place("host", f"{directory}/hostcert.pem", f"{directory}/hostkey.pem")
        for directory in directories
        if directory != "/etc"
    ]


def _home() -> str:
    """The library asks the user database too, and never ``HOME``."""
    return pwd.getpwuid(os.getuid()).pw_dir
