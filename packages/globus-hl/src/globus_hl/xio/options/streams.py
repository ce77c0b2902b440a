"""The commands of the drivers that change how data moves: mode_e, ordering, rate, telnet."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .kinds import BOOL, COUNT, INT, SIZE
from .option import Kind, Option, Options

if TYPE_CHECKING:
    from ..attributes import Attributes
    from ..stack import Stack

__all__ = ["ModeEOptions", "OrderingOptions", "RateOptions", "TelnetOptions"]


def _stack_to_c(value: Any) -> tuple[Any]:
    from ..stack import Stack

    return (Stack(value).handle,)


def _attributes_to_c(value: Attributes) -> tuple[Any]:
    return (value.handle,)


STACK: Kind[Stack | str] = Kind("a Stack, or its text", _stack_to_c, lambda value: value)
ATTRIBUTES: Kind[Attributes] = Kind("Attributes", _attributes_to_c, lambda value: value)


class ModeEOptions(Options):
    """Commands of the driver mode_e: GridFTP's extended block mode, several connections that carry one stream."""

    driver = "mode_e"

    stack = Option(STACK, "MODE_E_*_STACK", "What the connections are made of. Default: tcp.", keep=True)
    stack_attributes = Option(ATTRIBUTES, "MODE_E_*_STACK_ATTR", "Attributes of the connections.", keep=True)
    streams = Option(COUNT, "MODE_E_*_NUM_STREAMS", "Number of connections.")
    offset_reads = Option(
        BOOL, "MODE_E_*_OFFSET_READS", "Whether reads tell where their data belongs (`received_offset`)."
    )
    manual_eodc = Option(
        BOOL, "MODE_E_*_MANUAL_EODC", "Whether the number of ends of data is given (`eod_count`)."
    )
    send_eod = Option(BOOL, "MODE_E_SEND_EOD", "Whether this is the last write.", on="dd")
    eod_count = Option(
        COUNT, "MODE_E_SET_EODC", "How many ends of data the receiver has to wait for.", on="handle"
    )
    received_offset = Option(INT, "MODE_E_DD_GET_OFFSET", "Where what was read belongs.", on="dd")


class OrderingOptions(Options):
    """Commands of the driver ordering: puts what comes with offsets (mode_e) in order."""

    driver = "ordering"

    offset = Option(SIZE, "ORDERING_SET_OFFSET", "Where the next read begins.", on="handle")
    max_reads = Option(COUNT, "ORDERING_*_MAX_READ_COUNT", "Reads under way at once.")
    buffering = Option(BOOL, "ORDERING_*_BUFFERING", "Whether it reads ahead.")
    buffer_size = Option(SIZE, "ORDERING_*_BUF_SIZE", "Of each buffer that it reads ahead into.")
    max_buffers = Option(COUNT, "ORDERING_*_MAX_BUF_COUNT", "Number of those buffers.")


class RateOptions(Options):
    """Commands of the driver rate: so many bytes a second at most. The driver tells none of its values."""

    driver = "rate"

    rate = Option(SIZE, "RATE_SET_RATE", "Bytes a second, in each direction.")
    period = Option(COUNT, "RATE_SET_PERIOD", "Microseconds after which it looks again, in each direction.")
    burst = Option(SIZE, "RATE_SET_BURST", "Bytes at once, in each direction.")
    read_rate = Option(SIZE, "RATE_SET_READ_RATE", "Bytes a second that are read.")
    read_period = Option(COUNT, "RATE_SET_READ_PERIOD", "As `period`, of reading.")
    read_burst = Option(SIZE, "RATE_SET_READ_BURST", "As `burst`, of reading.")
    write_rate = Option(SIZE, "RATE_SET_WRITE_RATE", "Bytes a second that are written.")
    write_period = Option(COUNT, "RATE_SET_WRITE_PERIOD", "As `period`, of writing.")
    write_burst = Option(SIZE, "RATE_SET_WRITE_BURST", "As `burst`, of writing.")


class TelnetOptions(Options):
    """Commands of the driver telnet: lines, with telnet's negotiation taken out."""

    driver = "telnet"

    force_server = Option(BOOL, "TELNET_FORCE_SERVER", "Whether this end is the server, whoever connected.")
    buffer = Option(
        BOOL, "TELNET_BUFFER", "Whether a line comes in memory of the driver's own, which is lost in Python."
    )
