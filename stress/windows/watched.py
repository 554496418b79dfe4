"""A plugin of pytest: which test each of its processes is at stands in a file, for whoever has to end them."""

from __future__ import annotations

import os
from pathlib import Path

__all__ = ["VARIABLE", "pytest_runtest_logfinish", "pytest_runtest_logstart", "running"]

VARIABLE = "LOCKEDFILE_WATCHED"
"""Names the directory of these files."""


def running(directory: Path) -> list[str]:
    """The tests that were not at their end."""
    return sorted({note.read_text(encoding="utf-8") for note in directory.iterdir()})


def _note() -> Path:
    return Path(os.environ[VARIABLE], os.environ.get("PYTEST_XDIST_WORKER", "pytest"))


def pytest_runtest_logstart(nodeid: str) -> None:
    """It is at this test."""
    _note().write_text(nodeid, encoding="utf-8")


def pytest_runtest_logfinish() -> None:
    """It is at none."""
    _note().unlink(missing_ok=True)
