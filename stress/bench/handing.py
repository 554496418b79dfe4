"""A lock handed over, timed: `python -m stress.bench.handing LOCKER TIMEOUT PATH N PAUSE_MS`, a locker of `lockers`.

    the holder                                        the waiter
      has the lock        ───── None ─────>
                          <──── None ──────             asks for it, and waits
      sees it asleep, pauses, notes the time
      releases                                          has it, notes the time
                          ── that time ───>             releases
                          <──── None ──────

Printed are the nanoseconds between the two times, N of them: from the moment before the one lets go to the moment when
the other can begin. The pause is of random length, so that it ends in any phase of somebody's polling alike.
"""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path
from random import uniform
from typing import TYPE_CHECKING

from .lockers import locker
from .pair import beside

if TYPE_CHECKING:
    from multiprocessing.connection import Connection

__all__ = ["main"]

_WARM_UP = 2  # so many are not counted: they import what waiting needs
_SHORTEST_PAUSE_S = 0.005
_LOOK_S = 0.001


def main() -> None:
    """Hand over, and print."""
    name, timeout_s, path = sys.argv[1], float(sys.argv[2]), sys.argv[3]
    handoffs, pause_s = int(sys.argv[4]) + _WARM_UP, int(sys.argv[5]) / 1e3
    ours = locker(name, path, timeout_s)
    with beside(_hold, name, timeout_s, path, pause_s, os.getpid()) as holder:
        for number in range(handoffs):
            holder.recv()
            holder.send(None)
            ours.acquire()
            locked_ns = time.monotonic_ns()
            ours.release()
            took_ns = locked_ns - holder.recv()
            holder.send(None)
            if took_ns < 0:
                sys.exit(f"{name}: {path} was locked by two at a time")
            if number >= _WARM_UP:
                sys.stdout.write(f"{took_ns}\n")


def _hold(waiter: Connection, name: str, timeout_s: float, path: str, longest_pause_s: float, pid: int) -> None:
    ours = locker(name, path, timeout_s)
    while True:
        ours.acquire()
        waiter.send(None)
        waiter.recv()
        time.sleep(_SHORTEST_PAUSE_S)
        while not _sleeps(pid):
            time.sleep(_LOOK_S)
        time.sleep(uniform(0, longest_pause_s))
        released_ns = time.monotonic_ns()
        ours.release()
        waiter.send(released_ns)
        waiter.recv()


def _sleeps(pid: int) -> bool:
    """Do all threads of the process sleep? Where the system does not tell (proc_pid_stat(5)), a pause must do."""
    try:
        states = [task.read_bytes().rpartition(b") ")[2][:1] for task in Path(f"/proc/{pid}/task").glob("*/stat")]
    except OSError:  # a thread that has just ended
        return False
    return all(state == b"S" for state in states)


if __name__ == "__main__":
    main()
