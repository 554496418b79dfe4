"""What a terminal may be sent: names and commands of others can hold anything, escape sequences too."""

from __future__ import annotations

from os import fsdecode

__all__ = ["roughly", "safe", "shortened", "shown"]

# Each unit in seconds, its name, and how many of it are said in the next one.
_UNITS = ((1, "s", 120), (60, "min", 120), (3600, "h", 48), (86400, "days", float("inf")))


def safe(text: str) -> str:
    """`text` with whatever is not printable as an escape, on one line."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else c.encode("unicode_escape", "backslashreplace").decode() for c in text)


def shown(path: str | bytes) -> str:
    """A path as messages name it."""
    return safe(fsdecode(path)) or "''"


def shortened(text: str, most: int) -> str:
    """`text` in at most so many characters, cut at its end."""
    return text if len(text) <= most else text[: max(most - 3, 0)] + "..."


def roughly(seconds: float) -> str:
    """A duration as people say it, rounded up."""
    return next(
        f"{count} {name}"
        for unit_s, name, most in _UNITS
        if (count := int(seconds // unit_s) + (seconds % unit_s > 0)) < most
    )
