"""What the tests of globus_lowlevel.ftp_control talk with: callbacks that can be waited for, and a client."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

from globus_lowlevel import GlobusError, ftp_control, gssapi

LIMIT = 30.0  # seconds that a callback may take on a busy machine
MIB = 1 << 20

layouts: dict[str, Callable[..., Any]] = {}  # a registration lasts as long as the process


class Call:
    """A callback that comes once; what it was given."""

    def __init__(self) -> None:
        self.called, self.arguments = threading.Event(), ()

    def __call__(self, *arguments: Any) -> None:
        self.arguments = self.copy(arguments)
        self.called.set()

    def copy(self, arguments: tuple[Any, ...]) -> tuple[Any, ...]:
        return arguments

    def wait(self) -> tuple[Any, ...]:
        assert self.called.wait(LIMIT), "the callback did not come"
        if error := next((a for a in self.arguments if isinstance(a, BaseException)), None):
            raise error
        return self.arguments


class Reply(Call):
    """The last reply to a command: code and text. The struct ends with the callback."""

    def __init__(self) -> None:
        super().__init__()
        self.codes: list[int] = []

    def __call__(self, argument: Any, handle: Any, error: GlobusError | None, response: Any) -> None:
        if error is None:
            self.codes.append(response.code)
            text = bytes(response.response_buffer).decode()
            self.arguments = (response.code, text, response.response_class)
        else:
            self.arguments = (error,)
        if error or response.code >= 200:
            self.called.set()


def ask(function: Callable[..., Any], handle: Any, *arguments: Any) -> tuple[int, str]:
    """Waits for what the server answers."""
    reply = Reply()
    function(handle, *arguments, reply, None)
    code, text, _ = reply.wait()
    return code, text


def command(handle: Any, text: str) -> tuple[int, str]:
    return ask(ftp_control.globus_ftp_control_send_command, handle, f"{text}\r\n")


def force_close(handle: Any) -> None:
    closed = Call()
    ftp_control.globus_ftp_control_force_close(handle, closed, None)
    assert closed.called.wait(LIMIT)


def credential() -> Any:
    return gssapi.gss_acquire_cred(None, gssapi.GSS_C_INDEFINITE, None, gssapi.GSS_C_BOTH)[0]


def auth_info(user: str | None, password: str | None, credential: Any = None, subject: Any = None) -> Any:
    return ftp_control.globus_ftp_control_auth_info_init(credential, False, user, password, None, subject)


class Client:
    """A control connection that is authenticated."""

    def __init__(self, port: int) -> None:
        self.handle: Any = ftp_control.globus_ftp_control_handle_init()
        self.banner = ask(ftp_control.globus_ftp_control_connect, self.handle, "127.0.0.1", port)

    def login(self, info: Any, *, secure: bool = False) -> tuple[int, str]:
        return ask(ftp_control.globus_ftp_control_authenticate, self.handle, info, secure)

    def __call__(self, text: str) -> str:
        code, answer = command(self.handle, text)
        assert code < 400, answer
        return answer

    def quit(self) -> None:
        code, _ = ask(ftp_control.globus_ftp_control_quit, self.handle)
        assert code == 221
        ftp_control.globus_ftp_control_handle_destroy(self.handle)
        assert self.handle.closed
        self.handle = None  # pytest keeps the fixture's value for a while
