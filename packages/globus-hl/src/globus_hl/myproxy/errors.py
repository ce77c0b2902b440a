"""What can go wrong with a MyProxy server.

The protocol has no error numbers: a server says in English what it has against a request. What is known of its words
(they have been the same since MyProxy 1.0) chooses the class here, and in no other place.
"""

from __future__ import annotations

import re

from ..errors import AuthorizationError, CredentialExpiredError, ExistsError, NotFoundError, ServerError

__all__ = [
    "CredentialOwnedError",
    "CredentialRefusedError",
    "MyProxyError",
    "MyProxyProtocolError",
    "NoSuchCredentialError",
    "PassphraseRefusedError",
    "PolicyRefusedError",
    "StoredCredentialExpiredError",
    "server_error",
]


class MyProxyError(ServerError):
    """A MyProxy server refused a request. ``reply`` has its words."""


class MyProxyProtocolError(MyProxyError):
    """What answers there speaks no MyProxy, or the answer was damaged."""

    default_hint = "check that host and port are those of a MyProxy server"


class PassphraseRefusedError(MyProxyError, AuthorizationError):
    """The passphrase is not that of the stored credential, or there should have been one."""

    default_hint = "check user name, credential name and passphrase"


class NoSuchCredentialError(MyProxyError, NotFoundError):
    """Nothing is stored under that user name and credential name."""

    default_hint = "check user name and credential name; myproxy init stores a credential"


class CredentialOwnedError(MyProxyError, ExistsError):
    """Somebody else has stored a credential under that name."""

    default_hint = "choose another user name or credential name"


class PolicyRefusedError(MyProxyError, AuthorizationError):
    """A policy, of the server or of the stored credential, does not allow this client to do this."""

    default_hint = "ask who stored the credential, or the administrator of the server, whom the policy allows"


class StoredCredentialExpiredError(MyProxyError, CredentialExpiredError):
    """The credential that the server stores has expired."""

    default_hint = "store a new one with myproxy init"


class CredentialRefusedError(MyProxyError):
    """The server does not take the credential that was to be stored."""

    default_hint = "the server must trust its authority, and may limit its lifetime"


_WORDS: tuple[tuple[str, type[MyProxyError]], ...] = (
    (
        r"invalid credential pass ?phrase|invalid pass ?phrase|bad password|no passphrase",
        PassphraseRefusedError,
    ),
    (r"pass ?phrase.*(too short|policy|at least)|server policy.*pass ?phrase", PolicyRefusedError),
    (
        (
            r"credentials? do(es)? not exist|no credentials (found|exist)|unknown username|"
            r"failed to retrieve credentials for|can't read credentials"
        ),
        NoSuchCredentialError,
    ),
    (r"credentials are already stored|they are not owned by|may not overwrite", CredentialOwnedError),
    (r"(credentials?|certificate) (has |have )?expired", StoredCredentialExpiredError),
    (
        (
            r"not authorized|authorization failed|not allowed|does not own|not owned by|may not retrieve|"
            r"will not accept limited|credential locked|not supported by"
        ),
        PolicyRefusedError,
    ),
    (
        r"credentials are not valid|failed to accept credentials|lifetime .* exceeds maximum",
        CredentialRefusedError,
    ),
    (r"authentication failed", PassphraseRefusedError),
    (
        r"^unknown error$",
        PolicyRefusedError,
    ),  # a refusal by policy is the one for which servers have no words
)


def server_error(doing: str, said: str, url: str) -> MyProxyError:
    """The error for what a server said against a request.

    Args:
        doing: completes "could not ...".
        said: its words.
        url: ``myproxy://host:port``.
    """
    kind = next((kind for pattern, kind in _WORDS if re.search(pattern, said, re.IGNORECASE)), MyProxyError)
    return kind(f"could not {doing}: {said}", url=url, reply=said)
