"""The arguments of the command line: what can be asked for, and one clear line for what can not."""

from __future__ import annotations

import argparse
import difflib
import secrets
from typing import TYPE_CHECKING, NamedTuple, NoReturn

from .config import Config
from .process import CAN_FREEZE
from .strategies import NAMES

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["USAGE", "Request", "requested"]

USAGE = 2
"""The exit code of a command line that cannot be done as it is."""

_MOST_WORKERS = 1024
_MOST = 1_000_000  # seconds, or milliseconds
_MOST_FAULTS = 1000  # a second

_DESCRIPTION = """\
Start real processes that all edit one real go.mod: worker 7 raises the version
of example.com/worker07, again and again, each edit under the lock of the
strategy. Measure how long each waits, then decide from the recorded history
whether any write was torn or any update lost.
"""

_EPILOG = """\
examples:
  python -m simulator --workers 32                 the usual run, 5 seconds
  python -m simulator --workers 8 --strategy none  see what the lock is for
  python -m simulator --workers 16 --readers 8     readers in between
  python -m simulator --hold-ms 5 --think-ms 50    slow edits, patient editors
  python -m simulator --file go.sum --edits 200    on a copy of a file of yours
  python -m simulator --workers 32 --kill-rate 5   kill workers as they edit
  python -m simulator --kill-rate 5 --strategy lockedfile-go-protocol
                                                   and there is no journal
  python -m simulator --quiet --json - | jq .numbers     for other programs

exit codes: 0 VALID, 1 INVALID or UNKNOWN, 2 wrong usage,
            3 the strategy cannot run here
Ctrl-C stops the run early, and what was recorded until then is judged.
"""


class _Parser(argparse.ArgumentParser):
    """One line for an error, with the option that was probably meant."""

    def error(self, message: str) -> NoReturn:
        unknown = message.removeprefix("unrecognized arguments: ")
        if unknown != message and unknown.strip():
            options = [option for action in self._actions for option in action.option_strings]
            near = difflib.get_close_matches(unknown.split()[0].split("=")[0], options, n=1, cutoff=0.7)
            message = f"unknown argument {unknown.split()[0]}" + (f"; did you mean {near[0]}?" if near else "")
        self.exit(USAGE, f"simulator: {message} (--help tells more)\n")


class Request(NamedTuple):
    """A command line, understood."""

    config: Config
    json: str | None  # where the figures go; - is stdout
    dir: str | None  # where the run is kept
    quiet: bool


def requested(arguments: list[str]) -> Request:
    """Understand `arguments`, or leave with one line on stderr and the exit code `USAGE`."""
    parser = _parser()
    options = parser.parse_args(arguments)
    if options.stop_rate and not CAN_FREEZE:
        parser.error("argument --stop-rate: this system cannot stop a process and let it go on; --kill-rate it can")
    config = Config(
        workers=options.workers,
        readers=options.readers,
        duration_s=None if options.edits else options.duration,
        edits=options.edits,
        hold_ms=options.hold_ms,
        think_ms=options.think_ms,
        file=options.file,
        strategy=options.strategy,
        seed=secrets.randbelow(1_000_000) if options.seed is None else options.seed,
        kill_rate=options.kill_rate,
        stop_rate=options.stop_rate,
    )
    return Request(config, options.json, options.dir, options.quiet)


def _whole(least: int, most: int | None = None) -> Callable[[str], int]:
    def parsed(word: str) -> int:
        try:
            number = int(word)
        except ValueError:
            raise argparse.ArgumentTypeError(f"{word} is not a whole number") from None
        if number < least or (most is not None and number > most):
            raise argparse.ArgumentTypeError(f"{word} is not {least} or more" + (f", up to {most}" if most else ""))
        return number

    return parsed


def _path(word: str) -> str:
    if not word:
        raise argparse.ArgumentTypeError("the path is empty")
    return word


def _amount(*, zero: bool, most: int = _MOST) -> Callable[[str], float]:
    def parsed(word: str) -> float:
        try:
            number = float(word)
        except ValueError:
            raise argparse.ArgumentTypeError(f"{word} is not a number") from None
        if not 0 <= number <= most or (number == 0 and not zero):
            raise argparse.ArgumentTypeError(f"{word} is not {'0 or more' if zero else 'more than 0'}, up to {most:,}")
        return number

    return parsed


def _parser() -> _Parser:
    parser = _Parser(
        prog="python -m simulator",
        description=_DESCRIPTION,
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    load_options = parser.add_argument_group("load")
    load_options.add_argument(
        "--workers", type=_whole(1, _MOST_WORKERS), default=8, metavar="N", help="processes that edit (default 8)"
    )
    load_options.add_argument(
        "--readers", type=_whole(0, _MOST_WORKERS), default=0, metavar="N", help="processes that only read (default 0)"
    )
    length = load_options.add_mutually_exclusive_group()
    length.add_argument(
        "--duration", type=_amount(zero=False), default=5.0, metavar="SECONDS", help="how long to edit (default 5)"
    )
    length.add_argument("--edits", type=_whole(1), metavar="N", help="or how many edits each worker tries")
    load_options.add_argument(
        "--hold-ms",
        type=_amount(zero=True),
        default=0.0,
        metavar="MS",
        help="keep the lock so long in each edit (default 0)",
    )
    load_options.add_argument(
        "--think-ms",
        type=_amount(zero=True),
        default=1.0,
        metavar="MS",
        help="pause after each operation: mean of an exponential distribution (default 1; "
        "at 0 whoever releases the lock mostly has it again at once)",
    )
    load_options.add_argument(
        "--strategy",
        choices=NAMES,
        metavar="NAME",
        default="lockedfile",
        help="the locker: lockedfile (default); lockedfile-durable, which waits for the disk; "
        "lockedfile-go-protocol, without a journal, as Go does it; or none at all",
    )
    load_options.add_argument(
        "--file",
        type=_path,
        metavar="PATH",
        help="edit a copy of this go.mod, go.work or go.sum (default: write a go.mod)",
    )
    load_options.add_argument(
        "--seed",
        type=_whole(0),
        metavar="N",
        help="of the go.mod that is written and of the pauses (default: by chance)",
    )
    harm = parser.add_argument_group(
        "harm",
        "At instants by chance. Half of it is done to any worker, whatever it\n"
        "  does; the other half waits for one that is writing, as by itself hardly\n"
        "  any kill would hit the microseconds that a write takes.",
    )
    harm.add_argument(
        "--kill-rate",
        type=_amount(zero=True, most=_MOST_FAULTS),
        default=0.0,
        metavar="R",
        help="kill so many workers a second with SIGKILL, and put fresh ones in their places (default 0); the go.mod "
        "is then a long one, and each edit moves all that stands behind its line",
    )
    harm.add_argument(
        "--stop-rate",
        type=_amount(zero=True, most=_MOST_FAULTS),
        default=0.0,
        metavar="R",
        help="freeze so many workers a second with SIGSTOP, each for 20 ms on average (default 0; not on Windows)",
    )
    output = parser.add_argument_group("output")
    output.add_argument("--json", type=_path, metavar="PATH", help="write all figures there; - is stdout")
    output.add_argument("--dir", type=_path, metavar="PATH", help="keep the run there: the file, all records, run.json")
    output.add_argument("--quiet", action="store_true", help="show nothing while it runs")
    return parser
