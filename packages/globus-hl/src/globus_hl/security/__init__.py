"""GSI: credentials, proxies, delegation, trust, and security contexts (RFC 2744, RFC 3820).

::

    from globus_hl import security

    user = security.Credential.find(kinds=("user",), passphrase=getpass.getpass)
    proxy = security.create_proxy(user, lifetime=12 * 3600)
    security.verify(proxy)                       # raises what is wrong, or returns whom it stands for
    proxy.save()

* `Credential`: certificate, private key and chain, in memory
* `create_proxy`; `DelegationRequest` and `sign_request`: proxies, on one side or on two
* `verify` and `TrustStore`: whom to trust
* `SecurityContext`: two ends that know each other, driven by tokens, and messages between them
* `Name`, `GridMap`: who is who
* :mod:`globus_hl.security.errors`: what can be wrong, each cause a class of its own
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .authorization import authorize
    from .bindings import ChannelBindings
    from .certificate import Certificate, ProxyInfo, certificates
    from .context import SecurityContext
    from .credential import Credential
    from .delegation import DEFAULT_LIFETIME, DelegationRequest, create_proxy, sign_request
    from .flags import PROTECTION, Flag
    from .gridmap import GridMap
    from .inquiry import Status
    from .keys import CURVES, Passphrase, PublicKey
    from .late_delegation import LateDelegation
    from .name_text import rfc2253
    from .names import Name
    from .search import default_proxy_path, default_trust_directory
    from .trust import RevocationList, TrustStore
    from .types import CertificateType
    from .verification import verify

__all__ = [
    "CURVES",
    "DEFAULT_LIFETIME",
    "PROTECTION",
    "Certificate",
    "CertificateType",
    "ChannelBindings",
    "Credential",
    "DelegationRequest",
    "Flag",
    "GridMap",
    "LateDelegation",
    "Name",
    "Passphrase",
    "ProxyInfo",
    "PublicKey",
    "RevocationList",
    "SecurityContext",
    "Status",
    "TrustStore",
    "authorize",
    "certificates",
    "create_proxy",
    "default_proxy_path",
    "default_trust_directory",
    "rfc2253",
    "sign_request",
    "verify",
]

# Modules on first use: who wants an error class only does not pay for contexts.
_HOMES = {
    name: module
    for module, names in {
        "authorization": "authorize",
        "bindings": "ChannelBindings",
        "certificate": "Certificate, ProxyInfo, certificates",
        "context": "SecurityContext",
        "credential": "Credential",
        "delegation": "DEFAULT_LIFETIME, DelegationRequest, create_proxy, sign_request",
        "flags": "PROTECTION, Flag",
        "gridmap": "GridMap",
        "inquiry": "Status",
        "keys": "CURVES, Passphrase, PublicKey",
        "late_delegation": "LateDelegation",
        "name_text": "rfc2253",
        "names": "Name",
        "search": "default_proxy_path, default_trust_directory",
        "trust": "RevocationList, TrustStore",
        "types": "CertificateType",
        "verification": "verify",
    }.items()
    for name in names.split(", ")
}


def __getattr__(name: str) -> Any:
    if name == "errors":
        return importlib.import_module(f"{__name__}.errors")
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(importlib.import_module(f"{__name__}.{_HOMES[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
