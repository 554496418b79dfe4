"""Histories made by hand, and histories that a lock that works could have left."""

from __future__ import annotations

from itertools import accumulate
from typing import TYPE_CHECKING

from hypothesis import strategies as st

from simulator.history import NOTHING, History, Kind, Operation, Outcome, digest

if TYPE_CHECKING:
    from hypothesis.strategies import DrawFn

__all__ = ["FAULTS", "TORN", "content", "edit", "faulty_histories", "peek", "read", "run_of", "valid_histories"]

TORN = digest(b"half of one and half of another")


def content(number: int) -> bytes:
    """The digest of the content that has `number` edits in it."""
    return digest(b"content %d" % number)


def edit(
    worker: int,
    before: bytes,
    after: bytes,
    at: int,
    outcome: Outcome = Outcome.OK,
    *,
    sequence: int = 0,
    lasts: int = 4,
) -> Operation:
    """An edit that is invoked at `at`, has the lock one later, releases it two later, and returns after `lasts`."""
    known = outcome is not Outcome.INFO
    return Operation(
        worker=worker,
        sequence=sequence,
        kind=Kind.EDIT,
        outcome=outcome,
        invoked_ns=at,
        locked_ns=at + 1,
        released_ns=at + 2 if known else 0,
        returned_ns=at + lasts if known else 0,
        read=before,
        written=after,
        read_size_bytes=100,
        version=sequence + 1,
    )


def read(worker: int, what: bytes, at: int) -> Operation:
    """A reader's read of `what`, from `at` to 4 later."""
    return Operation(worker, 0, Kind.READ, Outcome.OK, at, 0, 0, at + 4, what, NOTHING, 100, 0)


def peek(worker: int, what: bytes, at: int) -> Operation:
    """The same without the lock."""
    return read(worker, what, at)._replace(kind=Kind.PEEK)


def run_of(*operations: Operation, final: bytes | None = None) -> History:
    """A history from content 0 on; it ends with what the last operation wrote, unless told otherwise."""
    return History(content(0), operations[-1].written if final is None else final, operations)


_KILLED = (
    "info applied",  # all was written, and the worker was killed before it could tell
    "info told late",  # the same, but it had begun to tell
    "info lost",  # nothing was written, or the next one undid it
    "info untold",  # it had the lock, and had not told what it would write
    "info waiting",
    "info read",
)


@st.composite
def valid_histories(draw: DrawFn, most: int = 30) -> History:
    """What workers leave that take turns under a lock: edits of all outcomes, reads, and overlapping waits."""
    steps = draw(
        st.lists(
            st.tuples(
                st.integers(0, 3),  # who
                st.sampled_from(["ok"] * 4 + ["fail", "read", *_KILLED]),
                st.integers(2, 9),  # how long the turn takes
                st.integers(0, 30),  # how long it waited for it, at most
                st.integers(0, 3),  # how long it takes to return
            ),
            min_size=1,
            max_size=most,
        )
    )
    starts = [0, *accumulate(step[2] for step in steps)]
    free_at = dict.fromkeys(range(4), -1000)
    state, operations = content(0), []
    for number, ((worker, what, turn, waited, after), start) in enumerate(zip(steps, starts, strict=False)):
        invoked = max(free_at[worker] + 1, start - waited)
        locked, released = start + 1000, start + turn - 1 + 1000
        returned = released + after
        free_at[worker] = returned - 1000
        invoked = min(invoked + 1000, locked)
        new = content(number + 1)
        if what == "read":
            operations.append(
                Operation(worker, number, Kind.READ, Outcome.OK, invoked, 0, 0, returned, state, NOTHING, 1, 0)
            )
            continue
        if what == "info read":
            operations.append(
                Operation(worker, number, Kind.READ, Outcome.INFO, invoked, 0, 0, 0, NOTHING, NOTHING, 0, 0)
            )
            continue
        if what in {"info untold", "info waiting"}:
            had_ns = locked if what == "info untold" else 0
            operations.append(
                Operation(worker, number, Kind.EDIT, Outcome.INFO, invoked, had_ns, 0, 0, NOTHING, NOTHING, 0, 0)
            )
            continue
        outcome = {"ok": Outcome.OK, "fail": Outcome.FAIL}.get(what, Outcome.INFO)
        known = outcome is not Outcome.INFO
        operations.append(
            Operation(
                worker, number, Kind.EDIT, outcome, invoked, locked,
                released if known or what == "info told late" else 0, returned if known else 0, state, new, 1, number,
            )
        )  # fmt: skip
        if what in {"ok", "info applied", "info told late"}:
            state = new
    operations = draw(st.permutations(operations))
    return History(content(0), state, operations)


def _other_content(draw: DrawFn, history: History) -> bytes:
    known = {op.read for op in history.operations} | {op.written for op in history.operations}
    return draw(st.sampled_from([*sorted(known - {NOTHING}), history.initial, TORN]))


def _sees_another(draw: DrawFn, history: History, op: Operation) -> History:
    return _changed(history, op, read=_other_content(draw, history))


def _makes_another(draw: DrawFn, history: History, op: Operation) -> History:
    if op.written == NOTHING:
        return history
    return _changed(history, op, written=_other_content(draw, history))


def _ends_in_another(draw: DrawFn, history: History, _op: Operation) -> History:
    return history._replace(final=_other_content(draw, history))


def _is_lost(_draw: DrawFn, history: History, op: Operation) -> History:
    """Nobody sees what it wrote, but what was there before."""
    others = [other._replace(read=op.read) if other.read == op.written else other for other in history.operations]
    return history._replace(operations=others, final=op.read if history.final == op.written else history.final)


def _ends_otherwise(draw: DrawFn, history: History, op: Operation) -> History:
    outcome = draw(st.sampled_from(Outcome))
    returned_ns = 0 if outcome is Outcome.INFO else op.returned_ns or max(op.invoked_ns, op.locked_ns) + 3
    return _changed(history, op, outcome=outcome, returned_ns=returned_ns)


def _is_at_another_time(draw: DrawFn, history: History, op: Operation) -> History:
    later_ns = draw(st.integers(-200, 200))
    times = {name: getattr(op, name) for name in Operation._fields if name.endswith("_ns")}
    return _changed(history, op, **{name: time_ns and max(time_ns + later_ns, 1) for name, time_ns in times.items()})


def _takes_longer(draw: DrawFn, history: History, op: Operation) -> History:
    longer_ns = draw(st.integers(0, 60))
    return _changed(
        history, op, released_ns=op.released_ns and op.released_ns + longer_ns,
        returned_ns=op.returned_ns and op.returned_ns + longer_ns,
    )  # fmt: skip


def _is_forgotten(_draw: DrawFn, history: History, op: Operation) -> History:
    return history._replace(operations=[other for other in history.operations if other is not op])


def _is_done_again(draw: DrawFn, history: History, op: Operation) -> History:
    again = op._replace(worker=9, outcome=draw(st.sampled_from([op.outcome, Outcome.INFO])))
    again = again._replace(returned_ns=0) if again.outcome is Outcome.INFO else again
    return _is_at_another_time(draw, history._replace(operations=[*history.operations, again]), again)


def _is_seen_by_others(draw: DrawFn, history: History, op: Operation) -> History:
    """Two more readers, in the same time, who see what it saw or wrote, or anything else."""
    more = [read(8 + n, _other_content(draw, history), op.invoked_ns + draw(st.integers(0, 20))) for n in range(2)]
    return history._replace(operations=[*history.operations, *more[: draw(st.integers(1, 2))]])


def _changed(history: History, op: Operation, **values: object) -> History:
    changed = op._replace(**values)  # type: ignore[arg-type]  # of the fields' own types
    return history._replace(operations=[changed if other is op else other for other in history.operations])


FAULTS = (
    _sees_another,
    _makes_another,
    _ends_in_another,
    _is_lost,
    _ends_otherwise,
    _is_at_another_time,
    _takes_longer,
    _is_forgotten,
    _is_done_again,
    _is_seen_by_others,
)
"""What can be planted in a history: a change of one operation, which may or may not be a fault."""


@st.composite
def faulty_histories(draw: DrawFn, most: int = 9) -> History:
    """Small histories in which up to three things are planted; many have a flaw, some have none."""
    history = draw(valid_histories(most))
    for plant in draw(st.lists(st.sampled_from(FAULTS), max_size=3)):
        if history.operations:
            history = plant(draw, history, draw(st.sampled_from(history.operations)))
    return history
