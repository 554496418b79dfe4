"""Keys of a console of Windows, one by one: a letter, or the name of one that has none.

There is nothing to wait for there that tells of a key and of nothing else, so it is looked for now and then.
"""

from __future__ import annotations

import time
from math import inf
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["OTHER", "Console", "next_key"]

OTHER = "other"
"""The name of all keys that have neither a letter nor another name."""

_PREFIXES, _CTRL_C = ("\0", "\xe0"), "\x03"
_NAMES = {"K": "left", "M": "right"}
_LOOK_S = 0.01


class Console(Protocol):
    """What the module `msvcrt` has of it."""

    def kbhit(self) -> bool:
        """Was a key pressed that nobody has taken yet?"""

    def getwch(self) -> str:
        """Take it; one without a letter comes as two characters."""


def next_key(
    console: Console,
    within_s: float | None,
    *,
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], object] = time.sleep,
) -> str:
    """The next key; empty if none came in time. Raises `KeyboardInterrupt` for a Ctrl-C that came as one."""
    until_s = inf if within_s is None else clock() + within_s
    while not console.kbhit():
        left_s = until_s - clock()
        if left_s <= 0:
            return ""
        sleep(min(_LOOK_S, left_s))
    key = console.getwch()
    if key == _CTRL_C:  # pressed in the moment in which getwch has the console give it as a letter
        raise KeyboardInterrupt
    if key in _PREFIXES and console.kbhit():  # alone it is a letter, as an à
        return _NAMES.get(console.getwch(), OTHER)
    return key
