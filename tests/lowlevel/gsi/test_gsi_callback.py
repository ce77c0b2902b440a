"""globus_lowlevel.gsi_callback: certificates that are verified as in a handshake, and what decides."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding

from globus_hl.testgrid import Grid
from globus_hl.testgrid.keys import EXPIRED, load_key, new_key
from globus_hl.testgrid.pki import Identity
from globus_hl.testgrid.proxy import LIMITED, PROXY_CERT_INFO, make_proxy
from globus_lowlevel import GlobusError, gsi_callback, gsi_cert_utils

pytestmark = pytest.mark.usefixtures("nothing_left")


def chain_of(pem: Path | bytes) -> list[bytes]:
    """The certificates of a file, the first one first, as DER."""
    content = pem.read_bytes() if isinstance(pem, Path) else pem
    return [
        certificate.public_bytes(Encoding.DER) for certificate in x509.load_pem_x509_certificates(content)
    ]


def trusting(directory: Path) -> gsi_callback.globus_gsi_callback_data_t:
    data = gsi_callback.globus_gsi_callback_data_init()
    gsi_callback.globus_gsi_callback_set_cert_dir(data, directory)
    return data


def verify(chain: list[bytes], data: gsi_callback.globus_gsi_callback_data_t) -> int:
    return gsi_callback.globus_gsi_callback_X509_verify_cert(chain[0], chain[1:], data, None)


def why(data: gsi_callback.globus_gsi_callback_data_t) -> str:
    error = gsi_callback.globus_gsi_callback_get_error(data)
    return str(error) if error else ""


# ---- verification --------------------------------------------------------------------------------------------------


def test_who_is_trusted_is_verified(grid: Grid) -> None:
    data = trusting(grid.trust_directory)
    for identity in (grid.user, grid.host):
        assert verify(chain_of(identity.cert), data) == 1, why(data)
    assert gsi_callback.globus_gsi_callback_get_cert_depth(data) > 0


def test_a_proxy_is_verified_with_its_issuer(grid: Grid) -> None:
    data = trusting(grid.trust_directory)
    assert verify(chain_of(grid.user.proxy), data) == 1, why(data)
    assert gsi_callback.globus_gsi_callback_get_proxy_depth(data) == 1
    data = trusting(grid.trust_directory)
    assert verify(chain_of(grid.user.proxy)[:1], data) != 1  # who has signed it?


def test_a_limited_proxy_is_known_as_one(grid: Grid, tmp_path: Path) -> None:
    data = trusting(grid.trust_directory)
    assert verify(chain_of(make_proxy(grid.user, tmp_path / "limited", limited=True)), data) == 1, why(data)
    kind = gsi_callback.globus_gsi_callback_get_cert_type(data)
    assert kind == gsi_cert_utils.GLOBUS_GSI_CERT_UTILS_TYPE_RFC_LIMITED_PROXY


def test_who_is_not_trusted_is_refused(grid: Grid, tmp_path: Path) -> None:
    authority = grid.add_authority("Revoking CA of the callbacks")
    revoked = grid.add_user("Revoked by the callbacks", ca=authority)
    data = trusting(grid.trust_directory)
    assert verify(chain_of(revoked.cert), data) == 1, why(data)
    authority.revoke(revoked)
    late = grid.add_authority("Late CA of the callbacks", valid=EXPIRED)
    liars = grid.add_authority("Lying CA of the callbacks", policy="violated")
    strangers = grid.add_authority("Unknown CA of the callbacks", trusted=False)
    for identity, words in (
        (revoked, "revoked"),
        (grid.add_user("Late for the callbacks", ca=late), "expired"),
        (grid.add_user("Liar for the callbacks", ca=liars), "policy"),
        (grid.add_user("Unknown to the callbacks", ca=strangers), ""),
    ):
        data = trusting(grid.trust_directory)
        assert verify(chain_of(identity.cert), data) != 1, words
        assert words in why(data).lower()


def test_a_policy_may_be_missing(grid: Grid, tmp_path: Path) -> None:
    for path in grid.trust_directory.iterdir():
        if not path.name.endswith("signing_policy"):
            (tmp_path / path.name).write_bytes(path.read_bytes())
    data = trusting(tmp_path)
    assert verify(chain_of(grid.user.cert), data) != 1
    assert "policy" in why(data)
    data = trusting(tmp_path)
    gsi_callback.globus_gsi_callback_set_allow_missing_signing_policy(data, True)
    assert gsi_callback.globus_gsi_callback_get_allow_missing_signing_policy(data)
    assert verify(chain_of(grid.user.cert), data) == 1, why(data)


def test_who_has_issued_what(grid: Grid) -> None:
    proxy, end = chain_of(grid.user.proxy)
    (host,) = chain_of(grid.host.cert)
    assert gsi_callback.globus_gsi_callback_check_issued(proxy, end) == 1
    assert gsi_callback.globus_gsi_callback_check_issued(end, proxy) != 1
    assert gsi_callback.globus_gsi_callback_check_issued(proxy, host) != 1


@pytest.mark.parametrize(
    "check",
    [
        gsi_callback.globus_gsi_callback_create_proxy_callback,
        gsi_callback.globus_gsi_callback_handshake_callback,
    ],
)
def test_one_certificate_is_checked(grid: Grid, check: object) -> None:
    (user,) = chain_of(grid.user.cert)
    assert check(True, user, None, trusting(grid.trust_directory)) in (0, 1)
    data = trusting(grid.trust_directory)
    assert check(False, user, None, data) == 0  # OpenSSL has said no


# ---- extensions that the library does not know ------------------------------------------------------------------------


def with_critical_extension(issuer: Identity) -> list[bytes]:
    """A proxy of the user, with an extension of ours that must be understood."""
    key, now = new_key("rsa2048"), dt.datetime.now(dt.UTC)
    subject = x509.Name([*issuer.certificate.subject, x509.NameAttribute(x509.NameOID.COMMON_NAME, "1234")])
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer.certificate.subject)
        .public_key(key.public_key())
        .serial_number(1234)
        .not_valid_before(now - dt.timedelta(hours=1))
        .not_valid_after(now + dt.timedelta(hours=1))
        .add_extension(x509.UnrecognizedExtension(PROXY_CERT_INFO, LIMITED), critical=True)
        .add_extension(
            x509.UnrecognizedExtension(x509.ObjectIdentifier("1.2.3.4.5"), b"\x05\x00"), critical=True
        )
        .sign(load_key(issuer.key, None), hashes.SHA256())
    )
    return [made.public_bytes(Encoding.DER), *chain_of(issuer.cert)]


def test_a_callable_decides_on_extensions(grid: Grid, unraisable: list[BaseException]) -> None:
    chain = with_critical_extension(grid.user)
    data = trusting(grid.trust_directory)
    assert verify(chain, data) != 1
    asked: list[object] = []

    def accept(data: object, extension: bytes) -> int:
        asked.append(extension)
        return 1

    data = trusting(grid.trust_directory)
    assert gsi_callback.globus_gsi_callback_get_extension_cb(data) is None
    gsi_callback.globus_gsi_callback_set_extension_cb(data, accept)
    assert gsi_callback.globus_gsi_callback_get_extension_cb(data) is accept
    assert verify(chain, data) == 1, why(data)
    assert len(asked) == 1

    def fail(data: object, extension: bytes) -> int:
        raise LookupError("nobody knows it")

    gsi_callback.globus_gsi_callback_set_extension_cb(data, fail)
    assert verify(chain, data) != 1
    assert [type(error) for error in unraisable] == [LookupError]
    unraisable.clear()


# ---- the data of a verification ---------------------------------------------------------------------------------------


def test_what_is_set_comes_back_from_a_copy_too(grid: Grid, tmp_path: Path) -> None:
    data = gsi_callback.globus_gsi_callback_data_init()
    assert gsi_callback.globus_gsi_callback_get_cert_dir(data) is None
    assert not gsi_callback.globus_gsi_callback_get_cert_chain(data)
    gsi_callback.globus_gsi_callback_set_cert_dir(data, tmp_path)
    gsi_callback.globus_gsi_callback_set_cert_depth(data, 3)
    gsi_callback.globus_gsi_callback_set_proxy_depth(data, 2)
    gsi_callback.globus_gsi_callback_set_cert_type(data, gsi_cert_utils.GLOBUS_GSI_CERT_UTILS_TYPE_EEC)
    gsi_callback.globus_gsi_callback_set_cert_chain(data, chain_of(grid.user.proxy))
    gsi_callback.globus_gsi_callback_set_check_policy_for_self_signed_certs(data, False)
    copy = gsi_callback.globus_gsi_callback_data_copy(data)
    for asked in (data, copy):
        assert gsi_callback.globus_gsi_callback_get_cert_dir(asked) == str(tmp_path)
        assert gsi_callback.globus_gsi_callback_get_cert_depth(asked) == 3
        assert gsi_callback.globus_gsi_callback_get_proxy_depth(asked) == 2
        kind = gsi_callback.globus_gsi_callback_get_cert_type(asked)
        assert kind == gsi_cert_utils.GLOBUS_GSI_CERT_UTILS_TYPE_EEC
        assert gsi_callback.globus_gsi_callback_get_cert_chain(asked) == chain_of(grid.user.proxy)
        assert not gsi_callback.globus_gsi_callback_get_check_policy_for_self_signed_certs(asked)
    gsi_callback.globus_gsi_callback_data_destroy(data)
    assert gsi_callback.globus_gsi_callback_get_cert_depth(copy) == 3
    with pytest.raises(ValueError, match="closed"):
        gsi_callback.globus_gsi_callback_get_cert_depth(data)


def test_an_error_is_data_too() -> None:
    data = gsi_callback.globus_gsi_callback_data_init()
    assert gsi_callback.globus_gsi_callback_get_error(data) is None
    gsi_callback.globus_gsi_callback_set_error(data, ValueError("of ours"))
    error = gsi_callback.globus_gsi_callback_get_error(data)
    assert isinstance(error, GlobusError)
    assert "of ours" in str(error)
    copied = gsi_callback.globus_gsi_callback_get_error(gsi_callback.globus_gsi_callback_data_copy(data))
    assert "of ours" in str(copied)


def test_identifiers_are_an_object_of_ours() -> None:
    data, identifiers = gsi_callback.globus_gsi_callback_data_init(), ["1.2.3"]
    gsi_callback.globus_gsi_callback_set_extension_oids(data, identifiers)
    assert gsi_callback.globus_gsi_callback_get_extension_oids(data) is identifiers


def test_limited_proxies_under_limited_ones() -> None:
    """C has the switch no more: any number of them is accepted."""
    data = gsi_callback.globus_gsi_callback_data_init()
    gsi_callback.globus_gsi_callback_set_multiple_limited_proxy_ok(data, 1)
    assert gsi_callback.globus_gsi_callback_get_multiple_limited_proxy_ok(data) in (0, 1)


def test_openssl_has_a_place_for_the_data() -> None:
    places = (
        gsi_callback.globus_gsi_callback_get_X509_STORE_callback_data_index(),
        gsi_callback.globus_gsi_callback_get_SSL_callback_data_index(),
    )
    assert min(places) >= 0
