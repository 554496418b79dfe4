"""The journal: what makes an edit whole although the process that makes it is killed, or the power fails.

The journal of `go.mod` is `go.mod.lockedfile-journal`, beside it. What stands in brackets is done for a durable edit
only.

    lay       the journal: created, given the access of the file, written [synced, and its directory]
              (no byte of the file is touched: it is old)
    mark      64 blanks, which the journal knows, are written past the end of the old content and of the new [synced]
    overwrite the tail that the new content adds, then the spans that differ [synced]
              (the file ends in the mark: it is in flight, and the journal says how to make it old)
    commit    the file is cut to its new length, which takes the mark away [synced]
              (the file is new)
    drop      the journal is unlinked

Invariants:

 1. No byte of the file changes before the journal that can undo the change is complete (durable: on the disk, and its
    directory entry too).
 2. From the first changed byte to the last the file ends in the mark (durable: on the disk too), and when the mark goes
    everything else is written (durable: is on the disk).
 3. A journal is believed only if its checksum is right, it is a regular file with one name, it belongs to root, to
    ourselves or to somebody who may write to the edited file, and that file ends in its mark and holds what the
    interrupted edit can have left. If the file is in flight by a journal that is not believed, nobody gets its content;
    otherwise such a journal is dropped and the content kept. So a journal that was left, or put there, can do nothing
    to a file that is not in flight by that very edit.
 4. Recovery is idempotent: the mark goes last. Killed at any point of it, the next one does the same. (`_recovery`)
 5. The file is never renamed, replaced or unlinked; its mode, owner, attributes and links stay.
 6. The journal can be read by nobody who cannot read the file: it is created with less access, and written once its
    access is that of the file. On Windows it is born with that access.
 7. A journal is made under the exclusive lock of the file, and removed under any lock of it: while one is held, no
    other edit is under way. Locks are of the file and journals of its name, so both are only done while the file is
    still at that name; somebody who renames another one over it just then can leave a journal too few, or one too many.
 8. A journal stays when a sync of the file failed: what the disk has then is not known, and after a power cut it may
    be needed.

Undo, not redo: until the commit nobody was told that the edit was made, and to keep the old content is always right.
"""

from __future__ import annotations

import errno
import os
from itertools import starmap
from os import F_OK, access, chmod, close, fstat, ftruncate, lstat, unlink
from os import stat as os_stat

from ._errors import JournalError, name_file
from ._oslock import (
    JOURNAL_FLAGS,
    access_at_birth,
    create,
    diagnose,
    give_access,
    most_bytes,
    plain,
    sync,
    sync_data,
    sync_directory,
)
from ._pauses import cut_after, pauses
from ._record import MARK_BYTES, Record
from ._writeback import TRIES, undone, write_all

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

__all__ = ["confirm", "discard", "exists", "is_at", "is_left", "name_of", "replace", "settle"]

# Too long a name cannot be there either; the last is what Windows says of one.
_NOT_THERE = {errno.ENOENT, errno.ENAMETOOLONG, errno.EINVAL}
_MARK_ENDS = {b" ", b"\t", b"\0"}
_SUFFIX = ".lockedfile-journal"
_LAY = os.O_WRONLY | os.O_CREAT | os.O_EXCL | JOURNAL_FLAGS


def name_of(place: str | bytes) -> str | bytes:
    """The path of the journal of the file at `place`, which is no symlink."""
    return place + _SUFFIX if isinstance(place, str) else place + _SUFFIX.encode()


def is_left(journal: str | bytes, content: bytes) -> bool:
    """Was a journal left? `content` is that of its file.

    It is looked for in the cheapest way, which calls every failure a no. Where a no would do harm the file ends in a
    mark, or in zeros where a power cut had the mark taken away; then it is looked for again, and a failure raised.
    """
    return access(journal, F_OK) or (content[-1:] in _MARK_ENDS and exists(journal))


def exists(journal: str | bytes) -> bool:
    """Is anything there by this name? A symlink to nowhere is."""
    try:
        lstat(journal)
    except OSError as error:
        if error.errno in _NOT_THERE:
            return False
        raise
    return True


def replace(
    fd: int,
    old: bytes,
    new: bytes,
    path: str | bytes,
    place: str | bytes,
    journal: str | bytes,
    status: os.stat_result,
    *,
    durable: bool,
    timeout: float | None = None,
) -> None:
    """Make the file hold `new`; it holds `old`. Whatever ends it, those who look for the journal see `old` or `new`.

    `path` is what errors name, `place` where the file really is, `status` what it was when it was locked. For at most
    `timeout` seconds it is tried again to make the journal, and to remove it, if another program is in the way.
    """
    edit = _Journalled(fd, Record.of(old, new, durable=durable), path, place, journal, status, timeout)
    if not is_at(place, status):
        # To write to a file that is no longer at the path would lose the edit.
        message = "the path does not name the file any more that was locked; nothing is written, edit again"
        raise JournalError(errno.ESTALE, message, path)
    try:
        edit.write()
    except BaseException as error:
        raised = error
        for _ in TRIES:
            try:
                raised = undone(edit.undo, raised, "; the journal stays, and the next user of the file does it")
                break
            except BaseException as again:  # noqa: BLE001 - an interrupt between two of its tries; it is what is raised
                raised = again
        if isinstance(raised, OSError):
            name_file(raised, path)
        if raised is error:
            raise
        raise raised from error


def is_at(place: str | bytes, status: os.stat_result) -> bool:
    """Is the file of this status still the one at `place`? Nobody has a lock that keeps others from renaming."""
    try:
        named = os_stat(place)
    except FileNotFoundError:
        return False
    return named.st_ino == status.st_ino and named.st_dev == status.st_dev


class _Journalled:
    """One edit with a journal, as drawn above."""

    __slots__ = ("_fd", "_journal", "_laid", "_path", "_place", "_record", "_status", "_timeout", "_unknown")

    def __init__(
        self,
        fd: int,
        record: Record,
        path: str | bytes,
        place: str | bytes,
        journal: str | bytes,
        status: os.stat_result,
        timeout: float | None,
    ) -> None:
        self._fd = fd
        self._record = record
        self._path = path
        self._place = place
        self._journal = journal
        self._status = status
        self._timeout = timeout
        self._laid = False  # may it be there, and be ours?
        self._unknown = False  # did a sync of the file fail?

    def write(self) -> None:
        fd, record, durable = self._fd, self._record, self._record.durable
        if 0 <= most_bytes() < record.end + MARK_BYTES:  # it would cut a mark anywhere, where a kill could leave it
            raise OSError(errno.EFBIG, os.strerror(errno.EFBIG), self._path)
        self._lay()
        write_all(fd, record.mark, record.end)
        if durable:
            self._sync(sync)
        if record.tail:
            write_all(fd, record.tail, record.old_size)
        for start, _, after in record.spans:
            write_all(fd, after, start)
        if durable:
            self._sync(sync_data)
        try:
            ftruncate(fd, record.new_size)
        except OSError as error:
            cut_after(error, fd, record.new_size, self._timeout)
        if durable:
            self._sync(sync)
        self._drop()

    def undo(self) -> None:
        if self._laid:
            record = self._record
            if fstat(self._fd).st_size > record.end:  # in flight; otherwise it is old, or new
                old_parts = [(start, before) for start, before, _ in record.spans]
                settle(self._fd, old_parts, record.old_size, 0, durable=record.durable)
            self._drop()

    def _lay(self) -> None:
        """Invariants 1 and 6."""
        journal, record = self._journal, self._record
        self._laid = True
        try:
            try:
                self._fill()
            except OSError as error:
                self._fill_after(error)
            if record.durable:
                sync_directory(os.path.dirname(journal))
        except OSError as error:
            if error.errno is None:  # not the system's, but a signal handler's, such as a TimeoutError
                raise
            raise _no_journal(error, journal, self._path) from error

    def _fill_after(self, error: OSError) -> None:
        """Make it in the place of one that nobody needs, or, removed while another program has it open, is going."""
        left = pauses(self._timeout)
        while True:
            if isinstance(error, FileExistsError):  # or we had not come here
                discard(self._journal, self._timeout)
            elif error.errno is None or diagnose is None or not diagnose(error, self._journal, 0) or not next(left, 0):
                raise error
            try:
                self._fill()
            except FileExistsError:
                raise
            except OSError as again:
                error = again
            else:
                return

    def _fill(self) -> None:
        packed, mode = self._record.pack(), access_at_birth(self._fd, self._status)
        for fd in starmap(create, ((self._journal, _LAY, mode),)):  # named before any signal handler runs
            try:
                give_access(fd, self._fd, self._status)
                write_all(fd, packed, 0)
                if self._record.durable:
                    sync(fd)
            finally:
                close(fd)

    def _sync(self, call: Callable[[int], None]) -> None:
        try:
            call(self._fd)
        except OSError as error:
            if error.errno is None:
                raise
            self._unknown = True
            message = f"{error.strerror}: the outcome is unknown, the disk may have either content"
            raise OSError(error.errno, message, self._path) from error

    def _drop(self) -> None:
        """Invariants 7 and 8."""
        if not self._unknown and self._is_ours():
            discard(self._journal, self._timeout)

    def _is_ours(self) -> bool:
        """Not if the path came to name another file meanwhile, of which somebody else has a journal there by now."""
        try:
            return is_at(self._place, self._status)
        except OSError as error:
            if error.errno is None:
                raise
            return True  # as far as anybody can tell


def confirm(fd: int, path: str | bytes, place: str | bytes) -> None:
    """Return when the disk has what the file holds, and its name: it may be there by an edit that was not durable."""
    try:
        sync(fd)
        sync_directory(os.path.dirname(place))
    except OSError as error:
        name_file(error, path)
        raise


def settle(fd: int, parts: Iterable[tuple[int, bytes]], size: int, timeout: float | None, *, durable: bool) -> None:
    """Make a file that is in flight whole: write `parts`, each at its position, and then take the mark away.

    For at most `timeout` seconds the latter is tried again, if another program is in the way.
    """
    for start, part in parts:
        write_all(fd, part, start)
    if durable:
        sync_data(fd)
    try:
        ftruncate(fd, size)
    except OSError as error:
        cut_after(error, fd, size, timeout)
    if durable:
        sync(fd)


def discard(journal: str | bytes, timeout: float | None = 0) -> None:
    """Remove a journal that is of no use any more. If it cannot be removed it is no harm: no file ends in its mark.

    Where another program may have it open, it is tried again, for at most `timeout` seconds.
    """
    try:
        unlink(journal)
    except OSError as error:
        if error.errno is None:  # a signal handler's
            raise
        if diagnose is not None and isinstance(error, PermissionError):
            _discard_after(error, journal, timeout)


def _discard_after(error: OSError, journal: str | bytes, timeout: float | None) -> None:
    left = pauses(timeout)
    try:
        while diagnose is not None and diagnose(error, journal, 0):
            try:
                chmod(journal, 0o600)  # one with the read-only attribute is not removed
                unlink(journal)
            except PermissionError as again:
                if again.errno is None or not next(left, False):
                    raise
                error = again
            else:
                return
    except OSError as again:
        if again.errno is None:
            raise


def _no_journal(error: OSError, journal: str | bytes, path: str | bytes) -> JournalError:
    directory = os.path.dirname(plain(journal)) or "."
    needs_none = "with crash_safe=False, and not durable, an edit needs none"
    if isinstance(error, FileExistsError):
        advice = f"{plain(journal)} is in the place of the journal and cannot be removed; move it away, or {needs_none}"
    else:
        advice = f"{error.strerror}: no journal can be kept in {directory}; {needs_none}"
    return JournalError(error.errno, advice, path, getattr(error, "winerror", None))
