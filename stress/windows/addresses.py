"""Where the memory of a Wine program lies."""

from __future__ import annotations

import ctypes
import os
from contextlib import contextmanager
from typing import TYPE_CHECKING

from .telling import tell

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["SAME_EACH_TIME", "same_each_time"]

SAME_EACH_TIME = 0x0040000
"""`ADDR_NO_RANDOMIZE` of Linux's personality(2)."""

_ASK = 0xFFFFFFFF


@contextmanager
def same_each_time() -> Iterator[None]:
    """What is started meanwhile has its memory at the same addresses each time.

    Linux puts the heap of Wine's loader anywhere in the gigabyte from 0x7d000000 on, and one program in 4,000 finds it
    at 0x7ffe0000, which Windows has at a fixed place: it ends before its first line, CreateProcess with error 1359.
    """
    libc = ctypes.CDLL(None, use_errno=True)
    before = libc.personality(_ASK)
    if libc.personality(before | SAME_EACH_TIME) == -1:  # some containers forbid it
        cause = os.strerror(ctypes.get_errno())
        tell(f"cannot turn off address randomization ({cause}): about one program in 4,000 will fail to start")
    try:
        yield
    finally:
        libc.personality(before)
