"""What a test needs of the machine, as marks; where it is missing the test skips, and says why."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys

import pytest


def _traces() -> bool:
    """Is strace here, and may it trace?"""
    strace = shutil.which("strace") if sys.platform == "linux" else None
    return strace is not None and subprocess.run([strace, "-qq", "-o", os.devnull, "true"], check=False).returncode == 0


def more_than_windows(reason: str) -> pytest.MarkDecorator:
    """What Windows has not, by its reason."""
    return pytest.mark.skipif(sys.platform == "win32", reason=reason)


symlinks = more_than_windows("needs symbolic links, which Windows lets few make")
posix = pytest.mark.skipif(sys.platform == "win32", reason="needs POSIX")
linux = pytest.mark.skipif(sys.platform != "linux", reason="needs Linux")
root = pytest.mark.skipif(sys.platform != "linux" or os.geteuid() != 0, reason="needs root on Linux")
strace = pytest.mark.skipif(not _traces(), reason="needs strace (Debian: strace), and the right to trace")
faults = strace if sys.platform == "linux" else pytest.mark.skipif(False, reason="")  # elsewhere from within
