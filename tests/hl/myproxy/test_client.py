"""Clients against the stock MyProxy server, and beside the stock clients."""

from __future__ import annotations

import asyncio
import os
import pickle
import socket
import subprocess
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from globus_hl import errors, security
from globus_hl.myproxy import (
    AsyncMyProxyClient,
    CredentialOwnedError,
    MyProxyClient,
    MyProxyError,
    MyProxyProtocolError,
    NoSuchCredentialError,
    PassphraseRefusedError,
    PolicyRefusedError,
    StoredCredentialExpiredError,
)
from globus_hl.security import Credential, create_proxy
from globus_hl.testgrid import EXPIRED
from globus_hl.timeouts import Timeout

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.hl.conftest import Stock

    from globus_hl.testgrid import Grid, MyProxyServer

    Connect = Callable[..., MyProxyClient]

PHRASE = "correct horse"


def is_file_free(directory: Path) -> bool:
    return not list(directory.iterdir())


@pytest.fixture
def nowhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """No credential in the environment, and a directory for temporary files that stays empty."""
    monkeypatch.setenv("X509_USER_PROXY", str(tmp_path / "no-proxy"))
    (tmp_path / "tmp").mkdir()
    monkeypatch.setenv("TMPDIR", str(tmp_path / "tmp"))
    return tmp_path / "tmp"


# ---- what it is for ------------------------------------------------------------------------------------------------


def test_store_and_log_on(client: MyProxyClient, user: Credential, nowhere: Path) -> None:
    client.init("tom", PHRASE, lifetime=3600 * 8, max_proxy_lifetime=7200)
    proxy = client.logon("tom", PHRASE, lifetime=3600)
    assert proxy.identity == user.identity
    assert 3000 < proxy.time_left <= 3900
    assert proxy.path is None
    assert security.verify(proxy)
    assert client.logon("tom", PHRASE).time_left <= 7500  # the stored credential's own limit
    assert is_file_free(nowhere)


def test_log_on_as_nobody(client: MyProxyClient, connect: Connect, nowhere: Path) -> None:
    client.init("anna", PHRASE)
    with connect(credential=None) as anonymous:
        assert anonymous.logon("anna", PHRASE, bits=3072).key.bits == 3072
    assert is_file_free(nowhere)


def test_log_on_with_a_proxy_that_has_expired(
    client: MyProxyClient, connect: Connect, grid: Grid, monkeypatch: pytest.MonkeyPatch
) -> None:
    client.init("sleeper", PHRASE)
    old = grid.add_user("Sleeper", valid=EXPIRED).proxy
    monkeypatch.setenv("X509_USER_PROXY", str(old))
    with connect(credential=None) as renewing:
        assert renewing.logon("sleeper", PHRASE).time_left > 0
    with connect(credential=old) as explicit, pytest.raises(errors.CredentialExpiredError):
        explicit.logon("sleeper", PHRASE)


def test_the_credential_works(client: MyProxyClient, grid: Grid, tmp_path: Path) -> None:
    from globus_hl import gridftp

    client.init("worker", PHRASE)
    (grid.gridftp.root / "for-worker").write_text("content")
    with gridftp.Client(credential=client.logon("worker", PHRASE)) as files:
        files.get(f"{grid.gridftp.url}/for-worker", tmp_path / "got")
    assert (tmp_path / "got").read_text() == "content"


def test_several_credentials_and_what_is_said_of_them(client: MyProxyClient, user: Credential) -> None:
    client.init("many", PHRASE, description="the first")
    client.init("many", PHRASE, name="night", description="a=b; c", retrievers="*", renewers="/CN=*")
    first, night = client.info("many")
    assert (first.name, first.description, first.owner) == (None, "the first", user.identity)
    assert (night.name, night.description, night.retrievers, night.renewers) == (
        "night",
        "a=b; c",
        "*",
        "/CN=*",
    )
    assert 0 < night.time_left <= user.time_left + 60
    client.destroy("many", name="night")
    assert [stored.name for stored in client.info("many")] == [None]
    with pytest.raises(NoSuchCredentialError):
        client.logon("many", PHRASE, name="night")


def test_another_passphrase(client: MyProxyClient) -> None:
    client.init("changer", PHRASE)
    client.change_passphrase("changer", PHRASE, "battery staple")
    client.logon("changer", "battery staple")
    with pytest.raises(PassphraseRefusedError):
        client.logon("changer", PHRASE)


def test_renewal_by_certificate(
    client: MyProxyClient, connect: Connect, user: Credential, nowhere: Path
) -> None:
    client.init("renewed", renewers="*", lifetime=7200)
    old = create_proxy(user, lifetime=600)
    new = client.logon("renewed", renew=old)
    assert new.identity == old.identity
    assert new.time_left > old.time_left
    with pytest.raises(errors.NoCredentialError), connect(credential=None) as anonymous:
        anonymous.logon("renewed")
    assert is_file_free(nowhere)


def test_store_and_retrieve_a_key(client: MyProxyClient, grid: Grid, tmp_path: Path, nowhere: Path) -> None:
    key = tmp_path / "key.pem"
    subprocess.run(
        ["openssl", "pkcs8", "-topk8", "-in", grid.user.key, "-passout", f"pass:{PHRASE}", "-out", key],
        check=True,
        timeout=30,
    )
    key.chmod(0o600)
    client.store("keeper", grid.user.cert, key)
    back = client.retrieve("keeper", PHRASE)
    assert back.to_pem() == Credential.from_files(grid.user.cert, grid.user.key).to_pem()
    assert client.logon("keeper", PHRASE).identity == grid.user.subject
    with pytest.raises(MyProxyError):
        client.retrieve("keeper", "battery staple")
    with pytest.raises(security.errors.BadKeyError, match="not encrypted"):
        client.store("keeper", grid.user.cert, grid.user.key)
    with pytest.raises(security.errors.BadKeyError, match="no private key"):
        client.store("keeper", grid.user.cert, b"")
    assert is_file_free(nowhere)


def test_a_certificate_of_the_servers_own_authority(grid: Grid, connect: Connect) -> None:
    with grid.start_myproxy(ca=True) as authority:
        subject = f"{grid.ca.namespace}/CN=Issued to Ines"
        authority.issue(subject, "ines")
        with connect(authority) as client:
            issued = client.logon("ines")
    assert issued.subject == subject
    assert not issued.is_proxy
    assert security.verify(issued)


def test_trust_roots(client: MyProxyClient, grid: Grid, tmp_path: Path) -> None:
    roots = client.trust_roots()
    assert grid.ca.hashes[0] in roots.authorities
    written = roots.install(tmp_path / "roots")
    assert {path.name for path in written} == set(roots.files)
    assert (tmp_path / "roots" / f"{grid.ca.hashes[0]}.0").read_bytes() in grid.ca.cert.read_bytes()
    client.init("rooted", PHRASE)
    client.logon("rooted", PHRASE, trust_roots=tmp_path / "more")
    assert {path.name for path in (tmp_path / "more").iterdir()} == set(roots.files)


def test_the_first_trust_is_by_fingerprint(
    grid: Grid, client: MyProxyClient, repository: MyProxyServer, tmp_path: Path
) -> None:
    from globus_hl.security import Certificate

    authority = Certificate(grid.ca.cert.read_bytes())
    where = tmp_path / "trust"
    with pytest.raises(errors.ServerIdentityError, match=authority.fingerprint()):
        client.bootstrap("00" * 32, where)
    with pytest.raises(security.errors.NotACertificateError, match="not of an authority"):
        client.bootstrap(Certificate(grid.host.cert.read_bytes()).fingerprint(), where)
    assert not where.exists()
    assert client.bootstrap(authority.fingerprint().upper(), where) == authority
    script = (
        "import sys; from globus_hl.myproxy import MyProxyClient\n"
        "with MyProxyClient('localhost', int(sys.argv[1])) as c: print(c.trust_roots().authorities)"
    )
    env = os.environ | {"X509_CERT_DIR": str(where), "X509_USER_PROXY": str(tmp_path / "none")}
    done = subprocess.run(
        [os.sys.executable, "-c", script, str(repository.port)],  # type: ignore[attr-defined]
        env=env, capture_output=True, text=True, timeout=45, check=False,
    )  # fmt: skip
    assert grid.ca.hashes[0] in done.stdout, done.stderr


# ---- beside the stock clients ----------------------------------------------------------------------------------------


def test_what_we_store_the_stock_client_gets(
    client: MyProxyClient, repository: MyProxyServer, stock: Stock, grid: Grid, tmp_path: Path
) -> None:
    client.init("ours", PHRASE, description="by us")
    assert "description: by us" in stock("myproxy-info", "-l", "ours", env=repository.env)
    got = tmp_path / "got"
    stock("myproxy-logon", "-S", "-l", "ours", "-o", got, given=f"{PHRASE}\n", env=repository.env)
    assert stock("grid-proxy-info", "-file", got, "-identity").strip() == grid.user.subject


def test_what_the_stock_client_stores_we_get(
    client: MyProxyClient, repository: MyProxyServer, stock: Stock, grid: Grid, tmp_path: Path
) -> None:
    pair = ("-C", grid.user.cert, "-y", grid.user.key)
    stock("myproxy-init", "-S", "-l", "theirs", *pair, given=f"{PHRASE}\n", env=repository.env)
    got = client.logon("theirs", PHRASE).save(tmp_path / "got")
    assert got.stat().st_mode & 0o777 == 0o600
    assert stock("grid-proxy-info", "-file", got, "-identity").strip() == grid.user.subject
    stock("grid-proxy-info", "-file", got, "-exists")
    stock("openssl", "verify", "-allow_proxy_certs", "-CAfile", grid.ca.cert, "-untrusted", got, got)


# ---- what can go wrong -------------------------------------------------------------------------------------------------


def test_refusals(client: MyProxyClient, connect: Connect, grid: Grid) -> None:
    client.init("strict", PHRASE, retrievers="/CN=somebody else")
    with pytest.raises(PolicyRefusedError) as refused:
        client.logon("strict", PHRASE)
    assert isinstance(refused.value, PermissionError)
    with pytest.raises(NoSuchCredentialError) as missing:
        client.logon("nobody there", PHRASE)
    assert isinstance(missing.value, FileNotFoundError)
    with pytest.raises(PassphraseRefusedError) as wrong:
        client.logon("strict", "battery staple")
    assert "battery" not in f"{wrong.value!r} {wrong.value}"
    other = Credential.load(grid.add_user("Another Owner").proxy)
    with connect(credential=other) as theirs, pytest.raises(CredentialOwnedError):
        theirs.init("strict", PHRASE)
    with pytest.raises(ValueError, match="passphrase"):
        client.init("strict")
    with pytest.raises(ValueError, match="lifetime"):
        client.logon("strict", PHRASE, lifetime=-1)
    with pytest.raises(MyProxyError):
        client.init("strict", "short")


def test_an_expired_stored_credential(client: MyProxyClient, repository: MyProxyServer, grid: Grid) -> None:
    client.init("faded", trusted_retrievers="*")
    stored = repository.store / "faded.creds"
    stored.write_bytes(grid.add_user("Faded", valid=EXPIRED).proxy.read_bytes())
    with pytest.raises(StoredCredentialExpiredError) as expired:
        client.logon("faded")
    assert isinstance(expired.value, errors.CredentialExpiredError)


def test_the_servers_own_policy(grid: Grid, connect: Connect) -> None:
    with (
        grid.start_myproxy(options={"accepted_credentials": "/O=Nobody"}) as server,
        connect(server) as client,
        pytest.raises(PolicyRefusedError, match="policy"),
    ):
        client.init("tom", PHRASE)


def test_no_server(connect: Connect, repository: MyProxyServer) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
    with (
        MyProxyClient("localhost", port, timeout=10) as client,
        pytest.raises(errors.ConnectRefusedError) as refused,
    ):
        client.info("tom")
    assert isinstance(refused.value, ConnectionRefusedError)
    assert refused.value.url == f"myproxy://localhost:{port}"
    with MyProxyClient("no-such-host.invalid", timeout=20) as client, pytest.raises(errors.HostNotFoundError):
        client.info("tom")


def test_the_wrong_server(repository: MyProxyServer, user: Credential, grid: Grid) -> None:
    other = MyProxyClient(
        "localhost", repository.port, credential=user, server_subject="/O=Grid/CN=another", timeout=20
    )
    with other, pytest.raises(errors.ServerIdentityError) as wrong:
        other.logon("tom", PHRASE)
    assert grid.host.subject in str(wrong.value)
    right = MyProxyClient(
        "localhost", repository.port, credential=user, server_subject=grid.host.subject, timeout=20
    )
    with right, pytest.raises(NoSuchCredentialError):
        right.logon("not stored", PHRASE)


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        yield listening


def test_a_server_that_says_nothing(listener: socket.socket, user: Credential) -> None:
    client = MyProxyClient(
        "127.0.0.1", listener.getsockname()[1], credential=user, timeout=Timeout(connect=0.3)
    )
    started = time.monotonic()
    with client, pytest.raises(errors.OperationTimeoutError, match="timeout connect") as late:
        client.logon("tom", PHRASE)
    assert isinstance(late.value, TimeoutError)
    assert time.monotonic() - started < 3


def test_what_is_no_myproxy_server(listener: socket.socket, user: Credential) -> None:
    def answer() -> None:
        connection, _ = listener.accept()
        with connection:
            connection.recv(100)
            connection.sendall(b"220 ftp server ready\r\n")
            connection.recv(100)

    thread = threading.Thread(target=answer)
    thread.start()
    client = MyProxyClient("127.0.0.1", listener.getsockname()[1], credential=user, timeout=10)
    with client, pytest.raises(errors.GridError):
        client.info("tom")
    thread.join(10)


def test_a_server_that_hangs_up(listener: socket.socket, user: Credential) -> None:
    thread = threading.Thread(target=lambda: listener.accept()[0].close())
    thread.start()
    client = MyProxyClient("127.0.0.1", listener.getsockname()[1], credential=user, timeout=10)
    with client, pytest.raises(errors.ConnectionLostError):
        client.info("tom")
    thread.join(10)


# ---- many at once ------------------------------------------------------------


def test_many_log_ons_in_threads(client: MyProxyClient) -> None:
    client.init("busy", PHRASE)
    with ThreadPoolExecutor(16) as pool:
        proxies = list(pool.map(lambda _: client.logon("busy", PHRASE), range(16)))
    assert len({proxy.subject for proxy in proxies}) == 16


def test_many_log_ons_in_asyncio(client: MyProxyClient, repository: MyProxyServer, user: Credential) -> None:
    client.init("flock", PHRASE)

    async def main() -> int:
        async with AsyncMyProxyClient("localhost", repository.port, credential=user, timeout=30) as flock:
            proxies = await asyncio.gather(*(flock.logon("flock", PHRASE) for _ in range(16)))
            return len({proxy.subject for proxy in proxies})

    assert asyncio.run(main()) == 16


def test_cancelling_a_task(listener: socket.socket, user: Credential) -> None:
    async def main() -> None:
        async with AsyncMyProxyClient("127.0.0.1", listener.getsockname()[1], credential=user) as client:
            task = asyncio.create_task(client.logon("tom", PHRASE))
            accepted, _ = await asyncio.get_running_loop().run_in_executor(None, listener.accept)
            with accepted:
                task.cancel()
                with pytest.raises(asyncio.CancelledError):
                    await task

    asyncio.run(asyncio.wait_for(main(), 20))


def test_failures_leak_no_descriptors(
    client: MyProxyClient, listener: socket.socket, user: Credential, wait_until: Callable[..., None]
) -> None:
    def fail() -> None:
        with pytest.raises(PassphraseRefusedError):
            client.logon("leaky", "battery staple")
        hasty = MyProxyClient("127.0.0.1", listener.getsockname()[1], credential=user, timeout=0.05)
        with hasty, pytest.raises(errors.OperationTimeoutError):
            hasty.info("leaky")
        listener.accept()[0].close()

    client.init("leaky", PHRASE)
    fail()
    before = len(os.listdir("/proc/self/fd"))
    for _ in range(10):
        fail()
    wait_until(lambda: len(os.listdir("/proc/self/fd")) <= before)


# ---- the objects ------------------------------------------------------------


def test_a_closed_client_is_closed(connect: Connect) -> None:
    client = connect()
    assert repr(client).startswith("<MyProxyClient myproxy://localhost:")
    client.close()
    client.close()
    assert client.closed
    assert repr(client) == "<MyProxyClient closed>"
    with pytest.raises(errors.ClosedError):
        client.info("tom")


def test_the_environment_names_the_server(
    repository: MyProxyServer, user: Credential, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in repository.env.items():
        monkeypatch.setenv(name, value)
    with MyProxyClient(credential=user, timeout=20) as client, pytest.raises(NoSuchCredentialError):
        client.info("never stored")
    monkeypatch.delenv("MYPROXY_SERVER")
    with pytest.raises(ValueError, match="MYPROXY_SERVER"):
        MyProxyClient()
    with pytest.raises(ValueError, match="port"):
        MyProxyClient("localhost", 70000)


def test_errors_pickle(client: MyProxyClient) -> None:
    with pytest.raises(MyProxyError) as caught:
        client.logon("absent", PHRASE)
    copy = pickle.loads(pickle.dumps(caught.value))
    assert type(copy) is type(caught.value)
    assert str(copy) == str(caught.value)


def test_a_reply_that_is_damaged_is_an_error() -> None:
    assert issubclass(MyProxyProtocolError, MyProxyError)
