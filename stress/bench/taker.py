"""One of some that take turns: `python -m stress.bench.taker LOCKER TIMEOUT PATH HOLD_MS THINK_MS MILLISECONDS`.

Takes the lock, holds it, gives it back, thinks, and so on, started as `start` says. It thinks for so long on average,
at random: some that always think alike fall into step, and readers who all leave at once let every writer in. Prints
how many times it had given it back in time, and the nanoseconds of its longest wait, as far as that was in time.
"""

from __future__ import annotations

import sys
import time
from random import uniform

from .lockers import locker
from .start import await_start

__all__ = ["main"]


def main() -> None:
    """Take turns."""
    name, timeout_s, path = sys.argv[1], float(sys.argv[2]), sys.argv[3]
    hold_s, think_s, duration_ns = int(sys.argv[4]) / 1e3, int(sys.argv[5]) / 1e3, int(sys.argv[6]) * 1_000_000
    ours = locker(name, path, timeout_s)
    end_ns = await_start() + duration_ns
    turns = longest_ns = 0
    while (asked_ns := time.monotonic_ns()) < end_ns:
        ours.acquire()
        longest_ns = max(longest_ns, min(time.monotonic_ns(), end_ns) - asked_ns)
        time.sleep(hold_s)
        ours.release()
        turns += time.monotonic_ns() < end_ns
        if think_s:
            time.sleep(uniform(0, 2 * think_s))
    sys.stdout.write(f"{turns} {longest_ns}\n")


if __name__ == "__main__":
    main()
