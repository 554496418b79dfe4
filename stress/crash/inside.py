"""A stage on which many scenes are played in one process, which meets their faults at its own seam."""

from __future__ import annotations

from copy import copy
from typing import TYPE_CHECKING, Any

from .children import Answer
from .fault import AFTER, CUT, KILL, Call
from .stage import Stage

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Self

    from .stage import Part, Played

__all__ = ["Inside"]


class Inside(Stage):
    """Who is killed, is so in effect: see `seam`. It needs no strace, and runs on any system."""

    at_once = 64
    kills = (KILL, CUT, AFTER)
    errors = ("EIO", "ENOSPC")
    _really = False

    def in_earnest(self) -> Self:
        """The same stage, where all have processes of their own, and to be killed is SIGKILL or TerminateProcess."""
        other = copy(self)
        other._really = True
        return other

    def play(self, parts: Sequence[Part]) -> list[Played]:
        """All in one process, or each in one."""
        if self._really:
            return [played for part in parts for played in self._in_one_process([part])]
        return self._in_one_process(parts)

    def _in_one_process(self, parts: Sequence[Part]) -> list[Played]:
        plays = [{**self._request(scene, path), "fault": fault, "really": self._really} for scene, path, fault in parts]
        answer = self._children.hear({"do": "play all", "plays": plays, **self._variant})
        if answer.killed or answer.error:
            return [(answer, []) for _ in parts]
        return [_played(told) for told in answer.told["answers"]]


def _played(told: dict[str, Any]) -> Played:
    calls = [Call(name, file, "", injected) for name, file, injected in told["calls"]]
    return Answer(told.get("killed", False), told), calls
