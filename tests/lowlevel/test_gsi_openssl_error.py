"""globus_lowlevel.gsi_openssl_error: OpenSSL's queue of errors as errors of the toolkit; and gsi_openssl_module."""

from __future__ import annotations

from typing import Any

import pytest
from tests.lowlevel.conftest import activating

from globus_lowlevel import GlobusError, common, gsi_openssl_module, gsi_proxy_ssl
from globus_lowlevel import gsi_openssl_error as errors

MODULE = errors.GLOBUS_GSI_OPENSSL_ERROR_MODULE


active = activating(common.GLOBUS_COMMON_MODULE, MODULE)


@pytest.fixture(autouse=True)
def empty() -> None:
    """No error is left from other tests in this thread's queue."""
    errors.globus_error_construct_openssl_error(None, None)


def make_error() -> None:
    with pytest.raises(GlobusError):
        gsi_proxy_ssl.d2i_PROXYPOLICY(b"junk")


def test_an_empty_queue_gives_no_error() -> None:
    assert errors.globus_error_construct_openssl_error(MODULE, None) is None
    cause = common.globus_error_construct_string(None, None, "cause")
    assert errors.globus_error_construct_openssl_error(MODULE, cause) is None
    assert common.globus_error_print_chain(cause)


def test_the_queue_becomes_a_chain() -> None:
    make_error()
    cause = common.globus_error_construct_string(None, None, "the cause")
    error = errors.globus_error_construct_openssl_error(MODULE, cause)
    assert "the cause" in common.globus_error_print_chain(error)
    assert errors.globus_error_openssl_error_get_library(error) == "asn1 encoding routines"
    assert errors.globus_error_openssl_error_get_reason(error)
    assert errors.globus_error_openssl_error_get_filename(error).endswith(".c")
    assert errors.globus_error_openssl_error_get_linenumber(error) > 0
    assert isinstance(errors.globus_error_openssl_error_get_data_flags(error), int)
    errors.globus_error_openssl_error_get_data(error)
    errors.globus_error_openssl_error_get_function(error)
    assert errors.globus_error_construct_openssl_error(MODULE, None) is None  # it was taken out


def test_an_error_is_matched_by_its_numbers() -> None:
    make_error()
    error = oldest(errors.globus_error_construct_openssl_error(MODULE, None))
    make_error()
    handle = errors.globus_i_openssl_error_handle_init()
    code = errors.globus_openssl_error_handle_get_error_code(handle)
    errors.globus_error_initialize_openssl_error(error, MODULE, None, handle)
    assert handle.closed  # it is the error's now
    library, reason = code >> 23 & 0xFF, code & 0x7FFFFF
    assert errors.globus_error_match_openssl_error(error, library, 0, reason)
    assert not errors.globus_error_match_openssl_error(error, library, 0, reason + 1)
    assert not errors.globus_error_match_openssl_error(None, library, 0, reason)
    with pytest.raises(GlobusError, match="none of the type"):
        errors.globus_error_initialize_openssl_error(
            common.globus_error_construct_string(None, None, "text"), MODULE, None,
            errors.globus_i_openssl_error_handle_init(),
        )  # fmt: skip


def oldest(error: Any) -> Any:
    """The one of a chain that has no cause."""
    while cause := common.globus_error_get_cause(error):
        error = cause
    return error


def test_a_handle_tells_what_happened() -> None:
    make_error()
    handle = errors.globus_i_openssl_error_handle_init()
    assert errors.globus_openssl_error_handle_get_library(handle) == "asn1 encoding routines"
    assert errors.globus_openssl_error_handle_get_reason(handle)
    assert errors.globus_openssl_error_handle_get_filename(handle).endswith(".c")
    assert errors.globus_openssl_error_handle_get_linenumber(handle) > 0
    errors.globus_openssl_error_handle_get_data(handle)
    errors.globus_openssl_error_handle_get_data_flags(handle)
    errors.globus_openssl_error_handle_get_function(handle)
    errors.globus_error_construct_openssl_error(None, None)
    empty = errors.globus_i_openssl_error_handle_init()
    assert errors.globus_openssl_error_handle_get_error_code(empty) == 0


def test_an_error_wraps_the_queue() -> None:
    make_error()
    error = errors.globus_error_wrap_openssl_error(MODULE, 7, "file.py", "function", 12, "100% %s")
    text = common.globus_error_print_chain(error)
    assert "100% %s" in text
    assert "asn1" in text


def test_other_errors_have_none_of_it() -> None:
    error = common.globus_error_construct_string(None, None, "text")
    for function, answer in (
        (errors.globus_error_openssl_error_get_filename, None),
        (errors.globus_error_openssl_error_get_linenumber, -1),
        (errors.globus_error_openssl_error_get_library, None),
        (errors.globus_error_openssl_error_get_function, None),
        (errors.globus_error_openssl_error_get_reason, None),
        (errors.globus_error_openssl_error_get_data, None),
        (errors.globus_error_openssl_error_get_data_flags, 0),
    ):
        assert function(error) == answer
        assert function(None) == answer


def test_the_openssl_module_is_activated() -> None:
    common.globus_module_activate(gsi_openssl_module.GLOBUS_OPENSSL_MODULE)
    common.globus_module_deactivate(gsi_openssl_module.GLOBUS_OPENSSL_MODULE)
