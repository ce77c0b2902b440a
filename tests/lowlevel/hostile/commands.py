"""The control commands of XIO's drivers, and objects that they reach: numbers taken at random would meet few of them."""

from __future__ import annotations

import functools
import re
from pathlib import Path
from random import Random
from typing import Any

from globus_lowlevel import GlobusError, xio, xio_drivers

HEADER = Path(__file__).resolve().parents[3] / "swig/extra/xio_commands.h"
TARGETS = {
    "globus_xio_attr_cntl": "attr",
    "globus_xio_handle_cntl": "handle",
    "globus_xio_server_cntl": "server",
    "globus_xio_data_descriptor_cntl": "dd",
}


@functools.cache
def commands() -> list[tuple[str, str, str]]:
    """Targets, the driver and the name of each command."""
    return re.findall(r"^globus_result_t (\w+?)__(\w+?)__(\w+)\(", HEADER.read_text(), re.MULTILINE)


def number_of(name: str) -> int:
    return int(getattr(xio_drivers, name, None) or getattr(xio, name, 0))


@functools.cache
def driver_of(name: str) -> Any:
    """Loaded once; None where this machine has none of that name."""
    try:
        return xio.globus_xio_driver_load(name)
    except GlobusError:
        return None


def stack_of(*names: str) -> Any:
    stack = xio.globus_xio_stack_init(None)
    for name in names:
        xio.globus_xio_stack_push_driver(stack, driver_of(name))
    return stack


@functools.cache
def server() -> Any:
    return xio.globus_xio_server_create(None, stack_of("tcp"))


@functools.cache
def handles() -> list[Any]:
    """Open ones of three drivers, one that was accepted, one that was only made."""
    contact = xio.globus_xio_server_get_contact_string(server())
    fresh, connected, file, udp = (
        xio.globus_xio_handle_create(stack_of(n)) for n in ("tcp", "tcp", "file", "udp")
    )
    for handle, where in ((connected, contact), (file, "/dev/null"), (udp, None)):
        xio.globus_xio_open(handle, where, None)
    return [connected, file, udp, xio.globus_xio_server_accept(server()), fresh]


def target_for(function: str, random: Random) -> Any:
    match TARGETS[function]:
        case "attr":
            return xio.globus_xio_attr_init()
        case "server":
            return server()
        case "handle":
            return random.choice(handles())
    return xio.globus_xio_data_descriptor_init(handles()[0])


def command_for(function: str, random: Random) -> tuple[str, list[Any]]:
    """The name of a command, and the leading arguments of its call: object, driver, number."""
    target = TARGETS[function]
    _, name, command = random.choice([c for c in commands() if target in c[0].split("_")])
    if name == "any":
        name = random.choice([driver for _, driver, _ in commands() if driver not in ("any", "query")])
    driver = (
        {"xio": None, "query": xio.GLOBUS_XIO_QUERY}[name] if name in ("xio", "query") else driver_of(name)
    )
    return f"{name} {command}", [target_for(function, random), driver, number_of(command)]


def arguments_after(error: Exception) -> int:
    """How many more the command wants, which its refusal tells."""
    wanted = re.search(r"takes (\d+) arguments after the command", str(error))
    return int(wanted[1]) if wanted else 0
