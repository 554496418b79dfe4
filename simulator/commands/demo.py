"""`python -m simulator demo`: the steps of a lock, one by one, in real processes."""

from __future__ import annotations

import os
import sys
import tempfile
from contextlib import closing
from pathlib import Path

from ..arguments import Parser, amount, whole
from ..demo.moment import Mode
from ..demo.script import NAMES, moments
from ..demo.show import SLOW_S, on_screen, transcript, with_keys
from ..demo.stage import StageError
from ..output import has_gone
from ..signals import terminable

__all__ = ["main"]

_WELL, _NOT_WELL, _INTERRUPTED = 0, 1, 130
_LEAST_WORKERS = 2
_MOST_SLOW_S = 60

_DESCRIPTION = """\
See a file lock at work. A few real processes edit one real go.mod, each with
lockedfile.Edit, and are stopped in front of each system call: the space bar
lets the next one happen. Shown with it are the bytes of the file, the line of
the code, and what it is for. Where no keys can be pressed, a transcript is
printed.
"""

_EPILOG = """\
examples:
  python -m simulator demo                 who comes second waits
  python -m simulator demo --without-lock  the update that gets lost
  python -m simulator demo --kill          a crash, and how it is repaired
  python -m simulator demo --slow          by itself, half a second a step
  python -m simulator demo > steps.txt     all of it, to read

keys: space, enter or right: next step; b or left: look back; a: go on by
itself; q: quit. Exit codes: 0 shown, or quit; 1 it could not be shown; 2 wrong
usage; 130 Ctrl-C.
"""


def main(arguments: list[str]) -> int:
    """Show the demo that `arguments` ask for; the exit code."""
    options = _parser().parse_args(arguments)
    mode = Mode.WITHOUT if options.without_lock else Mode.KILL if options.kill else Mode.LOCK
    try:
        with terminable():
            return _shown(mode, options.workers, options.slow)
    except KeyboardInterrupt:
        return _INTERRUPTED
    except (StageError, OSError) as error:
        if isinstance(error, OSError) and has_gone(error):
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            return _NOT_WELL
        sys.stderr.write(f"simulator: demo: {error}\n")
        return _NOT_WELL


def _shown(mode: Mode, workers: int, slow_s: float | None) -> int:
    with tempfile.TemporaryDirectory(prefix="simulator-demo-") as directory:
        with closing(moments(mode, workers, Path(directory))) as shown:
            if not with_keys():
                last = transcript(shown, slow_s or 0.0)
            elif (last := on_screen(shown, slow_s)) and os.environ.get("TERM", "dumb") != "dumb":
                sys.stdout.write("\n".join(last.verdict) + "\n")  # it stays, where the screen goes
                sys.stdout.flush()
        return _WELL if last is None or last.well else _NOT_WELL


def _parser() -> Parser:
    parser = Parser("demo", _DESCRIPTION, _EPILOG)
    parser.add_argument(
        "--workers",
        type=whole(_LEAST_WORKERS, len(NAMES)),
        default=3,
        metavar="N",
        help=f"how many processes, {_LEAST_WORKERS} to {len(NAMES)} (default 3)",
    )
    what = parser.add_mutually_exclusive_group()
    what.add_argument(
        "--without-lock", action="store_true", help="the same without the lock: updates get lost, before your eyes"
    )
    what.add_argument(
        "--kill", action="store_true", help="kill the first in the middle of writing; the next one repairs the file"
    )
    parser.add_argument(
        "--slow",
        type=amount(zero=True, most=_MOST_SLOW_S),
        nargs="?",
        const=SLOW_S,
        metavar="SECONDS",
        help=f"go on by itself, so long after each step (default {SLOW_S:g}; without keys: no pause)",
    )
    return parser
