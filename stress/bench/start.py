"""A common start, as the child sees it: it prints "ready", reads when to begin, and waits until then.

The parent's side is `together`.
"""

from __future__ import annotations

import sys
import time

__all__ = ["await_start"]


def await_start() -> int:
    """The moment, by `time.monotonic_ns`, one clock for all processes, once it has come.

    Raises `SystemExit` when the parent is gone, or wants no start.
    """
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    line = sys.stdin.readline()
    if not line:
        sys.exit()
    start_ns = int(line)
    time.sleep(max(0, start_ns - time.monotonic_ns()) / 1e9)
    return start_ns
