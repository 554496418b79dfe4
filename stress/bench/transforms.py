"""The transforms that are timed: as cheap as they can be, so that the time is the edit's. main.go has the same two."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["append", "swap"]

_LINE = b"example.com/appended v1.0.0 h1:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n"


def append(old: bytes) -> bytes:
    """One line more, as long as those of a go.sum."""
    return old + _LINE


def swap(path: str) -> Callable[[bytes], bytes]:
    """From the content that `path` has now to a copy with a bit of its middle byte flipped, and back."""
    one = Path(path).read_bytes()
    middle = len(one) // 2
    other = one[:middle] + bytes([one[middle] ^ 1]) + one[middle + 1 :]

    def transform(old: bytes) -> bytes:
        return other if old == one else one

    return transform
