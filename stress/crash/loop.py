"""A process that edits one file again and again, and tells each edit that is made; until it is killed.

    python -S -I stress/crash/loop.py '{"path": "go.mod", "number": 0, "mode": "default"}'

It raises its own count. When it is about to write it says `writing`, and for each edit that has returned the count, and
whether an interrupted edit was undone first. If the content is torn, its last word is `torn`.
"""

from __future__ import annotations

import json
import os
import sys
import time

TYPE_CHECKING = False  # as in `child`
if TYPE_CHECKING:
    from typing import Any

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))))

import lockedfile  # noqa: E402 - from this tree, not from another one that is installed
from stress.crash.child import OPTIONS  # noqa: E402 - likewise
from stress.crash.counters import content_of, counts_in  # noqa: E402 - likewise

_PAUSE_S = 0.002  # in which others come to it: Windows gives the lock to whoever asks first


class _TornError(Exception):
    pass


def main(path: str, number: int, mode: str) -> None:
    """Edit, and say so."""
    options: dict[str, Any] = {**OPTIONS[mode]}
    counts: list[int] = []

    def raised(old: bytes) -> bytes:
        found = counts_in(old)
        if found is None:
            raise _TornError
        found[number] += 1
        counts[:] = found
        new = content_of(found)
        os.write(1, b"writing\n")
        return new

    try:
        while True:
            edited = lockedfile.Edit(path, raised, **options)
            os.write(1, b"%d %d\n" % (counts[number], edited.recovered))
            time.sleep(_PAUSE_S)
    except _TornError:
        os.write(1, b"torn\n")


if __name__ == "__main__":
    main(**json.loads(sys.argv[1]))
