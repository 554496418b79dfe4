"""What importing something costs."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import lockedfile

_ROOT = Path(lockedfile.__file__).parents[1]


def imported_with(modules: str) -> set[str]:
    """What a bare interpreter has to import for them."""
    program = (
        "import sys; before = set(sys.modules); sys.path.insert(0, sys.argv[1]);"
        f"import {modules}; print(*sorted(set(sys.modules) - before))"
    )
    command = [sys.executable, "-S", "-I", "-c", program, str(_ROOT)]
    return set(subprocess.run(command, capture_output=True, text=True, timeout=60, check=True).stdout.split())


def inevitable() -> set[str]:
    """What is imported on this system in any case: Windows is called by ctypes, which has threads in Python 3.14."""
    return imported_with("ctypes") if sys.platform == "win32" else set()
