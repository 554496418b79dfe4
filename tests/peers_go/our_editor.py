"""One of our editors: `python our_editor.py locked|unlocked PATH N` raises the decimal counter in PATH, N times.

Prints "ready", begins when a line comes on standard input, prints "done": as `count` of stress/gopeer does.
"""

from __future__ import annotations

import os
import sys
from itertools import repeat

from lockedfile import Edit


def locked(path: str) -> None:
    """Raise the counter through an edit."""
    Edit(path, _raised)


def unlocked(path: str) -> None:
    """The weakened variant: reads and writes in place as an edit does, but takes no lock."""
    fd = os.open(path, os.O_RDWR)
    new = _raised(os.read(fd, 100))
    os.lseek(fd, 0, os.SEEK_SET)
    os.write(fd, new)
    os.close(fd)


def _raised(old: bytes) -> bytes:
    digits = old.strip()
    return b"%0*d\n" % (len(digits), int(digits) + 1)


def main() -> None:
    """Edit."""
    raise_counter = {"locked": locked, "unlocked": unlocked}[sys.argv[1]]
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    if not sys.stdin.readline():
        sys.exit("nobody said when to start")
    for _ in repeat(None, int(sys.argv[3])):
        raise_counter(sys.argv[2])
    sys.stdout.write("done\n")


if __name__ == "__main__":
    main()
