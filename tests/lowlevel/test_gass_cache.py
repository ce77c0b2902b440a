"""globus_lowlevel.gass_cache: files of a cache come and go, under tags; who adds one holds its lock."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from globus_lowlevel import GlobusError, common, gass_cache

pytestmark = pytest.mark.usefixtures("nothing_left")

URL = "https://host.example:1234/some/file?x=1"
UNKNOWN = int(gass_cache.GLOBUS_GASS_CACHE_TIMESTAMP_UNKNOWN)
NEW, EXISTS = gass_cache.GLOBUS_GASS_CACHE_ADD_NEW, gass_cache.GLOBUS_GASS_CACHE_ADD_EXISTS


@pytest.fixture(scope="module", autouse=True)
def active() -> Iterator[None]:
    common.globus_module_activate(gass_cache.GLOBUS_GASS_CACHE_MODULE)
    yield
    common.globus_module_deactivate(gass_cache.GLOBUS_GASS_CACHE_MODULE)


class Cache:
    """An open cache in a directory."""

    def __init__(self, directory: Path) -> None:
        self.handle = gass_cache.globus_gass_cache_open(str(directory))

    def __enter__(self) -> Any:
        return self.handle

    def __exit__(self, *_: object) -> None:
        gass_cache.globus_gass_cache_close(self.handle)
        assert self.handle.closed


def add(cache: Any, content: bytes, url: str = URL, tag: str | None = "tag", stamp: int = 42) -> Path:
    answer, _, name = gass_cache.globus_gass_cache_add(cache, url, tag, True, UNKNOWN)
    assert answer == NEW
    Path(name).write_bytes(content)
    gass_cache.globus_gass_cache_add_done(cache, url, tag, stamp)
    return Path(name)


def refused(code: int, function: Any, *arguments: Any) -> None:
    with pytest.raises(GlobusError) as caught:
        function(*arguments)
    assert caught.value.code == code
    assert gass_cache.globus_gass_cache_error_string(code) in str(caught.value)


def test_a_file_is_added_and_found(tmp_path: Path) -> None:
    with Cache(tmp_path) as cache:
        path = add(cache, b"content")
        assert tmp_path in path.parents
        stamp, name, locked = gass_cache.globus_gass_cache_query(cache, URL, "tag", True)
        assert (stamp, Path(name), locked) == (42, path, False)
    with Cache(tmp_path) as cache:  # it is there the next time
        assert Path(gass_cache.globus_gass_cache_query(cache, URL, "tag", True)[1]).read_bytes() == b"content"


def test_a_file_that_is_there_is_not_new(tmp_path: Path) -> None:
    with Cache(tmp_path) as cache:
        path = add(cache, b"content")
        answer, stamp, name = gass_cache.globus_gass_cache_add(cache, URL, "other tag", False, UNKNOWN)
        assert (answer, stamp, Path(name)) == (EXISTS, 42, path) or Path(name).read_bytes() == b"content"
        gass_cache.globus_gass_cache_add_done(cache, URL, "other tag", 43)
        assert gass_cache.globus_gass_cache_query(cache, URL, "tag", True)[0] == 43


def test_a_file_without_a_tag(tmp_path: Path) -> None:
    with Cache(tmp_path) as cache:
        add(cache, b"content", tag=None)
        name = gass_cache.globus_gass_cache_query(cache, URL, None, True)[1]
        assert Path(name).read_bytes() == b"content"


def test_a_file_lives_as_long_as_one_of_its_tags(tmp_path: Path) -> None:
    with Cache(tmp_path) as cache:
        add(cache, b"content", tag="first")
        gass_cache.globus_gass_cache_add(cache, URL, "second", False, UNKNOWN)
        gass_cache.globus_gass_cache_add_done(cache, URL, "second", 42)
        gass_cache.globus_gass_cache_cleanup_tag(cache, URL, "first")
        name = gass_cache.globus_gass_cache_query(cache, URL, "second", True)[1]
        assert Path(name).read_bytes() == b"content"
        gass_cache.globus_gass_cache_cleanup_tag(cache, URL, "second")
        refused(
            gass_cache.GLOBUS_GASS_CACHE_URL_NOT_FOUND,
            gass_cache.globus_gass_cache_query, cache, URL, "second", True,
        )  # fmt: skip


def test_all_files_of_a_tag_go(tmp_path: Path) -> None:
    with Cache(tmp_path) as cache:
        paths = [add(cache, b"content", url=f"{URL}{number}", tag="job") for number in range(3)]
        kept = add(cache, b"kept", url="https://host.example/kept", tag="other job")
        gass_cache.globus_gass_cache_cleanup_tag_all(cache, "job")
        assert not any(path.exists() for path in paths)
        assert kept.exists()


def test_deletion_in_two_steps(tmp_path: Path) -> None:
    with Cache(tmp_path) as cache:
        path = add(cache, b"content")
        stamp = gass_cache.globus_gass_cache_delete_start(cache, URL, "tag")
        assert stamp == 42
        gass_cache.globus_gass_cache_delete(cache, URL, "tag", stamp, True)
        assert not path.exists()


def test_who_adds_a_file_keeps_others_waiting(tmp_path: Path) -> None:
    with Cache(tmp_path) as cache:
        answer, _, name = gass_cache.globus_gass_cache_add(cache, URL, "tag", True, UNKNOWN)
        assert answer == NEW
        seen: list[tuple[float, bytes]] = []

        def ask() -> None:
            with Cache(tmp_path) as other:
                found = gass_cache.globus_gass_cache_query(other, URL, "tag", True)[1]
                seen.append((time.monotonic(), Path(found).read_bytes()))

        waiting = threading.Thread(target=ask)
        waiting.start()
        Path(name).write_bytes(b"complete")
        done = time.monotonic()
        gass_cache.globus_gass_cache_add_done(cache, URL, "tag", 1)
        waiting.join(30)
        assert seen[0][0] > done
        assert seen[0][1] == b"complete"


def test_names_and_directories(tmp_path: Path) -> None:
    with Cache(tmp_path) as cache:
        add(cache, b"content")
        url, length = gass_cache.globus_gass_cache_mangle_url(cache, URL)
        assert length > 0
        assert "host.example" not in url
        assert gass_cache.globus_gass_cache_mangle_url(cache, URL) == (url, length)
        assert gass_cache.globus_gass_cache_mangle_url(cache, URL + "x") != (url, length)
        assert gass_cache.globus_gass_cache_mangle_tag(cache, "tag")[0]
        directories = gass_cache.globus_gass_cache_get_dirs(cache, URL, "tag")
        assert all(Path(directory).is_relative_to(tmp_path) for directory in directories[2:])
        assert Path(gass_cache.globus_gass_cache_get_cache_dir(cache)) == tmp_path
        assert gass_cache.globus_gass_cache_get_cache_type_string(cache)


@pytest.mark.parametrize("function", ["delete_start", "add_done"])
def test_what_is_not_there(tmp_path: Path, function: str) -> None:
    with Cache(tmp_path) as cache:
        arguments = [cache, URL, "tag", *([1] if function == "add_done" else [])]
        with pytest.raises(GlobusError):
            getattr(gass_cache, f"globus_gass_cache_{function}")(*arguments)


def test_a_cache_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(GlobusError) as caught:
        gass_cache.globus_gass_cache_open(str(tmp_path / "file" / "below"))
    assert caught.value.code == gass_cache.GLOBUS_GASS_CACHE_ERROR_CAN_NOT_CREATE


def test_a_closed_cache(tmp_path: Path) -> None:
    with Cache(tmp_path) as cache:
        pass
    with pytest.raises(ValueError, match="closed"):
        gass_cache.globus_gass_cache_query(cache, URL, None, False)


def test_a_cache_that_is_forgotten_is_closed(tmp_path: Path) -> None:
    gass_cache.globus_gass_cache_open(str(tmp_path))
