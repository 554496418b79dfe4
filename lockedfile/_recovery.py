"""What became of an interrupted edit: is there one, what does the file have to hold, and make it so.

exists(journal)? -- no --> the file is whole
     | yes
judged: is it a journal to be believed, and is the file in flight by it?
     |                                      | no: the file is whole, and the journal of no use
     | in flight                            +--> discard
     +--> who can write: settle, discard       (`recover`)
     +--> who cannot:    the right content, in memory only
"""

from __future__ import annotations

import os
from errno import EACCES, EISDIR, ELOOP, EMLINK, ENXIO, EPERM
from itertools import starmap
from os import close, fsdecode, fstat, lstat, read
from os import open as os_open
from stat import S_ISREG

from ._errors import JournalError, name_file
from ._file import read_all
from ._journal import discard, settle
from ._oslock import JOURNAL_FLAGS, sync, trusts
from ._record import Record
from ._writeback import changed_spans

__all__ = ["recover", "whole"]

_READ = os.O_RDONLY | JOURNAL_FLAGS

# What opening says of a symlink (on FreeBSD the second), a socket, and a directory; a FIFO is empty.
_NOT_A_FILE = {ELOOP, EMLINK, ENXIO, EISDIR}

# A file that is in flight ends in blanks and tabs, at least so many, or a power cut left zeros there.
_SURELY = 16
_MARKS = b" \t\0"

# What a record has besides the contents that it tells of, for which four times the file is enough.
_MOST_EXTRA_BYTES = 4096


def recover(content: bytes, journal: str | bytes, fd: int, status: os.stat_result, path: str | bytes) -> bytes | None:
    """Make the file behind `fd`, which has `content`, whole, and remove the journal; what it holds now if it was in
    flight.

    The exclusive lock is held.
    """
    try:
        right, durable = _judged(content, journal, fd, status, path)
        if right is not None:
            parts = ((start, right[start:end]) for start, end in changed_spans(content, right))
            settle(fd, parts, len(right), durable=durable)
        elif durable:
            sync(fd)  # invariant 8: it may be there because a sync failed
        discard(journal)
    except OSError as error:
        name_file(error, path)
        raise
    return right


def whole(content: bytes, journal: str | bytes, fd: int, status: os.stat_result, path: str | bytes) -> bytes | None:
    """What the file has to hold instead of `content`, for those who have a shared lock; None if it is whole.

    Then the journal is of no use, and removed: while we have that lock, nobody edits.
    """
    right, durable = _judged(content, journal, fd, status, path)
    if right is None:
        try:
            if durable:
                sync(fd)  # invariant 8
            discard(journal)
        except OSError:
            pass  # then it stays for one who edits; the content is right
    return right


def _judged(
    content: bytes, journal: str | bytes, fd: int, status: os.stat_result, path: str | bytes
) -> tuple[bytes | None, bool]:
    """What the file has to hold instead of `content`, or None if it is whole; and whether that edit was to be durable.

    Raises `JournalError` if the file is in flight by a journal that is not to be believed (invariant 3), or may be by
    one that is ours to believe and not to read: better no content than a mix.
    """
    try:
        found = lstat(journal)
        most = None if trusts(found.st_uid, fd, status) else 4 * len(content) + _MOST_EXTRA_BYTES
        packed = _content(journal, most)
    except FileNotFoundError:
        return None, False
    except OSError as error:
        name_file(error, path)
        raise
    if packed is None:
        if len(content) < _SURELY or content[-_SURELY:].strip(_MARKS):
            return None, False  # whatever it says, the file does not end in a mark
        message = f"an edit was interrupted, and its journal {fsdecode(journal)} cannot be read"
        raise JournalError(EACCES, message, path)
    record = Record.unpack(packed)
    right = record.settled(content) if record else None
    if right is not None and (doubt := _doubt(found, fd, status)):
        raise JournalError(EPERM, f"an edit was interrupted, and its journal {fsdecode(journal)} {doubt}", path)
    return right, record is not None and record.durable


def _doubt(found: os.stat_result, fd: int, status: os.stat_result) -> str:
    """Why a journal is not to be believed; empty if it is."""
    if not trusts(found.st_uid, fd, status):
        return f"is of user {found.st_uid}, who may not write to the file; that user, its owner or root can repair it"
    if found.st_nlink != 1:
        return "has other names; remove them"
    if found.st_mode & ~status.st_mode & 0o022:
        return "can be written to by others than the file; its owner or root can put that right"
    return ""


def _content(journal: str | bytes, most: int | None) -> bytes | None:
    """What `journal` holds; nothing if that is no journal, None if it cannot be read or has more than `most` bytes."""
    try:
        for fd in starmap(os_open, ((journal, _READ),)):  # in a loop: named before any signal handler runs
            try:
                status = fstat(fd)
                head = read(fd, Record.HEAD_BYTES) if S_ISREG(status.st_mode) else b""
                if Record.size_of(head) != status.st_size:
                    return b""
                if most is None or status.st_size <= most:
                    return head + read_all(fd, status.st_size - len(head), journal)
            finally:
                close(fd)
    except (PermissionError, BlockingIOError):  # the second: somebody has a lease on it (fcntl(2), F_SETLEASE)
        pass
    except OSError as error:
        if error.errno not in _NOT_A_FILE:
            raise
        return b""
    return None
