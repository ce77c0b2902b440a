"""The GSI libraries in this process: active from the first use on, and certificates as they read them."""

from __future__ import annotations

from typing import Any

from globus_lowlevel import (
    gsi_callback,
    gsi_cert_utils,
    gsi_credential,
    gsi_proxy_core,
    gsi_sysconfig,
    gssapi,
)

from .._runtime.library import activate

__all__ = ["bare_handle", "start"]


def start() -> None:
    """Activate what this package uses. Idempotent, and safe in all threads."""
    activate(gsi_sysconfig, "GLOBUS_GSI_SYSCONFIG_MODULE")
    activate(gsi_cert_utils, "GLOBUS_GSI_CERT_UTILS_MODULE")
    activate(gsi_callback, "GLOBUS_GSI_CALLBACK_MODULE")
    activate(gsi_credential, "GLOBUS_GSI_CREDENTIAL_MODULE")
    activate(gsi_proxy_core, "GLOBUS_GSI_PROXY_MODULE")
    activate(gssapi, "GLOBUS_GSI_GSSAPI_MODULE")


def bare_handle(certificate: bytes, chain: list[bytes] | None = None) -> Any:
    """A ``globus_gsi_cred_handle_t`` with a certificate (DER), and the chain above it, but without a key.

    Raises:
        ValueError: OpenSSL does not read the certificate.
    """
    start()
    handle = gsi_credential.globus_gsi_cred_handle_init(None)
    gsi_credential.globus_gsi_cred_set_cert(handle, certificate)
    gsi_credential.globus_gsi_cred_set_cert_chain(handle, chain or [])
    return handle
