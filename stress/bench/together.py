"""Processes that start together: all are ready before the first begins. The child's side is `start`."""

from __future__ import annotations

import select
from contextlib import ExitStack
from time import monotonic_ns
from typing import TYPE_CHECKING

from .child import ChildError, finish, started

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Sequence

__all__ = ["together"]

# Between the last process's "ready" and the common start: all have read it, and wait.
_LEAD_NS = 50_000_000

_LONGEST_START_S = 60.0
_LONGEST_REST_S = 60.0


def together(commands: Sequence[Sequence[str]], duration_ms: int) -> list[str]:
    """What each of `commands` printed, of processes that work for so long from the same moment on."""
    with ExitStack() as stack:
        children = [stack.enter_context(started(command)) for command in commands]
        for child in children:
            _await_ready(child)
        start = f"{monotonic_ns() + _LEAD_NS}\n".encode()
        for child in children:
            assert child.stdin
            child.stdin.write(start)
        return [finish(child, duration_ms / 1e3 + _LONGEST_REST_S) for child in children]


def _await_ready(child: subprocess.Popen[bytes]) -> None:
    assert child.stdout
    if not select.select([child.stdout], [], [], _LONGEST_START_S)[0]:
        raise ChildError(f"a process has not started after {_LONGEST_START_S:.0f} s")
    if child.stdout.readline() != b"ready\n":
        finish(child, _LONGEST_REST_S)  # raises, with what it said
        raise ChildError("a process ended before it started")
