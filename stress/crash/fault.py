"""What is done to a process at one of its calls, and what such a call is."""

from __future__ import annotations

from typing import NamedTuple

__all__ = ["AFTER", "CUT", "ERRORS", "KILL", "KILLS", "MANY", "Call", "Fault"]

KILL = "KILL"
"""It is killed before the call is made."""
CUT = "CUT"
"""It is killed when half of what it writes is written."""
AFTER = "AFTER"
"""It is killed when the call is done, and has not told it yet."""

KILLS = (KILL, CUT, AFTER)
ERRORS = ("EIO", "ENOSPC", "EDQUOT", "EINTR")

MANY = 10
"""How often from then on, where the caller may just try again after the error: for ever would be a hang."""

_KILLED = {KILL: "on entry of", CUT: "amid", AFTER: "after"}


class Call(NamedTuple):
    """A call of the system that was made."""

    name: str
    file: str  # the path that it is about
    text: str
    injected: bool


class Fault(NamedTuple):
    """What is put into the call `name`, when it is made for the `at`th time."""

    name: str
    at: int
    what: str  # one of KILLS, or the name of an error
    lasting: bool  # from then on, rather than once

    def __str__(self) -> str:
        if self.what in KILLS:
            return f"killed {_KILLED[self.what]} {self.name} {self.at}"
        return f"{self.name} {self.at} fails with {self.what} {'from then on' if self.lasting else 'once'}"
