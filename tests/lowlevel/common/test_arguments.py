"""Arguments of programs: globus_args_scan() with its predicates, and the tables of globus_options_*."""

from __future__ import annotations

import ctypes
from pathlib import Path
from typing import Any, Self

import pytest

from globus_lowlevel import GlobusError, common

# ---- globus_args_scan ------------------------------------------------------------------------------------------

FOO, REPLICATE, HOST, NP, FILE = range(1, 6)


def descriptors() -> list[Any]:
    """What the toolkit's own test of this function has."""
    option = common.globus_args_option_descriptor_t
    return [
        option(id_number=FOO, names=["-foo"], arity=0),
        option(id_number=NP, names=["-np"], arity=1),
        option(id_number=REPLICATE, names=["-replicate", "-rep", "-r"], arity=2),
        option(id_number=HOST, names=["-host", "-hn", "-h"], arity=1),
        option(id_number=FILE, names=["-file", "-f"], arity=1),
    ]


def scan(*arguments: str) -> tuple[list[tuple[int, list[str]]], list[str], str]:
    """The options that were found, the other arguments, and the message."""
    count, rest, found, message = common.globus_args_scan(
        ["program", *arguments], descriptors(), "program", None, "program [-help]\n", "long usage\n"
    )
    options = list(found or [])
    assert count == len(options)
    common.globus_args_option_instance_list_free(found)
    return options, rest, message


@pytest.mark.parametrize(
    ("arguments", "found"),
    [
        (["-foo"], [(FOO, [])]),
        (["-file", "Makefile"], [(FILE, ["Makefile"])]),
        (["-f", "Makefile"], [(FILE, ["Makefile"])]),
        (["-rep", "Makefile", "3"], [(REPLICATE, ["Makefile", "3"])]),
        (["-np", "1", "-foo", "-hn", "host"], [(NP, ["1"]), (FOO, []), (HOST, ["host"])]),
        ([], []),
    ],
)
def test_options_are_found(arguments: list[str], found: list[tuple[int, list[str]]]) -> None:
    options, rest, _ = scan(*arguments)
    assert options == found
    assert rest == ["program"]


def test_what_is_no_option_stays() -> None:
    options, rest, _ = scan("-foo", "first", "second")
    assert [number for number, _ in options] == [FOO]
    assert rest == ["program", "first", "second"]


@pytest.mark.parametrize("arguments", [["-nosuch"], ["-np"], ["-rep", "Makefile"]])
def test_what_is_wrong_is_said(arguments: list[str]) -> None:
    with pytest.raises(GlobusError, match=r"program|-help|usage"):
        scan(*arguments)


@pytest.mark.parametrize(
    ("value", "low", "high", "fits"),
    [
        ("12", 0, 64, True), ("0x2F", 0, 64, True), ("077", 0, 64, True), ("64", 0, 64, True), ("0xAB", 0, 64, False),
        ("0101", 0, 64, False), ("-1", 0, 64, False), ("65", 0, 64, False), ("x", 0, 64, False), ("", 0, 64, False),
    ],
)  # fmt: skip
def test_numbers_within_bounds(value: str, low: int, high: int, fits: bool) -> None:
    bounds = common.globus_validate_int_parms_t(
        range_type=common.GLOBUS_VALIDATE_INT_MINMAX, range_min=low, range_max=high
    )
    if fits:
        common.globus_validate_int(value, bounds)
    else:
        with pytest.raises(GlobusError):
            common.globus_validate_int(value, bounds)


def test_a_test_of_ones_own() -> None:
    def is_even(value: str, parameter: object) -> str | None:
        assert parameter == "parameter"
        return None if int(value) % 2 == 0 else f"{value} is odd"

    def scan_number(number: str) -> Any:
        options = [(NP, ["-np"], 1, [is_even], ["parameter"])]
        return common.globus_args_scan(
            ["program", "-np", number], options, "program", None, "usage\n", "long\n"
        )

    assert list(scan_number("4")[2]) == [(NP, ["4"])]
    with pytest.raises(GlobusError, match="5 is odd"):
        scan_number("5")


def test_files_that_can_be_opened(tmp_path: Path) -> None:
    (tmp_path / "there").touch()
    common.globus_validate_filename(str(tmp_path / "there"), 0)
    with pytest.raises(GlobusError):
        common.globus_validate_filename(str(tmp_path / "missing"), 0)


# ---- globus_options_* ------------------------------------------------------------------------------------------


class Options:
    """A handle whose options are noted as they are found; a `with` destroys it, since each of the two knows the other."""

    def __init__(self) -> None:
        self.found: list[tuple[list[str], object]] = []
        self.unknown: list[list[str]] = []
        self.handle = common.globus_options_init(self.on_unknown, "unknown argument")
        option = common.globus_options_entry_t
        table = [
            option(opt_name="port", short_opt="p", env="TEST_PORT", parms_desc="<n>", description="a port",
                   arg_count=1, func=self.on_option),
            option(opt_name="verbose", short_opt="v", description="more words", arg_count=0, func=self.on_option),
            option(opt_name="range", short_opt="r", parms_desc="<a> <b>", arg_count=2, func=self.on_option),
        ]  # fmt: skip
        common.globus_options_add_table(self.handle, table, "argument of the table")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        common.globus_options_destroy(self.handle)
        assert self.handle.closed

    def on_option(self, handle: Any, name: str, parameters: list[str], argument: object) -> None:
        assert handle is self.handle
        self.found.append((parameters, argument))

    def on_unknown(self, handle: Any, argument: object, arguments: list[str]) -> None:
        assert (handle, argument) == (self.handle, "unknown argument")
        self.unknown.append(arguments)

    def parameters(self) -> list[list[str]]:
        assert {argument for _, argument in self.found} == {"argument of the table"}
        return [parameters for parameters, _ in self.found]


def test_the_command_line() -> None:
    with Options() as options:
        arguments = ["program", "-p", "2811", "-verbose", "-range", "1", "2"]
        common.globus_options_command_line_process(options.handle, arguments)
        assert options.parameters() == [["2811"], [], ["1", "2"]]
        assert not options.unknown


def test_what_is_no_option_is_given_to_the_function_for_that() -> None:
    with Options() as options:
        common.globus_options_command_line_process(options.handle, ["program", "-v", "file"])
        assert options.unknown == [["file"]]


def test_options_of_a_file(tmp_path: Path) -> None:
    path = tmp_path / "settings"
    path.write_text('# a comment\nport 2811\n\nrange "1 2"\n')
    with Options() as options:
        common.globus_options_file_process(options.handle, str(path))
        assert options.parameters() == [["2811"], ["1 2"]]


def test_options_of_xinetd(tmp_path: Path) -> None:
    path = tmp_path / "service"
    path.write_text("service gridftp\n{\n    port = 2811\n}\n")
    with Options() as options:
        common.globus_options_xinetd_file_process(options.handle, str(path), "gridftp")
        assert options.parameters() == [["2811"]]


def test_options_of_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TEST_PORT", "2811")
    with Options() as options:
        common.globus_options_env_process(options.handle)
        assert options.parameters() == [["2811"]]


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with Options() as options, pytest.raises(GlobusError):
        common.globus_options_file_process(options.handle, str(tmp_path / "missing"))


def test_too_few_parameters() -> None:
    with Options() as options, pytest.raises(GlobusError):
        common.globus_options_command_line_process(options.handle, ["program", "-r", "1"])


def test_help(capfd: pytest.CaptureFixture[str]) -> None:
    with Options() as options:
        common.globus_options_help(options.handle)
    ctypes.CDLL(None).fflush(None)  # C's own buffer
    output = capfd.readouterr()
    assert all(word in output.out + output.err for word in ("port", "a port", "verbose", "range"))


def test_an_option_whose_function_raises() -> None:
    handle = common.globus_options_init(None, None)

    def refuse(*_: object) -> None:
        raise ZeroDivisionError

    entry = common.globus_options_entry_t(opt_name="port", arg_count=1, func=refuse)
    common.globus_options_add_table(handle, [entry], None)
    with pytest.raises(ZeroDivisionError):
        common.globus_options_command_line_process(handle, ["program", "-port", "1"])
