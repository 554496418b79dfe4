"""Commands of this machine: run, and one that fails is a `CannotRunError` with what it said."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

from .failure import CannotRunError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

__all__ = ["pip", "run"]

# Downloads of 150 MB are among them; this is for what hangs.
_LONGEST_S = 900.0


def run(what: str, command: Sequence[str | Path], *, remedy: str, environment: Mapping[str, str] | None = None) -> str:
    """What it prints. Raises `CannotRunError`, which says `what` was tried, and ends with the remedy."""
    words = [str(word) for word in command]
    try:
        done = subprocess.run(
            words,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=_LONGEST_S,
            env=environment,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise CannotRunError(what, str(error), remedy) from error
    if done.returncode != 0:
        said = (done.stderr.strip() or done.stdout.strip()).splitlines()[-8:]
        raise CannotRunError(
            what, "\n".join([f"{' '.join(words[:4])} ... ended with {done.returncode}:", *said]), remedy
        )
    return done.stdout


def pip(what: str, *words: str | Path) -> None:
    """Let this Python's pip fetch something; what it keeps of downloads is its own affair."""
    command = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet", *words]
    run(what, command, remedy="see whether pip reaches an index here, and try again: what was done is kept")
