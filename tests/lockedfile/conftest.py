"""The order of the tests."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pytest


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The crowd comes last: then xdist hands out tests one by one, and its workers are at it together."""
    items.sort(key=lambda item: "test_xdist_crowd" in item.nodeid)
