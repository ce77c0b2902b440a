"""What ``pyglobus xio cat`` tells on standard error: nothing, lines for people, or one JSON object a line.

Every object has ``event``, its kind, and ``time`` (UTC, ISO 8601). The kinds, and what else they have:

``listening``
    ``contact``: what clients connect to, ``host:port``.
``connected``
    ``contact`` (of the peer, or null), ``subject`` (of its certificate, or null).
``refused``
    A peer did not get in: ``error`` (class), ``message``.
``closed``
    A connection is over: ``contact``, ``sent``, ``received`` (bytes), ``elapsed`` (seconds), ``error`` (what ended it, or
    null).
``error``
    The command fails: ``error`` (class), ``message``, ``exit_code``.
"""

from __future__ import annotations

import json
import sys
from datetime import UTC, datetime
from typing import Any

from .exits import exit_for
from .report import describe, printable

__all__ = ["Events"]


class Events:
    """Tells what happens.

    Args:
        verbose: for people.
        as_json: for programs.
    """

    def __init__(self, *, verbose: bool, as_json: bool) -> None:
        self.as_json = as_json
        self._verbose = verbose

    def listening(self, contact: str) -> None:
        self._tell("listening", f"listening: {contact}", contact=contact)

    def connected(self, contact: str | None, subject: str | None) -> None:
        who = f" ({subject})" if subject else ""
        self._tell("connected", f"connected: {contact}{who}", contact=contact, subject=subject)

    def refused(self, error: BaseException) -> None:
        message = describe(error)
        self._tell("refused", f"refused: {message}", error=type(error).__name__, message=message)

    def closed(
        self, contact: str | None, sent: int, received: int, elapsed: float, error: BaseException | None
    ) -> None:
        why = None if error is None else describe(error)
        self._tell(
            "closed",
            f"closed: {contact}, sent {sent}, received {received} bytes in {elapsed:.3f} s"
            + (f": {why}" if why else ""),
            contact=contact,
            sent=sent,
            received=received,
            elapsed=round(elapsed, 6),
            error=why,
        )

    def failed(self, error: BaseException) -> None:
        """Only for programs: people are told by whoever ends the command."""
        self._tell(
            "error", None, error=type(error).__name__, message=describe(error), exit_code=int(exit_for(error))
        )

    def _tell(self, kind: str, line: str | None, **fields: Any) -> None:
        if self.as_json:
            now = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
            print(json.dumps({"event": kind, "time": now, **fields}), file=sys.stderr, flush=True)
        elif self._verbose and line is not None:
            print(f"==> {printable(line)}", file=sys.stderr, flush=True)
