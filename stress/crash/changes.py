"""The changes that edits make: from which content to which, one of each kind that is written differently."""

from __future__ import annotations

from typing import NamedTuple

__all__ = ["CHANGES", "Change"]

_PAGE = 4096


class Change(NamedTuple):
    """An edit's content before and after."""

    name: str
    old: bytes
    new: bytes


def _lines(count: int) -> bytes:
    """A module file of `count` requirements, no two lines of it alike; 39 bytes a line."""
    head = b"module example.com/crash\n\ngo 1.27\n\n"
    return head + b"".join(b"require example.com/m%06d v0.%06d.0\n" % (i, i * 7919 % 1_000_003) for i in range(count))


def _of_size(size_bytes: int) -> bytes:
    """The same, of exactly so many bytes."""
    return _lines(size_bytes // 30 + 1)[:size_bytes]


def _bumped(content: bytes, *offsets: int) -> bytes:
    """`content` with other bytes at the offsets: a version that was raised."""
    for offset in offsets:
        content = content[:offset] + b"v9.9.9" + content[offset + 6 :]
    return content


_FEW = _lines(8)
_PAGES = _of_size(5 * _PAGE + 123)
_LARGE = _of_size(100_000)

CHANGES = {
    change.name: change
    for change in (
        Change("growing", _FEW, _FEW + b"require example.com/added v1.0.0\n"),
        Change("shrinking", _FEW + b"require example.com/gone v1.0.0\n", _FEW),
        Change("equal size", _FEW, _bumped(_FEW, 80)),
        Change("from nothing", b"", _FEW),
        Change("to nothing", _FEW, b""),
        Change("equal size, two far pages", _PAGES, _bumped(_PAGES, 100, 4 * _PAGE + 7)),
        Change("insertion that shifts pages", _PAGES, _PAGES[:500] + b"replace a => ../b\n" + _PAGES[500:]),
        Change("removal that shifts pages", _PAGES, _PAGES[:500] + _PAGES[540:]),
        Change("line appended to 100 KB", _LARGE, _LARGE + b"require example.com/added v1.0.0\n"),
        Change("growth across a page", _of_size(_PAGE - 10), _bumped(_of_size(_PAGE - 10), 50) + b"b" * 40),
        Change("shrinking across a page", _of_size(_PAGE + 30), _bumped(_of_size(_PAGE + 30), 50)[: _PAGE - 10]),
        Change("everything else", _of_size(3 * _PAGE), _PAGES[:1:-1]),
    )
}
"""By name."""
