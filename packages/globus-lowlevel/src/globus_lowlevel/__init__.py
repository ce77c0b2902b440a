"""The Grid Community Toolkit's C API, one module a C library, under the C names.

    from globus_lowlevel import common, xio
    common.globus_module_activate(xio.GLOBUS_XIO_MODULE)

A module is loaded at its first import. Importing this package chooses the toolkit's `pthread` thread model, which must
happen before anything else of the toolkit runs in the process; if that is no longer possible, the import fails.

`GlobusError` is what a failing call raises. docs/lowlevel.md tells how a C signature is read.
"""

import atexit

from . import _support
from ._errors import Cause, GlobusError

__all__ = ["Cause", "GlobusError", "live", "reap"]

live = _support.live
reap = _support.reap

# The toolkit's threads outlive the interpreter: from here on their callbacks must not reach Python.
atexit.register(_support.drain, 1.0)
