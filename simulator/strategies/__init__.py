"""Lockers under test, each a small file; only its name crosses to a worker process."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["NAMES", "Held", "Strategy", "load"]

NAMES = ("lockedfile", "lockedfile-durable", "lockedfile-go-protocol", "none")


class Held(Protocol):
    """When an edit had the lock, on `time.monotonic_ns`; such as a `lockedfile.Edited`.

    One that also has a true `recovered` found what an interrupted edit had left, and put that right first.
    """

    @property
    def locked_ns(self) -> int:
        """Not before the lock was really held."""

    @property
    def released_ns(self) -> int:
        """Not after it was really released."""


class Strategy(Protocol):
    """A way to edit a file that others edit."""

    name: str

    def probe(self) -> str | None:
        """Why it cannot run here; `None` if it can."""

    def open(self, path: str) -> None:
        """Get ready to edit and read the file at `path`."""

    def edit(self, transform: Callable[[bytes], bytes]) -> Held | None:
        """Replace the content by `transform(content)`; raise if, and only if, the old one is still there."""

    def read(self) -> bytes:
        """Read the whole content."""

    def close(self) -> None:
        """Be done with the file."""


def load(name: str) -> Strategy:
    """Make the strategy of that name, which is one of `NAMES`."""
    made: Strategy = import_module(f"{__name__}.{name.replace('-', '_')}").STRATEGY()
    return made
