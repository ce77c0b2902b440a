"""globus_lowlevel.gsi_cert_utils: names that are compared, certificate types, the end entity of a chain."""

from __future__ import annotations

import pytest
from cryptography import x509

from globus_hl.testgrid import Grid
from globus_lowlevel import gsi_cert_utils as utils

pytestmark = pytest.mark.usefixtures("nothing_left")


def test_names_are_compared() -> None:
    assert utils.globus_i_gsi_cert_utils_dn_cmp("/O=Grid/CN=Alice", "/O=Grid/CN=Alice") == 0
    assert utils.globus_i_gsi_cert_utils_dn_cmp("/O=Grid/CN=Alice", "/O=Grid/CN=Bob") != 0


def test_a_certificate_has_a_type(grid: Grid) -> None:
    kinds = [
        utils.globus_gsi_cert_utils_get_cert_type(certificate)
        for certificate in (grid.ca.cert.read_bytes(), grid.user.certificate, grid.user.proxy.read_bytes())
    ]
    assert kinds == [
        utils.GLOBUS_GSI_CERT_UTILS_TYPE_CA,
        utils.GLOBUS_GSI_CERT_UTILS_TYPE_EEC,
        utils.GLOBUS_GSI_CERT_UTILS_TYPE_RFC_IMPERSONATION_PROXY,
    ]


def test_the_end_entity_of_a_chain_is_found(grid: Grid) -> None:
    chain = x509.load_pem_x509_certificates(grid.user.proxy.read_bytes())
    for find in (utils.globus_gsi_cert_utils_get_eec, utils.globus_gsi_cert_utils_get_identity_cert):
        found = find(chain)
        assert found is not None
        assert x509.load_der_x509_certificate(found) == grid.user.certificate
        assert find(chain[:1]) is None
