"""A run in plain lines, for who is no terminal: one for each phase, and one a second."""

from __future__ import annotations

import time
from collections import Counter
from typing import TYPE_CHECKING

from ..lanes import Doing
from ..report.terminal import duration
from .picture import verdict_text

if TYPE_CHECKING:
    from ..config import Config
    from ..follow import Sight
    from ..lanes import Snapshot

__all__ = ["Beat", "plain_line"]

_EVERY_S = 1.0


def plain_line(snapshot: Snapshot, sight: Sight, rate: float, config: Config, *, digits: int = 1) -> str:
    """All of one moment, without a line's end; of its second so many digits."""
    counts = Counter(lane.doing for lane in snapshot.lanes)
    workers = snapshot.ready if snapshot.phase == "starting" else len(snapshot.lanes) - counts[Doing.GONE]
    killed = f"  {snapshot.kills:>4} killed" if config.kill_rate else ""
    frozen = f"  {counts[Doing.FROZEN]:>2} frozen" if config.stop_rate else ""
    holding = counts[Doing.HOLDING] + counts[Doing.WRITING]
    line = (
        f"{snapshot.phase:8} {snapshot.elapsed_s:{digits + 4}.{digits}f} s  {workers:>3} workers  "
        f"{snapshot.edits:>9,} edits  {rate:>7,.0f}/s{counts[Doing.WAITING]:>4} waiting  {holding:>3} holding"
        f"{killed}{frozen}"
    )
    since = [lane.since_ns for lane in snapshot.lanes if lane.doing is Doing.WAITING]
    if since:
        line += f"  longest {duration(max(0, snapshot.now_ns - min(since)))}"
    if sight.wait.number:
        line += f"  p50 {duration(sight.wait.p50)}  p99 {duration(sight.wait.p99)}  max {duration(sight.wait.max)}"
    if snapshot.phase != "starting":
        line += f"  so far {sight.so_far.result.value}{verdict_text(sight)}"
    return line


class Beat:
    """When a line is due."""

    def __init__(self) -> None:
        self._phase, self._next = "", 0.0

    def due(self, phase: str) -> bool:
        """At once when a phase begins, unless it is the last, which is only worth a line if it takes long."""
        now = time.monotonic()
        if phase != self._phase:
            self._phase, self._next = phase, now + (_EVERY_S if phase == "stopping" else 0.0)
        if now < self._next:
            return False
        self._next = now + _EVERY_S
        return True
