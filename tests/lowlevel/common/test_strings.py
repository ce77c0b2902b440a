"""Strings and numbers as text."""

from __future__ import annotations

import errno
import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from globus_lowlevel import GlobusError, common

# What a C string can hold, and UTF-8.
texts = st.text(st.characters(min_codepoint=1, exclude_categories=["Cs"]))
ascii_texts = st.text(st.characters(min_codepoint=1, max_codepoint=127))


@given(st.integers(-(2**63), 2**63 - 1))
def test_offsets_are_written_and_read(offset: int) -> None:
    text = common.globus_libc_sprint_off_t(offset)
    assert text == str(offset)
    assert common.globus_libc_scan_off_t(text + " and more") == (offset, len(text))


@pytest.mark.parametrize("text", ["", "abc", "-"])
def test_what_is_no_offset(text: str) -> None:
    with pytest.raises(GlobusError):
        common.globus_libc_scan_off_t(text)


@given(texts)
def test_copies(text: str) -> None:
    assert common.globus_libc_strdup(text) == text
    assert common.globus_libc_strlen(text) == len(text.encode())
    assert common.globus_common_create_string(text) == text
    assert common.globus_common_v_create_string(text) == text
    assert common.globus_libc_printf_length(text) == len(text.encode())
    assert common.globus_libc_vprintf_length(text) == len(text.encode())


@given(ascii_texts, st.integers(0, 100))
def test_copies_of_a_beginning(text: str, length: int) -> None:
    assert common.globus_libc_strndup(text, length) == text[:length]
    assert common.globus_common_create_nstring(length, text) == text[:length]
    assert common.globus_common_v_create_nstring(length, text) == text[:length]


@pytest.mark.parametrize("length", [-1, 2**64])
def test_lengths_that_there_are_not(length: int) -> None:
    with pytest.raises((ValueError, OverflowError)):
        common.globus_common_create_nstring(length, "text")


def test_bytes_that_are_no_text_come_back_the_same() -> None:
    assert os.fsencode(common.globus_libc_strdup(b"caf\xe9")) == b"caf\xe9"


@given(st.lists(texts.filter(bool), min_size=1))
def test_joining(words: list[str]) -> None:
    assert common.globus_libc_join(words) == "".join(words)


def test_joining_nothing() -> None:
    assert common.globus_libc_join([]) is None


@given(st.lists(st.text("abc", min_size=1), max_size=5))
def test_words_are_told_apart(words: list[str]) -> None:
    found, word = [], common.globus_libc_strtok(", ".join(words), ", ")
    while word is not None:
        found.append(word)
        word = common.globus_libc_strtok(None, ", ")
    assert found == words


@given(ascii_texts, ascii_texts, st.integers(0, 20))
def test_comparisons(one: str, other: str, length: int) -> None:
    sign = common.globus_libc_strcmp(one, other)
    assert (sign > 0) - (sign < 0) == (one > other) - (one < other)
    same = one[:length].lower() == other[:length].lower()
    assert (common.globus_libc_strncasecmp(one, other, length) == 0) is same


def test_errors_of_the_system_have_words() -> None:
    assert common.globus_libc_system_error_string(errno.ENOENT) == os.strerror(errno.ENOENT)
    assert common.globus_libc_system_error_string(987654)


def test_a_message_of_an_assertion() -> None:
    assert common.globus_assert_sprintf("what failed: 100%") == "what failed: 100%"


def test_messages_without_a_translation_are_themselves() -> None:
    assert common.globus_common_i18n_get_string(common.GLOBUS_COMMON_MODULE, "some words") == "some words"
    assert common.globus_common_i18n_get_string(None, "some words") == "some words"
    assert (
        common.globus_common_i18n_get_string_by_key("de_DE", "no_such_resource", "some words") == "some words"
    )


@pytest.mark.parametrize(
    ("text", "number"),
    [("7", 7), ("0", 0), ("1K", 1024), ("1k", 1024), ("10M", 10 << 20), ("2g", 2 << 30), ("1b", 1)],
)
def test_sizes_with_units(text: str, number: int) -> None:
    assert common.globus_args_bytestr_to_num(text) == number


@pytest.mark.parametrize("text", ["x", "5q", ""])
def test_sizes_with_units_that_there_are_not(text: str) -> None:
    with pytest.raises(GlobusError):
        common.globus_args_bytestr_to_num(text)


def test_a_session_has_one_string() -> None:
    session = common.globus_get_unique_session_string()
    assert session == common.globus_get_unique_session_string()
    assert f"_{os.getpid():x}_" in session
