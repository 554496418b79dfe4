"""A wait for a lock that stays taken, its CPU time: `python -m stress.bench.waiter LOCKER TIMEOUT PATH`.

Another process has the lock, of the same locker, and keeps it. Printed are the milliseconds, of user and system, that
this process spent from asking to hearing that the deadline had passed; it is its first wait, so what it has to import
for that is in it.
"""

from __future__ import annotations

import sys
import time
from math import inf
from typing import TYPE_CHECKING

from .lockers import locker
from .pair import beside

if TYPE_CHECKING:
    from multiprocessing.connection import Connection

__all__ = ["main"]


def main() -> None:
    """Wait in vain, and print."""
    name, timeout_s, path = sys.argv[1], float(sys.argv[2]), sys.argv[3]
    ours = locker(name, path, timeout_s)
    with beside(_hold, name, path) as holder:
        holder.recv()
        before_ns = time.process_time_ns()
        try:
            ours.acquire()
        except TimeoutError:
            sys.stdout.write(f"{(time.process_time_ns() - before_ns) / 1e6}\n")
        else:
            sys.exit(f"{name}: {path} was not locked")


def _hold(waiter: Connection, name: str, path: str) -> None:
    theirs = locker(name, path, inf)
    theirs.acquire()
    waiter.send(None)
    waiter.recv()  # it never sends: the end of this process is the end of the block there


if __name__ == "__main__":
    main()
