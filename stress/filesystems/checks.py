"""What is tried on a file system: each check raises a `CheckError` that says what does not hold."""

from __future__ import annotations

import os
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import lockedfile
from lockedfile import LockTimeout
from lockedfile._oslock import has_turnstile

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

__all__ = ["CHECKS", "LONG", "CheckError"]

ROOT = Path(__file__).parents[2]
_LIMIT_S = 60.0
_LONGEST_S = 900.0  # for pytest, on a slow machine
_VALID, _INVALID = 0, 1
_TOO_SLOW = "no edit was committed"  # a network; each of them was killed before it had made one

# Hold the lock of the file until told; edit it, and say when that waits.
_HOLD = (
    "import lockedfile, sys\nwith lockedfile.open(sys.argv[1], 'r+b'): print('locked', flush=True); sys.stdin.read()"
)
_EDIT = (
    "import lockedfile, sys\n"
    "def edited(old): return old + b'edited'\n"
    "lockedfile.Edit(sys.argv[1], edited, timeout=50, on_wait=lambda _: print('waits', flush=True))"
)


class CheckError(Exception):
    """A promise does not hold."""


def _simulated(directory: Path, *options: str, seconds: int = 1, code: int = _VALID) -> None:
    run = directory / f"run-{seconds}"
    load = ["--workers", "4", "--duration", str(seconds), "--start", "forkserver", "--seed", "7"]
    command = [sys.executable, "-m", "simulator", *load, "--quiet", "--dir", str(run), *options]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=_LIMIT_S, check=False)
    if done.returncode != code:
        raise CheckError(f"exit code {done.returncode}, not {code}: {(done.stdout + done.stderr).strip()[-300:]}")


def editors(directory: Path) -> None:
    """Editors and readers at once: nothing torn, no update lost."""
    _simulated(directory, "--readers", "1")


def unlocked(directory: Path) -> None:
    """The same without a lock is found out: what it would be worth if all were well."""
    _simulated(directory, "--strategy", "none", code=_INVALID)


def killed(directory: Path) -> None:
    """Some of the editors are killed."""
    try:
        _simulated(directory, "--kill-rate", "10")
    except CheckError as error:
        if _TOO_SLOW not in str(error):
            raise
        _simulated(directory, "--kill-rate", "2", seconds=15)


def durable(directory: Path) -> None:
    """Every sync of a durable edit is taken; whether the disk keeps what it was given is for `powercuts`."""
    path = directory / "go.mod"
    path.write_bytes(b"old\n")
    lockedfile.Edit(path, lambda old: old * 2000, durable=True)
    if path.read_bytes() != b"old\n" * 2000:
        raise CheckError("the edit is not there")


@contextmanager
def _child(program: str, path: Path) -> Iterator[subprocess.Popen[str]]:
    """A process that runs it, and has said its first line."""
    command = [sys.executable, "-c", program, str(path)]
    process = subprocess.Popen(
        command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    with process:
        try:
            assert process.stdout is not None
            process.stdout.readline()
            yield process
            process.communicate(timeout=_LIMIT_S)
        finally:
            process.kill()


def _refused(directory: Path) -> tuple[LockTimeout, int]:
    """How a wait for a lock that another process has ends at its deadline, and the number of that process."""
    path = directory / "go.mod"
    path.write_bytes(b"old\n")
    with _child(_HOLD, path) as holder:
        try:
            lockedfile.Edit(path, lambda _: b"new\n", timeout=0.2)
        except LockTimeout as late:
            return late, holder.pid
    raise CheckError("two had the lock")


def deadline(directory: Path) -> None:
    """A wait ends."""
    _refused(directory)


def holders(directory: Path) -> None:
    """And names who has the lock."""
    late, pid = _refused(directory)
    named = [holder.pid for holder in late.holders]
    if named != [pid]:
        raise CheckError(f"held by pid {pid}; told: {named}")


def line(directory: Path) -> None:
    """Those who wait stand in line."""
    path = directory / "go.mod"
    path.write_bytes(b"old\n")
    with path.open("rb") as file:
        if not has_turnstile(file.fileno(), os.fstat(file.fileno()).st_dev):
            raise CheckError("those who come later may overtake")


def replaced(directory: Path) -> None:
    """An edit that waits while the path comes to name another file lands in that."""
    path, other = directory / "go.mod", directory / "other"
    path.write_bytes(b"old\n")
    other.write_bytes(b"other\n")
    with lockedfile.open(path, "r+b") as held:
        with _child(_EDIT, path):
            os.replace(other, path)
            held.close()
        if path.read_bytes() != b"other\nedited":
            raise CheckError(f"the file at the path has {path.read_bytes()!r}")


def suite(directory: Path) -> None:
    """The tests of locking, journal and recovery, with their files there."""
    tests = [f"tests/lockedfile/test_{name}.py" for name in ("edit", "exclusion", "journal", "recovery", "locked_file")]
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", f"--basetemp={directory / 'pytest'}"]
    done = subprocess.run([*command, *tests], cwd=ROOT, capture_output=True, text=True, timeout=_LONGEST_S, check=False)
    if done.returncode:
        raise CheckError(done.stdout.strip()[-600:])


CHECKS: dict[str, Callable[[Path], None]] = {
    check.__name__: check for check in (editors, unlocked, killed, durable, deadline, holders, line, replaced)
}
LONG: dict[str, Callable[[Path], None]] = {"suite": suite}
