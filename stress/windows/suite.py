"""How the tests are run there."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from . import peer, watched
from .parts import ROOT
from .prefix import private
from .telling import tell
from .wine import OverrunError, session, windows_path

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from .parts import Windows

__all__ = ["TOOK_TOO_LONG", "pytest_words", "run"]

TOOK_TOO_LONG = 124
"""The exit code of a run that was ended, as `timeout` has it."""

# A test that hangs is ended with its process, and pytest-xdist names it and goes on.
_LONGEST_TEST_S = 120


def pytest_words(chosen: Sequence[str]) -> list[str]:
    """The command line of pytest; who chooses tests also chooses by how many processes."""
    return [
        *("-u", "-m", "pytest", "-p", "no:cacheprovider", "-p", "stress.windows.watched"),
        *("-o", f"faulthandler_timeout={_LONGEST_TEST_S}", "-o", "faulthandler_exit_on_timeout=true"),
        f"--color={'yes' if sys.stdout.isatty() else 'no'}",  # of a pipe, as there is one between us, it has to be told
        *(chosen or ["-n", "auto"]),
    ]


def run(windows: Windows, words: Sequence[str], *, limit_s: float) -> int:
    """Run Python so; its exit code, or `TOOK_TOO_LONG`."""
    with private(windows.prefix) as prefix:
        notes = prefix.with_name("watched")
        notes.mkdir()
        with session(windows.wine, prefix) as wine:
            try:
                code = wine.run(
                    [windows.python / "python.exe", *words],
                    limit_s=limit_s,
                    environment=_environment(windows, notes),
                    output=sys.stdout.buffer,
                )
            except OverrunError:
                tell(f"ended, as it took longer than {limit_s:.0f} s (--limit)")
                code = TOOK_TOO_LONG
            for test in watched.running(notes):
                tell(f"had not ended: {test}")
            return code


def _environment(windows: Windows, notes: Path) -> dict[str, str]:
    return {
        "CI": "true",  # a skip that is not in the list fails
        "HYPOTHESIS_STORAGE_DIRECTORY": windows_path(notes.with_name("hypothesis")),
        "PYTHONPATH": windows_path(ROOT),
        "PYTHONPYCACHEPREFIX": windows_path(windows.compiled),  # not beside what Linux has compiled of the same files
        "PYTHONUTF8": "1",
        "WINEPATH": windows_path(windows.go),
        peer.VARIABLE: windows_path(windows.peer),
        watched.VARIABLE: windows_path(notes),
    }
