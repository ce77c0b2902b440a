"""What takes commands has a property for each driver."""

from __future__ import annotations

from typing import Any, Generic, Self, TypeVar, overload

from .files import FileOptions, PipeOptions, PopenOptions
from .framework import FrameworkOptions
from .gridftp import GridFTPOptions, GSSAPIFTPOptions, MulticastOptions
from .gsi import GSIOptions
from .http import HTTPOptions
from .network import NetManagerOptions, TCPOptions, UDPOptions, UDTOptions
from .option import Options
from .streams import ModeEOptions, OrderingOptions, RateOptions, TelnetOptions

__all__ = ["OptionSpaces"]

O = TypeVar("O", bound=Options)  # noqa: E741 - an options class


class _Space(Generic[O]):
    def __init__(self, kind: type[O]) -> None:
        self.kind = kind
        self.__doc__ = (kind.__doc__ or "").partition("\n\n")[0]

    @overload
    def __get__(self, target: None, owner: type) -> Self: ...
    @overload
    def __get__(self, target: Any, owner: type) -> O: ...
    def __get__(self, target: Any, owner: type) -> O | Self:
        return self if target is None else self.kind(target)


class OptionSpaces:
    """The commands, by driver."""

    xio = _Space(FrameworkOptions)
    tcp = _Space(TCPOptions)
    udp = _Space(UDPOptions)
    udt = _Space(UDTOptions)
    net_manager = _Space(NetManagerOptions)
    file = _Space(FileOptions)
    pipe = _Space(PipeOptions)
    popen = _Space(PopenOptions)
    gsi = _Space(GSIOptions)
    http = _Space(HTTPOptions)
    telnet = _Space(TelnetOptions)
    mode_e = _Space(ModeEOptions)
    ordering = _Space(OrderingOptions)
    rate = _Space(RateOptions)
    gridftp = _Space(GridFTPOptions)
    gridftp_multicast = _Space(MulticastOptions)
    gssapi_ftp = _Space(GSSAPIFTPOptions)

    @classmethod
    def spaces(cls) -> dict[str, type[Options]]:
        """Name of each property, and its class."""
        return {name: space.kind for name, space in vars(OptionSpaces).items() if isinstance(space, _Space)}
