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
- An operation that ended before another began comes before it on the chain, else **order** is broken; one that only
  read has its place behind the edit whose content it read. It begins with the lock, if it told when it had it, and ends
  with its release, else with the call and the return.
- While one holds the lock for itself, nobody else holds it, else **locks overlap**; of those that tell.

- What is read without the lock is nobody's failure, and proves nothing; a mix that is seen so is counted.

The edits are walked along the chain, not along the clock: that takes no sorting, and the chain is in the order of the
locks as long as all is well. The idea is Jepsen's and porcupine's: a history of invoke and return, a model, a verdict
with three values, a witness. `search` answers the same question the long way, for small histories.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter, defaultdict
from itertools import accumulate, pairwise
from operator import attrgetter

from .history import NOTHING, History, Kind, Operation, Outcome, Why
from .verdict import Anomaly, Evidence, Flaw, Result, Verdict

__all__ = ["Anomaly", "Evidence", "Flaw", "Result", "Verdict", "check"]

_EDIT, _READ, _PEEK = Kind.EDIT, Kind.READ, Kind.PEEK  # here once: to look them up costs more than to compare
_OK, _INFO, _FAIL = Outcome.OK, Outcome.INFO, Outcome.FAIL

_NEVER = 1 << 63

_CHOICE = 200  # anomalies of a flaw that a verdict keeps, for a story to choose from


def check(history: History) -> Verdict:
    """Judge `history`. Of every flaw that it has, the smallest witness is shown, and of those the earliest."""
    edits = [op for op in history.operations if op.kind is _EDIT]
    readers = [op for op in history.operations if op.kind is not _PEEK and op.read != NOTHING]
    writers = _writers(edits)
    chain, place, forks = _chain(history, edits, readers, writers)
    astray = [op for op in readers if op.read not in place]
    evidence = _evidence(history, edits, len(readers) + 1, writers, chain)
    strange = _strange_contents(history, edits, astray, writers)
    if evidence.blind >= len({anomaly.content for anomaly in strange if anomaly.flaw is Flaw.TORN}):
        strange = [anomaly for anomaly in strange if anomaly.flaw is not Flaw.TORN]  # those may have written them
    chained = set(map(id, chain))
    beside = [op for op in history.operations if id(op) not in chained and op.kind is not _PEEK]
    found = [
        *forks,
        *strange,
        *(() if forks or strange or evidence.blind else _not_on_chain(history, astray, chain)),
        *_order_broken([op for op in beside if op.read in place and not _returned(op)], chain, place),
        *_overlaps(chain, beside),
    ]
    return _verdict(evidence, found)


def _evidence(
    history: History, edits: list[Operation], looked_up: int, writers: dict[bytes, Operation], chain: list[Operation]
) -> Evidence:
    outcomes, reasons = Counter(map(attrgetter("outcome"), edits)), Counter(map(attrgetter("why"), edits))
    kinds = Counter(map(attrgetter("kind"), history.operations))
    known = writers.keys() | {NOTHING, history.initial} if kinds[_PEEK] else ()
    return Evidence(
        committed=outcomes[_OK],
        failed=outcomes[_FAIL] - sum(reasons[why] for why in Why if why is not Why.NONE),
        withdrawn=reasons[Why.OVER],
        given_up=reasons[Why.TIMEOUT],
        turned_away=reasons[Why.TURNED_AWAY],
        refused=reasons[Why.REFUSED],
        blind=sum(op.outcome is _OK for op in edits if op.written == NOTHING),
        unknown=outcomes[_INFO],
        unknown_applied=Counter(map(attrgetter("outcome"), chain))[_INFO],
        recovered=Counter(map(attrgetter("recovered"), edits))[True],
        reads=kinds[_READ],
        peeks=kinds[_PEEK],
        mixes=sum(op.kind is _PEEK and op.read not in known for op in history.operations),
        contents_checked=looked_up,
        chain_length=len(chain),
        peeks_refused=sum(op.why is Why.LOCKED for op in history.operations) if kinds[_PEEK] else 0,
    )


def _verdict(evidence: Evidence, found: list[Anomaly]) -> Verdict:
    found.sort(key=_size)
    choice = [anomaly for flaw in Flaw for anomaly in [anomaly for anomaly in found if anomaly.flaw is flaw][:_CHOICE]]
    first: dict[Flaw, Anomaly] = {}
    for anomaly in choice:
        first.setdefault(anomaly.flaw, anomaly)
    counts = Counter(anomaly.flaw for anomaly in found)
    if choice:
        result, reason = Result.INVALID, choice[0].what
    elif evidence.blind:
        result, reason = Result.UNKNOWN, "some edits did not tell what they wrote, and nothing else shows it"
    elif not evidence.committed:
        result, reason = Result.UNKNOWN, "no edit was committed, so there is nothing to judge"
    else:
        result, reason = Result.VALID, "nothing torn, nothing lost"
    return Verdict(result, reason, evidence, tuple(first.values()), dict(counts), tuple(choice))


def _size(anomaly: Anomaly) -> tuple[int, int, int, int]:
    """The fewer operations it takes to tell, the better; then the earlier."""
    last = anomaly.witness[-1:]
    return len(anomaly.witness), *(max((_began(op), op.worker, op.sequence) for op in last) if last else (0, 0, 0))


def _writers(edits: list[Operation]) -> dict[bytes, Operation]:
    """Who wrote a content. Of several, one that surely did; an edit that failed only if nobody else could have.

    Of several whose end is unknown, the one with most time to do it.
    """
    writers = {op.written: op for op in edits if op.outcome is _OK}
    unsure = [op for op in edits if op.outcome is not _OK and op.written not in writers]
    unsure.sort(key=lambda op: (op.outcome is _INFO, _ended(op), _began(op)))
    writers |= {op.written: op for op in unsure}
    writers.pop(NOTHING, None)
    return writers


def _chain(
    history: History, edits: list[Operation], readers: list[Operation], writers: dict[bytes, Operation]
) -> tuple[list[Operation], dict[bytes, int], list[Anomaly]]:
    """The edits from the initial content on, the contents with how many edits are in each, and where edits fork."""
    happened = [op for op in edits if op.outcome is _OK and op.written != NOTHING]
    unknown = [op for op in edits if op.outcome is _INFO and writers.get(op.written) is op]
    if unknown:
        seen = ({op.read for op in readers} | {history.final}) - {history.initial}  # that one is there without them
        happened += [op for op in unknown if op.written in seen]
    arrows = {op.read: op for op in happened}
    forks = _forks(happened) if len(arrows) < len(happened) else []
    arrows |= {fork.witness[0].read: fork.witness[0] for fork in reversed(forks)}  # of several, the first
    chain: list[Operation] = []
    content, place = history.initial, {history.initial: 0}
    while edit := arrows.get(content):
        content = edit.written
        if content in place:
            what = "an edit brought back a content that edits after it had replaced"
            forks.append(Anomaly(Flaw.LOST, what, (edit,), content))
            break
        chain.append(edit)
        place[content] = len(chain)
    return chain, place, forks


def _forks(happened: list[Operation]) -> list[Anomaly]:
    """Edits that read the same content, each with the next."""
    of_one = defaultdict(list)
    for op in happened:
        of_one[op.read].append(op)
    what = "two edits read the same content, so one wiped out the other"
    return [
        Anomaly(Flaw.LOST, what, pair, content)
        for content, ops in of_one.items()
        for pair in pairwise(sorted(ops, key=_began))
    ]


def _not_on_chain(history: History, astray: list[Operation], chain: list[Operation]) -> list[Anomaly]:
    """Without a fork: contents that were read, yet do not come after the initial one, nor lead to the final one."""
    if astray:
        return [Anomaly(Flaw.LOST, _ASTRAY[_returned(op)], (op,), op.read) for op in astray]
    if history.final != (chain[-1].written if chain else history.initial):
        what = "the content at the end is not what the last edit wrote"
        return [Anomaly(Flaw.LOST, what, tuple(chain[-1:]), history.final)]
    return []


_ASTRAY = {
    True: "an edit returned, yet nothing leads from the first content to its own",
    False: "a content was read, yet nothing leads from the first content to it",
}


def _strange_contents(
    history: History, edits: list[Operation], astray: list[Operation], writers: dict[bytes, Operation]
) -> list[Anomaly]:
    """Contents that were read, or are there at the end, and that no edit that happened wrote."""
    found = []
    cut = sorted((op for op in edits if op.outcome is _INFO and op.written != NOTHING), key=_began)
    for reader in astray:
        writer = writers.get(reader.read)
        if writer is None:
            what, witness = "a content was read that no edit wrote", (*_suspect(cut, _began(reader)), reader)
            found.append(Anomaly(Flaw.TORN, what, witness, reader.read))
        elif writer.outcome is _FAIL:
            what = "an edit raised, yet its content was read"
            found.append(Anomaly(Flaw.FAILED, what, (writer, reader), reader.read))
    last = writers.get(history.final)
    if last is None and history.final != history.initial:
        suspect = cut[-1:] or sorted(edits, key=_began)[-1:]
        what = "the content at the end is one that no edit wrote"
        found.append(Anomaly(Flaw.TORN, what, tuple(suspect), history.final))
    elif last is not None and last.outcome is _FAIL and history.final != history.initial:
        what = "an edit raised, yet its content is there at the end"
        found.append(Anomaly(Flaw.FAILED, what, (last,), history.final))
    return found


def _suspect(cut: list[Operation], before_ns: int) -> list[Operation]:
    """Of `cut`, the edits that never told their end, in the order they began: the last of before that time."""
    at = bisect_left(cut, before_ns, key=_began)
    return cut[max(at - 1, 0) : at]


def _began(operation: Operation) -> int:
    return operation.locked_ns or operation.invoked_ns


def _ended(operation: Operation) -> int:
    return operation.released_ns or operation.returned_ns or _NEVER


def _returned(operation: Operation) -> bool:
    """Is it an edit that returned? Beside the chain it is lost, and out of order only for that."""
    return operation.kind is _EDIT and operation.outcome is _OK


def _later(a: Operation, b: Operation) -> Operation:
    return b if _began(b) > _began(a) else a


def _sooner(a: Operation, b: Operation) -> Operation:
    return b if _ended(b) < _ended(a) else a


def _order_broken(lookers: list[Operation], chain: list[Operation], place: dict[bytes, int]) -> list[Anomaly]:
    """Pairs whose order on the chain is not the order in which one ended before the other began.

    `lookers` read a content of the chain and are not on it themselves.
    """
    latest = list(accumulate(chain, _later))  # of the first edits, the one begun last
    what = "an edit ended before another began, yet comes after it on the chain"
    found = [
        Anomaly(Flaw.ORDER, what, (edit, limit))
        for edit, limit in zip(chain, latest, strict=True)
        if _ended(edit) < _began(limit)
    ]
    soonest = _soonest(lookers, chain, place) if lookers else []
    for op in lookers:
        at = place[op.read]
        if at > 0 and _ended(op) < _began(latest[at - 1]):
            what = "a content was read before the edit that led to it began"
            found.append(Anomaly(Flaw.ORDER, what, (op, latest[at - 1]), op.read))
        other = soonest[at]
        if other and _began(op) > _ended(other):
            newer = "after an edit that replaced it had ended" if other.kind is _EDIT else "after a newer one was"
            found.append(Anomaly(Flaw.ORDER, f"a content was read {newer}", (other, op), op.read))
    return found


def _soonest(lookers: list[Operation], chain: list[Operation], place: dict[bytes, int]) -> list[Operation | None]:
    """For each content of the chain, who of those that made or read a later one was the first to end."""
    first: dict[int, Operation] = {}
    for op in lookers:
        at = place[op.read]
        first[at] = _sooner(first[at], op) if at in first else op
    soonest: list[Operation | None] = [None]
    for at in range(len(chain), 0, -1):
        there = _sooner(chain[at - 1], first[at]) if at in first else chain[at - 1]
        last = soonest[-1]
        soonest.append(_sooner(last, there) if last else there)
    return soonest[::-1]


def _overlaps(chain: list[Operation], beside: list[Operation]) -> list[Anomaly]:
    """Pairs that held the lock at once, though at least one of them held it for itself; of all that tell."""
    found = []
    longest: Operation | None = None  # of all holders so far, who held on longest
    longest_edit: Operation | None = None  # and of those that held it for themselves
    holders = [op for op in (*chain, *beside) if op.locked_ns and op.released_ns]
    # By both, and in this way: the chain is in order already if all is well, so that each is looked at only once.
    holders.sort(key=attrgetter("released_ns"))
    holders.sort(key=attrgetter("locked_ns"))
    for op in holders:
        other = longest if op.kind is _EDIT else longest_edit
        if other and op.locked_ns < other.released_ns:
            found.append(Anomaly(Flaw.OVERLAP, "two were at it at once, each as if alone", (other, op)))
        if not longest or op.released_ns > longest.released_ns:
            longest = op
        if op.kind is _EDIT and (not longest_edit or op.released_ns > longest_edit.released_ns):
            longest_edit = op
    return found
