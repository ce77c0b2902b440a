"""``pyglobus proxy`` in the place of grid-proxy-init, -info and -destroy: same options, output and exit codes."""

from __future__ import annotations

import json
import os
import pty
import re
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from globus_hl import security
from globus_hl.security import CertificateType, Credential, create_proxy

Result = subprocess.CompletedProcess[str]


@pytest.fixture
def environment(tmp_path: Path, trust: Any) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("X509_", "GLOBUS_"))}
    return kept | {"X509_USER_PROXY": str(tmp_path / "proxy"), "X509_CERT_DIR": str(trust.directory)}


@pytest.fixture
def proxy_command(environment: dict[str, str]) -> Callable[..., Result]:
    def call(*arguments: object, **options: Any) -> Result:
        words = [sys.executable, "-m", "globus_hl.cli.pyglobus", "proxy", *map(str, arguments)]
        return subprocess.run(
            words, capture_output=True, text=True, timeout=50, check=False, **{"env": environment, **options}
        )

    return call


def original(program: str, environment: dict[str, str], *arguments: object) -> Result:
    return subprocess.run(
        [program, *map(str, arguments)],
        capture_output=True,
        text=True,
        timeout=50,
        check=False,
        env=environment,
    )


# ---- init ------------------------------------------------------------------------------------------------------------


def test_init(proxy_command: Any, authority: Any, environment: dict[str, str]) -> None:
    issued = authority.issue("Jo")
    done = proxy_command(
        "init", "-cert", issued.cert_path, "-key", issued.key_path, "-verify", "-valid", "2:30"
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith(f"Your identity: {authority.space}/CN=Jo\n")
    assert "Proxy Verify OK" in done.stdout and "Your proxy is valid until: " in done.stdout
    path = Path(environment["X509_USER_PROXY"])
    proxy = Credential.load(path)
    assert proxy.type is CertificateType.RFC and 8900 < proxy.time_left <= 9000
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert original("grid-proxy-info", environment, "-exists", "-valid", "2:00").returncode == 0


@pytest.mark.parametrize(
    ("options", "kind"),
    [
        (["-old"], CertificateType.LEGACY),
        (["-old", "-limited"], CertificateType.LEGACY_LIMITED),
        (["-draft", "-independent"], CertificateType.DRAFT_INDEPENDENT),
        (["--limited"], CertificateType.RFC_LIMITED),
        (["-rfc", "-curve", "P-256", "-path-length", "3"], CertificateType.RFC),
    ],
    ids=str,
)
def test_types_and_keys(
    proxy_command: Any, authority: Any, tmp_path: Path, options: list[str], kind: Any
) -> None:
    issued, out = authority.issue("Jo"), tmp_path / "out"
    done = proxy_command(
        "init", "-q", "-cert", issued.cert_path, "-key", issued.key_path, "-out", out, *options
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    proxy = Credential.load(out)
    assert proxy.type is kind
    assert proxy.path_length == (3 if "-path-length" in options else None)
    assert proxy.key.kind == ("EC" if "-curve" in options else "RSA")


def test_a_policy(proxy_command: Any, authority: Any, tmp_path: Path) -> None:
    issued, policy = authority.issue("Jo"), tmp_path / "policy"
    policy.write_bytes(b"only this\n")
    files = ["-cert", issued.cert_path, "-key", issued.key_path]
    assert proxy_command("init", "-q", *files, "-policy", policy, "-pl", "1.2.3").returncode == 0
    proxy = Credential.load(tmp_path / "proxy")
    assert (proxy.policy, proxy.policy_language) == (b"only this\n", "1.2.3")


def test_a_proxy_from_a_proxy(
    proxy_command: Any, proxy: Credential, environment: dict[str, str], tmp_path: Path
) -> None:
    Credential.from_pem(proxy.to_pem()).save(environment["X509_USER_PROXY"])
    done = proxy_command("init", "--from-proxy", "--out", tmp_path / "second", "--json")
    assert done.returncode == 0, done.stderr
    facts = json.loads(done.stdout)
    second = Credential.load(facts["path"])
    assert second.issuer == proxy.subject and second.identity == facts["identity"] == proxy.identity
    assert second.not_after <= proxy.not_after


@pytest.mark.parametrize("way", ["stdin", "fd", "file", "terminal"])
def test_passphrases(
    proxy_command: Any, authority: Any, environment: dict[str, str], tmp_path: Path, way: str
) -> None:
    issued = authority.issue("Jo")
    arguments = ["init", "-cert", issued.cert_path, "-key", issued.encrypted_key(b"geheim")]
    secret = tmp_path / "secret"
    secret.write_text("geheim\n")
    if way == "stdin":
        done = proxy_command(*arguments, "-pwstdin", input="geheim\n")
    elif way == "file":
        done = proxy_command(*arguments, "-passphrase-file", secret)
    elif way == "fd":
        with secret.open("rb") as file:
            done = proxy_command(*arguments, "-passphrase-fd", file.fileno(), pass_fds=[file.fileno()])
    else:
        assert _at_a_terminal([*map(str, arguments)], environment, b"geheim\n") == 0
        done = None
    assert done is None or done.returncode == 0, done.stderr
    assert Credential.load(environment["X509_USER_PROXY"]).identity == f"{authority.space}/CN=Jo"


def _at_a_terminal(arguments: list[str], environment: dict[str, str], typed: bytes) -> int:
    """A terminal of its own, on which the passphrase is typed when it is asked for, and not shown."""
    child, terminal = pty.fork()
    if child == 0:
        os.execve(  # noqa: S606 - that is what it takes
            sys.executable, [sys.executable, "-m", "globus_hl.cli.pyglobus", "proxy", *arguments], environment
        )
    shown = b""
    try:
        while b"pass phrase" not in shown:
            shown += os.read(terminal, 1000)
        os.write(terminal, typed)
        while True:
            shown += os.read(terminal, 1000)
    except OSError:
        pass  # the child closed its end
    finally:
        os.close(terminal)
        status = os.waitpid(child, 0)[1]
    assert b"geheim" not in shown
    return os.waitstatus_to_exitcode(status)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["-passphrase-file", "SECRET"], "passphrase does not open"),
        (["-pwstdin", "-passphrase-file", "SECRET"], "exclude each other"),
        (["-pwstdin"], "no passphrase in standard input"),
        (["-bits", "99"], "512<=x<=16384"),
        (["-valid", "twelve"], "hours:minutes"),
        (["-limited", "-independent", "-pwstdin"], ""),
        (["-nonsense"], "-nonsense"),
    ],
    ids=str,
)
def test_init_failures_leave_nothing(
    proxy_command: Any, authority: Any, tmp_path: Path, arguments: list[str], words: str
) -> None:
    issued, secret = authority.issue("Jo"), tmp_path / "secret"
    secret.write_text("falsch\n")
    arguments = [str(secret) if word == "SECRET" else word for word in arguments]
    key = issued.encrypted_key(b"geheim")
    done = proxy_command("init", "-cert", issued.cert_path, "-key", key, *arguments, input="")
    assert done.returncode == 1 and words in done.stderr and done.stderr.count("\n") == 1
    assert "Traceback" not in done.stderr and "falsch" not in done.stderr
    assert {path.name for path in tmp_path.iterdir()} == {"certificates", "secret"}


# ---- info ------------------------------------------------------------------------------------------------------------

SINGLE = ["-subject", "-issuer", "-identity", "-type", "-strength", "-path"]


@pytest.mark.parametrize(
    "options",
    [
        [],
        SINGLE,
        ["-s", "-i"],
        ["-all"],
        ["-rfc2253", "-subject", "-issuer", "-identity"],
        ["-strength", "-type", "-subject"],
        ["-exists"],
        ["-e"],
        ["-exists", "-valid", "11:00"],
        ["-exists", "-valid", "13:00"],
        ["-exists", "-hours", "13"],
        ["-exists", "-bits", "2048"],
        ["-e", "-b", "4096", "-v", "1:00"],
        ["-exists", "-subject"],
        ["-f", "nowhere"],
        ["-nonsense"],
        ["-valid", "x"],
    ],
    ids=str,
)
def test_info_says_what_the_original_says(
    proxy_command: Any, proxy: Credential, environment: dict[str, str], options: list[str]
) -> None:
    Credential.from_pem(proxy.to_pem()).save(environment["X509_USER_PROXY"])
    theirs, ours = original("grid-proxy-info", environment, *options), proxy_command("info", *options)
    assert ours.returncode == theirs.returncode, ours.stderr
    if theirs.returncode == 0 or theirs.stdout:
        (our_text, our_seconds), (their_text, their_seconds) = _without_time(ours), _without_time(theirs)
        assert our_text == their_text and abs(our_seconds - their_seconds) < 30
    assert bool(ours.stderr) == bool(theirs.stderr)


def _without_time(result: Result) -> tuple[str, int]:
    """Time goes on between the two."""
    found = re.search(r"(\d+):(\d\d):(\d\d)$", result.stdout, re.MULTILINE)
    if found is None:
        return result.stdout, 0
    hours, minutes, seconds = map(int, found.groups())
    return result.stdout.replace(found[0], "H:M:S"), 3600 * hours + 60 * minutes + seconds


@pytest.mark.parametrize(
    "kind", [CertificateType.LEGACY, CertificateType.DRAFT_LIMITED], ids=lambda k: k.name
)
def test_info_of_other_types(
    proxy_command: Any, user: Credential, environment: dict[str, str], kind: CertificateType
) -> None:
    create_proxy(user, proxy_type=kind, lifetime=48 * 3600).save(environment["X509_USER_PROXY"])
    theirs, ours = original("grid-proxy-info", environment, "-type"), proxy_command("info", "-type")
    assert (ours.returncode, ours.stdout) == (theirs.returncode, theirs.stdout) == (0, f"{kind}\n")


def test_info_as_json_and_text(proxy_command: Any, proxy: Credential, environment: dict[str, str]) -> None:
    assert proxy_command("info").returncode == 1
    Credential.from_pem(proxy.to_pem()).save(environment["X509_USER_PROXY"])
    facts = json.loads(proxy_command("info", "-json").stdout)
    assert facts["identity"] == proxy.identity and facts["strength"] == 2048 and not facts["limited"]
    assert abs(facts["timeleft"] - proxy.time_left) < 30
    text = proxy_command("info", "-text").stdout
    assert [c.subject for c in security.certificates(text.encode())] == [c.subject for c in proxy.chain]
    assert "PRIVATE" not in text


# ---- verify and destroy ----------------------------------------------------------------------------------------------


def test_verify(proxy_command: Any, proxy: Credential, pki: Any, tmp_path: Path) -> None:
    good = Credential.from_pem(proxy.to_pem()).save(tmp_path / "good")
    done = proxy_command("verify", good)
    assert (done.returncode, done.stdout) == (0, f"{good}: OK, {proxy.identity}\n")
    assert json.loads(proxy_command("verify", good, "-json").stdout) == {
        "trusted": True,
        "identity": proxy.identity,
    }
    strange = pki.authority("Strange").user()
    bad = create_proxy(strange).save(tmp_path / "bad")
    done = proxy_command("verify", bad)
    assert done.returncode == 1 and strange.issuer in done.stderr and not done.stdout
    found = json.loads(proxy_command("verify", bad, "-json").stdout)
    assert (found["trusted"], found["error"], found["subject"]) == (False, "UnknownCAError", strange.issuer)
    assert proxy_command("verify", good, "-require-crl").returncode == 1


def test_destroy(proxy_command: Any, proxy: Credential, environment: dict[str, str], tmp_path: Path) -> None:
    usual = Credential.from_pem(proxy.to_pem()).save(environment["X509_USER_PROXY"])
    other = Credential.from_pem(proxy.to_pem()).save(tmp_path / "other")
    second = tmp_path / "second-name"
    second.hardlink_to(other)
    assert str(usual) in proxy_command("destroy", "-dryrun").stdout and usual.exists()
    assert proxy_command("destroy", other).returncode == 0 and usual.exists() and not other.exists()
    assert set(second.read_bytes()) == {0}
    assert proxy_command("destroy").returncode == 0 and not usual.exists()
    assert proxy_command("destroy").returncode == original("grid-proxy-destroy", environment).returncode == 1


def test_destroy_follows_no_link(proxy_command: Any, tmp_path: Path) -> None:
    victim, link = tmp_path / "victim", tmp_path / "link"
    victim.write_text("mine")
    link.symlink_to(victim)
    assert proxy_command("destroy", link).returncode == 1 and victim.read_text() == "mine"


# ---- the shell -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "wanted"),
    [("pyglobus pro", "proxy"), ("pyglobus proxy i", "init"), ("pyglobus proxy init -lim", "-limited")],
)
def test_completion(environment: dict[str, str], words: str, wanted: str) -> None:
    asked = {"_PYGLOBUS_COMPLETE": "bash_complete", "COMP_WORDS": words, "COMP_CWORD": str(words.count(" "))}
    done = subprocess.run(
        [sys.executable, "-m", "globus_hl.cli.pyglobus"],
        env=environment | asked,
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert wanted in {line.rpartition(",")[2] for line in done.stdout.splitlines()}, done.stdout + done.stderr
