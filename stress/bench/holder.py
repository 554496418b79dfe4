"""One that has a lock, and keeps it: `python -m stress.bench.holder LOCKER PATH`, a locker of `lockers`.

Prints "held", and ends when its input does.
"""

from __future__ import annotations

import sys
from math import inf

from .lockers import locker

__all__ = ["main"]


def main() -> None:
    """Hold."""
    name, path = sys.argv[1:]
    theirs = locker(name, path, inf)
    theirs.acquire()
    sys.stdout.write("held\n")
    sys.stdout.flush()
    sys.stdin.read()


if __name__ == "__main__":
    main()
