"""The plays of the lane `disks`: a room is made, and shortages are played in it one after the other."""

from __future__ import annotations

import shutil
from itertools import count
from random import Random
from typing import TYPE_CHECKING

from .changes import CHANGES
from .fault import KILL, Fault
from .judge import finding, identity, rest
from .rooms import KINDS
from .shortages import Seen, verdict
from .target import make, watched
from .tracing import calls_in, command

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from .children import Answer, Children
    from .lane import Plan
    from .rooms import Room
    from .shortages import Shortage
    from .verdict import Verdict

__all__ = ["Narrow"]

_KILLS_IN_SHORT = 4  # of one shortage, at calls by chance


class Narrow:
    """Its work is given to threads; each has a room of its own."""

    def __init__(self, plan: Plan, children: Children) -> None:
        self._plan = plan
        self._children = children
        self._variant = {"variant": plan.variant} if plan.variant else {}
        self._numbers = count()

    def judged(self, batch: tuple[bool, Sequence[Shortage]]) -> list[Verdict]:
        """Play shortages of one kind, and judge each. Raises `ChildError`, `RoomError`."""
        kill, shortages = batch
        beside = self._plan.directory / f"{next(self._numbers)}"
        beside.mkdir()
        place = beside / "room"
        place.mkdir()
        found: list[Verdict] = []
        with KINDS[shortages[0].kind].room(place) as room:
            for shortage in shortages:
                faults = self._kills(shortage, room, beside) if kill else [None]
                found += [self._played(shortage, room, beside, fault) for fault in faults]
        return found

    def _kills(self, shortage: Shortage, room: Room, beside: Path) -> list[Fault]:
        """A kill at each call that it makes when it is not killed; in the short form at some."""
        path = self._tight(shortage, room)
        log = beside / "log"
        self._edit(shortage, path, beside, command(log, watched(path), None))
        self._clear(path, room)
        counts: dict[str, int] = {}
        faults: list[Fault] = []
        for call in calls_in(log.read_text(errors="replace")):
            counts[call.name] = counts.get(call.name, 0) + 1
            faults.append(Fault(call.name, counts[call.name], KILL, False))
        return faults if self._plan.long else Random(self._plan.seed).sample(faults, min(len(faults), _KILLS_IN_SHORT))

    def _played(self, shortage: Shortage, room: Room, beside: Path, fault: Fault | None) -> Verdict:
        path = self._tight(shortage, room)
        before = identity(path)
        prefix = command(beside / "log", watched(path), fault) if fault else ()
        answer = self._edit(shortage, path, beside, prefix)
        left = rest(path)
        read = self._children.hear({"do": "read", "path": str(path), **self._variant})
        room.loosen()
        request = {"do": "judge", "path": str(path), "new": str(beside / "new"), **self._variant}
        found = finding(self._children.hear(request).told, path)
        seen = Seen(path, answer, left, read, found, before, identity(path))
        self._clear(path, room)
        return verdict(shortage, seen, fault, rooms_error=KINDS[shortage.kind].error)

    def _tight(self, shortage: Shortage, room: Room) -> Path:
        """The file, in a room that is as tight as it should be."""
        directory = room.directory / f"{next(self._numbers)}"
        directory.mkdir()
        path = make(directory, CHANGES[shortage.change].old)
        room.tighten(shortage.room_bytes)
        return path

    def _edit(self, shortage: Shortage, path: Path, beside: Path, prefix: Sequence[str]) -> Answer:
        source = beside / "new"
        source.write_bytes(CHANGES[shortage.change].new)
        request = {"do": shortage.operation, "path": str(path), "mode": shortage.mode, "new": str(source)}
        limit = {"limit_bytes": shortage.room_bytes} if shortage.kind == "limit" else {}
        return self._children.hear({**request, **limit, **self._variant}, prefix)

    @staticmethod
    def _clear(path: Path, room: Room) -> None:
        room.loosen()
        shutil.rmtree(path.parent)
