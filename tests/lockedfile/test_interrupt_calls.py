"""Ctrl-C in any system call: the content is whole, the lock is free, and no descriptor is left."""

from __future__ import annotations

import json
import signal
import sys
from itertools import count
from typing import TYPE_CHECKING

import pytest

if sys.platform == "win32":
    pytest.skip("needs signals in system calls, as strace sends them", allow_module_level=True)

import lockedfile
from lockedfile import Edit
from tests.lockedfile import crashes, faults, locks, needs, posix, weakened
from tests.lockedfile.contents import brief
from tests.lockedfile.processes import name
from tests.lockedfile.protocols import beside, edit_as_go, edit_durably

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.lockedfile.processes import Child
    from tests.lockedfile.weakened import Editor

    Spawn = Callable[..., Child]

OLD = bytes(range(256)) * 80
NEW = b"A" + OLD[1:9000] + b"B" + OLD[9001:] + b"tail" * 3000
SHORT = b"A" + OLD[1:9000] + b"B" + OLD[9001:12000]


def attempt(spawn: Spawn, path: Path, new: bytes, expression: str, editor: Editor = Edit) -> faults.Outcome:
    """An edit from OLD to `new` into which strace injects."""
    path.write_bytes(OLD)
    source = path.with_name("source")
    source.write_bytes(new)
    trace = faults.Trace(path.with_name("trace"), path, expression)
    child = spawn(posix.edit_interrupted, name(editor), path, source, prefix=trace.command)
    told = json.loads(child.hear())
    content, lock, left = path.read_bytes(), locks.state(path), beside(path)
    child.tell()
    child.end()
    return faults.Outcome(told, content, lock, trace.injected(), trace.lines(), left)


def outcomes(spawn: Spawn, path: Path, new: bytes, fault: str, editor: Editor = Edit) -> Iterator[faults.Outcome]:
    """Edits in which the first, the second, ... call meets the fault; the last is one that has no such call."""
    for when in count(1):
        outcome = attempt(spawn, path, new, f"inject={fault}:when={when}", editor)
        yield outcome
        if not outcome.injected:
            return


# The calls of an edit that come once all is written: the second flock is the unlock.
LAST_CALLS = {
    edit_as_go: {"flock"},
    Edit: {"flock", "ftruncate", "newfstatat", "unlink"},
    edit_durably: {"flock", "ftruncate", "newfstatat", "unlink", "fsync"},
}


@needs.strace
@pytest.mark.parametrize("new", [NEW, SHORT], ids=["growing", "shrinking"])
@pytest.mark.parametrize(
    ("editor", "call"),
    [
        *((editor, call) for editor in (edit_as_go, Edit) for call in ("read", "flock", "pwrite64", "ftruncate")),
        *((Edit, call) for call in ("openat", "newfstatat", "access", "fgetxattr", "unlink")),
        *((edit_durably, call) for call in ("fsync", "fdatasync")),
    ],
)
def test_interrupt_in_a_call_leaves_a_whole_content(
    spawn: Spawn, tmp_path: Path, editor: Editor, call: str, new: bytes
) -> None:
    """Strace sends SIGINT as the first, the second, ... such call is made; before the last write the content is old."""
    path = tmp_path / "go.sum"
    for outcome in outcomes(spawn, path, new, f"{call}:signal=INT", editor):
        assert outcome.told["error"] in ("KeyboardInterrupt", None)
        assert outcome.content in (OLD, new), outcome.calls
        assert (outcome.lock, outcome.told["leaked"], outcome.beside) == ("free", 0, []), outcome.calls
        if outcome.told["error"] and call not in LAST_CALLS[editor]:
            assert brief(outcome.content) == brief(OLD), outcome.calls


@needs.strace
@pytest.mark.parametrize("new", [NEW, SHORT], ids=["growing", "shrinking"])
@pytest.mark.parametrize("call", ["pwrite64", "ftruncate", "read", "flock"])
@pytest.mark.parametrize("editor", [Edit, edit_as_go])
def test_interrupt_and_failure_at_once_are_survived(
    spawn: Spawn, tmp_path: Path, editor: Editor, call: str, new: bytes
) -> None:
    """The call fails, and SIGINT arrives as it does: a full disk, and a user who loses patience."""
    path = tmp_path / "go.sum"
    for outcome in outcomes(spawn, path, new, f"{call}:error=EIO:signal=INT", editor):
        if not outcome.injected:
            break
        assert outcome.told["error"] in ("KeyboardInterrupt", "OSError")
        if call != "flock" or outcome.content != new:  # the second flock is the unlock, after all is done
            assert brief(outcome.content) == brief(OLD), outcome.calls
        assert (outcome.lock, outcome.told["leaked"], outcome.beside) == ("free", 0, []), outcome.calls


@needs.strace
@pytest.mark.parametrize("whens", ["2..3", "2..5", "4..7"])
@pytest.mark.parametrize("editor", [Edit, edit_as_go])
def test_interrupts_and_failures_in_a_row_are_survived(
    spawn: Spawn, tmp_path: Path, editor: Editor, whens: str
) -> None:
    """Putting back is begun again when its own writes fail and are interrupted."""
    outcome = attempt(spawn, tmp_path / "go.sum", NEW, f"inject=pwrite64:error=EIO:signal=INT:when={whens}", editor)
    assert outcome.told["error"] in ("KeyboardInterrupt", None)  # None: there are not so many writes
    assert brief(outcome.content) == brief(OLD if outcome.injected else NEW), outcome.calls
    assert (outcome.lock, outcome.told["leaked"], outcome.beside) == ("free", 0, [])


@needs.strace
def test_edit_torn_by_an_interrupt_would_show(spawn: Spawn, tmp_path: Path) -> None:
    """The check can fail: of an edit that does not put back."""
    editor = weakened.edit_without_putting_back
    contents = [outcome.content for outcome in outcomes(spawn, tmp_path / "go.sum", NEW, "pwrite64:signal=INT", editor)]
    assert any(content not in (OLD, NEW) for content in contents)


@needs.linux
def test_signal_while_waiting_does_not_end_the_wait(spawn: Spawn, tmp_path: Path) -> None:
    """A handler runs, and the edit goes on to wait."""
    path = tmp_path / "go.mod"
    path.write_bytes(b"module m\n")
    child = spawn(posix.append_signalled, path, "x")
    with lockedfile.open(path, "r+b"):
        child.expect("ready")
        child.tell()
        locks.until_waiting(path)
        child.process.send_signal(signal.SIGUSR1)
        child.expect("handled")
    child.expect("edited")
    child.end()
    assert path.read_bytes() == b"module m\nx"


@needs.strace
@pytest.mark.parametrize("call", ["openat", "newfstatat", "read", "pwrite64", "ftruncate", "unlink", "flock"])
@pytest.mark.parametrize("fault", ["signal=INT", "error=EIO:signal=INT"])
def test_interrupt_of_a_recovery_leaves_it_to_the_next(spawn: Spawn, tmp_path: Path, call: str, fault: str) -> None:
    """The content is what a kill left, or whole; the lock is free, and the next user recovers."""
    path, source = tmp_path / "go.sum", tmp_path / "source"
    source.write_bytes(OLD)  # what the edit would make is what recovery makes
    for when in count(1):
        crashes.leave(path, OLD, NEW)
        trace = faults.Trace(tmp_path / "trace", path, f"inject={call}:{fault}:when={when}")
        child = spawn(posix.edit_interrupted, name(Edit), path, source, prefix=trace.command)
        told = json.loads(child.hear())
        assert (locks.state(path), told["leaked"]) == ("free", 0), trace.log.read_text()
        child.tell()
        child.end()
        assert told["error"] in ("KeyboardInterrupt", "OSError", None)
        assert brief(lockedfile.read(path)) == brief(OLD), trace.lines()
        assert (brief(path.read_bytes()), beside(path)) == (brief(OLD), [])
        if not trace.injected():
            break
