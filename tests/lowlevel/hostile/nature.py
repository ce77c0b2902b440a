"""What a function does by its nature, where that looks like a crash or a hang.

Each entry is a promise of C that the binding keeps, with the reason; test_robustness.py checks that every name exists.
"""

from __future__ import annotations

# These may wait for ever with arguments that are right. They are called last, in threads that are left behind.
WAITS = {
    "globus_cond_wait": "waits for a signal",
    "globus_mutex_lock": "waits for the thread that has locked it, which may be the caller",
    "globus_rw_cond_wait": "waits for a signal",
    "globus_rw_mutex_readlock": "waits for the thread that has locked it, which may be the caller",
    "globus_rw_mutex_writelock": "waits for the thread that has locked it, which may be the caller",
    "globus_poll_blocking": "waits for an event",
    "globus_gass_cache_add": "waits for the one who has begun to add the same file",
    "globus_io_listen": "waits for a client",
    "globus_io_tcp_listen": "waits for a client",
    "globus_libc_lock": "waits for the thread that has locked it; whatever else needs that lock waits, too",
}

# These end the process or the thread that calls them, or change it as a whole.
ENDS = {
    "globus_fatal": "raises SystemExit: C ends the process",
    "globus_fatal_perror": "raises SystemExit: C ends the process",
    "globus_silent_fatal": "raises SystemExit: C ends the process",
    "globus_panic": "raises SystemExit: C ends the process",
    "globus_thread_exit": "raises SystemExit, which ends a thread",
}

# These have a meaning for what looks wrong.
ACCEPTS = {
    "globus_object_time_set_time_time": "takes None for no time, as C does NULL",
    "globus_list_copy_reverse": "takes None for the empty list, as C does NULL",
    "globus_rsl_value_list_param_get": "takes None for the empty list, as C does NULL",
    "globus_rsl_value_make_sequence": "takes whatever gives values one after another, such as a value that is a sequence",
    "globus_rsl_eval": "takes any mapping, and asks it only where there is a variable",
    "globus_rsl_value_eval": "takes any mapping, and asks it only where there is a variable",
}

# Values that a parameter is given, of any function (*) or one: others do what they ask for, sleep for days, read
# the pipes of the process until the writer writes, send the process a signal, wait for the answer of a listener that
# another call has made, call back so often that nobody else has a turn.
DESCRIPTORS: list[object] = [-1, 700, 2**31 - 1, -(2**31), 2**40]
PERIODS: list[object] = [0.1, 3600.0, 1e300, -1.0, float("nan"), float("-inf"), None]
BOUNDED: dict[tuple[str, str], list[object]] = {
    ("globus_libc_usleep", "usec"): [0, 1, 1000, -1, 2**64],
    ("globus_thread_kill", "sig"): [0, -1, 65, 1000, 2**40],
    ("globus_io_tcp_connect", "port"): [79, 0, -1, 2**16, 2**40],
    ("globus_callback_adjust_period", "new_period"): PERIODS,
    ("*", "period"): PERIODS,
    ("*", "fd"): DESCRIPTORS,
    ("*", "fdp"): DESCRIPTORS,
    ("*", "socket"): DESCRIPTORS,
    ("*", "system_handle"): DESCRIPTORS,
}


def values_of(function: str, parameter: str) -> list[object]:
    """The only values that a parameter is given; empty where any will do."""
    return BOUNDED.get((function, parameter)) or BOUNDED.get(("*", parameter)) or []
