"""The lockers that are timed: one lock each, to be taken and given back again and again.

Each is told its deadline as its own users tell it, keeps its own way of waiting, and raises `TimeoutError` when the
deadline has passed; `inf` is none.
"""

from __future__ import annotations

import sys
from functools import partial
from math import inf
from typing import TYPE_CHECKING, Any, NamedTuple

import lockedfile

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["LOCKERS", "Locker", "locker"]


class Locker(NamedTuple):
    """The two halves of a lock."""

    acquire: Callable[[], object]
    release: Callable[[], object]


def locker(name: str, path: str, timeout_s: float) -> Locker:
    """The locker of that name, of the file at `path`, which is there; not taken yet."""
    return LOCKERS[name](path, timeout_s)


def _lockedfile(mode: str, path: str, timeout_s: float) -> Locker:
    timeout = None if timeout_s == inf else timeout_s
    files: list[lockedfile.LockedFile] = []
    return Locker(
        lambda: files.append(lockedfile.open(path, mode, timeout=timeout)),
        lambda: files.pop().close(),
    )


def _flock(path: str, timeout_s: float, *, shared: bool = False) -> Locker:
    if sys.platform != "win32":
        from .flocker import flocker

        return Locker(*flocker(path, timeout_s, shared=shared))
    raise NotImplementedError("there is no flock(2) on Windows")


def _filelock(path: str, timeout_s: float) -> Locker:
    from filelock import FileLock

    lock = FileLock(f"{path}.lock", timeout=timeout_s)
    return Locker(lock.acquire, lock.release)


def _portalocker(path: str, timeout_s: float) -> Locker:
    import portalocker

    lock: Any = portalocker.Lock(path, timeout=timeout_s)

    def acquire() -> None:
        try:
            lock.acquire()
        except portalocker.LockException as error:
            raise TimeoutError from error

    return Locker(acquire, lock.release)


def _fasteners(path: str, timeout_s: float) -> Locker:
    import fasteners  # type: ignore[import-untyped]  # it has no annotations that mypy may use

    lock = fasteners.InterProcessLock(path)

    def acquire() -> None:
        if not lock.acquire(timeout=timeout_s):
            raise TimeoutError

    return Locker(acquire, lock.release)


LOCKERS: dict[str, Callable[[str, float], Locker]] = {
    "lockedfile": partial(_lockedfile, "r+b"),
    "lockedfile-shared": partial(_lockedfile, "rb"),
    "flock": _flock,
    "flock-shared": partial(_flock, shared=True),
    "filelock": _filelock,
    "portalocker": _portalocker,
    "fasteners": _fasteners,
}
