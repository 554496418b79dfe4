"""Telling of progress, on stderr: a bar for people at a terminal, a line now and then for a log."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from time import monotonic_ns
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Progress = Callable[[int, int, str], None]

__all__ = ["progress_of", "tell"]

_PAUSE_NS = 5_000_000_000


def tell(text: str) -> None:
    """Say a line on stderr."""
    sys.stderr.write(f"{text}\n")
    sys.stderr.flush()


@contextmanager
def progress_of(lane: str) -> Iterator[Progress]:
    """What a lane calls with how many of how many are done, and with what is being done."""
    if not sys.stderr.isatty():
        yield Lines(lane, tell)
        return
    try:
        from rich.console import Console
        from rich.progress import Progress as Bar
    except ImportError:
        yield Lines(lane, tell)
        return
    with Bar(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(lane, total=None)
        yield lambda done, of, what: bar.update(task, completed=done, total=of, description=f"{lane}: {what}")


class Lines:
    """Progress as lines, not before five seconds, and not more often."""

    def __init__(self, lane: str, tell: Callable[[str], object], clock: Callable[[], int] = monotonic_ns) -> None:
        self._lane, self._tell, self._clock = lane, tell, clock
        self._told_ns = clock()

    def __call__(self, done: int, of: int, what: str) -> None:
        """So many of so many are done."""
        now_ns = self._clock()
        if now_ns - self._told_ns >= _PAUSE_NS:
            self._told_ns = now_ns
            self._tell(f"{self._lane}: {done:,} of {of:,}, {what}")
