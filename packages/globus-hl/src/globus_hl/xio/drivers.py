"""Drivers, loaded by name."""

from __future__ import annotations

import threading
from typing import Any

from globus_lowlevel import GlobusError, xio

from .._runtime.library import activate
from .errors import DriverNotFoundError
from .rate_driver import rate_driver

__all__ = ["BUILT_IN", "PACKAGES", "TRANSPORTS", "Driver"]

BUILT_IN = ("tcp", "udp", "file", "http", "mode_e", "ordering", "queue", "telnet", "rate")
"""What every XIO library has; and rate, which is the package's own (see :mod:`.rate_driver`)."""

PACKAGES = {
    "gsi": "libglobus-xio-gsi-driver",
    "gridftp": "libglobus-xio-gridftp-driver",
    "gridftp_multicast": "libglobus-xio-gridftp-multicast",
    "popen": "libglobus-xio-popen-driver",
    "pipe": "libglobus-xio-pipe-driver",
    "udt": "libglobus-xio-udt-driver",
    "net_manager": "libglobus-xio-net-manager-driver",
    "gssapi_ftp": "libglobus-gridftp-server-control0",
}
"""The Debian package of each driver that is a library of its own."""

TRANSPORTS = frozenset(
    {"tcp", "udp", "file", "mode_e", "popen", "pipe", "udt", "gridftp", "gridftp_multicast"}
)
"""Drivers that a stack begins with; the others stand on one of them."""


class Driver:
    """A driver: what moves data (a transport, such as tcp) or changes it on its way (gsi, rate, ...).

    It is loaded once, and stays so: a second `Driver` of the name is the same. Immutable, for all threads.

    Args:
        name: such as ``"tcp"``: one of `BUILT_IN`, one of `PACKAGES`, or any other ``libglobus_xio_NAME_driver.so``.

    Raises:
        DriverNotFoundError: there is none; the hint names the package that has it.
        ValueError: it is no name.

    >>> Driver("tcp").is_transport
    True
    """

    __slots__ = ("handle", "name")

    name: str
    handle: Any
    """The low level's ``globus_xio_driver_t``."""

    _loaded: dict[str, Driver] = {}  # noqa: RUF012 - of the process
    _lock = threading.Lock()

    def __new__(cls, name: str) -> Driver:  # noqa: PYI034 - there are no subclasses
        if not isinstance(name, str):
            raise TypeError(f"a driver has a name such as 'tcp', not {name!r}")
        if not name.replace("_", "").isalnum():
            raise ValueError(f"{name!r} is no name of a driver")
        with cls._lock:
            driver = cls._loaded.get(name)
            if driver is None:
                driver = cls._loaded[name] = cls._load(name)
        return driver

    @classmethod
    def _load(cls, name: str) -> Driver:
        activate(xio, "GLOBUS_XIO_MODULE")
        if name == "gssapi_ftp":  # is a part of a library that has it when it is active
            from globus_lowlevel import gridftp_server_control

            activate(gridftp_server_control, "GLOBUS_GRIDFTP_SERVER_CONTROL_MODULE")
        try:
            handle = rate_driver().handle if name == "rate" else xio.globus_xio_driver_load(name)
        except GlobusError as error:
            package = PACKAGES.get(name)
            known = f"install the package {package} (apt install {package})" if package else _known()
            raise DriverNotFoundError(f"there is no XIO driver {name}", hint=known) from error
        driver = object.__new__(cls)
        object.__setattr__(driver, "name", name)
        object.__setattr__(driver, "handle", handle)
        return driver

    @property
    def is_transport(self) -> bool:
        """Whether a stack can begin with it."""
        return self.name in TRANSPORTS

    def __setattr__(self, field: str, value: object) -> None:
        raise AttributeError("a Driver does not change")

    def __repr__(self) -> str:
        return f"Driver({self.name!r})"

    def __reduce__(self) -> tuple[type[Driver], tuple[str]]:
        return Driver, (self.name,)


def _known() -> str:
    return f"known drivers are {', '.join((*BUILT_IN, *PACKAGES))}"
