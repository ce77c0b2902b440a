"""globus_lowlevel.gssapi_error: statuses of the GSS-API as errors of the toolkit."""

from __future__ import annotations

import pytest

from globus_lowlevel import GlobusError, common, gssapi, gssapi_error

pytestmark = pytest.mark.usefixtures("nothing_left")
MODULE = gssapi.GLOBUS_GSI_GSSAPI_MODULE


def minor() -> GlobusError:
    """What a call of the GSS-API fails with."""
    with pytest.raises(GlobusError) as raised:
        gssapi.gss_import_name(b"no slash", None)
    return raised.value


def test_statuses_make_an_error() -> None:
    error = gssapi_error.globus_error_construct_gssapi_error(MODULE, None, gssapi.GSS_S_NO_CRED, None)
    assert gssapi_error.globus_error_gssapi_get_major_status(error) == gssapi.GSS_S_NO_CRED
    assert gssapi_error.globus_error_gssapi_get_minor_status(error) is None
    assert "credential" in common.globus_error_print_chain(error).lower()
    assert common.globus_object_get_type(error) == gssapi_error.GLOBUS_ERROR_TYPE_GSSAPI


def test_the_minor_status_is_its_cause() -> None:
    cause = minor()
    error = gssapi_error.globus_error_construct_gssapi_error(MODULE, None, gssapi.GSS_S_BAD_NAME, cause)
    told = gssapi_error.globus_error_gssapi_get_minor_status(error)
    assert [part.message for part in told.chain] == [part.message for part in cause.chain]
    assert cause.chain[-1].message in common.globus_error_print_chain(error)


def test_the_major_status_is_set() -> None:
    error = gssapi_error.globus_error_construct_gssapi_error(MODULE, None, gssapi.GSS_S_FAILURE, None)
    gssapi_error.globus_error_gssapi_set_major_status(error, gssapi.GSS_S_BAD_MECH)
    assert gssapi_error.globus_error_gssapi_get_major_status(error) == gssapi.GSS_S_BAD_MECH


def test_an_error_is_found_in_a_chain() -> None:
    match = gssapi_error.globus_error_gssapi_match
    inner = gssapi_error.globus_error_construct_gssapi_error(MODULE, None, gssapi.GSS_S_NO_CRED, None)
    outer = common.globus_error_construct_string(common.GLOBUS_COMMON_MODULE, inner, "in the middle")
    assert match(outer, MODULE, gssapi.GSS_S_NO_CRED)
    assert not match(outer, MODULE, gssapi.GSS_S_BAD_MECH)
    assert not match(outer, common.GLOBUS_COMMON_MODULE, gssapi.GSS_S_NO_CRED)
    assert not match(None, MODULE, gssapi.GSS_S_NO_CRED)


def test_an_error_is_wrapped_with_words_and_a_place() -> None:
    error = gssapi_error.globus_error_wrap_gssapi_error(
        MODULE, gssapi.GSS_S_BAD_NAME, minor(), 4, "here.c", "function", 7, "50% of it"
    )
    assert "50% of it" in common.globus_error_print_chain(error)
    assert gssapi_error.globus_error_gssapi_match(error, MODULE, gssapi.GSS_S_BAD_NAME)
    assert common.globus_error_get_type(error) == 4


def test_an_error_is_initialized_once() -> None:
    """By its constructor: C would lose what it has."""
    error = gssapi_error.globus_error_construct_gssapi_error(MODULE, None, gssapi.GSS_S_FAILURE, None)
    initialize = gssapi_error.globus_error_initialize_gssapi_error
    with pytest.raises(GlobusError, match="no new one"):
        initialize(error, MODULE, None, gssapi.GSS_S_NO_CRED, None)


def test_other_errors_have_no_status() -> None:
    other = common.globus_error_construct_string(None, None, "words")
    for call in (
        gssapi_error.globus_error_gssapi_get_major_status,
        gssapi_error.globus_error_gssapi_get_minor_status,
        lambda error: gssapi_error.globus_error_gssapi_set_major_status(error, 0),
    ):
        with pytest.raises(GlobusError, match="none of the GSS-API"):
            call(other)
