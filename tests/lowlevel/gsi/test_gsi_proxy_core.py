"""globus_lowlevel.gsi_proxy_core: proxies that are made at once, or asked for by one side and signed by the other."""

from __future__ import annotations

from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import load_der_private_key
from tests.lowlevel.gsi.peers import connect, credential, text

from globus_hl.testgrid import Grid
from globus_hl.testgrid.proxy import LIMITED, PROXY_CERT_INFO
from globus_lowlevel import OID, GlobusError, gsi_cert_utils, gsi_credential, gsi_proxy_core, gssapi

pytestmark = pytest.mark.usefixtures("nothing_left")

LIMITED_POLICY = OID("1.3.6.1.4.1.3536.1.1.1.9")


@pytest.fixture
def handle(nothing_left: None) -> Any:
    return gsi_proxy_core.globus_gsi_proxy_handle_init(None)


def issuer(grid: Grid) -> Any:
    """The user's credential, with its key."""
    made = gsi_credential.globus_gsi_cred_handle_init(None)
    gsi_credential.globus_gsi_cred_read_proxy(made, grid.user.proxy)
    return made


def certificate(made: Any) -> x509.Certificate:
    return x509.load_der_x509_certificate(gsi_credential.globus_gsi_cred_get_cert(made))


def as_gss(made: Any) -> Any:
    """The same credential for the GSS-API."""
    return credential(gsi_credential.globus_gsi_cred_write(made))


# ---- proxies ---------------------------------------------------------------------------------------------------------


def test_a_proxy_is_made(grid: Grid, handle: Any) -> None:
    gsi_proxy_core.globus_gsi_proxy_handle_set_time_valid(handle, 60)
    made = gsi_proxy_core.globus_gsi_proxy_create_signed(handle, issuer(grid))
    assert gsi_credential.globus_gsi_cred_get_identity_name(made) == grid.user.subject
    assert 0 < gsi_credential.globus_gsi_cred_get_lifetime(made) <= 3600
    assert text(connect(as_gss(made), credential(grid.host)).source) == grid.user.subject


def test_a_request_is_signed(grid: Grid, handle: Any) -> None:
    """As in a delegation: the key never leaves the side that has asked."""
    request = gsi_proxy_core.globus_gsi_proxy_create_req(handle)
    asked = x509.load_der_x509_csr(request)
    assert asked.is_signature_valid
    signer = gsi_proxy_core.globus_gsi_proxy_handle_init(None)
    gsi_proxy_core.globus_gsi_proxy_inquire_req(signer, request)
    signed = gsi_proxy_core.globus_gsi_proxy_sign_req(signer, issuer(grid))
    proxy = x509.load_der_x509_certificate(signed)
    assert proxy.public_key() == asked.public_key()
    chain = [gsi_credential.globus_gsi_cred_get_cert(issuer(grid))]
    chain += gsi_credential.globus_gsi_cred_get_cert_chain(issuer(grid))
    made = gsi_proxy_core.globus_gsi_proxy_assemble_cred(handle, signed + b"".join(chain))
    assert certificate(made) == proxy
    assert text(connect(as_gss(made), credential(grid.host)).source) == grid.user.subject


def test_a_certificate_is_signed_again(grid: Grid, handle: Any) -> None:
    """With the key of the one that there is."""
    old = gsi_proxy_core.globus_gsi_proxy_create_signed(handle, issuer(grid))
    again = gsi_proxy_core.globus_gsi_proxy_handle_init(None)
    gsi_proxy_core.globus_gsi_proxy_handle_set_time_valid(again, 10)
    new = gsi_proxy_core.globus_gsi_proxy_resign_cert(again, issuer(grid), old)
    assert certificate(new).public_key() == certificate(old).public_key()
    lives = [gsi_credential.globus_gsi_cred_get_lifetime(made) for made in (new, old)]
    assert lives[0] <= 600 < lives[1]


def test_a_request_that_is_none(grid: Grid, handle: Any) -> None:
    for junk in (b"", b"junk", bytes(1000)):
        with pytest.raises(GlobusError):
            gsi_proxy_core.globus_gsi_proxy_inquire_req(handle, junk)
    with pytest.raises(GlobusError):
        gsi_proxy_core.globus_gsi_proxy_assemble_cred(handle, b"junk")
    with pytest.raises(GlobusError):
        gsi_proxy_core.globus_gsi_proxy_create_signed(
            handle, gsi_credential.globus_gsi_cred_handle_init(None)
        )


# ---- what is asked for ------------------------------------------------------------------------------------------


def test_a_limited_proxy(grid: Grid, handle: Any) -> None:
    assert not gsi_proxy_core.globus_gsi_proxy_is_limited(handle)
    gsi_proxy_core.globus_gsi_proxy_handle_set_is_limited(handle, True)
    assert gsi_proxy_core.globus_gsi_proxy_is_limited(handle)
    made = gsi_proxy_core.globus_gsi_proxy_create_signed(handle, issuer(grid))
    extension = certificate(made).extensions.get_extension_for_oid(PROXY_CERT_INFO)
    assert extension.critical
    assert extension.value.public_bytes() == LIMITED
    refuse = gssapi.GSS_C_GLOBUS_DONT_ACCEPT_LIMITED_PROXY_FLAG
    with pytest.raises(GlobusError, match=r"(?i)limited"):
        connect(as_gss(made), credential(grid.host), accept_flags=refuse)


def test_the_type_is_chosen(handle: Any) -> None:
    for kind in (
        gsi_cert_utils.GLOBUS_GSI_CERT_UTILS_TYPE_RFC_IMPERSONATION_PROXY,
        gsi_cert_utils.GLOBUS_GSI_CERT_UTILS_TYPE_RFC_LIMITED_PROXY,
        gsi_cert_utils.GLOBUS_GSI_CERT_UTILS_TYPE_RFC_INDEPENDENT_PROXY,
    ):
        gsi_proxy_core.globus_gsi_proxy_handle_set_type(handle, kind)
        assert gsi_proxy_core.globus_gsi_proxy_handle_get_type(handle) == kind


def test_a_policy_and_a_length_of_the_path(grid: Grid, handle: Any) -> None:
    gsi_proxy_core.globus_gsi_proxy_handle_set_policy(handle, None, LIMITED_POLICY)
    assert gsi_proxy_core.globus_gsi_proxy_handle_get_policy(handle)[1] == LIMITED_POLICY
    gsi_proxy_core.globus_gsi_proxy_handle_set_pathlen(handle, 3)
    assert gsi_proxy_core.globus_gsi_proxy_handle_get_pathlen(handle) == 3
    info = gsi_proxy_core.globus_gsi_proxy_handle_get_proxy_cert_info(handle)
    other = gsi_proxy_core.globus_gsi_proxy_handle_init(None)
    gsi_proxy_core.globus_gsi_proxy_handle_set_proxy_cert_info(other, info)
    assert gsi_proxy_core.globus_gsi_proxy_handle_get_proxy_cert_info(other) == info
    assert gsi_proxy_core.globus_gsi_proxy_handle_get_pathlen(other) == 3
    gsi_proxy_core.globus_gsi_proxy_handle_clear_cert_info(other)
    gsi_proxy_core.globus_gsi_proxy_handle_set_type(
        other, gsi_cert_utils.GLOBUS_GSI_CERT_UTILS_TYPE_RFC_IMPERSONATION_PROXY
    )
    made = gsi_proxy_core.globus_gsi_proxy_create_signed(other, issuer(grid))
    assert certificate(made).extensions.get_extension_for_oid(PROXY_CERT_INFO).critical


def test_a_common_name_is_chosen(grid: Grid, handle: Any) -> None:
    assert gsi_proxy_core.globus_gsi_proxy_handle_get_common_name(handle) is None
    gsi_proxy_core.globus_gsi_proxy_handle_set_common_name(handle, "chosen")
    assert gsi_proxy_core.globus_gsi_proxy_handle_get_common_name(handle) == "chosen"
    made = gsi_proxy_core.globus_gsi_proxy_create_signed(handle, issuer(grid))
    assert gsi_credential.globus_gsi_cred_get_subject_name(made).endswith("/CN=chosen")


def test_extensions_are_added(grid: Grid, handle: Any) -> None:
    der = bytes.fromhex("3009") + bytes.fromhex("06042a030405") + b"\x04\x01x"
    gsi_proxy_core.globus_gsi_proxy_handle_add_extension(handle, der)
    assert gsi_proxy_core.globus_gsi_proxy_handle_get_extensions(handle) == [der]
    made = gsi_proxy_core.globus_gsi_proxy_create_signed(handle, issuer(grid))
    added = certificate(made).extensions.get_extension_for_oid(x509.ObjectIdentifier("1.2.3.4.5"))
    assert added.value.public_bytes() == b"x"
    gsi_proxy_core.globus_gsi_proxy_handle_set_extensions(handle, [])
    assert gsi_proxy_core.globus_gsi_proxy_handle_get_extensions(handle) == []


def test_a_key_of_ours(grid: Grid, handle: Any) -> None:
    for key in (gsi_proxy_core.EVP_RSA_gen(2048), gsi_proxy_core.EVP_EC_gen("P-256")):
        gsi_proxy_core.globus_gsi_proxy_handle_set_private_key(handle, key)
        assert gsi_proxy_core.globus_gsi_proxy_handle_get_private_key(handle) == key
        request = gsi_proxy_core.globus_gsi_proxy_create_req(handle)
        asked = x509.load_der_x509_csr(request)
        assert asked.public_key() == load_der_private_key(key, None).public_key()


def test_a_request_comes_back(handle: Any) -> None:
    request = gsi_proxy_core.globus_gsi_proxy_create_req(handle)
    assert gsi_proxy_core.globus_gsi_proxy_handle_get_req(handle) == request
    other = gsi_proxy_core.globus_gsi_proxy_handle_init(None)
    gsi_proxy_core.globus_gsi_proxy_handle_set_req(other, request)
    assert gsi_proxy_core.globus_gsi_proxy_handle_get_req(other) == request


def test_a_time_is_in_minutes(handle: Any) -> None:
    gsi_proxy_core.globus_gsi_proxy_handle_set_time_valid(handle, 90)
    assert gsi_proxy_core.globus_gsi_proxy_handle_get_time_valid(handle) == 90


# ---- attributes of handles --------------------------------------------------------------------------------------


def test_attributes_are_those_of_the_handle(grid: Grid) -> None:
    told: list[tuple[int, int]] = []

    def on_progress(step: int, number: int, argument: Any) -> None:
        told.append((step, number))

    attrs = gsi_proxy_core.globus_gsi_proxy_handle_attrs_init()
    assert gsi_proxy_core.globus_gsi_proxy_handle_attrs_get_keybits(attrs) >= 1024
    gsi_proxy_core.globus_gsi_proxy_handle_attrs_set_keybits(attrs, 3072)
    gsi_proxy_core.globus_gsi_proxy_handle_attrs_set_init_prime(attrs, 65537)
    gsi_proxy_core.globus_gsi_proxy_handle_attrs_set_signing_algorithm(attrs, "SHA256")
    gsi_proxy_core.globus_gsi_proxy_handle_attrs_set_clock_skew_allowable(attrs, 77)
    gsi_proxy_core.globus_gsi_proxy_handle_attrs_set_key_gen_callback(attrs, on_progress)
    copy = gsi_proxy_core.globus_gsi_proxy_handle_attrs_copy(attrs)
    for asked in (attrs, copy):
        assert gsi_proxy_core.globus_gsi_proxy_handle_attrs_get_keybits(asked) == 3072
        assert gsi_proxy_core.globus_gsi_proxy_handle_attrs_get_init_prime(asked) == 65537
        assert gsi_proxy_core.globus_gsi_proxy_handle_attrs_get_signing_algorithm(asked) == "SHA256"
        assert gsi_proxy_core.globus_gsi_proxy_handle_attrs_get_clock_skew_allowable(asked) == 77
        assert gsi_proxy_core.globus_gsi_proxy_handle_attrs_get_key_gen_callback(asked) is on_progress
    handle = gsi_proxy_core.globus_gsi_proxy_handle_init(copy)
    gsi_proxy_core.globus_gsi_proxy_handle_attrs_destroy(copy)
    with pytest.raises(ValueError, match="closed"):
        gsi_proxy_core.globus_gsi_proxy_handle_attrs_get_keybits(copy)
    assert gsi_proxy_core.globus_gsi_proxy_handle_get_keybits(handle) == 3072
    assert gsi_proxy_core.globus_gsi_proxy_handle_get_init_prime(handle) == 65537
    assert gsi_proxy_core.globus_gsi_proxy_handle_get_signing_algorithm(handle) == "SHA256"
    assert gsi_proxy_core.globus_gsi_proxy_handle_get_clock_skew_allowable(handle) == 77
    assert gsi_proxy_core.globus_gsi_proxy_handle_get_key_gen_callback(handle) is on_progress
    made = gsi_proxy_core.globus_gsi_proxy_create_signed(handle, issuer(grid))
    assert certificate(made).public_key().key_size == 3072
    assert certificate(made).signature_hash_algorithm.name == "sha256"
    assert told
    gsi_proxy_core.globus_gsi_proxy_handle_destroy(handle)
    with pytest.raises(ValueError, match="closed"):
        gsi_proxy_core.globus_gsi_proxy_handle_get_keybits(handle)


def test_a_signature_is_as_strong_as_the_issuers(grid: Grid) -> None:
    attrs = gsi_proxy_core.globus_gsi_proxy_handle_attrs_init()
    gsi_proxy_core.globus_gsi_proxy_handle_attrs_set_signing_algorithm(attrs, "SHA512")
    handle = gsi_proxy_core.globus_gsi_proxy_handle_init(attrs)
    with pytest.raises(GlobusError, match="does not match issuer certificate algorithm"):
        gsi_proxy_core.globus_gsi_proxy_create_signed(handle, issuer(grid))
