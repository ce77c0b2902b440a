"""globus_lowlevel.ftp_client against a server with GSI: who logs in, who is expected, and how the data go."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.lowlevel.ftp_client.peers import Dialogue, fetch, finish, store, with_plugin

from globus_hl.testgrid import Grid
from globus_lowlevel import GlobusError, ftp_client, ftp_control, gssapi

DATA = b"a secret" * 1000


@pytest.fixture
def file(grid: Grid) -> Path:
    path = Path(grid.gridftp.root) / "secret.dat"
    path.write_bytes(DATA)
    return path


@pytest.fixture
def safe_url(grid: Grid) -> Callable[[str], str]:
    return lambda name: f"{grid.gridftp.url}/{name}"


def authorize(attr: Any, credential: Any = None, *others: str | None) -> Any:
    words = [*others, *[None] * (4 - len(others))]
    ftp_client.globus_ftp_client_operationattr_set_authorization(attr, credential, *words)
    return attr


def proxy() -> Any:
    return gssapi.gss_acquire_cred(None, 0, None, gssapi.GSS_C_INITIATE)[0]


# ---- who logs in --------------------------------------------------------------------------------------------------


def test_a_credential_logs_in(file: Path, safe_url: Any, handle: Any, attr: Any) -> None:
    assert fetch(handle, safe_url(file.name), None) == DATA  # that of the environment
    authorize(attr, proxy(), ":globus-mapping:", "")
    assert fetch(handle, safe_url(file.name), attr) == DATA


def test_the_server_is_expected(grid: Grid, file: Path, safe_url: Any, handle: Any, attr: Any) -> None:
    authorize(attr, None, ":globus-mapping:", "", None, grid.host.subject)
    assert fetch(handle, safe_url(file.name), attr) == DATA
    authorize(attr, None, ":globus-mapping:", "", None, grid.user.subject)
    with pytest.raises(GlobusError):
        fetch(handle, safe_url(file.name), attr)


def test_a_stranger_is_refused(grid: Grid, file: Path, safe_url: Any, handle: Any, attr: Any) -> None:
    stranger = grid.add_user("A stranger to the server", mapped=False)
    credential = gssapi.gss_import_cred(None, gssapi.GSS_IMPEXP_OPAQUE_FORM, stranger.proxy.read_bytes(), 0)[
        0
    ]
    with pytest.raises(GlobusError) as raised:
        fetch(handle, safe_url(file.name), authorize(attr, credential, ":globus-mapping:", ""))
    assert ftp_client.globus_error_ftp_error_get_code(raised.value) == 530


def test_a_password_logs_in(with_passwords: Any, handle: Any, attr: Any) -> None:
    (Path(with_passwords.root) / "mine.dat").write_bytes(DATA)
    url = f"ftp://{with_passwords.contact}{with_passwords.root}/mine.dat"
    authorize(attr, None, with_passwords.user, with_passwords.password)
    assert fetch(handle, url, attr) == DATA
    authorize(attr, None, with_passwords.user, "wrong")
    with pytest.raises(GlobusError) as raised:
        fetch(handle, url, attr)
    assert ftp_client.globus_error_ftp_error_get_code(raised.value) == 530


# ---- how the data go ----------------------------------------------------------------------------------------------


def conversation() -> tuple[Dialogue, Any]:
    dialogue = Dialogue(
        ftp_client.globus_ftp_client_plugin_set_get_func, ftp_client.globus_ftp_client_plugin_set_put_func
    )
    return dialogue, with_plugin(dialogue.plugin)


@pytest.mark.parametrize(("level", "letter"), [("CLEAR", "C"), ("SAFE", "S"), ("PRIVATE", "P")])
def test_data_are_protected(file: Path, safe_url: Any, attr: Any, level: str, letter: str) -> None:
    dialogue, handle = conversation()
    protection = getattr(ftp_control, f"GLOBUS_FTP_CONTROL_PROTECTION_{level}")
    ftp_client.globus_ftp_client_operationattr_set_data_protection(attr, protection)
    assert fetch(handle, safe_url(file.name), attr) == DATA
    store(handle, safe_url("stored.dat"), attr, DATA)
    assert file.with_name("stored.dat").read_bytes() == DATA
    assert set(dialogue.said("PROT")) <= {f"PROT {letter}"}
    assert dialogue.said("PROT") or letter == "C"


@pytest.mark.parametrize("mode", ["NONE", "SELF", "SUBJECT"])
def test_data_channels_are_authenticated(grid: Grid, file: Path, safe_url: Any, attr: Any, mode: str) -> None:
    dialogue, handle = conversation()
    dcau = ftp_control.globus_ftp_control_dcau_t(mode=getattr(ftp_control, f"GLOBUS_FTP_CONTROL_DCAU_{mode}"))
    if mode == "SUBJECT":
        dcau.subject.subject = grid.user.subject
    ftp_client.globus_ftp_client_operationattr_set_dcau(attr, dcau)
    assert fetch(handle, safe_url(file.name), attr) == DATA
    expected = {"NONE": "DCAU N", "SELF": "DCAU A", "SUBJECT": f"DCAU S {grid.user.subject}"}[mode]
    assert set(dialogue.said("DCAU")) <= {expected}
    assert dialogue.said("DCAU") or mode == "SELF"  # which the protocol begins with


def test_a_data_channel_of_somebody_else_is_refused(
    file: Path, safe_url: Any, handle: Any, attr: Any
) -> None:
    dcau = ftp_control.globus_ftp_control_dcau_t(mode=ftp_control.GLOBUS_FTP_CONTROL_DCAU_SUBJECT)
    dcau.subject.subject = "/O=Grid/CN=Somebody Else"
    ftp_client.globus_ftp_client_operationattr_set_dcau(attr, dcau)
    with pytest.raises(GlobusError):
        fetch(handle, safe_url(file.name), attr)


@pytest.mark.parametrize("kind", ["P", "D"])
def test_data_channels_have_their_own_credential(
    grid: Grid, file: Path, safe_url: Any, attr: Any, kind: str
) -> None:
    """DCSC: the server shows what the client gives it, or its default."""
    dialogue, handle = conversation()
    credential = proxy() if kind == "P" else None
    ftp_client.globus_ftp_client_operationattr_set_data_security(attr, ord(kind), credential)
    assert fetch(handle, safe_url(file.name), attr) == DATA
    assert [words.split()[1] for words in dialogue.said("DCSC")] == [kind]


def test_commands_are_encrypted(file: Path, safe_url: Any, handle: Any, attr: Any) -> None:
    ftp_client.globus_ftp_client_operationattr_set_control_protection(
        attr, ftp_control.GLOBUS_FTP_CONTROL_PROTECTION_PRIVATE
    )
    assert finish(ftp_client.globus_ftp_client_size, handle, safe_url(file.name), attr) == len(DATA)
