"""globus_lowlevel.gass_server_ez: a file server inside this process, for clients of its own kind and any other."""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from gass_peers import Answer, Refused, ask, get, put

from globus_lowlevel import GlobusError, common, gass_server_ez, gass_transfer

pytestmark = pytest.mark.usefixtures("nothing_left")

READ = gass_server_ez.GLOBUS_GASS_SERVER_EZ_READ_ENABLE
WRITE = gass_server_ez.GLOBUS_GASS_SERVER_EZ_WRITE_ENABLE


@pytest.fixture(scope="module", autouse=True)
def active() -> Iterator[None]:
    common.globus_module_activate(gass_server_ez.GLOBUS_GASS_SERVER_EZ_MODULE)
    yield
    common.globus_module_deactivate(gass_server_ez.GLOBUS_GASS_SERVER_EZ_MODULE)


class Server:
    """A server, while in a `with`: the URL that stands for /."""

    def __init__(self, options: int, scheme: str | None = "http", callback: Any = None) -> None:
        self._arguments = (None, scheme, None, int(options), callback)

    def __enter__(self) -> str:
        self.listener = gass_server_ez.globus_gass_server_ez_init(*self._arguments)
        url = gass_transfer.globus_gass_transfer_listener_get_base_url(self.listener)
        assert url is not None
        scheme, _, rest = url.partition("://")
        return f"{scheme}://localhost:{rest.rpartition(':')[2]}"

    def __exit__(self, *_: object) -> None:
        gass_server_ez.globus_gass_server_ez_shutdown(self.listener)


@pytest.mark.parametrize("scheme", ["http", "https", None])
def test_files_are_read_and_written(grid: Any, tmp_path: Path, scheme: str | None) -> None:
    with Server(READ | WRITE, scheme) as url:
        assert url.startswith("https:" if scheme is None else f"{scheme}:")
        place = f"{url}{quote(str(tmp_path))}/file"
        put(place, b"content")
        assert (tmp_path / "file").read_bytes() == b"content"
        put(place, b" and more", append=True)
        assert get(place) == b"content and more"


def test_any_client_of_http(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(bytes(range(256)) * 1000)
    with Server(READ) as url:
        assert ask(f"{url}{tmp_path}/file")[::2] == (200, bytes(range(256)) * 1000)


@pytest.mark.parametrize("options", [0, READ, WRITE])
def test_only_what_is_allowed(tmp_path: Path, options: int) -> None:
    (tmp_path / "file").write_bytes(b"content")
    with Server(options) as url:
        if options & READ:
            assert get(f"{url}{tmp_path}/file") == b"content"
        else:
            with pytest.raises(Refused):
                get(f"{url}{tmp_path}/file")
        if options & WRITE:
            put(f"{url}{tmp_path}/new", b"new")
        else:
            with pytest.raises(Refused):
                put(f"{url}{tmp_path}/new", b"new")
        assert (tmp_path / "new").exists() is bool(options & WRITE)


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with Server(READ) as url:
        assert ask(f"{url}{tmp_path}/missing")[0] == 404


@pytest.mark.parametrize("stream", ["stdout", "stderr"])
def test_output_of_clients(stream: str, capfd: pytest.CaptureFixture[str]) -> None:
    option = getattr(gass_server_ez, f"GLOBUS_GASS_SERVER_EZ_{stream.upper()}_ENABLE")
    with Server(option) as url:
        put(f"{url}/dev/{stream}", b"words of a client\n")
    assert "words of a client\n" in getattr(capfd.readouterr(), stream.replace("std", ""))


def test_the_home_directory() -> None:
    """The library knows one for the whole process, whatever becomes of $HOME."""
    with tempfile.NamedTemporaryFile(dir=common.globus_libc_gethomedir(), prefix=".pyglobus-test-") as file:
        file.write(b"at home")
        file.flush()
        path = f"/~/{Path(file.name).name}"
        with Server(READ | gass_server_ez.GLOBUS_GASS_SERVER_EZ_TILDE_EXPAND) as url:
            assert get(url + path) == b"at home"
        with Server(READ) as url, pytest.raises(Refused):
            get(url + path)


def test_a_client_asks_for_the_end() -> None:
    asked = Answer()
    with Server(gass_server_ez.GLOBUS_GASS_SERVER_EZ_CLIENT_SHUTDOWN_ENABLE, callback=asked) as url:
        with contextlib.suppress(Refused):  # the server ends before the request does
            put(f"{url}/dev/globus_gass_client_shutdown", b"end")
        assert asked.wait() == ()


def test_several_servers_at_once(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"content")
    with Server(READ) as one, Server(0) as other:
        assert one != other
        assert get(f"{one}{tmp_path}/file") == b"content"
        with pytest.raises(Refused):
            get(f"{other}{tmp_path}/file")


def test_a_scheme_that_there_is_not() -> None:
    with pytest.raises(GlobusError):
        gass_server_ez.globus_gass_server_ez_init(None, "zzz", None, 0, None)


def test_what_is_no_listener() -> None:
    with pytest.raises(GlobusError):
        gass_server_ez.globus_gass_server_ez_shutdown(98765)
