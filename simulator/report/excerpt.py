"""A few bytes of a content, to see what is wrong with it: the line of a worker, or where a mix begins."""

from __future__ import annotations

import re

__all__ = ["line_of", "mixed", "mixture", "shown"]

_AROUND_BYTES = 18  # before and after the place that matters


def line_of(worker: int, content: bytes) -> str | None:
    """What the content says of the module of that worker."""
    found = re.search(rb"example\.com/worker%02d v[^\s/]+" % worker, content)
    return found[0].decode(errors="replace") if found else None


def shown(part: bytes) -> str:
    """Bytes as text on one line, or in hexadecimal if they are none."""
    try:
        return repr(part.decode())[1:-1]
    except UnicodeDecodeError:
        return part.hex(" ")


def mixed(there: bytes, old: bytes, new: bytes) -> bool:
    """Is `there` made of the begin of one of the two and the end of the other, and of nothing else?"""
    begin = max(_alike(there, new) + _alike_at_end(there, old), _alike(there, old) + _alike_at_end(there, new))
    return begin >= len(there)


def mixture(there: bytes, old: bytes, new: bytes) -> list[str]:
    """How `there` is made of `old` and `new`, the content before a write and after it, as four lines."""
    of_new, of_old = _alike(there, new), _alike(there, old)
    begin = max(of_new, of_old)
    by, rest = ("new", "old") if of_new >= of_old else ("old", "new")
    if begin == len(there):
        head = f"of {len(new if by == 'new' else old):,} bytes only the first {len(there):,} were there:"
    elif mixed(there, old, new):
        head = f"up to byte {begin:,} it is the {by} content, and then the {rest} one:"
    else:
        head = f"from byte {begin:,} on it is neither the old content nor the new:"
    return [head, *_beside(there, old, new, begin)]


def _beside(there: bytes, old: bytes, new: bytes, at: int) -> list[str]:
    """The same place in all three."""
    start = max(at - _AROUND_BYTES, 0)
    return [
        f"  {name:5} {shown(content[start : at + _AROUND_BYTES]) or '(it ends before)'}"
        for name, content in (("old", old), ("new", new), ("read", there))
    ]


def _alike(a: bytes, b: bytes) -> int:
    """How many bytes are the same from the begin on."""
    low, high = 0, min(len(a), len(b))
    while low < high:
        middle = (low + high + 1) // 2
        if a[:middle] == b[:middle]:
            low = middle
        else:
            high = middle - 1
    return low


def _alike_at_end(a: bytes, b: bytes) -> int:
    low, high = 0, min(len(a), len(b))
    while low < high:
        middle = (low + high + 1) // 2
        if a[-middle:] == b[-middle:]:
            low = middle
        else:
            high = middle - 1
    return low
