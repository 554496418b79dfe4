"""What a request to end does: Ctrl-C, SIGTERM and SIGHUP are one thing for a run, and wait where it is nearly done.

On Windows, which has no SIGHUP, Ctrl-Break and the closing of the window come as SIGBREAK.
"""

from __future__ import annotations

import signal
from contextlib import contextmanager
from typing import TYPE_CHECKING

from .output import note

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import FrameType

__all__ = ["patient", "terminable", "uninterrupted"]


@contextmanager
def _handling(handler: Callable[[int, FrameType | None], None], *names: str) -> Iterator[None]:
    """Have these signals, those of them that this system has, handled so within the block."""
    numbers = [getattr(signal, name) for name in names if hasattr(signal, name)]
    heeded = [number for number in numbers if signal.getsignal(number) != signal.SIG_IGN]  # nohup ignores SIGHUP
    before = {number: signal.signal(number, handler) for number in heeded}
    try:
        yield
    finally:
        for number, was in before.items():
            signal.signal(number, was)


@contextmanager
def terminable() -> Iterator[None]:
    """Let a polite request to end do what Ctrl-C does: stop the workers, judge what was recorded, clean up."""

    def interrupt(_signal: int, _frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    with _handling(interrupt, "SIGTERM", "SIGHUP", "SIGBREAK"):
        yield


@contextmanager
def patient() -> Iterator[None]:
    """Judge to the end what a run has recorded, however often somebody asked to stop it; once more gives up."""
    asked = False

    def warn(_signal: int, _frame: FrameType | None) -> None:
        nonlocal asked
        if asked:
            raise KeyboardInterrupt
        asked = True
        note("the run is over and is being judged; once more to give up\n")

    with _handling(warn, "SIGINT", "SIGTERM", "SIGHUP", "SIGBREAK"):
        yield


@contextmanager
def uninterrupted() -> Iterator[None]:
    """Put off what asks to end until the block is done: it is short, and half of it is worse than none."""
    asked: list[int] = []

    def later(number: int, _frame: FrameType | None) -> None:
        asked.append(number)

    try:
        with _handling(later, "SIGINT", "SIGTERM", "SIGHUP", "SIGBREAK"):
            yield
    finally:
        if asked:
            raise KeyboardInterrupt
