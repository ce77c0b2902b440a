"""Gets a file by GridFTP, and goes on after a cut where the last run has stopped.

    python gridftp_get.py gsiftp://host/path/data.dat data.dat

What has come is in data.dat.part; after a cut, data.dat.restart has the restart marker: which ranges of bytes it has,
in the words of the protocol. A run that finds both asks the server for the rest only. When everything has come, the file
gets its name and the marker goes away. The exit code is 0 then, and 1 when another run is needed.

The calls are those of a C program: an extended block mode get with several data channels, reads that are registered again
from the data callback, the end told by the completion callback.
"""

from __future__ import annotations

import argparse
import os
import sys
import threading
from pathlib import Path
from typing import Any

from globus_lowlevel import GlobusError, common, ftp_client, ftp_control

BLOCK = 256 * 1024
READS = 4  # that are registered at a time


class Get:
    """One transfer, and the state that its callbacks share."""

    def __init__(self, url: str, target: Path, streams: int):
        self.url, self.target = url, target
        self.part, self.restart = Path(f"{target}.part"), Path(f"{target}.restart")
        self.handle = ftp_client.globus_ftp_client_handle_init(None)
        self.attr = make_attr(streams)
        self.marker = ftp_client.globus_ftp_client_restart_marker_init()
        self.lock = threading.Lock()  # callbacks come on several threads at once
        self.error: BaseException | None = None
        self.done = threading.Event()
        self.received = self.resumed = 0

    def run(self) -> None:
        """Raises GlobusError when the transfer was cut; the marker is on disk then."""
        self.descriptor = os.open(self.part, os.O_RDWR | os.O_CREAT, 0o666)
        try:
            self.read_marker()
            ftp_client.globus_ftp_client_get(
                self.handle, self.url, self.attr, self.marker if self.resumed else None, self.on_done, None
            )
            for _ in range(READS):
                ftp_client.globus_ftp_client_register_read(self.handle, bytearray(BLOCK), self.on_data, None)
            self.done.wait()
        finally:
            os.close(self.descriptor)
            ftp_client.globus_ftp_client_handle_destroy(self.handle)
        if self.error is not None:
            raise self.error
        self.part.rename(self.target)
        self.restart.unlink(missing_ok=True)

    def read_marker(self) -> None:
        """What an earlier run has got."""
        if self.restart.exists():
            ftp_client.globus_ftp_client_restart_marker_from_string(self.marker, self.restart.read_text())
            self.resumed = ftp_client.globus_ftp_client_restart_marker_get_total(self.marker)
        else:
            os.ftruncate(self.descriptor, 0)

    def write_marker(self) -> None:
        """The data before the words that say it is there."""
        os.fdatasync(self.descriptor)
        text = ftp_client.globus_ftp_client_restart_marker_to_string(self.marker)
        new = Path(f"{self.restart}.new")
        new.write_text(text)
        new.rename(self.restart)

    def on_data(
        self, user_arg: Any, handle: ftp_client.globus_ftp_client_handle_t, error: GlobusError | None,
        buffer: bytearray, length: int, offset: int, eof: bool,
    ) -> None:  # fmt: skip
        """A block: globus_ftp_client_data_callback_t."""
        if error is not None:
            return  # on_done tells it
        try:
            if length:
                written = 0
                while written < length:  # a disk that becomes full takes a part first
                    written += os.pwrite(
                        self.descriptor, memoryview(buffer)[written:length], offset + written
                    )
                with self.lock:
                    self.received += length
                    ftp_client.globus_ftp_client_restart_marker_insert_range(
                        self.marker, offset, offset + length
                    )
            if not eof:
                ftp_client.globus_ftp_client_register_read(handle, buffer, self.on_data, None)
        except OSError as failure:  # a full disk: no more of it
            self.error = self.error or failure
            ftp_client.globus_ftp_client_abort(handle)
        except GlobusError:
            pass  # another data channel has brought the end meanwhile: no read can be registered any more

    def on_done(
        self, user_arg: Any, handle: ftp_client.globus_ftp_client_handle_t, error: GlobusError | None
    ) -> None:
        """The end: globus_ftp_client_complete_callback_t. All data callbacks have run."""
        self.error = self.error or error
        if self.error is not None and self.received + self.resumed:
            self.write_marker()
        self.done.set()


def make_attr(streams: int) -> ftp_client.globus_ftp_client_operationattr_t:
    """Extended block mode: blocks say where they belong, so that the ranges can be told."""
    attr = ftp_client.globus_ftp_client_operationattr_init()
    ftp_client.globus_ftp_client_operationattr_set_mode(
        attr, ftp_control.GLOBUS_FTP_CONTROL_MODE_EXTENDED_BLOCK
    )
    parallelism = ftp_control.globus_ftp_control_parallelism_t()
    parallelism.mode = ftp_control.GLOBUS_FTP_CONTROL_PARALLELISM_FIXED
    parallelism.fixed.size = streams
    ftp_client.globus_ftp_client_operationattr_set_parallelism(attr, parallelism)
    return attr


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("url", help="gsiftp:// or ftp://")
    parser.add_argument("file", type=Path)
    parser.add_argument("-p", "--parallel", type=int, default=2, help="data channels")
    options = parser.parse_args()
    common.globus_module_activate(ftp_client.GLOBUS_FTP_CLIENT_MODULE)
    get = Get(options.url, options.file, options.parallel)
    try:
        get.run()
    except (GlobusError, OSError) as error:
        kept = f"{get.received + get.resumed} bytes are kept in {get.part}: run the same command again for the rest"
        print(f"{options.url}: {error}\n{kept}", file=sys.stderr)
        return 1
    finally:
        common.globus_module_deactivate(ftp_client.GLOBUS_FTP_CLIENT_MODULE)
    print(f"{options.file}: {get.received} bytes{f' after {get.resumed} of earlier' if get.resumed else ''}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
