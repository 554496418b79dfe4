"""Power cuts: which of the logged writes have reached the disk when the power fails.

A disk keeps what was written before the last flush. Of what came after, any part may have reached it, in any order; of
a single write any of its sectors, but a sector is whole or not at all.

         0 ... flush ... flush | w  w  w  w |  w  flush
         `--- all of it ------'  `- some -'   cut: not yet written
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from .log import Write

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from random import Random

    from .log import Log

__all__ = ["SECTOR", "Cut", "cuts", "last_flush", "pending", "survivors"]

SECTOR = 512
_TRIES = 20


class Cut(NamedTuple):
    """A power cut after so many entries of a log."""

    at: int
    kept: tuple[int, ...]  # entries after the last flush that reached the disk, in order
    torn: int | None  # the one of them that did in part
    sectors: tuple[int, ...]  # and which of its sectors did

    def __str__(self) -> str:
        torn = f", of {self.torn} only the sectors {_spans(self.sectors)}" if self.torn is not None else ""
        return f"cut after entry {self.at} of the log, kept of the unflushed: {_spans(self.kept) or 'none'}{torn}"


def last_flush(log: Log, at: int) -> int:
    """How many entries stand up to the last flush before `at`, and with it."""
    return next((index + 1 for index in reversed(range(at)) if log[index] is None), 0)


def pending(log: Log, at: int) -> tuple[int, ...]:
    """The writes that no flush has followed before `at`."""
    return tuple(range(last_flush(log, at), at))


def survivors(log: Log, cut: Cut) -> Iterator[Write]:
    """What, of the writes after the last flush, the disk has after the cut."""
    for index in cut.kept:
        write = log[index]
        assert write is not None, f"entry {index} is a flush"
        if index != cut.torn:
            yield write
            continue
        for sector in cut.sectors:
            start = sector * SECTOR
            yield Write(write.offset + start, write.data[start : start + SECTOR])


def cuts(log: Log, moments: Sequence[int], count: int, random: Random) -> list[Cut]:
    """At most `count` different cuts at random, each at one of the `moments`, as counts of entries; in that order.

    Every third keeps a whole prefix, every third a random subset, every third tears one write of such a subset.
    """
    busy = [at for at in moments if len(pending(log, at)) > 1] or moments
    chosen: dict[Cut, None] = {}
    for number in range(count * _TRIES):
        if len(chosen) == count:
            break
        kind = number % 3
        at = random.choice(busy if kind else moments)
        chosen[_prefix(log, at) if kind == 0 else _subset(log, at, random, tear=kind == 2)] = None
    return sorted(chosen, key=lambda cut: (cut.at, cut.kept, cut.sectors))


def _prefix(log: Log, at: int) -> Cut:
    return Cut(at, pending(log, at), None, ())


def _subset(log: Log, at: int, random: Random, *, tear: bool) -> Cut:
    writes = pending(log, at)
    likely = random.choice((0.15, 0.5, 0.85))
    kept = [index for index in writes if random.random() < likely]
    if not tear or not writes:
        return Cut(at, tuple(kept), None, ())
    torn = random.choice(writes)
    write = log[torn]
    assert write is not None, "nothing that is pending is a flush"
    count = len(write.data) // SECTOR
    some = sorted(random.sample(range(count), random.randint(1, count - 1))) if count > 1 else []
    if random.random() < 0.5:
        some = list(range(len(some)))  # its beginning, as a disk that writes in order would leave it
    if not some:
        return Cut(at, tuple(kept), None, ())
    return Cut(at, tuple(sorted({*kept, torn})), torn, tuple(some))


def _spans(numbers: tuple[int, ...]) -> str:
    """As people write them: 3-5, 9."""
    spans: list[list[int]] = []
    for number in numbers:
        if spans and spans[-1][1] == number - 1:
            spans[-1][1] = number
        else:
            spans.append([number, number])
    return ", ".join(str(start) if start == end else f"{start}-{end}" for start, end in spans)
