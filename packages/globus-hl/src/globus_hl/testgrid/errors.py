"""What can go wrong when a test grid is put together."""

from __future__ import annotations


class TestGridError(RuntimeError):
    """A part of the test grid could not be made or started; the message says which, why and what to do."""

    __test__ = False  # not a test class, whatever pytest thinks of the name


class MissingProgramError(TestGridError, FileNotFoundError):
    """A program of the Grid Community Toolkit is not installed; the message names its packages.

    Attributes:
        program: name of the program, such as ``"globus-gridftp-server"``.
    """

    def __init__(self, program: str, message: str) -> None:
        super().__init__(message)
        self.program = program

    def __str__(self) -> str:
        return str(self.args[0])
