"""A program that a strict type checker accepts: each kind of argument and result once, as their stubs say."""

from __future__ import annotations

import mmap
import os
from pathlib import Path
from typing import Any, assert_type

import globus_lowlevel
from globus_lowlevel import GlobusError, common, ftp_client, ftp_control, gsi_credential, gssapi, xio
from globus_lowlevel.typing import OID, Buffer, Deferred


def handles_and_outputs(stack: xio.globus_xio_stack_t) -> None:
    handle = xio.globus_xio_handle_create(stack)
    assert_type(handle, xio.globus_xio_handle_t)
    assert_type(handle.closed, bool)
    server = xio.globus_xio_server_create(None, stack)
    assert_type(xio.globus_xio_server_get_contact_string(server), str)
    xio.globus_xio_open(handle, "127.0.0.1:2811", None)


def texts(handle: xio.globus_xio_handle_t) -> None:
    for contact in ("host:1", b"host:1", Path("/a"), os.fspath("/a")):
        xio.globus_xio_open(handle, contact, None)


def buffers(handle: xio.globus_xio_handle_t, mapped: mmap.mmap) -> None:
    for buffer in (bytearray(10), memoryview(bytearray(10)), mapped):
        assert_type(xio.globus_xio_read(handle, buffer, 1, None), int)
    xio.globus_xio_writev(handle, [b"head", bytearray(b"body")], 8, None)


def numbers_enums_and_flags() -> None:
    attr = ftp_client.globus_ftp_client_operationattr_init()
    ftp_client.globus_ftp_client_operationattr_set_type(attr, ftp_control.GLOBUS_FTP_CONTROL_TYPE_IMAGE)
    assert_type(ftp_client.globus_ftp_client_operationattr_get_append(attr), bool)
    with_value: int = gssapi.GSS_C_MUTUAL_FLAG | gssapi.GSS_C_CONF_FLAG
    assert with_value


def structs() -> None:
    parallelism = ftp_control.globus_ftp_control_parallelism_t()
    parallelism.mode = ftp_control.GLOBUS_FTP_CONTROL_PARALLELISM_FIXED
    assert_type(parallelism.fixed.size, int)


def callbacks(handle: ftp_client.globus_ftp_client_handle_t) -> None:
    def on_done(
        user_arg: object, handle: ftp_client.globus_ftp_client_handle_t, error: GlobusError | None
    ) -> None:
        assert error is None or error.code

    named: ftp_client.globus_ftp_client_complete_callback_t = on_done
    ftp_client.globus_ftp_client_get(handle, "ftp://host/a", None, None, named, None)
    ftp_client.globus_ftp_client_get(
        handle, "ftp://host/a", None, None, lambda *_: print("done"), {"any": "object"}
    )

    def on_data(
        user_arg: Any, handle: ftp_client.globus_ftp_client_handle_t, error: GlobusError | None, buffer: bytearray,
        length: int, offset: int, eof: bool,
    ) -> None:  # fmt: skip
        print(buffer[:length], offset, eof)

    ftp_client.globus_ftp_client_register_read(handle, bytearray(1024), on_data, None)
    size = ftp_client.globus_ftp_client_size(handle, "ftp://host/a", None, on_done, None)
    assert_type(size, Deferred[int])
    assert_type(size.value, int)


def times_and_lasting_callbacks() -> None:
    handle = common.globus_callback_space_register_oneshot(
        0.5, print, None, common.GLOBUS_CALLBACK_GLOBAL_SPACE
    )
    assert_type(handle, common.globus_callback_handle_t)


def security(credential: gsi_credential.globus_gsi_cred_handle_t, anything: Buffer) -> None:
    certificate = gsi_credential.globus_gsi_cred_get_cert(credential)
    assert_type(certificate, bytes)
    gsi_credential.globus_gsi_cred_set_cert(credential, certificate)
    name = gssapi.gss_import_name(anything, "1.2.840.113554.1.2.1.4")
    assert_type(name, gssapi.gss_name_t)
    assert_type(OID("1.2.3").elements, bytes)


def package() -> None:
    globus_lowlevel.xio.globus_xio_stack_init(None)
    assert_type(globus_lowlevel.live(), dict[str, int])
