"""Modules of the standard library that use sockets, over a stack of drivers.

* `StackServer`, `TCPServer`, `ThreadingTCPServer`: ``socketserver``
* `HTTPConnection`: ``http.client``
* `HTTPServer`, `ThreadingHTTPServer`: ``http.server``
* `HTTPHandler`: ``urllib.request``
* `Transport`, `SimpleXMLRPCServer`: ``xmlrpc``
* `over_stack`: ``ftplib``, and any module that says ``import socket``
* `SocketModule`: the module ``socket`` itself
"""

from .module import SocketModule, over_stack
from .servers import StackServer, TCPServer, ThreadingTCPServer
from .web import HTTPConnection, HTTPHandler, HTTPServer, SimpleXMLRPCServer, ThreadingHTTPServer, Transport

__all__ = [
    "HTTPConnection",
    "HTTPHandler",
    "HTTPServer",
    "SimpleXMLRPCServer",
    "SocketModule",
    "StackServer",
    "TCPServer",
    "ThreadingHTTPServer",
    "ThreadingTCPServer",
    "Transport",
    "over_stack",
]
