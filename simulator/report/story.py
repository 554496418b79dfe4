"""An anomaly as a story that a person can follow: who read what, who wrote over whom, when, and the bytes."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from ..checker import Flaw
from ..history import NOTHING, History, Kind, Operation, Outcome
from .excerpt import line_of, mixed, mixture, shown
from .rebuilt import Rebuilder

if TYPE_CHECKING:
    from ..checker import Anomaly
    from .account import Account

__all__ = ["Told", "stories", "story"]

_ENDS = {
    Outcome.OK: "returned",
    Outcome.FAIL: "raised",
    Outcome.INFO: "never told its end, as when it was killed",
}

_TRIED = 40  # anomalies of a flaw whose bytes are looked for

_HEAD_BYTES = 48  # of a content that resembles no other


class Told(NamedTuple):
    """What is told of one flaw."""

    anomaly: Anomaly
    lines: list[str]  # the first is the head
    number: int  # of anomalies of this kind


def stories(account: Account) -> list[Told]:
    """A story for each flaw: the shortest, and of those the earliest whose bytes are at hand."""
    verdict = account.verdict
    ends = account.initial, account.final
    rebuilder = Rebuilder(account.history, account.contents, ends) if verdict.anomalies else None
    return [
        _told(anomaly, account.history, rebuilder, verdict.choice, verdict.counts[anomaly.flaw])
        for anomaly in verdict.anomalies
    ]


def _told(
    first: Anomaly, history: History, rebuilder: Rebuilder | None, choice: tuple[Anomaly, ...], number: int
) -> Told:
    alike = [one for one in choice if one.flaw is first.flaw and len(one.witness) == len(first.witness)]
    for anomaly in alike[:_TRIED] if rebuilder else ():
        found = _bytes(anomaly, history, rebuilder) if rebuilder else []
        if found:
            return Told(anomaly, [*story(anomaly, history), *found], number)
    return Told(first, story(first, history), number)


def story(anomaly: Anomaly, history: History) -> list[str]:
    """Lines, without an indent, and without the bytes; times are seconds since the first operation began."""
    begun_ns = min((op.invoked_ns for op in history.operations), default=0)
    lines = [f"{anomaly.flaw.value}: {anomaly.what}"]
    for op in anomaly.witness:
        verb = "edit" if op.kind is Kind.EDIT else "read"
        lines.append(f"worker {op.worker}, {verb} {op.sequence}, from {_at(op.invoked_ns, begun_ns)}:")
        if op.locked_ns:
            until = f" to {_at(op.released_ns, begun_ns)}" if op.released_ns else ""
            lines.append(f"    believed that it was alone from {_at(op.locked_ns, begun_ns)}{until}")
        if op.read != NOTHING:
            lines.append(
                f"    read {op.read_size_bytes:,} bytes, content {_short(op.read)}, {_origin(op.read, history)}"
            )
        if op.written != NOTHING:
            verb = "was about to write" if op.outcome is Outcome.INFO else "wrote"
            lines.append(f"    {verb} its v0.0.{op.version}, making content {_short(op.written)}")
        ended = f" at {_at(op.returned_ns, begun_ns)}" if op.returned_ns else ""
        lines.append(f"    {_ENDS[op.outcome]}{ended}")
    return lines


def _bytes(anomaly: Anomaly, history: History, rebuilder: Rebuilder) -> list[str]:
    """What the contents show of it; no lines if they are not at hand, or show nothing."""
    if anomaly.flaw is Flaw.OVERLAP or not anomaly.witness:
        return []
    if anomaly.flaw is Flaw.TORN:
        lines = _torn(anomaly, history, rebuilder)
    elif anomaly.flaw is Flaw.LOST and len(anomaly.witness) == 2:
        lines = _wiped_out(anomaly.witness, rebuilder)
    else:
        lines = _line_read(anomaly, rebuilder)
    return [f"the bytes: {lines[0]}", *(f"    {line}" for line in lines[1:])] if lines else []


def _wiped_out(witness: tuple[Operation, ...], rebuilder: Rebuilder) -> list[str]:
    """Of two edits of one content: the line that the one raised, and that the other put back."""
    one, other = sorted(witness, key=lambda op: op.released_ns or op.returned_ns or op.locked_ns)
    made, after = rebuilder.content(one.written), rebuilder.content(other.written)
    if made is None or after is None:
        return []
    raised, again = line_of(one.worker, made), line_of(one.worker, after)
    if raised is None or again is None or raised == again:
        return []
    return [
        f"worker {one.worker} wrote",
        f"  {raised}",
        f"then worker {other.worker} wrote all that it had read before that, and so again",
        f"  {again}",
    ]


def _line_read(anomaly: Anomaly, rebuilder: Rebuilder) -> list[str]:
    """Of an edit and who read, or of what is there: the line that was written, and the line that was read."""
    there = rebuilder.content(anomaly.content) if anomaly.content else None
    edit = next((op for op in anomaly.witness if op.kind is Kind.EDIT and op.written != NOTHING), None)
    if there is None or edit is None:
        return []
    seen = line_of(edit.worker, there)
    made = rebuilder.content(edit.written)
    wrote = line_of(edit.worker, made) if made is not None else None
    if seen is None or wrote is None:
        return []
    would = "would have written" if edit.outcome is Outcome.FAIL else "wrote"
    return [f"worker {edit.worker} {would}", f"  {wrote}", "and what was read says", f"  {seen}"]


def _torn(anomaly: Anomaly, history: History, rebuilder: Rebuilder) -> list[str]:
    """The content that nobody wrote, beside what was written at that time."""
    there = rebuilder.content(anomaly.content)
    if there is None:
        return []
    if not there:
        return ["there were none: the file was cut, and not written yet"]
    writes = [(op, rebuilder.content(op.read), rebuilder.content(op.written)) for op in _suspects(anomaly, history)]
    known = [(op, old, new) for op, old, new in writes if old is not None and new is not None]
    if not known:
        return [f"{len(there):,}, which begin with", f"  {shown(there[:_HEAD_BYTES])}"]
    writer, old, new = next((write for write in known if mixed(there, write[1], write[2])), known[0])
    return [*mixture(there, old, new), f"(old and new: of worker {writer.worker}, edit {writer.sequence})"]


def _suspects(anomaly: Anomaly, history: History) -> list[Operation]:
    """Who may have been writing then: who is part of the witness, else who was at it last before."""
    reader = anomaly.witness[-1]
    shown_with = [op for op in anomaly.witness[:-1] if op.written != NOTHING]
    until_ns = reader.returned_ns or reader.locked_ns or reader.invoked_ns
    before = [
        op
        for op in history.operations
        if op.kind is Kind.EDIT and op.written != NOTHING and op is not reader and op.locked_ns < until_ns
    ]
    return shown_with + sorted(before, key=lambda op: op.locked_ns)[:-9:-1]


def _at(time_ns: int, begun_ns: int) -> str:
    return f"{(time_ns - begun_ns) / 1e9:.6f} s"


def _short(digest: bytes) -> str:
    return digest.hex()[:12]


def _origin(content: bytes, history: History) -> str:
    if content == history.initial:
        return "the one at first"
    writers: list[Operation] = [op for op in history.operations if op.written == content]
    if not writers:
        return "which no edit wrote"
    return "written by " + " and ".join(f"worker {op.worker}, edit {op.sequence}" for op in writers[:3])
