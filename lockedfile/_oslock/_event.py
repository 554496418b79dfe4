"""What a thread sleeps on until another one wakes it; signals are heard meanwhile."""

from __future__ import annotations

from _thread import TIMEOUT_MAX, allocate_lock

__all__ = ["Event"]


class Event:
    """Set by anybody, any number of times; who waits for it takes that away again."""

    __slots__ = ("_unset",)

    def __init__(self) -> None:
        self._unset = allocate_lock()
        self._unset.acquire()

    def set(self) -> None:
        """Wake who waits, or the next one who would."""
        try:  # noqa: SIM105 - contextlib would double the time that importing this package takes
            self._unset.release()
        except RuntimeError:
            pass  # it is set

    def wait(self, timeout: float | None) -> bool:
        """Was it set, within so many seconds? None: for ever."""
        return self._unset.acquire(timeout=-1 if timeout is None else min(timeout, TIMEOUT_MAX))
