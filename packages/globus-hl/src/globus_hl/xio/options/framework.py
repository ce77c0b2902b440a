"""The commands of the framework itself."""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType
from typing import TYPE_CHECKING, Any, ClassVar

from globus_lowlevel import GlobusError, xio

from .kinds import BOOL, INT, SIZE
from .option import ANY_DRIVER, Kind, Option, Options, command, refusal

if TYPE_CHECKING:
    from ...security import Credential

__all__ = ["FrameworkOptions"]

Asked = Callable[[], bool]

NOWHERE = Kind("a callback space of the low level", lambda value: (value,), lambda value: value)


class FrameworkOptions(Options):
    """Commands of XIO itself. Blocking calls and awaited ones have ``timeout=``, which is true and aborts; the time-outs
    here are those of the library, which asks a callback whether the operation is to end."""

    driver = None
    constants: ClassVar[ModuleType] = xio

    close_no_cancel = Option(
        BOOL,
        "ATTR_CLOSE_NO_CANCEL",
        "Whether closing waits for operations under way in place of cancelling them.",
    )
    space = Option(NOWHERE, "ATTR_SET_SPACE", "Callback space in which the callbacks of the low level run.")
    offset = Option(INT, "DD_*_OFFSET", "Where in the file this one operation reads or writes.", on="dd")

    @command("ATTR_SET_TIMEOUT_ALL", "attr handle")
    def timeout_all(self, seconds: float, end: Asked | None = None) -> None:
        """Ask `end` after so many seconds of any operation, and again, until it returns true: the operation ends then."""
        self._timeout("ALL", seconds, end)

    @command("ATTR_SET_TIMEOUT_OPEN", "attr handle")
    def timeout_open(self, seconds: float, end: Asked | None = None) -> None:
        """As `timeout_all`, of opening."""
        self._timeout("OPEN", seconds, end)

    @command("ATTR_SET_TIMEOUT_CLOSE", "attr handle")
    def timeout_close(self, seconds: float, end: Asked | None = None) -> None:
        """As `timeout_all`, of closing."""
        self._timeout("CLOSE", seconds, end)

    @command("ATTR_SET_TIMEOUT_READ", "attr handle")
    def timeout_read(self, seconds: float, end: Asked | None = None) -> None:
        """As `timeout_all`, of reading."""
        self._timeout("READ", seconds, end)

    @command("ATTR_SET_TIMEOUT_WRITE", "attr handle")
    def timeout_write(self, seconds: float, end: Asked | None = None) -> None:
        """As `timeout_all`, of writing."""
        self._timeout("WRITE", seconds, end)

    @command("ATTR_SET_TIMEOUT_ACCEPT", "attr")
    def timeout_accept(self, seconds: float, end: Asked | None = None) -> None:
        """As `timeout_all`, of accepting."""
        self._timeout("ACCEPT", seconds, end)

    def _timeout(self, operation: str, seconds: float, end: Asked | None) -> None:
        def asked(*_: Any) -> bool:
            return True if end is None else end()

        self._control(f"ATTR_SET_TIMEOUT_{operation}", asked, float(seconds), None)
        self._target.keep(f"timeout {operation}", asked)

    @command("ATTR_SET_CREDENTIAL", "attr")
    def credential(
        self,
        credential: Credential | None,
        username: str = "",
        password: str = "",
        subject: str = "",
    ) -> None:
        """What drivers that log in use: a `Credential`, or user name and password.

        Args:
            subject: who the other end has to be.
        """
        handle = None if credential is None else credential.handle
        self._control("ATTR_SET_CREDENTIAL", handle, subject, username, password)
        self._target.keep("framework.credential", credential)

    @command("GET_LOCAL_CONTACT")
    def local_contact(self) -> str:
        """``host:port`` of this end, the host by name."""
        return self._query(xio.GLOBUS_XIO_GET_LOCAL_CONTACT)

    @command("GET_LOCAL_NUMERIC_CONTACT")
    def local_numeric_contact(self) -> str:
        """``address:port`` of this end."""
        return self._query(xio.GLOBUS_XIO_GET_LOCAL_NUMERIC_CONTACT)

    @command("GET_REMOTE_CONTACT")
    def remote_contact(self) -> str:
        """``host:port`` of the other end, the host by name."""
        return self._query(xio.GLOBUS_XIO_GET_REMOTE_CONTACT)

    @command("GET_REMOTE_NUMERIC_CONTACT")
    def remote_numeric_contact(self) -> str:
        """``address:port`` of the other end."""
        return self._query(xio.GLOBUS_XIO_GET_REMOTE_NUMERIC_CONTACT)

    @command("SEEK")
    def seek(self, offset: int) -> None:
        """Read and write from `offset` on, where the stack can: `file`, `gridftp`, `ordering`."""
        self._query(xio.GLOBUS_XIO_SEEK, SIZE.to_c(offset)[0])

    @command("GET_DRIVER_NAME")
    def driver_name(self) -> str:
        """Name of the topmost driver that tells it; those of GCT 6.2 do not (StackError). See `Handle.stack`."""
        return self._query(xio.GLOBUS_XIO_GET_DRIVER_NAME)

    @command("GET_STRING_OPTIONS")
    def text(self) -> str:
        """The options of the topmost driver that tells some, as text."""
        return self._query(xio.GLOBUS_XIO_GET_STRING_OPTIONS)

    @command("SET_STRING_OPTIONS")
    def parse(self, text: str) -> None:
        """Set options of the topmost driver that has some: ``"sndbuf=65536"``."""
        self._query(xio.GLOBUS_XIO_SET_STRING_OPTIONS, text)

    def _query(self, number: int, *arguments: Any) -> str:
        try:
            answer: str = self._target.control(ANY_DRIVER, int(number), *arguments)
        except GlobusError as error:
            raise refusal("XIO", "the command", error) from error
        return answer
