"""Every control command of every driver, as a property or a method with a Python name, a type and a documentation.

The objects that take commands (`Attributes`, handles, servers, data descriptors) have a property for each driver, which
has the commands of that driver: ``attributes.tcp.nodelay = True``, ``handle.tcp.remote_contact``.
"""

from __future__ import annotations

from .files import FileOptions, FileWhence, PipeOptions, PopenOptions
from .framework import FrameworkOptions
from .gridftp import DCAU, GridFTPOptions, GSSAPIFTPOptions, MulticastOptions
from .gsi import GSIOptions, ProxyMode
from .http import HTTPOptions, HTTPRequest, HTTPResponse, HTTPVersion
from .network import NetManagerOptions, TCPOptions, UDPOptions, UDTOptions
from .option import Options, Target
from .spaces import OptionSpaces
from .streams import ModeEOptions, OrderingOptions, RateOptions, TelnetOptions

__all__ = [
    "DCAU",
    "FileOptions",
    "FileWhence",
    "FrameworkOptions",
    "GSIOptions",
    "GSSAPIFTPOptions",
    "GridFTPOptions",
    "HTTPOptions",
    "HTTPRequest",
    "HTTPResponse",
    "HTTPVersion",
    "ModeEOptions",
    "MulticastOptions",
    "NetManagerOptions",
    "OptionSpaces",
    "Options",
    "OrderingOptions",
    "PipeOptions",
    "PopenOptions",
    "ProxyMode",
    "RateOptions",
    "TCPOptions",
    "Target",
    "TelnetOptions",
    "UDPOptions",
    "UDTOptions",
]
