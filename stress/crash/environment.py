"""What the figures are from: the versions of what took part."""

from __future__ import annotations

import platform
from pathlib import Path

from stress.bench.environment import file_system_of

__all__ = ["versions"]

_MOUNTS = Path("/proc/self/mountinfo")  # proc_pid_mountinfo(5)


def versions(directory: Path) -> dict[str, str]:
    """Of interpreter and kernel, and the file system that holds `directory`; what cannot be found out is "unknown"."""
    mounts = _MOUNTS.read_text() if _MOUNTS.exists() else ""
    return {
        platform.python_implementation(): platform.python_version(),
        platform.system(): platform.release(),
        "file system": file_system_of(str(directory.resolve()), mounts),
    }
