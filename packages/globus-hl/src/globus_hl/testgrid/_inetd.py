"""A listener that starts a program for each connection, as inetd does, with the connection as its standard input.

    python -I -S _inetd.py SECONDS PROGRAM ARGUMENT...

It takes a free port of 127.0.0.1, says ``listening at 127.0.0.1:PORT``, and ends each session after SECONDS.
"""

from __future__ import annotations

import os
import signal
import socket
import sys


def main() -> None:
    limit, program = int(sys.argv[1]), sys.argv[2:]
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for the sessions
    listener = socket.create_server(("127.0.0.1", 0), backlog=1000)
    print(f"listening at 127.0.0.1:{listener.getsockname()[1]}", flush=True)
    while True:
        connection, _ = listener.accept()
        if os.fork() == 0:
            serve(connection, limit, program)
        connection.close()


def serve(connection: socket.socket, limit: int, program: list[str]) -> None:
    """Become the program."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    signal.alarm(limit)  # goes on counting in the program
    os.dup2(connection.fileno(), 0)
    try:
        os.execv(program[0], program)  # noqa: S606 - a shell is what we do not want
    except OSError as error:
        print(f"{program[0]}: {error}", flush=True)
        os._exit(127)


if __name__ == "__main__":
    main()
