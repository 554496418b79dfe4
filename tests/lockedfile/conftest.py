"""The order of the tests, and a place that other users may enter."""

from __future__ import annotations

import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

# What calls Windows by its own names is not for others, and is not counted as skipped there.
collect_ignore_glob = [] if sys.platform == "win32" else ["test_windows_*.py"]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The crowd comes last: then xdist hands out tests one by one, and its workers are at it together."""
    items.sort(key=lambda item: "test_xdist_crowd" in item.nodeid)


@pytest.fixture
def public_path() -> Iterator[Path]:
    """Where a file will be, in a directory that everybody may enter; those of `tmp_path` are ours alone."""
    with TemporaryDirectory(prefix="lockedfile-") as directory:
        Path(directory).chmod(0o755)
        yield Path(directory) / "go.sum"
        Path(directory).chmod(0o755)
