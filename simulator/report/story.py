"""An anomaly as a story that a person can follow: who read what, who wrote what, and when."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..history import NOTHING, History, Kind, Operation, Outcome

if TYPE_CHECKING:
    from ..checker import Anomaly

__all__ = ["story"]

_ENDS = {
    Outcome.OK: "returned",
    Outcome.FAIL: "raised",
    Outcome.INFO: "never told its end, as when it was killed",
}


def story(anomaly: Anomaly, history: History) -> list[str]:
    """Lines, without an indent; times are seconds since the first operation began."""
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
