"""A grid's users, hosts and authorities without its servers, and the modules active."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from globus_lowlevel import common, gsi_cert_utils, gsi_proxy_core, gss_assist, gssapi

MODULES = (
    gssapi.GLOBUS_GSI_GSSAPI_MODULE,
    gss_assist.GLOBUS_GSI_GSS_ASSIST_MODULE,
    gsi_proxy_core.GLOBUS_GSI_PROXY_MODULE,
    gsi_cert_utils.GLOBUS_GSI_CERT_UTILS_MODULE,
)


@pytest.fixture(scope="package", autouse=True)
def active() -> Iterator[None]:
    for module in MODULES:
        common.globus_module_activate(module)
    yield
    for module in reversed(MODULES):
        common.globus_module_deactivate(module)
