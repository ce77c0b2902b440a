"""``pyglobus proxy info``: show a proxy."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, TypeVar

import click

from globus_hl.security import Certificate, Credential, default_proxy_path, rfc2253

from .proxy_options import FAILED, ProxyCommand, Validity

__all__ = ["command"]

_Function = TypeVar("_Function", bound=Callable[..., Any])
_DAY = 24 * 3600
_ASKED = "globus_hl.asked"


def _ask(ctx: click.Context, param: click.Parameter, value: bool) -> bool:
    """What is printed comes in the order of the options, as with grid-proxy-info."""
    if value:
        ctx.meta.setdefault(_ASKED, []).append(param.name)
    return value


def _print_option(name: str, *short: str, what: str) -> Callable[[_Function], _Function]:
    return click.option(f"-{name}", *short, name, is_flag=True, callback=_ask, expose_value=False, help=what)


@click.command("info", cls=ProxyCommand)
@click.option(
    "-file", "-f", "file", type=click.Path(), help="The proxy.  [default: X509_USER_PROXY, /tmp/x509up_uN]"
)
@_print_option("subject", "-s", what="Print its distinguished name.")
@_print_option("issuer", "-i", what="Print who issued it.")
@_print_option("identity", what="Print whom it stands for.")
@_print_option("type", what="Print its type.")
@_print_option("timeleft", what="Print the seconds until it expires.")
@_print_option("strength", what="Print the bits of its key.")
@_print_option("all", what="Print all of these.")
@_print_option("text", what="Print all certificates.")
@_print_option("path", what="Print where it is.")
@click.option("-rfc2253", "as_rfc2253", is_flag=True, help="Write names as RFC 2253 does.")
@click.option("-exists", "-e", "exists", is_flag=True, help="End with 0 if it is valid, with 1 if not.")
@click.option("-valid", "-v", "valid", type=Validity(), help="-exists: for so long at least, hours:minutes.")
@click.option("-hours", "-h", "hours", type=click.IntRange(0), help="-exists: for so many hours at least.")
@click.option(
    "-bits", "-b", "bits", type=click.IntRange(0), default=0, help="-exists: a key of so many bits at least."
)
@click.option("-json", "as_json", is_flag=True, help="Print all as JSON.")
@click.option("-debug", "debug", is_flag=True, help="Show errors with their traceback.")
@click.version_option(None, "-version", package_name="globus-hl", message="pyglobus proxy info: %(version)s")
@click.pass_context
def command(ctx: click.Context, /, **options: Any) -> int:
    """Show your proxy, or with -exists tell by the exit code whether there is a valid one."""
    proxy = Credential.load(options["file"] or default_proxy_path())
    facts = _facts(proxy, options["as_rfc2253"])
    asked = ctx.meta.get(_ASKED, [])
    if options["as_json"]:
        click.echo(json.dumps(facts))
    elif asked:
        for name in asked:
            click.echo(_show(name, facts, proxy))
    elif not options["exists"]:
        click.echo(_show("all", facts, proxy))
    return 0 if not options["exists"] or _is_valid(proxy, options) else FAILED


def _is_valid(proxy: Credential, options: dict[str, Any]) -> bool:
    minutes = max(options["valid"] or 0, 60 * (options["hours"] or 0))
    return not proxy.is_expired and proxy.time_left >= 60 * minutes and proxy.key.bits >= options["bits"]


def _facts(proxy: Credential, as_rfc2253: bool) -> dict[str, Any]:
    subject, issuer, identity = proxy.subject, proxy.issuer, proxy.identity
    if as_rfc2253:
        who = next(c for c in proxy.chain if c.subject == identity)
        subject, issuer = rfc2253(proxy.certificate.subject_der), rfc2253(proxy.certificate.issuer_der)
        identity = rfc2253(who.subject_der)
    return {
        "subject": subject,
        "issuer": issuer,
        "identity": identity,
        "type": str(proxy.type),
        "strength": proxy.key.bits,
        "key": proxy.key.kind,
        "path": str(proxy.path),
        "timeleft": int(proxy.time_left) if not proxy.is_expired else -1,
        "not_after": proxy.not_after.isoformat(),
        "path_length": proxy.path_length,
        "limited": proxy.is_limited,
        "policy_language": proxy.policy_language,
    }


def _show(name: str, facts: dict[str, Any], proxy: Credential) -> str:
    if name == "all":
        rows = [f"{key:<8} : {facts[key]}" for key in ("subject", "issuer", "identity", "type")]
        rows += [f"strength : {facts['strength']} bits", f"path     : {facts['path']}"]
        return "\n".join([*rows, f"timeleft : {_duration(max(0, facts['timeleft']))}"])
    if name == "text":
        return "\n".join(_describe(certificate) for certificate in proxy.chain)
    return str(facts[name])


def _duration(seconds: int) -> str:
    days = f"  ({seconds // 3600 / 24:.1f} days)" if seconds > _DAY else ""
    return f"{seconds // 3600}:{seconds % 3600 // 60:02}:{seconds % 60:02}{days}"


def _describe(certificate: Certificate) -> str:
    fingerprint = certificate.fingerprint()
    return (
        f"Certificate of {certificate.subject}\n"
        f"    Issuer:      {certificate.issuer}\n"
        f"    Type:        {certificate.type}\n"
        f"    Serial:      {certificate.serial}\n"
        f"    Not before:  {certificate.not_before:%Y-%m-%d %H:%M:%S} UTC\n"
        f"    Not after:   {certificate.not_after:%Y-%m-%d %H:%M:%S} UTC\n"
        f"    Key:         {certificate.key.kind}, {certificate.key.bits} bits\n"
        f"    SHA-256:     {fingerprint}\n" + certificate.pem.decode()
    )
