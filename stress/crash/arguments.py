"""The arguments of the command line: what can be asked for, and one clear line for what can not."""

from __future__ import annotations

import argparse
import os
import secrets
import shlex
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, NoReturn

from simulator.near import question

from .lane import LANES

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["PROGRAM", "USAGE", "Parser", "Request", "requested"]

PROGRAM = "python -m stress.crash"

USAGE = 2
"""The exit code of a command line that cannot be done as it is."""

_DESCRIPTION = """\
Kill edits, let their system calls fail, fill their disks and cut their power;
then ask a fresh process what is left of the file: the old content or the new,
and nothing beside it, or else say what was torn, lost or littered.
"""

_EPILOG = f"""\
examples:
  {PROGRAM}                     every lane, in its short form
  {PROGRAM} --list              the lanes, and what each proves
  {PROGRAM} syscalls --long     one lane, in full
  {PROGRAM} --variant NAME      the library without one of its steps, in the
                                    lane that shows what the step is for
  {PROGRAM} --report docs       also write crash-report.md and .json there

exit codes: 0 all holds, 1 something does not, 2 wrong usage,
            3 a lane cannot run here, 130 stopped by Ctrl-C
Ctrl-C ends the lane in good order, and what was judged until then is told.
"""


class Request(NamedTuple):
    """A command line, understood."""

    lanes: tuple[str, ...]  # none: all, or for a variant the one that catches it
    long: bool
    seed: int
    variant: str | None
    list: bool
    directory: Path
    report: Path | None
    json: str | None  # a path; - is stdout
    join: tuple[Path, ...]  # what --json wrote before

    @property
    def command(self) -> str:
        """The command that does the same again."""
        if self.join:
            return f"{PROGRAM} {shlex.join(['--join', *(path.name for path in self.join)])}"
        words = [*self.lanes, *(["--long"] if self.long else []), "--seed", str(self.seed)]
        words += ["--variant", self.variant] if self.variant else []
        words += ["--dir", str(self.directory)] if str(self.directory) != tempfile.gettempdir() else []
        return f"{PROGRAM} {shlex.join(words)}"


class Parser(argparse.ArgumentParser):
    """One line for an error, with the word that was probably meant."""

    def error(self, message: str) -> NoReturn:
        """Leave with that line and the exit code `USAGE`."""
        unknown = message.removeprefix("unrecognized arguments: ")
        if unknown != message and unknown.strip():
            word = unknown.split()[0]
            options = [option for action in self._actions for option in action.option_strings]
            message = f"unknown argument {word}{question(word.split('=')[0], options)}"
        self.exit(USAGE, f"{self.prog}: {message} (--help tells more)\n")


def requested(arguments: Sequence[str] | None = None) -> Request:
    """Understand `arguments`, or leave with one line on stderr and the exit code `USAGE`."""
    options = _parser().parse_intermixed_args(arguments)  # lanes before options and after
    return Request(
        lanes=tuple(dict.fromkeys(options.lanes)),
        long=options.long,
        seed=secrets.randbelow(1_000_000) if options.seed is None else options.seed,
        variant=options.variant,
        list=options.list,
        directory=options.dir,
        report=options.report,
        json=options.json,
        join=tuple(options.join),
    )


def _parser() -> Parser:
    parser = Parser(
        prog=PROGRAM,
        description=_DESCRIPTION,
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("lanes", nargs="*", type=_lane, metavar="LANE", help=f"{', '.join(LANES)} (default: all)")
    parser.add_argument("--long", action="store_true", help="all that there is to try, not a sample of a minute")
    parser.add_argument("--seed", type=_seed, metavar="N", help="of what is left to chance (default: by chance)")
    parser.add_argument("--variant", type=_variant, metavar="NAME", help="take this step out of the library")
    parser.add_argument("--list", action="store_true", help="list lanes and variants, and do nothing")
    parser.add_argument(
        "--dir",
        type=_directory,
        default=tempfile.gettempdir(),
        metavar="DIR",
        help="work on the file system of this directory, in a directory of its own (default: %(default)s)",
    )
    parser.add_argument("--report", type=_directory, metavar="DIR", help="write crash-report.md and .json there")
    parser.add_argument(
        "--join", nargs="+", type=Path, default=[], metavar="PATH", help="run nothing; report what --json wrote there"
    )
    parser.add_argument("--json", type=_output, metavar="PATH", help="write all figures there; - is stdout")
    return parser


def _lane(word: str) -> str:
    if word not in LANES:
        raise argparse.ArgumentTypeError(f"{word} is no lane{question(word, LANES)}")
    return word


def _variant(word: str) -> str:
    from .variants import VARIANTS

    if word not in VARIANTS:
        raise argparse.ArgumentTypeError(f"{word} is no variant{question(word, list(VARIANTS))}")
    return word


def _seed(word: str) -> int:
    if not word.isdecimal():
        raise argparse.ArgumentTypeError(f"{word} is not a whole number of 0 or more")
    return int(word)


def _directory(word: str) -> Path:
    directory = Path(word).resolve()
    if not directory.is_dir():
        raise argparse.ArgumentTypeError(f"{word} is not a directory")
    if not os.access(directory, os.W_OK | os.X_OK):
        raise argparse.ArgumentTypeError(f"{word} cannot be written in")
    return directory


def _output(word: str) -> str:
    path = Path(word)
    if word != "-" and (path.is_dir() or not os.access(path if path.exists() else path.parent, os.W_OK)):
        raise argparse.ArgumentTypeError(f"{word} cannot be written")
    return word
