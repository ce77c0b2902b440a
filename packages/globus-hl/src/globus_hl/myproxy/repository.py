"""What can be asked of a MyProxy server, as coroutines; :class:`.client.MyProxyClient` has their documentation."""

from __future__ import annotations

import datetime as dt
import os
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, TypeVar

from ..security import Certificate, Credential, DelegationRequest, certificates, sign_request
from ..timeouts import Deadline, Limit, Timeout
from .bootstrap import certificates_shown, install_authority, parse_fingerprint
from .connection import Connection, Server
from .errors import MyProxyProtocolError, PolicyRefusedError, server_error
from .messages import Command, Incoming, Reply, ReplyKind, Request
from .proof import METHOD_PASSPHRASE, answer, passphrase_answer
from .stored import StoredCredential, encrypted_credential, stored_credentials
from .trust_roots import TrustRoots

if TYPE_CHECKING:
    from ..security.keys import Passphrase

__all__ = ["Repository"]

T = TypeVar("T")

ANYBODY = "*"


class Repository:
    """The requests of a client to one server. Each has a connection of its own, as the protocol wants it.

    Args:
        server: where it is, who it must be, and who we are.
        timeout: limits of a call that brings none.
    """

    def __init__(self, server: Server, timeout: Timeout) -> None:
        self.server = server
        self._timeout = timeout

    # ---- storing -------------------------------------------------------------------------------------------------

    async def init(
        self,
        username: str,
        passphrase: str | None = None,
        *,
        credential: Credential | None = None,
        lifetime: float | dt.timedelta = dt.timedelta(days=7),
        max_proxy_lifetime: float | dt.timedelta = dt.timedelta(hours=12),
        name: str | None = None,
        description: str | None = None,
        retrievers: str | None = None,
        renewers: str | None = None,
        trusted_retrievers: str | None = None,
        timeout: Limit = None,
    ) -> None:
        """Delegate a credential to the server, for later log-ins: ``myproxy-init``.

        Args:
            username: under which it is stored.
            passphrase: what a log-in must bring, at least six characters; the server encrypts the key with it. None:
                log-ins prove themselves by a certificate, and `retrievers` or `renewers` says whose.
            credential: what is delegated; default: the client's own.
            lifetime: seconds or timedelta that the stored credential is to be valid, at most as long as `credential`.
            max_proxy_lifetime: seconds or timedelta that a log-in gets at most.
            name: of the credential, where a user has several.
            description: for people.
            retrievers: who may log in: a distinguished name with ``*`` and ``?``; ``"*"`` for anybody who has the
                passphrase. Default: what the server's policy says.
            renewers: who may renew a proxy that is still valid, without a passphrase.
            trusted_retrievers: who may log in without the passphrase.

        Raises:
            MyProxyError: the server refuses; see :mod:`.errors`.
            SecurityError: the credential cannot be delegated.
            ConnectError, AuthenticationError, OperationTimeoutError: no connection, or not to the right server.
            ValueError: neither a passphrase nor anybody who may do without.
        """
        issuer = self._own(credential)
        if passphrase is None and not (renewers or trusted_retrievers or retrievers):
            raise ValueError(
                "without a passphrase, renewers= or retrievers= must say who may have the credential"
            )
        request = Request(
            Command.PUT,
            username,
            passphrase or "",
            _seconds(max_proxy_lifetime),
            {
                "RETRIEVER": retrievers,
                "RENEWER": renewers,
                "CRED_NAME": name,
                "CRED_DESC": description,
                "RETRIEVER_TRUSTED": trusted_retrievers,
            },
        )
        doing = f"store a credential for {username}"
        async with self._ask(request, doing, timeout) as talk:
            wanted = await talk.expect(Incoming.take_der)
            signed = sign_request(issuer, wanted, lifetime=_seconds(lifetime))
            await talk.send(_counted_chain(signed))
            await talk.reply()

    async def store(
        self,
        username: str,
        certificate: str | os.PathLike[str] | bytes,
        key: str | os.PathLike[str] | bytes,
        *,
        name: str | None = None,
        description: str | None = None,
        retrievers: str | None = None,
        renewers: str | None = None,
        key_retrievers: str | None = ANYBODY,
        max_proxy_lifetime: float | dt.timedelta = dt.timedelta(hours=12),
        timeout: Limit = None,
    ) -> None:
        """Store a certificate with its private key: ``myproxy-store``. The key leaves this machine, encrypted as it is.

        Args:
            username: under which it is stored.
            certificate: of an end entity, with its chain if it has one: the path of a PEM file, or its text as bytes.
            key: the private key in the same forms. It must be encrypted; its passphrase is what `logon` and `retrieve`
                need, and the server does not learn it now.
            key_retrievers: who may `retrieve` certificate and key; None: nobody.
            name, description, retrievers, renewers, max_proxy_lifetime: as of `init`.

        Raises:
            BadKeyError: the key is not encrypted, or there is none.
            NotACertificateError, CredentialFileError, UnsafePermissionsError: a file cannot be used.
            MyProxyError, ConnectError, AuthenticationError, OperationTimeoutError: as `init`.
        """
        stored = encrypted_credential(certificate, key)
        request = Request(
            Command.STORE,
            username,
            "",
            _seconds(max_proxy_lifetime),
            {
                "RETRIEVER": retrievers,
                "RENEWER": renewers,
                "CRED_NAME": name,
                "CRED_DESC": description,
                "KEYRETRIEVERS": key_retrievers,
            },
        )
        async with self._ask(request, f"store a certificate and key for {username}", timeout) as talk:
            await talk.send(stored + b"\0")
            await talk.reply()

    # ---- getting ---------------------------------------------------------------------------------------------------

    async def logon(
        self,
        username: str,
        passphrase: str | None = None,
        *,
        lifetime: float | dt.timedelta = dt.timedelta(hours=12),
        name: str | None = None,
        renew: Credential | None = None,
        bits: int | None = None,
        trust_roots: str | os.PathLike[str] | None = None,
        timeout: Limit = None,
    ) -> Credential:
        """Get a proxy of a stored credential, or a certificate of the server's own authority: ``myproxy-logon``.

        The private key is made here and stays here; nothing is written to a file.

        Args:
            username: under which the credential is stored.
            passphrase: None: the log-in is proved by certificate: the client's own, or `renew`.
            lifetime: seconds or timedelta; the server may give less.
            name: of the credential, where a user has several.
            renew: the proxy that is to be renewed, for renewers: it must still be valid.
            bits: strength of the new RSA key, by default 2048.
            trust_roots: a directory into which the server's trust roots are put as well.

        Returns:
            The credential, in memory: `Credential.save` writes it.

        Raises:
            PassphraseRefusedError, NoSuchCredentialError, PolicyRefusedError, StoredCredentialExpiredError, MyProxyError:
                the server refuses.
            ConnectError, AuthenticationError, OperationTimeoutError: no connection, or not to the right server.
        """
        wants_roots = "1" if trust_roots is not None else None
        request = Request(
            Command.GET,
            username,
            passphrase or "",
            _seconds(lifetime),
            {"CRED_NAME": name, "TRUSTED_CERTS": wants_roots},
        )
        async with self._ask(request, f"log on as {username}", timeout, proof=renew) as talk:
            if trust_roots is not None:
                TrustRoots(talk.first.files()).install(trust_roots)
            wanted = DelegationRequest(bits=bits)
            await talk.send(wanted.der)
            chain = await talk.expect(Incoming.take_chain)
            if not chain:
                raise MyProxyProtocolError("the server sent no certificate", url=self.server.url)
            credential = wanted.assemble(b"".join(chain))
            await talk.reply()
        return credential

    async def retrieve(
        self,
        username: str,
        passphrase: Passphrase = None,
        *,
        name: str | None = None,
        timeout: Limit = None,
    ) -> Credential:
        """Get back a certificate with its private key as `store` has stored them: ``myproxy-retrieve``.

        Args:
            passphrase: of the key.

        Raises:
            security.errors.WrongPassphraseError: the passphrase does not decrypt the key.
            MyProxyError, ConnectError, AuthenticationError, OperationTimeoutError: as `logon`.
        """
        secret = passphrase() if callable(passphrase) else passphrase
        told = secret.decode("utf-8", "surrogateescape") if isinstance(secret, bytes) else secret
        request = Request(Command.RETRIEVE, username, told or "", 0, {"CRED_NAME": name})
        async with self._ask(request, f"retrieve the credential of {username}", timeout) as talk:
            text = await talk.expect(Incoming.take_pem)
            credential = Credential.from_pem(text, passphrase=secret)
            await talk.reply()
        return credential

    # ---- managing ----------------------------------------------------------------------------------------------------

    async def info(
        self, username: str, passphrase: str | None = None, *, timeout: Limit = None
    ) -> list[StoredCredential]:
        """What is stored for a user, as far as it is ours: ``myproxy-info``.

        Raises:
            NoSuchCredentialError, MyProxyError: there is nothing; the server refuses.
            ConnectError, AuthenticationError, OperationTimeoutError: no connection, or not to the right server.
        """
        request = Request(Command.INFO, username, passphrase or "")
        async with self._ask(request, f"look at what is stored for {username}", timeout) as talk:
            return stored_credentials(username, talk.first)

    async def change_passphrase(
        self,
        username: str,
        passphrase: str,
        new_passphrase: str,
        *,
        name: str | None = None,
        timeout: Limit = None,
    ) -> None:
        """Give a stored credential another passphrase: ``myproxy-change-pass-phrase``.

        Raises:
            PassphraseRefusedError, NoSuchCredentialError, MyProxyError: the server refuses.
            ConnectError, AuthenticationError, OperationTimeoutError: no connection, or not to the right server.
        """
        request = Request(
            Command.CHANGE_PASSPHRASE,
            username,
            passphrase,
            extras={"NEW_PHRASE": new_passphrase, "CRED_NAME": name},
        )
        async with self._ask(request, f"change the passphrase of {username}", timeout):
            pass

    async def destroy(
        self,
        username: str,
        passphrase: str | None = None,
        *,
        name: str | None = None,
        timeout: Limit = None,
    ) -> None:
        """Remove a stored credential: ``myproxy-destroy``.

        Raises:
            NoSuchCredentialError, PolicyRefusedError, MyProxyError: the server refuses.
            ConnectError, AuthenticationError, OperationTimeoutError: no connection, or not to the right server.
        """
        request = Request(Command.DESTROY, username, passphrase or "", extras={"CRED_NAME": name})
        async with self._ask(request, f"remove the credential of {username}", timeout):
            pass

    async def trust_roots(self, *, timeout: Limit = None) -> TrustRoots:
        """The authorities that the server trusts, with signing policies and revocation lists: ``myproxy-get-trustroots``.

        Raises:
            MyProxyError: the server has none to give.
            ConnectError, AuthenticationError, OperationTimeoutError: no connection, or not to the right server.
        """
        request = Request(Command.GET_TRUST_ROOTS, extras={"TRUSTED_CERTS": "1"})
        async with self._ask(request, "get its trust roots", timeout) as talk:
            roots = TrustRoots(talk.first.files())
        if not roots.files:
            raise PolicyRefusedError(
                "the server gives no trust roots",
                url=self.server.url,
                hint="cert_dir is not set in its configuration",
            )
        return roots

    async def bootstrap(
        self,
        fingerprint: str,
        directory: str | os.PathLike[str] | None = None,
        *,
        timeout: Limit = None,
    ) -> Certificate:
        """Begin to trust the authority of a server that is not trusted yet, because its fingerprint is known.

        After this `trust_roots` can get all that the server trusts. Nothing is written unless the fingerprint is right.

        Args:
            fingerprint: SHA-256 of the authority's certificate, in hexadecimal, with or without colons; from the
                administrator of the server, on another way than this one.
            directory: where authority and signing policy are put; default: the trust directory of this user.

        Returns:
            The authority's certificate.

        Raises:
            ServerIdentityError: no certificate that the server shows has this fingerprint.
            ValueError: it is no fingerprint.
            CredentialFileError: the directory cannot be written.
            ConnectError, OperationTimeoutError: no connection.
        """
        wanted = parse_fingerprint(fingerprint)
        deadline = self._deadline(timeout)
        shown = await certificates_shown(self.server, deadline)
        return install_authority(shown, wanted, directory, self.server.url)

    # ---- one exchange ----------------------------------------------------------------------------------------------

    def _own(self, credential: Credential | None) -> Credential:
        if credential is not None:
            return credential
        return self.server.credential or Credential.find(kinds=("proxy", "user"))

    def _deadline(self, timeout: Limit) -> Deadline:
        return timeout if isinstance(timeout, Deadline) else Deadline(self._timeout.merge(timeout))

    @asynccontextmanager
    async def _ask(
        self, request: Request, doing: str, timeout: Limit, *, proof: Credential | None = None
    ) -> AsyncIterator[_Talk]:
        """Connect, send a request, prove what has to be proved; gives the exchange after the server's first yes."""
        message = request.encode()  # before anything is connected: it may be refused
        async with Connection(self.server, doing, self._deadline(timeout)) as connection:
            talk = _Talk(connection, doing)
            await connection.send(message)
            reply = await talk.any_reply()
            while reply.kind is ReplyKind.AUTHORIZATION:
                if request.passphrase and proof is None:
                    method, data = METHOD_PASSPHRASE, passphrase_answer(request.passphrase)
                else:
                    method, data = answer(
                        reply.all("AUTHORIZATION_DATA"), self._own(proof), doing, self.server.url
                    )
                await connection.send(bytes([method, 0, 0, 0]) + data)
                reply = await talk.any_reply()
            talk.first = reply
            yield talk


class _Talk:
    """What is said on one connection after the request."""

    first: Reply

    def __init__(self, connection: Connection, doing: str) -> None:
        self._connection = connection
        self._doing = doing
        self.send = connection.send

    async def any_reply(self) -> Reply:
        """The next text message; raises what the server has against the request."""
        reply = await self._connection.receive(Incoming.take_reply)
        if reply.kind is ReplyKind.ERROR:
            raise server_error(self._doing, reply.error, self._connection.server.url)
        return reply

    async def reply(self) -> Reply:
        """The server's yes."""
        reply = await self.any_reply()
        if reply.kind is not ReplyKind.OK:
            raise MyProxyProtocolError(
                "the server asks for a proof at the wrong time", url=self._connection.server.url
            )
        return reply

    async def expect(self, take: Callable[[Incoming], T | None]) -> T:
        """Something that is no text message. A server that has changed its mind sends one."""

        def either(incoming: Incoming) -> Reply | T | None:
            return incoming.take_reply() if incoming.begins_with_text() else take(incoming)

        found: Reply | T = await self._connection.receive(either)
        if isinstance(found, Reply):
            raise server_error(self._doing, found.error, self._connection.server.url)
        return found


def _seconds(lifetime: float | dt.timedelta) -> int:
    seconds = lifetime.total_seconds() if isinstance(lifetime, dt.timedelta) else lifetime
    if not 0 < seconds < 1 << 31:
        raise ValueError(f"a lifetime must be more than 0 and less than 2**31 seconds, not {lifetime!r}")
    return int(seconds)


def _counted_chain(signed: bytes) -> bytes:
    """A proxy and its chain (PEM) as one message: how many there are, then each in DER."""
    chain = certificates(signed)
    return bytes([len(chain)]) + b"".join(certificate.der for certificate in chain)
