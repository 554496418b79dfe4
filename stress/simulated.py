"""A run of the simulator as a program of its own, and what it told."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["simulated"]

_ROOT = Path(__file__).parents[1]
_ENDING_S = 120.0  # of many processes and their judging, on a slow machine


def simulated(words: Sequence[str], directory: Path, *, within_s: float) -> dict[str, Any]:
    """What the simulator told, with these words and `directory`, a new one, to keep the run in.

    If it told nothing, `error` is why, and `code` its exit code. A Ctrl-C ends it in good order.
    """
    directory.mkdir()
    output = directory / "told.json"
    words = [*words, "--quiet", "--json", str(output), "--dir", str(directory / "run")]
    child = subprocess.Popen(
        [sys.executable, "-m", "simulator", *words],
        cwd=_ROOT,
        env={**os.environ, "PYTHONPATH": str(_ROOT)},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        process_group=0,
    )
    try:
        _, errors = child.communicate(timeout=within_s)
    except subprocess.TimeoutExpired:
        return {"error": f"python -m simulator {' '.join(words)}: not done in time", "code": None}
    finally:
        _end(child)
    if output.exists():
        return dict(json.loads(output.read_text(encoding="utf-8")))
    last = (errors.strip().splitlines() or ["it said nothing"])[-1]
    error = f"python -m simulator {' '.join(words)}: exit code {child.returncode}: {last}"
    return {"error": error, "code": child.returncode}


def _end(child: subprocess.Popen[str]) -> None:
    """It stops its workers when it is interrupted; should it not, they end by themselves when it is gone."""
    if child.poll() is None:
        child.send_signal(signal.SIGINT)
        try:
            child.communicate(timeout=_ENDING_S)
        except subprocess.TimeoutExpired:
            child.kill()
            child.communicate()
