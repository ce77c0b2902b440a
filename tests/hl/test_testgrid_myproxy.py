"""The grid's MyProxy servers, by the stock clients."""

from __future__ import annotations

import contextlib
import re
import socket
from typing import TYPE_CHECKING

import pytest

from globus_hl.testgrid import Grid, MyProxyServer, TestGridError
from globus_hl.testgrid.gridftp import account

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.hl.conftest import Stock

    Wait = Callable[[Callable[[], object]], None]

PASSPHRASE = "correct horse\n"


@pytest.fixture(scope="module")
def server(grid: Grid) -> MyProxyServer:
    return grid.myproxy


@pytest.fixture(scope="module")
def authority(grid: Grid) -> MyProxyServer:
    return grid.start_myproxy(ca=True)


def pair(grid: Grid) -> tuple[object, ...]:
    return ("-C", grid.user.cert, "-y", grid.user.key)


def store(stock: Stock, grid: Grid, server: MyProxyServer, name: str, *options: object) -> None:
    stock("myproxy-init", "-S", "-l", name, *pair(grid), *options, given=PASSPHRASE, env=server.env)


def identity(stock: Stock, proxy: Path) -> str:
    return stock("grid-proxy-info", "-file", proxy, "-identity").strip()


def test_store_log_on_and_destroy(stock: Stock, grid: Grid, server: MyProxyServer, tmp_path: Path) -> None:
    store(stock, grid, server, "tom")
    assert f"username: tom\nowner: {grid.user.subject}" in stock("myproxy-info", "-l", "tom", env=server.env)
    got = tmp_path / "got"
    stock("myproxy-logon", "-S", "-l", "tom", "-o", got, given=PASSPHRASE, env=server.env)
    assert identity(stock, got) == grid.user.subject
    stock("myproxy-destroy", "-l", "tom", env=server.env)
    why = stock.refused("myproxy-logon", "-S", "-l", "tom", "-o", got, given=PASSPHRASE, env=server.env)
    assert 'No credentials exist for username "tom"' in why


def test_log_on_without_any_credential(
    stock: Stock, grid: Grid, server: MyProxyServer, tmp_path: Path
) -> None:
    store(stock, grid, server, "anna")
    got, env = tmp_path / "got", server.env | {"X509_USER_PROXY": str(tmp_path / "none")}
    stock("myproxy-logon", "-S", "-l", "anna", "-o", got, given=PASSPHRASE, env=env)
    assert identity(stock, got) == grid.user.subject


def test_a_wrong_passphrase_is_refused_and_logged(
    stock: Stock, grid: Grid, server: MyProxyServer, tmp_path: Path, wait_until: Wait
) -> None:
    store(stock, grid, server, "eve")
    why = stock.refused(
        "myproxy-logon", "-S", "-l", "eve", "-o", tmp_path / "got", given="battery staple\n", env=server.env
    )
    assert "invalid credential passphrase" in why
    wait_until(lambda: "invalid credential passphrase" in server.log.read_text())


def test_the_store_is_the_servers_own(stock: Stock, grid: Grid, server: MyProxyServer) -> None:
    store(stock, grid, server, "sam")
    assert {f"sam.{kind}" for kind in ("creds", "data")} <= {path.name for path in server.store.iterdir()}


def test_log_on_without_a_passphrase(stock: Stock, grid: Grid, server: MyProxyServer, tmp_path: Path) -> None:
    stock("myproxy-init", "-n", "-Z", "*", "-l", "zoe", *pair(grid), env=server.env)
    stock("myproxy-logon", "-n", "-l", "zoe", "-o", tmp_path / "got", env=server.env)
    assert identity(stock, tmp_path / "got") == grid.user.subject


def test_renewal(stock: Stock, grid: Grid, server: MyProxyServer, tmp_path: Path) -> None:
    stock("myproxy-init", "-A", "-l", "ren", *pair(grid), env=server.env)
    stock("myproxy-logon", "-a", grid.user.proxy, "-l", "ren", "-o", tmp_path / "got", env=server.env)
    assert identity(stock, tmp_path / "got") == grid.user.subject


def test_trust_roots(stock: Stock, grid: Grid, server: MyProxyServer, tmp_path: Path) -> None:
    stock("myproxy-get-trustroots", "-b", env=server.env | {"X509_CERT_DIR": str(tmp_path / "roots")})
    got = {path.name for path in (tmp_path / "roots").iterdir()}
    assert {f"{grid.ca.hashes[0]}.0", f"{grid.ca.hashes[0]}.signing_policy"} <= got


def test_policies_change_while_it_runs(stock: Stock, grid: Grid, tmp_path: Path, wait_until: Wait) -> None:
    with grid.start_myproxy(options={"max_proxy_lifetime": "1"}) as server:
        store(stock, grid, server, "max")
        logon = ("myproxy-logon", "-S", "-l", "max", "-o", tmp_path / "got")
        stock(*logon, given=PASSPHRASE, env=server.env)
        left = int(stock("grid-proxy-info", "-file", tmp_path / "got", "-timeleft"))
        assert 0 < left <= 3600
        server.configure(authorized_retrievers="/O=Nobody", max_proxy_lifetime=None)
        assert "max_proxy_lifetime" not in server.options
        stock.refused(*logon, given=PASSPHRASE, env=server.env)
        wait_until(lambda: "authorization failed" in server.log.read_text())


def test_an_authority_issues_certificates(
    stock: Stock, grid: Grid, authority: MyProxyServer, tmp_path: Path
) -> None:
    got, subject = tmp_path / "got", f"{grid.ca.namespace}/CN=Issued to Ines"
    authority.issue(subject, "ines")
    stock("myproxy-logon", "-n", "-l", "ines", "-o", got, env=authority.env)
    assert identity(stock, got) == subject
    stock("openssl", "verify", "-CAfile", grid.ca.cert, got)


def test_an_authority_makes_the_grids_user(
    stock: Stock, grid: Grid, authority: MyProxyServer, tmp_path: Path
) -> None:
    got = tmp_path / "got"
    stock("myproxy-logon", "-n", "-o", got, env=authority.env | {"LOGNAME": account()})
    (grid.gridftp.root / "issued").write_text("to the user")
    url = f"{grid.gridftp.url}/issued"
    stock("globus-url-copy", url, (tmp_path / "copy").as_uri(), env={"X509_USER_PROXY": str(got)})
    assert (tmp_path / "copy").read_text() == "to the user"


def test_an_authority_knows_no_others(stock: Stock, authority: MyProxyServer, tmp_path: Path) -> None:
    why = stock.refused(
        "myproxy-logon", "-n", "-l", "nobody-there", "-o", tmp_path / "got", env=authority.env
    )
    assert re.search("no credentials|error|unknown", why, re.IGNORECASE)
    assert not (tmp_path / "got").exists()


def test_an_authority_is_also_a_repository(stock: Stock, grid: Grid, authority: MyProxyServer) -> None:
    store(stock, grid, authority, "both")
    assert "username: both" in stock("myproxy-info", "-l", "both", env=authority.env)


def test_the_environment_names_the_default_server(grid: Grid, server: MyProxyServer) -> None:
    assert grid.env["MYPROXY_SERVER"] == "localhost"
    assert grid.env["MYPROXY_SERVER_PORT"] == str(server.port)


def test_the_default_server_comes_back_after_a_stop() -> None:
    with Grid() as grid:
        first = grid.myproxy
        first.stop()
        assert "MYPROXY_SERVER" not in grid.env
        assert grid.myproxy is not first
        assert grid.myproxy.running


def test_a_session_ends_with_the_server(grid: Grid) -> None:
    with grid.start_myproxy() as server, socket.create_connection(("127.0.0.1", server.port), 10) as session:
        server.stop()
        session.settimeout(10)
        with contextlib.suppress(ConnectionResetError):  # as good an end: the server had not accepted it yet
            assert session.recv(1) == b""


def test_wrong_options_are_told(grid: Grid) -> None:
    with pytest.raises(TestGridError, match=r"unknown directive \(no_such_option\)"):
        grid.start_myproxy(options={"no_such_option": "1"})


def test_an_unsafe_policy_is_refused_and_changes_nothing(grid: Grid, server: MyProxyServer) -> None:
    before = dict(server.options)
    with pytest.raises(TestGridError, match="unsafe policy"):
        server.configure(default_trusted_retrievers="*")
    assert server.options == before
