"""Where the programs of the Grid Community Toolkit are, and the packages that have them."""

from __future__ import annotations

import os
import shutil

from .errors import MissingProgramError

DEBIAN_PACKAGES = {
    "globus-gridftp-server": "globus-gridftp-server-progs",
    "globus-url-copy": "globus-gass-copy-progs",
    "grid-proxy-init": "globus-proxy-utils",
    "grid-proxy-info": "globus-proxy-utils",
}


def find_program(name: str) -> str:
    """The absolute path of a toolkit program.

    Looked for in ``$GLOBUS_LOCATION`` (``sbin``, ``bin``), then ``$PATH``, then the ``sbin`` directories, which
    ordinary accounts rarely have in their ``$PATH``.

    Raises:
        MissingProgramError: it is nowhere; the message names the Debian and EPEL packages that have it.
    """
    location = os.environ.get("GLOBUS_LOCATION")
    places = [f"{location}/sbin", f"{location}/bin"] if location else []
    places += [*os.get_exec_path(), "/usr/sbin", "/usr/local/sbin", "/usr/bin"]
    found = shutil.which(name, path=os.pathsep.join(places))
    if found:
        return os.path.abspath(found)
    package = DEBIAN_PACKAGES.get(name)
    advice = (
        f"install it with 'apt-get install {package}' (Debian, Ubuntu) or 'dnf install {package}' (EPEL)"
        if package
        else "install the package that has it"
    )
    raise MissingProgramError(name, f"the program {name!r} is not installed: {advice}; looked in {', '.join(places)}")
