"""globus_lowlevel.gass_copy: checksums that are waited for, of files here and on a server."""

from __future__ import annotations

import hashlib
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from globus_lowlevel import GlobusError, common, gass_copy

CONTENT = b"0123456789" * 1000


@pytest.fixture(scope="module", autouse=True)
def active(grid: Any) -> Iterator[None]:
    common.globus_module_activate(gass_copy.GLOBUS_GASS_COPY_MODULE)
    yield
    common.globus_module_deactivate(gass_copy.GLOBUS_GASS_COPY_MODULE)


@pytest.fixture(scope="module")
def server(grid: Any) -> Iterator[Any]:
    with grid.start_gridftp(security="anonymous") as server:
        yield server


def checksum(url: str, offset: int = 0, length: int = -1, algorithm: str = "MD5") -> str:
    handle, attr = gass_copy.globus_gass_copy_handle_init(None), gass_copy.globus_gass_copy_attr_init()
    found = gass_copy.globus_gass_copy_cksm(handle, url, attr, offset, length, algorithm)
    gass_copy.globus_gass_copy_handle_destroy(handle)
    return str(found)


@pytest.mark.parametrize("place", ["server", "here"])
def test_of_a_file(server: Any, place: str) -> None:
    path = Path(server.root) / "checked.dat"
    path.write_bytes(CONTENT)
    url = f"{server.ftp_url}/{path.name}" if place == "server" else f"file://{path}"
    assert checksum(url) == hashlib.md5(CONTENT).hexdigest()
    assert checksum(url, 5, 10) == hashlib.md5(CONTENT[5:15]).hexdigest()


def test_of_what_is_not_there(server: Any, tmp_path: Path) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        nobody = f"ftp://127.0.0.1:{unused.getsockname()[1]}/file"
        for url in (f"{server.ftp_url}/none", nobody, f"file://{tmp_path}/none", "http://localhost/none"):
            with pytest.raises(GlobusError):
                checksum(url)
