"""GSI beside Kerberos' GSS-API and Python's `ssl` in one process, whichever comes first: symbols of one name."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from globus_hl.security import Credential

GSI = """
def gsi(proxy, host):
    from globus_hl.security import Credential, SecurityContext
    one = SecurityContext.initiate("localhost", credential=Credential.load(proxy))
    two = SecurityContext.accept(credential=Credential.load(host))
    token = one.step()
    while token:
        token = two.step(token)
        token = one.step(token) if token else b""
    assert two.unwrap(one.wrap(b"hello")) == b"hello"
    assert "/CN=Jo" in two.peer.text, two.peer
"""

SSL = """
def other(proxy, host):
    import ssl
    client, server = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT), ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    client.check_hostname, client.verify_mode = False, ssl.CERT_NONE
    server.load_cert_chain(host)
    left, right = ssl.MemoryBIO(), ssl.MemoryBIO()
    ends = [client.wrap_bio(left, right), server.wrap_bio(right, left, server_side=True)]
    while ends:
        for end in list(ends):
            try:
                end.do_handshake()
                ends.remove(end)
            except ssl.SSLWantReadError:
                pass
"""

# Kerberos' library itself, its symbols offered to everything that is loaded later.
KRB5_LIBRARY = """
def other(proxy, host):
    import ctypes
    krb5 = ctypes.CDLL("libgssapi_krb5.so.2", ctypes.RTLD_GLOBAL)
    class Buffer(ctypes.Structure):
        _fields_ = [("length", ctypes.c_size_t), ("value", ctypes.c_char_p)]
    minor, name, text = ctypes.c_uint(), ctypes.c_void_p(), Buffer()
    given = Buffer(14, b"host@localhost")
    oid = ctypes.c_void_p.in_dll(krb5, "GSS_C_NT_HOSTBASED_SERVICE")
    assert krb5.gss_import_name(ctypes.byref(minor), ctypes.byref(given), oid, ctypes.byref(name)) == 0
    assert krb5.gss_display_name(ctypes.byref(minor), name, ctypes.byref(text), None) == 0
    assert text.value[:text.length] == b"host@localhost"
    assert krb5.gss_release_name(ctypes.byref(minor), ctypes.byref(name)) == 0
"""

KRB5_PACKAGE = """
def other(proxy, host):
    import gssapi
    name = gssapi.Name("host@localhost", gssapi.NameType.hostbased_service)
    assert str(name) == "host@localhost"
    assert gssapi.MechType.kerberos in gssapi.raw.indicate_mechs()
    try:
        gssapi.Credentials(usage="initiate")
    except gssapi.exceptions.GSSError as error:
        assert error.maj_code
"""

ORDERS = {
    "GSI first": "gsi(*files); other(*files); gsi(*files)",
    "GSI second": "other(*files); gsi(*files); other(*files)",
    "at once": """
import concurrent.futures
with concurrent.futures.ThreadPoolExecutor(8) as pool:
    for done in [pool.submit(work, *files) for _ in range(10) for work in (gsi, other)]:
        done.result()
""",
}


@pytest.fixture(scope="module")
def files(proxy: Credential, authority: Any, tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    directory = tmp_path_factory.mktemp("coexistence")
    host = authority.user("localhost", names=("localhost",))
    (directory / "certificates").mkdir()
    authority.install(directory / "certificates")
    copies = ((proxy, "proxy"), (host, "host"))
    return [str(Credential.from_pem(c.to_pem()).save(directory / name)) for c, name in copies]


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("neighbour", ["ssl", "krb5", "python-gssapi"])
def test_in_one_process(files: list[str], neighbour: str, order: str) -> None:
    program = GSI + {"ssl": SSL, "krb5": KRB5_LIBRARY, "python-gssapi": KRB5_PACKAGE}[neighbour]
    program += f"import sys\nfiles = sys.argv[1:]\n{ORDERS[order]}\n"
    environment = os.environ | {"X509_CERT_DIR": str(Path(files[0]).with_name("certificates"))}
    done = subprocess.run(
        [sys.executable, "-X", "faulthandler", "-c", program, *files],
        env=environment,
        capture_output=True,
        text=True,
        timeout=50,
        check=False,
    )
    assert done.returncode == 0, done.stderr
