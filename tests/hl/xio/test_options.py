"""Options: each control command of each driver has a name in Python."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from globus_hl import xio
from globus_hl.xio.errors import StackError
from globus_hl.xio.options import OptionSpaces
from globus_hl.xio.options.option import Option

COMMANDS = Path(__file__).parents[3] / "swig" / "extra" / "xio_commands.h"
INSIDE_DRIVERS = {("xio", "GLOBUS_XIO_ATTR_GET_CREDENTIAL")}
OPTIONS = [
    pytest.param(space, name, option, id=f"{space}.{name}")
    for space, kind in OptionSpaces.spaces().items()
    for name, option in vars(kind).items()
    if isinstance(option, Option)
]


def test_every_command_of_every_driver_is_there() -> None:
    text = COMMANDS.read_text()
    found = re.findall(r"^globus_result_t ([a-z_]+?)__([a-z_]+?)__(\w+)\(", text, re.MULTILINE)
    wanted = {
        ("xio" if driver == "query" else driver, name): set(places.split("_"))
        for places, driver, name in found
        if driver != "any"
    }
    for command in INSIDE_DRIVERS:
        del wanted[command]
    ours = {
        (space, f"GLOBUS_XIO_{name}"): set(places)
        for space, kind in OptionSpaces.spaces().items()
        for name, places in kind.commands().items()
    }
    assert len(wanted) > 200
    assert ours == wanted


@pytest.mark.parametrize(("space", "name", "option"), OPTIONS)
def test_what_can_be_read_can_be_set_to_itself(space: str, name: str, option: Option[object]) -> None:
    options = getattr(xio.Attributes(), space)
    if "attr" not in option.on:
        with pytest.raises(AttributeError, match=f"{name} is"):
            getattr(options, name) if option.getter else setattr(options, name, None)
    elif option.getter is None:
        with pytest.raises(AttributeError, match="does not tell"):
            getattr(options, name)
    else:
        value = getattr(options, name)
        if value is not None and option.setter is not None and "attr" in option.set_on:
            setattr(options, name, value)
            assert getattr(options, name) == value


@pytest.mark.parametrize(("space", "name", "option"), OPTIONS)
def test_every_option_is_documented(space: str, name: str, option: Option[object]) -> None:
    assert option.__doc__ is not None
    assert "GLOBUS_XIO_" in option.__doc__ and option.kind.name in option.__doc__


def test_values_are_those_of_python() -> None:
    attributes = xio.Attributes()
    attributes.tcp.nodelay = True
    attributes.tcp.listen_range = (40000, 40010)
    attributes.tcp.linger = 5
    attributes.tcp.interface = "localhost"
    attributes.file.mode = 0o600
    attributes.gsi.protection = "integrity"  # type: ignore[assignment]
    attributes.ordering.buffer_size = 1 << 33
    assert attributes.tcp.nodelay is True
    assert attributes.tcp.listen_range == (40000, 40010)
    assert attributes.tcp.linger == 5
    assert attributes.tcp.interface == "localhost"
    assert attributes.file.mode == 0o600
    assert attributes.gsi.protection is xio.Protection.INTEGRITY
    assert attributes.ordering.buffer_size == 1 << 33
    attributes.tcp.linger = None
    assert attributes.tcp.linger is None


@pytest.mark.parametrize(
    ("space", "name", "value", "error"),
    [
        ("tcp", "nodelay", 1, TypeError),
        ("tcp", "port", "http", TypeError),
        ("tcp", "port", True, TypeError),
        ("tcp", "port", -1, ValueError),
        ("tcp", "listen_range", (5, 4), ValueError),
        ("tcp", "listen_range", 5, TypeError),
        ("tcp", "interface", b"localhost", TypeError),
        ("tcp", "send_buffer", 1 << 40, OverflowError),
        ("gsi", "protection", "best", ValueError),
        ("gsi", "credential", "/tmp/x509up", TypeError),
        ("popen", "program", "/bin/cat", TypeError),
        ("rate", "rate", -1, ValueError),
    ],
)
def test_values_that_are_none_are_refused(
    space: str, name: str, value: object, error: type[Exception]
) -> None:
    with pytest.raises(error):
        setattr(getattr(xio.Attributes(), space), name, value)


def test_options_as_text() -> None:
    attributes = xio.Attributes()
    attributes.tcp.parse("sndbuf=70000;nodelay=true")
    assert (attributes.tcp.send_buffer, attributes.tcp.nodelay) == (70000, True)
    assert "sndbuf=70000" in attributes.tcp.text()
    with pytest.raises(StackError, match="tcp"):
        attributes.tcp.parse("no_such_option=1")


def test_a_copy_is_independent() -> None:
    attributes = xio.Attributes()
    attributes.tcp.port = 7000
    copy = attributes.copy()
    copy.tcp.port = 7001
    assert (attributes.tcp.port, copy.tcp.port) == (7000, 7001)


def test_what_is_unset_in_the_gridftp_driver_is_none() -> None:
    """Its own answer would be the end of the process."""
    attributes = xio.Attributes()
    assert (attributes.gridftp.eret, attributes.gridftp.esto) == (None, None)
    attributes.gridftp.eret = "P 0 10"
    assert attributes.gridftp.eret == "P 0 10"
    attributes.gridftp.authenticate_data("none")
    assert attributes.gridftp.data_authentication()[0].name == "NONE"


def test_space_lists_its_options() -> None:
    assert {"nodelay", "port", "parse"} <= set(dir(xio.Attributes().tcp))
