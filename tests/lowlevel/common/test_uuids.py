"""Universally unique identifiers, as Python's own module sees them."""

from __future__ import annotations

import uuid

import pytest
from hypothesis import given
from hypothesis import strategies as st

from globus_lowlevel import GlobusError, common


def test_new_ones_differ() -> None:
    made = [common.globus_uuid_create() for _ in range(100)]
    assert len({one.text for one in made}) == 100
    assert all(common.GLOBUS_UUID_VERSION(one) == uuid.UUID(one.text).version == 1 for one in made)
    assert uuid.UUID(made[0].text).node == uuid.UUID(made[99].text).node


@given(st.uuids())
def test_text_is_imported(wanted: uuid.UUID) -> None:
    imported = common.globus_uuid_import(str(wanted))
    assert imported.text == str(wanted)
    assert common.GLOBUS_UUID_MATCH(imported, common.globus_uuid_import(str(wanted).upper()))
    fields = common.globus_uuid_fields(imported)
    assert wanted.fields == (
        fields.time_low,
        fields.time_mid,
        fields.time_hi_and_version,
        fields.clock_seq_hi_and_reserved,
        fields.clock_seq_low,
        int.from_bytes(fields.node),
    )


def test_others_do_not_match() -> None:
    one, other = common.globus_uuid_create(), common.globus_uuid_create()
    assert common.GLOBUS_UUID_MATCH(one, one)
    assert not common.GLOBUS_UUID_MATCH(one, other)


@pytest.mark.parametrize("text", ["", "x", "1234", str(uuid.NAMESPACE_DNS)[:-1], "g" * 36])
def test_what_is_none(text: str) -> None:
    with pytest.raises(GlobusError):
        common.globus_uuid_import(text)
