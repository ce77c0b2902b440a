"""Replies of FTP and GridFTP servers: their codes, and what they say about the reason of a failure.

RFC 959 has one code, 550, for most of what can be wrong with a file, and the server of the Grid Community
Toolkit sends 500 for all of it. What tells more, from the surest to the last resort:

1. ``GridFTP-Errno: 2`` and ``GlobusError: v=1 c=PATH_NOT_FOUND`` lines, which newer GridFTP servers send;
2. codes that mean one thing only (552: no space);
3. the system's message that ends a line of the server's own error chain, ``System error in open: No such file
...``:
   the errno in words of the C locale, where the server sends no number.
"""

from __future__ import annotations

import errno
import re
from dataclasses import dataclass

from globus_lowlevel import GlobusError, ftp_client

from ..errors import (
    OF_FILES,
    AuthenticationError,
    ConnectionLostError,
    DataChannelError,
    GridError,
    LoginRefusedError,
    NoSpaceError,
    ProtectionError,
    ServerError,
    UnsupportedError,
)

__all__ = ["Reply", "error_class", "reply_of"]

_ERRNO = re.compile(r"^GridFTP-Errno:\s*(\d+)", re.MULTILINE)
_CODE = re.compile(r"^GlobusError:.*\bc=(\w+)", re.MULTILINE)
_SYSTEM = re.compile(r"(?:System error in \w+|A system call failed): (.+)$", re.MULTILINE)
_LINE_START = re.compile(r"^\d{3}[ -]", re.MULTILINE)

_BY_NAME: dict[str, int] = {
    "PATH_NOT_FOUND": errno.ENOENT,
    "PERMISSION_DENIED": errno.EACCES,
    "PATH_EXISTS": errno.EEXIST,
    "IS_A_DIRECTORY": errno.EISDIR,
    "NOT_A_DIRECTORY": errno.ENOTDIR,
    "NO_SPACE_LEFT": errno.ENOSPC,
    "QUOTA_EXCEEDED": errno.EDQUOT,
}

_CLASS_BY_NAME: dict[str, type[GridError]] = {
    "LOGIN_DENIED": LoginRefusedError,
    "DATA_CHANNEL_AUTHENTICATION_FAILURE": AuthenticationError,
    "DATA_CHANNEL_COMMUNICATION_FAILURE": DataChannelError,
    "NOT_IMPLEMETED": UnsupportedError,  # as the server spells it
    "NOT_IMPLEMENTED": UnsupportedError,
    "APPEND_NOT_SUPPORTED": UnsupportedError,
}

_BY_REPLY_CODE: dict[int, type[GridError]] = {
    421: ConnectionLostError,
    425: DataChannelError,
    426: DataChannelError,
    452: NoSpaceError,
    502: UnsupportedError,
    504: UnsupportedError,
    530: LoginRefusedError,
    532: LoginRefusedError,
    534: ProtectionError,
    535: AuthenticationError,
    536: ProtectionError,
    537: ProtectionError,
    552: NoSpaceError,
}

# glibc's messages in the C locale, in which servers run
_SYSTEM_MESSAGES: dict[str, int] = {
    "Operation not permitted": errno.EPERM,
    "No such file or directory": errno.ENOENT,
    "Permission denied": errno.EACCES,
    "File exists": errno.EEXIST,
    "Not a directory": errno.ENOTDIR,
    "Is a directory": errno.EISDIR,
    "File too large": errno.EFBIG,
    "No space left on device": errno.ENOSPC,
    "Read-only file system": errno.EROFS,
    "Directory not empty": errno.ENOTEMPTY,
    "Disk quota exceeded": errno.EDQUOT,
}
_PATH_RESTRICTED = "Path not allowed."
"""What the toolkit's server answers, with 500 or 550 and no code, for a path outside of ``-restrict-paths``."""


@dataclass(frozen=True, slots=True)
class Reply:
    """A reply of a server.

    Attributes:
        code: its three digits.
        text: its lines, without the code in front of each.
    """

    code: int
    text: str

    @classmethod
    def parse(cls, message: str) -> Reply | None:
        """Read ``550 550-GlobusError: ...`` or ``550 No such file``, or None if it is no reply."""
        match = re.match(r"\s*(\d{3})[ -]", message)
        if match is None:
            return None
        lines = [
            _LINE_START.sub("", line).strip() for line in _LINE_START.sub("", message.strip()).splitlines()
        ]
        return cls(int(match[1]), "\n".join(line for line in lines if line and line.rstrip(".") != "End"))

    @property
    def errno(self) -> int | None:
        """The errno value of the failure, where the reply has it in some form."""
        if match := _ERRNO.search(self.text):
            return int(match[1])
        if match := _CODE.search(self.text):
            return _BY_NAME.get(match[1])
        for match in _SYSTEM.finditer(self.text):
            if number := _SYSTEM_MESSAGES.get(match[1].strip()):
                return number
        return errno.EACCES if self.text.endswith(_PATH_RESTRICTED) else None

    @property
    def summary(self) -> str:
        """The line of it that tells people most."""
        lines = self.text.splitlines()
        for prefix in ("GridFTP-Error-String:", "GridFTP-Reason:", "GridFTP-Error:"):
            for line in lines:
                if line.startswith(prefix):
                    return line.removeprefix(prefix).strip()
        return lines[-1] if lines and lines[-1].startswith("globus_") else (lines[0] if lines else "")


def error_class(reply: Reply) -> tuple[type[GridError], int | None]:
    """The class for a reply, and the errno value if it names one. `ServerError` itself means that nothing is known."""
    number = reply.errno
    if number is not None and number in OF_FILES:
        return OF_FILES[number], number
    if (match := _CODE.search(reply.text)) and match[1] in _CLASS_BY_NAME:
        return _CLASS_BY_NAME[match[1]], None
    return _BY_REPLY_CODE.get(reply.code, ServerError), number


def reply_of(error: GlobusError) -> Reply | None:
    """The server's reply in an error chain, or None."""
    answered = False
    for cause in error.chain:
        if answered:
            return Reply.parse(cause.message)
        # Its cause has the reply, as the printed form of a GLOBUS_ERROR_TYPE_FTP object.
        answered = (
            cause.module == "globus_ftp_client"
            and cause.file is not None
            and cause.type == ftp_client.GLOBUS_FTP_CLIENT_ERROR_RESPONSE
        )
    return None
