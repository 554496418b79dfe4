"""A run from its configuration to its account: prepare, see whether its lockers can, run, read back, judge.

The steps that every command takes that makes a run, or judges a saved one.
"""

from __future__ import annotations

import json
import shutil
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from .. import disk, saved, seal
from ..blind import judged
from ..checker import Result
from ..distribution import parse
from ..report import Account, document
from ..run import FileError, prepare, run
from ..signals import patient, uninterrupted
from ..stats import measure
from ..strategies import StrategyError, has_deadline, is_blind, load

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from ..config import Config
    from ..lanes import Snapshot
    from ..run import Ended

__all__ = ["CannotRunError", "account_of", "emptied", "judged_run", "kept_directory", "reason_against_run"]


class CannotRunError(Exception):
    """A locker, or a kind of harm, that cannot be had here; the message says which and why, in one line."""


def judged_run(
    config: Config,
    directory: Path,
    watch: Callable[[Snapshot], None],
    *,
    kept_in: str | None = None,
    judging: Callable[[], None] = lambda: None,
) -> Account:
    """Do a run in `directory`, which is empty, and judge it; `judging` is called between the two.

    Raises `CannotRunError`, `FileError`, and `RunError`. Ctrl-C ends the run early, and what was recorded is judged.
    The directory has the whole run then; the account reads from it what was kept of contents: use it before that goes.
    """
    prepare(config, directory)
    reason = reason_against_run(config, directory)
    if reason:
        raise CannotRunError(reason)
    ended = run(config, directory, watch)
    with patient():
        judging()
        account = account_of(config, directory, ended, kept_in=kept_in)
        saved.report(directory).write_text(
            json.dumps(document(account), indent=2) + "\n", encoding="utf-8", newline="\n"
        )
        if kept_in:
            seal.write(directory)
    return account


def account_of(config: Config, directory: Path, ended: Ended, *, kept_in: str | None = None) -> Account:
    """Judge what lies in `directory`."""
    first, last = saved.initial(directory).read_bytes(), saved.final(directory)
    blind = {worker for worker in range(config.workers) if _is_blind(config.strategy_of(worker))}
    history, verdict = judged(saved.read_history(directory), first, last, blind, shifting=config.shifting)
    if ended.stuck and verdict.result is Result.VALID:  # what they recorded is right, and yet nobody would call it so
        reason = f"nothing torn, nothing lost, but workers that never came back: {ended.stuck:,}"
        verdict = verdict._replace(result=Result.UNKNOWN, reason=reason)
    return Account(
        config=config,
        history=history,
        verdict=verdict,
        numbers=measure(history, config.workers),
        startup_s=ended.startup_s,
        interrupted=ended.interrupted,
        lost=ended.lost,
        failures=ended.failures,
        faults=ended.faults,
        litter=ended.litter,
        kept_in=kept_in,
        stuck=ended.stuck,
        initial=first,
        final=last,
        contents=saved.read_contents(directory),
    )


def _is_blind(name: str) -> bool:
    try:
        return is_blind(load(name))
    except StrategyError:  # somebody's class, which is not at hand where a saved run is judged
        return False


def reason_against_run(config: Config, directory: Path) -> str | None:
    """Why what `prepare` has laid in `directory` cannot be run here, in one line, if so."""
    if config.disk_full_rate and (why := disk.reason()):
        return f"--disk-full cannot be done here: {why}"
    for name in config.strategies:
        reason = _reason_against(name, saved.shared(directory))
        if reason:
            return f"strategy {name} cannot run here: {reason}"
        if config.timeout_s is not None and not has_deadline(load(name)):
            return f"strategy {name} cannot run with --timeout: it has no deadline"
    if not parse(config.hold_ms).zero and all(_is_blind(name) for name in config.strategies):
        return f"strategy {config.strategy} cannot run with --hold-ms: it edits by another program, which does not wait"
    return None


def _reason_against(name: str, path: Path) -> str | None:
    """Why the strategy cannot be used on that file, if so."""
    try:
        strategy = load(name)
        reason = strategy.probe()
        if reason is None:
            strategy.open(str(path))
            strategy.read()
            strategy.close()
    except (OSError, StrategyError) as error:
        return str(error)
    except (Exception, SystemExit) as error:  # noqa: BLE001 - of somebody's class, whatever it is
        return f"{type(error).__name__}: {error}"
    return reason


def emptied(directory: Path) -> None:
    """Make room for the next run in the same directory.

    Where a file system puts new files depends on their directory, and how long it takes to find a place there, too: so
    runs that are to be compared are made in one.
    """
    for path in directory.iterdir():
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink()


@contextmanager
def kept_directory(kept: str | None) -> Iterator[Path]:
    """Where a run lives: a new directory that stays, or one that goes when the run is told. Raises `FileError`."""
    if kept is None:
        made = Path(tempfile.mkdtemp(prefix="simulator-"))
        try:
            yield made
        finally:
            with uninterrupted():
                shutil.rmtree(made, ignore_errors=True)
        return
    directory = Path(kept).absolute()  # for lockers that change the current directory, or start other programs
    try:
        directory.mkdir(parents=True, exist_ok=True)
        used = any(directory.iterdir())
    except OSError as error:
        raise FileError(f"cannot use --dir {kept}: {error.strerror}") from error
    if used:
        raise FileError(f"cannot use --dir {kept}: it is not empty; name a new directory")
    yield directory
