"""globus_lowlevel.gram_client against a real gatekeeper with the fork job manager."""

from __future__ import annotations

import contextlib
import queue
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from globus_lowlevel import GlobusError, common, gram_client, gram_protocol, gssapi, io

LIMIT = 60.0
STATE = gram_protocol.globus_gram_protocol_job_state_t
ALL = int(STATE.GLOBUS_GRAM_PROTOCOL_JOB_STATE_ALL)
ACTIVE, DONE, FAILED = (
    int(STATE[f"GLOBUS_GRAM_PROTOCOL_JOB_STATE_{n}"]) for n in ("ACTIVE", "DONE", "FAILED")
)
ENDS = (DONE, FAILED)


@pytest.fixture(scope="module", autouse=True)
def active(grid: Any) -> Iterator[None]:
    common.globus_module_activate(gram_client.GLOBUS_GRAM_CLIENT_MODULE)
    yield
    common.globus_module_deactivate(gram_client.GLOBUS_GRAM_CLIENT_MODULE)


@pytest.fixture(scope="module")
def contact(gram_gatekeeper: Any) -> str:
    return gram_gatekeeper.contact


class States:
    """A callback of job states."""

    def __init__(self) -> None:
        self.come: queue.Queue[tuple[Any, str, int, int]] = queue.Queue()
        self.contact = gram_client.globus_gram_client_callback_allow(self, "mine")

    def __call__(self, argument: Any, job: str, state: int, error: int) -> None:
        self.come.put((argument, job, state, error))

    def until_end(self) -> list[int]:
        states = []
        while not states or states[-1] not in ENDS:
            argument, _, state, _ = self.come.get(timeout=LIMIT)
            assert argument == "mine"
            states.append(state)
        return states

    def wait_for(self, state: int) -> None:
        while self.come.get(timeout=LIMIT)[2] != state:
            pass

    def close(self) -> None:
        gram_client.globus_gram_client_callback_disallow(self.contact)


@pytest.fixture
def states() -> Iterator[States]:
    states = States()
    yield states
    states.close()


class Answer:
    """The callback of a nonblocking function."""

    def __init__(self) -> None:
        self.come = threading.Event()
        self.arguments: Any = None

    def __call__(self, *arguments: Any) -> None:
        self.arguments = arguments
        self.come.set()

    def wait(self) -> Any:
        assert self.come.wait(LIMIT), "no answer"
        return self.arguments


def sleeper(seconds: int = 60) -> str:
    return f"&(executable=/bin/sleep)(arguments={seconds})"


@pytest.fixture
def job(contact: str, states: States) -> Iterator[str]:
    """A job that runs until it is cancelled."""
    job = gram_client.globus_gram_client_job_request(contact, sleeper(), ALL, states.contact)
    states.wait_for(ACTIVE)
    yield job
    with contextlib.suppress(GlobusError):  # it may have ended
        gram_client.globus_gram_client_job_cancel(job)


# ---- without a job -----------------------------------------------------------------------------------------


def test_ping(contact: str) -> None:
    gram_client.globus_gram_client_ping(contact)
    answer = Answer()
    gram_client.globus_gram_client_register_ping(contact, None, answer, "arg")
    assert answer.wait()[:2] == ("arg", 0)


def test_ping_of_a_service_that_is_not_there(gram_gatekeeper: Any) -> None:
    service = gram_gatekeeper.service("jobmanager-none")
    with pytest.raises(GlobusError) as raised:
        gram_client.globus_gram_client_ping(service)
    assert raised.value.code == gram_protocol.GLOBUS_GRAM_PROTOCOL_ERROR_SERVICE_NOT_FOUND
    assert raised.value.module == "gram_protocol"
    assert (
        str(raised.value)
        == f"gram_protocol: {gram_client.globus_gram_client_error_string(raised.value.code)}"
    )
    answer = Answer()
    gram_client.globus_gram_client_register_ping(service, None, answer, None)
    assert answer.wait()[1] == raised.value.code


def test_a_gatekeeper_of_another_name_is_refused(gram_gatekeeper: Any) -> None:
    with pytest.raises(GlobusError) as raised:
        gram_client.globus_gram_client_ping(f"localhost:{gram_gatekeeper.port}:/CN=Somebody else")
    assert raised.value.code == gram_protocol.GLOBUS_GRAM_PROTOCOL_ERROR_AUTHORIZATION


def test_the_job_manager_tells_its_version(contact: str) -> None:
    versions = gram_client.globus_gram_client_get_jobmanager_version(contact)
    assert versions["status"] == "0"
    assert {"toolkit-version", "version"} <= versions.keys()
    answer = Answer()

    def on_version(argument: Any, _: Any, info: Any) -> None:
        answer(argument, dict(info.extensions), info.protocol_error_code)

    gram_client.globus_gram_client_register_get_jobmanager_version(contact, None, on_version, "arg")
    assert answer.wait() == ("arg", versions, 0)
    assert gram_client.globus_gram_client_version() > 0


@pytest.mark.parametrize("wrong", ["", "localhost:1", "nothing at all"])
def test_a_contact_where_nobody_listens(wrong: str) -> None:
    with pytest.raises(GlobusError):
        gram_client.globus_gram_client_ping(wrong)


def test_attributes(contact: str) -> None:
    attr = gram_client.globus_gram_client_attr_init()
    mode = io.GLOBUS_IO_SECURE_DELEGATION_MODE_LIMITED_PROXY
    gram_client.globus_gram_client_attr_set_delegation_mode(attr, mode)
    assert gram_client.globus_gram_client_attr_get_delegation_mode(attr) == mode
    credential, *_ = gssapi.gss_acquire_cred(None, 0, None, gssapi.GSS_C_BOTH)
    gram_client.globus_gram_client_attr_set_credential(attr, credential)
    assert gram_client.globus_gram_client_attr_get_credential(attr) is credential
    answer = Answer()
    gram_client.globus_gram_client_register_ping(contact, attr, answer, None)
    assert answer.wait()[1] == 0
    gram_client.globus_gram_client_attr_destroy(attr)
    assert attr.closed
    with pytest.raises(ValueError, match="closed"):
        gram_client.globus_gram_client_attr_get_credential(attr)


# ---- jobs ------------------------------------------------------------------------------------------------------


def test_a_job_runs_and_tells_its_states(contact: str, states: States, tmp_path: Path) -> None:
    out = tmp_path / "out"
    job = gram_client.globus_gram_client_job_request(
        contact, f'&(executable=/bin/echo)(arguments="hello world")(stdout={out})', ALL, states.contact
    )
    assert job.startswith("https://")
    assert states.until_end()[-1] == DONE
    assert out.read_text() == "hello world\n"
    gram_client.globus_gram_client_job_contact_free(job)


def test_a_job_that_cannot_run(contact: str, states: States) -> None:
    gram_client.globus_gram_client_job_request(contact, "&(executable=/no/such/program)", ALL, states.contact)
    _, _, state, error = states.come.get(timeout=LIMIT)
    assert (state, error) == (FAILED, gram_protocol.GLOBUS_GRAM_PROTOCOL_ERROR_EXECUTABLE_NOT_FOUND)
    with pytest.raises(GlobusError) as raised:
        gram_client.globus_gram_client_job_request(contact, "&(executable", 0, None)
    assert raised.value.code == gram_protocol.GLOBUS_GRAM_PROTOCOL_ERROR_BAD_RSL


def test_submitting_without_waiting(contact: str, states: States, nothing_left: None) -> None:
    answer = Answer()
    gram_client.globus_gram_client_register_job_request(
        contact, "&(executable=/bin/true)", ALL, states.contact, None, answer, "arg"
    )
    argument, error, job, _, _ = answer.wait()
    assert (argument, error) == ("arg", 0)
    assert job.startswith("https://")
    assert states.until_end()[-1] == DONE


def test_submitting_with_info(contact: str, states: States) -> None:
    job, info = gram_client.globus_gram_client_job_request_with_info(
        contact, "&(executable=/bin/true)", ALL, states.contact
    )
    assert info.protocol_error_code == 0
    assert isinstance(info.extensions, dict)
    gram_client.globus_gram_client_job_info_destroy(info)
    assert info.closed
    assert job.startswith("https://")
    states.until_end()
    answer = Answer()

    def on_info(argument: Any, job_contact: str, info: Any) -> None:
        answer(argument, job_contact, info.protocol_error_code)

    gram_client.globus_gram_client_register_job_request_with_info(
        contact, "&(executable=/bin/true)", ALL, states.contact, None, on_info, 7
    )
    argument, job, error = answer.wait()
    assert (argument, error) == (7, 0)
    assert job.startswith("https://")
    states.until_end()


def test_status_and_cancel(job: str, states: States) -> None:
    assert gram_client.globus_gram_client_job_status(job) == (ACTIVE, 0)
    info = gram_client.globus_gram_client_job_status_with_info(job)
    assert (info.job_state, info.protocol_error_code) == (ACTIVE, 0)
    assert info.extensions["status"] == str(ACTIVE)
    answer = Answer()
    gram_client.globus_gram_client_register_job_status(job, None, answer, None)
    assert answer.wait()[1] == 0
    assert answer.wait()[3] == ACTIVE
    told = Answer()
    gram_client.globus_gram_client_register_job_status_with_info(
        job, None, lambda argument, _, info: told(argument, info.job_state), "arg"
    )
    assert told.wait() == ("arg", ACTIVE)
    answer = Answer()
    gram_client.globus_gram_client_register_job_cancel(job, None, answer, "cancel")
    assert answer.wait()[:2] == ("cancel", 0)
    assert states.until_end()[-1] == FAILED
    with pytest.raises(GlobusError):
        gram_client.globus_gram_client_job_status(job)


def test_one_more_who_wants_to_hear(job: str) -> None:
    second = States()
    try:
        state, error = gram_client.globus_gram_client_job_callback_register(job, ALL, second.contact)
        assert (state, error) == (ACTIVE, 0)
        gram_client.globus_gram_client_job_callback_unregister(job, second.contact)
        answer = Answer()
        gram_client.globus_gram_client_register_job_callback_registration(
            job, ALL, second.contact, None, answer, None
        )
        assert answer.wait()[1] == 0
        gram_client.globus_gram_client_job_cancel(job)
        assert second.until_end()[-1] == FAILED
    finally:
        second.close()


def test_callbacks_with_info(contact: str) -> None:
    come: queue.Queue[tuple[Any, int, dict[str, str]]] = queue.Queue()

    def on_info(argument: Any, _: str, info: Any) -> None:
        come.put((argument, info.job_state, dict(info.extensions)))

    listener = gram_client.globus_gram_client_info_callback_allow(on_info, "info")
    try:
        gram_client.globus_gram_client_job_request(contact, "&(executable=/bin/true)", ALL, listener)
        while True:
            argument, state, extensions = come.get(timeout=LIMIT)
            assert argument == "info"
            if state in ENDS:
                break
        assert extensions["status"] == str(DONE)
        assert extensions["job-manager-url"].startswith("https://")
    finally:
        gram_client.globus_gram_client_callback_disallow(listener)


@pytest.mark.parametrize(
    "allow",
    [gram_client.globus_gram_client_callback_allow, gram_client.globus_gram_client_info_callback_allow],
)
def test_a_listener_is_not_ended_in_its_own_callback(allow: Callable[..., str]) -> None:
    """C answers when the callback has returned, and would wait for that."""
    refused: queue.Queue[BaseException | None] = queue.Queue()

    def on_state(*_: Any) -> None:
        try:
            gram_client.globus_gram_client_callback_disallow(listener)
        except RuntimeError as error:
            refused.put(error)
        else:
            refused.put(None)

    listener = allow(on_state, None)
    message = gram_protocol.globus_gram_protocol_pack_status_update_message(
        "https://localhost:1/1/1/", DONE, 0
    )
    answered = threading.Event()
    gram_protocol.globus_gram_protocol_post(listener, None, message, lambda *_: answered.set(), None)
    assert "in another thread" in str(refused.get(timeout=LIMIT))
    assert answered.wait(LIMIT)
    gram_client.globus_gram_client_callback_disallow(listener)


def test_signals(job: str, states: States) -> None:
    signal = gram_protocol.globus_gram_protocol_job_signal_t
    with pytest.raises(GlobusError):  # the fork job manager knows no priorities
        gram_client.globus_gram_client_job_signal(job, signal.GLOBUS_GRAM_PROTOCOL_JOB_SIGNAL_PRIORITY, "5")
    stop = signal.GLOBUS_GRAM_PROTOCOL_JOB_SIGNAL_STOP_MANAGER
    assert gram_client.globus_gram_client_job_signal(job, stop, None) == (ACTIVE, 0)
    answer = Answer()
    gram_client.globus_gram_client_register_job_signal(job, stop, None, None, answer, "arg")
    assert answer.wait()[0] == "arg"
    _, _, state, error = states.come.get(timeout=LIMIT)
    assert (state, error) == (FAILED, gram_protocol.GLOBUS_GRAM_PROTOCOL_ERROR_JM_STOPPED)


def test_two_phase_commit(contact: str, states: States) -> None:
    """The request is answered with an error that says that the job waits; the commit starts it."""
    job_contacts = Answer()
    gram_client.globus_gram_client_register_job_request(
        contact, "&(executable=/bin/true)(two_phase=30)", ALL, states.contact, None, job_contacts, None
    )
    _, error, job, _, _ = job_contacts.wait()
    assert error == gram_protocol.GLOBUS_GRAM_PROTOCOL_ERROR_WAITING_FOR_COMMIT
    signal = gram_protocol.globus_gram_protocol_job_signal_t
    gram_client.globus_gram_client_job_signal(
        job, signal.GLOBUS_GRAM_PROTOCOL_JOB_SIGNAL_COMMIT_REQUEST, None
    )
    assert states.until_end()[-1] == DONE
    gram_client.globus_gram_client_job_signal(job, signal.GLOBUS_GRAM_PROTOCOL_JOB_SIGNAL_COMMIT_END, None)


def test_a_fresh_credential_for_the_job(job: str) -> None:
    gram_client.globus_gram_client_job_refresh_credentials(job, None)
    credential, *_ = gssapi.gss_acquire_cred(None, 0, None, gssapi.GSS_C_BOTH)
    answer = Answer()
    gram_client.globus_gram_client_register_job_refresh_credentials(job, credential, None, answer, "arg")
    assert answer.wait()[:2] == ("arg", 0)
    assert gram_client.globus_gram_client_job_status(job) == (ACTIVE, 0)


def test_the_credential_of_the_process(contact: str) -> None:
    """C takes it over."""
    credential, *_ = gssapi.gss_acquire_cred(None, 0, None, gssapi.GSS_C_BOTH)
    gram_client.globus_gram_client_set_credentials(credential)
    assert credential.closed
    gram_client.globus_gram_client_ping(contact)


def test_jobs_at_once(contact: str, states: States) -> None:
    answers = [Answer() for _ in range(4)]
    for answer in answers:
        gram_client.globus_gram_client_register_job_request(
            contact, "&(executable=/bin/true)", ALL, states.contact, None, answer, None
        )
    jobs = {answer.wait()[2] for answer in answers}
    assert len(jobs) == 4
    ended = set()
    while ended != jobs:
        _, job, state, _ = states.come.get(timeout=LIMIT)
        if state in ENDS:
            assert state == DONE
            ended.add(job)


@pytest.mark.parametrize(
    "call",
    [
        lambda: gram_client.globus_gram_client_job_status("https://localhost:1/2/3/"),
        lambda: gram_client.globus_gram_client_job_cancel("https://localhost:1/2/3/"),
        lambda: gram_client.globus_gram_client_callback_disallow("https://localhost:1/"),
    ],
    ids=["status", "cancel", "disallow"],
)
def test_jobs_that_are_not_there(call: Callable[[], Any]) -> None:
    with pytest.raises(GlobusError) as raised:
        call()
    assert raised.value.code


WITHOUT_HOST = ["https:///path", "https://:1/", "file:///x", "https://", "no URL"]
NOBODY = "https://localhost:1/"


@pytest.mark.parametrize("listener", WITHOUT_HOST)
def test_a_job_manager_is_told_of_no_listener_without_a_host(listener: str) -> None:
    client = gram_client
    for call in (
        lambda: client.globus_gram_client_job_callback_register(NOBODY, ALL, listener),
        lambda: client.globus_gram_client_register_job_callback_registration(
            NOBODY, ALL, listener, None, print, None
        ),
        lambda: client.globus_gram_client_job_callback_unregister(NOBODY, listener),
        lambda: client.globus_gram_client_register_job_callback_unregistration(
            NOBODY, listener, None, print, None
        ),
        lambda: client.globus_gram_client_job_request(NOBODY, sleeper(), ALL, listener),
        lambda: client.globus_gram_client_job_request_with_info(NOBODY, sleeper(), ALL, listener),
        lambda: client.globus_gram_client_register_job_request(
            NOBODY, sleeper(), ALL, listener, None, print, None
        ),
        lambda: client.globus_gram_client_register_job_request_with_info(
            NOBODY, sleeper(), ALL, listener, None, print, None
        ),
    ):
        with pytest.raises(GlobusError) as raised:
            call()
        assert raised.value.code == gram_protocol.GLOBUS_GRAM_PROTOCOL_ERROR_CALLBACK_NOT_FOUND


def test_a_job_without_a_host() -> None:
    for contact in WITHOUT_HOST:
        for call in (
            lambda contact=contact: gram_client.globus_gram_client_job_callback_register(
                contact, ALL, NOBODY
            ),
            lambda contact=contact: gram_client.globus_gram_client_job_callback_unregister(contact, NOBODY),
        ):
            with pytest.raises(GlobusError) as raised:
                call()
            assert raised.value.code == gram_protocol.GLOBUS_GRAM_PROTOCOL_ERROR_INVALID_JOB_CONTACT


@pytest.mark.parametrize("mask", [-(2**31), -(10**9)])
def test_a_mask_that_a_message_has_no_room_for(mask: int) -> None:
    with pytest.raises(ValueError, match="room"):
        gram_client.globus_gram_client_job_callback_register(NOBODY, mask, NOBODY)
    with pytest.raises(ValueError, match="room"):
        gram_client.globus_gram_client_register_job_callback_registration(
            NOBODY, mask, NOBODY, None, print, None
        )
