"""Which of CPython's socket tests say something about stream sockets over XIO, and why the others do not."""

from __future__ import annotations

import re

OTHER_KINDS = {
    r"UDP": "datagrams",
    r"SCTP|RDS|TIPC|QIPCRTR|VSOCK|Bluetooth|CAN|ISOTP|J1939|LinuxKernelCryptoAPI": "another protocol than TCP",
    r"MSWindows|MacOS|TestSocketSharing": "another operating system",
    r"CmsgMacro|NonblockConstant|TestExceptions": "the module's own names, no socket",
}
"""Classes: what their names hold, and what they are about."""

ANYWHERE: dict[str, str] = {
    r"GeneralModuleTests\.(testSendtoErrors|test_socket_fileno)": "datagrams",
    r"SendfileUsingSend(file)?Test\.test_errors": "datagrams",
    r"NetworkConnectionNoServer\.test_create_connection_timeout": "a class of its own in the place of the sockets",
    r"InterruptedRecvTimeoutTest\..*": "datagrams",
    r"GeneralModuleTests\.test_(getaddrinfo|host_resolution|idna|if_|sethostname|getservbyname|ntohl|inet|IPv[46]|byte).*": (
        "functions of the module, no socket"
    ),
}
"""Single tests (``Class.test``, a regular expression) that cannot be about any XioSocket, and why."""

ABOVE_TCP: dict[str, str] = {}
"""The same, for sockets with drivers above tcp."""


def reason_against(class_name: str, test_name: str, *, plain: bool) -> str | None:
    """Why a test is not for these sockets; None: it is.

    Args:
        plain: whether the stack is tcp alone.
    """
    for pattern, reason in OTHER_KINDS.items():
        if re.search(pattern, class_name):
            return reason
    for rules in (ANYWHERE,) if plain else (ANYWHERE, ABOVE_TCP):
        for pattern, reason in rules.items():
            if re.fullmatch(pattern, f"{class_name}.{test_name}"):
                return reason
    return None
