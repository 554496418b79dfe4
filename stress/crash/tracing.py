"""Strace: which system calls a child makes on some files, and the faults that it puts into them.

A kill comes on entry: the call is not made. Nor is a call that fails: the kernel never sees it.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING

from .fault import KILL, MANY, Call

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from .fault import Fault

__all__ = ["calls_in", "cannot_trace", "command", "expression", "version"]

_LINE = re.compile(r"^\d+ +(\w+)\((.*)$")
_FILE = re.compile(r"\b\d+<([^>]*)>|\"(/[^\"]*)\"")


def expression(fault: Fault) -> str:
    """A fault as strace wants it."""
    what = "signal=KILL" if fault.what == KILL else f"error={fault.what}"
    until = "" if not fault.lasting else f"..{fault.at + MANY - 1}" if fault.what == "EINTR" else "+"
    return f"inject={fault.name}:{what}:when={fault.at}{until}"


def command(log: Path, watched: Sequence[Path], fault: Fault | None) -> list[str]:
    """What to put before a command to note its calls on the `watched` files in `log`, or to put the fault into them."""
    options = [option for path in watched for option in ("-P", str(path))]
    if fault:
        options += ["-e", f"trace={fault.name}", "-e", expression(fault)]
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
