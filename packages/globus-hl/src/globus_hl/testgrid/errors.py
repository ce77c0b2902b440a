"""What can go wrong when a test grid is put together."""

from __future__ import annotations

from ..errors import GridError


class TestGridError(GridError, RuntimeError):
    """A part of the test grid could not be made, started or stopped; the message says which, and why."""

    __test__ = False  # no test class, whatever pytest thinks of the name


class MissingProgramError(TestGridError, FileNotFoundError):
    """A program of the Grid Community Toolkit is not installed; the hint names its packages."""
