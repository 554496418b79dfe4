"""`LockedFile`: a binary file object that is locked for as long as it is open."""

from __future__ import annotations

import io
import os
from errno import EACCES, EBADF, ENOSPC
from os import close, fsdecode, fspath, lseek, strerror

from . import _held
from ._errors import JournalError, LockTimeout, name_file
from ._file import acquire, patience, read_all
from ._held import GIVEN_BACK, held
from ._journal import exists, name_of
from ._oslock import EXCLUSIVE, OPEN_FLAGS, SHARED, UNLOCKED, lock
from ._recovery import Found

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType
    from typing import Concatenate, ParamSpec, TypeVar

    from _typeshed import ReadableBuffer

    from ._file import Patience, StrOrBytesPath
    from ._waiting import Waiting

    _P = ParamSpec("_P")
    _R = TypeVar("_R")

__all__ = ["LockedFile", "open", "repair"]

_CREATION = {
    "r": 0,
    "w": os.O_CREAT,  # not O_TRUNC: nothing may go before the lock is held
    "x": os.O_CREAT | os.O_EXCL,
    "a": os.O_CREAT | os.O_APPEND,
}

_UNREPAIRED = "an edit was interrupted, and we may not repair the file; open it as one who may, or use read"

# What readline reads at once; go.mod lines are far shorter.
_LINE_BYTES = 4096


def _naming(method: Callable[Concatenate[LockedFile, _P], _R]) -> Callable[Concatenate[LockedFile, _P], _R]:
    """`method`, whose `OSError` names the file."""

    def named(self: LockedFile, /, *args: _P.args, **kwargs: _P.kwargs) -> _R:
        try:
            return method(self, *args, **kwargs)
        except OSError as error:
            if isinstance(error, io.UnsupportedOperation) and error.errno is None:
                error.errno, error.strerror = EBADF, str(error)  # what the system calls it
            name_file(error, self.name)
            raise

    named.__name__, named.__doc__ = method.__name__, method.__doc__
    return named


class LockedFile(io.FileIO):
    """A binary file, open and locked; closing it releases the lock. `lockedfile.open` makes them.

    An `io.FileIO`, so unbuffered: when `write` returns, the file has all of the data. What was written stays if
    something fails later; for a change that happens whole or not at all, use `Edit`.

    Dropped without `close` it warns (`ResourceWarning`) and releases. In a forked child `close` only closes: the lock
    is the parent's, and stays.
    """

    name: str | bytes

    _operation = "open"

    def __init__(
        self,
        path: StrOrBytesPath,
        mode: str = "rb",
        *,
        timeout: float | None = None,
        perm: int = 0o666,
        on_wait: Callable[[Waiting], object] | None = None,
    ) -> None:
        path = fspath(path)
        self._open(path, mode, perm, patience(self._operation, path, timeout, on_wait))

    def _open(self, path: str | bytes, mode: str, perm: int, patience: Patience) -> None:
        flags = _flags(mode, path)
        self._owner = _held.this_process
        kind = SHARED if flags & (os.O_WRONLY | os.O_RDWR) == 0 else EXCLUSIVE

        def opener(_path: object, _flags: int) -> int:
            fd = _open_whole(path, flags, kind, perm, "w" in mode, patience)
            if fd is None:
                repair(path, patience)
                looking = flags ^ os.O_WRONLY ^ os.O_RDWR if flags & os.O_WRONLY else flags  # at the content too
                fd = _open_whole(path, looking, kind, perm, False, patience)
            if fd is None:
                raise JournalError(EACCES, _UNREPAIRED, path)
            self._fd = fd
            return fd

        try:
            super().__init__(path, mode, opener=opener)
        except OSError as error:
            name_file(error, path)
            raise

    def close(self) -> None:
        """Unlock and close. A second call is an error that names the path; the end of a `with` block is not one."""
        if self.closed:
            raise ValueError(f"close {fsdecode(self.name)}: it is closed already, and its lock released")
        try:
            try:
                held[self._fd] = GIVEN_BACK
                if _held.this_process is self._owner:
                    lock(self._fd, UNLOCKED)
            finally:
                super().close()
        except OSError as error:
            name_file(error, self.name)
            raise

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if not self.closed:
            self.close()

    def __repr__(self) -> str:
        return f"<{'closed' if self.closed else 'open'} LockedFile {self.name!r} {self.mode!r}>"

    read = _naming(io.FileIO.read)
    readall = _naming(io.FileIO.readall)
    readinto = _naming(io.FileIO.readinto)
    seek = _naming(io.FileIO.seek)
    truncate = _naming(io.FileIO.truncate)

    @_naming
    def write(self, data: ReadableBuffer, /) -> int:
        """Write all of `data` at the position, and return its length in bytes; `OSError` if it does not all fit."""
        try:
            view = memoryview(data)
        except TypeError:
            kind = type(data).__name__
            raise TypeError(f"write {fsdecode(self.name)}: {kind} is not bytes-like; encode text first") from None
        with view.cast("B") as rest:
            done = 0
            while done < len(rest):
                taken = super().write(rest[done:])
                if not taken:
                    raise OSError(ENOSPC, strerror(ENOSPC))
                done += taken
        return done

    @_naming
    def readline(self, size: int | None = -1, /) -> bytes:
        """The rest of the line with its end, or at most `size` bytes of it; empty at the end of the file."""
        most = -1 if size is None else size
        line = b""
        while most < 0 or len(line) < most:
            part = super().read(_LINE_BYTES if most < 0 else min(_LINE_BYTES, most - len(line))) or b""
            end = part.find(b"\n") + 1
            if end:
                self.seek(end - len(part), os.SEEK_CUR)
                return line + part[:end]
            if not part:
                break
            line += part
        return line


def _open_whole(path: str | bytes, flags: int, kind: int, perm: int, truncate: bool, patience: Patience) -> int | None:
    """The descriptor of the locked file, whole; None if an edit was interrupted and this descriptor cannot undo it."""
    fd, status, place = acquire(path, flags, kind, perm, patience, truncate=truncate)
    settled = False
    try:
        settled = _is_settled(Found(fd, status, path, place, name_of(place), patience[1]), flags, truncate)
        return fd if settled else None
    finally:
        if not settled:
            try:
                held[fd] = GIVEN_BACK
                lock(fd, UNLOCKED)
            finally:
                close(fd)


def _is_settled(file: Found, flags: int, truncate: bool) -> bool:
    """Is the file whole, or made so? Not if it takes another descriptor to make it so, or to see."""
    if not exists(file.journal):
        return True
    if truncate or flags & os.O_EXCL:
        file.drop()  # nothing is left of the content that it is about
        return True
    if flags & os.O_WRONLY:
        return False
    content = read_all(file.fd, file.status.st_size, file.path)
    if flags & os.O_RDWR and not flags & os.O_APPEND:  # which would write elsewhere than it is told
        file.recover(content)
        settled = True
    else:
        settled = file.right_content(content) is None
    lseek(file.fd, 0, os.SEEK_SET)
    return settled


def repair(path: str | bytes, patience: Patience) -> None:
    """Make the file at `path` whole, if we may; it is not locked by us. Raises `LockTimeout`, `WouldDeadlock`."""
    file = LockedFile.__new__(LockedFile)
    try:
        file._open(path, "r+b", 0, patience)
        file.close()
    except LockTimeout:
        raise
    except OSError as error:
        if error.errno is None:  # a signal handler's
            raise


def _flags(mode: str, path: str | bytes) -> int:
    """The flags of os.open for a mode of open: one of r, w, x, a; then b and perhaps +, in any order."""
    letters = sorted(str(mode))
    updating = "+" in letters
    creation = next((letter for letter in letters if letter in _CREATION), None)
    if creation is None or letters != sorted(f"{creation}b" + "+" * updating):
        raise ValueError(f"open {fsdecode(path)}: unknown mode {mode!r}; use rb, wb, xb or ab, or one of them with +")
    access = os.O_RDWR if updating else os.O_RDONLY if creation == "r" else os.O_WRONLY
    return access | _CREATION[creation] | OPEN_FLAGS


def open(
    path: StrOrBytesPath,
    mode: str = "rb",
    *,
    timeout: float | None = None,
    perm: int = 0o666,
    on_wait: Callable[[Waiting], object] | None = None,
) -> LockedFile:
    """Open the file at `path` in binary, locked until it is closed; `timeout` and `on_wait` are those of `Edit`.

    `rb` takes a shared lock; `r+b`, `wb`, `xb`, `ab`, and these with `+`, an exclusive one. `w` truncates once it holds
    the lock, not before; a file that is made gets the permissions `perm` less the umask.

    An `Edit` that was interrupted is undone first.

    Not promised: that a change made through the file is whole, as that of an `Edit` is: what was written stays,
    whatever happens next.

    The lock counts as this thread's until the file is closed, by whichever thread: to ask for the file again meanwhile,
    where one of the two locks is exclusive, is an error.

    Raises `ValueError` for another mode, `LockTimeout` and `WouldDeadlock` as `Edit` does, `LockUnsupported` where no
    lock can be had, `JournalError` where an edit was interrupted that we may not undo, `OSError` for what the system
    refuses, with `filename` set; only regular files, or links to them, can be opened.

    Source: `OpenFile` of Go's cmd/go/internal/lockedfile.
    """
    return LockedFile(path, mode, timeout=timeout, perm=perm, on_wait=on_wait)
