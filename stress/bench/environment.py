"""The environment that the figures are from."""

from __future__ import annotations

import os
import platform
import sys
from dataclasses import dataclass
from pathlib import Path

from .child import run

__all__ = ["Environment", "describe", "file_system_of"]

_MOUNTS = Path("/proc/self/mountinfo")  # proc_pid_mountinfo(5)


@dataclass(frozen=True, slots=True)
class Environment:
    """Where and with what was measured."""

    python: str
    kernel: str
    file_system: str
    cpus: int
    go: str


def describe(directory: Path, peer: Path | None) -> Environment:
    """The environment of a run in `directory`; what cannot be found out reads "unknown"."""
    mounts = _MOUNTS.read_text() if _MOUNTS.exists() else ""
    return Environment(
        python=f"{platform.python_implementation()} {platform.python_version()}",
        kernel=f"{platform.system()} {platform.release()}",
        file_system=file_system_of(str(directory.resolve()), mounts),
        cpus=_cpus(),
        go=run([str(peer), "version"]).strip().removeprefix("go") if peer else "unknown",
    )


def file_system_of(directory: str, mounts: str) -> str:
    """The type of the file system that holds `directory`, an absolute path, by the text of a mountinfo.

    By the longest mount point above it, and not by device numbers: btrfs shows others in the one place than the other.
    """
    longest, found = "", "unknown"
    for line in mounts.splitlines():
        mount, _, source = line.partition(" - ")
        point = _unescaped(mount.split(" ")[4])
        inside = f"{directory}/".startswith(f"{point.rstrip('/')}/")
        if inside and len(point) >= len(longest):  # of two on one point the later covers the earlier
            longest, found = point, source.split(" ")[0]
    return found


def _cpus() -> int:
    """Those that this process may run on."""
    if sys.platform == "linux":
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _unescaped(text: str) -> str:
    for escape, character in (("\\040", " "), ("\\011", "\t"), ("\\012", "\n"), ("\\134", "\\")):
        text = text.replace(escape, character)
    return text
