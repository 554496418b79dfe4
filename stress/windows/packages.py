"""What the tests need from the package index: as `pyproject.toml` says, for a Windows Python."""

from __future__ import annotations

import re
import tomllib
from sysconfig import get_python_version
from typing import TYPE_CHECKING

from .commands import pip

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

__all__ = ["WINDOWS", "flattened", "install", "needed"]

WINDOWS = (
    "--platform=win_amd64",
    f"--python-version={get_python_version()}",
    "--implementation=cp",
    "--only-binary=:all:",
)

# Needed on Windows alone, by pytest and portalocker: pip asks the system on which it runs what is needed.
_THERE_ALONE = ("colorama", "pywin32")


def needed(pyproject: Path) -> list[str]:
    """The requirements of the tests."""
    extras = tomllib.loads(pyproject.read_text(encoding="utf-8"))["project"]["optional-dependencies"]
    return sorted({*flattened("test", extras), *_THERE_ALONE})


def flattened(extra: str, extras: Mapping[str, Sequence[str]]) -> Iterable[str]:
    """The requirements of an extra of `lockedfile`, and of the extras that it names."""
    for requirement in extras[extra]:
        inner = re.fullmatch(r"lockedfile\[(\w+)\]", requirement)
        if inner:
            yield from flattened(inner[1], extras)
        else:
            yield requirement


def install(requirements: Sequence[str], directory: Path) -> None:
    """Put wheels for Windows and all that they need into a directory. Raises `CannotRunError`."""
    pip("fetch the packages", "install", "--no-compile", *WINDOWS, f"--target={directory}", *requirements)
