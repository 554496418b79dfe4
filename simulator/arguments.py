"""The options that describe a run, for all commands that do one, and one clear line for what cannot be done."""

from __future__ import annotations

import argparse
import secrets
from typing import TYPE_CHECKING, NamedTuple, NoReturn

from . import distribution
from .config import Config
from .launch import STARTS
from .near import question
from .process import CAN_FREEZE
from .strategies import NAMES, StrategyError, load

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["USAGE", "Parser", "add_harm", "add_load", "amount", "config_of", "durations", "existing_path", "whole"]

USAGE = 2
"""The exit code of a command line that cannot be done as it is."""

_MOST_WORKERS = 1024
_MOST = 1_000_000  # seconds, or milliseconds
_MOST_FAULTS = 1000  # a second
_THINK_MS = "exp:1"


class Parser(argparse.ArgumentParser):
    """One line for an error, with the option that was probably meant."""

    def __init__(self, command: str, description: str, epilog: str) -> None:
        super().__init__(
            prog=f"python -m simulator {command}".rstrip(),
            description=description,
            epilog=epilog,
            formatter_class=argparse.RawDescriptionHelpFormatter,
            allow_abbrev=False,
        )
        self._told_as = f"simulator {command}".rstrip()
        self.refused: dict[str, str] = {}
        """Options that other commands have, and why this one has not."""

    def error(self, message: str) -> NoReturn:
        """Leave with that line and the exit code `USAGE`."""
        words = message.removeprefix("unrecognized arguments: ").split()
        if message.startswith("unrecognized arguments: ") and words:
            message = self._unknown(words[0])
        self.exit(USAGE, f"{self._told_as}: {message} (--help tells more)\n")

    def _unknown(self, word: str) -> str:
        option = word.partition("=")[0]
        if option in self.refused:
            return self.refused[option]
        options = [option for action in self._actions for option in action.option_strings]
        return f"unknown argument {word}{question(option, options, cutoff=0.7)}"


def whole(least: int, most: int | None = None) -> Callable[[str], int]:
    """A type of arguments: a whole number between the two."""

    def parsed(word: str) -> int:
        try:
            number = int(word)
        except ValueError:
            raise argparse.ArgumentTypeError(f"{word} is not a whole number") from None
        if number < least or (most is not None and number > most):
            raise argparse.ArgumentTypeError(f"{word} is not {least} or more" + (f", up to {most}" if most else ""))
        return number

    return parsed


def existing_path(word: str) -> str:
    """A type of arguments: a path that is not empty."""
    if not word:
        raise argparse.ArgumentTypeError("the path is empty")
    return word


def amount(*, zero: bool, most: int = _MOST) -> Callable[[str], float]:
    """A type of arguments: a number up to `most`, which may be 0 or not."""

    def parsed(word: str) -> float:
        try:
            number = float(word)
        except ValueError:
            raise argparse.ArgumentTypeError(f"{word} is not a number") from None
        if not 0 <= number <= most or (number == 0 and not zero):
            raise argparse.ArgumentTypeError(f"{word} is not {'0 or more' if zero else 'more than 0'}, up to {most:,}")
        return number

    return parsed


def durations(word: str) -> str:
    """A type of arguments: a `distribution`, as text."""
    try:
        distribution.parse(word)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None
    return word


def _strategies(word: str) -> str:
    try:
        for name in word.split(","):
            load(name)
    except StrategyError as error:
        raise argparse.ArgumentTypeError(str(error)) from None
    return word


class _Option(NamedTuple):
    name: str
    type: Callable[[str], object]
    default: object
    metavar: str
    help: str


_CROWD = (
    _Option("--workers", whole(1, _MOST_WORKERS), 8, "N", "processes that edit (default 8)"),
    _Option("--readers", whole(0, _MOST_WORKERS), 0, "N", "processes that only read, under the lock (default 0)"),
    _Option(
        "--peekers",
        whole(0, _MOST_WORKERS),
        0,
        "N",
        "processes that read without a lock: how often do they see a mix? (default 0)",
    ),
)
_PACE = (
    _Option("--hold-ms", durations, "0", "MS", "keep the lock so long in each edit (default 0)"),
    _Option(
        "--think-ms",
        durations,
        None,
        "MS",
        f"pause after each operation (default {_THINK_MS}; at 0 whoever releases the lock mostly has it again at "
        f"once); both take a number or a distribution: {distribution.FORMS}",
    ),
    _Option(
        "--arrival-rate",
        amount(zero=False),
        None,
        "R",
        "an open loop: so many edits are due a second, of all workers together, at instants by chance, and waits "
        "count from then, so that a stall is not hidden (default: closed, each worker thinks and then edits)",
    ),
    _Option("--ramp", amount(zero=True), 0.0, "SECONDS", "let workers begin one by one over so long (default 0)"),
    _Option(
        "--limit",
        whole(1, _MOST_WORKERS),
        None,
        "N",
        "let at most N editors wait at once; others are turned away, and counted",
    ),
    _Option(
        "--timeout",
        amount(zero=True),
        None,
        "SECONDS",
        "give an edit up that has not got the lock by then, and count it",
    ),
)


def add_load(parser: argparse.ArgumentParser, *, strategy: bool = True) -> None:
    """The options that say who edits what, how often, and how long; read them by `config_of`."""
    group = parser.add_argument_group("load")
    _add(group, _CROWD)
    length = group.add_mutually_exclusive_group()
    length.add_argument(
        "--duration", type=amount(zero=False), default=5.0, metavar="SECONDS", help="how long to edit (default 5)"
    )
    length.add_argument("--edits", type=whole(1), metavar="N", help="or how many edits each worker tries")
    _add(group, _PACE)
    if strategy:
        group.add_argument(
            "--strategy",
            type=_strategies,
            metavar="NAME",
            default="lockedfile",
            help=f"the locker: {', '.join(NAMES)}, or package.module:attribute, a class of yours; a,b mixes editors of "
            "several kinds (default lockedfile)",
        )
    group.add_argument(
        "--file",
        type=existing_path,
        metavar="PATH",
        help="edit a copy of this go.mod, go.work or go.sum (default: write a go.mod)",
    )
    group.add_argument(
        "--start",
        choices=STARTS,
        default="spawn",
        help="start each worker as a fresh interpreter, or fork it from a server, which is quicker (default spawn)",
    )
    group.add_argument(
        "--seed",
        type=whole(0),
        metavar="N",
        help="of the go.mod that is written and of the pauses (default: by chance)",
    )


def _add(group: argparse._ArgumentGroup, options: tuple[_Option, ...]) -> None:
    for option in options:
        group.add_argument(
            option.name, type=option.type, default=option.default, metavar=option.metavar, help=option.help
        )


def add_harm(parser: argparse.ArgumentParser) -> None:
    """The options that say what is done to workers."""
    harm = parser.add_argument_group(
        "harm",
        "At instants by chance. Half of it is done to any worker, whatever it\n"
        "does; the other half waits for one that is writing, as by itself hardly\n"
        "any kill would hit the microseconds that a write takes.",
    )
    harm.add_argument(
        "--kill-rate",
        type=amount(zero=True, most=_MOST_FAULTS),
        default=0.0,
        metavar="R",
        help="kill so many workers a second with SIGKILL, and put fresh ones in their places (default 0); the go.mod "
        "is then a long one, and each edit moves all that stands behind its line",
    )
    harm.add_argument(
        "--stop-rate",
        type=amount(zero=True, most=_MOST_FAULTS),
        default=0.0,
        metavar="R",
        help="freeze so many workers a second with SIGSTOP, each for 20 ms on average (default 0; not on Windows)",
    )
    harm.add_argument(
        "--disk-full",
        type=amount(zero=True, most=_MOST_FAULTS),
        default=0.0,
        metavar="R",
        help="fill up the disk so many times a second, each for 50 ms on average (default 0; Linux, as root: the "
        "file is then on a small tmpfs of its own)",
    )


def config_of(options: argparse.Namespace, parser: argparse.ArgumentParser) -> Config:
    """Make the configuration of a run of what `add_load` and `add_harm` have understood."""
    if options.arrival_rate and options.think_ms is not None:
        parser.error("argument --think-ms: not with --arrival-rate, where edits come by a clock of their own")
    if getattr(options, "stop_rate", 0) and not CAN_FREEZE:
        parser.error("argument --stop-rate: this system cannot stop a process and let it go on; --kill-rate it can")
    return Config(
        workers=options.workers,
        readers=options.readers,
        peekers=options.peekers,
        duration_s=None if options.edits else options.duration,
        edits=options.edits,
        hold_ms=options.hold_ms,
        think_ms=_THINK_MS if options.think_ms is None else options.think_ms,
        arrival_rate=options.arrival_rate or 0.0,
        ramp_s=options.ramp,
        limit=options.limit or 0,
        timeout_s=options.timeout,
        file=options.file,
        strategy=getattr(options, "strategy", None) or "lockedfile",
        seed=secrets.randbelow(1_000_000) if options.seed is None else options.seed,
        start=options.start,
        kill_rate=getattr(options, "kill_rate", 0.0),
        stop_rate=getattr(options, "stop_rate", 0.0),
        disk_full_rate=getattr(options, "disk_full", 0.0),
    )
