"""Edit, read, write: the story of one edit, from asking for the lock to giving it back."""

from __future__ import annotations

import os
from os import close, fsdecode, fspath
from time import perf_counter_ns

from . import _held, _journal, _writeback
from ._errors import LockTimeout, WouldDeadlock, name_file
from ._file import acquire, patience, read_all
from ._held import GIVEN_BACK, held
from ._journal import is_left, name_of
from ._locked_file import repair
from ._oslock import EXCLUSIVE, OPEN_FLAGS, SHARED, UNLOCKED, lock
from ._recovery import Found

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import overload

    from _typeshed import ReadableBuffer

    from ._file import Patience, StrOrBytesPath
    from ._waiting import Waiting

__all__ = ["Edit", "Edited", "change", "edit", "read", "write"]

_EDIT = os.O_RDWR | os.O_CREAT | OPEN_FLAGS
_EDIT_THERE = os.O_RDWR | OPEN_FLAGS
_READ = os.O_RDONLY | OPEN_FLAGS


class Edited(tuple[bool, int, int, int, bool]):
    """What one edit did, and when on the clock `time.perf_counter_ns`; immutable.

    A tuple of `changed`, `asked_ns`, `locked_ns`, `released_ns`, `recovered`.
    """

    __slots__ = ()

    @property
    def changed(self) -> bool:
        """Was anything written? Not if the new content equals the old."""
        return self[0]

    @property
    def asked_ns(self) -> int:
        """When the lock was asked for."""
        return self[1]

    @property
    def locked_ns(self) -> int:
        """When it was held: never before it really was."""
        return self[2]

    @property
    def released_ns(self) -> int:
        """When it was about to be released: never after it really was."""
        return self[3]

    @property
    def recovered(self) -> bool:
        """Was an edit that had been interrupted undone first?"""
        return self[4]

    @property
    def waited_ns(self) -> int:
        """Nanoseconds from asking for the lock until having it."""
        return self[2] - self[1]

    @property
    def held_ns(self) -> int:
        """Nanoseconds from having the lock until releasing it."""
        return self[3] - self[2]

    def __repr__(self) -> str:
        times = f"waited_ns={self.waited_ns}, held_ns={self.held_ns}"
        return f"Edited(changed={self.changed}, {times}, recovered={self.recovered})"


if TYPE_CHECKING:

    @overload
    def Edit(
        path: StrOrBytesPath,
        transform: Callable[[bytes], ReadableBuffer],
        *,
        timeout: float | None = None,
        crash_safe: bool = True,
        durable: bool = False,
        encoding: None = None,
        mode: int = 0o666,
        on_wait: Callable[[Waiting], object] | None = None,
    ) -> Edited: ...

    @overload
    def Edit(
        path: StrOrBytesPath,
        transform: Callable[[str], str],
        *,
        timeout: float | None = None,
        crash_safe: bool = True,
        durable: bool = False,
        encoding: str,
        mode: int = 0o666,
        on_wait: Callable[[Waiting], object] | None = None,
    ) -> Edited: ...


def Edit(
    path: StrOrBytesPath,
    transform: Callable[[bytes], ReadableBuffer] | Callable[[str], str],
    *,
    timeout: float | None = None,
    crash_safe: bool = True,
    durable: bool = False,
    encoding: str | None = None,
    mode: int = 0o666,
    on_wait: Callable[[Waiting], object] | None = None,
) -> Edited:
    """Replace the content of the file at `path` by `transform(content)`, under the operating system's exclusive lock.

    Nobody who takes the lock sees half an edit, and no edit is lost, whether the others are threads, processes, or the
    go command. A missing file is made, with the permissions `mode` less the umask, and its content is empty.

    Waits for the lock, in the kernel, `timeout` seconds; `None` is for ever, and 0 tries once. If it is not free at
    once, `on_wait` is called first, once, with a `Waiting` that says who has it. If the path comes to name another
    file during the wait, that one is edited.

    `transform` gets `bytes` and returns anything bytes-like; with `encoding` it gets `str` and returns `str`,
    line ends as they are. If the answer equals the content, nothing is written and the mtime stays.

    If `transform` raises, its exception reaches the caller unchanged and the file is untouched; one that was made for
    the edit stays, empty, whatever it fails of. If a write fails, or is interrupted, the old content is put back; if
    that fails too, a note on the exception says so.

    If the process is killed at any point, everybody who opens the file by the same name through this package then sees
    the old content or the new one, never a mix: a journal beside it, `NAME.lockedfile-journal`, lets the next of them
    undo the edit. With `durable` the same holds if the power fails, and an edit that has returned is never lost; if the
    disk fails to confirm a write, the error says that the outcome is unknown. Without `crash_safe` no journal is made,
    which is what Go does, and faster: a process killed in the middle may leave the file torn.

    On Windows another program may have the file, or its journal, open and share it with nobody, as scanners do for a
    moment. That is tried again with short pauses, two seconds at most, and no longer than `timeout`. While an edit has
    the file open nobody can rename, replace or delete it there.

    Not promised: what a reader sees that takes no lock, or that does not know the journal and comes after a kill; an
    exception that comes when all is written, from a signal handler or from closing the file, leaves the new content.

    Raises `LockTimeout` if the time is over, `WouldDeadlock` if it would wait for ever: because this thread has the
    file already, as in a transform that edits its own file, or because whoever has it waits for a file that this
    thread has. `TypeError` for an answer of another type, `ValueError` for `durable` without `crash_safe`,
    `LockUnsupported` where no lock can be had, `JournalError` where no journal can be, or where the path has come to
    name another file while the transform ran, `OSError` for what the system refuses, with `filename` set; only regular
    files, or links to them, can be edited.

    Source: `Transform` of Go's cmd/go/internal/lockedfile.
    """
    path = fspath(path)
    if not callable(transform):
        raise TypeError(f"Edit {fsdecode(path)}: the transform is {type(transform).__name__}, which cannot be called")
    if encoding is not None:
        transform = _on_text(transform, encoding, path)  # type: ignore[arg-type]  # the overloads say that it takes str
    # The overloads say which transforms take and give bytes.
    return change(path, transform, patience("Edit", path, timeout, on_wait), crash_safe, durable, mode)  # type: ignore[arg-type]


def change(
    path: str | bytes,
    transform: Callable[[bytes], ReadableBuffer],
    patience: Patience,
    crash_safe: bool,
    durable: bool,
    mode: int | None,
) -> Edited:
    """`Edit`; a missing file is made with the permissions `mode`, or, if there is none, an error."""
    asked_ns = perf_counter_ns()
    if durable and not crash_safe:
        raise ValueError(
            f"{patience[0]} {fsdecode(path)}: a durable edit needs its journal; do not turn crash_safe off"
        )
    owner = _held.this_process
    fd, status, place = acquire(path, _EDIT_THERE if mode is None else _EDIT, EXCLUSIVE, mode or 0, patience)
    try:
        locked_ns = perf_counter_ns()
        old = read_all(fd, status.st_size, path)
        recovered = False
        journal = name_of(place)
        if is_left(journal, old):
            right = Found(fd, status, path, place, journal, patience[1]).recover(old)
            if right is not None:
                old, recovered = right, True
        new = transform(old)
        if type(new) is not bytes:
            new = _as_bytes(
                new, f"{patience[0]} {fsdecode(path)}: the transform returned", "for text, give an encoding"
            )
        changed = new != old
        if changed:
            if _held.this_process is not owner:
                raise RuntimeError(
                    f"{patience[0]} {fsdecode(path)}: the transform returned in a forked child; its parent has the lock"
                )
            if crash_safe:
                _journal.replace(fd, old, new, path, place, journal, status, durable=durable, timeout=patience[1])
            else:
                _writeback.replace(fd, old, new, path)
        elif durable:
            _journal.confirm(fd, path, place)
        released_ns = perf_counter_ns()
    finally:
        try:
            try:
                held[fd] = GIVEN_BACK
                if _held.this_process is owner:
                    lock(fd, UNLOCKED)
            finally:
                close(fd)  # here, not in a function of ours: a handler could raise before its first line
        except OSError as error:
            name_file(error, path)
            raise
    return Edited((changed, asked_ns, locked_ns, released_ns, recovered))


edit = Edit


def read(
    path: StrOrBytesPath, *, timeout: float | None = None, on_wait: Callable[[Waiting], object] | None = None
) -> bytes:
    """The whole content of the file at `path`, read under a shared lock: never half of an edit.

    Waits while an exclusive lock is held, and lets those go first who wait for one already; other readers do not make
    it wait. `timeout` and `on_wait` are those of `Edit`. An edit that was interrupted is undone, if we may write to the
    file and nobody else has it just then; if not, the content is the right one all the same. Raises what `Edit` raises
    of `LockTimeout`, `WouldDeadlock`, `LockUnsupported`, `JournalError` and `OSError`; a missing file is not made.

    Source: `Read` of Go's cmd/go/internal/lockedfile.
    """
    path = fspath(path)
    owner = _held.this_process
    waiting = patience("read", path, timeout, on_wait)
    fd, status, place = acquire(path, _READ, SHARED, 0, waiting)
    try:
        content = read_all(fd, status.st_size, path)
        journal = name_of(place)
        interrupted = is_left(journal, content)
        if interrupted:
            right = Found(fd, status, path, place, journal, waiting[1]).right_content(content)
            interrupted = right is not None
            content = content if right is None else right
    finally:
        try:
            try:
                held[fd] = GIVEN_BACK
                if _held.this_process is owner:
                    lock(fd, UNLOCKED)
            finally:
                close(fd)
        except OSError as error:
            name_file(error, path)
            raise
    if interrupted:
        try:  # noqa: SIM105 - contextlib would double the time that importing this package takes
            repair(path, patience("read", path, 0, None))
        except (LockTimeout, WouldDeadlock):
            pass  # for the next one to do
    return content


def write(
    path: StrOrBytesPath,
    content: ReadableBuffer,
    *,
    timeout: float | None = None,
    crash_safe: bool = True,
    durable: bool = False,
    mode: int = 0o666,
    on_wait: Callable[[Waiting], object] | None = None,
) -> None:
    """Make `content` the content of the file at `path`: an `Edit` that does not look at the old one, with its promises.

    So a failed write, or a killed one, leaves the old content, which is why the file has to be readable too.

    Source: `Write` of Go's cmd/go/internal/lockedfile, which truncates first and so loses the old content.
    """
    new = _as_bytes(content, f"write {fsdecode(path)}: the content is", "text has to be encoded")
    path = fspath(path)
    change(path, lambda _: new, patience("write", path, timeout, on_wait), crash_safe, durable, mode)


def _as_bytes(content: object, what: str, advice: str) -> bytes:
    try:
        return bytes(memoryview(content))  # type: ignore[arg-type]  # not bytes(content): of an int it makes zeros
    except TypeError:
        raise TypeError(f"{what} {type(content).__name__}, which is not bytes-like; {advice}") from None


def _on_text(transform: Callable[[str], str], encoding: str, path: str | bytes) -> Callable[[bytes], bytes]:
    """`transform`, which takes and gives text, as one that takes and gives bytes."""
    "".encode(encoding)  # an unknown encoding shows here, before a file is made

    def on_bytes(old: bytes) -> bytes:
        try:
            text = old.decode(encoding)
        except UnicodeError as error:
            error.add_note(f"Edit {fsdecode(path)}: the file is not {encoding}; it is untouched")
            raise
        new = transform(text)
        if not isinstance(new, str):
            raise TypeError(
                f"Edit {fsdecode(path)}: the transform returned {type(new).__name__}, not str as with an encoding"
            )
        if new == text:
            return old  # as it is: encoding it again may give other bytes, such as a byte order mark
        try:
            return new.encode(encoding)
        except UnicodeError as error:
            error.add_note(f"Edit {fsdecode(path)}: the new content does not fit {encoding}; the file is untouched")
            raise

    return on_bytes
