"""Where the programs of the Grid Community Toolkit are, and the packages that have them."""

from __future__ import annotations

import os
import shutil

from .errors import MissingProgramError

SBIN = ("/usr/sbin", "/usr/local/sbin")
# The EPEL packages have the same names
PACKAGES = {
    "globus-gass-server": "globus-gass-server-ez-progs",
    "globus-gatekeeper": "globus-gatekeeper",
    "globus-gridftp-server": "globus-gridftp-server-progs",
    "globus-job-manager": "globus-gram-job-manager",
    "globusrun": "globus-gram-client-tools",
    "globus-url-copy": "globus-gass-copy-progs",
    "grid-proxy-info": "globus-proxy-utils",
    "grid-proxy-init": "globus-proxy-utils",
    "myproxy-server": "myproxy-server",
    "myproxy-logon": "myproxy",
    "myproxy-init": "myproxy",
}


def find_program(name: str) -> str:
    """The path of a program of the toolkit.

    Looked for in ``$GLOBUS_LOCATION`` (``sbin``, ``bin``), then in ``$PATH``, then in the ``sbin``
    directories, which ordinary accounts rarely have in their ``$PATH``.

    Raises:
        MissingProgramError: it is in none of them; the message names the packages that have it.
    """
    location = os.environ.get("GLOBUS_LOCATION")
    places = [f"{location}/sbin", f"{location}/bin"] if location else []
    places += [*os.get_exec_path(), *SBIN]
    if found := shutil.which(name, path=os.pathsep.join(places)):
        return found
    hint = "install the package of the Grid Community Toolkit that has it, or set GLOBUS_LOCATION"
    if package := PACKAGES.get(name):
        hint = (
            f"install it with 'apt-get install {package}' (Debian, Ubuntu) or 'dnf install {package}' (EPEL)"
        )
    raise MissingProgramError(f"the program {name} is in none of {', '.join(places)}", hint=hint)
