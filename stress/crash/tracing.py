"""Strace: which system calls a child makes on some files, and the faults that it puts into them.

A kill comes on entry: the call is not made. Nor is a call that fails: the kernel never sees it.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

__all__ = ["ERRORS", "KILL", "Call", "Fault", "calls_in", "cannot_trace", "command", "version"]

KILL = "KILL"
ERRORS = ("EIO", "ENOSPC", "EDQUOT", "EINTR")

# From then on, for an error after which the caller may just try again: so many in a row, as for ever would be a hang.
_MANY = 10

_LINE = re.compile(r"^\d+ +(\w+)\((.*)$")
_FILE = re.compile(r"\b\d+<([^>]*)>|\"(/[^\"]*)\"")


class Call(NamedTuple):
    """A system call that was made."""

    name: str
    file: str  # the path that it is about
    text: str
    injected: bool


class Fault(NamedTuple):
    """What is put into the call `name`, when it is made for the `at`th time on one of the files."""

    name: str
    at: int
    what: str  # KILL, or the name of an error
    lasting: bool  # from then on, rather than once

    @property
    def expression(self) -> str:
        """As strace wants it."""
        what = "signal=KILL" if self.what == KILL else f"error={self.what}"
        until = "" if not self.lasting else f"..{self.at + _MANY - 1}" if self.what == "EINTR" else "+"
        return f"inject={self.name}:{what}:when={self.at}{until}"

    def __str__(self) -> str:
        if self.what == KILL:
            return f"killed on entry of {self.name} {self.at}"
        return f"{self.name} {self.at} fails with {self.what} {'from then on' if self.lasting else 'once'}"


def command(log: Path, watched: Sequence[Path], fault: Fault | None) -> list[str]:
    """What to put before a command to note its calls on the `watched` files in `log`, or to put the fault into them."""
    options = [option for path in watched for option in ("-P", str(path))]
    if fault:
        options += ["-e", f"trace={fault.name}", "-e", fault.expression]
        if fault.what != KILL:  # it is stopped at this call alone, which is twice as fast; but no signal comes so
            options.append("--seccomp-bpf")
    return ["strace", "-f", "-qq", "-y", "-o", str(log), *options]


def calls_in(log: str) -> list[Call]:
    """The calls in the text of a log."""
    found: list[Call] = []
    for line in log.splitlines():
        match = _LINE.match(line)
        if match:
            name, rest = match.groups()
            files = [one or other for one, other in _FILE.findall(rest)]
            file = next((one for one in files if one.startswith("/")), "")
            found.append(Call(name, file, rest, "(INJECTED)" in rest))
    return found


def cannot_trace() -> str | None:
    """Why there is no tracing here; None if there is."""
    strace = shutil.which("strace") if sys.platform == "linux" else None
    if strace is None:
        return "needs Linux and strace (Debian: strace)"
    probe = [strace, "-f", "-qq", "--seccomp-bpf", "-o", "/dev/null", "-e", "trace=close", "true"]
    done = subprocess.run(probe, capture_output=True, text=True, check=False)
    return None if done.returncode == 0 else f"needs the right to trace: {done.stderr.strip() or 'strace failed'}"


def version() -> str:
    """Of strace."""
    told = subprocess.run(["strace", "--version"], capture_output=True, text=True, check=False).stdout
    return told.partition("\n")[0].rpartition(" ")[2] or "unknown"
