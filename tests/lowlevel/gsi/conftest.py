"""The modules of GSI, active."""

from __future__ import annotations

from tests.lowlevel.conftest import activating

from globus_lowlevel import gsi_cert_utils, gsi_proxy_core, gss_assist, gssapi

active = activating(
    gssapi.GLOBUS_GSI_GSSAPI_MODULE,
    gss_assist.GLOBUS_GSI_GSS_ASSIST_MODULE,
    gsi_proxy_core.GLOBUS_GSI_PROXY_MODULE,
    gsi_cert_utils.GLOBUS_GSI_CERT_UTILS_MODULE,
    scope="package",
)
