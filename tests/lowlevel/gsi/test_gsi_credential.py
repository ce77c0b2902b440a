"""globus_lowlevel.gsi_credential: credentials that are read, written, asked and verified."""

from __future__ import annotations

from pathlib import Path

import pytest
from cryptography import x509

from globus_hl.testgrid import Grid
from globus_lowlevel import GlobusError, gsi_callback
from globus_lowlevel import gsi_credential as cred

pytestmark = pytest.mark.usefixtures("nothing_left")


def read(proxy: Path) -> cred.globus_gsi_cred_handle_t:
    handle = cred.globus_gsi_cred_handle_init(None)
    cred.globus_gsi_cred_read_proxy(handle, proxy)
    return handle


def trusting(directory: Path) -> gsi_callback.globus_gsi_callback_data_t:
    data = gsi_callback.globus_gsi_callback_data_init()
    gsi_callback.globus_gsi_callback_set_cert_dir(data, directory)
    return data


def test_a_proxy_is_read_and_asked(grid: Grid) -> None:
    handle = read(grid.user.proxy)
    assert cred.globus_gsi_cred_get_identity_name(handle) == grid.user.subject
    assert cred.globus_gsi_cred_get_issuer_name(handle) == grid.user.subject
    assert cred.globus_gsi_cred_get_subject_name(handle).startswith(grid.user.subject + "/CN=")
    assert 0 < cred.globus_gsi_cred_get_lifetime(handle) <= 12 * 3600
    assert cred.globus_gsi_cred_get_key_bits(handle) == 2048
    (end,) = cred.globus_gsi_cred_get_cert_chain(handle)
    assert x509.load_der_x509_certificate(end) == grid.user.certificate


def test_a_written_proxy_is_read_again(grid: Grid, tmp_path: Path) -> None:
    handle = read(grid.user.proxy)
    cred.globus_gsi_cred_write_proxy(handle, tmp_path / "copy")
    assert (tmp_path / "copy").stat().st_mode & 0o777 == 0o600
    again = read(tmp_path / "copy")
    assert cred.globus_gsi_cred_get_cert(again) == cred.globus_gsi_cred_get_cert(handle)
    assert cred.globus_gsi_cred_get_key(again) == cred.globus_gsi_cred_get_key(handle)
    memory = cred.globus_gsi_cred_handle_init(None)
    cred.globus_gsi_cred_read_proxy_bio(memory, cred.globus_gsi_cred_write(handle))
    assert cred.globus_gsi_cred_get_cert(memory) == cred.globus_gsi_cred_get_cert(handle)


def test_a_chain_is_verified(grid: Grid, tmp_path: Path) -> None:
    handle = read(grid.user.proxy)
    cred.globus_gsi_cred_verify_cert_chain(handle, trusting(grid.trust_directory))
    with pytest.raises(GlobusError):
        cred.globus_gsi_cred_verify_cert_chain(handle, trusting(tmp_path))


def test_an_empty_handle_has_nothing() -> None:
    handle = cred.globus_gsi_cred_handle_init(None)
    for call in (
        cred.globus_gsi_cred_get_subject_name,
        cred.globus_gsi_cred_write,
        cred.globus_gsi_cred_verify,
    ):
        with pytest.raises(GlobusError, match="no certificate"):
            call(handle)
