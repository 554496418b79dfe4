"""Accounts of runs that never were: histories with a shape that is known."""

from __future__ import annotations

from simulator.checker import check
from simulator.config import Config
from simulator.history import NOTHING, Faults, History, Kind, Operation, Outcome, Why
from simulator.report import Account
from simulator.stats import measure

from .histories import content, edit, read, run_of

__all__ = ["BEGIN_NS", "FORKED", "account", "crowd", "ends"]

BEGIN_NS = 10**15

FORKED = run_of(
    edit(0, content(0), content(1), at=0)._replace(writing_ns=1),
    edit(1, content(0), content(2), at=10),
    read(2, content(2), at=20),
    final=content(2),
)
"""Two edits of one content, and a read."""


def account(history: History, *, workers: int = 2, readers: int = 1, strategy: str = "none", **more: object) -> Account:
    """An account of a history."""
    config = Config(
        workers=workers, readers=readers, duration_s=5.0, edits=None, hold_ms="0", think_ms="exp:1",
        file=None, strategy=strategy, seed=7,
    )  # fmt: skip
    made = Account(
        config, history, check(history), measure(history, workers), 0.5,
        interrupted=False, lost=(), failures=(), faults=Faults(), litter=(), kept_in=None,
    )  # fmt: skip
    return made._replace(**more)  # type: ignore[arg-type]  # of the fields' own types


def crowd(workers: int, edits: int) -> History:
    """Workers who take turns: each asks as soon as its turn is over, and waits for those of all others."""
    turn_ns, operations = 100_000, []
    for number in range(edits):
        locked_ns = BEGIN_NS + number * turn_ns + 10_000
        asked_ns = max(BEGIN_NS, locked_ns - workers * turn_ns + 95_000)
        operations.append(
            Operation(
                number % workers, number // workers, Kind.EDIT, Outcome.OK,
                asked_ns, locked_ns, locked_ns + 80_000, locked_ns + 84_000,
                content(number), content(number + 1), 977, number // workers + 1, writing_ns=locked_ns + 30_000,
            )
        )  # fmt: skip
    return History(content(0), content(edits), operations)


def ends() -> History:
    """An edit that went well, and one for each other way in which one may end."""
    first = edit(0, content(0), content(1), at=BEGIN_NS, lasts=9)._replace(writing_ns=BEGIN_NS + 2, due_ns=BEGIN_NS - 5)
    late = Operation(0, 1, Kind.EDIT, Outcome.FAIL, BEGIN_NS + 20, 0, 0, BEGIN_NS + 30, NOTHING, NOTHING, 0, 0)
    over = late._replace(sequence=3, invoked_ns=BEGIN_NS + 50, locked_ns=BEGIN_NS + 55, returned_ns=BEGIN_NS + 60)
    return run_of(
        first._replace(released_ns=BEGIN_NS + 6),
        late._replace(why=Why.TIMEOUT),
        late._replace(sequence=2, invoked_ns=BEGIN_NS + 40, returned_ns=BEGIN_NS + 41, why=Why.TURNED_AWAY),
        over._replace(why=Why.OVER),
        edit(1, content(1), content(2), at=BEGIN_NS + 30, outcome=Outcome.INFO)._replace(writing_ns=BEGIN_NS + 33),
        late._replace(worker=1, sequence=1, invoked_ns=BEGIN_NS + 70, returned_ns=0, outcome=Outcome.INFO),
        read(2, content(1), at=BEGIN_NS + 80),
        final=content(1),
    )  # fmt: skip
