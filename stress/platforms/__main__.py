"""`python -m stress.platforms`: the library's tests as they would run on macOS, where what is Linux' own is missing.

The kernel stays Linux'. So this shows which modules are chosen, that they do without turnstile and /proc, which tests
need Linux, and that those are left out by name; what the kernel of macOS does is for macOS to show.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from .retold import copied

if TYPE_CHECKING:
    from collections.abc import Sequence

ROOT = Path(__file__).parents[2]
SYSTEM = "darwin"
LEFT_OUT = Path("stress", "platforms", "left-out.txt")

# What meets the modules that differ, and is done in half a minute.
_MET = "edit errors file holders journal locked_file mutex oslock oslock_macos would_deadlock"
QUICK = [f"tests/lockedfile/test_{name}.py" for name in _MET.split()]


def main(arguments: Sequence[str]) -> int:
    """Run them; pytest's exit code."""
    parser = argparse.ArgumentParser(prog="python -m stress.platforms", description=__doc__)
    parser.add_argument("--all", action="store_true", help="all tests, not only those that meet what differs")
    parser.add_argument("pytest", nargs="*", metavar="WORD", help="what pytest is to be told instead, after --")
    asked = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="lockedfile-platforms-") as directory:
        Path(directory).chmod(0o755)  # some tests have children of another user
        copied(ROOT, Path(directory), SYSTEM)
        words = asked.pytest or ["-n", "auto", "-q", *([] if asked.all else QUICK)]
        command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *words]
        environment = os.environ | {"CI": "true", "LOCKEDFILE_LEFT_OUT": str(Path(directory, LEFT_OUT))}
        return subprocess.run(command, cwd=directory, env=environment, check=False).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
