"""The Grid Community Toolkit's C API, one module a C library, under the C names.

    from globus_lowlevel import common, xio
    common.globus_module_activate(xio.GLOBUS_XIO_MODULE)

A module is loaded at its first use. Importing this package chooses the toolkit's `pthread` thread model, which must
happen before anything else of the toolkit runs in the process; if that is no longer possible, the import fails.

`GlobusError` is what a failing call raises. docs/lowlevel.md tells how a C signature is read.
`python -m globus_lowlevel` tells which libraries were found, and which modules work.
"""

import atexit
import os

from . import _support

TYPE_CHECKING = False  # as typing.TYPE_CHECKING, without loading that module
if TYPE_CHECKING:
    from types import ModuleType

    from . import authz as authz
    from . import callout as callout
    from . import common as common
    from . import ftp_client as ftp_client
    from . import ftp_control as ftp_control
    from . import gass_cache as gass_cache
    from . import gass_copy as gass_copy
    from . import gass_server_ez as gass_server_ez
    from . import gass_transfer as gass_transfer
    from . import gfork as gfork
    from . import gram_client as gram_client
    from . import gram_jobmanager_callout_error as gram_jobmanager_callout_error
    from . import gram_protocol as gram_protocol
    from . import gridftp_server as gridftp_server
    from . import gridftp_server_control as gridftp_server_control
    from . import gridmap_callout_error as gridmap_callout_error
    from . import gsi_callback as gsi_callback
    from . import gsi_cert_utils as gsi_cert_utils
    from . import gsi_credential as gsi_credential
    from . import gsi_openssl_error as gsi_openssl_error
    from . import gsi_openssl_module as gsi_openssl_module
    from . import gsi_proxy_core as gsi_proxy_core
    from . import gsi_proxy_ssl as gsi_proxy_ssl
    from . import gsi_sysconfig as gsi_sysconfig
    from . import gss_assist as gss_assist
    from . import gssapi as gssapi
    from . import gssapi_error as gssapi_error
    from . import io as io
    from . import myproxy as myproxy
    from . import net_manager as net_manager
    from . import rsl as rsl
    from . import scheduler_event_generator as scheduler_event_generator
    from . import xio as xio
    from . import xio_drivers as xio_drivers
    from ._errors import Cause as Cause
    from ._errors import GlobusError as GlobusError
    from ._oid import OID as OID

_CLASSES = {"Cause": "_errors", "GlobusError": "_errors", "OID": "_oid"}

__all__ = ["OID", "CObject", "Cause", "Deferred", "GlobusError", "live", "reap"]

CObject = _support.CObject
Deferred = _support.Deferred
live = _support.live
reap = _support.reap

# The toolkit's threads outlive the interpreter: from here on their callbacks must not reach Python.
atexit.register(_support.drain, 1.0)


def _modules() -> list[str]:
    """The modules that were built: one a C library."""
    files = os.listdir(os.path.dirname(__file__))
    return sorted(f.partition(".")[0] for f in files if f.endswith(".abi3.so") and not f.startswith("_"))


if not TYPE_CHECKING:

    def __getattr__(name: str) -> "ModuleType | type":
        """Loads a module, or a class, at its first use."""
        from importlib import import_module

        if name in _modules():
            return import_module(f".{name}", __name__)
        if name in _CLASSES:
            found = globals()[name] = getattr(import_module(f".{_CLASSES[name]}", __name__), name)
            return found
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *_modules(), *_CLASSES})
