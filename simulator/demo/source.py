"""The lines of lockedfile that are shown, from its real source."""

from __future__ import annotations

import inspect
import linecache
from pathlib import Path

import lockedfile
from lockedfile import _edit

__all__ = ["EDIT_FILE", "excerpt", "line"]

_PACKAGE = Path(lockedfile.__file__).parent

EDIT_FILE = Path(_edit.__file__).name
"""Where `Edit` is."""


def line(file: str, number: int) -> str:
    """One line of a module, without its indentation."""
    return linecache.getline(str(_PACKAGE / file), number).strip()


def excerpt(number: int, rows: int) -> list[tuple[int, str]]:
    """So many numbered lines of the body of `Edit` around one of them, without what they are all indented by."""
    source, first = inspect.getsourcelines(_edit.change)
    numbered = [(first + at, text.rstrip("\n")) for at, text in enumerate(source)]
    at = max(0, min(number - first - rows // 2, len(numbered) - rows))
    return [(at, text.removeprefix("    ")) for at, text in numbered[at : at + rows]]
