"""Faults of chosen system calls on chosen files: strace lets them fail, or a signal arrive in them.

Where there is no strace, but on Linux, `injection` does much the same from within.
"""

from __future__ import annotations

import functools
import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING, Any, NamedTuple

from lockedfile import Edit
from tests.lockedfile import children, injection, locks
from tests.lockedfile.processes import Child, name
from tests.lockedfile.protocols import beside, journal_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.lockedfile.weakened import Editor


# What takes neither a path nor a descriptor, and so is on no file; an interpreter that starts makes hundreds of them.
_ON_NO_FILE = "!brk,futex,mprotect,munmap,rt_sigaction,rt_sigprocmask"

_INJECTION = [sys.executable, "-P", "-S", "-W", "error", injection.__file__]


@functools.cache
def _stops_at_few() -> list[str]:
    """The option that lets strace stop a process only at the calls that it is to see, where it works: all is faster.

    So it can let calls fail, but sends no signals.
    """
    option = "--seccomp-bpf"
    tried = subprocess.run(
        ["strace", option, "-f", "-qq", "-o", os.devnull, "-e", "trace=flock", "true"], capture_output=True, check=False
    )
    return [] if tried.returncode or tried.stderr else [option]


class Trace:
    """Strace, or what is in its place, which notes the calls on one file, its journal and its directory, and injects.

    If it is to note `injected_only`, of these it notes those that an expression names.
    """

    def __init__(self, log: Path, path: Path, *expressions: str, injected_only: bool = False) -> None:
        self.log = log
        named = ",".join(expression.removeprefix("inject=").partition(":")[0] for expression in expressions)
        traced = [str(file) for file in (path, journal_of(path), path.parent)]
        if sys.platform != "linux":
            self.aim = [str(log), named if injected_only else "", " ".join(expressions), os.pathsep.join(traced)]
            self.command = [*_INJECTION, *self.aim]
            return
        expressions = (f"trace={named if injected_only else _ON_NO_FILE}", *expressions)
        options = [] if any("signal=" in expression for expression in expressions) else _stops_at_few()
        options = [*options, *(part for expression in expressions for part in ("-e", expression))]
        paths = [part for file in traced for part in ("-P", file)]
        self.command = ["strace", "-f", "-qq", "-o", str(log), *paths, *options]

    def lines(self) -> list[str]:
        """What it noted, without the process ids; to be asked once the child has ended."""
        return [line.split(maxsplit=1)[1] for line in self.log.read_text().splitlines()]

    def injected(self) -> int:
        """How many faults there were."""
        return sum("(INJECTED)" in line or line.startswith("--- SIG") for line in self.lines())


class Outcome(NamedTuple):
    """How an edit under faults went."""

    told: dict[str, Any]
    content: bytes
    lock: str
    injected: int
    calls: list[str]
    beside: list[str]  # what lies beside the file then


_kept: list[Child] = []


def _attempting() -> Child:
    """A child that attempts one edit after the other, and lives as long as we do: to start one is dear on Windows."""
    while _kept and _kept[0].process.poll() is not None:
        _kept.pop()
    if not _kept:
        _kept.append(Child(injection.attempts))
    return _kept[0]


def attempt(
    spawn: Callable[..., Child], path: Path, old: bytes, new: bytes, *expressions: str, editor: Editor = Edit
) -> Outcome:
    """Let a child under strace edit the file at `path` from `old` to `new`; of faults only their calls are noted."""
    path.write_bytes(old)
    source = path.with_name("source")
    source.write_bytes(new)
    trace = Trace(path.with_name("trace"), path, *expressions, injected_only=bool(expressions))
    if sys.platform == "linux":
        child = spawn(children.attempt, name(editor), path, source, prefix=trace.command)
    else:
        child = _attempting()
        child.tell(json.dumps([trace.aim, [name(editor), str(path), str(source)]]))
    told = json.loads(child.hear())
    content, lock, left = path.read_bytes(), locks.state(path), beside(path)
    child.tell()
    if sys.platform == "linux":
        child.end()
    return Outcome(told, content, lock, trace.injected(), trace.lines(), left)
