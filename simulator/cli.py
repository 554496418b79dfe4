"""The command line: arguments in, a run, what is to be told of it, and an exit code."""

from __future__ import annotations

import argparse
import difflib
import json
import math
import os
import secrets
import signal
import sys
import tempfile
from contextlib import contextmanager, nullcontext, suppress
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from .checker import Result, check
from .config import Config
from .live import watching
from .report import Account, document, text
from .run import RunError, prepare, run
from .saved import read_history
from .stats import measure
from .strategies import NAMES, load

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import FrameType

__all__ = ["main"]

VALID, INVALID, USAGE, CANNOT = 0, 1, 2, 3

_MOST_WORKERS = 1024

_DESCRIPTION = """\
Start real processes that all edit one real go.mod: worker 7 raises the version of
example.com/worker07, again and again, each edit under the lock of the strategy. Measure
how long each waits, then decide from the recorded history whether any write was torn
or any update lost.
"""

_EPILOG = """\
examples:
  python -m simulator --workers 32                    the usual stress run, 5 seconds
  python -m simulator --workers 8 --strategy none     without a lock: see what it is for
  python -m simulator --workers 16 --readers 8        readers in between
  python -m simulator --hold-ms 5 --think-ms 50       slow edits of patient editors
  python -m simulator --file go.sum --edits 200       on a copy of a file of yours
  python -m simulator --quiet --json - | jq .numbers  for other programs

exit codes: 0 VALID, 1 INVALID or UNKNOWN, 2 usage, 3 the strategy cannot run here
Ctrl-C stops the run early; the verdict on what was recorded is still given.
"""


class _Parser(argparse.ArgumentParser):
    """One line for an error, with the option that was probably meant."""

    def error(self, message: str) -> NoReturn:
        unknown = message.removeprefix("unrecognized arguments: ")
        if unknown != message:
            options = [option for action in self._actions for option in action.option_strings]
            near = difflib.get_close_matches(unknown.split()[0].split("=")[0], options, n=1)
            message = f"unknown argument {unknown.split()[0]}" + (f"; did you mean {near[0]}?" if near else "")
        self.exit(USAGE, f"simulator: {message} (--help tells more)\n")


def main(arguments: list[str]) -> int:
    """Run the command line `arguments`; the exit code."""
    for stream in (sys.stdout, sys.stderr):
        with suppress(AttributeError):  # replaced by something that is not a file of text
            stream.reconfigure(errors="replace")  # type: ignore[union-attr]
    try:
        options = _options(arguments)
        return _simulate(options)
    except RunError as error:
        sys.stderr.write(f"simulator: {error}\n")
        return USAGE
    except BrokenPipeError:  # who read our output has gone, as `| head` does
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        return INVALID
    except KeyboardInterrupt:
        sys.stderr.write("simulator: interrupted before there was anything to judge\n")
        return INVALID


def _simulate(options: argparse.Namespace) -> int:
    config = _config(options)
    reason = load(config.strategy).probe()
    if reason:
        sys.stderr.write(f"simulator: strategy {config.strategy} cannot run here: {reason}\n")
        return CANNOT
    _check_json(options.json)
    with _directory(options.dir) as directory, _terminable():
        prepare(config, directory)
        shown = nullcontext(_ignore) if options.quiet else watching(config, sys.stderr, live=sys.stderr.isatty())
        with shown as watch:
            ended = run(config, directory, watch)
        if not options.quiet:
            sys.stderr.write("judging the history\n")
        history = read_history(directory)
        account = Account(
            config,
            history,
            check(history),
            measure(history, config.workers),
            ended.startup_s,
            ended.interrupted,
            ended.lost,
            ended.failures,
            kept_in=options.dir,
        )
        _tell(account, options)
        if options.dir:
            _write(directory / "run.json", json.dumps(document(account), indent=2) + "\n")
    return VALID if account.verdict.result is Result.VALID else INVALID


def _ignore(_: object) -> None:
    """Show nothing."""


def _tell(account: Account, options: argparse.Namespace) -> None:
    """The text to people, the JSON where it was asked for: to stdout, then the text makes room."""
    told = text(account)
    if options.json == "-":
        sys.stderr.write(told)
        sys.stdout.write(json.dumps(document(account), indent=2) + "\n")
        return
    result = account.verdict.result
    if sys.stdout.isatty() and not os.environ.get("NO_COLOR"):
        colour = {Result.VALID: 32, Result.INVALID: 31, Result.UNKNOWN: 33}[result]
        told = told.replace(result.value, f"\x1b[1;{colour}m{result.value}\x1b[0m", 1)
    sys.stdout.write(told)
    sys.stdout.flush()
    if options.json:
        _write(Path(options.json), json.dumps(document(account), indent=2) + "\n")


def _write(path: Path, content: str) -> None:
    try:
        path.write_text(content, encoding="utf-8")
    except OSError as error:
        raise RunError(f"cannot write {path}: {error.strerror}") from error


def _check_json(path: str | None) -> None:
    """Say before the run, not after it, that its figures could not be written."""
    if path is None or path == "-":
        return
    if Path(path).is_dir():
        raise RunError(f"cannot write --json {path}: it is a directory")
    if not os.access(path if Path(path).exists() else Path(path).parent, os.W_OK):
        raise RunError(f"cannot write --json {path}: no such directory, or no permission")


@contextmanager
def _directory(kept: str | None) -> Iterator[Path]:
    """Where the run lives: a new directory that stays, or one that goes when the run is told."""
    if kept is None:
        with tempfile.TemporaryDirectory(prefix="simulator-") as made:
            yield Path(made)
        return
    directory = Path(kept)
    try:
        directory.mkdir(parents=True, exist_ok=True)
        used = any(directory.iterdir())
    except OSError as error:
        raise RunError(f"cannot use --dir {kept}: {error.strerror}") from error
    if used:
        raise RunError(f"cannot use --dir {kept}: it is not empty; name a new directory")
    yield directory


@contextmanager
def _terminable() -> Iterator[None]:
    """Let a polite request to end do what Ctrl-C does: stop the workers, judge what was recorded, clean up."""

    def interrupt(_signal: int, _frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    names = [name for name in ("SIGTERM", "SIGHUP") if hasattr(signal, name)]
    before = {name: signal.signal(getattr(signal, name), interrupt) for name in names}
    try:
        yield
    finally:
        for name, handler in before.items():
            signal.signal(getattr(signal, name), handler)


def _config(options: argparse.Namespace) -> Config:
    duration_s = None if options.edits else options.duration
    return Config(
        workers=options.workers,
        readers=options.readers,
        duration_s=duration_s,
        edits=options.edits,
        hold_ms=options.hold_ms,
        think_ms=options.think_ms,
        file=options.file,
        strategy=options.strategy,
        seed=secrets.randbelow(1_000_000) if options.seed is None else options.seed,
    )


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


def _amount(*, zero: bool) -> Callable[[str], float]:
    def parsed(word: str) -> float:
        try:
            number = float(word)
        except ValueError:
            raise argparse.ArgumentTypeError(f"{word} is not a number") from None
        if not math.isfinite(number) or number < 0 or (number == 0 and not zero):
            raise argparse.ArgumentTypeError(f"{word} is not {'0 or more' if zero else 'more than 0'}")
        return number

    return parsed


def _options(arguments: list[str]) -> argparse.Namespace:
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
        "--strategy", choices=NAMES, default="lockedfile", help="the locker: lockedfile (default), or none at all"
    )
    load_options.add_argument(
        "--file", metavar="PATH", help="edit a copy of this go.mod, go.work or go.sum (default: write a go.mod)"
    )
    load_options.add_argument(
        "--seed",
        type=_whole(0),
        metavar="N",
        help="of the go.mod that is written and of the pauses (default: by chance)",
    )
    output = parser.add_argument_group("output")
    output.add_argument("--json", metavar="PATH", help="write all figures there; - is stdout")
    output.add_argument("--dir", metavar="PATH", help="keep the run there: the file, all records, run.json")
    output.add_argument("--quiet", action="store_true", help="show nothing while it runs")
    return parser.parse_args(arguments)
