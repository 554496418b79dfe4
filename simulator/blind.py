"""Edits that did not tell what they read and wrote, as those of the go command: found out from all the others.

What an edit makes of a content is known: its worker's line gets its version. And which edits happened is known
(`own_lines`). So only their places are to be found among the edits that tell, whose digests are fixed points:

    initial ──known──> a ──(blind, blind)──> b ──known──> c ── ... ──(blind)──> final

From each content on: if a known edit read it, that one is next. Else some blind ones are: at least those that had
returned when the next known edit had the lock, and of those that had been called by then, as many as it takes to make a
content which a known edit read. Between them, readers may have seen contents too; for the rest they are in the order of
their time.

Any order that is found explains all digests, so it is judged as if it had been told. Sets are tried from the likely
ones on, and not for ever: where none is found, nobody knows, and no verdict rests on it but what is certain without.
"""

from __future__ import annotations

from itertools import chain, zip_longest
from typing import TYPE_CHECKING, NamedTuple

from .checker import check
from .history import NOTHING, History, Kind, Operation, digest
from .lines import Lines
from .own_lines import follow
from .verdict import Anomaly, Flaw, Result, Verdict

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

__all__ = ["Filling", "fill", "judged"]

_NEVER = 1 << 63
_TRIES = 4_000  # for one content
_ALL_TRIES = 100_000
_Versions = dict[int, int]  # of each worker


class Filling(NamedTuple):
    """The history with what blind edits read and wrote, as far as could be found out."""

    history: History
    flaws: tuple[Anomaly, ...]  # certain, whatever they read and wrote; then nothing is filled in
    doubt: str | None  # why nothing is filled in though nothing is wrong


def judged(
    history: History, initial: bytes, final: bytes, blind: Collection[int], *, shifting: bool = False
) -> tuple[History, Verdict]:
    """Fill in what the edits of the `blind` workers read and wrote, and judge; the history that was judged."""
    filling = fill(history, initial, final, blind, shifting=shifting)
    verdict = check(filling.history)
    if filling.flaws or filling.doubt:
        verdict = _tempered(verdict, filling)
    return filling.history, verdict


def _tempered(verdict: Verdict, filling: Filling) -> Verdict:
    """Only what is certain though nobody knows what the blind ones wrote."""
    certain = [anomaly for anomaly in verdict.choice if _certain(anomaly)]
    found = [
        anomaly for flaw in Flaw for anomaly in (*filling.flaws, *certain) if anomaly.flaw is flaw
    ]  # those of lines first: they say what was lost
    first = {anomaly.flaw: anomaly for anomaly in reversed(found)}
    counts = {flaw: sum(anomaly.flaw is flaw for anomaly in found) for flaw in first}
    result, reason = (Result.INVALID, found[0].what) if found else (Result.UNKNOWN, filling.doubt or "")
    anomalies = tuple(first[flaw] for flaw in Flaw if flaw in first)
    return verdict._replace(result=result, reason=reason, anomalies=anomalies, counts=counts, choice=tuple(found))


def _certain(anomaly: Anomaly) -> bool:
    reads = {op.read for op in anomaly.witness}
    fork = anomaly.flaw is Flaw.LOST and len(anomaly.witness) == 2 and len(reads) == 1
    return fork or anomaly.flaw is Flaw.OVERLAP


def fill(history: History, initial: bytes, final: bytes, blind: Collection[int], *, shifting: bool = False) -> Filling:
    """Find out what the edits of the `blind` workers read and wrote, from the two contents at its ends too."""
    history = history._replace(operations=[_untimed(op) if _is_blind(op, blind) else op for op in history.operations])
    if not any(_is_blind(op, blind) for op in history.operations):
        return Filling(history, (), None)
    lines = Lines(initial, shifting=shifting)
    last = lines.versions_in(final)
    followed = follow(history.operations, lines.versions, last)
    if last is None:
        return Filling(history, (*followed.flaws, _strange_end(history)), None)
    if followed.flaws:
        return Filling(history, followed.flaws, None)
    return _Search(history, lines, last, followed.happened, blind).filling()


def _is_blind(op: Operation, blind: Collection[int]) -> bool:
    return op.kind is Kind.EDIT and op.worker in blind


def _untimed(op: Operation) -> Operation:
    """When it had the lock is not known either."""
    return op._replace(locked_ns=0, released_ns=0, read=NOTHING, written=NOTHING)


def _strange_end(history: History) -> Anomaly:
    edits = sorted((op for op in history.operations if op.kind is Kind.EDIT), key=_began)
    return Anomaly(Flaw.TORN, "the content at the end is one that no edit wrote", tuple(edits[-1:]), history.final)


def _began(op: Operation) -> int:
    return op.locked_ns or op.invoked_ns


def _ended(op: Operation) -> int:
    return op.released_ns or op.returned_ns or _NEVER


class _GivenUpError(Exception):
    """No order was found; the message says of what."""


class _Gap(NamedTuple):
    """Blind edits between two contents that known edits read or wrote."""

    begin: _Versions  # versions
    end: _Versions
    seen: list[_Versions]  # between them, by readers


class _Search:
    """The places of the blind edits of one history."""

    def __init__(
        self,
        history: History,
        lines: Lines,
        last: _Versions,
        happened: dict[int, list[Operation]],
        blind: Collection[int],
    ) -> None:
        self._history, self._lines, self._last = history, lines, last
        self._first = lines.versions
        self._blind = {worker: edits for worker, edits in happened.items() if worker in blind}
        known = chain.from_iterable(edits for worker, edits in happened.items() if worker not in blind)
        self._known = sorted(known, key=_began)
        self._arrows = {op.read: op for op in self._known}
        self._ends = {id(op): end for edits in self._blind.values() for op, end in _with_ends(edits)}
        self._tries = 0

    def filling(self) -> Filling:
        try:
            gaps = self._gaps()
            self._place_readers(gaps)
            found = {id(op): new for gap in gaps for op, new in self._filled(gap)}
        except _GivenUpError as error:
            return Filling(self._history, (), str(error))
        operations = [found.get(id(op), op) for op in self._history.operations]
        return Filling(self._history._replace(operations=operations), (), None)

    def _gaps(self) -> list[_Gap]:
        """Walk from the first content to the last."""
        at, content = dict(self._first), self._history.initial
        arrows, gaps, placed = dict(self._arrows), [], set[int]()
        for known in self._known:
            while id(known) not in placed:
                op = arrows.pop(content, None)
                if op is None:
                    there = self._jump(at, known, arrows)
                    gaps.append(_Gap(at, there, []))
                    at, content = there, self._digest(there)
                    continue
                if at[op.worker] != op.version - 1:
                    raise _GivenUpError(f"an edit of worker {op.worker} wrote v0.0.{op.version}, and not the next one")
                at, content = at | {op.worker: op.version}, op.written
                placed.add(id(op))
        if any(at[worker] != version for worker, version in self._last.items() if worker not in self._blind):
            raise _GivenUpError("the last content is not one that the edits lead to")
        return [*gaps, _Gap(at, self._last, [])]

    def _jump(self, at: _Versions, to: Operation, arrows: Mapping[bytes, Operation]) -> _Versions:
        """The versions in the next content that a known edit read, when blind ones have led there from `at`."""
        for versions in self._candidates(at, self._last, to):
            if self._digest(versions) in arrows:
                return versions
        raise _GivenUpError(f"what worker {to.worker} read for its v0.0.{to.version} is not what any order makes")

    def _candidates(self, begin: _Versions, end: _Versions, by: Operation) -> Iterator[_Versions]:
        """Versions, between two contents, that `by` can have read, as far as time tells; the likely ones first."""
        base, unsure = dict(begin), []
        for worker, edits in self._blind.items():
            for op in edits[begin[worker] - self._first[worker] : end[worker] - self._first[worker]]:
                if self._ends[id(op)] < _began(by):
                    base[worker] = op.version
                elif op.invoked_ns < _ended(by):
                    unsure.append(op)
        unsure.sort(key=lambda op: self._ends[id(op)])
        for tries, versions in enumerate(chain(self._prefixes(base, unsure), self._cuts(base, unsure))):
            self._tries += 1
            if tries > _TRIES or self._tries > _ALL_TRIES:
                raise _GivenUpError(f"too many orders are possible for what worker {by.worker} read")
            yield versions

    def _prefixes(self, base: _Versions, edits: list[Operation]) -> Iterator[_Versions]:
        """After each of the edits, if they were made in this order."""
        at = dict(base)
        for op in edits:
            at[op.worker] = op.version
            yield dict(at)

    def _cuts(self, base: _Versions, edits: list[Operation]) -> Iterator[_Versions]:
        """After some of the edits: all sets that have, with each edit, those that had ended when it was called."""
        of_worker = {worker: [op for op in edits if op.worker == worker] for worker in {op.worker for op in edits}}
        level = [base]
        while level:
            yield from level
            longer = {}
            for at in level:
                left = [ops[at[worker] - base[worker] :] for worker, ops in of_worker.items()]
                soonest = min((self._ends[id(ops[0])] for ops in left if ops), default=0)
                for op in (ops[0] for ops in left if ops and ops[0].invoked_ns <= soonest):
                    versions = {**at, op.worker: op.version}
                    longer[tuple(versions.values())] = versions
            level = list(longer.values())

    def _digest(self, versions: _Versions) -> bytes:
        return digest(self._lines.content(versions))

    def _place_readers(self, gaps: list[_Gap]) -> None:
        """Contents that were read between blind edits fix the order of those, too."""
        known = {self._history.initial, self._history.final, *self._arrows, *(op.written for op in self._known)}
        inner = [gap for gap in gaps if sum(gap.end.values()) - sum(gap.begin.values()) > 1]
        for op in self._history.operations:
            if op.kind is Kind.PEEK or op.read == NOTHING or op.read in known:
                continue
            known.add(op.read)  # found or not: if no order makes it, no edit wrote it
            for gap in inner:
                if self._find(op, gap):
                    break

    def _find(self, reader: Operation, gap: _Gap) -> bool:
        for versions in self._candidates(gap.begin, gap.end, reader):
            if self._digest(versions) == reader.read:
                gap.seen.append(versions)
                return True
        return False

    def _filled(self, gap: _Gap) -> Iterator[tuple[Operation, Operation]]:
        """The blind edits of a gap, and the same with what they read and wrote."""
        at = dict(gap.begin)
        content = self._lines.content(at)
        for op in self._ordered(gap):
            at[op.worker] = op.version
            new = self._lines.content(at)
            yield op, op._replace(read=digest(content), written=digest(new), read_size_bytes=len(content))
            content = new

    def _ordered(self, gap: _Gap) -> Iterator[Operation]:
        begin = gap.begin
        for end in (*sorted(gap.seen, key=lambda versions: sum(versions.values())), gap.end):
            if any(end[worker] < version for worker, version in begin.items()):
                raise _GivenUpError("of two contents that were read neither can come after the other")
            of_all = (
                edits[begin[worker] - self._first[worker] : end[worker] - self._first[worker]]
                for worker, edits in self._blind.items()
            )
            yield from sorted(chain.from_iterable(of_all), key=lambda op: op.returned_ns or op.invoked_ns)
            begin = end


def _with_ends(edits: list[Operation]) -> Iterator[tuple[Operation, int]]:
    """Edits of one worker, each with when it had surely been made: if it did not tell, when the next one found it."""
    for op, after in zip_longest(edits, edits[1:]):
        yield op, op.returned_ns or (after.invoked_ns if after else _NEVER)
