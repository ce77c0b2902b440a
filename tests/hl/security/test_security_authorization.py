"""Which account the peer of a context gets."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from globus_hl.security import PROTECTION, Credential, Flag, SecurityContext, authorize, create_proxy
from globus_hl.security import errors as faults


@pytest.fixture
def site(tmp_path: Path, trusted: Any, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A site without callouts; its grid-mapfile."""
    monkeypatch.setenv("GSI_AUTHZ_CONF", str(tmp_path / "no-callouts"))
    monkeypatch.setenv("GRIDMAP", str(tmp_path / "grid-mapfile"))
    return tmp_path / "grid-mapfile"


def acceptor_of(credential: Credential | None, host: Credential) -> SecurityContext:
    flags = PROTECTION if credential else PROTECTION | Flag.ANONYMOUS
    initiator = SecurityContext.initiate(None, credential=credential, flags=flags)
    acceptor = SecurityContext.accept(credential=host, flags=PROTECTION & ~Flag.MUTUAL)
    token = initiator.step()
    while token:
        token = acceptor.step(token)
        token = initiator.step(token) if token else b""
    return acceptor


def test_the_grid_mapfile_decides(site: Path, user: Credential, proxy: Credential) -> None:
    acceptor = acceptor_of(proxy, user)
    with pytest.raises(faults.NotMappedError) as caught:
        authorize(acceptor)
    assert caught.value.subject == user.subject
    site.write_text(f'"{user.subject}" jo,shared\n')
    assert authorize(acceptor) == "jo"
    assert authorize(acceptor, account="shared") == "shared"
    with pytest.raises(faults.NotMappedError, match="root"):
        authorize(acceptor, account="root")


def test_an_independent_proxy_is_itself(site: Path, user: Credential) -> None:
    from globus_hl.security import CertificateType

    site.write_text(f'"{user.subject}" jo\n')
    independent = create_proxy(user, proxy_type=CertificateType.RFC_INDEPENDENT)
    with pytest.raises(faults.NotMappedError) as caught:
        authorize(acceptor_of(independent, user))
    assert caught.value.subject == independent.subject


def test_nobody_has_no_account(site: Path, user: Credential) -> None:
    site.write_text(f'"{user.subject}" jo\n')
    with pytest.raises(faults.NotMappedError, match="anonymous"):
        authorize(acceptor_of(None, user))


def test_before_the_handshake(user: Credential, trusted: Any) -> None:
    with pytest.raises(faults.ContextStateError):
        authorize(SecurityContext.accept(credential=user))
