"""Is there an order in which it could all have happened? Found by trying, from the definition, for small histories.

An operation seems to happen at one instant between its begin and its end: then it sees the content that is there, and
puts its own in its place, if it happened. A history is *linearizable* (Herlihy and Wing 1990) if there are such
instants for all. Wing and Gong (1993) try the operations that may come first, one after the other, and go back when
none fits; Lowe (2017) remembers where that has led nowhere. It takes time that no large history gives, but so little
thought that one can believe it, and so `checker` is held to it. They share no code.

What is believed here of a module file and its workers:

- A content never comes back: versions only rise.
- An edit that returned saw one content and made another of it. One that failed saw what it saw and made nothing.
- An edit whose end is unknown saw what it told, and made what it told it would, or nothing. It may have done so at any
  time since, unless it told its release.
- Who told nothing of what it saw, or read without the lock, shows nothing.

Locks that overlap are beyond this: they are no matter of what anybody saw. So is an edit that returned and told
nothing, and so are two edits of unknown end that made one content of two: `checker` takes them for the same.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from .history import NOTHING, Kind, Outcome

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .history import History, Operation

__all__ = ["linearization"]


class _Step(NamedTuple):
    """What is left to be put in order: what it may do, and between when."""

    operation: Operation
    earliest_ns: int
    latest_ns: float
    makes: tuple[bytes | None, ...]  # what it puts in place of what it sees; None: it only looks


def linearization(history: History) -> tuple[Operation, ...] | None:
    """An order in which the operations of `history` may have happened, from its first content to its last, if any."""
    steps = tuple(_steps(history))
    hopeless: set[tuple[tuple[_Step, ...], bytes, frozenset[bytes]]] = set()

    def after(left: tuple[_Step, ...], content: bytes, past: frozenset[bytes]) -> tuple[Operation, ...] | None:
        if not left:
            return () if content == history.final else None
        if (left, content, past) in hopeless:
            return None
        soonest_ns = min(step.latest_ns for step in left)
        for step in left:
            if step.earliest_ns > soonest_ns or step.operation.read != content:
                continue  # somebody else was through before it began; or it saw something else
            rest = tuple(other for other in left if other is not step)
            for made in step.makes:
                if made in past:
                    continue
                later = after(rest, made or content, past | {made} if made else past)
                if later is not None:
                    return (step.operation, *later)
        hopeless.add((left, content, past))
        return None

    return after(steps, history.initial, frozenset({history.initial}))


def _steps(history: History) -> Iterator[_Step]:
    for op in history.operations:
        if op.kind is Kind.PEEK or (op.read == NOTHING and op.written == NOTHING):
            continue
        unknown = op.outcome is Outcome.INFO
        makes: tuple[bytes | None, ...] = (None,)
        if op.kind is Kind.EDIT and op.outcome is Outcome.OK:
            makes = (op.written,)
        elif op.kind is Kind.EDIT and unknown and op.written != NOTHING:
            makes = (op.written, None)
        yield _Step(op, op.locked_ns or op.invoked_ns, op.released_ns or op.returned_ns or float("inf"), makes)
