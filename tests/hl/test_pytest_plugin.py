"""The fixtures that other projects get, in runs of pytest of their own."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

pytest_plugins = ["pytester"]

# How this package happens to be installed here, which is nothing that its users see
EDITABLE = (
    "ignore:Module already imported so cannot be rewritten; _editable_:pytest.PytestAssertRewriteWarning"
)


@pytest.fixture
def run(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> Callable[..., pytest.RunResult]:
    """Runs pytest, as in another project, on a test module; warnings are errors."""
    for name in [name for name in os.environ if name.startswith(("X509_", "GLOBUS_", "GRIDMAP", "GSI_"))]:
        monkeypatch.delenv(name)

    def run(source: str, *arguments: str, ini: str = "") -> pytest.RunResult:
        pytester.makeini(f"[pytest]\nfilterwarnings =\n    error\n    {EDITABLE}\n{ini}")
        pytester.makepyfile(source)
        return pytester.runpytest_subprocess("-p", "no:cacheprovider", *arguments, timeout=50)

    return run


def test_every_fixture(run: Callable[..., pytest.RunResult]) -> None:
    result = run(
        """
        import os, subprocess

        def test_all(grid, gridftp_server, myproxy_server, gram_gatekeeper, gass_server, tmp_path):
            assert os.environ["X509_CERT_DIR"] == str(grid.trust_directory)
            (gridftp_server.root / "a").write_text("hello")
            for url in (gridftp_server.url, gass_server.url):
                subprocess.run(["globus-url-copy", gridftp_server.url + "/a", url + "/b"], check=True)
            assert (gass_server.root / "b").read_text() == "hello"
            subprocess.run(["globusrun", "-a", "-r", gram_gatekeeper.contact], check=True)
            env = os.environ | myproxy_server.env
            pair = ["-C", grid.user.cert, "-y", grid.user.key]
            subprocess.run(["myproxy-init", "-n", "-Z", "*", "-l", "me", *pair], check=True, env=env)
        """
    )
    result.assert_outcomes(passed=1)


def test_options(run: Callable[..., pytest.RunResult]) -> None:
    result = run(
        """
        from pathlib import Path

        def test_all(gridftp_server, myproxy_server, gass_server):
            assert gridftp_server.ftp_url.startswith("ftp://")
            assert "-encrypt-data" in Path(f"/proc/{gridftp_server.pid}/cmdline").read_text()
            assert myproxy_server.options["max_proxy_lifetime"] == "1"
            assert myproxy_server.options["accepted_credentials"] == "/O=Grid *"
            assert "certificate_issuer_key" in myproxy_server.options
            assert gass_server.url.startswith("http://")
        """,
        ini="""
gridftp_security = anonymous
gridftp_options = -encrypt-data
myproxy_ca = true
myproxy_options =
    max_proxy_lifetime 1
    accepted_credentials "/O=Grid *"
gass_secure = false
""",
    )
    result.assert_outcomes(passed=1)


SCOPED = """
    seen = []

    def test_one(grid):
        seen.append(grid)

    def test_other(grid):
        assert len(seen) == 1
        assert (seen[0] is grid) == {same}
        assert seen[0].directory.exists() == {same}
    """


@pytest.mark.parametrize(
    ("arguments", "ini", "same"),
    [
        ((), "", True),
        ((), "grid_scope = function", False),
        (("--grid-scope=function",), "grid_scope = module", False),
    ],
    ids=["default", "ini", "command line"],
)
def test_scope(
    run: Callable[..., pytest.RunResult], arguments: tuple[str, ...], ini: str, same: bool
) -> None:
    run(SCOPED.format(same=same), *arguments, ini=ini).assert_outcomes(passed=2)


def test_a_wrong_scope_is_told(run: Callable[..., pytest.RunResult]) -> None:
    result = run("def test(grid): pass", ini="grid_scope = forever")
    assert result.ret != 0
    assert "session, package, module, class, function" in result.stdout.str() + result.stderr.str()


def test_others_pay_nothing(run: Callable[..., pytest.RunResult]) -> None:
    result = run(
        """
        import sys

        def test_modules():
            assert "globus_hl.pytest_plugin" in sys.modules
            for name in ("globus_hl.testgrid", "globus_lowlevel", "cryptography"):
                assert name not in sys.modules
        """
    )
    result.assert_outcomes(passed=1)


def test_the_fixtures_are_listed_with_what_they_are(run: Callable[..., pytest.RunResult]) -> None:
    text = run("", "--fixtures").stdout.str()
    for name in ("grid", "gridftp_server", "myproxy_server", "gram_gatekeeper", "gass_server"):
        assert f"{name} [" in text
    assert "A GridFTP server; see" in text


def test_a_missing_server_names_its_package(
    run: Callable[..., pytest.RunResult], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", os.path.dirname(sys.executable))
    result = run(
        """
        from globus_hl.testgrid import programs
        programs.SBIN = ()

        def test(gridftp_server): pass
        """
    )
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["*MissingProgramError*apt-get install globus-gridftp-server-progs*"])
