"""The run as trace events, for Perfetto (ui.perfetto.dev) and chrome://tracing: a lane a worker, and how many waited.

Each operation is a slice, and what it did lies within it: wait, hold, and in the hold transform and write back. Of an
operation that never told its end there are instants only, as nobody knows how long it took.

The format is Chrome's "Trace Event Format"; times are microseconds from the first call on.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from ..history import NOTHING, Kind, Operation, Outcome, Why

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from .account import Account

__all__ = ["trace"]

_PROCESS = 1
_COUNTED = 20_000  # values of the number waiting, at most about so many
_encoded = json.JSONEncoder(separators=(",", ":")).encode


def trace(account: Account) -> Iterator[str]:
    """A JSON document in pieces, an event each, so that it need not be in memory as a whole."""
    operations = account.history.operations
    begin_ns = min((op.invoked_ns for op in operations), default=0)
    about = {"command": account.config.command(), "verdict": account.verdict.result.value}
    yield f'{{"displayTimeUnit":"ns","otherData":{_encoded(about)},"traceEvents":[\n'
    yield _encoded(_named("process_name", 0, f"{account.config.workers} workers, {account.config.strategy}"))
    for worker in sorted({op.worker for op in operations}):
        yield ",\n" + _encoded(_named("thread_name", worker, f"{_role(account, worker)} {worker}"))
        yield ",\n" + _encoded(_event("M", worker, "thread_sort_index", args={"sort_index": worker}))
    for op in operations:
        for event in _events(op, begin_ns):
            yield ",\n" + _encoded(event)
    for time_ns, number in _waiting(operations):
        yield ",\n" + _encoded(_event("C", 0, "waiting", ts=_us(time_ns, begin_ns), args={"workers": number}))
    yield "\n]}\n"


def _role(account: Account, worker: int) -> str:
    config = account.config
    if worker < config.workers:
        return "worker"
    return "reader" if worker < config.workers + config.readers else "peeker"


def _events(op: Operation, begin_ns: int) -> Iterator[dict[str, object]]:
    """What one operation shows in its lane."""
    name, args = op.kind.name.lower(), _args(op)
    if op.outcome is Outcome.INFO:
        yield from _unfinished(op, begin_ns, args)
        return
    yield _slice(op, name, op.invoked_ns, op.returned_ns, begin_ns, args)
    if op.kind is Kind.EDIT and (op.locked_ns or op.why is Why.TIMEOUT):
        yield _slice(op, "wait", op.invoked_ns, op.locked_ns or op.returned_ns, begin_ns)
    if op.locked_ns:
        released_ns = op.released_ns or op.returned_ns
        yield _slice(op, "hold", op.locked_ns, released_ns, begin_ns)
        if op.locked_ns <= op.writing_ns <= released_ns and op.outcome is Outcome.OK:
            yield _slice(op, "transform", op.locked_ns, op.writing_ns, begin_ns)
            yield _slice(op, "write back", op.writing_ns, released_ns, begin_ns)
    if op.outcome is Outcome.FAIL:
        what = op.why.name.lower().replace("_", " ") if op.why else "failed"
        yield _event("i", op.worker, what, ts=_us(op.returned_ns, begin_ns), s="t", args=args)


def _unfinished(op: Operation, begin_ns: int, args: dict[str, object]) -> Iterator[dict[str, object]]:
    """What is known of an operation whose end is not; its wait is, if it had the lock."""
    if op.locked_ns:
        yield _slice(op, "wait", op.invoked_ns, op.locked_ns, begin_ns)
    points = (("called", op.invoked_ns), ("locked", op.locked_ns), ("about to write", op.writing_ns))
    last, time_ns = [(what, time_ns) for what, time_ns in points if time_ns][-1]
    yield _event("i", op.worker, f"end unknown, last: {last}", ts=_us(time_ns, begin_ns), s="t", args=args)


def _args(op: Operation) -> dict[str, object]:
    told: dict[str, object] = {"sequence": op.sequence, "outcome": op.outcome.name.lower()}
    if op.why:
        told["why"] = op.why.name.lower()
    if op.version:
        told["version"] = f"v0.0.{op.version}"
    if op.read != NOTHING:
        told["read"] = op.read.hex()
    if op.written != NOTHING:
        told["written"] = op.written.hex()
    if op.due_ns:  # a slice of the wait from then on could overlap the operation before it
        told["late_us"] = (op.invoked_ns - op.due_ns) / 1e3
    if op.recovered:
        told["recovered"] = True
    return told


def _slice(
    op: Operation, name: str, from_ns: int, to_ns: int, begin_ns: int, args: dict[str, object] | None = None
) -> dict[str, object]:
    made = _event("X", op.worker, name, ts=_us(from_ns, begin_ns), dur=_us(to_ns, from_ns))
    return made | {"args": args} if args else made


def _named(what: str, worker: int, name: str) -> dict[str, object]:
    return _event("M", worker, what, args={"name": name})


def _event(phase: str, worker: int, name: str, **more: object) -> dict[str, object]:
    return {"ph": phase, "pid": _PROCESS, "tid": worker, "name": name, **more}


def _us(time_ns: int, begin_ns: int) -> float:
    return (time_ns - begin_ns) / 1e3


def _waiting(operations: Iterable[Operation]) -> Iterator[tuple[int, int]]:
    """How many waited from which time on; of changes that come close after each other the last."""
    steps: list[tuple[int, int]] = []
    for op in operations:
        until_ns = op.locked_ns or (op.returned_ns if op.why is Why.TIMEOUT else 0)
        if op.kind is Kind.EDIT and until_ns:
            steps += ((op.invoked_ns, 1), (until_ns, -1))
    steps.sort()
    apart_ns = (steps[-1][0] - steps[0][0]) // _COUNTED if steps else 0
    number = 0
    for place, (time_ns, step) in enumerate(steps):
        number += step
        if place + 1 == len(steps) or steps[place + 1][0] // (apart_ns + 1) != time_ns // (apart_ns + 1):
            yield time_ns, number
