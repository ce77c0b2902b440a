"""Names of files that are not plain."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest
from tests.hl.gridftp.support import AnyClient, Place


@pytest.mark.parametrize(
    "name",
    [
        "with space",
        "Größe-文件-😀",
        "latin1-\udce9",
        "percent%20#?;type=a&=+$,",
        "quote\"'`$(x)",
        "back\\slash",
        "-dash",
        "*star[0]?",
        " lead and trail ",
        "~",
        "x" * 255,
    ],
)
def test_any_name_works_everywhere(client: AnyClient, place: Place, tmp_path: Path, name: str) -> None:
    client.put(b"content", place / name)
    assert place.names() == {name}
    entry = client.stat(place / name)
    assert (entry.name, entry.size) == (name, 7)
    assert [entry.name for entry in client.list(place.url)] == [name]
    client.get(place / name, tmp_path)
    assert (tmp_path / name).read_bytes() == b"content"
    client.rename(place / name, "other")
    client.rename(place / "other", place / name)
    client.chmod(place / name, 0o600)
    assert client.checksum(place / name) == hashlib.md5(b"content").hexdigest()
    client.remove(place / name)
    client.mkdir(place / name)
    client.rmdir(place / name)
    assert place.names() == set()


@pytest.mark.parametrize("bad", ["a%0d%0aDELE%20b", "a%00b"])
def test_names_that_would_be_commands_are_refused(client: AnyClient, place: Place, bad: str) -> None:
    with pytest.raises(ValueError, match="line break"):
        client.remove(f"{place.url}/{bad}")
