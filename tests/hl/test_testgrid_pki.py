"""The grid's certificates, by OpenSSL and the stock programs."""

from __future__ import annotations

import os
import re
import secrets
import socket
import stat
from typing import TYPE_CHECKING

import pytest

from globus_hl.testgrid import EXPIRED, NOT_YET_VALID, Grid, User
from globus_hl.testgrid.names import local_names
from globus_hl.testgrid.pki import CertificateAuthority
from globus_hl.testgrid.proxy import make_proxy

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.hl.conftest import Stock

    from globus_hl.testgrid.keys import KeyKind


CONTENT = bytes(range(256)) * 4096  # 1 MiB


def test_trust_directory_has_the_names_that_openssl_computes(stock: Stock, grid: Grid) -> None:
    hashes = stock(
        "openssl", "x509", "-in", grid.ca.cert, "-noout", "-subject_hash", "-subject_hash_old"
    ).split()
    assert list(grid.ca.hashes) == hashes
    expected = {f"{h}.{suffix}" for h in hashes for suffix in ("0", "signing_policy")}
    assert {p.name for p in grid.trust_directory.iterdir() if p.stem in hashes} == expected


@pytest.mark.parametrize("purpose", ["sslserver", "sslclient"])
def test_openssl_verifies_the_host_certificate(stock: Stock, grid: Grid, purpose: str) -> None:
    for name in (
        ("-verify_hostname", "localhost"),
        ("-verify_ip", "127.0.0.1"),
        ("-verify_hostname", socket.gethostname()),
    ):
        stock(
            "openssl",
            "verify",
            "-x509_strict",
            "-CAfile",
            grid.ca.cert,
            "-purpose",
            purpose,
            *name,
            grid.host.cert,
        )


def test_openssl_verifies_user_and_proxy(stock: Stock, grid: Grid) -> None:
    stock(
        "openssl", "verify", "-x509_strict", "-CAfile", grid.ca.cert, "-purpose", "sslclient", grid.user.cert
    )
    stock(
        "openssl",
        "verify",
        "-CAfile",
        grid.ca.cert,
        "-untrusted",
        grid.user.cert,
        "-allow_proxy_certs",
        grid.user.proxy,
    )


def test_grid_proxy_info_sees_an_rfc_proxy_of_the_user(stock: Stock, grid: Grid) -> None:
    info = stock("grid-proxy-info", "-file", grid.user.proxy)
    fields = dict(re.findall(r"^(\w+) *: (.*)$", info, re.MULTILINE))
    assert fields["type"] == "RFC 3820 compliant impersonation proxy"
    assert fields["identity"] == fields["issuer"] == grid.user.subject
    assert fields["strength"] == "2048 bits"
    assert fields["timeleft"].startswith(("11:", "12:00"))  # the grid may be as old as the test run


def test_stock_tools_make_proxies_of_the_user(stock: Stock, grid: Grid, tmp_path: Path) -> None:
    for kind in ("-rfc", "-draft", "-old"):
        proxy = tmp_path / f"proxy{kind}"
        pair = ("-cert", grid.user.cert, "-key", grid.user.key)
        stock("grid-proxy-init", "-q", "-verify", kind, *pair, "-out", proxy)
        copied = tmp_path / f"copied{kind}"
        (grid.gridftp.root / "proxy-kinds").write_bytes(CONTENT)
        env = {**os.environ, "X509_USER_PROXY": str(proxy)}
        stock.copy(f"{grid.gridftp.url}/proxy-kinds", copied.as_uri(), env=env)
        assert copied.read_bytes() == CONTENT


def test_names_that_the_authority_cannot_issue(grid: Grid) -> None:
    for name, why in (("Test User", "already"), ("Zoë", "printable ASCII"), ("a/DC=b", "not DC")):
        with pytest.raises(ValueError, match=why):
            grid.add_user(name)


def test_a_proxy_lives_as_long_as_asked(stock: Stock, grid: Grid, tmp_path: Path) -> None:
    proxy = make_proxy(grid.user, tmp_path / "short", lifetime=600)
    left = int(stock("grid-proxy-info", "-file", proxy, "-timeleft"))
    assert 590 <= left <= 600


def test_secrets_are_private(grid: Grid) -> None:
    secrets = (grid.ca.key, grid.host.key, grid.user.key, grid.user.proxy)
    assert [stat.S_IMODE(p.stat().st_mode) for p in secrets] == [0o600] * len(secrets)
    assert stat.S_IMODE(grid.directory.stat().st_mode) == 0o700


@pytest.mark.parametrize("key", ["rsa3072", "rsa4096", "p256", "p384", "p521"])
def test_users_have_keys_of_many_kinds(stock: Stock, grid: Grid, key: KeyKind) -> None:
    user = grid.add_user(f"Holder of {key}", key=key)
    text = stock("openssl", "x509", "-in", user.cert, "-noout", "-text")
    assert re.search(r"Public-Key: \((\d+) bit\)", text)[1] == re.sub("[a-z]+", "", key)  # type: ignore[index]
    stock(
        "openssl",
        "verify",
        "-CAfile",
        grid.ca.cert,
        "-untrusted",
        user.cert,
        "-allow_proxy_certs",
        user.proxy,
    )
    assert stock("grid-proxy-info", "-file", user.proxy, "-identity").strip() == user.subject
    if key.startswith("rsa"):  # with others the client cannot delegate
        (grid.gridftp.root / "key-kinds").write_bytes(CONTENT)
        stock.copy(
            f"{grid.gridftp.url}/key-kinds", "file:///dev/null", env={"X509_USER_PROXY": user.credential}
        )


def test_proxies_have_keys_of_many_kinds(stock: Stock, grid: Grid, tmp_path: Path) -> None:
    proxy = make_proxy(grid.user, tmp_path / "proxy", key="rsa4096")
    assert stock("grid-proxy-info", "-file", proxy, "-strength").strip() == "4096"


def test_unknown_kinds_are_refused(grid: Grid) -> None:
    with pytest.raises(ValueError, match="is none of rsa1024, rsa2048"):
        grid.add_user("Unkind", key="dsa")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="'own', 'missing', 'violated'"):
        grid.add_authority("Unpolitic CA", policy="none")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="no way to quote"):
        grid.add_authority("Everybody's CA")


def test_limited_proxies(stock: Stock, grid: Grid, tmp_path: Path) -> None:
    proxy = make_proxy(grid.user, tmp_path / "limited", limited=True)
    assert "limited" in stock("grid-proxy-info", "-file", proxy, "-type")
    (grid.gridftp.root / "limited").write_bytes(CONTENT)
    stock.copy(f"{grid.gridftp.url}/limited", "file:///dev/null", env={"X509_USER_PROXY": str(proxy)})


def test_an_encrypted_key_needs_its_passphrase(stock: Stock, grid: Grid, tmp_path: Path) -> None:
    user = grid.add_user("Keeper of secrets", passphrase="open sesame")
    assert "ENCRYPTED" in user.key.read_text()
    make = ("grid-proxy-init", "-pwstdin", "-cert", user.cert, "-key", user.key, "-out", tmp_path / "proxy")
    stock(*make, given="open sesame\n")
    assert stock("grid-proxy-info", "-file", tmp_path / "proxy", "-identity").strip() == user.subject
    stock.refused(*make, given="open barley\n")


def test_two_authorities_vouch_for_one_name_space_each(stock: Stock, grid: Grid) -> None:
    other = grid.add_authority("Second CA")
    assert other.namespace != grid.ca.namespace
    user = grid.add_user("Test User", ca=other)
    (grid.gridftp.root / "second").write_bytes(CONTENT)
    stock.copy(f"{grid.gridftp.url}/second", "file:///dev/null", env={"X509_USER_PROXY": user.credential})


def test_an_authority_below_another(stock: Stock, grid: Grid, tmp_path: Path) -> None:
    below = grid.add_authority("Issuing CA", issuer=grid.ca)
    assert below.namespace.startswith(grid.ca.namespace)
    user = grid.add_user("Far below", ca=below)
    stock("openssl", "verify", "-CAfile", grid.ca.cert, "-untrusted", below.cert, user.cert)
    (grid.gridftp.root / "below").write_bytes(CONTENT)
    stock.copy(f"{grid.gridftp.url}/below", "file:///dev/null", env={"X509_USER_PROXY": user.credential})


# ---- what is refused, and why ------------------------------------------------------------------------


def late(grid: Grid) -> User:
    return grid.add_user("Late", valid=EXPIRED)


def early(grid: Grid) -> User:
    return grid.add_user("Early", valid=NOT_YET_VALID)


def unknown(grid: Grid) -> User:
    return grid.add_user("Anybody", ca=grid.add_authority("Unknown CA", trusted=False))


def lawless(grid: Grid) -> User:
    return grid.add_user("Anybody", ca=grid.add_authority("Lawless CA", policy="missing"))


def outlaw(grid: Grid) -> User:
    return grid.add_user("Anybody", ca=grid.add_authority("Outlaw CA", policy="violated"))


def with_late_authority(grid: Grid) -> User:
    return grid.add_user("Anybody", ca=grid.add_authority("Late CA", valid=EXPIRED))


def with_early_authority(grid: Grid) -> User:
    return grid.add_user("Anybody", ca=grid.add_authority("Early CA", valid=NOT_YET_VALID))


def revoked(grid: Grid) -> User:
    authority = grid.add_authority("Revoking CA")
    user = grid.add_user("Revoked", ca=authority)
    authority.revoke(user)
    return user


def with_old_list(grid: Grid) -> User:
    authority = grid.add_authority("Sleeping CA")
    authority.publish_crl(EXPIRED)
    return grid.add_user("Anybody", ca=authority)


@pytest.mark.parametrize(
    ("make", "why"),
    [
        (late, "expired"),
        (early, "not yet valid"),
        (unknown, "trusted CA certificate"),
        (lawless, "signing_policy"),
        (outlaw, "does not match the signing policies"),
        (with_late_authority, "expired"),
        (with_early_authority, "not yet valid"),
        (revoked, "revoked"),
        (with_old_list, "CRL has expired"),
    ],
    ids=lambda value: getattr(value, "__name__", value),
)
def test_the_library_refuses(
    stock: Stock, grid: Grid, tmp_path: Path, make: Callable[[Grid], User], why: str
) -> None:
    user = make(grid)
    env = {"X509_USER_PROXY": user.credential}
    assert why in stock.refused(
        "grid-proxy-init",
        "-verify",
        "-debug",
        "-cert",
        user.cert,
        "-key",
        user.key,
        "-out",
        tmp_path / "proxy",
    )
    stock.refused_copy(f"{grid.gridftp.url}/", "file:///dev/null", env=env)


def test_others_of_a_revoking_authority_are_not_revoked(stock: Stock, grid: Grid) -> None:
    authority = grid.add_authority("Careful CA")
    good, bad = (grid.add_user(name, ca=authority) for name in ("Good", "Bad"))
    authority.revoke(bad)
    (grid.gridftp.root / "careful").write_bytes(CONTENT)
    url = f"{grid.gridftp.url}/careful"
    stock.copy(url, "file:///dev/null", env={"X509_USER_PROXY": good.credential})
    stock.refused_copy(url, "file:///dev/null", env={"X509_USER_PROXY": bad.credential})


def test_servers_with_wrong_hosts_are_refused(stock: Stock, grid: Grid) -> None:
    wrong = grid.ca.issue_host("other.example.org")
    old = grid.ca.issue_host("localhost.", local_names(), valid=EXPIRED)
    for host, why in ((wrong, "/CN=other.example.org"), (old, "expired")):
        with grid.start_gridftp(host=host) as server:
            assert why in stock.refused_copy(f"{server.url}/", "file:///dev/null")


def test_the_library_finds_the_list_of_an_authority_whose_hash_begins_with_zero(
    stock: Stock, grid: Grid, tmp_path: Path
) -> None:
    for _ in range(400):  # 1 in 16 does; its users' certificates need no server
        authority = CertificateAuthority(tmp_path / secrets.token_hex(8), name="Zero CA")
        if authority.hashes[0].startswith("0"):
            break
    authority.install(grid.trust_directory)
    revoked = authority.issue_user("Revoked")
    authority.revoke(revoked)
    said = stock.refused(
        "grid-proxy-init",
        "-verify",
        "-debug",
        "-cert",
        revoked.cert,
        "-key",
        revoked.key,
        "-out",
        tmp_path / "proxy",
    )
    assert "revoked" in said
