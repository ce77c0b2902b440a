"""Submits a job to a GRAM gatekeeper, and tells its states as they come, until it has ended.

    python gram_submit.py localhost:2119:/O=Grid/CN=host/localhost "&(executable=/bin/date)(stdout=/tmp/date)"

The exit code is 0 when the job is done, 1 when it has failed or could not be submitted. Ctrl-C cancels the job and
waits for its end. The calls are those of a C program: a callback contact that the job manager reports to, a request
that is answered with the contact of the job, states that come as callbacks.
"""

from __future__ import annotations

import argparse
import queue
import signal
import sys

from globus_lowlevel import GlobusError, common, gram_client, gram_protocol

State = gram_protocol.globus_gram_protocol_job_state_t
ALL = State.GLOBUS_GRAM_PROTOCOL_JOB_STATE_ALL
DONE = State.GLOBUS_GRAM_PROTOCOL_JOB_STATE_DONE
FAILED = State.GLOBUS_GRAM_PROTOCOL_JOB_STATE_FAILED
PREFIX = "GLOBUS_GRAM_PROTOCOL_JOB_STATE_"


def name_of(state: int) -> str:
    return State(state).name.removeprefix(PREFIX).lower()


class Job:
    """A job, and what its job manager has told of it."""

    def __init__(self) -> None:
        # None is the wish that it be cancelled. A signal handler may put into this kind of queue
        self.states: queue.SimpleQueue[tuple[int, int] | None] = queue.SimpleQueue()
        signal.signal(signal.SIGINT, lambda *_: self.states.put(None))
        self.callback_contact = gram_client.globus_gram_client_callback_allow(self.on_state, None)

    def on_state(self, argument: object, job_contact: str | None, state: int, error: int) -> None:
        self.states.put((state, error))

    def submit(self, resource: str, rsl: str) -> None:
        self.contact = gram_client.globus_gram_client_job_request(
            resource, rsl, int(ALL), self.callback_contact
        )
        print(self.contact, flush=True)

    def wait(self) -> int:
        """The exit code."""
        state = 0
        while state not in (DONE, FAILED):
            told = self.states.get()
            if told is None:
                gram_client.globus_gram_client_job_cancel(self.contact)
                continue
            state, error = told
            reason = f": {gram_client.globus_gram_client_error_string(error)}" if error else ""
            print(f"{name_of(state)}{reason}", flush=True)
        return 0 if state == DONE else 1

    def close(self) -> None:
        gram_client.globus_gram_client_callback_disallow(self.callback_contact)


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("resource", help="host:port/service:subject of the gatekeeper")
    parser.add_argument("rsl", help="what is to be done")
    options = parser.parse_args()
    try:
        common.globus_module_activate(gram_client.GLOBUS_GRAM_CLIENT_MODULE)
        job = Job()
        try:
            job.submit(options.resource, options.rsl)
            return job.wait()
        finally:
            job.close()
    except GlobusError as error:
        print(f"gram_submit.py: {error}", file=sys.stderr)
        return 1
    finally:
        common.globus_module_deactivate_all()


if __name__ == "__main__":
    sys.exit(main())
