"""The module is active, and each file of tests leaves nothing of the binding alive."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from tests.lowlevel.conftest import alive, eventually

from globus_lowlevel import common


@pytest.fixture(scope="package", autouse=True)
def active() -> Iterator[None]:
    common.globus_module_activate(common.GLOBUS_COMMON_MODULE)
    yield
    common.globus_module_deactivate(common.GLOBUS_COMMON_MODULE)


@pytest.fixture(scope="module", autouse=True)
def nothing_left_of_the_file(active: None) -> Iterator[None]:
    """Once a file: to collect what is garbage takes longer than most of these tests."""
    before = alive()
    yield
    # less than before: what tests of other libraries have left to the collector
    assert eventually(lambda: all(alive()[kind] <= count for kind, count in before.items())), (
        f"alive before: {before}, after: {alive()}"
    )
