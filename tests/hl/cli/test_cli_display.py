"""What ``pyglobus-url-copy`` shows: lines, a bar, JSON, the dialogue with the server."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

from globus_hl.cli import events
from globus_hl.cli.exits import Exit

if TYPE_CHECKING:
    from pathlib import Path

    from tests.hl.cli.conftest import Runner, Tree

    from globus_hl.testgrid import Grid


def test_quiet(run: Runner, url: str, data: Path) -> None:
    assert run.ok("-q", data, f"{url}/a").stdout == ""


def test_lines(run: Runner, url: str, data: Path) -> None:
    ran = run.ok(data, f"{url}/a")
    assert re.fullmatch(rf"{data} -> {url}/a: 3\.0 MB in [\d.]+ s, [\d.]+ ([kMG]B|bytes)/s\n", ran.stdout)


def test_verbose_lines(run: Runner, url: str, remote: Path) -> None:
    with (remote / "big").open("wb") as file:
        file.truncate(600 << 20)
    ran = run.ok("-vb", f"{url}/big", "/dev/null")
    *progress, last = ran.stdout.splitlines()
    assert progress
    for line in progress:
        assert re.fullmatch(rf"{url}/big: \d+ of {600 << 20} bytes, \S+ \wB/s avg, \S+ \wB/s inst", line)
    assert last.startswith(f"{url}/big -> /dev/null: 629.1 MB in ")


NUMBER = (int, float)
MAYBE = type(None)
SCHEMA = {
    "plan": {"files": int, "bytes": (int, MAYBE)},
    "directory": {"url": str},
    "start": {"source": str, "destination": str, "bytes_total": (int, MAYBE)},
    "progress": {
        "source": str,
        "destination": str,
        "bytes_done": int,
        "bytes_total": (int, MAYBE),
        "elapsed": NUMBER,
        "rate": NUMBER,
        "time_left": (*NUMBER, MAYBE),
    },
    "finish": {"source": str, "destination": str, "bytes_done": int, "elapsed": NUMBER, "rate": NUMBER},
    "fail": {"source": str, "destination": str, "bytes_done": int, "elapsed": NUMBER},
    "entry": {
        "url": str,
        "name": str,
        "type": str,
        "size": (int, MAYBE),
        "mtime": (str, MAYBE),
        "mode": (str, MAYBE),
        "owner": (str, MAYBE),
        "group": (str, MAYBE),
        "target": (str, MAYBE),
    },
    "error": {
        "error": str,
        "message": str,
        "url": (str, MAYBE),
        "reply_code": (int, MAYBE),
        "exit_code": int,
    },
    "end": {"files": int, "bytes": int, "elapsed": NUMBER, "exit_code": int},
}


def check_events(events: list[dict]) -> list[str]:
    """Every event has just what the documentation says. Gives the kinds."""
    for event in events:
        fields = dict(event)
        schema = SCHEMA[fields.pop("event")]
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", fields.pop("time"))
        assert fields.keys() == schema.keys()
        for name, value in fields.items():
            assert isinstance(value, schema[name]), (name, value)
            assert not isinstance(value, bool)
    kinds = [event["event"] for event in events]
    assert kinds.index("end") == len(kinds) - 1
    return kinds


def test_documentation_of_json_names_every_event_and_field() -> None:
    for kind, fields in SCHEMA.items():
        entry = re.search(rf"^``{kind}``\n((?:    .*\n)+)", events.__doc__, re.MULTILINE)
        assert entry, kind
        assert set(re.findall(r"``(\w+)``", entry[1])) >= fields.keys(), kind


def test_json_of_a_copy(run: Runner, url: str, tree: Tree) -> None:
    ran = run("--json", "-r", "-cd", f"{tree.root}/", f"{url}/new/")
    kinds = check_events(ran.events)
    assert kinds[0] == "plan"
    assert (
        ran.events[0]["files"]
        == kinds.count("start")
        == kinds.count("finish")
        == len(tree.files | tree.below)
    )
    assert kinds.count("directory") == 4  # new, empty, sub, sub/deep
    assert ran.events[-1]["files"] == len(tree.files | tree.below)
    assert (
        ran.events[-1]["bytes"]
        == ran.events[0]["bytes"]
        == sum((tree.root / name).stat().st_size for name in tree.files | tree.below)
    )


def test_json_progress(run: Runner, url: str, remote: Path) -> None:
    size = 600 << 20
    with (remote / "big").open("wb") as file:
        file.truncate(size)
    ran = run.ok("--json", f"{url}/big", "/dev/null")
    assert {"start", "progress", "finish"} <= set(check_events(ran.events))
    done = [event["bytes_done"] for event in ran.events if event["event"] in ("progress", "finish")]
    assert done == sorted(done)
    assert done[-1] == size


def test_json_of_failures(run: Runner, url: str) -> None:
    ran = run("--json", f"{url}/missing", "to")
    assert check_events(ran.events)[-2:] == ["error", "end"]
    error = ran.events[-2]
    assert (error["error"], error["url"], error["exit_code"]) == ("NotFoundError", f"{url}/missing", 3)
    assert error["reply_code"] // 100 == 5
    assert error["message"] == ran.error
    wrong = run("--json", "gsiftp://h:x/", "to")
    assert check_events(wrong.events) == ["error", "end"]
    assert [event["exit_code"] for event in wrong.events] == [2, 2]


def test_json_list(run: Runner, url: str, remote: Path) -> None:
    (remote / "caf\udce9").write_bytes(b"12345")
    (remote / "sub").mkdir()
    ran = run.ok("--json", "-list", f"{url}/")
    assert check_events(ran.events) == ["entry", "entry", "end"]
    entry = ran.events[0]
    assert (entry["name"], entry["url"], entry["size"]) == ("caf\udce9", f"{url}/caf%E9", 5)
    assert ran.events[1]["type"] == "dir"


def test_json_goes_to_standard_error_when_data_goes_to_standard_output(
    run: Runner, url: str, remote: Path
) -> None:
    (remote / "a").write_bytes(b"data")
    ran = run("--json", f"{url}/a", "-")
    assert (ran.code, ran.stdout) == (0, "data")
    events = [json.loads(line) for line in ran.stderr.splitlines()]
    assert check_events(events) == ["plan", "start", "finish", "end"]


def test_progress_bar(run: Runner, url: str, remote: Path) -> None:
    with (remote / "big").open("wb") as file:
        file.truncate(1 << 30)
    shown = run.on_terminal(f"{url}/big", "/dev/null")
    text = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", shown)
    bars = re.findall(
        r"big\s+━.*?(\d+)%\s+([\d.]+)/1\.1 GB\s+([\d.]+) \wB/s\s+(-|\d+):(--|\d\d):(--|\d\d)", text
    )
    assert len(bars) >= 2
    percents = [int(bar[0]) for bar in bars]
    assert percents == sorted(percents)
    assert text.splitlines()[-1].startswith(f"{url}/big -> /dev/null: 1.1 GB in ")
    assert shown.count("\x1b[?25h") >= shown.count("\x1b[?25l") >= 1, "the cursor is back"


def test_quick_copy_draws_no_bar(run: Runner, url: str, remote: Path) -> None:
    (remote / "a").write_bytes(b"x")
    assert run.on_terminal(f"{url}/a", "/dev/null").startswith(f"{url}/a -> /dev/null: 1 bytes in ")


def test_terminal_that_cannot_draw(run: Runner, url: str, remote: Path) -> None:
    with (remote / "big").open("wb") as file:
        file.truncate(600 << 20)
    assert "\x1b" not in run.on_terminal(f"{url}/big", "/dev/null", TERM="dumb")


def test_hostile_names_do_not_reach_the_terminal(run: Runner, url: str, remote: Path) -> None:
    (remote / "\x1b[31mred\x07").write_bytes(b"x")
    shown = run.on_terminal("-list", f"{url}/")
    assert "\x1b" not in shown
    assert r"\x1b[31mred\x07" in shown


def test_debug_shows_the_dialogue(run: Runner, url: str, data: Path) -> None:
    ran = run("-dbg", data, f"{url}/a")
    assert ran.code == 0
    assert re.search(r"^220[ -]", ran.stderr, re.MULTILINE)
    for command in ("STOR", "226"):
        assert command in ran.stderr
    failed = run("-dbg", f"{url}/missing", "to")
    assert failed.code == Exit.NOT_FOUND
    assert "Traceback" in failed.stderr
    assert "No such file" in failed.stderr


def test_debug_hides_passwords(run: Runner, grid: Grid, data: Path) -> None:
    with grid.start_gridftp("password") as server:
        ran = run("-dbg", data, f"{server.ftp_url}/a")
    assert ran.code == 0
    assert server.user in ran.stderr
    assert server.password not in ran.stderr
