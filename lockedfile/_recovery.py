"""What became of an interrupted edit: is there one, what does the file have to hold, and make it so.

is_left? -- no --> the file is whole
   | yes
judged: is it a journal to be believed, and is the file in flight by it?
   | in flight                                         | not in flight
   |                                                   +--> the file is whole; discard
   +--> who can write: settle, discard                      (`recover`)
   +--> who cannot:    the right content, in memory only    (`right_content`)
   +--> not to be believed: `JournalError`
"""

from __future__ import annotations

import os
from errno import EACCES, ELOOP, EMLINK, EPERM
from itertools import starmap
from os import close, fstat, lstat, read
from os import open as os_open
from stat import S_ISREG

from ._errors import JournalError, name_file
from ._file import read_all
from ._journal import discard, is_at, settle
from ._oslock import JOURNAL_FLAGS, diagnose, more_may_write, owner_of, plain, sync, trusts
from ._pauses import pauses
from ._record import HEAD_BYTES, LEAST_MARK_BYTES, Record
from ._writeback import changed_spans

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ._oslock import Owner

__all__ = ["Found"]

_READ = os.O_RDONLY | JOURNAL_FLAGS

# It became a symlink just now (FreeBSD says the second).
_NO_FILE = {ELOOP, EMLINK}

# What a mark, or what a power cut left of it, is made of.
_MARKS = b" \t\0"

# What a record has besides the contents that it tells of, for which four times the file is enough.
_MOST_EXTRA_BYTES = 4096


class Found:
    """A locked file beside which a journal may lie: its descriptor, status, path as errors name it, and place.

    For at most `timeout` seconds it is tried again to read the journal, if another program is in the way.
    """

    __slots__ = ("fd", "journal", "path", "place", "status", "timeout")

    def __init__(
        self,
        fd: int,
        status: os.stat_result,
        path: str | bytes,
        place: str | bytes,
        journal: str | bytes,
        timeout: float | None,
    ) -> None:
        self.fd = fd
        self.status = status
        self.path = path
        self.place = place
        self.journal = journal
        self.timeout = timeout

    def recover(self, content: bytes) -> bytes | None:
        """Make the file, which has `content`, whole, and drop the journal; what it holds now if it was in flight.

        The exclusive lock is held, and the descriptor can write. Its position is anywhere afterwards.
        """
        try:
            right, durable = self._judged(content)
            if right is not None:
                parts = ((start, right[start:end]) for start, end in changed_spans(content, right))
                settle(self.fd, parts, len(right), self.timeout, durable=durable)
            elif durable:
                sync(self.fd)  # invariant 8: it may be there because a sync failed
            self.drop()
        except OSError as error:
            name_file(error, self.path)
            raise
        return right

    def right_content(self, content: bytes) -> bytes | None:
        """What the file has to hold instead of `content`, or None if it is whole; then the journal is dropped.

        Any lock is held; the file is not written to.
        """
        try:
            right, durable = self._judged(content)
        except OSError as error:
            name_file(error, self.path)
            raise
        if right is None:
            try:
                if durable:
                    sync(self.fd)  # invariant 8
                self.drop()
            except OSError as error:
                if error.errno is None:  # a signal handler's
                    raise
        return right

    def drop(self) -> None:
        """Remove the journal, which is of no use. Invariant 7."""
        if is_at(self.place, self.status):
            discard(self.journal)

    def _judged(self, content: bytes) -> tuple[bytes | None, bool]:
        """What the file has to hold, or None if it is whole; and whether that edit was to be durable.

        Raises `JournalError` if the file is in flight by a journal that is not to be believed (invariant 3), or that
        cannot be read: better no content than a mix.
        """
        ends_in_mark = len(content) >= LEAST_MARK_BYTES and not content[-LEAST_MARK_BYTES:].strip(_MARKS)
        try:
            packed, found, owner = self._read(4 * len(content) + _MOST_EXTRA_BYTES, is_needed=ends_in_mark)
        except FileNotFoundError:
            return None, False
        if packed is None:
            if not ends_in_mark:
                return None, False  # whatever it says
            raise self._error(EACCES, f"cannot be read; {_advice(found)}")
        record = Record.unpack(packed)
        right = record.settled(content) if record else None
        if right is not None and (doubt := self._doubt(found, owner)):
            raise self._error(EPERM, doubt)
        return right, record is not None and record.durable

    def _read(self, most: int, *, is_needed: bool) -> tuple[bytes | None, os.stat_result, Owner | None]:
        """What the journal holds, its status, and whose it is; nothing if it is none, None if it cannot be read.

        Nor is it if it has more than `most` bytes, unless its owner is trusted.
        """
        found = lstat(self.journal)
        if not S_ISREG(found.st_mode):
            return b"", found, None
        left = pauses(self.timeout if is_needed else 0)
        while True:
            try:
                return self._opened(most)
            except (PermissionError, BlockingIOError) as error:  # the second: a lease on it (fcntl(2), F_SETLEASE)
                if diagnose is None or error.errno is None or not diagnose(error, self.journal, _READ):
                    return None, found, None
                if not next(left, False):
                    return None, found, None
            except OSError as error:
                if error.errno not in _NO_FILE:
                    raise
                return b"", found, None

    def _opened(self, most: int) -> tuple[bytes | None, os.stat_result, Owner | None]:
        for fd in starmap(os_open, ((self.journal, _READ),)):  # in a loop: named before any signal handler runs
            try:
                found = fstat(fd)  # what is read is what is judged, whatever has the name by now
                owner = owner_of(fd, found)
                head = read(fd, HEAD_BYTES) if S_ISREG(found.st_mode) else b""
                if Record.size_of(head) != found.st_size:
                    return b"", found, owner
                if found.st_size <= most or trusts(owner, self.fd, self.status):
                    return head + read_all(fd, found.st_size - len(head), self.journal), found, owner
            finally:
                close(fd)
        return None, found, owner

    def _doubt(self, found: os.stat_result, owner: Owner | None) -> str:
        """Why the journal of this status and owner is not to be believed; empty if it is."""
        if owner is None or not trusts(owner, self.fd, self.status):
            return f"is of user {owner}, who may not be one to write to the file; open it as that user"
        if found.st_nlink != 1:
            return "has other names; remove them"
        if more_may_write(found, self.status):
            return "can be written to by others than the file; take that from them if it is the right one"
        return ""

    def _error(self, number: int, doubt: str) -> JournalError:
        message = f"an edit was interrupted, and its journal {plain(self.journal)} {doubt}"
        return JournalError(number, message, self.path)


def _advice(found: os.stat_result) -> str:
    if diagnose is not None:
        return "close it where it is open, or open the file as one who may read both"
    return f"open the file as user {found.st_uid}, or as root"
