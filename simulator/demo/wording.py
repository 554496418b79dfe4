"""The words of a system for what all of them have: the sentences of the demo are written for flock(2)."""

from __future__ import annotations

import sys

__all__ = ["as_here", "as_on_windows"]

_ON_WINDOWS = (
    (
        "can see any state in between: flock stops only those who ask",
        "gets an error: a lock of Windows binds all, whether they ask or not",
    ),
    ("LOCK_NB says: do not wait. So flock answers EWOULDBLOCK", "FAIL_IMMEDIATELY says: do not wait. So it fails"),
    ("LOCK_EX: for itself alone", "EXCLUSIVE: for itself alone"),
    ("without LOCK_NB", "without FAIL_IMMEDIATELY"),
    ("its flock returns", "its LockFileEx returns"),
    ("the flock in which", "the LockFileEx in which"),
    ("the calls of flock", "the calls of LockFileEx"),
    ("goes to flock", "goes to LockFileEx"),
)


def as_on_windows(sentences: str) -> str:
    """The same of LockFileEx, which binds everybody."""
    for there, here in _ON_WINDOWS:
        sentences = sentences.replace(there, here)
    return sentences


as_here = as_on_windows if sys.platform == "win32" else str
"""The same in the words of this system."""
