"""Where is the data? One question to a service, asked in three ways: the client decides how sure it wants to be.

    data_find.py query localhost:7000 H-R                       # mutual: that very host, which gets a limited proxy
    data_find.py query localhost:7000 H-R --disable-host-auth   # both have certificates; the server may be any host
    data_find.py query localhost:7001 H-R --no-proxy            # in the clear

Before it connects, the client looks at its proxy: none (exit status 3), expired (4) and too short (5) are told apart. A
server that is somebody else ends with 6, one that cannot be reached, or does not want us, with 7, an unknown name with 1.

    python examples/xio/data_find.py                            # starts the service on a throw-away grid, and asks it

What is asked is a line, and so is each part of the answer.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import socketserver
import subprocess
import sys
import threading
from collections.abc import Iterator
from typing import Any

from globus_hl import xio
from globus_hl.security import Credential, create_proxy
from globus_hl.security.errors import CredentialNotFoundError, PeerNameError, SecurityError
from globus_hl.testgrid import EXPIRED, Grid
from globus_hl.xio.standard import ThreadingTCPServer

ENOUGH = 5 * 60  # seconds that a proxy has to last
LIMIT = 10.0  # seconds for each step of a conversation

DATA = {"H-R": ["gsiftp://data1/H-R-1.gwf", "gsiftp://data2/H-R-2.gwf"], "L-R": ["gsiftp://data1/L-R-1.gwf"]}


class Failure(Exception):
    """Why the program ends, and with which status."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


# ---- the client -----------------------------------------------------------------------------------------------


def usable_proxy() -> Credential:
    """Ours, if there is enough left of it."""
    try:
        proxy = Credential.find(kinds=("proxy",))
    except CredentialNotFoundError as error:
        raise Failure(3, f"there is no proxy: make one with `pyglobus proxy init` ({error})") from None
    left = proxy.time_left
    if left <= 0:
        raise Failure(4, f"the proxy in {proxy.path} has expired: make a new one with `pyglobus proxy init`")
    if left < ENOUGH:
        raise Failure(5, f"the proxy in {proxy.path} lasts for {left:.0f} s only: make a new one")
    return proxy


def options(asked: argparse.Namespace) -> dict[str, Any]:
    """How to connect."""
    if asked.no_proxy:
        return {"stack": "tcp"}
    proxy = usable_proxy()
    if asked.disable_host_auth:
        return {"stack": "tcp,gsi", "gsi": xio.GSI(credential=proxy, authorization="none")}
    return {"stack": "tcp,gsi", "gsi": xio.GSI(credential=proxy, authorization="host", delegation="limited")}


def query(asked: argparse.Namespace) -> None:
    """Ask, and print what comes."""
    how = options(asked)
    host, _, port = asked.server.rpartition(":")
    try:
        with xio.create_connection((host, int(port)), LIMIT, **how) as sock, sock.makefile("rw") as stream:
            stream.write(f"{asked.name}\n")
            stream.flush()
            answer = stream.read().splitlines()
    except PeerNameError as error:
        raise Failure(6, f"{asked.server} is somebody else: {error}") from None
    except (SecurityError, OSError) as error:
        raise Failure(7, f"{asked.server}: {error}") from None
    if not answer:
        raise Failure(7, f"{asked.server} has hung up: it does not want us")
    if answer == ["nothing"]:
        raise Failure(1, f"{asked.server} knows nothing of {asked.name}")
    print(*answer, sep="\n")


# ---- the service ----------------------------------------------------------------------------------------------


class Find(socketserver.StreamRequestHandler):
    """Answers one question."""

    timeout = LIMIT

    def handle(self) -> None:
        peer = self.request.peer
        delegated = "a proxy" if peer is not None and peer.delegated is not None else "no proxy"
        print(
            f"    server: {peer.subject if peer else 'somebody'} asks, and delegates {delegated}", flush=True
        )
        name = self.rfile.readline().strip().decode()
        self.wfile.write("".join(f"{url}\n" for url in DATA.get(name, ["nothing"])).encode())


@contextlib.contextmanager
def service(**how: Any) -> Iterator[str]:
    """Run it in a thread; the contact."""
    with ThreadingTCPServer(("localhost", 0), Find, **how) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"localhost:{server.server_address[1]}"
        finally:
            server.shutdown()
            thread.join()


def show() -> None:
    """Start the service on a grid of its own, and ask it in every way."""
    with Grid() as grid:
        user = Credential.from_files(grid.user.cert, grid.user.key)
        short = create_proxy(user, lifetime=200).save(grid.directory / "short")
        host = Credential.from_files(grid.host.cert, grid.host.key)
        late = grid.add_user("Late User", valid=EXPIRED).proxy
        other = grid.add_user("Another Service")
        impostor = Credential.from_files(other.cert, other.key)
        with (
            service(stack="tcp,gsi", gsi=xio.GSI(credential=host)) as secure,
            service(stack="tcp,gsi", gsi=xio.GSI(credential=impostor)) as false,
            service(stack="tcp") as plain,
        ):
            for title, proxy, *words in (
                ("default", grid.user.proxy, secure, "H-R"),
                ("--disable-host-auth", grid.user.proxy, secure, "L-R", "--disable-host-auth"),
                ("--no-proxy", "nowhere", plain, "H-R", "--no-proxy"),
                ("an unknown name", grid.user.proxy, secure, "V-R"),
                ("no proxy", "nowhere", secure, "H-R"),
                ("an expired proxy", late, secure, "H-R"),
                ("a short proxy", short, secure, "H-R"),
                ("another server", grid.user.proxy, false, "H-R"),
                ("another server, --disable-host-auth", grid.user.proxy, false, "H-R", "--disable-host-auth"),
            ):
                print(f"{title}:", flush=True)
                command = [sys.executable, "-W", "error", __file__, "query", *words]
                done = subprocess.run(command, env=os.environ | {"X509_USER_PROXY": str(proxy)}, check=False)
                print(f"    status {done.returncode}", flush=True)


def main() -> int:
    """Do what the command line says."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter, allow_abbrev=False
    )
    commands = parser.add_subparsers()
    asking = commands.add_parser("query", help="ask a service")
    asking.add_argument("server", help="HOST:PORT")
    asking.add_argument("name", help="what is looked for, such as H-R")
    asking.add_argument("--disable-host-auth", action="store_true", help="any host will do")
    asking.add_argument("--no-proxy", action="store_true", help="without GSI")
    asking.set_defaults(do=query)
    asked = parser.parse_args()
    try:
        asked.do(asked) if "do" in asked else show()
    except Failure as failure:
        print(f"data_find: {failure}", file=sys.stderr)
        return failure.status
    return 0


if __name__ == "__main__":
    sys.exit(main())
