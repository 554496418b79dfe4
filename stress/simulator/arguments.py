"""The arguments of the command line: what can be asked for, and one clear line for what can not."""

from __future__ import annotations

import argparse
import secrets
import shlex
from typing import TYPE_CHECKING, NamedTuple

from simulator.near import question
from stress.crash.arguments import USAGE, Parser

from .lockers import EXPECTED

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["PROGRAM", "USAGE", "Request", "requested"]

PROGRAM = "python -m stress.simulator"

_MOST = 1_000

_DESCRIPTION = """\
Run the simulator again and again with each locker, and with mixes of them:
what is sound must be found VALID every time, and what is not, INVALID.
"""

_LISTED = "\n".join(f"  {expected:7}  {strategy}" for strategy, expected in EXPECTED.items())

_EPILOG = f"""\
lockers and mixes, and what each is to be found:
{_LISTED}

exit codes: 0 each was found what it is to be, 1 some were not, 2 wrong usage,
            3 some cannot run here, 130 stopped by Ctrl-C
Ctrl-C ends the run under way, and what was found until then is told.
"""


class Request(NamedTuple):
    """A command line, understood."""

    strategies: tuple[str, ...]
    runs: int
    workers: int
    duration_s: int
    seed: int
    json: str | None

    @property
    def command(self) -> str:
        """The command that does the same again."""
        words = [] if self.strategies == tuple(EXPECTED) else list(self.strategies)
        words += ["--runs", str(self.runs), "--workers", str(self.workers)]
        return f"{PROGRAM} {shlex.join([*words, '--duration', str(self.duration_s), '--seed', str(self.seed)])}"


def requested(arguments: Sequence[str] | None = None) -> Request:
    """Understand `arguments`, or leave with one line on stderr and the exit code `USAGE`."""
    parser = _parser()
    options = parser.parse_intermixed_args(arguments)
    for word in options.strategies:
        if word not in EXPECTED:
            parser.error(f"{word} is none of the lockers{question(word, list(EXPECTED))}")
    return Request(
        strategies=tuple(dict.fromkeys(options.strategies)) or tuple(EXPECTED),
        runs=options.runs,
        workers=options.workers,
        duration_s=options.duration,
        seed=secrets.randbelow(1_000_000) if options.seed is None else options.seed,
        json=options.json,
    )


def _parser() -> Parser:
    parser = Parser(
        prog=PROGRAM,
        description=_DESCRIPTION,
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("strategies", nargs="*", metavar="LOCKER", help="of those below (default: all)")
    parser.add_argument("--runs", type=_number, default=3, metavar="N", help="of each (default %(default)s)")
    parser.add_argument("--workers", type=_number, default=8, metavar="N", help="processes (default %(default)s)")
    parser.add_argument("--duration", type=_number, default=1, metavar="S", help="seconds a run (default %(default)s)")
    parser.add_argument("--seed", type=int, metavar="N", help="of what is left to chance (default: by chance)")
    parser.add_argument("--json", metavar="PATH", help="write what was found there; - is stdout")
    return parser


def _number(word: str) -> int:
    if not word.isdecimal() or not 1 <= int(word) <= _MOST:
        raise argparse.ArgumentTypeError(f"{word} is not a whole number from 1 to {_MOST}")
    return int(word)
