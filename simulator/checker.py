"""From a history to a verdict: was anything torn, lost, or out of order? Pure; time and memory grow with the history.

Every edit writes a content that never was before (see `workload`), so the contents are the states of the file, and
an edit is an arrow from the content it read to the content it wrote. Under a lock that works, the edits that
happened are one chain of arrows, from the initial content to the final one:

    initial ──edit──> content ──edit──> content ── ... ──edit──> final

- A content that was read, or is there at the end, but that no edit wrote, is a **torn read**. What comes after it hangs
  on it and is not blamed for that.
- Two arrows from one content, or an edit that is not on the chain, are a **lost update**.
- A content of an edit that failed, read by anybody, is a **failed update** that is there.
- An edit whose end is unknown (its worker was killed) is on the chain at most once, or not at all. It never ended, as
  far as order goes, so it may have been undone later by whoever came next; but half of it is a content like any other
  that no edit wrote.
- An operation that ended before another began comes before it on the chain, else **order** is broken. It begins with
  the lock, if it told when it had it, and ends with its release, else with the call and the return.
- While one holds the lock for itself, nobody else holds it, else **locks overlap**; of those that tell.

The idea is Jepsen's and porcupine's: a history of invoke and return, a model, a verdict with three values, a witness.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter, defaultdict
from enum import Enum
from itertools import accumulate, pairwise
from typing import NamedTuple

from .history import NOTHING, History, Kind, Operation, Outcome, by_lock, withdrawn

__all__ = ["Anomaly", "Evidence", "Flaw", "Result", "Verdict", "check"]

_NEVER = 1 << 63


class Result(Enum):
    """The three values of a verdict."""

    VALID = "VALID"
    INVALID = "INVALID"
    UNKNOWN = "UNKNOWN"


class Flaw(Enum):
    """What can be wrong with a history, the plainest to see first."""

    LOST = "lost update"
    TORN = "torn read"
    FAILED = "failed update"
    ORDER = "order broken"
    OVERLAP = "locks overlap"


class Anomaly(NamedTuple):
    """One thing that must not happen, and the operations, two at most, that show it."""

    flaw: Flaw
    what: str
    witness: tuple[Operation, ...]


class Evidence(NamedTuple):
    """What the verdict rests on, counted."""

    committed: int  # edits that returned
    failed: int  # that raised
    withdrawn: int  # that had the lock only when the run was over
    unknown: int  # whose worker never told
    unknown_applied: int  # and whose content is on the chain
    recovered: int  # that found what an interrupted one had left, and put that right first
    reads: int  # by readers
    contents_checked: int  # contents read by anybody, and the final one, that were looked up
    chain_length: int  # edits from the initial content on


class Verdict(NamedTuple):
    """What the checker says of a history."""

    result: Result
    reason: str
    evidence: Evidence
    anomalies: tuple[Anomaly, ...]  # the first of each flaw
    counts: dict[Flaw, int]  # how many of each


def check(history: History) -> Verdict:
    """Judge `history`. Of every flaw that it has, the earliest witness is shown."""
    edits = sorted((op for op in history.operations if op.kind is Kind.EDIT), key=_began)
    writers = _writers(edits)
    chain, forks = _chain(history, edits, writers)
    strange = _strange_contents(history, edits, writers)
    found = [
        *forks,
        *strange,
        *(() if forks or strange else _not_on_chain(history, edits, chain)),
        *_order_broken(history, chain),
        *_overlaps(history),
    ]
    found.sort(key=lambda anomaly: _began(anomaly.witness[-1]) if anomaly.witness else 0)
    by_outcome = Counter(op.outcome for op in edits)
    over = sum(map(withdrawn, edits))
    read = sum(op.read != NOTHING for op in history.operations)
    evidence = Evidence(
        committed=by_outcome[Outcome.OK],
        failed=by_outcome[Outcome.FAIL] - over,
        withdrawn=over,
        unknown=by_outcome[Outcome.INFO],
        unknown_applied=sum(op.outcome is Outcome.INFO for op in chain),
        recovered=sum(op.recovered for op in edits),
        reads=sum(op.kind is Kind.READ for op in history.operations),
        contents_checked=read + 1,
        chain_length=len(chain),
    )
    first: dict[Flaw, Anomaly] = {}
    for anomaly in found:
        first.setdefault(anomaly.flaw, anomaly)
    anomalies = tuple(first[flaw] for flaw in Flaw if flaw in first)
    counts = Counter(anomaly.flaw for anomaly in found)
    if anomalies:
        result, reason = Result.INVALID, anomalies[0].what
    elif not by_outcome[Outcome.OK]:
        result, reason = Result.UNKNOWN, "no edit was committed, so there is nothing to judge"
    else:
        result, reason = Result.VALID, "nothing torn, nothing lost"
    return Verdict(result, reason, evidence, anomalies, dict(counts))


def _writers(edits: list[Operation]) -> dict[bytes, Operation]:
    """Who wrote a content. Of several, one that surely did; an edit that failed only if nobody else could have."""
    writers: dict[bytes, Operation] = {}
    for outcome in (Outcome.FAIL, Outcome.INFO, Outcome.OK):
        writers.update({op.written: op for op in edits if op.outcome is outcome and op.written != NOTHING})
    return writers


def _chain(
    history: History, edits: list[Operation], writers: dict[bytes, Operation]
) -> tuple[list[Operation], list[Anomaly]]:
    """The edits from the initial content on, and where they fork."""
    seen = {op.read for op in history.operations} | {history.final}
    arrows: defaultdict[bytes, list[Operation]] = defaultdict(list)
    for op in edits:
        happened = op.outcome is Outcome.OK or (op.outcome is Outcome.INFO and op.written in seen)
        if happened and op.written != NOTHING and (writers[op.written] is op or op.outcome is Outcome.OK):
            arrows[op.read].append(op)
    forks = [
        Anomaly(Flaw.LOST, "two edits read the same content, so one wiped out the other", pair)
        for ops in arrows.values()
        for pair in pairwise(ops)
    ]
    chain: list[Operation] = []
    content, passed = history.initial, {history.initial}
    while content in arrows:
        edit = arrows[content][0]
        if edit.written in passed:
            forks.append(Anomaly(Flaw.LOST, "an edit brought back a content that edits after it had replaced", (edit,)))
            break
        chain.append(edit)
        content = edit.written
        passed.add(content)
    return chain, forks


def _not_on_chain(history: History, edits: list[Operation], chain: list[Operation]) -> list[Anomaly]:
    """Without a fork: edits that returned, yet do not lead from the initial content to the final one."""
    on_chain = {op.written for op in chain}
    off = [op for op in edits if op.outcome is Outcome.OK and op.written not in on_chain]
    if off:
        what = "an edit returned, yet nothing leads from the first content to its own"
        return [Anomaly(Flaw.LOST, what, (op,)) for op in off]
    if history.final != (chain[-1].written if chain else history.initial):
        return [Anomaly(Flaw.LOST, "the content at the end is not what the last edit wrote", tuple(chain[-1:]))]
    return []


def _strange_contents(history: History, edits: list[Operation], writers: dict[bytes, Operation]) -> list[Anomaly]:
    """Contents that were read, or are there at the end, and that no edit that happened wrote."""
    found = []
    cut = [op for op in edits if op.outcome is Outcome.INFO and op.written != NOTHING]
    for reader in history.operations:
        if reader.read in (NOTHING, history.initial):
            continue
        writer = writers.get(reader.read)
        if writer is None:
            what = "a content was read that no edit wrote"
            found.append(Anomaly(Flaw.TORN, what, (*_suspect(cut, _began(reader)), reader)))
        elif writer.outcome is Outcome.FAIL:
            found.append(Anomaly(Flaw.FAILED, "an edit raised, yet its content was read", (writer, reader)))
    last = writers.get(history.final)
    if last is None and history.final != history.initial:
        suspect = cut[-1:] or edits[-1:]
        found.append(Anomaly(Flaw.TORN, "the content at the end is one that no edit wrote", tuple(suspect)))
    elif last is not None and last.outcome is Outcome.FAIL:
        found.append(Anomaly(Flaw.FAILED, "an edit raised, yet its content is there at the end", (last,)))
    return found


def _suspect(cut: list[Operation], before_ns: int) -> list[Operation]:
    """Of `cut`, the edits that never told their end, in the order they began: the last of before that time."""
    return cut[: bisect_left(cut, before_ns, key=_began)][-1:]


def _began(operation: Operation) -> int:
    return operation.locked_ns or operation.invoked_ns


def _ended(operation: Operation) -> int:
    return operation.released_ns or operation.returned_ns or _NEVER


def _later(a: Operation, b: Operation) -> Operation:
    return max(a, b, key=_began)


def _sooner(a: Operation, b: Operation) -> Operation:
    return min(a, b, key=_ended)


def _order_broken(history: History, chain: list[Operation]) -> list[Anomaly]:
    """Pairs whose order on the chain is not the order in which one ended before the other began."""
    found = []
    latest = list(accumulate(chain, _later))  # of the first edits, the one begun last
    for edit, limit in zip(chain, latest, strict=True):
        if _ended(edit) < _began(limit):
            what = "an edit ended before another began, yet comes after it on the chain"
            found.append(Anomaly(Flaw.ORDER, what, (edit, limit)))
    soonest = list(accumulate(reversed(chain), _sooner))  # of the last, the first to end
    place = {history.initial: 0} | {op.written: number for number, op in enumerate(chain, 1)}
    for op in history.operations:
        at = place.get(op.read)
        if at is None or (op.kind is Kind.EDIT and op.outcome is not Outcome.FAIL):
            continue  # an edit that happened is itself on the chain
        if at > 0 and _ended(op) < _began(latest[at - 1]):
            what = "a content was read before the edit that led to it began"
            found.append(Anomaly(Flaw.ORDER, what, (op, latest[at - 1])))
        if at < len(chain) and _began(op) > _ended(soonest[len(chain) - 1 - at]):
            what = "a content was read after an edit that replaced it had ended"
            found.append(Anomaly(Flaw.ORDER, what, (soonest[len(chain) - 1 - at], op)))
    return found


def _overlaps(history: History) -> list[Anomaly]:
    """Pairs that held the lock at once, though at least one of them held it for itself."""
    found = []
    longest: Operation | None = None  # of all holders so far, who held on longest
    longest_edit: Operation | None = None  # and of those that held it for themselves
    holders = [op for op in history.operations if op.locked_ns and op.released_ns]
    for op in sorted(holders, key=by_lock):
        other = longest if op.kind is Kind.EDIT else longest_edit
        if other and op.locked_ns < other.released_ns:
            found.append(Anomaly(Flaw.OVERLAP, "two were at it at once, each as if alone", (other, op)))
        if not longest or op.released_ns > longest.released_ns:
            longest = op
        if op.kind is Kind.EDIT and (not longest_edit or op.released_ns > longest_edit.released_ns):
            longest_edit = op
    return found
