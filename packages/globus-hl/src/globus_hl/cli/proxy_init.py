"""``pyglobus proxy init``: make a proxy."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import click

from globus_hl import security
from globus_hl.security import CertificateType, Credential
from globus_hl.security.search import places

from .exits import UsageError
from .passphrases import Passphrases, passphrase_options
from .proxy_options import ProxyCommand, Validity

__all__ = ["command"]

FORMS = {"rfc": CertificateType.RFC, "draft": CertificateType.DRAFT, "old": CertificateType.LEGACY}
PROMPT = "Enter GRID pass phrase for this identity: "  # word for word that of grid-proxy-init, which scripts wait for
# What grid-proxy-init calls a policy that is in no particular language
ANY_LANGUAGE = "1.3.6.1.5.5.7.21.0"


@click.command("init", cls=ProxyCommand)
@click.option("-q", "quiet", is_flag=True, help="Say nothing but errors.")
@click.option("-verify", "check", is_flag=True, help="Verify the new proxy with the trusted authorities.")
@passphrase_options
@click.option("-limited", "limited", is_flag=True, help="A limited proxy: it starts no jobs.")
@click.option("-independent", "independent", is_flag=True, help="An independent proxy: none of your rights.")
@click.option("-rfc", "form", flag_value="rfc", help="A proxy of RFC 3820: the default.")
@click.option("-draft", "form", flag_value="draft", help="A proxy of the draft before it (GSI-3).")
@click.option("-old", "form", flag_value="old", help="A legacy proxy (GSI-2).")
@click.option("-valid", "valid", type=Validity(), help="How long, hours:minutes.  [default: 12:00]")
@click.option("-hours", "hours", type=click.IntRange(1), help="How long, in hours; -valid is preferred.")
@click.option(
    "-bits", "bits", type=click.IntRange(512, 16384), help="Strength of its RSA key.  [default: 2048]"
)
@click.option(
    "-curve", "curve", type=click.Choice(list(security.CURVES)), help="An elliptic curve in place of RSA."
)
@click.option(
    *("-policy", "policy_file"),
    type=click.Path(exists=True, dir_okay=False),
    help="File with a policy.",
)
@click.option("-policy-language", "-pl", "language", metavar="OID", help="The language of that policy.")
@click.option("-path-length", "path_length", type=click.IntRange(0), help="How many proxies may follow it.")
@click.option("-cert", "cert", type=click.Path(), help="Your certificate, if it is not at the usual place.")
@click.option("-key", "key", type=click.Path(), help="Your private key, if it is not at the usual place.")
@click.option("-certdir", "certdir", type=click.Path(), help="Directory of trusted authorities, for -verify.")
@click.option(
    "-out", "out", type=click.Path(), help="Where the proxy goes.  [default: X509_USER_PROXY, /tmp/x509up_uN]"
)
@click.option("-from-proxy", "from_proxy", is_flag=True, help="Make it from your current proxy.")
@click.option("-json", "as_json", is_flag=True, help="Print what was made as JSON.")
@click.option("-debug", "debug", is_flag=True, help="Show errors with their traceback.")
@click.version_option(None, "-version", package_name="globus-hl", message="pyglobus proxy init: %(version)s")
def command(**options: Any) -> None:
    """Make a proxy from your certificate, and write it to a file that only you can read.

    A passphrase is asked for at the terminal if your key needs one, or comes from where the options say.
    """
    talk = not (options["quiet"] or options["as_json"])
    issuer = _issuer(options, talk)
    if options["from_proxy"] and talk:
        click.echo(f"Your identity: {issuer.identity}")
    proxy = security.create_proxy(issuer, **_arguments(options, issuer))
    if options["check"]:
        trust = security.TrustStore(options["certdir"])
        security.verify(proxy, trust, accept_policy=lambda *_: True)  # not the one who has to understand it
    path = proxy.save(options["out"])
    if options["as_json"]:
        click.echo(json.dumps({"path": str(path), "subject": proxy.subject, **_summary(proxy)}))
    elif talk:
        _tell(proxy, options)


def _issuer(options: dict[str, Any], talk: bool) -> Credential:
    passphrases = Passphrases(
        passphrase_file=options["passphrase_file"],
        passphrase_fd=options["passphrase_fd"],
        stdin_pass=options["stdin_pass"],
    )
    cert, key = options["cert"], options["key"]
    if options["from_proxy"]:
        if cert is not None or key is not None:
            raise UsageError("-from-proxy uses the current proxy, not -cert and -key")
        return Credential.find(kinds=("proxy",))
    (usual,) = places(("user",))
    assert usual.key is not None  # noqa: S101 - users have theirs in a file of its own
    cert, key = cert or usual.cert, key or (usual.key if cert is None else cert)
    if talk and Path(cert).is_file():
        click.echo(f"Your identity: {security.certificates(Path(cert).read_bytes())[0].subject}")
    return Credential.from_files(
        cert, key, passphrase=lambda: passphrases.ask(f"the key in {key}", prompt=PROMPT)
    )


def _arguments(options: dict[str, Any], issuer: Credential) -> dict[str, Any]:
    if options["valid"] is not None and options["hours"] is not None:
        raise UsageError("-valid and -hours exclude each other")
    minutes = options["valid"] if options["valid"] is not None else 60 * (options["hours"] or 12)
    policy = Path(options["policy_file"]).read_bytes() if options["policy_file"] else None
    if policy is None and options["language"] is not None:
        raise UsageError("-policy-language needs -policy")
    chosen: dict[str, Any] = {
        "lifetime": 60 * minutes if minutes else None,
        "bits": options["bits"],
        "curve": options["curve"],
        "path_length": options["path_length"],
        "policy": policy,
        "policy_language": (options["language"] or ANY_LANGUAGE) if policy is not None else None,
    }
    return chosen | {"proxy_type": _type(options, issuer, policy is not None)}


def _type(options: dict[str, Any], issuer: Credential, restricted: bool) -> CertificateType | None:
    rights = [
        name
        for name, asked in (
            ("LIMITED", options["limited"]),
            ("INDEPENDENT", options["independent"]),
            ("RESTRICTED", restricted),
        )
        if asked
    ]
    if len(rights) > 1:
        raise UsageError(f"a proxy is only one of these: {', '.join(rights).lower()}")
    if options["form"] is None and not rights:
        return None
    form = (
        FORMS[options["form"]]
        if options["form"]
        else issuer.type.form
        if issuer.is_proxy
        else CertificateType.RFC
    )
    name = "_".join((form.name, *rights))
    if name not in CertificateType.__members__:
        raise UsageError(f"there is no {rights[0].lower()} proxy of the legacy form")
    return CertificateType[name]


def _summary(proxy: Credential) -> dict[str, Any]:
    return {
        "identity": proxy.identity,
        "issuer": proxy.issuer,
        "type": str(proxy.type),
        "not_after": proxy.not_after.isoformat(),
        "time_left": int(proxy.time_left),
        "strength": proxy.key.bits,
        "key": proxy.key.kind,
    }


def _tell(proxy: Credential, options: dict[str, Any]) -> None:
    click.echo("Creating proxy ... Done")
    if options["check"]:
        click.echo("Proxy Verify OK")
    asked = options["valid"] if options["valid"] is not None else 60 * (options["hours"] or 12)
    if asked and proxy.time_left < 60 * asked - 60:
        click.echo(
            "Warning: your proxy ends earlier than you asked, because the credential that made it does",
            err=True,
        )
    ends = time.strftime("%a %b %e %H:%M:%S %Y", time.localtime(proxy.not_after.timestamp()))
    click.echo(f"Your proxy is valid until: {ends}")
