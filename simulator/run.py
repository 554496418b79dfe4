"""A run: start the workers, let them begin together, watch, stop, and leave nobody behind.

    prepare ──> spawn ──> all ready? ──> start, at one time ──> watch, kill, replace ──> stop ──> reap ──> settle

Whatever happens on the way, Ctrl-C and a failing spawn included, `reap` ends every process.
"""

from __future__ import annotations

import os
from contextlib import nullcontext, suppress
from pathlib import Path
from stat import S_ISREG
from threading import Thread
from typing import TYPE_CHECKING, NamedTuple

from . import saved
from .crew import Crew, RunError
from .disk import DiskError, mounted
from .signals import patient
from .strategies import load
from .workload import KINDS, WorkloadError, kind, module_file, prepared

if TYPE_CHECKING:
    from collections.abc import Callable

    from .config import Config
    from .history import Faults
    from .lanes import Snapshot

__all__ = ["Ended", "FileError", "prepare", "run"]


_LAST_READ_S = 10.0


class FileError(Exception):
    """A file that was asked for cannot be used; the message says which and why, in one line."""


class Ended(NamedTuple):
    """How the run went, apart from its history."""

    startup_s: float  # until all were ready
    interrupted: bool
    lost: tuple[str, ...]  # workers that did not end by themselves, and how they did end
    failures: tuple[str, ...]  # what failed operations said last, a worker each
    faults: Faults  # what was done to workers
    litter: tuple[str, ...]  # files that were left beside the one that all edit
    stuck: int = 0  # workers that did not come back from what they did, and were ended


def prepare(config: Config, directory: Path) -> None:
    """Write the file to be edited, in two copies, one of which stays. Raises `FileError`."""
    content = _content(config)
    if "go" in config.strategies and kind(config.file or "") == KINDS[0]:
        content = _as_go_has_it(content, config)
    try:
        saved.initial(directory).write_bytes(content)
        (directory / kind(config.file or "")).write_bytes(content)
    except OSError as error:
        raise FileError(f"cannot write {error.filename}: {error.strerror}") from error


def _as_go_has_it(content: bytes, config: Config) -> bytes:
    """In go's own form: else its first edit would change more than a line. Where there is no go, as it is."""
    from .strategies.go import canonical

    if load("go").probe():
        return content
    try:
        return canonical(content)
    except OSError as error:
        raise FileError(f"cannot use --file {config.file} with the strategy go: {error}") from error


def _content(config: Config) -> bytes:
    if config.file is None:
        return module_file(config.workers, config.seed, shifting=config.shifting)
    try:
        if not S_ISREG(os.stat(config.file).st_mode):
            raise FileError(f"cannot use --file {config.file}: it is not a regular file")
        return prepared(Path(config.file).read_bytes(), config.file, config.workers, shifting=config.shifting)
    except OSError as error:
        raise FileError(f"cannot read --file {config.file}: {error.strerror}") from error
    except WorkloadError as error:
        raise FileError(f"cannot use --file {config.file}: {error}") from error


def run(config: Config, directory: Path, watch: Callable[[Snapshot], None]) -> Ended:
    """Do the run in `directory`, which `prepare` has filled; its history stays there. Raises `RunError`.

    Ctrl-C stops it early, a second one at once.
    """
    try:
        with mounted(directory) if config.disk_full_rate else nullcontext():
            crew, interrupted = _crew_at_work(config, directory, watch)
    except DiskError as error:
        raise RunError(str(error)) from error
    with patient():
        failures = [*crew.failures(), *_settle(config, directory)]
        faults, litter = crew.faults(), saved.litter(directory)
    return Ended(crew.startup_s, interrupted, crew.lost(), tuple(failures), faults, litter, crew.stuck())


def _crew_at_work(config: Config, directory: Path, watch: Callable[[Snapshot], None]) -> tuple[Crew, bool]:
    crew = Crew(config, directory)
    interrupted = False
    try:
        try:
            crew.spawn(watch)
            crew.work(watch)
        except KeyboardInterrupt:
            interrupted = True
        with suppress(KeyboardInterrupt):  # a second one: no more grace
            crew.stop(watch)
    finally:
        crew.reap()
    return crew, interrupted


def _settle(config: Config, directory: Path) -> list[str]:
    """Read the file once more as users of the strategy do: what the last worker was killed at is put right by that.

    The content at the end is what they read. The bytes that lie there after a kill are not, where a strategy repairs;
    after this they are, or the verdict says so: they are what is judged. What could not be read is told, a line each.
    """
    failures: list[str] = []
    for name in config.strategies:
        reading = Thread(target=_read_once, args=(name, str(saved.shared(directory)), failures), daemon=True)
        reading.start()
        reading.join(_LAST_READ_S)
        if reading.is_alive():  # such as one that waits for a file which a killed one has left
            failures.append(f"the last read: {name} has not answered for {_LAST_READ_S:.0f} s")
    return failures


def _read_once(name: str, path: str, failures: list[str]) -> None:
    strategy = load(name)
    try:
        strategy.open(path)
        strategy.read()
        strategy.close()
    except (Exception, SystemExit) as error:  # noqa: BLE001 - whatever it is, the run is over and to be judged
        failures.append(f"the last read: {type(error).__name__}: {error}")
