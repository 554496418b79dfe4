"""One picture of a run, for a screen of a given size: the same lines for a run that goes on and for one shown again.

The most important is on top. Where there are few rows the lines that one misses least are left out, and the workers get
what is left.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from ..checker import Result
from ..lanes import Doing
from ..report.terminal import duration
from ..row import cut
from .crowd import crowd, waits
from .marks import legend

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ..follow import Sight
    from ..lanes import Snapshot
    from ..row import Row
    from .marks import Marks

__all__ = ["Scene", "picture", "rate_text", "verdict_text", "waits_text"]

_WHOLE_ROWS = 16  # from which on a screen has room for what one misses least
_USUAL = (Doing.WAITING, Doing.HOLDING, Doing.WRITING, Doing.THINKING)
_STYLES = {Result.VALID: "good", Result.INVALID: "bad", Result.UNKNOWN: "unsure"}


class Scene(NamedTuple):
    """All that a picture shows."""

    title: str
    clock: str
    share: float  # that is done, from 0 to 1
    snapshot: Snapshot
    sight: Sight
    rate: float
    rates: Sequence[float]
    moments: Sequence[Sequence[Doing]]
    keys: str  # what can be pressed, if anything


def picture(scene: Scene, columns: int, rows: int, marks: Marks) -> list[Row]:
    """Lines, none longer than `columns`, and not more than `rows`."""
    states = [lane.doing for lane in scene.snapshot.lanes]
    told = legend(states, marks, columns, usual=_USUAL)
    head: list[Row] = [
        _headline(scene, columns, marks),
        _edits(scene, columns, marks),
        (("waits   ", "head"), (waits_text(scene, marks), "")),
        _verdict(scene),
    ]
    foot: list[Row] = [((scene.keys, "dim"),)] if scene.keys else []
    if rows >= _WHOLE_ROWS:
        head += [_lock(scene, columns, marks), *told, ()]
        foot = [(), *foot] if foot else []
    elif rows >= len(head) + len(told) + len(foot) + 2:
        head += told
    room = rows - len(head) - len(foot)
    body = crowd(
        scene.snapshot.lanes, scene.moments, now_ns=scene.snapshot.now_ns, columns=columns, rows=room, marks=marks
    )
    if room - len(body) > 2 and len(body) < len(states):
        more = waits(
            scene.snapshot.lanes, now_ns=scene.snapshot.now_ns, columns=columns, rows=room - len(body) - 1, marks=marks
        )
        body += [(), *more]
    return [cut(line, columns) for line in (*head, *body, *foot)][: max(rows, 0)]


def _headline(scene: Scene, columns: int, marks: Marks) -> Row:
    title, clock = f"{scene.title} ", f" {scene.clock}"
    room = max(0, columns - len(title) - len(clock))
    done = int(scene.share * room)
    return (title, "head"), (marks.done * done, "good"), (marks.left * (room - done), "dim"), (clock, "")


def _edits(scene: Scene, columns: int, marks: Marks) -> Row:
    text = f"{scene.snapshot.edits:>11,}  {rate_text(scene.rate):>11}  "
    room = max(0, columns - len(text) - 8)
    rates = list(scene.rates)[-min(room, 40) :] if room else []
    top = max(rates, default=0.0) or 1.0
    curve = "".join(marks.curve[min(7, int(rate / top * 8))] for rate in rates)
    return ("edits   ", "head"), (text, ""), (curve, "curve")


def rate_text(rate: float) -> str:
    """Edits per second; with a digit after the point if they are few."""
    return f"{rate:,.0f}/s" if rate >= 9.95 or rate == 0 else f"{rate:.1f}/s"


def waits_text(scene: Scene, marks: Marks) -> str:
    """Quantiles of all waits until now, and the longest that has not ended."""
    wait, snapshot = scene.sight.wait, scene.snapshot
    told = (
        f"p50 {duration(wait.p50)}  p99 {duration(wait.p99)}  max {duration(wait.max)}" if wait.number else "none yet"
    )
    waiting = [(lane.since_ns, worker) for worker, lane in enumerate(snapshot.lanes) if lane.doing is Doing.WAITING]
    if waiting:
        since_ns, worker = min(waiting)
        told += f"  longest now {duration(max(0, snapshot.now_ns - since_ns))}, worker {worker}"
    return told.replace("µ", marks.micro)


def verdict_text(sight: Sight) -> str:
    """The verdict so far, after its first word."""
    so_far, behind = sight.so_far, sight.behind
    if so_far.flaw:
        return f": {so_far.flaw.value}: {so_far.what}"
    judged = f"{so_far.edits:,} of {so_far.edits + behind:,}" if behind else f"{so_far.edits:,}"
    told = f": {judged} edits judged" if so_far.edits or behind else ": no edit to judge"
    return told + (f", {so_far.blind:,} only at the end" if so_far.blind else "")


def _verdict(scene: Scene) -> Row:
    result = scene.sight.so_far.result
    return (
        ("verdict ", "head"),
        ("so far ", ""),
        (result.value, _STYLES[result]),
        (verdict_text(scene.sight), ""),
    )


def _lock(scene: Scene, columns: int, marks: Marks) -> Row:
    """Who had the lock last, the latest on the right."""
    room, told = columns - 8, ""
    for worker in reversed(scene.sight.holders):
        longer = f"{worker} {marks.arrow} {told}" if told else str(worker)
        if len(longer) > room:
            break
        told = longer
    return ("lock    ", "head"), (told or "nobody yet", "")
