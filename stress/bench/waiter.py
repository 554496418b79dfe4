"""A wait for a lock that stays taken, its CPU time: `python -m stress.bench.waiter LOCKER TIMEOUT PATH`.

Another process has the lock, of the same locker, and keeps it. It is not forked from this one, whose memory would be
shared then, and copied page by page while it waits. Printed are the milliseconds, of user and system, that this process
spent from asking to hearing that the deadline had passed; it is its first wait, so what it has to import for that is in
it.
"""

from __future__ import annotations

import gc
import sys
import time

from .child import finish, module, started
from .lockers import locker

__all__ = ["main"]

_LONGEST_END_S = 10.0


def main() -> None:
    """Wait in vain, and print."""
    name, timeout_s, path = sys.argv[1], float(sys.argv[2]), sys.argv[3]
    ours = locker(name, path, timeout_s)
    with started(module("stress.bench.holder", name, path)) as holder:
        assert holder.stdout
        if holder.stdout.readline() != b"held\n":
            finish(holder, _LONGEST_END_S)  # raises, with what it said
        gc.collect()  # what the start of the process has left to be looked through is not the wait's
        before_ns = time.process_time_ns()
        try:
            ours.acquire()
        except TimeoutError:
            sys.stdout.write(f"{(time.process_time_ns() - before_ns) / 1e6}\n")
        else:
            sys.exit(f"{name}: {path} was not locked")


if __name__ == "__main__":
    main()
