"""What kinds of certificates a credential may have."""

from __future__ import annotations

import enum

from globus_lowlevel import gsi_cert_utils as c

__all__ = ["CertificateType"]


class CertificateType(enum.Enum):
    """The type of a certificate: what it is, and for a proxy its form and the rights that it hands on.

    The value is the library's number for it (``globus_gsi_cert_utils_cert_type_t``). Three forms of proxies are in use:
    that of RFC 3820, its draft of the Globus Toolkit 3 (``DRAFT...``), and the legacy form of the Globus Toolkit 2,
    a mere ``CN=proxy``. Impersonation proxies have all rights of their issuer; limited ones may not start jobs;
    independent ones have none but those given to their own name; restricted ones those that their policy states.
    """

    END_ENTITY = int(c.GLOBUS_GSI_CERT_UTILS_TYPE_EEC)
    AUTHORITY = int(c.GLOBUS_GSI_CERT_UTILS_TYPE_CA)
    RFC = int(c.GLOBUS_GSI_CERT_UTILS_TYPE_RFC_IMPERSONATION_PROXY)
    RFC_LIMITED = int(c.GLOBUS_GSI_CERT_UTILS_TYPE_RFC_LIMITED_PROXY)
    RFC_INDEPENDENT = int(c.GLOBUS_GSI_CERT_UTILS_TYPE_RFC_INDEPENDENT_PROXY)
    RFC_RESTRICTED = int(c.GLOBUS_GSI_CERT_UTILS_TYPE_RFC_RESTRICTED_PROXY)
    DRAFT = int(c.GLOBUS_GSI_CERT_UTILS_TYPE_GSI_3_IMPERSONATION_PROXY)
    DRAFT_LIMITED = int(c.GLOBUS_GSI_CERT_UTILS_TYPE_GSI_3_LIMITED_PROXY)
    DRAFT_INDEPENDENT = int(c.GLOBUS_GSI_CERT_UTILS_TYPE_GSI_3_INDEPENDENT_PROXY)
    DRAFT_RESTRICTED = int(c.GLOBUS_GSI_CERT_UTILS_TYPE_GSI_3_RESTRICTED_PROXY)
    LEGACY = int(c.GLOBUS_GSI_CERT_UTILS_TYPE_GSI_2_PROXY)
    LEGACY_LIMITED = int(c.GLOBUS_GSI_CERT_UTILS_TYPE_GSI_2_LIMITED_PROXY)

    @property
    def is_proxy(self) -> bool:
        return bool(self.value & c.GLOBUS_GSI_CERT_UTILS_TYPE_PROXY_MASK)

    @property
    def is_limited(self) -> bool:
        return bool(self.value & c.GLOBUS_GSI_CERT_UTILS_TYPE_LIMITED_PROXY)

    @property
    def is_independent(self) -> bool:
        return bool(self.value & c.GLOBUS_GSI_CERT_UTILS_TYPE_INDEPENDENT_PROXY)

    @property
    def is_restricted(self) -> bool:
        return bool(self.value & c.GLOBUS_GSI_CERT_UTILS_TYPE_RESTRICTED_PROXY)

    @property
    def form(self) -> CertificateType:
        """The impersonation type of the same form: RFC, DRAFT or LEGACY; for no proxy, the type itself."""
        if not self.is_proxy:
            return self
        return {"RFC": CertificateType.RFC, "DRAFT": CertificateType.DRAFT, "LEGACY": CertificateType.LEGACY}[
            self.name.partition("_")[0]
        ]

    @property
    def limited(self) -> CertificateType:
        """The limited type of the same form."""
        return CertificateType[f"{self.form.name}_LIMITED"]

    def __str__(self) -> str:
        """In words, those of ``grid-proxy-info``."""
        return _WORDS[self]


_FORMS = {
    "RFC": "RFC 3820 compliant",
    "DRAFT": "Proxy draft (pre-RFC) compliant",
    "LEGACY": "legacy globus",
}


def _words(kind: CertificateType) -> str:
    if kind is CertificateType.END_ENTITY:
        return "end entity credential"
    if kind is CertificateType.AUTHORITY:
        return "CA certificate"
    form, _, rights = kind.name.partition("_")
    if form == "LEGACY":
        return "limited legacy globus proxy" if rights else "full legacy globus proxy"
    return f"{_FORMS[form]} {rights.lower() or 'impersonation'} proxy"


_WORDS = {kind: _words(kind) for kind in CertificateType}
