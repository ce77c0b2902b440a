"""Names, grid-mapfiles and authorization, compared as the library compares them."""

from __future__ import annotations

import contextlib
import datetime as dt
import os
import pickle
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from hypothesis import given, settings
from hypothesis import strategies as st

from globus_hl.security import GridMap, Name, TrustStore, rfc2253
from globus_hl.security import errors as faults
from globus_hl.security.library import start
from globus_hl.security.name_hash import name_hash
from globus_lowlevel import gsi_cert_utils


@pytest.fixture(scope="module", autouse=True)
def active() -> None:
    """The tests ask the library itself, too."""
    start()


attributes = st.sampled_from(
    ["O", "OU", "CN", "DC", "UID", "USERID", "Email", "E", "emailAddress", "cn", "email"]
)
values = st.text(
    st.characters(min_codepoint=32, max_codepoint=126, exclude_characters="/="), min_size=1, max_size=20
)
subjects = st.lists(st.tuples(attributes, values), min_size=1, max_size=5).map(
    lambda parts: "".join(f"/{kind}={value}" for kind, value in parts)
)


def rewritten(subject: str) -> list[str]:
    return [
        subject.upper(),
        subject.lower(),
        subject.replace("/Email=", "/emailAddress=").replace("/E=", "/Email="),
        subject.replace("/UID=", "/USERID="),
    ]


@given(subjects)
def test_equal_names_have_equal_hashes(subject: str) -> None:
    for other in rewritten(subject):
        same = gsi_cert_utils.globus_i_gsi_cert_utils_dn_cmp(subject, other) == 0
        assert (Name(subject) == Name(other)) == same
        assert not same or (hash(Name(subject)) == hash(Name(other)))
        assert not same or Name(subject).canonical == Name(other).canonical


@given(subjects, subjects)
def test_comparison_is_the_library_s(one: str, two: str) -> None:
    assert (Name(one) == Name(two)) == (gsi_cert_utils.globus_i_gsi_cert_utils_dn_cmp(one, two) == 0)
    assert (Name(one) == Name(two)) == (Name(one).canonical == Name(two).canonical)


@given(st.text(max_size=60))
def test_any_text_is_a_name_or_an_error(text: str) -> None:
    try:
        name = Name(text)
    except ValueError:
        return
    assert str(name) == text and pickle.loads(pickle.dumps(name)) == name
    with contextlib.suppress(ValueError):  # the library knows fewer attributes than there are
        _ = name.handle


@pytest.mark.parametrize(
    ("host", "subject", "same"),
    [
        ("www.example.org", "/O=Grid/CN=www.example.org", True),
        ("www.example.org", "/O=Grid/CN=host/www.example.org", True),
        ("www.example.org", "/O=Grid/CN=mail.example.org", False),
        ("example.org", "/O=Grid/CN=www.example.org", False),
    ],
)
def test_hosts(host: str, subject: str, same: bool) -> None:
    assert Name.host(host).matches(Name(subject)) == same
    assert Name.host(host) != Name(subject)
    assert pickle.loads(pickle.dumps(Name.host(host, "ldap"))) == Name.host(host, "ldap")


def test_names_do_not_change() -> None:
    name = Name("/O=Grid/CN=Jo")
    with pytest.raises(AttributeError):
        name.text = "/O=Grid/CN=Ann"
    assert repr(name) == "Name('/O=Grid/CN=Jo')" and repr(Name.host("h")) == "Name.host('h', 'host')"


# ---- hashes and other forms ------------------------------------------------------------------------------------------

x509_values = st.text(
    st.characters(min_codepoint=32, max_codepoint=0x2FFF, exclude_categories=["Cs", "Cc"]),
    min_size=1,
    max_size=20,
)


@settings(max_examples=15, deadline=None)
@given(st.lists(x509_values, min_size=1, max_size=4))
def test_names_hash_and_read_as_with_openssl(
    tmp_path_factory: pytest.TempPathFactory, texts: list[str]
) -> None:
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, text) for text in texts])
    key = ec.generate_private_key(ec.SECP256R1())
    request = x509.CertificateSigningRequestBuilder().subject_name(name).sign(key, hashes.SHA256())
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(request.public_key())
        .serial_number(1)
        .not_valid_before(dt.datetime(2020, 1, 1, tzinfo=dt.UTC))
        .not_valid_after(dt.datetime(2040, 1, 1, tzinfo=dt.UTC))
        .sign(key, hashes.SHA256())
    )
    command = ["openssl", "x509", "-noout", "-hash", "-subject", "-nameopt", "RFC2253,-esc_msb,utf8"]
    pem = certificate.public_bytes(serialization.Encoding.PEM)
    done = subprocess.run(command, input=pem, capture_output=True, check=True, timeout=20)
    digest, _, subject = done.stdout.partition(b"\n")
    assert name_hash(name.public_bytes()) == digest.decode()
    assert rfc2253(name.public_bytes()) == subject.decode().strip("\n").removeprefix("subject=")


def test_a_trust_directory_is_found_by_its_hashes(trust: TrustStore, authority: Any) -> None:
    name = authority.certificate.subject.public_bytes()
    found = trust.authority(name)
    assert found is not None and found.subject == authority.subject
    assert trust.stem(name).endswith(authority.hash)


# ---- grid-mapfiles ---------------------------------------------------------------------------------------------------

MAP = """\
# a comment
"/O=Grid/CN=Jo" jo,shared
/O=Grid/CN=Ann ann
"/O=Grid/CN=with \\"quotes\\" and \\x41" quoted
   "/O=Grid/CN=Mail/Email=mail@example.org"\tmail , shared
"/O=Grid/CN=Jo" second

not a name
"""


@pytest.fixture
def gridmap(tmp_path: Path) -> GridMap:
    path = tmp_path / "grid-mapfile"
    path.write_text(MAP)
    return GridMap(path)


def test_a_grid_mapfile(gridmap: GridMap) -> None:
    assert gridmap.accounts("/O=Grid/CN=Jo") == ("jo", "shared")
    assert gridmap.account("/o=grid/cn=jo") == "jo" and gridmap.account(Name("/O=Grid/CN=Ann")) == "ann"
    assert gridmap.account('/O=Grid/CN=with "quotes" and A') == "quoted"
    assert gridmap.accounts("/O=Grid/CN=Mail/emailAddress=mail@example.org") == ("mail", "shared")
    assert gridmap.subjects("shared") == ["/O=Grid/CN=Jo", "/O=Grid/CN=Mail/Email=mail@example.org"]
    assert gridmap.allows("/O=Grid/CN=Jo", "shared") and not gridmap.allows("/O=Grid/CN=Ann", "jo")


def test_who_is_not_in_it(gridmap: GridMap, tmp_path: Path) -> None:
    with pytest.raises(faults.NotMappedError) as caught:
        gridmap.account("/O=Grid/CN=Nobody")
    assert caught.value.subject == "/O=Grid/CN=Nobody" and caught.value.path == gridmap.path
    with open(gridmap.path, "a") as file:
        file.write('"/O=Grid/CN=Nobody" nobody\n')
    assert gridmap.account("/O=Grid/CN=Nobody") == "nobody"
    with pytest.raises(faults.CredentialFileError) as missing:
        GridMap(tmp_path / "nowhere").account("/O=Grid/CN=Jo")
    assert missing.value.path == str(tmp_path / "nowhere")


def test_the_library_reads_it_the_same_way(gridmap: GridMap) -> None:
    program = """
import sys
from globus_lowlevel import GlobusError, common, gss_assist
common.globus_module_activate(gss_assist.GLOBUS_GSI_GSS_ASSIST_MODULE)
for subject in sys.argv[1:]:
    try:
        print(gss_assist.globus_gss_assist_gridmap(subject))
    except GlobusError:
        print("-")
"""
    asked = [subject for subject, _ in gridmap.entries() if subject.startswith("/")]
    asked += ["/o=grid/cn=jo", "/O=Grid/CN=Nobody", "/O=Grid/CN=Mail/emailAddress=mail@example.org"]
    done = subprocess.run(
        [sys.executable, "-c", program, *asked],
        env=os.environ | {"GRIDMAP": gridmap.path},
        capture_output=True,
        text=True,
        timeout=30,
        check=True,
    )
    assert done.stdout.split() == [(gridmap.accounts(subject) or ("-",))[0] for subject in asked]


def test_the_default_is_the_environment(gridmap: GridMap, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GRIDMAP", gridmap.path)
    assert GridMap().account("/O=Grid/CN=Jo") == "jo"
