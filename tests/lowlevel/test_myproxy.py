"""globus_lowlevel.myproxy against the real server: sessions, the protocol's messages, the repository, errors, memory."""

from __future__ import annotations

import contextlib
import gc
import os
import socket
import stat
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from globus_lowlevel.myproxy import (
    myproxy_creds_t,
    myproxy_request_t,
    myproxy_response_t,
    myproxy_server_context_t,
    myproxy_socket_attrs_t,
)

import globus_lowlevel
from globus_lowlevel import GlobusError, myproxy

PASSPHRASE = "a good passphrase"
LIMIT = 30.0


@pytest.fixture(scope="module")
def server(grid: Any) -> Iterator[Any]:
    with grid.start_myproxy() as server:
        yield server


@pytest.fixture
def attrs(server: Any) -> Iterator[Any]:
    attrs = myproxy_socket_attrs_t(pshost=server.host, psport=server.port)
    yield attrs
    if not attrs.closed:
        myproxy.myproxy_free(attrs, None, None)


def request(command: Any, **fields: Any) -> Any:
    return myproxy_request_t(version=myproxy.MYPROXY_VERSION, command_type=command, **fields)


def begin(attrs: Any, request: Any, proxy: Any = None) -> Any:
    """Connects, authenticates, and asks; the server's answer."""
    myproxy.myproxy_init_client(attrs)
    myproxy.myproxy_authenticate_init(attrs, proxy)
    myproxy.myproxy_send(attrs, myproxy.myproxy_serialize_request_ex(request))
    response = myproxy_response_t()
    myproxy.myproxy_recv_response_ex(attrs, response, request)
    return response


def put(server: Any, proxy: Any, **fields: Any) -> None:
    attrs = myproxy_socket_attrs_t(pshost=server.host, psport=server.port)
    asked = request(myproxy.MYPROXY_PUT_PROXY, passphrase=PASSPHRASE, proxy_lifetime=3600, **fields)
    begin(attrs, asked, proxy)
    myproxy.myproxy_init_delegation(attrs, proxy, 7 * 24 * 3600, None)
    myproxy.myproxy_recv_response(attrs, myproxy_response_t())
    myproxy.myproxy_free(attrs, None, None)


def info(server: Any, username: str) -> Any:
    attrs = myproxy_socket_attrs_t(pshost=server.host, psport=server.port)
    return begin(attrs, request(myproxy.MYPROXY_INFO_PROXY, username=username)).info_creds


# ---- sessions -----------------------------------------------------------------------------------------------


def test_a_credential_is_stored_shown_fetched_and_destroyed(
    grid: Any, server: Any, attrs: Any, tmp_path: Path
) -> None:
    put(server, grid.user.proxy, username="alice", credname="work", creddesc="for work")
    creds = info(server, "alice")
    assert (creds.credname, creds.creddesc, creds.owner_name) == ("work", "for work", grid.user.subject)
    assert creds.start_time < time.time() < creds.end_time

    target = tmp_path / "proxy.pem"
    asked = request(
        myproxy.MYPROXY_GET_PROXY,
        username="alice",
        credname="work",
        passphrase=PASSPHRASE,
        proxy_lifetime=600,
    )
    myproxy.myproxy_get_delegation(attrs, asked, None, myproxy_response_t(), target)
    assert stat.S_IMODE(target.stat().st_mode) == 0o600
    certificate = x509.load_pem_x509_certificate(target.read_bytes())
    assert (certificate.not_valid_after_utc - certificate.not_valid_before_utc).total_seconds() < 1200

    other = myproxy_socket_attrs_t(pshost=server.host, psport=server.port)
    begin(other, request(myproxy.MYPROXY_DESTROY_PROXY, username="alice", credname="work"))
    with pytest.raises(GlobusError, match="no credentials found"):
        info(server, "alice")


def test_a_delegation_is_accepted_as_bytes_and_its_key_encrypted(grid: Any, server: Any, attrs: Any) -> None:
    put(server, grid.user.proxy, username="bytes")
    asked = request(myproxy.MYPROXY_GET_PROXY, username="bytes", passphrase=PASSPHRASE, proxy_lifetime=600)
    begin(attrs, asked, None)
    pem = myproxy.myproxy_accept_delegation_ex(attrs, "secret words")
    assert isinstance(pem, bytes)
    assert b"ENCRYPTED" in pem


def test_a_delegation_is_accepted_into_a_file_of_the_librarys(grid: Any, server: Any, attrs: Any) -> None:
    put(server, grid.user.proxy, username="file")
    asked = request(myproxy.MYPROXY_GET_PROXY, username="file", passphrase=PASSPHRASE, proxy_lifetime=600)
    begin(attrs, asked, None)
    path = Path(myproxy.myproxy_accept_delegation(attrs, None))
    try:
        assert b"BEGIN CERTIFICATE" in path.read_bytes()
    finally:
        path.unlink()


def test_a_certificate_request_of_ones_own_is_signed(
    grid: Any, server: Any, attrs: Any, tmp_path: Path
) -> None:
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import rsa

    put(server, grid.user.proxy, username="csr")
    key = rsa.generate_private_key(65537, 2048)
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "ignored")])
    csr = x509.CertificateSigningRequestBuilder().subject_name(name).sign(key, hashes.SHA256())
    file = tmp_path / "request.pem"
    file.write_bytes(csr.public_bytes(serialization.Encoding.PEM))
    asked = request(myproxy.MYPROXY_GET_PROXY, username="csr", passphrase=PASSPHRASE, proxy_lifetime=600)
    begin(attrs, asked, None)
    certificates = myproxy.myproxy_request_cert(attrs, str(file))
    assert x509.load_pem_x509_certificate(certificates).public_key() == key.public_key()


def test_a_wrong_passphrase_is_refused_with_the_servers_words(grid: Any, server: Any, attrs: Any) -> None:
    put(server, grid.user.proxy, username="bob")
    asked = request(myproxy.MYPROXY_GET_PROXY, username="bob", passphrase="not this one")
    response = myproxy_response_t()
    with pytest.raises(GlobusError, match="invalid credential passphrase") as failure:
        myproxy.myproxy_get_delegation(attrs, asked, None, response, None)
    assert failure.value.module == "myproxy"
    assert response.response_type == myproxy.MYPROXY_ERROR_RESPONSE
    assert "invalid credential passphrase" in response.error_string
    assert "invalid credential passphrase" in myproxy.verror_get_string()


def test_a_passphrase_is_changed(grid: Any, server: Any) -> None:
    put(server, grid.user.proxy, username="carol")

    def change(old: str, new: str) -> None:
        attrs = myproxy_socket_attrs_t(pshost=server.host, psport=server.port)
        asked = request(
            myproxy.MYPROXY_CHANGE_CRED_PASSPHRASE, username="carol", passphrase=old, new_passphrase=new
        )
        begin(attrs, asked)

    change(PASSPHRASE, "another passphrase")
    with pytest.raises(GlobusError):
        change(PASSPHRASE, "a third passphrase")
    change("another passphrase", PASSPHRASE)


def test_the_trust_roots_are_sent_and_installed(
    grid: Any, server: Any, attrs: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = request(myproxy.MYPROXY_GET_TRUSTROOTS, username="", want_trusted_certs=1)
    files = begin(attrs, asked).trusted_certs
    names = set()
    node = files
    while node is not None:
        names.add(node.filename)
        assert node.contents == (grid.trust_directory / node.filename).read_bytes()
        node = node.next
    assert names == {p.name for p in grid.trust_directory.iterdir()}

    target = tmp_path / "certificates"
    target.mkdir(mode=0o700)
    monkeypatch.setenv("X509_CERT_DIR", str(target))
    myproxy.myproxy_install_trusted_cert_files(files)
    assert {p.name for p in target.iterdir()} >= names


def test_trust_begins_with_the_servers_own_certificates(
    grid: Any, server: Any, attrs: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = tmp_path / "certificates"
    target.mkdir(mode=0o700)
    monkeypatch.setenv("X509_CERT_DIR", str(target))
    myproxy.myproxy_bootstrap_trust(
        attrs
    )  # the CA's certificate is only in the chain of servers that send it
    monkeypatch.setenv("X509_CERT_DIR", str(grid.trust_directory))
    myproxy.myproxy_bootstrap_client(attrs, 1, 0)
    assert attrs.socket_fd >= 0


def test_a_server_that_is_not_there_is_an_error_with_its_errno() -> None:
    with socket.socket() as reserved:
        reserved.bind(("127.0.0.1", 0))
        attrs = myproxy_socket_attrs_t(pshost="127.0.0.1", psport=reserved.getsockname()[1])
        with pytest.raises(GlobusError, match="Unable to connect") as failure:
            myproxy.myproxy_init_client(attrs)
    assert failure.value.errno == 111
    assert failure.value.chain[0].function == "myproxy_init_client"


def test_a_server_in_python_serves_the_client(grid: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Both ends in one process cannot run at once, as the library has one lock: the client is a program."""
    import subprocess

    monkeypatch.setenv("X509_USER_CERT", str(grid.host.cert))
    monkeypatch.setenv("X509_USER_KEY", str(grid.host.key))
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(LIMIT)
        environment = grid.env | {"PATH": os.environ["PATH"], "LOGNAME": "dora"}
        client = subprocess.Popen(
            ["myproxy-info", "-s", "localhost", "-p", str(listener.getsockname()[1]), "-l", "dora"],
            env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        )  # fmt: skip
        try:
            connection, _ = listener.accept()
            with connection:
                attrs = myproxy_socket_attrs_t(socket_fd=connection.fileno())
                name = myproxy.myproxy_authenticate_accept(attrs)
                assert name == grid.user.subject
                asked = myproxy_request_t()
                myproxy.myproxy_deserialize_request(myproxy.myproxy_recv_ex(attrs), asked)
                assert (asked.command_type, asked.username) == (myproxy.MYPROXY_INFO_PROXY, "dora")
                answer = myproxy_response_t(
                    version=myproxy.MYPROXY_VERSION,
                    response_type=myproxy.MYPROXY_OK_RESPONSE,
                    info_creds=myproxy_creds_t(owner_name=name, start_time=1, end_time=2_000_000_000),
                )
                myproxy.myproxy_send(attrs, myproxy.myproxy_serialize_response_ex(answer))
                myproxy.myproxy_free(attrs, None, None)
                assert connection.fileno() >= 0
            output, _ = client.communicate(timeout=LIMIT)
        finally:
            client.kill()
            client.wait()
    assert client.returncode == 0
    assert grid.user.subject in output


# ---- messages ------------------------------------------------------------------------------------------------


def test_a_request_goes_through_its_text() -> None:
    asked = request(
        myproxy.MYPROXY_PUT_PROXY, username="u", passphrase="p" * 20, proxy_lifetime=77, retrievers="*",
        renewers="/CN=a", credname="n", creddesc="d", keyretrieve="k", trusted_retrievers="t",
    )  # fmt: skip
    myproxy.myproxy_request_add_voname(asked, "vo")
    myproxy.myproxy_request_add_voname(asked, "other")
    myproxy.myproxy_request_add_vomses(asked, "server")
    assert asked.voname == "vo\nother"
    text = myproxy.myproxy_serialize_request_ex(asked)
    buffer = bytearray(4096)
    length = myproxy.myproxy_serialize_request(asked, buffer)
    assert bytes(buffer[:length]) == text
    copy = myproxy_request_t(username="something else", credname="old")
    myproxy.myproxy_deserialize_request(text, copy)
    for name in ("version", "username", "passphrase", "command_type", "proxy_lifetime", "retrievers", "renewers",
                 "credname", "creddesc", "keyretrieve", "trusted_retrievers", "voname", "vomses"):  # fmt: skip
        assert getattr(copy, name) == getattr(asked, name), name


def test_a_response_goes_through_its_text() -> None:
    second = myproxy_creds_t(credname="b", owner_name="/CN=b", start_time=3, end_time=4)
    first = myproxy_creds_t(
        credname="a", creddesc="d", owner_name="/CN=a", start_time=1, end_time=2, next=second
    )
    answer = myproxy_response_t(
        version="MYPROXYv2", response_type=myproxy.MYPROXY_OK_RESPONSE, info_creds=first,
        trusted_certs=myproxy.myproxy_certs_t(filename="x.0", contents=b"\0binary\n\xff"),
    )  # fmt: skip
    text = myproxy.myproxy_serialize_response_ex(answer)
    buffer = bytearray(len(text) + 1)
    assert bytes(buffer[: myproxy.myproxy_serialize_response(answer, buffer)]) == text
    copy = myproxy_response_t()
    for _ in range(2):  # what was there before is freed
        myproxy.myproxy_deserialize_response(copy, text)
    creds = copy.info_creds
    assert (creds.credname, creds.creddesc, creds.owner_name, creds.end_time) == ("a", "d", "/CN=a", 2)
    assert (creds.next.credname, creds.next.start_time, creds.next.next) == ("b", 3, None)
    assert copy.trusted_certs.contents == b"\0binary\n\xff"


def test_an_error_response_raises() -> None:
    answer = myproxy_response_t(
        version="MYPROXYv2", response_type=myproxy.MYPROXY_ERROR_RESPONSE, error_string="no way"
    )
    with pytest.raises(GlobusError, match="no way"):
        myproxy.myproxy_handle_response(myproxy.myproxy_serialize_response_ex(answer), myproxy_response_t())


@pytest.mark.parametrize(
    "message", [b"", b"\0", b"nonsense", b"VERSION=x\n\xff\xfe", b"VERSION=MYPROXYv2\nRESPONSE=99\n"]
)
def test_a_malformed_message_is_an_error(message: bytes) -> None:
    with pytest.raises(GlobusError):
        myproxy.myproxy_deserialize_request(message, myproxy_request_t())
    with pytest.raises(GlobusError):
        myproxy.myproxy_handle_response(message, myproxy_response_t())


def test_what_c_would_follow_is_checked(attrs: Any) -> None:
    asked = request(myproxy.MYPROXY_GET_PROXY)
    with pytest.raises(GlobusError, match="no username"):
        myproxy.myproxy_serialize_request_ex(asked)
    with pytest.raises(GlobusError, match="no version"):
        myproxy.myproxy_serialize_response_ex(myproxy_response_t())
    for call in (
        lambda: myproxy.myproxy_recv_ex(attrs),
        lambda: myproxy.myproxy_recv(attrs, bytearray(8)),
        lambda: myproxy.myproxy_send(attrs, b"x"),
        lambda: myproxy.myproxy_authenticate_init(attrs, None),
        lambda: myproxy.myproxy_init_credentials(attrs, "x"),
        lambda: myproxy.myproxy_accept_credentials(attrs),
        lambda: myproxy.myproxy_get_credentials(attrs, "x"),
        lambda: myproxy.myproxy_init_client(myproxy_socket_attrs_t()),
    ):
        with pytest.raises(GlobusError, match="onnect"):
            call()
    with pytest.raises(TypeError):
        myproxy.myproxy_init_client(None)
    with pytest.raises(ValueError, match="at most 1024 bytes"):
        asked.passphrase = "x" * 2000


# ---- structs -------------------------------------------------------------------------------------------------


def test_a_struct_holds_copies() -> None:
    part = myproxy_creds_t(username="a")
    whole = myproxy_creds_t(next=part)
    part.username = "changed"
    assert whole.next.username == "a"
    copy = whole.next
    copy.username = "changed too"
    assert whole.next.username == "a"
    whole.next = None
    assert whole.next is None
    whole.username = None
    assert whole.username is None
    with pytest.raises(TypeError):
        whole.next = "text"
    with pytest.raises(TypeError):
        whole.username = 5


def test_bytes_have_their_length() -> None:
    file = myproxy.myproxy_certs_t(contents=b"four")
    assert (file.contents, file.size) == (b"four", 4)
    with pytest.raises(AttributeError, match="follows from contents"):
        file.size = 1000
    file.contents = bytearray()
    assert (file.contents, file.size) == (b"", 0)


def test_structs_leave_nothing_behind() -> None:
    def once() -> None:
        chain = myproxy_creds_t(username="x" * 100)
        for _ in range(10):
            chain = myproxy_creds_t(username="y" * 100, next=chain)
        response = myproxy_response_t(version="v", info_creds=chain)
        assert response.info_creds.next.username == "y" * 100
        myproxy.myproxy_creds_free_contents(chain)
        assert chain.username is None
        assert chain.next is None
        myproxy.myproxy_free(None, request(myproxy.MYPROXY_GET_PROXY, username="u"), response)

    def alive() -> dict[str, int]:
        gc.collect()
        globus_lowlevel.reap()
        return {**globus_lowlevel.live(), "called": 0}

    once()
    before = alive()
    for _ in range(50):
        once()
    assert alive() == before


def test_a_configuration_is_read(tmp_path: Path) -> None:
    config = tmp_path / "myproxy-server.config"
    config.write_text(
        'accepted_credentials "/CN=*"\nauthorized_retrievers "/CN=a"\nauthorized_retrievers "/CN=b"\n'
        "max_proxy_lifetime 5\ncertificate_issuer_hashalg sha512\n"
    )
    context = myproxy_server_context_t(config_file=config)
    myproxy.myproxy_server_config_read(context)
    assert context.authorized_retriever_dns == ["/CN=a", "/CN=b"]
    assert (context.max_proxy_lifetime, context.certificate_hashalg) == (5 * 3600, "SHA512")
    context.accepted_credential_dns = ["x", "y"]
    assert context.accepted_credential_dns == ["x", "y"]
    assert myproxy.myproxy_server_check_policy_list(context.authorized_retriever_dns, "/CN=b") == 1
    myproxy.myproxy_server_clear_context(context)
    assert context.authorized_retriever_dns == []
    context.config_file = tmp_path / "missing"
    with pytest.raises(GlobusError, match="missing") as failure:
        myproxy.myproxy_server_config_read(context)
    assert failure.value.errno == 2


def test_a_missing_configuration_does_not_end_the_process(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if Path("/etc/myproxy-server.config").exists():
        pytest.skip("this machine has a MyProxy server's configuration")
    monkeypatch.setenv("GLOBUS_LOCATION", str(tmp_path))
    with pytest.raises(GlobusError, match="config_file"):
        myproxy.myproxy_server_config_read(myproxy_server_context_t())


def test_policies_match_names() -> None:
    peer = myproxy.myproxy_server_peer_t(name="/O=Grid/CN=me", fqans=["/vo/Role=admin"])
    assert myproxy.myproxy_server_check_policy("/O=Grid/CN=*", "/O=Grid/CN=me") == 1
    assert myproxy.myproxy_server_check_policy("/O=Other/*", "/O=Grid/CN=me") == 0
    assert myproxy.myproxy_server_check_policy_ext("FQAN:/vo/Role=admin", peer) == 1
    assert myproxy.myproxy_server_check_policy_list_ext(["/CN=x", "SUBJECT:/O=Grid/CN=me"], peer) == 1
    assert myproxy.myproxy_server_check_policy_list_ext([], peer) == 0


# ---- the repository -----------------------------------------------------------------------------------------


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    directory = tmp_path / "store"
    directory.mkdir(mode=0o700)
    myproxy.myproxy_set_storage_dir(directory)
    return directory


def store(grid: Any, tmp_path: Path, **fields: Any) -> Any:
    source = tmp_path / "to-store.pem"
    source.write_bytes(grid.user.proxy.read_bytes())
    source.chmod(0o600)
    creds = myproxy_creds_t(owner_name=grid.user.subject, location=source, lifetime=3600, **fields)
    myproxy.myproxy_creds_store(creds)
    assert not source.exists()
    return creds


def test_credentials_are_stored_listed_locked_and_deleted(
    grid: Any, repository: Path, tmp_path: Path
) -> None:
    assert myproxy.myproxy_get_storage_dir() == str(repository)
    myproxy.myproxy_check_storage_dir()
    assert myproxy.myproxy_creds_exist("eve", None) == 0
    store(grid, tmp_path, username="eve")
    store(grid, tmp_path, username="eve", credname="second")
    assert myproxy.myproxy_creds_exist("eve", "second") == 1
    assert myproxy.myproxy_creds_is_owner("eve", None, grid.user.subject) == 1
    assert myproxy.myproxy_creds_is_owner("eve", None, "/CN=other") == 0

    found = myproxy_creds_t(username="eve", owner_name=grid.user.subject)
    myproxy.myproxy_creds_retrieve_all(found)
    assert [found.credname, found.next.credname] == [None, "second"]
    assert myproxy.myproxy_admin_retrieve_all(myproxy_creds_t()) == 2

    one = myproxy_creds_t(username="eve")
    myproxy.myproxy_creds_retrieve(one)
    assert myproxy.myproxy_creds_encrypted(one) == 0
    myproxy.myproxy_creds_verify(one)
    myproxy.myproxy_creds_lock(one, "for a test")
    myproxy.myproxy_creds_retrieve(one)
    assert one.lockmsg == "for a test"
    myproxy.myproxy_creds_unlock(one)
    with (tmp_path / "out").open("w+") as out:
        myproxy.myproxy_print_cred_info(one, out)
        out.seek(0)
        assert f"owner: {grid.user.subject}" in out.read()
    myproxy.myproxy_creds_delete(one)
    with pytest.raises(GlobusError, match="do not exist"):
        myproxy.myproxy_creds_retrieve(myproxy_creds_t(username="eve"))


def test_a_stored_key_has_a_passphrase(grid: Any, repository: Path, tmp_path: Path) -> None:
    creds = store(grid, tmp_path, username="kim")
    creds = myproxy_creds_t(username="kim")
    myproxy.myproxy_creds_change_passphrase(creds, PASSPHRASE)
    assert myproxy.myproxy_creds_encrypted(creds) == 1
    assert myproxy.myproxy_creds_verify_passphrase(creds, PASSPHRASE) == 1
    assert myproxy.myproxy_creds_verify_passphrase(creds, "not this one") == 0
    assert Path(myproxy.myproxy_creds_path_template()).parent == repository


def test_certificate_directories(grid: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    assert myproxy.myproxy_check_cert_dir(grid.trust_directory) == 1
    files = myproxy.myproxy_get_certs(grid.trust_directory)
    assert files.contents == (grid.trust_directory / files.filename).read_bytes()
    with pytest.raises(GlobusError, match="failed to open"):
        myproxy.myproxy_get_certs(tmp_path / "missing")
    monkeypatch.setenv("X509_CERT_DIR", str(tmp_path / "new"))
    myproxy.myproxy_check_trusted_certs_dir()
    assert (tmp_path / "new").is_dir()
    assert myproxy.myproxy_clean_crls() == 0


# ---- authorization ------------------------------------------------------------------------------------------


def test_a_challenge_is_answered_with_a_password(grid: Any, repository: Path, tmp_path: Path) -> None:
    store(grid, tmp_path, username="pat")
    creds = myproxy_creds_t(username="pat")
    myproxy.myproxy_creds_change_passphrase(creds, PASSPHRASE)
    method = myproxy.AUTHORIZETYPE_PASSWD
    challenges = myproxy.authorization_init_server([method, myproxy.AUTHORIZETYPE_CERT256])
    assert [c.method for c in challenges] == [method, myproxy.AUTHORIZETYPE_CERT256]
    answer = myproxy.authorization_create_response(challenges, method, PASSPHRASE.encode() + b"\0")
    assert answer is challenges[0]
    assert myproxy.authorization_check(answer, creds, "/CN=any") == 1
    stored = myproxy.authorization_store_response(b"not this one\0", method, challenges)
    assert stored is answer
    assert myproxy.authorization_check(stored, creds, None) == 0
    myproxy.authorization_data_free_contents(stored)
    assert stored.client_data == b""
    myproxy.authorization_data_free(challenges)
    config = myproxy_server_context_t()
    assert myproxy.authorization_get_status(method, creds, None, config) == myproxy.AUTHORIZEMETHOD_REQUIRED
    assert myproxy.authorization_get_name(method) == "password"
    assert myproxy.authorization_get_method("password") == method


def test_a_challenge_is_answered_with_a_certificate(grid: Any, repository: Path, tmp_path: Path) -> None:
    store(grid, tmp_path, username="ren")
    creds = myproxy_creds_t(username="ren")
    myproxy.myproxy_creds_retrieve(creds)
    method = myproxy.AUTHORIZETYPE_CERT256
    challenges = myproxy.authorization_init_server([method])
    myproxy.authorization_create_response(challenges, method, os.fsencode(grid.user.proxy))
    config = myproxy_server_context_t()
    assert myproxy.authorization_check_ex(challenges[0], creds, None, config) == 1
    assert config.usage.certauthz_used == 1
    for forged in (b"", b"\0\0\0\x01", b"\xff\xff\xff\xff" + b"x" * 100, b"\0\0\0\x05" + b"x" * 100):
        challenges[0].client_data = forged
        with contextlib.suppress(GlobusError):  # malformed
            assert myproxy.authorization_check(challenges[0], creds, None) == 0


# ---- passphrases, errors, the log ---------------------------------------------------------------------------


def test_a_policy_program_judges_passphrases(tmp_path: Path) -> None:
    check = myproxy.myproxy_check_passphrase_policy
    check(PASSPHRASE, None, None, None, None, None, None)
    with pytest.raises(GlobusError, match="too short"):
        check("abc", None, None, None, None, None, None)
    program = tmp_path / "policy"
    program.write_text(
        '#!/bin/sh\nread phrase; [ "$phrase" = "a good passphrase" ] || { echo "bad: $1"; exit 1; }\n'
    )
    program.chmod(0o700)
    check(PASSPHRASE, program, "user", None, None, None, "/CN=c")
    with pytest.raises(GlobusError, match="bad: user"):
        check("another one", program, "user", None, None, None, "/CN=c")
    with pytest.raises(GlobusError, match="cannot be run"):
        check(PASSPHRASE, tmp_path / "missing", "user", None, None, None, "/CN=c")


def test_a_passphrase_is_read_from_the_terminal() -> None:
    import pty
    import subprocess
    import sys

    program = (
        "from globus_lowlevel import myproxy\n"
        "print('GOT', myproxy.myproxy_read_passphrase('Say: '))\n"
        "print('GOT', myproxy.myproxy_read_verified_passphrase(None))\n"
    )
    control, terminal = pty.openpty()
    child = subprocess.Popen(
        [sys.executable, "-c", program], stdin=terminal, stdout=terminal, stderr=terminal, start_new_session=True
    )  # fmt: skip
    os.close(terminal)
    shown = b""
    try:
        for prompt, line in (
            (b"Say: ", b"first words\n"),
            (b"pass phrase:", b"second words\n"),
            (b"Verif", b"second words\n"),
        ):
            while prompt not in shown:
                shown += os.read(control, 1024)
            shown = b""
            os.write(control, line)
        with pytest.raises(OSError, match="Input/output"):
            while True:
                shown += os.read(control, 1024)
    finally:
        child.kill()
        child.wait()
        os.close(control)
    assert b"GOT second words" in shown


def test_a_passphrase_is_read_from_standard_input() -> None:
    import subprocess
    import sys

    program = "from globus_lowlevel import myproxy; print(myproxy.myproxy_read_passphrase_stdin(None))"
    done = subprocess.run(
        [sys.executable, "-c", program], input="piped words\n", text=True, capture_output=True, timeout=LIMIT, check=True
    )  # fmt: skip
    assert done.stdout.strip() == "piped words"


def test_errors_are_put_together() -> None:
    myproxy.verror_clear()
    assert not myproxy.verror_is_error()
    myproxy.verror_put_string("100% %s")
    myproxy.verror_prepend_string("first")
    myproxy.verror_put_string("")
    myproxy.verror_put_errno(13)
    myproxy.verror_put_value(7)
    assert myproxy.verror_is_error() == 1
    assert myproxy.verror_get_string().startswith("first\n100% %s\n")
    assert (myproxy.verror_get_errno(), myproxy.verror_get_value()) == (13, 7)
    assert myproxy.verror_strerror() == os.strerror(13)
    myproxy.verror_clear()
    assert myproxy.verror_get_errno() == 0


def test_the_log_goes_to_a_file(tmp_path: Path) -> None:
    path = tmp_path / "log"
    with path.open("w") as file:
        myproxy.myproxy_log_use_stream(file)
    try:
        myproxy.myproxy_log("a line with %s")
        before = myproxy.myproxy_debug_set_level(1)
        myproxy.myproxy_debug("a detail")
        myproxy.verror_put_string("an error")
        myproxy.myproxy_log_verror()
        myproxy.myproxy_log_perror("with errno")
        with (tmp_path / "error").open("w") as file:
            myproxy.verror_print_error(file)
        assert (tmp_path / "error").read_text().strip() == "an error"
        assert myproxy.myproxy_debug_set_level(before) == 1
    finally:
        myproxy.myproxy_log_use_stream(None)
        myproxy.myproxy_log_close()
    text = path.read_text()
    for part in ("a line with %s\n", "a detail", "an error", "with errno"):
        assert part in text


def test_each_thread_sees_its_own_error() -> None:
    wrong: list[str] = []

    def work(number: int) -> None:
        for _ in range(50):
            try:
                myproxy.myproxy_get_certs(f"/nowhere/{number}")
            except GlobusError as error:
                if f"/nowhere/{number}" not in str(error):
                    wrong.append(str(error))

    threads = [threading.Thread(target=work, args=(n,)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(LIMIT)
    assert not wrong


def test_versions() -> None:
    text, *numbers = myproxy.myproxy_version()
    assert text.startswith("v{}.{}".format(*numbers))
    assert myproxy.myproxy_check_version() == 0
    assert myproxy.myproxy_check_version_ex(numbers[0] + 1, 0, 0) == 1
