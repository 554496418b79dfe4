"""What moves while one looks: how far a run is, its rate, and the last moments of its workers."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ..config import Config
    from ..lanes import Doing, Snapshot

__all__ = ["Pace", "share"]

_RATE_NS = 500_000_000  # over which a rate is taken
_LOOKS = 240  # that are remembered: no screen shows more


def share(snapshot: Snapshot, config: Config) -> float:
    """How much of the phase is done, from 0 to 1."""
    if snapshot.phase == "starting":
        done, whole = float(snapshot.ready), float(config.size)
    elif snapshot.phase == "stopping":
        return 1.0
    elif config.edits:
        done, whole = float(snapshot.edits), float(config.edits * config.workers)
    else:
        done, whole = snapshot.elapsed_s, config.duration_s or 1.0
    return max(0.0, min(1.0, done / (whole or 1.0)))


class Pace:
    """Remembers the looks of the last moments."""

    def __init__(self) -> None:
        self._seen: deque[tuple[int, int]] = deque()
        self.rates: deque[float] = deque(maxlen=_LOOKS)
        self.moments: deque[tuple[Doing, ...]] = deque(maxlen=_LOOKS)

    def look(self, snapshot: Snapshot) -> None:
        """Take it in. After a jump back in time all begins anew."""
        if self._seen and snapshot.now_ns < self._seen[-1][0]:
            for memory in (self._seen, self.rates, self.moments):
                memory.clear()
        self.moments.append(tuple(lane.doing for lane in snapshot.lanes))
        self._seen.append((snapshot.now_ns, snapshot.edits))
        while len(self._seen) > 2 and snapshot.now_ns - self._seen[1][0] >= _RATE_NS:
            self._seen.popleft()
        if snapshot.phase != "starting":
            self.rates.append(self.rate())

    def rate(self) -> float:
        """Edits per second, over the last moments."""
        if len(self._seen) < 2:
            return 0.0
        (then_ns, before), (now_ns, after) = self._seen[0], self._seen[-1]
        return (after - before) / ((now_ns - then_ns) / 1e9) if now_ns > then_ns else 0.0
