"""Docstrings: what they tell, and where the C library's own words come from."""

from __future__ import annotations

import gzip
import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest

from globus_lowlevel import ftp_client, xio

PROSE = Path(__file__).parents[2] / "swig" / "tools" / "prose.py"

COMMENT = """/**
 * @brief Sends a thing
 * @ingroup things
 *
 * It goes to <b>somebody</b>,
 * by @a post.
 *
 * @param thing
 *     What is sent.
 * @param [in] to  Who gets it.
 * @retval THING_LOST
 *     It was lost.
 * @return
 *     Whether it came.
 */"""

PAGE = r"""
.TH "things" 3
.SH "Function Documentation"
.SS "int send_thing (\fBthing_t\fP * thing, char * to)"
Sends a thing\&.
.PP
It is a `one-way\-ticket'\&.
.PP
\fBParameters\fP
.RS 4
\fIthing\fP What is sent\&.
.br
\fIto\fP Who gets it\&.
.RE
.PP
\fBReturns\fP
.RS 4
An error when
.IP "\(bu" 2
it is lost
.PP
.RE
.PP
.SS "int other_thing (void)"
Something else\&.
.SH "Author"
Somebody
"""


@pytest.fixture(scope="module")
def prose() -> ModuleType:
    spec = importlib.util.spec_from_file_location("prose_of_the_tools", PROSE)
    assert spec is not None
    assert spec.loader is not None
    module = sys.modules[spec.name] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_comment_of_a_header(prose: ModuleType) -> None:
    found = prose.from_comment(COMMENT)
    assert found.text == "Sends a thing\n\nIt goes to somebody, by post."
    assert found.parameters == {"thing": "What is sent.", "to": "Who gets it."}
    assert found.values == {"THING_LOST": "It was lost."}
    assert found.returns == "Whether it came."


def test_man_page_of_the_same_installation(prose: ModuleType, tmp_path: Path) -> None:
    pages = tmp_path / "share" / "man" / "man3"
    pages.mkdir(parents=True)
    (pages / "things.3.gz").write_bytes(gzip.compress(PAGE.encode()))
    (pages / "send_thing.3.gz").symlink_to("things.3.gz")
    found = prose.ManPages([str(tmp_path / "include" / "globus")])
    about = found.about("send_thing")
    assert about.text == "Sends a thing.\n\nIt is a `one-way-ticket'."
    assert about.parameters == {"thing": "What is sent.", "to": "Who gets it."}
    assert about.returns == "An error when\n* it is lost"
    assert not found.about("no_such_thing")
    assert found.files == [pages / "things.3.gz"]


@pytest.mark.parametrize(
    ("function", "told"),
    [
        (xio.globus_xio_handle_create, "globus_xio_handle_create(stack: globus_xio_stack_t, /) -> globus_xio_handle_t"),
        (xio.globus_xio_handle_create, "handle: Yours: globus_xio_register_close() destroys it"),
        (xio.globus_xio_handle_create, "C: globus_result_t globus_xio_handle_create(globus_xio_handle_t *handle"),
        (xio.globus_xio_handle_create, "RuntimeError: GLOBUS_XIO_MODULE is not active."),
        (xio.globus_xio_close, "handle: Closed by this call."),
        (xio.globus_xio_read, "buffer: C fills it; locked during the call."),
        (xio.globus_xio_read, "Waits until it is done"),
        (xio.globus_xio_register_read, "buffer: C fills it; locked until the callback has returned."),
        (xio.globus_xio_register_read, "Does not wait: the callback tells the end. globus_xio_read() waits."),
        (xio.globus_xio_register_read, "cb: Called as (handle, result, buffer, len, nbytes, data_desc, user_arg)"),
        (xio.globus_xio_attr_cntl, "The arguments depend on the driver and its command"),
        (ftp_client.globus_ftp_client_size, "size: Its value is there when the callback has begun."),
        (ftp_client.globus_ftp_client_handle_init, "attr: Kept alive as long as the handle that uses it."),
        (ftp_client.globus_ftp_client_get, "GlobusError: C returns a failure."),
    ],
)  # fmt: skip
def test_docstring(function: object, told: str) -> None:
    assert told in " ".join((function.__doc__ or "").split())
