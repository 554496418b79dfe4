"""The peer portalocker: its `Lock` on the file itself, which is then written in place.

On POSIX it is a flock(2), the lock of Go and of `lockedfile`. It does not wait in the kernel, but tries every 250 ms.
On Windows it is a LockFileEx, as that of `lockedfile` is, if portalocker is told to use its `Win32Locker`. The other
one that it has there, by the C runtime, knows no lock that readers share.
"""

from __future__ import annotations

import sys
from math import inf
from time import perf_counter_ns
from typing import IO, TYPE_CHECKING, Literal

from ._needs import no_library
from ._strategy import Times

if TYPE_CHECKING:
    from collections.abc import Callable

    import portalocker

__all__ = ["STRATEGY"]


class Portalocker:
    """Edits and reads under a `portalocker.Lock` of the file."""

    name = "portalocker"
    timeout_s: float | None = None

    def probe(self) -> str | None:
        """It needs the library, and on Windows what has LockFileEx for it."""
        reason = no_library("portalocker")
        if reason is None and sys.platform == "win32":
            reason = no_library("pywintypes", "portalocker[win32]")
        return reason

    def open(self, path: str) -> None:
        """Nothing stays open between edits; the library is loaded, which takes longer than many of them."""
        import portalocker.portalocker

        if sys.platform == "win32":
            portalocker.portalocker.LOCKER = portalocker.portalocker.Win32Locker

        self._path = path

    def edit(self, transform: Callable[[bytes], bytes]) -> Times:
        """Edit the file."""
        with self._locked("r+b") as file:
            locked_ns = perf_counter_ns()
            new = transform(file.read())
            file.seek(0)
            file.write(new)
            file.truncate()
            file.flush()  # the lock is given back before the file is closed
            return Times(locked_ns, perf_counter_ns())

    def read(self) -> bytes:
        """Read the file."""
        with self._locked("rb") as file:
            return file.read()

    def _locked(self, mode: Literal["rb", "r+b"]) -> portalocker.Lock[IO[bytes]]:
        """Take the lock; the `with` of it then gives the file, and the lock back."""
        from portalocker import AlreadyLocked, Lock, LockException, LockFlags

        kind = LockFlags.SHARED if mode == "rb" else LockFlags.EXCLUSIVE
        timeout_s = inf if self.timeout_s is None else self.timeout_s  # its own None is 5 seconds
        lock = Lock(self._path, mode, timeout=timeout_s, flags=kind | LockFlags.NON_BLOCKING)
        try:
            lock.acquire()
        except AlreadyLocked as error:
            raise TimeoutError(f"portalocker.Lock {self._path}: no lock after {timeout_s} s") from error
        except LockException as error:  # which is no OSError, and yet what the system refused
            raise OSError(f"portalocker.Lock {self._path}: {error}") from error
        return lock

    def close(self) -> None:
        """Nothing is open."""


STRATEGY = Portalocker
