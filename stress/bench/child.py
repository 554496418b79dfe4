"""A child process that never outlives its use."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

__all__ = ["ChildError", "finish", "module", "run", "started"]

_ROOT = str(Path(__file__).parents[2])


class ChildError(Exception):
    """A child process failed, or took too long."""


@contextmanager
def started(command: Sequence[str]) -> Iterator[subprocess.Popen[bytes]]:
    """`command` with pipes; killed and reaped at the end of the block, if it has not ended.

    In a process group of its own: a Ctrl-C is for the parent, which then ends the child and what that has started.
    Modules are found in this checkout first, and their byte code is kept, whatever the environment says: an import amid
    what is timed is to cost what it costs where the package is installed.
    """
    with ExitStack() as stack:
        with _ctrl_c_later():
            child = subprocess.Popen(
                command,
                env=_environment(),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                bufsize=0,
                process_group=0,
            )
            stack.enter_context(child)
            stack.callback(_end, child)
        yield child


def _environment() -> dict[str, str]:
    paths = filter(None, [_ROOT, os.environ.get("PYTHONPATH")])
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    return {**kept, "PYTHONPATH": os.pathsep.join(paths)}


@contextmanager
def _ctrl_c_later() -> Iterator[None]:
    """A Ctrl-C in the block comes at its end: `Popen`, interrupted, would forget the process that it has made."""
    came: list[int] = []
    before = signal.signal(signal.SIGINT, lambda number, _frame: came.append(number))
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
    if came:
        raise KeyboardInterrupt


def _end(child: subprocess.Popen[bytes]) -> None:
    if child.poll() is not None:
        return
    if sys.platform == "win32":
        child.kill()
    else:
        os.killpg(child.pid, signal.SIGKILL)


def module(name: str, *arguments: str) -> list[str]:
    """The command that runs a module of this checkout."""
    return [sys.executable, "-m", name, *arguments]


def finish(child: subprocess.Popen[bytes], longest_s: float) -> str:
    """What `child` printed until its end. Raises `ChildError` if it fails, or is not done in `longest_s` seconds."""
    try:
        output, errors = child.communicate(timeout=longest_s)
    except subprocess.TimeoutExpired as error:
        raise ChildError(f"{_name(child)}: not done after {longest_s:.0f} s") from error
    if child.returncode != 0:
        last = (errors.decode(errors="replace").strip().splitlines() or ["it said nothing"])[-1]
        raise ChildError(f"{_name(child)}: exit code {child.returncode}: {last}")
    return output.decode()


def run(command: Sequence[str], longest_s: float = 120.0) -> str:
    """What `command` prints. Raises as `finish` does."""
    with started(command) as child:
        return finish(child, longest_s)


def _name(child: subprocess.Popen[bytes]) -> str:
    return " ".join(map(str, child.args)) if isinstance(child.args, list) else str(child.args)
