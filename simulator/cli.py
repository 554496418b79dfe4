"""The command line: arguments in, a run, what is to be told of it, and an exit code."""

from __future__ import annotations

import json
import os
import signal
import sys
import tempfile
from contextlib import contextmanager, nullcontext, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from .arguments import USAGE, Request, requested
from .checker import Result, check
from .crew import RunError
from .live import watching
from .report import Account, document, plain, text
from .run import FileError, prepare, run
from .saved import read_history, shared
from .stats import measure
from .strategies import load

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import FrameType
    from typing import TextIO

    from .history import History
    from .run import Ended

__all__ = ["main"]

_VALID, _NOT_VALID, _CANNOT = 0, 1, 3


def main(arguments: list[str]) -> int:
    """Run the command line `arguments`; the exit code."""
    sys.stdout, sys.stderr = (stream or open(os.devnull, "w") for stream in (sys.stdout, sys.stderr))  # noqa: SIM115
    try:
        return _code(requested(arguments))
    finally:
        for stream in (sys.stdout, sys.stderr):
            try:
                stream.flush()
            except OSError:  # or the interpreter would try once more, and say so
                os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def _code(request: Request) -> int:
    try:
        return _simulate(request)
    except FileError as error:
        _note(f"simulator: {error}\n")
        return USAGE
    except RunError as error:
        _note(f"simulator: UNKNOWN: {error}\n")
    except KeyboardInterrupt:
        _note("simulator: given up; --dir keeps the records of a run\n")
    except BrokenPipeError:
        pass  # who read our output has gone, as `| head` does
    except OSError as error:
        _note(f"simulator: cannot write {error.filename or 'the report'}: {error.strerror}\n")
    return _NOT_VALID


def _note(line: str) -> None:
    """A line beside the report, whether anybody can read it or not.

    Straight to the descriptor, as a signal handler may need to say something while a line is being written.
    """
    with suppress(OSError):
        os.write(sys.stderr.fileno(), line.encode())


def _simulate(request: Request) -> int:
    config = request.config
    with _directory(request.dir) as directory, _terminable():
        _check_json(request.json)
        prepare(config, directory)
        reason = _reason_against(config.strategy, directory)
        if reason:
            _note(f"simulator: strategy {config.strategy} cannot run here: {reason}\n")
            return _CANNOT
        shown = nullcontext(_ignore) if request.quiet else watching(config, sys.stderr, live=sys.stderr.isatty())
        with shown as watch:
            ended = run(config, directory, watch)
        with _patient():
            if not request.quiet:
                _note("judging the history\n")
            account = _judged(request, read_history(directory), ended)
            figures = json.dumps(document(account), indent=2) + "\n"
            if request.dir:
                (directory / "run.json").write_text(figures, encoding="utf-8")
            if request.json and request.json != "-":
                Path(request.json).write_text(figures, encoding="utf-8")
            _tell(account, figures, to_stdout=request.json == "-")
    return _VALID if account.verdict.result is Result.VALID else _NOT_VALID


def _judged(request: Request, history: History, ended: Ended) -> Account:
    return Account(
        config=request.config,
        history=history,
        verdict=check(history),
        numbers=measure(history, request.config.workers),
        startup_s=ended.startup_s,
        interrupted=ended.interrupted,
        lost=ended.lost,
        failures=ended.failures,
        faults=ended.faults,
        litter=ended.litter,
        kept_in=request.dir,
    )


def _reason_against(name: str, directory: Path) -> str | None:
    """Why the strategy cannot be used on the file that is to be edited, if so."""
    strategy = load(name)
    reason = strategy.probe()
    if reason is None:
        try:
            strategy.open(str(shared(directory)))
            strategy.read()
            strategy.close()
        except OSError as error:
            reason = str(error)
    return reason


def _ignore(_: object) -> None:
    """Show nothing."""


def _tell(account: Account, figures: str, *, to_stdout: bool) -> None:
    """The text to people; if the figures are to be on stdout, it makes room."""
    stream = sys.stderr if to_stdout else sys.stdout
    told = text(account)
    if not _can_print(told, stream):
        told = plain(told)
    result = account.verdict.result
    if stream.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb":
        colour = {Result.VALID: 32, Result.INVALID: 31, Result.UNKNOWN: 33}[result]
        told = told.replace(result.value, f"\x1b[1;{colour}m{result.value}\x1b[0m")
    stream.write(told)
    stream.flush()
    if to_stdout:
        sys.stdout.write(figures)
        sys.stdout.flush()


def _can_print(told: str, stream: TextIO) -> bool:
    try:
        told.encode(stream.encoding)
    except UnicodeEncodeError:
        return False
    return True


def _check_json(path: str | None) -> None:
    """Say before the run, not after it, that its figures could not be written."""
    if path is None or path == "-":
        return
    file = Path(path)
    if file.is_dir():
        why = "it is a directory"
    elif not file.parent.is_dir():
        why = f"there is no directory {file.parent}"
    elif not os.access(file if file.exists() else file.parent, os.W_OK):
        why = "no permission"
    else:
        return
    raise FileError(f"cannot write --json {path}: {why}")


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
        raise FileError(f"cannot use --dir {kept}: {error.strerror}") from error
    if used:
        raise FileError(f"cannot use --dir {kept}: it is not empty; name a new directory")
    yield directory


@contextmanager
def _handling(handler: Callable[[int, FrameType | None], None], *names: str) -> Iterator[None]:
    """Have these signals, those of them that this system has, handled so within the block."""
    numbers = [getattr(signal, name) for name in names if hasattr(signal, name)]
    heeded = [number for number in numbers if signal.getsignal(number) != signal.SIG_IGN]  # nohup ignores SIGHUP
    before = {number: signal.signal(number, handler) for number in heeded}
    try:
        yield
    finally:
        for number, was in before.items():
            signal.signal(number, was)


@contextmanager
def _terminable() -> Iterator[None]:
    """Let a polite request to end do what Ctrl-C does: stop the workers, judge what was recorded, clean up."""

    def interrupt(_signal: int, _frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    with _handling(interrupt, "SIGTERM", "SIGHUP"):
        yield


@contextmanager
def _patient() -> Iterator[None]:
    """Judge to the end what a run has recorded, however often somebody asked to stop it; once more gives up."""
    asked = False

    def warn(_signal: int, _frame: FrameType | None) -> None:
        nonlocal asked
        if asked:
            raise KeyboardInterrupt
        asked = True
        _note("the run is over and is being judged; once more to give up\n")

    with _handling(warn, "SIGINT", "SIGTERM", "SIGHUP"):
        yield
