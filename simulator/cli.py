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
from .report import Account, document, text
from .run import FileError, prepare, run
from .saved import read_history
from .stats import measure
from .strategies import load

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import FrameType

__all__ = ["main"]

_VALID, _NOT_VALID, _CANNOT = 0, 1, 3


def main(arguments: list[str]) -> int:
    """Run the command line `arguments`; the exit code."""
    for stream in (sys.stdout, sys.stderr):
        with suppress(AttributeError):  # replaced by something that is not a file of text
            stream.reconfigure(errors="replace")  # type: ignore[union-attr]
    request = requested(arguments)
    try:
        return _simulate(request)
    except FileError as error:
        sys.stderr.write(f"simulator: {error}\n")
        return USAGE
    except RunError as error:
        sys.stderr.write(f"simulator: UNKNOWN: {error}\n")
        return _NOT_VALID
    except BrokenPipeError:  # who read our output has gone, as `| head` does
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        return _NOT_VALID
    except KeyboardInterrupt:
        sys.stderr.write("simulator: UNKNOWN: interrupted before there was anything to judge\n")
        return _NOT_VALID


def _simulate(request: Request) -> int:
    config = request.config
    reason = load(config.strategy).probe()
    if reason:
        sys.stderr.write(f"simulator: strategy {config.strategy} cannot run here: {reason}\n")
        return _CANNOT
    _check_json(request.json)
    with _directory(request.dir) as directory, _terminable():
        prepare(config, directory)
        shown = nullcontext(_ignore) if request.quiet else watching(config, sys.stderr, live=sys.stderr.isatty())
        with shown as watch:
            ended = run(config, directory, watch)
        if not request.quiet:
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
            kept_in=request.dir,
        )
        _tell(account, request)
        if request.dir:
            _write(directory / "run.json", json.dumps(document(account), indent=2) + "\n")
    return _VALID if account.verdict.result is Result.VALID else _NOT_VALID


def _ignore(_: object) -> None:
    """Show nothing."""


def _tell(account: Account, request: Request) -> None:
    """The text to people, the JSON where it was asked for: to stdout, then the text makes room."""
    told = text(account)
    if request.json == "-":
        sys.stderr.write(told)
        sys.stdout.write(json.dumps(document(account), indent=2) + "\n")
        return
    result = account.verdict.result
    if sys.stdout.isatty() and not os.environ.get("NO_COLOR"):
        colour = {Result.VALID: 32, Result.INVALID: 31, Result.UNKNOWN: 33}[result]
        told = told.replace(result.value, f"\x1b[1;{colour}m{result.value}\x1b[0m", 1)
    sys.stdout.write(told)
    sys.stdout.flush()
    if request.json:
        _write(Path(request.json), json.dumps(document(account), indent=2) + "\n")


def _write(path: Path, content: str) -> None:
    try:
        path.write_text(content, encoding="utf-8")
    except OSError as error:
        raise FileError(f"cannot write {path}: {error.strerror}") from error


def _check_json(path: str | None) -> None:
    """Say before the run, not after it, that its figures could not be written."""
    if path is None or path == "-":
        return
    if Path(path).is_dir():
        raise FileError(f"cannot write --json {path}: it is a directory")
    if not os.access(path if Path(path).exists() else Path(path).parent, os.W_OK):
        raise FileError(f"cannot write --json {path}: no such directory, or no permission")


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
