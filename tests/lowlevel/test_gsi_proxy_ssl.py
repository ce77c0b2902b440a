"""globus_lowlevel.gsi_proxy_ssl: the proxy certificate extension of RFC 3820, its policies, and their text."""

from __future__ import annotations

import gc
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509

import globus_lowlevel
from globus_lowlevel import GlobusError
from globus_lowlevel import gsi_proxy_ssl as ssl

LIMITED = ssl.LIMITED_PROXY_OID


def policy(language: str = LIMITED, content: bytes | None = b"allow\nreading") -> object:
    made = ssl.PROXYPOLICY_new()
    ssl.PROXYPOLICY_set_policy_language(made, language)
    ssl.PROXYPOLICY_set_policy(made, content)
    return made


def info(path_length: int = 3, **given: object) -> object:
    made = ssl.PROXYCERTINFO_new()
    ssl.PROXYCERTINFO_set_path_length(made, path_length)
    ssl.PROXYCERTINFO_set_policy(made, policy(**given))
    return made


def test_a_policy_has_a_language_and_content() -> None:
    made = policy()
    assert str(ssl.PROXYPOLICY_get_policy_language(made)) == LIMITED
    assert ssl.PROXYPOLICY_get_policy(made) == b"allow\nreading"
    ssl.PROXYPOLICY_set_policy(made, b"\0\xff")
    assert ssl.PROXYPOLICY_get_policy(made) == b"\0\xff"
    for _ in range(2):
        ssl.PROXYPOLICY_set_policy(made, None)
        assert ssl.PROXYPOLICY_get_policy(made) is None
    with pytest.raises((ValueError, TypeError)):
        ssl.PROXYPOLICY_set_policy_language(made, "no identifier")
    with pytest.raises(TypeError):
        ssl.PROXYPOLICY_set_policy(made, "text")


def test_policies_are_compared() -> None:
    assert ssl.PROXYPOLICY_cmp(policy(), policy()) == 0
    assert ssl.PROXYPOLICY_cmp(policy(), policy(content=b"other")) == 1
    assert ssl.PROXYPOLICY_cmp(policy(), policy(content=None)) == 1
    assert ssl.PROXYPOLICY_cmp(policy(), policy(language=ssl.IMPERSONATION_PROXY_OID)) == 1
    copy = ssl.PROXYPOLICY_dup(policy())
    assert ssl.PROXYPOLICY_cmp(copy, policy()) == 0


def test_an_extension_has_a_path_length_and_a_policy() -> None:
    made = info()
    assert ssl.PROXYCERTINFO_get_path_length(made) == 3
    inner = ssl.PROXYCERTINFO_get_policy(made)
    assert ssl.PROXYPOLICY_get_policy(inner) == b"allow\nreading"
    ssl.PROXYCERTINFO_set_policy(made, policy(content=b"new"))
    assert ssl.PROXYPOLICY_get_policy(inner) == b"allow\nreading"  # a copy
    ssl.PROXYCERTINFO_set_path_length(made, -1)
    assert ssl.PROXYCERTINFO_get_path_length(made) == -1
    with pytest.raises(GlobusError):
        ssl.PROXYCERTINFO_set_path_length(made, -2)
    ssl.PROXYCERTINFO_set_policy(made, None)
    assert ssl.PROXYCERTINFO_get_policy(made) is None
    with pytest.raises(GlobusError):
        ssl.PROXYCERTINFO_dup(made)


def test_extensions_are_compared() -> None:
    assert ssl.PROXYCERTINFO_cmp(info(), info()) == 0
    assert ssl.PROXYCERTINFO_cmp(info(), info(4)) == 1
    assert ssl.PROXYCERTINFO_cmp(info(-1), info()) == 1
    assert ssl.PROXYCERTINFO_cmp(info(-1), info(-1)) == 0
    assert ssl.PROXYCERTINFO_cmp(info(), info(content=None)) == 1


def test_der_goes_both_ways() -> None:
    der = ssl.i2d_PROXYCERTINFO(info())
    back = ssl.d2i_PROXYCERTINFO(bytearray(der))
    assert ssl.PROXYCERTINFO_cmp(back, info()) == 0
    assert ssl.PROXYCERTINFO_cmp(ssl.PROXYCERTINFO_dup(back), back) == 0
    der = ssl.i2d_PROXYPOLICY(policy())
    assert ssl.PROXYPOLICY_cmp(ssl.d2i_PROXYPOLICY(der), policy()) == 0
    for malformed in (b"", b"junk", der[:-1], der + b"\0"):
        with pytest.raises(GlobusError):
            ssl.d2i_PROXYPOLICY(malformed)
        with pytest.raises(GlobusError):
            ssl.d2i_PROXYCERTINFO(malformed)


def test_a_real_proxys_extension_is_read(grid: Any) -> None:
    certificate = x509.load_pem_x509_certificate(grid.user.proxy.read_bytes())
    extension = certificate.extensions.get_extension_for_oid(x509.ObjectIdentifier(ssl.PROXYCERTINFO_OID))
    made = ssl.d2i_PROXYCERTINFO(extension.value.public_bytes())
    language = ssl.PROXYPOLICY_get_policy_language(ssl.PROXYCERTINFO_get_policy(made))
    assert str(language) == ssl.IMPERSONATION_PROXY_OID


def test_text(tmp_path: Path) -> None:
    text = ssl.PROXYCERTINFO_print(info()).decode()
    assert "Path Length: 3" in text.replace("  ", " ")
    assert "reading" in text
    assert "allow" in ssl.PROXYPOLICY_print(policy()).decode()
    with (tmp_path / "text").open("w") as file:
        ssl.PROXYCERTINFO_print_fp(file, info())
        ssl.PROXYPOLICY_print_fp(file, policy())
    assert (tmp_path / "text").read_text().startswith(text)
    lines = ssl.i2v_PROXYCERTINFO(None, info(), [("first", "line"), (None, None)])
    assert lines[:2] == [("first", "line"), (None, None)]
    assert ("Path Length", " 3 (0x3)") in lines
    method = ssl.PROXYPOLICY_x509v3_ext_meth()
    assert ssl.i2v_PROXYPOLICY(method, policy(content=None), None)[-1] == ("    Policy", " EMPTY")
    with pytest.raises(TypeError):
        ssl.i2v_PROXYPOLICY(method, policy(), [5])


def test_descriptions_of_openssls_are_there() -> None:
    for function in (
        ssl.PROXYCERTINFO_it, ssl.PROXYPOLICY_it, ssl.PROXYCERTINFO_x509v3_ext_meth,
        ssl.PROXYCERTINFO_OLD_x509v3_ext_meth, ssl.PROXYPOLICY_x509v3_ext_meth,
    ):  # fmt: skip
        assert function() is function()


def test_objects_end_once() -> None:
    gc.collect()
    globus_lowlevel.reap()
    before = globus_lowlevel.live()["objects"]
    for _ in range(100):
        made = info()
        inner = ssl.PROXYCERTINFO_get_policy(made)
        ssl.PROXYCERTINFO_free(made)
        assert ssl.PROXYPOLICY_get_policy(inner) is not None
        with pytest.raises(ValueError, match="closed"):
            ssl.PROXYCERTINFO_free(made)
        ssl.PROXYPOLICY_free(inner)
    gc.collect()
    globus_lowlevel.reap()
    assert globus_lowlevel.live()["objects"] <= before + 2
