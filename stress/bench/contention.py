"""The phase of contention: some processes edit one file in a tight loop, for the same time from the same moment."""

from __future__ import annotations

import select
from contextlib import ExitStack
from time import monotonic_ns
from typing import TYPE_CHECKING

from .child import ChildError, finish, module, started
from .claims import PROCESSES
from .contents import go_sum
from .samples import rounds

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from .samples import Round

__all__ = ["contention_rounds"]

_FILE_BYTES = 2048

# Between the last process's "ready" and the common start: all have read it, and wait.
_LEAD_NS = 50_000_000

_LONGEST_START_S = 60.0
_LONGEST_REST_S = 60.0


def contention_rounds(directory: Path, duration_ms: int) -> Iterator[Round]:
    """Edits per second that so many processes make of one file of 2 KB, all together."""
    path = directory / "contended"
    path.write_bytes(go_sum(_FILE_BYTES))

    def contestant(processes: int) -> Callable[[], float]:
        return lambda: _edits_per_s(path, processes, duration_ms)

    return rounds({f"processes_{processes}_edits_per_s": contestant(processes) for processes in PROCESSES})


def _edits_per_s(path: Path, processes: int, duration_ms: int) -> float:
    command = module("stress.bench.contender", str(path), str(duration_ms))
    with ExitStack() as stack:
        children = [stack.enter_context(started(command)) for _ in range(processes)]
        for child in children:
            _await_ready(child)
        start = f"{monotonic_ns() + _LEAD_NS}\n".encode()
        for child in children:
            assert child.stdin
            child.stdin.write(start)
        edits = sum(int(finish(child, duration_ms / 1e3 + _LONGEST_REST_S)) for child in children)
    return edits * 1e3 / duration_ms


def _await_ready(child: subprocess.Popen[bytes]) -> None:
    assert child.stdout
    if not select.select([child.stdout], [], [], _LONGEST_START_S)[0]:
        raise ChildError(f"a contending process has not started after {_LONGEST_START_S:.0f} s")
    if child.stdout.readline() != b"ready\n":
        finish(child, _LONGEST_REST_S)  # raises, with what it said
        raise ChildError("a contending process ended before it started")
