"""What a thread sleeps on until another one wakes it; signals are heard meanwhile."""

from __future__ import annotations

from _thread import allocate_lock

from ._sleep import is_set_within

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
        return is_set_within(timeout, self._is_set_within)

    def _is_set_within(self, seconds: float) -> bool:
        return self._unset.acquire(timeout=seconds)
