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
    r"GeneralModuleTests\.test_(getaddrinfo|host_resolution|idna|if_|sethostname).*": (
        "functions of the module, no socket"
    ),
}
"""Single tests (``Class.test``, a regular expression) that cannot be about any XioSocket, and why."""

ABOVE_TCP: dict[str, str] = {
    r".*SCMRightsStreamTest\..*|SendRecvFdsTests\..*": "ancillary data, which is not part of the stream",
    r"SendfileUsingSendfileTest\..*": "the system's sendfile(2), which the drivers do not see",
    r"BasicTCPTest2?\.test(Dup|FromFd)": "a copy of the descriptor, which the drivers do not follow",
    r"BasicTCPTest2?\.testDetach": "the descriptor for select and that of the system are two",
    r"NetworkConnectionAttributesTest\.test(Family|SourceAddress|Timeout.*)"
    r"|NonBlockingTCPTests\.test(Accept|InheritFlags.*)|TCPCloserTest\..*": (
        "the server closes before the handshake is over"
    ),
    r"TestLinuxAbstractNamespace\.testLinuxAbstractNamespace": (
        "one thread connects, which takes a handshake, and accepts after that"
    ),
}
"""The same, for sockets with drivers above tcp."""


def rule_against(class_name: str, test_name: str, *, plain: bool) -> tuple[str, str] | None:
    """The pattern that says that a test is not for these sockets, and why; None: it is for them.

    Args:
        plain: whether the stack is tcp alone.
    """
    for pattern, reason in OTHER_KINDS.items():
        if re.search(pattern, class_name):
            return pattern, reason
    for rules in (ANYWHERE,) if plain else (ANYWHERE, ABOVE_TCP):
        for pattern, reason in rules.items():
            if re.fullmatch(pattern, f"{class_name}.{test_name}"):
                return pattern, reason
    return None
