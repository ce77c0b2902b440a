"""Credentials: certificate, private key and chain."""

from __future__ import annotations

import datetime as dt
import functools
import os
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from globus_lowlevel import GlobusError, gsi_credential, gssapi

from . import files, pem, search
from .causes import reason
from .certificate import Certificate
from .errors import (
    BadKeyError,
    CredentialNotFoundError,
    IncompleteChainError,
    KeyMismatchError,
    NotACertificateError,
    NoTrustDirectoryError,
    UnusableCredentialError,
)
from .keys import Passphrase, PublicKey, private_key, public_part
from .library import start
from .names import Name
from .types import CertificateType

if TYPE_CHECKING:
    from typing_extensions import Buffer

__all__ = ["Credential"]


class Credential:
    """A certificate with its private key, and the certificates between it and the authority.

    Made by `load`, `from_files`, `from_pem` and `find`, by `create_proxy` and by a delegation; lives in memory, and does
    not change. Safe to share between threads. ``repr()`` shows no secret, and pickling gives the path and nothing else: a
    credential that is in no file cannot be pickled.

    Attributes:
        path: the file it was loaded from or saved to, or None.
        key_path: the file of the private key, if that is another one.
        chain: the certificates, this one first, the one nearest to the authority last.

    >>> credential = Credential.find()
    >>> with gridftp.Client(credential=credential) as client: ...
    """

    path: Path | None
    key_path: Path | None
    chain: tuple[Certificate, ...]

    def __init__(
        self,
        chain: Sequence[Certificate],
        key: bytes,
        *,
        path: str | os.PathLike[str] | None = None,
        key_path: str | os.PathLike[str] | None = None,
    ) -> None:
        """From its parts: for callers that have them; `key` is the private key, PKCS #8 in DER form.

        Raises:
            KeyMismatchError: the key is not that of the first certificate.
            IncompleteChainError: the last certificate is that of a proxy.
            BadKeyError: it is no key.
            NotACertificateError: there is no certificate.
        """
        if not chain:
            raise NotACertificateError("a credential needs a certificate", path=path)
        self.chain = tuple(chain)
        self.path = None if path is None else Path(path)
        self.key_path = None if key_path is None else Path(key_path)
        self._key = key
        self._lock = threading.Lock()
        self._handles: dict[str, Any] = {}
        self._check_key()
        if self.chain[-1].type.is_proxy:
            raise IncompleteChainError(
                f"the chain of {self.subject} ends with a proxy", subject=self.subject, path=self.path
            )

    def _check_key(self) -> None:
        where = self.key_path or self.path
        try:
            public = public_part(self._key)
        except (ValueError, IndexError) as error:
            raise BadKeyError(f"the private key is damaged: {error}", path=where) from None
        if public is not None and public != self.certificate.key.material:
            which = "the private key" if where is None else f"the private key in {where}"
            raise KeyMismatchError(
                f"{which} is not that of the certificate of {self.subject}", subject=self.subject, path=where
            )

    # ---- where they come from --------------------------------------------------------------------------------------

    @classmethod
    def load(cls, path: str | os.PathLike[str], *, passphrase: Passphrase = None) -> Self:
        """Read a proxy, or another file with certificate, private key and chain.

        Args:
            path: a PEM file that only its owner, who is us, can read.
            passphrase: of the key, if it is encrypted; or a callable that gets it.

        Raises:
            CredentialNotFoundError, CredentialFileError, UnsafePermissionsError, NotACertificateError, BadKeyError,
            KeyEncryptedError, WrongPassphraseError, KeyMismatchError: as they say, with `path`.
        """
        where = _existing(path)
        return cls._from_text(files.read_private(where), None, passphrase, where, None)

    @classmethod
    def from_files(
        cls,
        cert: str | os.PathLike[str],
        key: str | os.PathLike[str],
        *,
        passphrase: Passphrase = None,
    ) -> Self:
        """Read certificate (and chain) and private key from two files, as a user or a host has them.

        Args:
            cert: PEM file of the certificate; anybody may read it.
            key: PEM file of the key; only its owner, who is us, can read it.
            passphrase: of the key, if it is encrypted; or a callable that gets it, called once.

        Raises:
            CredentialNotFoundError, CredentialFileError, UnsafePermissionsError, NotACertificateError, BadKeyError,
            KeyEncryptedError, WrongPassphraseError, KeyMismatchError: as they say, with `path`.
        """
        cert_path, key_path = _existing(cert), _existing(key)
        return cls._from_text(
            files.read(cert_path), files.read_private(key_path), passphrase, cert_path, key_path
        )

    @classmethod
    def from_pem(cls, data: Buffer, key: Buffer | None = None, *, passphrase: Passphrase = None) -> Self:
        """From PEM text in memory.

        Args:
            data: certificate, chain, and private key, if that is not in `key`.

        Raises:
            NotACertificateError, BadKeyError, KeyEncryptedError, WrongPassphraseError, KeyMismatchError: as they say.
        """
        return cls._from_text(bytes(data), None if key is None else bytes(key), passphrase, None, None)

    @classmethod
    def find(
        cls, *, kinds: tuple[search.Kind, ...] = ("proxy", "user", "host"), passphrase: Passphrase = None
    ) -> Self:
        """Take the first credential that is where the toolkit looks for them.

        Those places are ``X509_USER_PROXY`` or ``/tmp/x509up_uNUMBER``; ``X509_USER_CERT`` and ``X509_USER_KEY`` or
        ``~/.globus/usercert.pem`` and ``userkey.pem``; and ``hostcert.pem`` and ``hostkey.pem`` in
        ``/etc/grid-security``, ``$GLOBUS_LOCATION/etc`` or ``~/.globus``.

        Args:
            kinds: which of them, in which order.
            passphrase: of the user's or the host's key.

        Raises:
            CredentialNotFoundError: there is none; `tried` are the places.
            SecurityError: the first one that is there cannot be used, as with `load`: no other one takes its place.
        """
        tried = search.places(kinds)
        for place in tried:
            if place.exists:
                if place.key is None:
                    return cls.load(place.cert, passphrase=passphrase)
                return cls.from_files(place.cert, place.key, passphrase=passphrase)
        names = [str(place) for place in tried]
        raise CredentialNotFoundError(f"there is no credential: tried {', '.join(names)}", tried=names)

    @classmethod
    def from_handle(cls, handle: Any) -> Self:
        """From a ``gss_cred_id_t`` of the low level, which stays as it is.

        Raises:
            UnusableCredentialError: the library does not export it.
        """
        start()
        try:
            text = gssapi.gss_export_cred(handle, None, gssapi.GSS_IMPEXP_OPAQUE_FORM)
        except GlobusError as error:
            raise UnusableCredentialError(f"the credential cannot be exported: {error}") from error
        return cls.from_pem(text)

    @classmethod
    def _from_text(
        cls,
        text: bytes,
        key_text: bytes | None,
        passphrase: Passphrase,
        path: str | None,
        key_path: str | None,
    ) -> Self:
        where = path or "the PEM data"
        blocks = pem.blocks(text)
        chain = []
        for block in blocks:
            if block.is_certificate:
                try:
                    chain.append(Certificate(block.text))
                except NotACertificateError as error:
                    raise NotACertificateError(f"{where}: {error.message}", path=path) from None
        if not chain:
            raise NotACertificateError(f"there is no certificate in {where}", path=path)
        keys = [b for b in (blocks if key_text is None else pem.blocks(key_text)) if b.is_private_key]
        if not keys:
            raise BadKeyError(
                f"there is no private key in {key_path or where}",
                path=key_path or path,
                subject=chain[0].subject,
            )
        key = private_key(keys[0], passphrase, key_path or path)
        return cls(chain, key, path=path, key_path=key_path)

    # ---- what they say ---------------------------------------------------------------------------------------------

    @property
    def certificate(self) -> Certificate:
        """The certificate itself."""
        return self.chain[0]

    @property
    def subject(self) -> str:
        """Distinguished name of the certificate: for a proxy that of its issuer, with one more ``CN``."""
        return self.certificate.subject

    @property
    def issuer(self) -> str:
        """Who signed the certificate: an authority, or for a proxy the one it speaks for."""
        return self.certificate.issuer

    @functools.cached_property
    def identity(self) -> str:
        """Whom it stands for: the subject without what proxies have added; for an independent proxy its own."""
        name: str = gsi_credential.globus_gsi_cred_get_identity_name(self.gsi_handle())
        return name

    @property
    def name(self) -> Name:
        """`identity` as a `Name`."""
        return Name(self.identity)

    @property
    def type(self) -> CertificateType:
        """What it is: the credential of an end entity, or which type of proxy."""
        return self.certificate.type

    @property
    def is_proxy(self) -> bool:
        return self.type.is_proxy

    @property
    def is_limited(self) -> bool:
        """Whether it, or a proxy it comes from, is a limited one: then some services refuse it."""
        for certificate in self.chain:
            if not certificate.type.is_proxy or certificate.type.is_independent:
                return False
            if certificate.type.is_limited:
                return True
        return False

    @property
    def not_before(self) -> dt.datetime:
        """Since when it is valid (UTC): the latest of its chain."""
        return max(certificate.not_before for certificate in self.chain)

    @property
    def not_after(self) -> dt.datetime:
        """When it expires (UTC): the earliest of its chain."""
        return min(certificate.not_after for certificate in self.chain)

    @property
    def time_left(self) -> float:
        """Seconds until it expires; 0.0 when it has."""
        return max(0.0, (self.not_after - dt.datetime.now(dt.UTC)).total_seconds())

    @property
    def is_expired(self) -> bool:
        return self.time_left == 0.0

    @property
    def key(self) -> PublicKey:
        """Its public key: kind and strength."""
        return self.certificate.key

    @property
    def path_length(self) -> int | None:
        """How many proxies may follow it, 0 if none; None if any number."""
        left: int | None = None
        for depth, certificate in enumerate(self.chain):
            info = certificate.proxy_info
            if info is not None and info.path_length is not None:
                rest = max(0, info.path_length - depth)
                left = rest if left is None else min(left, rest)
        return left

    @property
    def policy(self) -> bytes | None:
        """The policy of a restricted proxy."""
        info = self.certificate.proxy_info
        return None if info is None else info.policy

    @property
    def policy_language(self) -> str | None:
        """Dotted identifier of the language of the policy, for proxies that are not legacy ones."""
        info = self.certificate.proxy_info
        return None if info is None else info.language

    # ---- what they are given to ------------------------------------------------------------------------------------

    @property
    def handle(self) -> Any:
        """The low level's ``gss_cred_id_t``, for initiating and accepting contexts.

        It trusts the authorities of the directory that `default_trust_directory` names, ``X509_CERT_DIR`` for example,
        when it is asked for; for the same directory it is the same one each time.

        Raises:
            NoTrustDirectoryError: there is none.
            UnusableCredentialError: the library does not take the credential; the message says why.
        """
        directory = search.default_trust_directory()
        if directory is None:
            raise NoTrustDirectoryError("there is no directory of trusted certificates")
        with self._lock:
            if directory not in self._handles:
                self._handles[directory] = self._import()
            return self._handles[directory]

    def _import(self) -> Any:
        start()
        try:
            return gssapi.gss_import_cred(None, gssapi.GSS_IMPEXP_OPAQUE_FORM, self.to_pem(), 0)[0]
        except GlobusError as error:
            raise UnusableCredentialError(
                f"the credential of {self.subject} cannot be used: {reason(error)}",
                subject=self.subject,
                path=self.path,
            ) from error

    def gsi_handle(self) -> Any:
        """A new ``globus_gsi_cred_handle_t`` of the low level with certificate, key and chain."""
        start()
        handle = gsi_credential.globus_gsi_cred_handle_init(None)
        gsi_credential.globus_gsi_cred_set_cert(handle, self.certificate.der)
        gsi_credential.globus_gsi_cred_set_key(handle, self._key)
        gsi_credential.globus_gsi_cred_set_cert_chain(handle, [c.der for c in self.chain[1:]])
        return handle

    def to_pem(self) -> bytes:
        """Certificate, private key (not encrypted) and chain, as in a proxy file. It is a secret."""
        first, *rest = (certificate.pem for certificate in self.chain)
        return b"".join((first, pem.encode("PRIVATE KEY", self._key), *rest))

    def save(self, path: str | os.PathLike[str] | None = None) -> Path:
        """Write it to a file as ``grid-proxy-init`` does: mode 0600, and whole or not at all.

        Args:
            path: None: where proxies are looked for first, ``X509_USER_PROXY`` or ``/tmp/x509up_uNUMBER``.

        Returns:
            The path; from now on the credential's `path`.

        Raises:
            CredentialFileError: it cannot be written; what was there before still is.
        """
        where = search.default_proxy_path() if path is None else os.fspath(path)
        files.write_private(where, self.to_pem())
        self.path, self.key_path = Path(where), None
        return self.path

    def __repr__(self) -> str:
        origin = f" from {self.path}" if self.path is not None else ""
        return f"<Credential of {self.subject}{origin}, until {self.not_after:%Y-%m-%d %H:%M:%S} UTC>"

    def __reduce__(self) -> tuple[Any, tuple[Any, ...]]:
        if self.path is None:
            raise TypeError(
                f"the credential of {self.subject} is in no file, and private keys are not pickled: save() it first"
            )
        return _reload, (str(self.path), None if self.key_path is None else str(self.key_path))


def _reload(path: str, key_path: str | None) -> Credential:
    return Credential.load(path) if key_path is None else Credential.from_files(path, key_path)


def _existing(path: str | os.PathLike[str]) -> str:
    where = os.fsdecode(path)
    if not os.path.exists(where):
        raise CredentialNotFoundError(f"there is no file {where}", path=where, tried=[where])
    return where
