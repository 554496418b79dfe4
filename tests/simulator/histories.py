"""Histories made by hand, and histories that a lock that works could have left."""

from __future__ import annotations

from itertools import accumulate
from typing import TYPE_CHECKING

from hypothesis import strategies as st

from simulator.history import NOTHING, History, Kind, Operation, Outcome, digest

if TYPE_CHECKING:
    from hypothesis.strategies import DrawFn

__all__ = ["content", "edit", "read", "run_of", "valid_histories"]


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
def valid_histories(draw: DrawFn) -> History:
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
            max_size=30,
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
