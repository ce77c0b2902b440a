"""Make a proxy, and meet what can go wrong with it: each cause is an exception of its own, and leaves nothing behind.

Needs no grid: everything is thrown away at the end.

    python examples/security/proxy_and_its_failures.py
"""

from __future__ import annotations

import stat
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

from globus_hl import security
from globus_hl.security.errors import SecurityError
from globus_hl.testgrid import Grid


def main() -> None:
    with Grid() as grid, Grid() as stranger, TemporaryDirectory() as directory:
        out = Path(directory, "proxy")
        user = security.Credential.from_files(grid.user.cert, grid.user.key)
        proxy = security.create_proxy(user, lifetime=12 * 3600)
        proxy.save(out)
        print(f"{proxy.identity}: a {proxy.type} in {out.name}, mode {stat.S_IMODE(out.stat().st_mode):o}")
        print(f"trusted as {security.verify(proxy, security.TrustStore(grid.trust_directory))}")
        out.unlink()

        elsewhere = security.TrustStore(stranger.trust_directory)
        attempts: dict[str, Callable[[], object]] = {
            "no key": lambda: security.Credential.from_files(grid.user.cert, Path(directory, "nowhere")),
            "no certificate": lambda: security.Credential.from_files(grid.user.key, grid.user.key),
            "somebody else's key": lambda: security.Credential.from_files(grid.user.cert, stranger.user.key),
            "an authority that nobody knows here": lambda: security.verify(proxy, elsewhere),
            "too long a chain": lambda: security.create_proxy(security.create_proxy(user, path_length=0)),
        }
        for what, attempt in attempts.items():
            try:
                attempt()
            except SecurityError as error:
                print(f"{what}: {type(error).__name__}, subject {error.subject}, path {error.path}")
        print(f"left behind: {sorted(path.name for path in Path(directory).iterdir())}")


if __name__ == "__main__":
    main()
