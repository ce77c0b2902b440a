"""Answers to a server that wants a proof before it gives a credential away: a signature, or the passphrase."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterable

from ..errors import GridError
from ..security import Credential
from .errors import PolicyRefusedError

__all__ = ["METHOD_PASSPHRASE", "answer", "passphrase_answer"]

METHOD_PASSPHRASE = 1
"""``AUTHORIZETYPE_PASSWD``."""

_one_at_a_time = threading.Lock()  # libmyproxy keeps its errors in one place of the process


def passphrase_answer(passphrase: str) -> bytes:
    """The passphrase as an answer: with the NUL at its end."""
    return passphrase.encode("utf-8", "surrogateescape") + b"\0"


def answer(challenges: Iterable[str], credential: Credential, doing: str, url: str) -> tuple[int, bytes]:
    """Sign the challenge of a server with the key of a credential.

    Args:
        challenges: ``method:data``, each an offer of the server.
        credential: whose key signs; its chain goes with the signature.
        doing: completes "could not ...".
        url: of the server, for errors.

    Returns:
        The number of the method, and the answer.

    Raises:
        PolicyRefusedError: the server accepts no certificate as a proof.
        GridError: the signature could not be made.
    """
    from globus_lowlevel import GlobusError, myproxy

    offered = dict(challenge.partition(":")[::2] for challenge in challenges)
    for method in (myproxy.AUTHORIZETYPE_CERT256, myproxy.AUTHORIZETYPE_CERT):
        name = myproxy.authorization_get_name(method)
        if name is not None and name in offered:
            break
    else:
        raise PolicyRefusedError(
            f"could not {doing}: the server accepts no certificate in place of a passphrase", url=url
        )
    question = myproxy.authorization_data_t()
    question.method = method
    question.server_data = offered[name]
    try:
        with _one_at_a_time, _InMemory(credential.to_pem()) as path:
            signed = myproxy.authorization_create_response([question], method, path)
            return int(method), bytes(signed.client_data)
    except GlobusError as error:
        raise GridError(f"could not {doing}: the proof could not be signed: {error}", url=url) from error


class _InMemory:
    """A file without a place on a disk, by whose path the library reads the credential."""

    def __init__(self, content: bytes) -> None:
        self._content = content

    def __enter__(self) -> bytes:
        self._descriptor = os.memfd_create("credential", os.MFD_CLOEXEC)
        os.fchmod(self._descriptor, 0o600)
        os.write(self._descriptor, self._content)
        return f"/proc/self/fd/{self._descriptor}".encode() + b"\0"

    def __exit__(self, *_: object) -> None:
        os.close(self._descriptor)
