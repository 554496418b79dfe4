"""What is told of the set-up, on stderr: stdout is pytest's."""

from __future__ import annotations

import sys
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["step", "tell"]


def tell(line: str) -> None:
    """One line."""
    sys.stderr.write(f"{line}\n")
    sys.stderr.flush()


@contextmanager
def step(what: str) -> Iterator[None]:
    """A step that takes a while: it is named when it begins, and its seconds when it has ended."""
    tell(f"{what} ...")
    begun = time.monotonic()
    yield
    tell(f"{what}: {time.monotonic() - begun:.0f} s")
