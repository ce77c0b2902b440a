"""``pyglobus myproxy``: credentials in an online repository."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import click

from .exits import Exit
from .options import GlobusCommand
from .passphrases import Passphrases, passphrase_options
from .tables import print_fields, print_json

if TYPE_CHECKING:
    from globus_hl.myproxy import MyProxyClient, StoredCredential
    from globus_hl.security import Credential

__all__ = ["command"]

HOUR = 3600


@click.group("myproxy", context_settings={"help_option_names": ["--help", "-help", "-h"]})
def command() -> None:
    """Keep credentials in an online repository, and get them from anywhere.

    The server is that of -s and -p, or of the variables MYPROXY_SERVER and MYPROXY_SERVER_PORT.
    """


def _account() -> str:
    import getpass

    return getpass.getuser()


def _subcommand(name: str) -> Callable[[Callable[..., Any]], click.Command]:
    """A subcommand whose function gets a client, the user's name and the passphrases, and then its own options."""

    def decorate(function: Callable[..., Any]) -> click.Command:
        @functools.wraps(function)
        def run(
            pshost: str | None,
            psport: int | None,
            username: str | None,
            server_dn: str | None,
            timeout: float | None,
            passphrase_file: str | None,
            passphrase_fd: int | None,
            stdin_pass: bool,
            **options: Any,
        ) -> int:
            import os

            from globus_hl.myproxy import MyProxyClient

            from .exits import UsageError

            if not pshost and not os.environ.get("MYPROXY_SERVER"):
                raise UsageError("no MyProxy server: name one by -s, or by the variable MYPROXY_SERVER")
            passphrases = Passphrases(
                passphrase_file=passphrase_file, passphrase_fd=passphrase_fd, stdin_pass=stdin_pass
            )
            credential = options.pop("credential", None)
            with MyProxyClient(
                pshost, psport, credential=credential, server_subject=server_dn, timeout=timeout
            ) as client:
                function(client, username or _account(), passphrases, **options)
            return Exit.OK

        return command.command(name, cls=GlobusCommand)(_common_options(passphrase_options(run)))

    return decorate


def _common_options(function: Callable[..., Any]) -> Callable[..., Any]:
    for option in (
        click.option(
            "--timeout", type=click.FloatRange(0, min_open=True), metavar="SECONDS", help="End after so long."
        ),
        click.option("--json", "as_json", is_flag=True, help="Print the result as JSON."),
        click.option(
            "--server-dn", metavar="DN", help="Name that the server must have, in place of its host's."
        ),
        click.option(
            "-l", "-username", "--username", metavar="NAME", help="User name; default: the login name."
        ),
        click.option(
            "-p", "-psport", "--psport", type=click.IntRange(1, 65535), metavar="PORT", help="Default: 7512."
        ),
        click.option("-s", "-pshost", "--pshost", metavar="HOST", help="The server."),
    ):
        function = option(function)
    return function


_credname = click.option(
    "-k", "-credname", "--credname", "name", metavar="NAME", help="The credential, where a user has several."
)
_credential = click.option(
    "--credential",
    type=click.Path(),
    metavar="FILE",
    help="Log in with this proxy. Default: the one that is found.",
)
_description = click.option(
    "-K", "-creddesc", "--creddesc", "description", metavar="TEXT", help="For people."
)
_retrievers = click.option(
    "-r",
    "-retrievable-by",
    "--retrievable-by",
    "retrievers",
    metavar="DN",
    help="Who may log on; * and ? match.",
)
_renewers = click.option(
    "-R",
    "-renewable-by",
    "--renewable-by",
    "renewers",
    metavar="DN",
    help="Who may renew a proxy; * and ? match.",
)
_proxy_hours = click.option(
    *("-t", "-proxy-lifetime", "--proxy-lifetime", "proxy_hours"),
    type=click.FloatRange(0, min_open=True), default=12, show_default=True, metavar="HOURS",
    help="How long what a log-on gives may last.",
)  # fmt: skip


@_subcommand("init")
@_credential
@click.option(
    "-C", "-certfile", "--certfile", type=click.Path(), metavar="FILE", help="Delegate this certificate ..."
)
@click.option("-y", "-keyfile", "--keyfile", type=click.Path(), metavar="FILE", help="... with this key.")
@click.option(
    *("-c", "-cred-lifetime", "--cred-lifetime", "hours"),
    type=click.FloatRange(0, min_open=True), default=168, show_default=True, metavar="HOURS",
    help="How long the stored credential is to last.",
)  # fmt: skip
@_proxy_hours
@click.option(
    "-n", "-no-passphrase", "--no-passphrase", "without", is_flag=True, help="No passphrase: see -r and -R."
)
@click.option(
    "-Z", "-retrievable-by-cert", "--retrievable-by-cert", "trusted", metavar="DN", help="Who needs none."
)
@_retrievers
@_renewers
@_credname
@_description
def init(
    client: MyProxyClient,
    username: str,
    passphrases: Passphrases,
    *,
    certfile: str | None,
    keyfile: str | None,
    hours: float,
    proxy_hours: float,
    without: bool,
    trusted: str | None,
    as_json: bool,
    **policy: Any,
) -> None:
    """Delegate your credential to the server, for later log-ons."""
    credential = _end_entity(certfile, keyfile, passphrases)
    secret = None if without else passphrases.ask(f"the stored credential of {username}", twice=True)
    client.init(
        username,
        secret,
        credential=credential,
        lifetime=hours * HOUR,
        max_proxy_lifetime=proxy_hours * HOUR,
        trusted_retrievers=trusted,
        **policy,
    )
    _tell(as_json, f"A credential for {username} is stored at {_where(client)}.", username=username)


@_subcommand("store")
@_credential
@click.argument("certfile", type=click.Path())
@click.argument("keyfile", type=click.Path())
@_proxy_hours
@click.option(
    "-E",
    "-retrieve-key",
    "--retrieve-key",
    "key_retrievers",
    default="*",
    metavar="DN",
    help="Who gets the key.",
)
@_retrievers
@_renewers
@_credname
@_description
def store(
    client: MyProxyClient,
    username: str,
    _passphrases: Passphrases,
    *,
    certfile: str,
    keyfile: str,
    proxy_hours: float,
    as_json: bool,
    **policy: Any,
) -> None:
    """Store a certificate with its encrypted key. The key keeps its passphrase, which nobody is told."""
    client.store(username, certfile, keyfile, max_proxy_lifetime=proxy_hours * HOUR, **policy)
    _tell(as_json, f"Certificate and key of {username} are stored at {_where(client)}.", username=username)


@_subcommand("logon")
@_credential
@click.option(
    "-o", "-out", "--out", type=click.Path(), metavar="FILE", help="Where to; default: where proxies are."
)
@click.option(
    *("-t", "-proxy-lifetime", "--proxy-lifetime", "hours"),
    type=click.FloatRange(0, min_open=True), default=12, show_default=True, metavar="HOURS", help="How long.",
)  # fmt: skip
@click.option("-b", "-bits", "--bits", type=click.IntRange(1024), metavar="BITS", help="Strength of the key.")
@click.option(
    "-n", "-no-passphrase", "--no-passphrase", "without", is_flag=True, help="Prove it by certificate."
)
@click.option(
    "-a",
    "-authorization",
    "--authorization",
    "renew",
    type=click.Path(),
    metavar="FILE",
    help="Renew this proxy.",
)
@click.option(
    "-T", "-trustroots", "--trustroots", "roots", is_flag=True, help="Get the server's trust roots too."
)
@_credname
def logon(
    client: MyProxyClient,
    username: str,
    passphrases: Passphrases,
    *,
    out: str | None,
    hours: float,
    bits: int | None,
    without: bool,
    renew: str | None,
    roots: bool,
    name: str | None,
    as_json: bool,
) -> None:
    """Get a proxy from the server."""
    from globus_hl.security import Credential

    secret = None if without or renew else passphrases.ask(f"the stored credential of {username}")
    proxy = client.logon(
        username,
        secret,
        lifetime=hours * HOUR,
        name=name,
        renew=None if renew is None else Credential.load(renew),
        bits=bits,
        trust_roots=_trust_directory() if roots else None,
    )
    path = proxy.save(out)
    _tell(
        as_json,
        f"A credential of {proxy.identity} is in {path}, for {proxy.time_left / HOUR:.1f} hours.",
        path=str(path),
        identity=proxy.identity,
        not_after=proxy.not_after.isoformat(),
    )


@_subcommand("info")
@_credential
def info(client: MyProxyClient, username: str, passphrases: Passphrases, *, as_json: bool) -> None:
    """Show what is stored for you."""
    secret = passphrases.ask(f"the stored credential of {username}") if passphrases.given else None
    stored = client.info(username, secret)
    if as_json:
        print_json([_fields(one) for one in stored])
        return
    for one in stored:
        print_fields(_fields(one))


@_subcommand("passwd")
@_credential
@_credname
def passwd(
    client: MyProxyClient, username: str, passphrases: Passphrases, *, name: str | None, as_json: bool
) -> None:
    """Change the passphrase of a stored credential."""
    old = passphrases.ask(f"the stored credential of {username}")
    new = passphrases.ask("the stored credential from now on", twice=True)
    client.change_passphrase(username, old, new, name=name)
    _tell(as_json, f"The passphrase of {username} is changed.", username=username)


@_subcommand("destroy")
@_credential
@_credname
def destroy(
    client: MyProxyClient, username: str, passphrases: Passphrases, *, name: str | None, as_json: bool
) -> None:
    """Remove a stored credential."""
    secret = passphrases.ask(f"the stored credential of {username}") if passphrases.given else None
    client.destroy(username, secret, name=name)
    _tell(as_json, f"The credential of {username} is removed from {_where(client)}.", username=username)


@_subcommand("trustroots")
@_credential
@click.option(
    "-d",
    "-directory",
    "--directory",
    type=click.Path(),
    metavar="DIR",
    help="Default: X509_CERT_DIR and so on.",
)
@click.option(
    "--fingerprint",
    metavar="SHA256",
    help="First trust the authority of the server that has this fingerprint.",
)
def trustroots(
    client: MyProxyClient,
    _username: str,
    _passphrases: Passphrases,
    *,
    directory: str | None,
    fingerprint: str | None,
    as_json: bool,
) -> None:
    """Get the authorities that the server trusts."""
    where = directory or _trust_directory()
    if fingerprint is not None:
        authority = client.bootstrap(fingerprint, where)
        _tell(
            as_json,
            f"{authority.subject} is trusted now, in {where}.",
            authority=authority.subject,
            directory=where,
        )
        return
    roots = client.trust_roots()
    roots.install(where)
    _tell(
        as_json,
        f"{len(roots.authorities)} authorities are in {where}.",
        directory=where,
        authorities=roots.authorities,
        files=sorted(roots.files),
    )


def _end_entity(cert: str | None, key: str | None, passphrases: Passphrases) -> Credential | None:
    """The credential to delegate: certificate and key if they are named, else what is found."""
    from globus_hl.security import Credential

    from .exits import UsageError

    if (cert is None) != (key is None):
        raise UsageError("a certificate needs its key: give both -certfile and -keyfile")
    if cert is None or key is None:
        return None
    return Credential.from_files(cert, key, passphrase=lambda: passphrases.ask(f"the key in {key}"))


def _trust_directory() -> str:
    from globus_hl.security.search import default_trust_directory

    from .exits import UsageError

    found = default_trust_directory()
    if found is None:
        raise UsageError(
            "there is no directory of trusted certificates: name one by --directory or X509_CERT_DIR"
        )
    return found


def _where(client: MyProxyClient) -> str:
    return client.url.partition("://")[2]


def _fields(stored: StoredCredential) -> dict[str, Any]:
    import dataclasses

    told = {name: value for name, value in dataclasses.asdict(stored).items() if value is not None}
    return told | {"time_left": int(stored.time_left)}


def _tell(as_json: bool, sentence: str, **fields: Any) -> None:
    if as_json:
        print_json(fields)
    else:
        click.echo(sentence)
