"""From the error codes of the GSI libraries to exceptions: what verification and handshakes have in common."""

from __future__ import annotations

import re

from globus_lowlevel import GlobusError, gsi_callback, gsi_sysconfig, gssapi

from . import errors as e

__all__ = ["CALLBACK_MODULE", "chain_fault", "codes", "handshake_fault", "reason"]

CALLBACK_MODULE = "globus_gsi_callback_module"
_GSSAPI_MODULE, _SYSCONFIG_MODULE = "globus_gsi_gssapi", "globus_sysconfig"
_c = gsi_callback
# Where in OpenSSL it was, before what it was
_OPENSSL = re.compile(r"^OpenSSL Error: \S+: in library: .*?, function [^:]*: (?:\(null\) ?)?(?=.)")
_NAMES = re.compile(r"\((/[^()]*)\)")

CHAIN_FAULTS: dict[int, type[e.VerificationError]] = {
    _c.GLOBUS_GSI_CALLBACK_ERROR_CANT_GET_LOCAL_CA_CERT: e.UnknownCAError,
    _c.GLOBUS_GSI_CALLBACK_ERROR_CERT_HAS_EXPIRED: e.CertificateExpiredError,
    _c.GLOBUS_GSI_CALLBACK_ERROR_CERT_NOT_YET_VALID: e.CertificateNotYetValidError,
    _c.GLOBUS_GSI_CALLBACK_ERROR_REVOKED_CERT: e.CertificateRevokedError,
    _c.GLOBUS_GSI_CALLBACK_ERROR_INVALID_CRL: e.CRLInvalidError,
    _c.GLOBUS_GSI_CALLBACK_ERROR_WITH_SIGNING_POLICY: e.SigningPolicyMissingError,
    _c.GLOBUS_GSI_CALLBACK_ERROR_OLD_GAA: e.SigningPolicyViolatedError,
    _c.GLOBUS_GSI_CALLBACK_ERROR_LIMITED_PROXY: e.LimitedProxyError,
    _c.GLOBUS_GSI_CALLBACK_ERROR_PROXY_PATH_LENGTH_EXCEEDED: e.PathLengthExceededError,
    _c.GLOBUS_GSI_CALLBACK_ERROR_INVALID_PROXY: e.InvalidProxyError,
    _c.GLOBUS_GSI_CALLBACK_ERROR_MIXING_DIFFERENT_PROXY_TYPES: e.InvalidProxyError,
}


def codes(error: GlobusError, module: str) -> list[int]:
    """The error numbers of one of the library's modules, the innermost first."""
    return [cause.type for cause in reversed(error.chain) if cause.module == module]


def reason(error: GlobusError) -> str:
    """The innermost message, on one line, for people."""
    messages = [cause.message for cause in error.chain if cause.message.strip()]
    text = " ".join((messages[-1] if messages else str(error)).split())
    return _OPENSSL.sub("", text)


def chain_fault(error: GlobusError) -> type[e.VerificationError] | None:
    """The class for a certificate chain that was not accepted; None if that is not what happened."""
    found = codes(error, CALLBACK_MODULE)
    for code in found:
        if code in CHAIN_FAULTS:
            return CHAIN_FAULTS[code]
    if gsi_sysconfig.GLOBUS_GSI_SYSCONFIG_ERROR_GETTING_CERT_DIR in codes(error, _SYSCONFIG_MODULE):
        return e.NoTrustDirectoryError
    return e.VerificationError if found else None


def handshake_fault(error: GlobusError, doing: str) -> e.SecurityError:
    """The exception for a context that could not be established.

    Args:
        doing: "could not ...".
    """
    message, token = f"{doing}: {reason(error)}", bytes(error.output_token or b"")
    kind: type[e.SecurityError]
    found = codes(error, _GSSAPI_MODULE)
    if gssapi.GLOBUS_GSI_GSSAPI_ERROR_AUTHZ_DENIED in found:
        kind = e.PeerNameError
    elif gssapi.GLOBUS_GSI_GSSAPI_ERROR_PROXY_VIOLATION in found:
        kind = e.LimitedProxyError
    else:
        kind = chain_fault(error) or e.HandshakeError
    name = _NAMES.search(message) if kind is e.PeerNameError else None  # the library hides it everywhere else
    return kind(message, subject=name[1] if name else None, token=token)
