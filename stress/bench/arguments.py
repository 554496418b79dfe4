"""The arguments of the command line, and how much is measured for them."""

from __future__ import annotations

import argparse
import os
import shlex
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["Effort", "Options", "parse"]

PROGRAM = "python -m stress.bench"


@dataclass(frozen=True, slots=True)
class Effort:
    """How much one round of each phase does."""

    same_size_edits: int
    deadline_turns: int
    append_edits: int
    durable_edits: int
    import_pairs: int
    contention_ms: int
    handoffs: int
    polled_handoffs: int
    wait_s: float
    fairness_ms: int
    writers_ms: int


_FULL = Effort(
    same_size_edits=3000,
    deadline_turns=80,
    append_edits=100,
    durable_edits=60,
    import_pairs=4,
    contention_ms=500,
    handoffs=150,
    polled_handoffs=12,
    wait_s=5,
    fairness_ms=2000,
    writers_ms=3000,
)
_QUICK = Effort(
    same_size_edits=200,
    deadline_turns=5,
    append_edits=5,
    durable_edits=5,
    import_pairs=1,
    contention_ms=30,
    handoffs=5,
    polled_handoffs=1,
    wait_s=0.3,
    fairness_ms=200,
    writers_ms=300,
)
_FULL_ROUNDS = 15
_QUICK_ROUNDS = 3
_ROUNDS_A_WAIT = 4


@dataclass(frozen=True, slots=True)
class Options:
    """What was asked for."""

    rounds: int
    quick: bool
    directory: Path
    json: Path | None

    @property
    def effort(self) -> Effort:
        """How much a round does."""
        return _QUICK if self.quick else _FULL

    @property
    def waiting_rounds(self) -> int:
        """The rounds of the phases in which processes wait: fewer, as each takes seconds."""
        return -(-self.rounds // _ROUNDS_A_WAIT)

    @property
    def command(self) -> str:
        """The command that measures the same again."""
        options = ["--quick"] if self.quick else []
        return f"{PROGRAM} {shlex.join([*options, '--rounds', str(self.rounds), '--dir', str(self.directory)])}"


def parse(arguments: Sequence[str] | None) -> Options:
    """The options in `arguments`; a wrong one ends the program with one line and exit code 2."""
    parser = _Parser(
        prog=PROGRAM,
        description="Measure lockedfile beside Go's own, bare system calls, a bare interpreter and other libraries, in "
        "about four minutes.",
        epilog="Exit code 0: measured, whether or not the targets are met; 1: could not measure; 2: wrong usage; "
        "130: stopped by Ctrl-C, after printing what was measured.",
        allow_abbrev=False,
    )
    parser.add_argument("--json", type=_output, metavar="PATH", help="write every sample and outcome there")
    parser.add_argument("--quick", action="store_true", help="a few seconds only: shows that it works, not how fast")
    parser.add_argument(
        "--dir",
        type=_directory,
        default=tempfile.gettempdir(),
        help="measure on the file system of this directory, in a directory of its own (default: %(default)s)",
    )
    parser.add_argument(
        "--rounds", type=_rounds, metavar="N", help=f"default: {_FULL_ROUNDS}; with --quick {_QUICK_ROUNDS}"
    )
    known = parser.parse_args(arguments)
    return Options(
        rounds=known.rounds or (_QUICK_ROUNDS if known.quick else _FULL_ROUNDS),
        quick=known.quick,
        directory=known.dir,
        json=known.json,
    )


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        self.exit(2, f"{self.prog}: {message}; see --help\n")


def _rounds(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of at least 1")
    return int(text)


def _directory(text: str) -> Path:
    directory = Path(text)
    if not directory.is_dir():
        raise argparse.ArgumentTypeError(f"{text!r} is not a directory")
    if not os.access(directory, os.W_OK | os.X_OK):
        raise argparse.ArgumentTypeError(f"{text!r} cannot be written in")
    return directory


def _output(text: str) -> Path:
    path = Path(text)
    if path.is_dir():
        raise argparse.ArgumentTypeError(f"{text!r} is a directory, not a file to write")
    if not os.access(path if path.exists() else path.parent, os.W_OK):
        raise argparse.ArgumentTypeError(f"{text!r} cannot be written")
    return path
