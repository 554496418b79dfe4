"""The editors that are timed in a process of their own: ours in its kinds, the bare calls, a peer."""

from __future__ import annotations

import os
import sys
from functools import partial
from typing import TYPE_CHECKING, Any

from lockedfile import Edit

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["EDITORS", "editor"]

_OURS: dict[str, dict[str, Any]] = {
    "lockedfile": {},
    "with-deadline": {"timeout": 60.0},
    "durable": {"durable": True},
    "go-protocol": {"crash_safe": False},
}
_BARE = ("bare", "checked", "bare-durable")

EDITORS = (*_OURS, *_BARE, "filelock")


def editor(name: str) -> Callable[[str, Callable[[bytes], bytes]], object]:
    """The edit of that name."""
    if name == "filelock":
        return _renaming()
    if sys.platform != "win32" and name in _BARE:
        from .bare import bare_durable_edit, bare_edit, checked_edit

        return {"bare": bare_edit, "checked": checked_edit, "bare-durable": bare_durable_edit}[name]
    ours: Callable[[str, Callable[[bytes], bytes]], object] = partial(Edit, **_OURS[name])
    return ours


def _renaming() -> Callable[[str, Callable[[bytes], bytes]], object]:
    """As people do it with filelock: a lock file beside, and a new file renamed over the old."""
    from filelock import FileLock

    locks: dict[str, Any] = {}

    def edit(path: str, transform: Callable[[bytes], bytes]) -> None:
        with locks.setdefault(path, FileLock(f"{path}.lock")):
            with open(path, "rb") as file:
                old = file.read()
            with open(f"{path}.new", "wb") as file:
                file.write(transform(old))
            os.replace(f"{path}.new", path)

    return edit
