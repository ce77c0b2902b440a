"""Trust roots that a MyProxy server gives: files for a trust directory (``X509_CERT_DIR``)."""

from __future__ import annotations

import os
import re
import secrets
from dataclasses import dataclass, field
from pathlib import Path

from ..security.errors import CredentialFileError
from .errors import MyProxyProtocolError

__all__ = ["TrustRoots"]

_NAME = re.compile(r"[0-9A-Za-z][0-9A-Za-z._-]*")


@dataclass(frozen=True)
class TrustRoots:
    """Authorities with their signing policies and revocation lists.

    Attributes:
        files: contents by name: ``HASH.0``, ``HASH.signing_policy``, ``HASH.r0`` and so on.

    Raises:
        MyProxyProtocolError: a name is not that of a file in one directory.
    """

    files: dict[str, bytes] = field(repr=False)

    def __post_init__(self) -> None:
        for name in self.files:
            if not _NAME.fullmatch(name):
                raise MyProxyProtocolError(
                    f"the server sent a trust root with the name {name[:80]!r}, which is refused"
                )

    @property
    def authorities(self) -> list[str]:
        """The hashes of the names of the authorities."""
        return sorted(
            {name.partition(".")[0] for name in self.files if re.fullmatch(r"[0-9a-f]{8}\.\d", name)}
        )

    def install(self, directory: str | os.PathLike[str]) -> list[Path]:
        """Write the files into a directory, which is made if it is not there; each is whole or as it was.

        Files of the same names are replaced, others stay: an authority that the server no longer names is not removed.

        Returns:
            The paths that were written.

        Raises:
            CredentialFileError: the directory or a file cannot be written.
        """
        where = Path(directory)
        try:
            where.mkdir(mode=0o755, parents=True, exist_ok=True)
            return [_replace(where / name, content) for name, content in sorted(self.files.items())]
        except OSError as error:
            raise CredentialFileError(
                f"cannot write trust roots to {where}: {error.strerror}", path=where, errno=error.errno
            ) from error

    def __repr__(self) -> str:
        return f"<TrustRoots, {len(self.authorities)} authorities, {len(self.files)} files>"


def _replace(path: Path, content: bytes) -> Path:
    draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    try:
        draft.write_bytes(content)
        draft.chmod(0o644)
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)
    return path
