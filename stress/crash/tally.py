"""The tally of a lane: what was counted so far, and the stories of what failed."""

from __future__ import annotations

from collections import Counter
from time import monotonic_ns
from typing import TYPE_CHECKING

from .lane import Result

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

__all__ = ["Tally"]

_MOST_STORIES = 20
_MOST_ALIKE = 2


class Tally:
    """Counts for one lane; `result` may be asked for at any time."""

    def __init__(self, lane: str, proves: str, seed: int, *, clock: Callable[[], int] = monotonic_ns) -> None:
        self._lane, self._proves, self._seed, self._clock = lane, proves, seed, clock
        self._began_ns = clock()
        self._states: Counter[str] = Counter()
        self._apart: Counter[str] = Counter()
        self._stories: list[str] = []
        self._alike: Counter[str] = Counter()
        self.failed = 0

    @property
    def judged(self) -> int:
        """How many states were judged."""
        return self._states.total()

    def state(self, name: str, story: str | None = None, alike: str = "") -> None:
        """One more state was judged; with a story it failed. Of those that are `alike`, not all stories are kept."""
        self._states[name] += 1
        if story is not None:
            self.failed += 1
            self._alike[alike] += 1
            if len(self._stories) < _MOST_STORIES and (not alike or self._alike[alike] <= _MOST_ALIKE):
                self._stories.append(story)

    def apart(self, name: str, count: int = 1) -> None:
        """More of what says nothing of the library."""
        self._apart[name] += count

    def result(self, versions: Mapping[str, str], *, complete: bool) -> Result:
        """What is counted now."""
        return Result(
            lane=self._lane,
            proves=self._proves,
            states=dict(sorted(self._states.items())),
            apart=dict(sorted(self._apart.items())),
            failures=tuple(self._stories),
            failed=self.failed,
            seconds=(self._clock() - self._began_ns) / 1e9,
            versions=dict(versions),
            seed=self._seed,
            complete=complete,
        )
