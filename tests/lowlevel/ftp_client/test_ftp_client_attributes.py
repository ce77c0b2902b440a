"""globus_lowlevel.ftp_client: the attributes of handles and operations come back as they were set, copied or not."""

from __future__ import annotations

from typing import Any

import pytest

from globus_lowlevel import GlobusError, ftp_client, ftp_control, gssapi, io

YES_AND_NO = (True, False)

# Of operations: how an attribute is set, how it is asked, and values of it. Some are several values.
OPERATION = [
    (
        ftp_client.globus_ftp_client_operationattr_set_striped,
        ftp_client.globus_ftp_client_operationattr_get_striped,
        YES_AND_NO,
    ),
    (
        ftp_client.globus_ftp_client_operationattr_set_type,
        ftp_client.globus_ftp_client_operationattr_get_type,
        (ftp_control.GLOBUS_FTP_CONTROL_TYPE_ASCII, ftp_control.GLOBUS_FTP_CONTROL_TYPE_IMAGE),
    ),
    (
        ftp_client.globus_ftp_client_operationattr_set_mode,
        ftp_client.globus_ftp_client_operationattr_get_mode,
        (ftp_control.GLOBUS_FTP_CONTROL_MODE_EXTENDED_BLOCK, ftp_control.GLOBUS_FTP_CONTROL_MODE_STREAM),
    ),
    (
        ftp_client.globus_ftp_client_operationattr_set_list_uses_data_mode,
        ftp_client.globus_ftp_client_operationattr_get_list_uses_data_mode,
        YES_AND_NO,
    ),
    (
        ftp_client.globus_ftp_client_operationattr_set_delayed_pasv,
        ftp_client.globus_ftp_client_operationattr_get_delayed_pasv,
        YES_AND_NO,
    ),
    (
        ftp_client.globus_ftp_client_operationattr_set_data_protection,
        ftp_client.globus_ftp_client_operationattr_get_data_protection,
        (
            ftp_control.GLOBUS_FTP_CONTROL_PROTECTION_PRIVATE,
            ftp_control.GLOBUS_FTP_CONTROL_PROTECTION_SAFE,
            ftp_control.GLOBUS_FTP_CONTROL_PROTECTION_CLEAR,
        ),
    ),
    (
        ftp_client.globus_ftp_client_operationattr_set_control_protection,
        ftp_client.globus_ftp_client_operationattr_get_control_protection,
        (ftp_control.GLOBUS_FTP_CONTROL_PROTECTION_PRIVATE, ftp_control.GLOBUS_FTP_CONTROL_PROTECTION_SAFE),
    ),
    (
        ftp_client.globus_ftp_client_operationattr_set_resume_third_party_transfer,
        ftp_client.globus_ftp_client_operationattr_get_resume_third_party_transfer,
        YES_AND_NO,
    ),
    (
        ftp_client.globus_ftp_client_operationattr_set_append,
        ftp_client.globus_ftp_client_operationattr_get_append,
        YES_AND_NO,
    ),
    (
        ftp_client.globus_ftp_client_operationattr_set_allow_ipv6,
        ftp_client.globus_ftp_client_operationattr_get_allow_ipv6,
        YES_AND_NO,
    ),
    (
        ftp_client.globus_ftp_client_operationattr_set_allocate,
        ftp_client.globus_ftp_client_operationattr_get_allocate,
        (1 << 40, 0),
    ),
    (
        ftp_client.globus_ftp_client_operationattr_set_net_stack,
        ftp_client.globus_ftp_client_operationattr_get_net_stack,
        ("tcp,gsi", "tcp:port=0", None),
    ),
    (
        ftp_client.globus_ftp_client_operationattr_set_disk_stack,
        ftp_client.globus_ftp_client_operationattr_get_disk_stack,
        ("file", "file,ordering", None),
    ),
    (
        ftp_client.globus_ftp_client_operationattr_set_authz_assert,
        ftp_client.globus_ftp_client_operationattr_get_authz_assert,
        (("an assertion", False),),
    ),
    (
        ftp_client.globus_ftp_client_operationattr_set_storage_module,
        ftp_client.globus_ftp_client_operationattr_get_storage_module,
        (("file", "path=/tmp"), ("a name that is longer", "1"), ("remote", ""), (None, None)),
    ),
    (
        ftp_client.globus_ftp_client_operationattr_set_authorization,
        ftp_client.globus_ftp_client_operationattr_get_authorization,
        ((None, "user", "secret", "account", "/CN=subject"), (None, "other", None, None, None)),
    ),
]  # fmt: skip

# Of handles.
HANDLE = [
    (
        ftp_client.globus_ftp_client_handleattr_set_cache_all,
        ftp_client.globus_ftp_client_handleattr_get_cache_all,
        YES_AND_NO,
    ),
    (
        ftp_client.globus_ftp_client_handleattr_set_rfc1738_url,
        ftp_client.globus_ftp_client_handleattr_get_rfc1738_url,
        YES_AND_NO,
    ),
    (
        ftp_client.globus_ftp_client_handleattr_set_gridftp2,
        ftp_client.globus_ftp_client_handleattr_get_gridftp2,
        YES_AND_NO,
    ),
    (
        ftp_client.globus_ftp_client_handleattr_set_clientinfo,
        ftp_client.globus_ftp_client_handleattr_get_clientinfo,
        (("name", "1.0", "other=x"), (None, None, None), ("name", None, None)),
    ),
]  # fmt: skip


def name(value: Any) -> str:
    return value.__name__.rpartition("attr_set_")[2] if callable(value) and "set_" in value.__name__ else ""


@pytest.mark.parametrize(("put", "ask", "values"), OPERATION, ids=name)
def test_operation_attributes_come_back(attr: Any, put: Any, ask: Any, values: Any) -> None:
    ask(attr)  # the default
    for value in values:
        put(attr, *(value if isinstance(value, tuple) else [value]))
        assert ask(attr) == value
        copy = ftp_client.globus_ftp_client_operationattr_copy(attr)
        assert ask(copy) == value
        ftp_client.globus_ftp_client_operationattr_destroy(copy)
        assert ask(attr) == value


@pytest.mark.parametrize(("put", "ask", "values"), HANDLE, ids=name)
def test_handle_attributes_come_back(put: Any, ask: Any, values: Any) -> None:
    attr = ftp_client.globus_ftp_client_handleattr_init()
    ask(attr)
    for value in values:
        put(attr, *(value if isinstance(value, tuple) else [value]))
        assert ask(attr) == value
        copy = ftp_client.globus_ftp_client_handleattr_copy(attr)
        assert ask(copy) == value
        ftp_client.globus_ftp_client_handleattr_destroy(copy)
        with pytest.raises(ValueError, match="closed"):
            ask(copy)
    handle = ftp_client.globus_ftp_client_handle_init(attr)
    ftp_client.globus_ftp_client_handle_destroy(handle)


def test_an_assertion_may_be_kept(attr: Any) -> None:
    """Not in a copy: C forgets that there."""
    ftp_client.globus_ftp_client_operationattr_set_authz_assert(attr, "assertion", True)
    assert ftp_client.globus_ftp_client_operationattr_get_authz_assert(attr) == ("assertion", True)
    copy = ftp_client.globus_ftp_client_operationattr_copy(attr)
    assert ftp_client.globus_ftp_client_operationattr_get_authz_assert(copy) == ("assertion", False)


# ---- attributes that are structs -----------------------------------------------------------------------------------


def test_parallelism(attr: Any) -> None:
    parallelism = ftp_control.globus_ftp_control_parallelism_t()
    parallelism.mode = ftp_control.GLOBUS_FTP_CONTROL_PARALLELISM_FIXED
    parallelism.fixed.size = 7
    ftp_client.globus_ftp_client_operationattr_set_parallelism(attr, parallelism)
    got = ftp_client.globus_ftp_client_operationattr_get_parallelism(attr)
    assert (got.mode, got.fixed.size) == (parallelism.mode, 7)


def test_layout(attr: Any) -> None:
    layout = ftp_control.globus_ftp_control_layout_t()
    layout.mode = ftp_control.GLOBUS_FTP_CONTROL_STRIPING_BLOCKED_ROUND_ROBIN
    layout.round_robin.block_size = 4096
    ftp_client.globus_ftp_client_operationattr_set_layout(attr, layout)
    got = ftp_client.globus_ftp_client_operationattr_get_layout(attr)
    assert (got.mode, got.round_robin.block_size) == (layout.mode, 4096)
    layout.round_robin.block_size = 0
    with pytest.raises(GlobusError, match="layout"):
        ftp_client.globus_ftp_client_operationattr_set_layout(attr, layout)


def test_tcp_buffer(attr: Any) -> None:
    buffer = ftp_control.globus_ftp_control_tcpbuffer_t()
    buffer.mode = ftp_control.GLOBUS_FTP_CONTROL_TCPBUFFER_FIXED
    buffer.fixed.size = 65536
    ftp_client.globus_ftp_client_operationattr_set_tcp_buffer(attr, buffer)
    got = ftp_client.globus_ftp_client_operationattr_get_tcp_buffer(attr)
    assert (got.mode, got.fixed.size) == (buffer.mode, 65536)


def test_data_channel_authentication(attr: Any) -> None:
    for mode in (ftp_control.GLOBUS_FTP_CONTROL_DCAU_NONE, ftp_control.GLOBUS_FTP_CONTROL_DCAU_SELF):
        dcau = ftp_control.globus_ftp_control_dcau_t(mode=mode)
        ftp_client.globus_ftp_client_operationattr_set_dcau(attr, dcau)
        assert ftp_client.globus_ftp_client_operationattr_get_dcau(attr).mode == mode
    dcau = ftp_control.globus_ftp_control_dcau_t(mode=ftp_control.GLOBUS_FTP_CONTROL_DCAU_SUBJECT)
    with pytest.raises(GlobusError, match="dcau"):  # whose?
        ftp_client.globus_ftp_client_operationattr_set_dcau(attr, dcau)
    dcau.subject.subject = "/O=Grid/CN=Alice"
    ftp_client.globus_ftp_client_operationattr_set_dcau(attr, dcau)
    for asked in (attr, ftp_client.globus_ftp_client_operationattr_copy(attr)):
        got = ftp_client.globus_ftp_client_operationattr_get_dcau(asked)
        assert (got.mode, got.subject.subject) == (dcau.mode, "/O=Grid/CN=Alice")


# ---- callables and credentials -------------------------------------------------------------------------------------


def test_a_callable_for_pieces_comes_back(attr: Any) -> None:
    def pieces(*_: Any) -> None: ...

    assert ftp_client.globus_ftp_client_operationattr_get_read_all(attr)[:2] == (False, None)
    ftp_client.globus_ftp_client_operationattr_set_read_all(attr, True, pieces, "argument")
    got = ftp_client.globus_ftp_client_operationattr_get_read_all(attr)
    assert got == (True, pieces, "argument")


def test_a_callable_for_pipelines_comes_back() -> None:
    def more(*_: Any) -> tuple[None, None]:
        return None, None

    attr = ftp_client.globus_ftp_client_handleattr_init()
    assert ftp_client.globus_ftp_client_handleattr_get_pipeline(attr)[1] is None
    ftp_client.globus_ftp_client_handleattr_set_pipeline(attr, 5, more, "argument")
    assert ftp_client.globus_ftp_client_handleattr_get_pipeline(attr) == (5, more, "argument")


def test_credentials_come_back(grid: Any, attr: Any) -> None:
    credential = gssapi.gss_acquire_cred(None, 0, None, gssapi.GSS_C_INITIATE)[0]
    ftp_client.globus_ftp_client_operationattr_set_authorization(attr, credential, None, None, None, None)
    got = ftp_client.globus_ftp_client_operationattr_get_authorization(attr)
    assert got[0] == credential
    for kind, given in (("D", None), ("P", credential)):
        ftp_client.globus_ftp_client_operationattr_set_data_security(attr, ord(kind), given)
        asked = ftp_client.globus_ftp_client_operationattr_get_data_security(attr)
        assert asked == (ord(kind), given)
        copy = ftp_client.globus_ftp_client_operationattr_copy(attr)
        assert ftp_client.globus_ftp_client_operationattr_get_data_security(copy) == (ord(kind), given)


def test_netlogger_has_a_handle() -> None:
    netlogger = io.globus_netlogger_handle_init("localhost", "tests", "1")
    attr = ftp_client.globus_ftp_client_handleattr_init()
    ftp_client.globus_ftp_client_handleattr_set_netlogger(attr, netlogger)
    ftp_client.globus_ftp_client_handleattr_set_netlogger_ftp_io(attr, netlogger, True, False)
    with pytest.raises(GlobusError, match="nl_handle"):
        ftp_client.globus_ftp_client_handleattr_set_netlogger(attr, None)
    ftp_client.globus_ftp_client_handle_destroy(ftp_client.globus_ftp_client_handle_init(attr))


# ---- what does not go together ----------------------------------------------------------------------------------


def test_data_security_has_two_types(attr: Any) -> None:
    for kind, credential in (("p", None), ("X", None), ("P", None)):
        with pytest.raises(GlobusError, match="data security"):
            ftp_client.globus_ftp_client_operationattr_set_data_security(attr, ord(kind), credential)
    assert ftp_client.globus_ftp_client_operationattr_get_data_security(attr) == (0, None)


def test_what_is_refused(attr: Any) -> None:
    set_mode = ftp_client.globus_ftp_client_operationattr_set_mode
    for mode in (
        ftp_control.GLOBUS_FTP_CONTROL_MODE_NONE,
        ftp_control.GLOBUS_FTP_CONTROL_MODE_BLOCK,
        ftp_control.GLOBUS_FTP_CONTROL_MODE_COMPRESSED,
    ):
        with pytest.raises(GlobusError, match="mode"):
            set_mode(attr, mode)
    with pytest.raises(GlobusError):
        ftp_client.globus_ftp_client_operationattr_set_allocate(attr, -1)
    ftp_client.globus_ftp_client_operationattr_set_append(attr, True)
    with pytest.raises(GlobusError, match="mode"):  # blocks say where they belong
        set_mode(attr, ftp_control.GLOBUS_FTP_CONTROL_MODE_EXTENDED_BLOCK)
    ftp_client.globus_ftp_client_operationattr_set_append(attr, False)
    set_mode(attr, ftp_control.GLOBUS_FTP_CONTROL_MODE_EXTENDED_BLOCK)
    with pytest.raises(GlobusError, match="append"):
        ftp_client.globus_ftp_client_operationattr_set_append(attr, True)


def test_a_destroyed_attribute_is_closed(attr: Any) -> None:
    ftp_client.globus_ftp_client_operationattr_destroy(attr)
    with pytest.raises(ValueError, match="closed"):
        ftp_client.globus_ftp_client_operationattr_get_mode(attr)
    with pytest.raises(TypeError):
        ftp_client.globus_ftp_client_operationattr_get_mode(None)
