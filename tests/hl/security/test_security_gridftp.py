"""Credentials as objects, at work: GridFTP with what this package made."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from globus_hl import errors, gridftp, security
from globus_hl.security import CertificateType, Credential, create_proxy
from globus_hl.security import errors as faults


@pytest.fixture
def grid_user(grid: Any) -> Credential:
    return Credential.from_files(grid.user.cert, grid.user.key)


@pytest.mark.parametrize(
    "how",
    [
        {},
        {"limited": True},
        {"bits": 3072},
        {"proxy_type": CertificateType.DRAFT},
        {"proxy_type": CertificateType.LEGACY},
    ],
    ids=str,
)
def test_proxies_log_in(
    grid: Any, gridftp_server: Any, grid_user: Credential, tmp_path: Path, how: Any
) -> None:
    """Into a server of the toolkit, with data-channel authentication, which delegates."""
    proxy = create_proxy(grid_user, **how)
    source = tmp_path / "source"
    source.write_bytes(b"content")
    url = f"{gridftp_server.url}/{tmp_path.name}"
    with gridftp.Client(credential=proxy, timeout=40) as client:
        client.put(source, url)
        client.get(url, tmp_path / "back")
        client.remove(url)
    assert (tmp_path / "back").read_bytes() == b"content"


def test_a_bare_user_logs_in(grid: Any, gridftp_server: Any, grid_user: Credential) -> None:
    with gridftp.Client(credential=grid_user, timeout=40) as client:
        assert client.exists(gridftp_server.url + "/")


def test_the_server_knows_an_independent_proxy_by_its_own_name(
    grid: Any, gridftp_server: Any, grid_user: Credential
) -> None:
    independent = create_proxy(grid_user, proxy_type=CertificateType.RFC_INDEPENDENT)
    with (
        gridftp.Client(credential=independent, timeout=40) as client,
        pytest.raises(errors.LoginRefusedError),
    ):
        client.exists(gridftp_server.url + "/")


@pytest.mark.parametrize("content", [None, b"no proxy"])
def test_paths_that_are_no_credential(grid: Any, tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "proxy"
    if content is not None:
        path.write_bytes(content)
        path.chmod(0o600)
    with pytest.raises(errors.CredentialError) as caught:
        gridftp.Client(credential=path)
    wanted = faults.CredentialNotFoundError if content is None else faults.NotACertificateError
    assert type(caught.value) is wanted and caught.value.path == str(path)


def test_commands_of_the_toolkit(
    grid: Any, gridftp_server: Any, grid_user: Credential, tmp_path: Path, run: Any
) -> None:
    path = create_proxy(grid_user).save(tmp_path / "proxy")
    (tmp_path / "a").write_bytes(b"content")
    environment = os.environ | grid.env | {"X509_USER_PROXY": str(path)}
    url = f"{gridftp_server.url}/{tmp_path.name}"
    run("globus-url-copy", f"file://{tmp_path}/a", url, env=environment)
    run("globus-url-copy", url, f"file://{tmp_path}/b", env=environment)
    assert (tmp_path / "b").read_bytes() == b"content"
    assert security.verify(security.certificates(path.read_bytes())).text == grid_user.subject
