"""`Mutex`: mutual exclusion across threads and processes, by a lock on a well-known file."""

from __future__ import annotations

from os import fsdecode, fspath

from ._locked_file import LockedFile

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType
    from typing import Self

    from ._file import StrOrBytesPath
    from ._waiting import Waiting

__all__ = ["Mutex"]


class _MutexFile(LockedFile):
    _operation = "acquire"


class Mutex:
    """Holds the exclusive lock of the file at `path` between `acquire` and `release`, or within a `with` block.

    The file guards something else, such as a directory; its content is neither read nor written, and it is made if it
    is missing. It stays afterwards: to remove it would let two holders in.

    Any number of `Mutex` objects, in any process, may name the same file. One object may be shared by threads. To
    acquire it twice, in one thread, is an error (`WouldDeadlock`).

    Source: `Mutex` of Go's cmd/go/internal/lockedfile.
    """

    __slots__ = ("_files", "path")

    def __init__(self, path: StrOrBytesPath) -> None:
        self.path = fspath(path)
        # The one that holds it, unless the file was replaced under a holder. No lock of our own beside the file's: a
        # thread that is interrupted, or a forked child, could be left with it.
        self._files: list[LockedFile] = []

    def acquire(self, timeout: float | None = None, *, on_wait: Callable[[Waiting], object] | None = None) -> None:
        """Wait for the lock; `timeout` and `on_wait` are those of `Edit`. Raises what `lockedfile.open` raises."""
        # +=, not append: after a call a handler could raise, with the lock held and the caller told otherwise.
        self._files += [_MutexFile(self.path, "a+b", timeout=timeout, on_wait=on_wait)]

    def release(self) -> None:
        """Give the lock back. Raises `RuntimeError` if it is not held."""
        try:
            file = self._files.pop()
        except IndexError:
            raise RuntimeError(f"release {fsdecode(self.path)}: the mutex is not held") from None
        file.close()

    def __enter__(self) -> Self:
        self.acquire()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.release()

    def __repr__(self) -> str:
        return f"<{'held' if self._files else 'free'} Mutex {self.path!r}>"
