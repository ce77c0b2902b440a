"""globus_lowlevel.gass_copy: copies from every kind of URL to every other, and what a handle knows of them."""

from __future__ import annotations

import hashlib
import http.server
import os
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from gass_peers import Answer
from tests.lowlevel.conftest import eventually

from globus_lowlevel import GlobusError, common, ftp_client, ftp_control, gass_copy, gass_transfer, io

pytestmark = pytest.mark.usefixtures("nothing_left")

CONTENT = os.urandom(300_001)
KINDS = ("file", "http", "https", "ftp", "gsiftp")


@pytest.fixture(scope="module", autouse=True)
def active() -> Iterator[None]:
    common.globus_module_activate(gass_copy.GLOBUS_GASS_COPY_MODULE)
    yield
    common.globus_module_deactivate(gass_copy.GLOBUS_GASS_COPY_MODULE)


@pytest.fixture(scope="module")
def places(grid: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, tuple[str, Path]]]:
    """Of each kind of URL a prefix, and the directory that it stands for."""
    local = tmp_path_factory.mktemp("local")
    with (
        grid.start_gass(secure=False) as http,
        grid.start_gass() as https,
        grid.start_gridftp("anonymous") as gridftp,
    ):
        yield {
            "file": (f"file://{local}", local),
            "http": (http.url, http.root),
            "https": (https.url, https.root),
            "ftp": (gridftp.ftp_url, gridftp.root),
            "gsiftp": (gridftp.url, gridftp.root),
        }


@pytest.fixture
def ftp(places: dict[str, tuple[str, Path]]) -> tuple[str, Path]:
    return places["ftp"]


def handle() -> Any:
    return gass_copy.globus_gass_copy_handle_init(None)


def attr() -> Any:
    return gass_copy.globus_gass_copy_attr_init()


def copy(
    source: str, target: str, made: Any = None, *, source_attr: Any = None, target_attr: Any = None
) -> None:
    gass_copy.globus_gass_copy_url_to_url(made or handle(), source, source_attr, target, target_attr)


# ---- from URL to URL -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("target", KINDS)
@pytest.mark.parametrize("source", KINDS)
def test_every_kind_to_every_other(places: dict[str, tuple[str, Path]], source: str, target: str) -> None:
    (from_url, from_path), (to_url, to_path) = places[source], places[target]
    (from_path / "source").write_bytes(CONTENT)
    (to_path / "target").unlink(missing_ok=True)
    made = handle()
    # If one server authenticates its data channels, and the other does not, the data pass through here.
    gass_copy.globus_gass_copy_set_no_third_party_transfers(made, {source, target} == {"ftp", "gsiftp"})
    copy(from_url + "/source", to_url + "/target", made)
    assert (to_path / "target").read_bytes() == CONTENT


@pytest.mark.parametrize("size", [0, 1, 5_000_000])
@pytest.mark.parametrize("kind", KINDS)
def test_sizes(places: dict[str, tuple[str, Path]], kind: str, size: int) -> None:
    url, path = places[kind]
    local_url, local = places["file"]
    content = os.urandom(size)
    (path / "source").write_bytes(content)
    copy(url + "/source", local_url + "/got")
    assert (local / "got").read_bytes() == content


@pytest.mark.parametrize("kind", KINDS)
def test_a_source_that_is_not_there(places: dict[str, tuple[str, Path]], kind: str) -> None:
    made = handle()
    with pytest.raises(GlobusError):
        copy(places[kind][0] + "/missing", places["file"][0] + "/target", made)
    failure = gass_copy.GLOBUS_GASS_COPY_STATUS_DONE_FAILURE
    if kind != "file":  # which is opened before the copy begins
        assert gass_copy.globus_gass_copy_get_status(made) is failure


@pytest.mark.parametrize("url", ["nonsense", "zzz://host/file", "http://"])
def test_what_is_no_url(places: dict[str, tuple[str, Path]], url: str) -> None:
    for source, target in ((url, places["file"][0] + "/x"), (places["file"][0] + "/x", url)):
        with pytest.raises(GlobusError):
            copy(source, target)


def test_one_handle_for_several_copies(ftp: tuple[str, Path], places: dict[str, tuple[str, Path]]) -> None:
    url, path = ftp
    made = handle()
    gass_copy.globus_gass_copy_cache_url_state(made, url)
    for number in range(5):
        (path / "source").write_bytes(b"%d" % number)
        copy(url + "/source", places["file"][0] + "/target", made)
        assert (places["file"][1] / "target").read_bytes() == b"%d" % number
        assert gass_copy.globus_gass_copy_get_status(made) is gass_copy.GLOBUS_GASS_COPY_STATUS_DONE_SUCCESS
        assert gass_copy.globus_gass_copy_get_status_string(made)
    gass_copy.globus_gass_copy_flush_url_state(made, url)
    gass_copy.globus_gass_copy_handle_destroy(made)
    with pytest.raises(ValueError, match="closed"):
        gass_copy.globus_gass_copy_get_status(made)


def test_a_third_party_transfer_may_be_forbidden(places: dict[str, tuple[str, Path]]) -> None:
    url, path = places["gsiftp"]
    made = handle()
    gass_copy.globus_gass_copy_set_no_third_party_transfers(made, True)
    assert gass_copy.globus_gass_copy_get_no_third_party_transfers(made) is True
    (path / "source").write_bytes(CONTENT)
    copy(url + "/source", url + "/through us", made)
    assert (path / "through us").read_bytes() == CONTENT


def test_a_part_of_a_file(ftp: tuple[str, Path], places: dict[str, tuple[str, Path]]) -> None:
    url, path = ftp
    (path / "source").write_bytes(CONTENT)
    made = handle()
    gass_copy.globus_gass_copy_set_partial_offsets(made, 1000, 2000)
    assert gass_copy.globus_gass_copy_get_partial_offsets(made) == (1000, 2000)
    (places["file"][1] / "part").unlink(missing_ok=True)
    copy(url + "/source", places["file"][0] + "/part", made)
    assert CONTENT[1000:2000] in (places["file"][1] / "part").read_bytes()


# ---- attributes ------------------------------------------------------------------------------------------------


def test_attributes_of_each_protocol(places: dict[str, tuple[str, Path]], grid: Any) -> None:
    ftp_attr = ftp_client.globus_ftp_client_operationattr_init()
    ftp_client.globus_ftp_client_operationattr_set_mode(
        ftp_attr, ftp_control.GLOBUS_FTP_CONTROL_MODE_EXTENDED_BLOCK
    )
    gass_attr = gass_transfer.globus_gass_transfer_requestattr_init("https")
    gass_transfer.globus_gass_transfer_secure_requestattr_set_authorization(
        gass_attr, gass_transfer.GLOBUS_GASS_TRANSFER_AUTHORIZE_SUBJECT, grid.user.subject
    )
    source, target = attr(), attr()
    gass_copy.globus_gass_copy_attr_set_ftp(source, ftp_attr)
    gass_copy.globus_gass_copy_attr_set_gass(target, gass_attr)
    (places["gsiftp"][1] / "source").write_bytes(CONTENT)
    copy(
        places["gsiftp"][0] + "/source",
        places["https"][0] + "/target",
        source_attr=source,
        target_attr=target,
    )
    assert (places["https"][1] / "target").read_bytes() == CONTENT


def test_the_attributes_of_a_handle() -> None:
    ftp_attr = ftp_client.globus_ftp_client_handleattr_init()
    handle_attr = gass_copy.globus_gass_copy_handleattr_init()
    gass_copy.globus_gass_copy_handleattr_set_ftp_attr(handle_attr, ftp_attr)
    made = gass_copy.globus_gass_copy_handle_init(handle_attr)
    assert gass_copy.globus_gass_copy_get_ftp_handle(made)
    gass_copy.globus_gass_copy_handle_destroy(made)
    gass_copy.globus_gass_copy_handleattr_destroy(handle_attr)


def test_what_a_handle_knows() -> None:
    made, thing = handle(), object()
    gass_copy.globus_gass_copy_set_buffer_length(made, 12345)
    assert gass_copy.globus_gass_copy_get_buffer_length(made) == 12345
    gass_copy.globus_gass_copy_set_user_pointer(made, thing)
    assert gass_copy.globus_gass_copy_get_user_pointer(made) is thing
    gass_copy.globus_gass_copy_set_allocate(made, True)
    gass_copy.globus_gass_copy_set_stat_on_expand(made, True)
    gass_copy.globus_gass_copy_set_checksum_algo(made, "MD5", None)
    assert gass_copy.globus_gass_copy_get_status(made) in (
        gass_copy.GLOBUS_GASS_COPY_STATUS_NONE,
        gass_copy.GLOBUS_GASS_COPY_STATUS_INITIAL,
    )


@pytest.mark.parametrize(
    ("url", "mode"),
    [
        ("file:///a", "IO"), ("http://h/a", "GASS"), ("https://h/a", "GASS"), ("ftp://h/a", "FTP"),
        ("gsiftp://h/a", "FTP"), ("x-nexus://h:1/a", "UNSUPPORTED"),
    ],
)  # fmt: skip
def test_which_library_copies(url: str, mode: str) -> None:
    wanted = getattr(gass_copy, f"GLOBUS_GASS_COPY_URL_MODE_{mode}")
    assert gass_copy.globus_gass_copy_get_url_mode(url) is wanted


# ---- copies that tell ------------------------------------------------------------------------------------------


def test_a_registered_copy(places: dict[str, tuple[str, Path]]) -> None:
    (places["http"][1] / "source").write_bytes(CONTENT)
    made, done = handle(), Answer()
    gass_copy.globus_gass_copy_register_url_to_url(
        made, places["http"][0] + "/source", None, places["ftp"][0] + "/target", None, done, "argument"
    )
    assert done.wait() == ("argument", made, None)
    assert (places["ftp"][1] / "target").read_bytes() == CONTENT


def test_a_registered_copy_that_fails(places: dict[str, tuple[str, Path]]) -> None:
    made, done = handle(), Answer()
    gass_copy.globus_gass_copy_register_url_to_url(
        made, places["ftp"][0] + "/missing", None, places["file"][0] + "/target", None, done, None
    )
    error = done.wait()[2]
    assert isinstance(error, GlobusError)
    assert "No such file" in str(error)


def test_a_copy_is_cancelled(ftp: tuple[str, Path], places: dict[str, tuple[str, Path]]) -> None:
    url, path = ftp
    (path / "long").write_bytes(bytes(64 << 20))
    made, done, cancelled = handle(), Answer(), Answer()
    gass_copy.globus_gass_copy_register_url_to_url(
        made, url + "/long", None, places["file"][0] + "/target", None, done, None
    )
    gass_copy.globus_gass_copy_cancel(made, cancelled, "cancelled")
    assert cancelled.wait()[0] == "cancelled"
    assert gass_copy.globus_gass_copy_get_status(made) is gass_copy.GLOBUS_GASS_COPY_STATUS_DONE_CANCELLED


def test_performance(places: dict[str, tuple[str, Path]]) -> None:
    """C tells every two seconds: the source, the standard library's server, sends its end when it has."""
    told = threading.Event()

    class Source(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Length", "8")
            self.end_headers()
            self.wfile.write(b"some")
            told.wait(20)
            self.wfile.write(b"more")

        def log_message(self, *_: object) -> None:
            """It is not to write to the terminal."""

    seen: list[tuple[object, bool, int]] = []
    made = handle()

    def on_performance(argument: object, given: Any, count: int, now: float, average: float) -> None:
        seen.append((argument, given is made, count))
        told.set()

    gass_copy.globus_gass_copy_register_performance_cb(made, on_performance, "argument")
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Source) as server:
        threading.Thread(target=server.serve_forever).start()
        copy(f"http://127.0.0.1:{server.server_port}/file", places["file"][0] + "/target", made)
        server.shutdown()
    gass_copy.globus_gass_copy_register_performance_cb(made, None, None)
    gass_copy.globus_gass_copy_handle_destroy(made)
    assert (places["file"][1] / "target").read_bytes() == b"somemore"
    assert seen[0][:2] == ("argument", True)
    assert 0 <= seen[0][2] <= 8


# ---- from and to handles ---------------------------------------------------------------------------------------


def with_file(path: Path, flags: Any, work: Callable[[Any], None]) -> None:
    """Opens a file for globus_io, and closes it."""
    opened = io.globus_io_file_open(str(path), int(flags), 0o600, None)
    work(opened)
    io.globus_io_close(opened)


@pytest.mark.parametrize("kind", ["http", "ftp"])
def test_handles(places: dict[str, tuple[str, Path]], kind: str, tmp_path: Path) -> None:
    url, path = places[kind]
    (tmp_path / "source").write_bytes(CONTENT)
    write = io.GLOBUS_IO_FILE_WRONLY | io.GLOBUS_IO_FILE_CREAT
    with_file(
        tmp_path / "source",
        io.GLOBUS_IO_FILE_RDONLY,
        lambda opened: gass_copy.globus_gass_copy_handle_to_url(handle(), opened, url + "/target", None),
    )
    assert (path / "target").read_bytes() == CONTENT
    with_file(
        tmp_path / "target",
        write,
        lambda opened: gass_copy.globus_gass_copy_url_to_handle(handle(), url + "/target", None, opened),
    )
    assert (tmp_path / "target").read_bytes() == CONTENT


def test_registered_handles(ftp: tuple[str, Path], tmp_path: Path) -> None:
    url, path = ftp
    (tmp_path / "source").write_bytes(CONTENT)

    def send(opened: Any) -> None:
        done = Answer()
        gass_copy.globus_gass_copy_register_handle_to_url(handle(), opened, url + "/target", None, done, None)
        assert done.wait()[2] is None

    def fetch(opened: Any) -> None:
        done = Answer()
        gass_copy.globus_gass_copy_register_url_to_handle(handle(), url + "/target", None, opened, done, None)
        assert done.wait()[2] is None

    with_file(tmp_path / "source", io.GLOBUS_IO_FILE_RDONLY, send)
    assert (path / "target").read_bytes() == CONTENT
    with_file(tmp_path / "target", io.GLOBUS_IO_FILE_WRONLY | io.GLOBUS_IO_FILE_CREAT, fetch)
    assert (tmp_path / "target").read_bytes() == CONTENT


# ---- directories and facts -------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["file", "ftp"])
def test_directories(places: dict[str, tuple[str, Path]], kind: str) -> None:
    url, path = places[kind]
    gass_copy.globus_gass_copy_mkdir(handle(), f"{url}/made {kind}".replace(" ", "_"), attr())
    made = path / f"made_{kind}"
    assert made.is_dir()
    (made / "a.dat").write_bytes(b"a")
    (made / "b.dat").write_bytes(b"bb")
    (made / "c.txt").write_bytes(b"ccc")
    found: dict[str, int] = {}

    def on_entry(entry: str, facts: Any, argument: object) -> None:
        assert argument == "argument"
        found[entry.rpartition("/")[2]] = facts.size

    gass_copy.globus_gass_copy_glob_expand_url(
        handle(), f"{url}/made_{kind}/*.dat", attr(), on_entry, "argument"
    )
    assert set(found) == {"a.dat", "b.dat"}
    gass_copy.globus_gass_copy_glob_expand_url(
        handle(), f"{url}/made_{kind}/*.no", attr(), on_entry, "argument"
    )
    assert len(found) == 2


@pytest.mark.parametrize("kind", ["file", "ftp"])
def test_facts(places: dict[str, tuple[str, Path]], kind: str) -> None:
    url, path = places[kind]
    (path / "facts").write_bytes(CONTENT)
    facts = gass_copy.globus_gass_copy_stat(handle(), url + "/facts", attr())
    assert facts.size == len(CONTENT)
    assert facts.type is gass_copy.GLOBUS_GASS_COPY_GLOB_ENTRY_FILE
    checksum = hashlib.md5(CONTENT).hexdigest()
    assert gass_copy.globus_gass_copy_cksm(handle(), url + "/facts", attr(), 0, -1, "MD5") == checksum
    part = gass_copy.globus_gass_copy_cksm(handle(), url + "/facts", attr(), 10, 20, "MD5")
    assert part == hashlib.md5(CONTENT[10:30]).hexdigest()
    with pytest.raises(GlobusError):
        gass_copy.globus_gass_copy_stat(handle(), url + "/missing", attr())
    with pytest.raises(GlobusError):
        gass_copy.globus_gass_copy_cksm(handle(), url + "/missing", attr(), 0, -1, "MD5")


def test_a_checksum_that_comes_later(ftp: tuple[str, Path]) -> None:
    url, path = ftp
    (path / "facts").write_bytes(CONTENT)
    done, made = Answer(), handle()
    checksum = gass_copy.globus_gass_copy_cksm_async(made, url + "/facts", attr(), 0, -1, "MD5", done, None)
    assert done.wait()[2] is None
    assert checksum.value == hashlib.md5(CONTENT).hexdigest()


# ---- while a copy is under way -------------------------------------------------------------------------------------


class Stalling:
    """A server of the standard library whose file begins, and ends when it is told."""

    def __init__(self) -> None:
        self.begun, self.go_on = threading.Event(), threading.Event()
        stalling = self

        class Source(http.server.BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self.send_response(200)
                self.send_header("Content-Length", "8")
                self.end_headers()
                self.wfile.write(b"some")
                stalling.begun.set()
                stalling.go_on.wait(20)
                self.wfile.write(b"more")

            def log_message(self, *_: object) -> None:
                """It is not to write to the terminal."""

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Source)
        self.url = f"http://127.0.0.1:{self.server.server_port}/file"
        threading.Thread(target=self.server.serve_forever).start()

    def close(self) -> None:
        self.go_on.set()
        self.server.shutdown()
        self.server.server_close()


@pytest.fixture
def stalling() -> Iterator[Stalling]:
    server = Stalling()
    yield server
    server.close()


def test_a_handle_is_not_destroyed_while_it_copies(stalling: Stalling, tmp_path: Path) -> None:
    made, done = handle(), Answer()
    target = f"file://{tmp_path}/target"
    gass_copy.globus_gass_copy_register_url_to_url(made, stalling.url, None, target, None, done, None)
    assert stalling.begun.wait(20)
    for refused in (
        lambda: gass_copy.globus_gass_copy_register_url_to_url(
            made, stalling.url, None, target, None, print, None
        ),
        lambda: copy(stalling.url, target, made),
        lambda: gass_copy.globus_gass_copy_set_buffer_length(made, 2**24),
        lambda: gass_copy.globus_gass_copy_set_checksum_algo(made, "MD5", None),
        lambda: gass_copy.globus_gass_copy_set_checksum(made, "0"),
        lambda: gass_copy.globus_gass_copy_register_performance_cb(made, print, None),
    ):
        with pytest.raises(GlobusError, match="active"):
            refused()
    with pytest.raises(ValueError, match="in use"):
        gass_copy.globus_gass_copy_handle_destroy(made)
    stalling.go_on.set()
    assert done.wait()[2] is None
    assert (tmp_path / "target").read_bytes() == b"somemore"
    destroyed(made)


def in_use(call: Callable[[], object]) -> bool:
    try:
        call()
    except ValueError as error:
        if "in use" not in str(error):
            raise
        return True
    return False


def destroyed(made: Any) -> None:
    """Destroys a handle as soon as its callback has returned; it is destroyed once."""
    assert eventually(lambda: not in_use(lambda: gass_copy.globus_gass_copy_handle_destroy(made)))
    with pytest.raises(ValueError, match="closed"):
        gass_copy.globus_gass_copy_handle_destroy(made)


def test_a_handle_is_not_destroyed_in_its_callback(
    places: dict[str, tuple[str, Path]], unraisable: list[BaseException]
) -> None:
    """C still uses it then."""
    (places["file"][1] / "source").write_bytes(CONTENT)
    made, done = handle(), Answer()

    def on_done(argument: object, given: Any, error: object) -> None:
        try:
            gass_copy.globus_gass_copy_handle_destroy(given)
        finally:
            done(argument, given, error)

    gass_copy.globus_gass_copy_register_url_to_url(
        made, places["file"][0] + "/source", None, places["ftp"][0] + "/target", None, on_done, None
    )
    assert done.wait()[2] is None
    destroyed(made)
    assert [type(error) for error in unraisable] == [ValueError]


def test_a_file_is_not_closed_while_it_is_copied(stalling: Stalling, tmp_path: Path) -> None:
    made, done = handle(), Answer()
    flags = io.GLOBUS_IO_FILE_WRONLY | io.GLOBUS_IO_FILE_CREAT
    opened = io.globus_io_file_open(str(tmp_path / "target"), int(flags), 0o600, None)
    gass_copy.globus_gass_copy_register_url_to_handle(made, stalling.url, None, opened, done, None)
    assert stalling.begun.wait(20)
    with pytest.raises(ValueError, match="in use"):
        io.globus_io_close(opened)
    with pytest.raises(GlobusError, match="HTTP"):  # C would end it twice
        gass_copy.globus_gass_copy_cancel(made, print, None)
    stalling.go_on.set()
    assert done.wait()[2] is None
    destroyed(made)

    assert eventually(lambda: not in_use(lambda: io.globus_io_close(opened)))


def test_a_handle_is_not_destroyed_while_it_asks_for_a_checksum(ftp: tuple[str, Path]) -> None:
    url, path = ftp
    (path / "long").write_bytes(bytes(256 << 20))
    made, done = handle(), Answer()
    gass_copy.globus_gass_copy_cksm_async(made, url + "/long", attr(), 0, -1, "MD5", done, None)
    with pytest.raises(ValueError, match="in use"):
        gass_copy.globus_gass_copy_handle_destroy(made)
    assert done.wait()[2] is None
    destroyed(made)


def test_half_of_a_handle_is_not_destroyed(ftp: tuple[str, Path]) -> None:
    """The FTP handle inside is in use, of which the copy's handle does not know."""
    url, path = ftp
    (path / "source").write_bytes(CONTENT)
    made, done = handle(), Answer()
    inside = gass_copy.globus_gass_copy_get_ftp_handle(made)
    ftp_client.globus_ftp_client_get(inside, url + "/source", None, None, done, None)
    with pytest.raises(GlobusError, match="in use"):
        gass_copy.globus_gass_copy_handle_destroy(made)
    with pytest.raises(ValueError, match="belongs"):
        ftp_client.globus_ftp_client_handle_destroy(inside)
    ftp_client.globus_ftp_client_abort(inside)
    done.wait()
    assert eventually(lambda: not fails(lambda: copy(url + "/source", url + "/target", made)))
    gass_copy.globus_gass_copy_handle_destroy(made)
    with pytest.raises(ValueError, match="closed"):
        ftp_client.globus_ftp_client_abort(inside)


def fails(call: Callable[[], object]) -> bool:
    try:
        call()
    except GlobusError:
        return True
    return False


def test_a_cancelled_third_party_transfer_tells_both(ftp: tuple[str, Path]) -> None:
    url, path = ftp
    (path / "long").write_bytes(bytes(256 << 20))
    made, done, cancelled = handle(), Answer(), Answer()
    gass_copy.globus_gass_copy_register_url_to_url(
        made, url + "/long", None, url + "/other", None, done, "done"
    )
    gass_copy.globus_gass_copy_cancel(made, cancelled, "cancelled")
    assert cancelled.wait()[:2] == ("cancelled", made)
    assert done.wait()[:2] == ("done", made)
    (path / "source").write_bytes(CONTENT)
    assert eventually(lambda: not fails(lambda: copy(url + "/source", f"file://{path}/after", made)))
    destroyed(made)


def test_nothing_to_cancel(places: dict[str, tuple[str, Path]], unraisable: list[BaseException]) -> None:
    made = handle()
    for _ in range(2):
        with pytest.raises(GlobusError, match="cancel"):
            gass_copy.globus_gass_copy_cancel(made, print, None)
        with pytest.raises(GlobusError):
            copy(places["file"][0] + "/missing", places["file"][0] + "/target", made)
    gass_copy.globus_gass_copy_handle_destroy(made)


@pytest.mark.parametrize("url", ["x-nexus://localhost:1/" + "a" * 5000, "x-nexus://localhost:1/a"])
def test_a_url_of_another_kind(places: dict[str, tuple[str, Path]], url: str, tmp_path: Path) -> None:
    file = places["file"][0] + "/target"
    made = handle()
    flags = io.GLOBUS_IO_FILE_WRONLY | io.GLOBUS_IO_FILE_CREAT
    opened = io.globus_io_file_open(str(tmp_path / "target"), int(flags), 0o600, None)
    for call in (
        lambda: copy(url, file, made),
        lambda: copy(file, url, made),
        lambda: gass_copy.globus_gass_copy_register_url_to_url(made, url, None, url, None, print, None),
        lambda: gass_copy.globus_gass_copy_url_to_handle(made, url, None, opened),
        lambda: gass_copy.globus_gass_copy_handle_to_url(made, opened, url, None),
        lambda: gass_copy.globus_gass_copy_register_url_to_handle(made, url, None, opened, print, None),
        lambda: gass_copy.globus_gass_copy_register_handle_to_url(made, opened, url, None, print, None),
    ):
        with pytest.raises(GlobusError, match="no way to copy"):
            call()
    io.globus_io_close(opened)


def test_a_pattern_that_is_too_long(places: dict[str, tuple[str, Path]]) -> None:
    (places["file"][1] / "a").write_bytes(b"")
    long = places["file"][0] + "/." * 3000 + "/*"
    with pytest.raises(GlobusError, match="too long"):
        gass_copy.globus_gass_copy_glob_expand_url(handle(), long, attr(), print, None)


def test_what_is_cached_twice(ftp: tuple[str, Path], places: dict[str, tuple[str, Path]]) -> None:
    url, path = ftp
    (path / "source").write_bytes(CONTENT)
    made = handle()
    gass_copy.globus_gass_copy_cache_url_state(made, url)
    with pytest.raises(GlobusError, match="already done"):
        gass_copy.globus_gass_copy_cache_url_state(made, url)
    copy(url + "/source", places["file"][0] + "/target", made)
    for _ in range(2):
        gass_copy.globus_gass_copy_flush_url_state(made, url)
    for other in (places["http"][0], places["file"][0], "no URL"):
        for call in (gass_copy.globus_gass_copy_cache_url_state, gass_copy.globus_gass_copy_flush_url_state):
            with pytest.raises(GlobusError, match="cached"):
                call(made, other)
    gass_copy.globus_gass_copy_handle_destroy(made)


def test_attributes_are_not_destroyed_while_they_are_used() -> None:
    ftp_attr = ftp_client.globus_ftp_client_handleattr_init()
    handle_attr = gass_copy.globus_gass_copy_handleattr_init()
    gass_copy.globus_gass_copy_handleattr_set_ftp_attr(handle_attr, ftp_attr)
    with pytest.raises(ValueError, match="in use"):
        ftp_client.globus_ftp_client_handleattr_destroy(ftp_attr)
    gass_copy.globus_gass_copy_handleattr_destroy(handle_attr)
    for use in (
        gass_copy.globus_gass_copy_handle_init,
        gass_copy.globus_gass_copy_handleattr_destroy,
        lambda gone: gass_copy.globus_gass_copy_handleattr_set_ftp_attr(gone, ftp_attr),
    ):
        with pytest.raises(ValueError, match="closed"):
            use(handle_attr)
    ftp_client.globus_ftp_client_handleattr_destroy(ftp_attr)
    with pytest.raises(ValueError, match="closed"):
        gass_copy.globus_gass_copy_handleattr_set_ftp_attr(
            gass_copy.globus_gass_copy_handleattr_init(), ftp_attr
        )


def test_the_handle_of_checksums_lives_as_long_as_who_uses_it() -> None:
    made, other = handle(), handle()
    gass_copy.globus_gass_copy_set_checksum_algo(made, "MD5", other)
    with pytest.raises(ValueError, match="in use"):
        gass_copy.globus_gass_copy_handle_destroy(other)
    gass_copy.globus_gass_copy_handle_destroy(made)
    gass_copy.globus_gass_copy_handle_destroy(other)


def test_a_url_that_is_not_cached_leaves_nothing(steady: Callable[[Callable[[], Any]], None]) -> None:
    made = handle()
    steady(lambda: fails(lambda: gass_copy.globus_gass_copy_cache_url_state(made, "http://h/" + "x" * 500)))


def test_two_handles_verify_for_each_other() -> None:
    """They are collected, and either can be destroyed once the other one does without it."""
    for end in (False, True):
        made, other = handle(), handle()
        gass_copy.globus_gass_copy_set_checksum_algo(made, "MD5", other)
        gass_copy.globus_gass_copy_set_checksum_algo(other, "MD5", made)
        if end:
            with pytest.raises(ValueError, match="in use"):
                gass_copy.globus_gass_copy_handle_destroy(made)
            gass_copy.globus_gass_copy_set_checksum_algo(other, None, None)
            gass_copy.globus_gass_copy_handle_destroy(made)
            gass_copy.globus_gass_copy_handle_destroy(other)
        del made, other


def test_a_handle_leaves_nothing(steady: Callable[[Callable[[], Any]], None]) -> None:
    steady(lambda: gass_copy.globus_gass_copy_handle_destroy(handle()))


def test_a_copy_that_fails_leaves_no_error(
    steady: Callable[..., None], places: dict[str, tuple[str, Path]], tmp_path: Path
) -> None:
    """What is left is of the library, which forgets how it waited for a file that did not open: 144 bytes a copy."""
    made, (url, _) = handle(), places["file"]
    steady(
        lambda: fails(lambda: copy(f"{url}/no such file", f"file://{tmp_path}/target", made)),
        calls=200,
        slack=200 * 300,
    )
