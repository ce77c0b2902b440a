"""globus_lowlevel.authz: authorization asked of callouts that a configuration file names, among them Python's."""

from __future__ import annotations

import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest

from globus_lowlevel import GlobusError, authz, common

LIMIT = 30.0

# The module reads its configuration when it is activated, once for a process: each case has a process of its own.
PROGRAM = """
import os, sys, threading
from globus_lowlevel import GlobusError, authz, callout, common

calls = []

def init(service, context):
    if service == "bad service":
        raise PermissionError("no such service")
    calls.append(("init", service, context))
    return {"service": service}

def authorize(state, action, object):
    calls.append(("authorize", state["service"], action, object))
    if action != "read":
        return GlobusError(1, None, [], "only read")

def identity(state):
    return "account of " + state["service"]

functions = {
    "GLOBUS_GSI_AUTHZ_SYSTEM_INIT": lambda: calls.append(("system",)),
    "GLOBUS_GSI_AUTHZ_SYSTEM_DESTROY": lambda: None,
    "GLOBUS_GSI_AUTHZ_HANDLE_INIT": init,
    "GLOBUS_GSI_AUTHORIZE_ASYNC": authorize,
    "GLOBUS_GSI_GET_AUTHORIZATION_IDENTITY": identity,
    "GLOBUS_GSI_AUTHZ_CANCEL": lambda state: calls.append(("cancel", state["service"])),
    "GLOBUS_GSI_AUTHZ_HANDLE_DESTROY": lambda state: calls.append(("destroy", state["service"])),
}
common.globus_module_activate(callout.GLOBUS_CALLOUT_MODULE)
with open(os.environ["GSI_AUTHZ_CONF"], "w") as file:
    for type, function in functions.items():
        print(type, *callout.globus_callout_function(type, function), file=file)
common.globus_module_activate(authz.GLOBUS_GSI_AUTHZ_MODULE)

def call(function, *arguments):
    done, seen = threading.Event(), []
    def callback(argument, handle, error):
        seen.append((argument, handle, error))
        done.set()
    result = function(*arguments, callback, "argument")
    assert done.wait(30)
    assert seen[0][0] == "argument" and seen[0][2] is None
    return result

handle = call(authz.globus_gsi_authz_handle_init, "good service", None)
call(authz.globus_gsi_authorize, handle, "read", "/file")
try:
    call(authz.globus_gsi_authorize, handle, "delete", "/file")
except GlobusError as error:
    assert "only read" in str(error), error
else:
    sys.exit("it was allowed")
assert call(authz.globus_gsi_authz_get_authorization_identity, handle).value == "account of good service"
authz.globus_gsi_cancel_authz(handle)
call(authz.globus_gsi_authz_handle_destroy, handle)
assert handle.closed
sys.unraisablehook = lambda info: calls.append(("unraisable", str(info.exc_value)))
try:
    authz.globus_gsi_authz_handle_init("bad service", None, print, None)
except GlobusError as error:
    assert "no such service" in str(error), error
else:
    sys.exit("it was allowed")
assert calls == [
    ("system",), ("init", "good service", None), ("authorize", "good service", "read", "/file"),
    ("authorize", "good service", "delete", "/file"), ("cancel", "good service"), ("destroy", "good service"),
    ("unraisable", "no such service"),
], calls
common.globus_module_deactivate(authz.GLOBUS_GSI_AUTHZ_MODULE)
print("all of it")
"""


def test_callouts_in_python_decide(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    config = tmp_path / "gsi-authz.conf"
    config.touch()
    monkeypatch.setenv("GSI_AUTHZ_CONF", str(config))
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM], capture_output=True, text=True, timeout=LIMIT, check=False
    )
    assert done.stdout == "all of it\n", done.stderr


@pytest.fixture
def active() -> Any:
    common.globus_module_activate(authz.GLOBUS_GSI_AUTHZ_MODULE)
    yield
    common.globus_module_deactivate(authz.GLOBUS_GSI_AUTHZ_MODULE)


def test_without_callouts_there_is_nobody_to_refuse(active: Any, recorder: Any) -> None:
    """As C has it: a service that wants a decision configures who makes it."""
    first, second = recorder(), recorder()
    handle = authz.globus_gsi_authz_handle_init("service", None, first, 1)
    assert handle is None
    assert first.wait() == (1, None, None)
    authz.globus_gsi_authorize(handle, "read", "/file", second, 2)
    assert second.wait() == (2, None, None)
    third = recorder()
    identity = authz.globus_gsi_authz_get_authorization_identity(handle, third, 3)
    third.wait()
    assert identity.value is None
    with pytest.raises(GlobusError, match="unknown type"):
        authz.globus_gsi_cancel_authz(handle)
    fourth = recorder()
    authz.globus_gsi_authz_handle_destroy(handle, fourth, 4)
    assert fourth.wait() == (4, None, None)


def test_errors_have_their_type_and_text(active: Any) -> None:
    kind = authz.GLOBUS_GSI_AUTHZ_CALLOUT_AUTHZ_DENIED_BY_CALLOUT
    error = authz.GLOBUS_GSI_AUTHZ_CALLOUT_ERROR(None, kind, "not 100%")
    assert "not 100%" in str(error)
    assert error.code == kind
    assert authz.globus_gsi_authz_callout_error_string(kind) in str(error)
    assert authz.GLOBUS_GSI_AUTHZ_CALLOUT_ERRNO_ERROR(error, 13).errno == 13


@pytest.mark.own_process
def test_it_needs_its_module() -> None:
    done = threading.Event()
    with pytest.raises(RuntimeError, match="GLOBUS_GSI_AUTHZ_MODULE"):
        authz.globus_gsi_authz_handle_init("service", None, lambda *_: done.set(), None)
