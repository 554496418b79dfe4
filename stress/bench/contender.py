"""One contending process: `python -m stress.bench.contender PATH MILLISECONDS`.

Prints "ready", reads when to start (`time.monotonic_ns`, one clock for all processes), edits in a tight loop, and
prints how many edits were released in time. It ends by itself, and at once when its parent is gone.
"""

from __future__ import annotations

import sys
import time

from lockedfile import Edit

from .transforms import swap

__all__ = ["main"]


def main() -> None:
    """Contend."""
    path, duration_ns = sys.argv[1], int(sys.argv[2]) * 1_000_000
    transform = swap(path)
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    line = sys.stdin.readline()
    if not line:
        return
    start_ns = int(line)
    end_ns = start_ns + duration_ns
    time.sleep(max(0, start_ns - time.monotonic_ns()) / 1e9)
    edits = 0
    while Edit(path, transform).released_ns < end_ns:
        edits += 1
    sys.stdout.write(f"{edits}\n")


if __name__ == "__main__":
    main()
