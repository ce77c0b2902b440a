"""globus_lowlevel.gss_assist: handshakes over sockets, tokens by file, gridmaps, and who may act as whom."""

from __future__ import annotations

import os
import socket
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from tests.lowlevel.gsi.peers import DONE, connect, credential, text

from globus_hl.testgrid import Grid
from globus_lowlevel import GlobusError, gss_assist, gssapi

pytestmark = pytest.mark.usefixtures("nothing_left")
MUTUAL = gssapi.GSS_C_MUTUAL_FLAG
LIMIT = 30


@pytest.fixture
def files() -> Iterator[tuple[Any, Any]]:
    """The ends of a socket, as unbuffered binary files that are read and written."""
    ends = socket.socketpair()
    for end in ends:
        end.settimeout(None)
    opened = tuple(end.makefile("rwb", buffering=0) for end in ends)
    for end in ends:
        end.close()
    yield opened
    for file in opened:
        file.close()


def both(first: Callable[[], Any], second: Callable[[], Any]) -> tuple[Any, Any]:
    """Runs both at once."""
    with ThreadPoolExecutor(2) as pool:
        results = pool.submit(first), pool.submit(second)
        return results[0].result(LIMIT), results[1].result(LIMIT)


def get(file: Any) -> bytes:
    return gss_assist.globus_gss_assist_token_get_fd(file)


def send(file: Any, token: Any, size: int) -> None:
    assert len(token) == size
    gss_assist.globus_gss_assist_token_send_fd(file, token)


# ---- tokens ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("token", [b"hello", b"\0", bytes(range(256)) * 20], ids=len)
def test_a_token_goes_over_a_socket(files: tuple[Any, Any], token: bytes) -> None:
    here, there = files
    gss_assist.globus_gss_assist_token_send_fd(here, token)
    assert get(there) == token
    gss_assist.globus_gss_assist_token_send_fd_ex(there, 0, token)
    assert get(here) == token


def test_a_record_tells_its_own_length(files: tuple[Any, Any]) -> None:
    here, there = files
    record = b"\x17\x03\x03\x00\x05hello"
    gss_assist.globus_gss_assist_token_send_fd_without_length(here, record)
    assert get(there) == record
    gss_assist.globus_gss_assist_token_send_fd_ex(
        here, gss_assist.GLOBUS_GSS_ASSIST_EX_SEND_WITHOUT_LENGTH, record
    )
    assert get(there) == record


@pytest.mark.parametrize(
    "begin", [b"", b"\0\0", b"\0\0\0\x09short", b"\xff\xff\xff\xff", b"\x17\x03\x03\x00\x09short"]
)
def test_a_token_that_is_cut_is_an_error(files: tuple[Any, Any], begin: bytes) -> None:
    here, there = files
    here.write(begin)
    here.close()
    with pytest.raises(GlobusError):
        get(there)


# ---- handshakes --------------------------------------------------------------------------------------------------------


def shake_hands(
    files: tuple[Any, Any], user: Any, host: Any, *, target: str | None, flags: int = MUTUAL
) -> Any:
    here, there = files
    return both(
        lambda: gss_assist.globus_gss_assist_init_sec_context(
            user, None, target, flags, get, here, send, here
        ),
        lambda: gss_assist.globus_gss_assist_accept_sec_context(None, host, 0, get, there, send, there),
    )


def test_loops_shake_hands_and_exchange_messages(grid: Grid, files: tuple[Any, Any]) -> None:
    user, host = credential(grid.user), credential(grid.host)
    (initiator, flags), (acceptor, name, _, user_to_user, delegated) = shake_hands(
        files, user, host, target=grid.host.subject
    )
    assert name == grid.user.subject
    assert flags & MUTUAL
    assert user_to_user == 0
    assert delegated is None
    here, there = files
    for message in (b"hello", bytes(16_000)):  # a record each: a longer one is received in pieces
        _, received = both(
            lambda message=message: gss_assist.globus_gss_assist_wrap_send(
                initiator, message, send, here, None
            ),
            lambda: gss_assist.globus_gss_assist_get_unwrap(acceptor, get, there, None),
        )
        assert received == message


def test_the_loops_delegate(grid: Grid, files: tuple[Any, Any]) -> None:
    user, host = credential(grid.user), credential(grid.host)
    flags = MUTUAL | gssapi.GSS_C_DELEG_FLAG
    _, (_, _, accepted, _, delegated) = shake_hands(files, user, host, target=grid.host.subject, flags=flags)
    assert accepted & gssapi.GSS_C_DELEG_FLAG
    assert text(gssapi.gss_inquire_cred(delegated)[0]) == grid.user.subject


def test_a_status_of_a_token_ends_the_loop(grid: Grid) -> None:
    sent: list[bytes] = []
    with pytest.raises(GlobusError):
        gss_assist.globus_gss_assist_init_sec_context(
            credential(grid.user), None, None, MUTUAL,
            lambda argument: gss_assist.GLOBUS_GSS_ASSIST_TOKEN_EOF, None,
            lambda argument, token, size: sent.append(bytes(token)), None,
        )  # fmt: skip
    assert sent[0][:2] == b"\x16\x03"


def test_steps_without_waiting(grid: Grid) -> None:
    user, host = credential(grid.user), credential(grid.host)
    here = there = answer = None
    status = accepted = None
    for _ in range(10):
        status, here, _, token = gss_assist.globus_gss_assist_init_sec_context_async(
            user, here, grid.host.subject, MUTUAL, answer
        )
        if token:
            accepted, there, name, _, _, answer, _ = gss_assist.globus_gss_assist_accept_sec_context_async(
                there, host, 0, 0, token
            )
        if (status, accepted) == (DONE, DONE):
            break
    assert (status, accepted) == (DONE, DONE)
    assert name in (None, grid.user.subject)
    assert text(gssapi.gss_inquire_context(there)[0]) == grid.user.subject


def test_contexts_are_not_exported(grid: Grid, tmp_path: Path) -> None:
    done = connect(credential(grid.user), credential(grid.host), flags=MUTUAL)
    with (tmp_path / "context").open("w+b") as file, pytest.raises(GlobusError):
        gss_assist.globus_gss_assist_export_sec_context(done.acceptor, file.fileno(), None)
    with (tmp_path / "context").open("rb") as file, pytest.raises(GlobusError):
        gss_assist.globus_gss_assist_import_sec_context(file.fileno(), None)


def test_restrictions_are_handled() -> None:
    assert gss_assist.globus_gss_assist_will_handle_restrictions(None) is not None


# ---- credentials and texts --------


def test_credentials_are_acquired(grid: Grid) -> None:
    acquired = gss_assist.globus_gss_assist_acquire_cred(gssapi.GSS_C_BOTH)
    assert text(gssapi.gss_inquire_cred(acquired)[0]) == grid.user.subject
    acquired, mechanisms, lifetime = gss_assist.globus_gss_assist_acquire_cred_ext(
        None, 0, None, gssapi.GSS_C_BOTH
    )
    assert text(gssapi.gss_inquire_cred(acquired)[0]) == grid.user.subject
    assert mechanisms
    assert 0 < lifetime <= 12 * 3600
    with pytest.raises(GlobusError):
        gss_assist.globus_gss_assist_acquire_cred_ext("no name", 0, None, gssapi.GSS_C_BOTH)


def test_a_proxy_without_its_end_entity_is_not_acquired(
    grid: Grid, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pem, end = grid.user.proxy.read_bytes(), grid.user.cert.read_bytes()
    headless = tmp_path / "proxy"
    headless.touch(mode=0o600)
    headless.write_bytes(pem.replace(end, b""))
    monkeypatch.setenv("X509_USER_PROXY", str(headless))
    for call, words in (
        (gss_assist.globus_gss_assist_acquire_cred, (gssapi.GSS_C_BOTH,)),
        (gss_assist.globus_gss_assist_acquire_cred_ext, (None, 0, None, gssapi.GSS_C_BOTH)),
    ):
        with pytest.raises(GlobusError, match="before the certificate of the end entity"):
            call(*words)


def test_virtual_hosts_have_a_directory_of_credentials(grid: Grid, tmp_path: Path) -> None:
    assert gss_assist.globus_gss_assist_read_vhost_cred_dir(tmp_path) == []
    (tmp_path / "localhost").mkdir()
    for name, source in (("hostcert.pem", grid.host.cert), ("hostkey.pem", grid.host.key)):
        path = tmp_path / "localhost" / name
        path.touch(mode=0o600)
        path.write_bytes(source.read_bytes())
    (found,) = gss_assist.globus_gss_assist_read_vhost_cred_dir(tmp_path)
    assert text(gssapi.gss_inquire_cred(found)[0]) == grid.host.subject
    with pytest.raises(GlobusError, match="cannot be read"):
        gss_assist.globus_gss_assist_read_vhost_cred_dir(tmp_path / "none")


def test_a_host_has_a_name_for_authorization() -> None:
    name = gss_assist.globus_gss_assist_authorization_host_name("localhost")
    host = gssapi.gss_import_name(b"host@localhost", gssapi.GSS_C_NT_HOSTBASED_SERVICE)
    assert gssapi.gss_compare_name(name, host)


def test_statuses_are_displayed(tmp_path: Path) -> None:
    said = gss_assist.globus_gss_assist_display_status_str("my comment", gssapi.GSS_S_NO_CRED, None, 0)
    assert said.startswith("my comment")
    with pytest.raises(GlobusError) as raised:
        gssapi.gss_import_cred(None, 0, b"none", 0)
    said = gss_assist.globus_gss_assist_display_status_str(None, gssapi.GSS_S_FAILURE, raised.value, 0)
    assert raised.value.chain[0].message in said
    with (tmp_path / "said").open("w+") as file:
        gss_assist.globus_gss_assist_display_status(file, "to a file", gssapi.GSS_S_NO_CRED, None, 0)
        file.flush()
    assert "to a file" in (tmp_path / "said").read_text()


# ---- the gridmap --------


@pytest.fixture
def gridmap(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "grid-mapfile"
    path.write_text(
        '# a comment\n'
        '"/O=Grid/CN=Alice" alice,admin\n'
        '\n'
        '"/O=Grid/CN=Bob \\"the\\" Builder" bob\n'
        '"/O=Grid/CN=Alice Two" alice\n'
        '/O=Grid/CN=Unquoted carol\n'
    )  # fmt: skip
    monkeypatch.setenv("GRIDMAP", str(path))
    return path


@pytest.mark.parametrize(
    ("name", "user"),
    [
        ("/O=Grid/CN=Alice", "alice"),
        ("/O=Grid/CN=Alice Two", "alice"),
        ('/O=Grid/CN=Bob "the" Builder', "bob"),
        ("/O=Grid/CN=Unquoted", "carol"),
    ],
)
def test_a_name_is_mapped_to_its_first_user(gridmap: Path, name: str, user: str) -> None:
    assert gss_assist.globus_gss_assist_gridmap(name) == user
    gss_assist.globus_gss_assist_userok(name, user)


def test_a_name_may_act_as_its_users_only(gridmap: Path) -> None:
    gss_assist.globus_gss_assist_userok("/O=Grid/CN=Alice", "admin")
    for name, user in (
        ("/O=Grid/CN=Alice", "bob"),
        ("/O=Grid/CN=Nobody", "alice"),
        ("/O=Grid/CN=Alice Two", "admin"),
    ):
        with pytest.raises(GlobusError, match="does not map"):
            gss_assist.globus_gss_assist_userok(name, user)
    for name in ("/O=Grid/CN=Nobody", "/O=Grid", ""):
        with pytest.raises(GlobusError):
            gss_assist.globus_gss_assist_gridmap(name)


def test_users_are_looked_up(gridmap: Path) -> None:
    assert gss_assist.globus_gss_assist_map_local_user("bob") == '/O=Grid/CN=Bob "the" Builder'
    assert gss_assist.globus_gss_assist_lookup_all_globusid("alice") == [
        "/O=Grid/CN=Alice",
        "/O=Grid/CN=Alice Two",
    ]
    with pytest.raises(GlobusError, match="dave"):
        gss_assist.globus_gss_assist_map_local_user("dave")


def test_without_a_gridmap_nobody_is_mapped(gridmap: Path) -> None:
    gridmap.unlink()
    for call, words in (
        (gss_assist.globus_gss_assist_gridmap, ("/O=Grid/CN=Alice",)),
        (gss_assist.globus_gss_assist_userok, ("/O=Grid/CN=Alice", "alice")),
        (gss_assist.globus_gss_assist_map_local_user, ("alice",)),
    ):
        with pytest.raises(GlobusError):
            call(*words)


def test_a_peer_is_mapped_and_authorized(grid: Grid, gridmap: Path) -> None:
    done = connect(credential(grid.user), credential(grid.host), flags=MUTUAL)
    authorize = gss_assist.globus_gss_assist_map_and_authorize
    with pytest.raises(GlobusError):
        authorize(done.acceptor, "file", None)
    gridmap.write_text(f'"{grid.user.subject}" first,second\n')
    assert authorize(done.acceptor, "file", None) == "first"
    assert authorize(done.acceptor, "file", "second") == "second"
    with pytest.raises(GlobusError):
        authorize(done.acceptor, "file", "third")


def test_sharing_wants_the_certificate_of_who_shares(grid: Grid, gridmap: Path) -> None:
    done = connect(credential(grid.user), credential(grid.host), flags=MUTUAL)
    gridmap.write_text(f'"{grid.user.subject}" first\n')
    with pytest.raises(GlobusError):
        gss_assist.globus_gss_assist_map_and_authorize_sharing("no certificate", done.acceptor, None)


def test_threads_map_at_once(gridmap: Path) -> None:
    seen: list[str] = []
    threads = [
        threading.Thread(target=lambda: seen.append(gss_assist.globus_gss_assist_gridmap("/O=Grid/CN=Alice")))
        for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(LIMIT)
    assert seen == ["alice"] * 8
    assert os.environ["GRIDMAP"] == str(gridmap)
