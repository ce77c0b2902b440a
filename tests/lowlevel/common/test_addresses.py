"""Addresses of the network: socket addresses, contact strings, names of hosts."""

from __future__ import annotations

import ipaddress
import os
import socket

import pytest
from hypothesis import given
from hypothesis import strategies as st

from globus_lowlevel import GlobusError, common

ports = st.integers(1, 65535)
WILDCARD = "0.0.0.0"  # noqa: S104 - nothing is bound
NUMERIC = int(common.GLOBUS_LIBC_ADDR_NUMERIC)


@given(st.ip_addresses(v=4, network="10.0.0.0/8"), ports)
def test_contact_strings_of_version_4(address: ipaddress.IPv4Address, port: int) -> None:
    text = common.globus_libc_ints_to_contact_string(list(address.packed), port)
    assert text == f"{address}:{port}"
    assert common.globus_libc_contact_string_to_ints(text) == (tuple(address.packed), port)
    assert common.globus_libc_addr_to_contact_string((str(address), port), NUMERIC) == text


@given(st.ip_addresses(v=6), ports)
def test_contact_strings_of_version_6(address: ipaddress.IPv6Address, port: int) -> None:
    text = common.globus_libc_ints_to_contact_string(list(address.packed), port)
    assert text is not None
    assert common.globus_libc_contact_string_to_ints(text) == (tuple(address.packed), port)
    host, _, shown = text.rpartition(":")
    assert (ipaddress.ip_address(host.strip("[]")), int(shown)) == (address, port)


@pytest.mark.parametrize("text", ["", "x", "[::1", "1.2.3"])
def test_what_is_no_contact(text: str) -> None:
    with pytest.raises(GlobusError):
        common.globus_libc_contact_string_to_ints(text)


@pytest.mark.parametrize("host", [[], [1, 2], [1] * 5, [1] * 17, ["a"] * 4])
def test_what_is_no_address(host: list[int]) -> None:
    with pytest.raises((TypeError, ValueError)):
        common.globus_libc_ints_to_contact_string(host, 80)


def test_loopback_and_wildcard() -> None:
    addresses = ("127.0.0.1", "127.9.9.9", "::1", WILDCARD, "::", "192.0.2.1", "2001:db8::1")
    loopback = {a for a in addresses if common.globus_libc_addr_is_loopback((a, 1))}
    wildcard = {a for a in addresses if common.globus_libc_addr_is_wildcard((a, 1))}
    assert {"127.0.0.1", "::1"} <= loopback <= {"127.0.0.1", "127.9.9.9", "::1"}
    assert wildcard == {WILDCARD, "::"}


@given(st.ip_addresses(v=4, network="10.0.0.0/8"), ports)
def test_the_families_are_converted(address: ipaddress.IPv4Address, port: int) -> None:
    wide = common.globus_libc_addr_convert_family((str(address), port), socket.AF_INET6)
    assert ipaddress.IPv6Address(wide[0]).ipv4_mapped == address
    assert common.globus_libc_addr_convert_family(wide, socket.AF_INET) == (str(address), port)


def test_an_address_of_version_6_may_have_no_other_form() -> None:
    with pytest.raises(GlobusError):
        common.globus_libc_addr_convert_family(("2001:db8::1", 80), socket.AF_INET)


@given(st.ip_addresses(), ports, ports)
def test_parts_of_a_socket_address(address: ipaddress.IPv4Address, port: int, other: int) -> None:
    given_address = (str(address), port)
    family = socket.AF_INET if address.version == 4 else socket.AF_INET6
    assert common.GlobusLibcSockaddrGetFamily(given_address) == family
    assert common.GlobusLibcSockaddrGetPort(given_address) == port
    assert common.GlobusLibcSockaddrLen(given_address) == (16 if address.version == 4 else 28)
    assert common.GlobusLibcSockaddrSetPort(given_address, other)[1] == other
    copy = common.GlobusLibcSockaddrCopy(given_address)
    assert (ipaddress.ip_address(copy[0]), copy[1]) == (address, port)


def test_families() -> None:
    assert common.GlobusLibcProtocolFamilyIsIP(socket.AF_INET)
    assert common.GlobusLibcProtocolFamilyIsIP(socket.AF_INET6)
    assert not common.GlobusLibcProtocolFamilyIsIP(socket.AF_UNIX)


def test_names_are_resolved() -> None:
    hints = common.globus_addrinfo_t(ai_family=socket.AF_INET, ai_socktype=socket.SOCK_STREAM)
    found = common.globus_libc_getaddrinfo("localhost", "80", hints)
    assert found.ai_addr == ("127.0.0.1", 80)
    assert (found.ai_family, found.ai_socktype) == (socket.AF_INET, socket.SOCK_STREAM)
    assert found.ai_next is None or found.ai_next.ai_family == socket.AF_INET
    common.globus_libc_freeaddrinfo(found)
    assert found.closed


def test_the_next_address_lives_with_the_first() -> None:
    found = common.globus_libc_getaddrinfo("127.0.0.1", "80", None)
    following = found.ai_next
    del found
    assert following.ai_addr == ("127.0.0.1", 80)


def test_a_name_that_nobody_knows() -> None:
    with pytest.raises(GlobusError, match=r"not known|failure in name resolution"):
        common.globus_libc_getaddrinfo("no.such.invalid", "80", None)
    with pytest.raises(GlobusError):
        common.globus_libc_gethostbyname_r("no.such.invalid")


def test_addresses_have_names() -> None:
    flags = int(socket.NI_NUMERICHOST | socket.NI_NUMERICSERV)
    assert common.globus_libc_getnameinfo(("127.0.0.1", 80), flags) == ("127.0.0.1", "80")
    assert common.globus_libc_getnameinfo(("::1", 80), flags) == ("::1", "80")
    assert common.globus_libc_addr_to_contact_string(("127.0.0.1", 80), 0) == "localhost:80"


def test_hosts_as_in_the_old_days() -> None:
    name, aliases, family, addresses = common.globus_libc_gethostbyname_r("127.0.0.1")
    assert (name, aliases, family, addresses) == ("127.0.0.1", [], socket.AF_INET, [b"\x7f\0\0\1"])
    assert "localhost" in common.globus_libc_gethostbyaddr_r(b"\x7f\0\0\1", socket.AF_INET)[0]


def test_this_host() -> None:
    assert common.globus_libc_gethostname() == os.environ.get("GLOBUS_HOSTNAME", socket.gethostname())
    address = common.globus_libc_gethostaddr_by_family(socket.AF_INET)
    assert ipaddress.ip_address(address[0]).version == 4
    assert common.globus_libc_gethostaddr()[0]
