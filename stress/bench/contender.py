"""One contending process: `python -m stress.bench.contender PATH MILLISECONDS`.

Started as `start` says, it edits in a tight loop, and prints how many edits were released in time. It ends by itself,
and at once when its parent is gone.
"""

from __future__ import annotations

import sys

from lockedfile import Edit

from .start import await_start
from .transforms import swap

__all__ = ["main"]


def main() -> None:
    """Contend."""
    path, duration_ns = sys.argv[1], int(sys.argv[2]) * 1_000_000
    transform = swap(path)
    end_ns = await_start() + duration_ns
    edits = 0
    while Edit(path, transform).released_ns < end_ns:
        edits += 1
    sys.stdout.write(f"{edits}\n")


if __name__ == "__main__":
    main()
