"""The samples: what one round of a phase measured, by names that end in the unit."""

from __future__ import annotations

from itertools import count
from typing import TYPE_CHECKING, TypeAlias, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

__all__ = ["Round", "Samples", "rounds"]

_Figure = TypeVar("_Figure")

Round: TypeAlias = "Mapping[str, float]"
Samples: TypeAlias = "Mapping[str, list[float]]"


def rounds(contestants: Mapping[str, Callable[[], _Figure]]) -> Iterator[Mapping[str, _Figure]]:
    """Round after round in which every contestant is measured once, each time beginning with the next one."""
    names = list(contestants)
    for turn in count():
        first = turn % len(names)
        yield {name: contestants[name]() for name in names[first:] + names[:first]}
