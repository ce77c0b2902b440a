"""MyProxy: credentials in an online repository, and a way to get them from anywhere.

::

    from globus_hl import myproxy

    with myproxy.MyProxyClient("myproxy.example.org") as client:
        proxy = client.logon("alice", passphrase)

:class:`AsyncMyProxyClient` has the same methods for asyncio. Errors are in :mod:`globus_hl.myproxy.errors` and
:mod:`globus_hl.errors`. The protocol is GFD-E.54 with the extensions of MyProxy 6.
"""

from __future__ import annotations

from .client import AsyncMyProxyClient, MyProxyClient
from .errors import (
    CredentialOwnedError,
    CredentialRefusedError,
    MyProxyError,
    MyProxyProtocolError,
    NoSuchCredentialError,
    PassphraseRefusedError,
    PolicyRefusedError,
    StoredCredentialExpiredError,
)
from .stored import StoredCredential
from .trust_roots import TrustRoots

__all__ = [
    "AsyncMyProxyClient",
    "CredentialOwnedError",
    "CredentialRefusedError",
    "MyProxyClient",
    "MyProxyError",
    "MyProxyProtocolError",
    "NoSuchCredentialError",
    "PassphraseRefusedError",
    "PolicyRefusedError",
    "StoredCredential",
    "StoredCredentialExpiredError",
    "TrustRoots",
]
