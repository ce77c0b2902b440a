"""globus_lowlevel.callout: functions of C libraries, and callables, called by the toolkit, from configuration files."""

from __future__ import annotations

import gc
import os
import subprocess
import weakref
from pathlib import Path
from typing import Any

import pytest
from tests.lowlevel.conftest import activating

from globus_lowlevel import (
    GlobusError,
    callout,
    gram_jobmanager_callout_error,
    gridmap_callout_error,
    gss_assist,
    gssapi,
)

active = activating(
    callout.GLOBUS_CALLOUT_MODULE,
    gss_assist.GLOBUS_GSI_GSS_ASSIST_MODULE,
    gridmap_callout_error.GLOBUS_GRIDMAP_CALLOUT_ERROR_MODULE,
    gram_jobmanager_callout_error.GLOBUS_GRAM_JOBMANAGER_CALLOUT_ERROR_MODULE,
)


@pytest.fixture
def handle() -> Any:
    return callout.globus_callout_handle_init()


LIBRARY = """
#include <stdarg.h>
#include <string.h>
#include <stdlib.h>
unsigned add(va_list list) { int a = va_arg(list, int), b = va_arg(list, int); return a + b == 42 ? 0 : 1; }
unsigned fill(va_list list) { char *to = va_arg(list, char *); strcpy(to, "filled"); return 0; }
unsigned mapped(va_list list)
{
    va_arg(list, void *);
    char *service = va_arg(list, char *);
    va_arg(list, char *);
    char *buffer = va_arg(list, char *);
    unsigned room = va_arg(list, unsigned);
    const char *prefix = getenv("PREFIX");
    if (room < 64) return 1;
    strcpy(buffer, prefix ? prefix : "");
    strcat(buffer, service);
    return 0;
}
"""


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("library")
    source, built = directory / "callouts.c", directory / "libcallouts.so"
    source.write_text(LIBRARY)
    subprocess.run(["cc", "-shared", "-fPIC", "-o", built, source], check=True, timeout=60)
    return built


def test_a_function_of_a_c_library_is_called(handle: Any, library: Path) -> None:
    callout.globus_callout_register(handle, "sum", library, "add")
    callout.globus_callout_call_type(handle, "sum", 40, 2)
    with pytest.raises(GlobusError):
        callout.globus_callout_call_type(handle, "sum", 1, 1)


def test_a_known_type_gives_its_answer(handle: Any, library: Path) -> None:
    callout.globus_callout_register(handle, "globus_mapping", library, "mapped")
    assert callout.globus_callout_call_type(handle, "globus_mapping", None, "file", None) == "file"
    with pytest.raises(TypeError, match="missing"):
        callout.globus_callout_call_type(handle, "globus_mapping", None)
    with pytest.raises(TypeError, match="more arguments"):
        callout.globus_callout_call_type(handle, "globus_mapping", None, "a", "b", "c")
    with pytest.raises(TypeError):
        callout.globus_callout_call_type(handle, "globus_mapping", "no context", "a", "b")


def test_a_configuration_file_names_libraries(handle: Any, library: Path, tmp_path: Path) -> None:
    config = tmp_path / "callouts.conf"
    config.write_text(f'# comment\n\nglobus_mapping {library} mapped ENV:PREFIX="in-"\n')
    callout.globus_callout_read_config(handle, config)
    assert callout.globus_callout_call_type(handle, "globus_mapping", None, "file", None) == "in-file"
    assert "PREFIX" not in os.environ


@pytest.mark.parametrize(
    "text",
    [
        "one two\n",
        "type library symbol",
        "a b c ENV:X=y#z\n",
        'a b c ENV:X="y\n',
        "a b c ENV:=x\n",
        "x" * 5000 + "\n",
    ],
)
def test_a_malformed_configuration_file_is_an_error(handle: Any, tmp_path: Path, text: str) -> None:
    config = tmp_path / "callouts.conf"
    config.write_text("good lib symbol\n" + text)
    with pytest.raises(GlobusError, match="line 2") as failure:
        callout.globus_callout_read_config(handle, config)
    assert failure.value.code == callout.GLOBUS_CALLOUT_ERROR_PARSING_CONF_FILE
    callout.globus_callout_handle_destroy(handle)


def test_a_missing_configuration_file_has_its_errno(handle: Any, tmp_path: Path) -> None:
    with pytest.raises(GlobusError) as failure:
        callout.globus_callout_read_config(handle, tmp_path / "missing")
    assert failure.value.errno == 2


def test_what_is_not_registered_is_an_error(handle: Any, tmp_path: Path) -> None:
    with pytest.raises(GlobusError) as failure:
        callout.globus_callout_call_type(handle, "unknown")
    assert failure.value.code == callout.GLOBUS_CALLOUT_ERROR_TYPE_NOT_REGISTERED
    callout.globus_callout_register(handle, "lost", tmp_path / "libmissing.so", "symbol")
    with pytest.raises(GlobusError) as failure:
        callout.globus_callout_call_type(handle, "lost")
    assert failure.value.code == callout.GLOBUS_CALLOUT_ERROR_WITH_DL


# ---- callables ---------------------------------------------------------------------------------------------


def test_a_callable_gets_what_the_call_passes(handle: Any) -> None:
    seen: list[Any] = []
    callout.globus_callout_register(handle, "mine", lambda *args: seen.append(args), None)
    callout.globus_callout_call_type(handle, "mine", 1, "two", None)
    assert seen == [(1, "two", None)]


def test_a_callable_maps_an_identity(handle: Any) -> None:
    callout.globus_callout_register(
        handle, "globus_mapping", lambda context, service, wanted: f"{service}-{wanted}-{context}", None
    )
    assert callout.globus_callout_call_type(handle, "globus_mapping", None, "s", "w") == "s-w-None"


def test_a_callable_that_raises_refuses(handle: Any, unraisable: list[BaseException]) -> None:
    def refuse(*_: Any) -> None:
        raise PermissionError("not you")

    callout.globus_callout_register(handle, "globus_authorization", refuse, None)
    with pytest.raises(GlobusError, match="not you"):
        callout.globus_callout_call_type(handle, "globus_authorization", None, "s")
    assert isinstance(unraisable[0], PermissionError)


def test_a_returned_error_refuses_with_its_code(handle: Any, unraisable: list[BaseException]) -> None:
    kind = gram_jobmanager_callout_error.GLOBUS_GRAM_JOBMANAGER_CALLOUT_AUTHZ_DENIED
    error = gram_jobmanager_callout_error.GLOBUS_GRAM_JOBMANAGER_CALLOUT_ERROR(None, kind, "by policy")
    assert isinstance(error, GlobusError)
    callout.globus_callout_register(handle, "globus_authorization", lambda *_: error, None)
    with pytest.raises(GlobusError, match="by policy") as failure:
        callout.globus_callout_call_type(handle, "globus_authorization", None, "s")
    assert kind in [cause.type for cause in failure.value.chain]
    assert not unraisable


@pytest.mark.parametrize("answer", [None, 5, "x" * 5000])
def test_an_answer_that_is_no_identity_refuses(
    handle: Any, unraisable: list[BaseException], answer: Any
) -> None:
    callout.globus_callout_register(handle, "globus_mapping", lambda *_: answer, None)
    with pytest.raises(GlobusError):
        callout.globus_callout_call_type(handle, "globus_mapping", None, "s", "w")
    assert unraisable


def test_a_callable_lives_as_long_as_its_handle() -> None:
    class Callable:
        def __call__(self, *_: Any) -> None: ...

    handle, mine = callout.globus_callout_handle_init(), Callable()
    reference = weakref.ref(mine)
    callout.globus_callout_register(handle, "mine", mine, None)
    del mine
    assert reference() is not None
    callout.globus_callout_handle_destroy(handle)
    gc.collect()
    assert reference() is None
    with pytest.raises(ValueError, match="closed"):
        callout.globus_callout_call_type(handle, "mine")


def test_many_callables_one_after_the_other() -> None:
    for _ in range(200):  # there are places for 64 at a time
        handle = callout.globus_callout_handle_init()
        callout.globus_callout_register(handle, "mine", lambda: None, None)
        callout.globus_callout_call_type(handle, "mine")
        callout.globus_callout_handle_destroy(handle)


@pytest.mark.own_process
def test_the_toolkit_asks_a_callable_for_a_mapping(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """gss_assist's map_and_authorize finds it in the file that GSI_AUTHZ_CONF names."""
    from globus_hl.testgrid import Grid

    seen: list[Any] = []

    def mapping(context: Any, service: str, wanted: str | None) -> str | BaseException:
        seen.append((context, service, wanted))
        if wanted == "root":
            return gridmap_callout_error.GLOBUS_GRIDMAP_CALLOUT_ERROR(
                None, gridmap_callout_error.GLOBUS_GRIDMAP_CALLOUT_LOOKUP_FAILED, "never root"
            )
        return wanted or "nobody"

    place, symbol = callout.globus_callout_function("globus_mapping", mapping)
    config = tmp_path / "gsi-authz.conf"
    config.write_text(f"globus_mapping {place} {symbol}\n")
    with Grid():
        monkeypatch.setenv("GSI_AUTHZ_CONF", str(config))
        context = established()
        assert gss_assist.globus_gss_assist_map_and_authorize(context, "file", None) == "nobody"
        assert gss_assist.globus_gss_assist_map_and_authorize(context, "file", "me") == "me"
        with pytest.raises(GlobusError, match="never root"):
            gss_assist.globus_gss_assist_map_and_authorize(context, "file", "root")
    assert seen[0] == (context, "file", None)


def established() -> Any:
    """The acceptor's half of a handshake with oneself."""
    initiator = acceptor = None
    credential = gssapi.gss_acquire_cred(None, 0, None, gssapi.GSS_C_BOTH)[0]
    token: bytes | None = None
    while True:
        major, initiator, _, token, *_ = gssapi.gss_init_sec_context(
            credential, initiator, None, None, 0, 0, None, token
        )
        if not token:
            break
        result = gssapi.gss_accept_sec_context(acceptor, credential, token, None, 0)
        major, acceptor, token = result[0], result[1], result[4]
        if not token:
            break
    assert major == gssapi.GSS_S_COMPLETE
    return acceptor


# ---- errors of callouts -------------------------------------------------------------------------------------


def test_errors_have_their_type_and_text() -> None:
    module = gridmap_callout_error
    with pytest.raises(GlobusError) as failure:
        callout.globus_callout_call_type(callout.globus_callout_handle_init(), "the cause")
    cause = failure.value
    error = module.GLOBUS_GRIDMAP_CALLOUT_ERROR(
        cause, module.GLOBUS_GRIDMAP_CALLOUT_BUFFER_TOO_SMALL, "100% full"
    )
    assert "100% full" in str(error)
    assert error.chain[0].type == module.GLOBUS_GRIDMAP_CALLOUT_BUFFER_TOO_SMALL
    assert "the cause" in error.chain[-1].message
    assert module.globus_i_gridmap_callout_error_string(0)
    error = module.GLOBUS_GRIDMAP_CALLOUT_GSS_ERROR(gssapi.GSS_S_NO_CONTEXT, None)
    assert error.chain[0].module == "globus_gridmap_callout_error"
    assert gram_jobmanager_callout_error.globus_i_gram_jobmanager_callout_error_string(2)
