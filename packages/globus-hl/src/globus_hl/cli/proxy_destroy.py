"""``pyglobus proxy destroy``: remove proxies."""

from __future__ import annotations

import os
from pathlib import Path

import click

from globus_hl.security import default_proxy_path

from .proxy_options import FAILED, ProxyCommand
from .report import report

__all__ = ["command"]

_BLOCK = bytes(4096)


@click.command("destroy", cls=ProxyCommand)
@click.argument("files", nargs=-1, type=click.Path())
@click.option(
    "-default",
    "default",
    is_flag=True,
    help="Your proxy at the usual place; what is done without files, too.",
)
@click.option("-all", "everything", is_flag=True, help="That one, and all delegated ones in /tmp.")
@click.option("-dryrun", "dry_run", is_flag=True, help="Only say what would be removed.")
@click.option("-debug", "debug", is_flag=True, help="Show errors with their traceback.")
@click.version_option(
    None, "-version", package_name="globus-hl", message="pyglobus proxy destroy: %(version)s"
)
def command(files: tuple[str, ...], default: bool, everything: bool, dry_run: bool, debug: bool) -> int:
    """Overwrite and remove proxies: FILES, or yours at the usual place."""
    wanted = [*files]
    if default or everything or not files:
        wanted.append(default_proxy_path())
    if everything:
        wanted += _delegated()
    code = 0
    for path in dict.fromkeys(wanted):
        if dry_run:
            click.echo(f"Would remove {path}")
            continue
        try:
            _shred(Path(path))
        except OSError as error:
            code = FAILED
            report("pyglobus proxy destroy", error, debug=debug)
    return code


def _delegated() -> list[str]:
    """What servers and programs of the toolkit leave in /tmp of the credentials that were delegated to them."""
    found = []
    for path in sorted(Path("/tmp").glob("x509up_p*")):  # noqa: S108 - the toolkit's place
        status = path.lstat()
        if status.st_uid == os.geteuid() and path.is_file() and not path.is_symlink():
            found.append(str(path))
    return found


def _shred(path: Path) -> None:
    """Overwrite first, as the toolkit does; a link is not followed."""
    descriptor = os.open(path, os.O_RDWR | os.O_NOFOLLOW)
    try:
        left = os.fstat(descriptor).st_size
        while left > 0:
            left -= os.write(descriptor, _BLOCK[: min(left, len(_BLOCK))])
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    path.unlink()
