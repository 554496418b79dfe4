"""The phases of one process that waits: how soon it has the lock that another lets go, and what waiting costs it."""

from __future__ import annotations

from contextlib import ExitStack
from functools import partial
from itertools import repeat
from math import inf
from statistics import median, quantiles
from time import sleep
from typing import TYPE_CHECKING, NamedTuple

from .child import finish, module, run, started
from .peers import PEERS, installed
from .samples import rounds

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from .samples import Round

__all__ = ["handoff_rounds", "wait_rounds"]

_TIMEOUT_S = 60.0  # of waits that end before
_LONGEST_REST_S = 60.0
_STAGGER_S = 0.3


class _Waiting(NamedTuple):
    """One way of waiting: a locker of `lockers`, its deadline, and what a fair measure of its hand-off takes.

    Who waits in the kernel is measured alone; of those who poll some pairs at a time, each on its own file, as they
    mostly sleep. The pause is as long as an interval of polling, at the longest.
    """

    locker: str
    timeout_s: float
    pause_ms: int = 3
    pairs: int = 1


_WAITING = {
    "lockedfile": _Waiting("lockedfile", _TIMEOUT_S),
    "lockedfile_endless": _Waiting("lockedfile", inf),
    "flock": _Waiting("flock", inf),
    "filelock": _Waiting("filelock", _TIMEOUT_S, pause_ms=50, pairs=4),
    "portalocker": _Waiting("portalocker", _TIMEOUT_S, pause_ms=250, pairs=4),
    "fasteners": _Waiting("fasteners", _TIMEOUT_S, pause_ms=100, pairs=4),
}


def handoff_rounds(directory: Path, handoffs: int, polled_handoffs: int) -> Iterator[Round]:
    """Nanoseconds from just before a release until the one who waits has the lock, p50 and p99 of so many a round.

    Of those who poll it is so many a pair, as each takes long.
    """

    def p50_and_p99(waiting: _Waiting) -> Mapping[str, float]:
        number = handoffs if waiting.pairs == 1 else polled_handoffs
        took_ns = _handoffs_ns(directory, waiting, number)
        return {"p50": median(took_ns), "p99": quantiles(took_ns, n=100, method="inclusive")[98]}

    contestants = {
        name: partial(p50_and_p99, waiting)
        for name, waiting in _WAITING.items()
        if waiting.locker not in PEERS or installed(waiting.locker)
    }
    for figures in rounds(contestants):
        yield {
            f"handoff_{name}_{figure}_ns": value_ns for name, one in figures.items() for figure, value_ns in one.items()
        }


def _handoffs_ns(directory: Path, waiting: _Waiting, handoffs: int) -> Sequence[float]:
    with ExitStack() as stack:
        pairs: list[subprocess.Popen[bytes]] = []
        for number in range(waiting.pairs):
            path = directory / f"handed-over-{number}"
            path.touch()
            more = (str(waiting.timeout_s), str(path), str(handoffs), str(waiting.pause_ms))
            pairs.append(stack.enter_context(started(module("stress.bench.handing", waiting.locker, *more))))
        longest_s = handoffs * waiting.pause_ms / 1e3 * 5 + _LONGEST_REST_S
        return [float(line) for pair in pairs for line in finish(pair, longest_s).split()]


def wait_rounds(directory: Path, wait_s: float) -> Iterator[Round]:
    """Milliseconds of processor time that a wait of so many seconds costs, till its deadline.

    They wait at the same time, which takes nobody's time, but neither begin nor end together, which would.
    """
    lockers = ["lockedfile", "flock", *filter(installed, PEERS)]
    for name in lockers:
        (directory / f"taken-by-{name}").touch()
        run(_waiter(directory, name, 0.01))  # the byte code of what it imports is there from now on
    for _ in repeat(None):
        with ExitStack() as stack:
            waiters: dict[str, subprocess.Popen[bytes]] = {}
            for name in lockers:
                waiters[name] = stack.enter_context(started(_waiter(directory, name, wait_s)))
                sleep(_STAGGER_S)
            used = {
                f"wait_{name}_cpu_ms": float(finish(waiter, wait_s + _LONGEST_REST_S))
                for name, waiter in waiters.items()
            }
        yield used


def _waiter(directory: Path, name: str, wait_s: float) -> list[str]:
    return module("stress.bench.waiter", name, str(wait_s), str(directory / f"taken-by-{name}"))
