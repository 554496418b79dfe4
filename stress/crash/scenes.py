"""The scenes of the lane `syscalls`: what is done to a file, and how it lies there before.

At rest, it holds the old content of a change, and is edited. In flight, an edit of it was killed at one of its calls,
and whoever comes next recovers it: to read, to open it for writing, or to edit it further.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from .changes import CHANGES, Change
from .fault import CUT, KILL, Fault
from .target import JOURNAL

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .fault import Call

__all__ = ["EDITS", "Scene", "flights"]

EDITS = ("edit", "write")
"""Those of the operations that change the content."""

_AFTER = b"require example.com/later v1.0.0\n"  # what the edit adds that comes upon a file in flight


class Scene(NamedTuple):
    """What is done, in which mode, and to a file in which state."""

    operation: str  # as `child` knows it
    mode: str
    change: str
    killed: Fault | None = None  # where the edit was killed that left the file in flight
    left: str = "old"  # what that one left, by its change: old or new

    @property
    def expected(self) -> Change:
        """From which content to which it goes."""
        change = CHANGES[self.change]
        if self.killed is None:
            return change
        whole = change.old if self.left == "old" else change.new
        return Change(change.name, whole, whole + _AFTER if self.operation in EDITS else whole)

    @property
    def resting(self) -> Scene:
        """The edit that was killed, before that."""
        return Scene("edit", self.mode, self.change)

    def __str__(self) -> str:
        of = f"{self.operation}, {self.mode}, {self.change}"
        return f"{of}, after one was {self.killed}" if self.killed else of


_WRITES = {"write", "pwrite", "pwrite64"}
_CHANGES_SOMETHING = {*_WRITES, "ftruncate", "unlink"}

# Before and after it is in flight a file is at rest, with a journal that is of no use beside it. These are all alike,
# so of some changes only.
_WITH_USELESS_JOURNAL = {"growing", "to nothing"}


def flights(scene: Scene, calls: Sequence[Call], kills: Sequence[str] = (KILL,)) -> list[Scene]:
    """The scene, which makes these calls, killed wherever that leaves something else: before it changes a file.

    And amid that, if that is among the `kills`.
    """
    counts: dict[str, int] = {}
    found: list[Scene] = []
    begun = False
    for call in calls:
        counts[call.name] = counts.get(call.name, 0) + 1
        if call.name in _CHANGES_SOMETHING:
            of_journal = call.file.endswith(JOURNAL)
            if (begun and not of_journal) or scene.change in _WITH_USELESS_JOURNAL:
                whats = (KILL, CUT) if CUT in kills and call.name in _WRITES else (KILL,)
                found += [scene._replace(killed=Fault(call.name, counts[call.name], what, False)) for what in whats]
            begun = begun or not of_journal
    return found
