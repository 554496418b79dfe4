"""Systems that tell of no lock of this kind: nobody is known.

macOS tells who has a file open (`proc_listpidspath` in libproc.h), but not who has its lock: a guess. FreeBSD and
others tell it to their own tools only, by the kernel's memory.
"""

from __future__ import annotations

import os

from . import UNKNOWN

TYPE_CHECKING = False
if TYPE_CHECKING:
    from . import Facts, Holder, Lock

__all__ = ["facts", "has_lock", "held_by", "holders", "identity", "locks"]


def holders(path: str | bytes) -> list[Holder]:
    """Nobody, of a file that is there."""
    os.stat(path)
    return []


def held_by(_fd: int, _path: str | bytes) -> list[Holder]:
    """Nobody."""
    return []


def identity(_fd: int) -> tuple[str, int] | None:
    """Not known."""
    return None


def locks() -> list[Lock]:
    """Not known."""
    return []


def has_lock(_pid: int, _file: tuple[str, int]) -> bool:
    """Not known."""
    return False


def facts(pid: int) -> Facts:
    """Its number alone."""
    return pid, UNKNOWN, None
