"""Kill workers, freeze them, fill up the disk: when, and whom it hits, is left to chance, from the seed of the run.

Kills and freezes each come at instants by chance, so many a second on average (a Poisson process). Each second one of
them is for any worker, whatever it does. The others wait for a worker that is writing: one that has told its records
what it will write, and the file has changed since. Where edits are short and many workers wait for their turn, one in
hundreds of blows that are dealt blindly would come in the microseconds in which a file is half old and half new.
Windows does not tell as quickly whether a file has changed; there it is one that has just begun to write.
"""

from __future__ import annotations

import os
import time
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING

from . import disk
from .distribution import parse
from .process import SLOW_STATUS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .config import Config
    from .process import Process

__all__ = ["Fate", "Instants"]

_AIMED = 0.5  # the share of blows that are for somebody who is writing
_AIM_S = 0.25  # so long such a blow waits for one at most,
_AIMING = 0.3  # and so much of the time is spent waiting at most, as whoever waits looks without a pause
_PAUSE_S = 0.02  # how long a frozen worker stays so: the mean of an exponential distribution
_LONGEST_PAUSE_S = 0.5
_FULL_S = 0.05  # how long there is no space: the mean of an exponential distribution


class Instants:
    """Instants by chance, so many a second on average."""

    def __init__(self, chance: Random, per_s: float, begin_s: float) -> None:
        self._chance, self._per_s = chance, per_s
        self.next_s = begin_s
        self._draw()

    def _draw(self) -> None:
        self.next_s = self.next_s + self._chance.expovariate(self._per_s) if self._per_s else float("inf")

    def due(self, now_s: float) -> bool:
        """Has one come? It is used up then."""
        if now_s < self.next_s:
            return False
        self._draw()
        return True


class Fate:
    """Deals the blows of one run."""

    def __init__(self, config: Config, path: Path, begin_s: float) -> None:
        self._path = str(path)
        aimed_per_s = _AIMED * (config.kill_rate + config.stop_rate)
        longest_s = _AIM_S + 2 * parse(config.hold_ms).mean_ms / 1e3
        self._aim_s = min(longest_s, _AIMING / aimed_per_s) if aimed_per_s else 0.0
        self._chance = Random(f"{config.seed}/faults")
        self._kills = Instants(Random(f"{config.seed}/kills"), config.kill_rate, begin_s)
        self._freezes = Instants(Random(f"{config.seed}/freezes"), config.stop_rate, begin_s)
        self._disk_fulls = Instants(Random(f"{config.seed}/disk"), config.disk_full_rate, begin_s)
        self._full_until_s = float("inf")
        self._frozen: list[tuple[float, Process]] = []  # and until when
        self.freezes = 0
        self.frozen_s = 0.0
        self.disk_fulls = 0

    @property
    def next_s(self) -> float:
        """When there is something to do again, on `time.monotonic`."""
        ends = (until for until, _ in self._frozen)
        return min([self._kills.next_s, self._freezes.next_s, self._disk_fulls.next_s, self._full_until_s, *ends])

    @property
    def frozen(self) -> int:
        """How many are frozen at present."""
        return len(self._frozen)

    def strike(self, crowd: Sequence[Process]) -> None:
        """Do what is due now to those of `crowd` that are at work."""
        now = time.monotonic()
        self.thaw(now)
        self._fill(now)
        while self._kills.due(now):
            victim = self._victim([process for process in crowd if process.at_work()])
            if victim:
                victim.kill()
        while self._freezes.due(now):
            victim = self._victim([process for process in crowd if process.at_work() and not process.frozen])
            if victim:
                pause_s = min(self._chance.expovariate(1 / _PAUSE_S), _LONGEST_PAUSE_S)
                self._frozen.append((time.monotonic() + pause_s, victim))  # before it is: an interrupt may come
                victim.freeze()
                self.freezes += 1
                self.frozen_s += pause_s

    def _fill(self, now_s: float) -> None:
        """Fill the disk if it is time for that, or end it."""
        place = Path(self._path).parent
        if self._full_until_s <= now_s:
            self._full_until_s = float("inf")
            disk.free(place)
        while self._disk_fulls.due(now_s):
            if self._full_until_s == float("inf"):
                disk.fill(place)
                self.disk_fulls += 1
                self._full_until_s = time.monotonic() + self._chance.expovariate(1 / _FULL_S)

    def thaw(self, now_s: float = float("inf")) -> None:
        """Let those go on who were frozen until now; by default all."""
        for until, process in self._frozen:
            if until <= now_s:
                process.thaw()
        self._frozen = [(until, process) for until, process in self._frozen if until > now_s]

    def _victim(self, crowd: list[Process]) -> Process | None:
        if not crowd:
            return None
        anybody = crowd[self._chance.randrange(len(crowd))]
        if self._chance.random() >= _AIMED:
            return anybody
        return self._caught(crowd, time.monotonic() + self._aim_s) or anybody

    def _caught(self, crowd: list[Process], until_s: float) -> Process | None:
        """One of them that is writing: it has said what, and the file has changed since.

        All this is about microseconds, so it looks without a pause.
        """
        while victim := _next_edit(crowd, until_s):
            before = _changed(self._path)
            while victim.editing() and time.monotonic() < until_s:
                if victim.writing() if SLOW_STATUS else _changed(self._path) != before:
                    return victim
        return None


def _changed(path: str) -> tuple[int, int]:
    try:
        status = os.stat(path)
    except FileNotFoundError:  # a locker that puts a new file in its place, not at once
        return 0, -1
    return status.st_mtime_ns, status.st_size


def _next_edit(crowd: list[Process], until_s: float) -> Process | None:
    """Who of them is the next to be in the middle of an edit; nobody if it takes too long."""
    at_it = {process for process in crowd if process.editing()}
    while time.monotonic() < until_s:
        for process in crowd:
            if not process.editing():
                at_it.discard(process)
            elif process not in at_it:
                return process
    return None
