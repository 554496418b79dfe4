"""The progress of a phase that takes long: a line now and then."""

from __future__ import annotations

from time import monotonic_ns
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["Progress"]

_PAUSE_NS = 2_000_000_000


class Progress:
    """Tells of one phase through `tell`, not before it has taken two seconds, nor again within two more."""

    def __init__(
        self, phase: str, rounds: int, tell: Callable[[str], object], *, clock: Callable[[], int] = monotonic_ns
    ) -> None:
        self._phase, self._rounds, self._tell, self._clock = phase, rounds, tell, clock
        self._told_ns = clock()

    def done(self, rounds: int) -> None:
        """So many rounds are done."""
        now_ns = self._clock()
        if now_ns - self._told_ns >= _PAUSE_NS and rounds < self._rounds:
            self._told_ns = now_ns
            self._tell(f"{self._phase}: {rounds} of {self._rounds} rounds\n")
