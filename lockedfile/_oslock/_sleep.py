"""A long sleep, in which no signal is slept over."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["is_set_within"]

# A signal that comes just before the sleep begins, or to another thread, does not end it: to sleep, that is; its
# handler runs when this does.
_LONGEST_SLEEP_S = 1.0


def is_set_within(timeout: float | None, sleep: Callable[[float], bool]) -> bool:
    """Sleep for so many seconds, None being for ever, or until `sleep`, asked for a second at most, says that it is."""
    left = timeout
    while left is None or left > _LONGEST_SLEEP_S:
        if sleep(_LONGEST_SLEEP_S):
            return True
        left = None if left is None else left - _LONGEST_SLEEP_S
    return sleep(left)
