"""The lane: which jobs there are, a process for each, and the sum of what they say."""

from __future__ import annotations

import json
import os
import shutil
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from stress.crash import crowd, environment
from stress.crash.children import ChildError, Children
from stress.crash.tally import Tally

from .file_systems import FILE_SYSTEMS
from .job import jobs

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from stress.crash.lane import Plan, Result

    from .job import Job

__all__ = ["NAME", "PROVES", "cannot_run", "run", "run_jobs"]

NAME = "powercuts"
PROVES = (
    "Whichever writes have reached the disk when the power fails in a durable edit, the next user reads the old "
    "content or the new, an acknowledged edit is not lost, and nothing is left beside the file; also if it fails again "
    "in the recovery."
)

_ROOT = Path(__file__).parents[3]
_IN_MEMORY = Path("/dev/shm")
_ENOUGH_BYTES = 512 << 20
_CAP_SYS_ADMIN = 21


def cannot_run() -> str | None:
    """Why not here; None if it can."""
    if sys.platform != "linux":
        return "needs Linux"
    if os.geteuid() != 0:
        return "needs root, to mount"
    if not _may_mount(Path("/proc/self/status").read_text(encoding="ascii")):
        return "needs CAP_SYS_ADMIN, to mount; a container has it if it is privileged"
    for device in ("/dev/fuse", "/dev/loop-control"):
        if not os.access(device, os.R_OK | os.W_OK):
            return f"needs {device}"
    for system in FILE_SYSTEMS.values():
        if shutil.which(system.program) is None:
            return f"needs {system.program} (Debian: {system.package})"
    return None


def _may_mount(status: str) -> bool:
    """Has the process with this proc(5) status the capability to?"""
    fields = dict(line.split(":", 1) for line in status.splitlines() if ":" in line)
    return bool(int(fields.get("CapEff", "0"), 16) >> _CAP_SYS_ADMIN & 1)


def run(plan: Plan) -> Result:
    """All jobs of the form that was asked for."""
    todo = jobs(long=plan.long, seed=plan.seed, variant=plan.variant)
    return run_jobs(todo, plan, until_caught=bool(plan.variant) and not plan.long)


def run_jobs(todo: Sequence[Job], plan: Plan, keep: Path | None = None, *, until_caught: bool = False) -> Result:
    """These jobs, or those until one has a state that fails; such states are kept in `keep`."""
    tally = Tally(NAME, PROVES, plan.seed)
    total = sum(job.states for job in todo)
    versions = environment.versions(plan.directory)
    versions |= {FILE_SYSTEMS[name].program: FILE_SYSTEMS[name].version() for name in {job.file_system for job in todo}}
    with Children() as children, TemporaryDirectory(prefix="lockedfile-powercuts-", dir=_place(plan)) as directory:
        Path(directory).chmod(0o755)  # for the judge that is nobody

        def told(job: Job) -> tuple[Job, list[dict[str, str | None]]]:
            return job, _told(children, job, directory, keep)

        try:
            done = 0
            for job, lines in crowd.each(children, told, todo):
                _count(tally, job, lines)
                done += job.states
                plan.progress(done, total, f"{job.file_system}, {tally.failed:,} failed")
                if until_caught and tally.failed:
                    break
        except KeyboardInterrupt:
            return tally.result(versions, complete=False)
    return tally.result(versions, complete=True)


def _place(plan: Plan) -> Path:
    """In memory, if there is room: the images are large, and nearly empty."""
    if _IN_MEMORY.is_dir() and shutil.disk_usage(_IN_MEMORY).free >= _ENOUGH_BYTES:
        return _IN_MEMORY
    return plan.directory


def _told(children: Children, job: Job, directory: str, keep: Path | None) -> list[dict[str, str | None]]:
    """What the worker says, a line for each state; one that fails itself is a failed state."""
    code = f"import sys; sys.path.insert(0, {str(_ROOT)!r}); from {__package__}.worker import main; main()"
    request = {"job": job._asdict(), "directory": directory, "keep": keep and str(keep)}
    try:
        status, output, errors = children.run([sys.executable, "-c", code, json.dumps(request)])
    except ChildError as error:
        return [{"verdict": "broken off", "story": str(error)}]
    lines: list[dict[str, str | None]] = [json.loads(line) for line in output.splitlines() if line.endswith("}")]
    if status != 0:
        why = (errors.strip().splitlines() or ["it said nothing"])[-1]
        lines.append({"verdict": "broken off", "story": f"exit code {status}: {why}"})
    return lines


def _count(tally: Tally, job: Job, lines: Iterable[dict[str, str | None]]) -> None:
    for line in lines:
        name = line.get("verdict")
        if name is None:
            tally.apart(line["apart"] or "unknown")
            continue
        story = line["story"]
        if story is not None:
            kept = f"; kept as {line['kept']}" if line.get("kept") else ""
            story = f"{job.file_system}, {job.scenario}, {story}{kept}; repeat: {job.command}"
        tally.state(name, story, f"{job.file_system}, {job.scenario}, {name}")
