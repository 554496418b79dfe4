"""`Mutex`: mutual exclusion across threads and processes, by a lock on a well-known file."""

from __future__ import annotations

from _thread import allocate_lock
from os import fsdecode, fspath

from ._locked_file import LockedFile

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import TracebackType
    from typing import Self

    from ._file import StrOrBytesPath

__all__ = ["Mutex"]


class Mutex:
    """Holds the exclusive lock of the file at `path` between `acquire` and `release`, or within a `with` block.

    The file guards something else, such as a directory; its content is neither read nor written, and it is made if it
    is missing. It stays afterwards: to remove it would let two holders in.

    Any number of `Mutex` objects, in any process, may name the same file. One object may be shared by threads.

    Source: `Mutex` of Go's cmd/go/internal/lockedfile.
    """

    __slots__ = ("_file", "_turn", "path")

    def __init__(self, path: StrOrBytesPath) -> None:
        self.path = fspath(path)
        self._turn = allocate_lock()  # among the threads that share this object, so that `_file` is one thread's
        self._file: LockedFile | None = None

    def acquire(self) -> None:
        """Wait for the lock as long as it takes. Raises what `lockedfile.open` raises."""
        self._turn.acquire()
        try:
            self._file = LockedFile(self.path, "a+b")
        except BaseException:
            self._turn.release()
            raise

    def release(self) -> None:
        """Give the lock back. Raises `RuntimeError` if it is not held."""
        file, self._file = self._file, None
        if file is None:
            raise RuntimeError(f"release {fsdecode(self.path)}: the mutex is not held")
        try:
            file.close()
        finally:
            self._turn.release()

    def __enter__(self) -> Self:
        self.acquire()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.release()

    def __repr__(self) -> str:
        return f"<{'held' if self._file else 'free'} Mutex {self.path!r}>"
