"""A recording: processes edit on a served disk, and beside its log it is noted what may be found from when on."""

from __future__ import annotations

import json
import pickle
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

if sys.platform != "linux":
    raise ImportError("needs Linux")

from .disk import NAME, write_image
from .history import Chronicle
from .log import read_log
from .position import Position
from .served import Disk, served
from .system import loop_device, mounted, sync_file_system

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .history import Mark
    from .job import Job
    from .log import Log
    from .pages import Pages
    from .scenario import Content, Turn

__all__ = ["Recording", "record"]

_EDITOR = str(Path(__file__).with_name("editor.py"))
_LONGEST_TURN_S = 60.0
_SIGKILL = 9


class Recording(NamedTuple):
    """All that is needed to make any power cut of it."""

    base: Pages  # the disk before the log
    log: Log
    marks: tuple[Mark, ...]  # the first one has the position from which on cuts are of interest
    failures: tuple[str, ...]  # what went wrong without a power cut


def record(
    job: Job, base: Pages, turns: Sequence[Turn], allowed: tuple[Content, ...], directory: Path, *, prepare: bool
) -> Recording:
    """Let one process after the other take its turn, on a disk that begins as `base`.

    `allowed` is what the file may hold; with `prepare`, on a new file system, what it is made to hold. Raises
    `DoesNotMountError`.
    """
    disk = Disk(*(directory / name for name in ("image", "log", "position", "served")))
    mount = directory / "mount"
    path = mount / "d" / NAME
    disk.log.write_bytes(b"")
    disk.at.touch()
    mount.mkdir(exist_ok=True)
    write_image(disk.image, job.system, base)
    position = Position(disk.position)
    position.set(0)
    with ExitStack() as stack:
        stack.enter_context(served(disk))
        device, _ = stack.enter_context(loop_device(disk.at, direct=True))
        stack.enter_context(mounted(device, mount, job.system.name))
        if prepare:
            _prepare(path, allowed[0])
        chronicle = Chronicle(allowed, position.get() if prepare else 0, durable=job.mode == "durable")
        for number, turn in enumerate(turns):
            _take(job, turn, number, path, disk, chronicle)
    return Recording(base, read_log(disk.log), tuple(chronicle.marks), tuple(chronicle.failures))


def _prepare(path: Path, content: Content) -> None:
    """The directory and the file in it, safe on the disk."""
    path.parent.mkdir(mode=0o755)
    if content is not None:
        path.write_bytes(content)
        path.chmod(0o644)
    sync_file_system(path.parent)


def _take(job: Job, turn: Turn, number: int, path: Path, disk: Disk, chronicle: Chronicle) -> None:
    """Let a process take its turn, and note what it says."""
    told_by = disk.log.with_name("turn")
    told_by.write_bytes(pickle.dumps(turn))
    task = {
        "path": str(path),
        "bystander": str(path.parent.parent / "bystander"),
        "position": str(disk.position),
        "turn": str(told_by),
        "mode": job.mode,
        "variant": job.variant,
        "write_back": job.write_back if turn.write_back is None else turn.write_back,
        "seed": job.seed + number,
    }
    command = [sys.executable, "-S", "-I", _EDITOR, json.dumps(task)]
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, timeout=_LONGEST_TURN_S, check=False)
    for line in done.stdout.splitlines():
        what, index, position, told = json.loads(line)
        step = turn.steps[index]
        if what == "began":
            chronicle.began(step, position)
        elif what == "done":
            chronicle.done(step, position, told)
        else:
            chronicle.failed(step, told)
    if done.returncode != 0 and not (turn.kill and done.returncode == -_SIGKILL):
        raise RuntimeError(f"{_EDITOR}: exit code {done.returncode}: {done.stderr.decode(errors='replace')}")
