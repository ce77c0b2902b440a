"""``pyglobus proxy verify``: whether a proxy or a certificate is trusted."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

from globus_hl import security
from globus_hl.errors import GridError

from .proxy_options import FAILED, ProxyCommand

__all__ = ["command"]


@click.command("verify", cls=ProxyCommand)
@click.argument("file", required=False, type=click.Path())
@click.option(
    "-certdir",
    "certdir",
    type=click.Path(),
    help="Trusted authorities.  [default: X509_CERT_DIR]",
)
@click.option(
    "-require-crl", "require_crl", is_flag=True, help="Refuse authorities without a current revocation list."
)
@click.option("-refuse-limited", "refuse_limited", is_flag=True, help="Refuse limited proxies.")
@click.option("-accept-policy", "accept_policy", is_flag=True, help="Accept proxies that a policy restricts.")
@click.option("-json", "as_json", is_flag=True, help="Print the result as JSON.")
@click.option("-debug", "debug", is_flag=True, help="Show errors with their traceback.")
def command(file: str | None, certdir: str | None, **options: Any) -> int:
    """Verify FILE, a PEM file with a proxy or a certificate and its chain, by default your proxy.

    Ends with 0 if it is trusted, with 1 if not; then it says why.
    """
    path = file or security.default_proxy_path()
    try:
        name = security.verify(
            security.certificates(_read(path)),
            security.TrustStore(certdir),
            accept_limited=not options["refuse_limited"],
            accept_policy=(lambda *_: True) if options["accept_policy"] else None,
            require_crl=options["require_crl"],
        )
    except GridError as error:
        if not options["as_json"]:
            raise
        fields = {"subject": getattr(error, "subject", None), "path": getattr(error, "path", None)}
        click.echo(
            json.dumps({"trusted": False, "error": type(error).__name__, "message": str(error), **fields})
        )
        return FAILED
    click.echo(
        json.dumps({"trusted": True, "identity": name.text}) if options["as_json"] else f"{path}: OK, {name}"
    )
    return 0


def _read(path: str) -> bytes:
    return Path(path).read_bytes()
