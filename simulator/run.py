"""A run: start the workers, let them begin together, watch, stop, and leave nobody behind.

    prepare ──> spawn ──> all ready? ──> start, at one time ──> watch ──> stop ──> reap

Whatever happens on the way, Ctrl-C and a failing spawn included, `reap` comes last and ends every process.
"""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path
from stat import S_ISREG
from typing import TYPE_CHECKING, NamedTuple

from . import saved
from .crew import Crew, Snapshot
from .workload import WorkloadError, kind, module_file, prepared

if TYPE_CHECKING:
    from collections.abc import Callable

    from .config import Config

__all__ = ["Ended", "FileError", "prepare", "run"]


class FileError(Exception):
    """A file that was asked for cannot be used; the message says which and why, in one line."""


class Ended(NamedTuple):
    """How the run went, apart from its history."""

    startup_s: float  # until all were ready
    interrupted: bool
    lost: tuple[str, ...]  # workers that did not end by themselves, and how they did end
    failures: tuple[str, ...]  # what failed operations said last, a worker each


def prepare(config: Config, directory: Path) -> None:
    """Write the file to be edited, in two copies, one of which stays. Raises `FileError`."""
    content = _content(config)
    try:
        saved.initial(directory).write_bytes(content)
        (directory / kind(config.file or "")).write_bytes(content)
    except OSError as error:
        raise FileError(f"cannot write {error.filename}: {error.strerror}") from error


def _content(config: Config) -> bytes:
    if config.file is None:
        return module_file(config.workers, config.seed)
    try:
        if not S_ISREG(os.stat(config.file).st_mode):
            raise FileError(f"cannot use --file {config.file}: it is not a regular file")
        return prepared(Path(config.file).read_bytes(), config.file, config.workers)
    except OSError as error:
        raise FileError(f"cannot read --file {config.file}: {error.strerror}") from error
    except WorkloadError as error:
        raise FileError(f"cannot use --file {config.file}: {error}") from error


def run(config: Config, directory: Path, watch: Callable[[Snapshot], None]) -> Ended:
    """Do the run in `directory`, which `prepare` has filled; its history stays there. Raises `RunError`.

    Ctrl-C stops it early, a second one at once.
    """
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
    return Ended(crew.startup_s, interrupted, crew.lost(), crew.failures())
