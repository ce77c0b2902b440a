"""Users of a test grid, and their RFC 3820 proxies, made by the toolkit's own library.

The steps are those of a delegation: the holder makes a key and a request, the issuer signs, the holder
assembles.
"""

from __future__ import annotations

import math
import ssl
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from globus_lowlevel import gsi_cert_utils, gsi_credential, gsi_proxy_core

from .._runtime.library import activate
from .pki import Identity

if TYPE_CHECKING:
    import os


@dataclass(frozen=True)
class User(Identity):
    """A user with a proxy.

    Attributes:
        proxy: file with an RFC 3820 proxy, mode 0600.
    """

    proxy: Path

    @property
    def credential(self) -> str:
        """What ``gridftp.Client(credential=...)`` takes: the path of the proxy file."""
        return str(self.proxy)


def make_proxy(issuer: Identity, path: str | os.PathLike[str], lifetime: float = 12 * 3600) -> Path:
    """Make an RFC 3820 impersonation proxy and write it as grid-proxy-init does.

    Args:
        issuer: the end entity that signs.
        path: file for proxy certificate, private key and chain; gets mode 0600.
        lifetime: seconds, rounded up to minutes.

    Returns:
        The path.

    Raises:
        GlobusError: the issuer's certificate or key is unusable, or the file cannot be written.
    """
    activate(gsi_proxy_core, "GLOBUS_GSI_PROXY_MODULE")
    holder = gsi_proxy_core.globus_gsi_proxy_handle_init(None)
    rfc3820 = gsi_cert_utils.GLOBUS_GSI_CERT_UTILS_TYPE_RFC_IMPERSONATION_PROXY
    gsi_proxy_core.globus_gsi_proxy_handle_set_type(holder, rfc3820)
    request = gsi_proxy_core.globus_gsi_proxy_create_req(holder)
    certificate = _sign(issuer, request, math.ceil(lifetime / 60))
    chain = ssl.PEM_cert_to_DER_cert(issuer.cert.read_text())
    proxy = gsi_proxy_core.globus_gsi_proxy_assemble_cred(holder, certificate + chain)
    gsi_credential.globus_gsi_cred_write_proxy(proxy, path)
    return Path(path)


def _sign(issuer: Identity, request: bytes, minutes: int) -> bytes:
    """The issuer's part: the signed certificate, DER, for a request, DER."""
    signer = gsi_credential.globus_gsi_cred_handle_init(None)
    gsi_credential.globus_gsi_cred_read_cert(signer, issuer.cert)
    gsi_credential.globus_gsi_cred_read_key(signer, issuer.key, None)
    signing = gsi_proxy_core.globus_gsi_proxy_handle_init(None)
    gsi_proxy_core.globus_gsi_proxy_inquire_req(signing, request)
    gsi_proxy_core.globus_gsi_proxy_handle_set_time_valid(signing, minutes)
    certificate: bytes = gsi_proxy_core.globus_gsi_proxy_sign_req(signing, signer)
    return certificate
