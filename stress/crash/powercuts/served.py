"""A disk in user space: a FUSE file system that is one file, and logs each write and each flush of it in order.

The kernel's side of the protocol is spoken directly (linux/fuse.h), as one file needs few of its requests. A process of
its own answers them one at a time, so that the log has one order: a write that was answered before a flush came is safe
after it.
"""

from __future__ import annotations

import errno
import os
import signal
import sys
from contextlib import ExitStack, contextmanager
from select import select
from struct import Struct
from typing import TYPE_CHECKING, NamedTuple

if sys.platform != "linux":
    raise ImportError("needs Linux")

from .log import FLUSH_RECORD, write_record
from .position import Position
from .system import die_with_parent, mounted

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

__all__ = ["Disk", "served"]

_FORGET, _GETATTR, _SETATTR, _OPEN, _READ, _WRITE = 2, 3, 4, 14, 15, 16
_RELEASE, _FSYNC, _FLUSH, _INIT, _INTERRUPT, _DESTROY, _BATCH_FORGET = 18, 20, 25, 26, 36, 38, 42
_UNANSWERED = {_FORGET, _BATCH_FORGET, _INTERRUPT}

_IN = Struct("<IIQQIIIHH")  # length, opcode, unique, node, uid, gid, pid, extensions, padding
_OUT = Struct("<IiQ")
_INIT_IN = Struct("<IIII")
_INIT_OUT = Struct("<IIIIHHIIHHI28x")
_READ_OR_WRITE_IN = Struct("<QQIIQII")
_ATTR_OUT = Struct("<QII6Q10I")
_OPEN_OUT = Struct("<QIi")
_WRITE_OUT = Struct("<II")

_MINOR = 31  # of version 7: what is spoken here
_ASYNC_READ, _BIG_WRITES, _ASYNC_DIO, _MAX_PAGES = 1 << 0, 1 << 5, 1 << 15, 1 << 22
_MOST_PAGES = 256
_MOST_BYTES = _MOST_PAGES * 4096
_LONG_S = 3600
_LONGEST_END_S = 10.0
_FILE_MODE = 0o100600


class Disk(NamedTuple):
    """Where the parts of a served disk are."""

    image: Path  # what it holds
    log: Path
    position: Path
    at: Path  # where it is to be seen: an empty file


@contextmanager
def served(disk: Disk) -> Iterator[None]:
    """The file at `disk.image`, to be seen at `disk.at`; its log is whole after the block."""
    with ExitStack() as stack:
        fuse = os.open("/dev/fuse", os.O_RDWR)
        ours = stack.enter_context(os.fdopen(fuse, "rb", buffering=0))
        servers: list[int] = []
        stack.callback(_reap, servers)
        options = f"fd={fuse},rootmode={_FILE_MODE:o},user_id=0,group_id=0"
        stack.enter_context(mounted("lockedfile-powercuts", disk.at, "fuse", options))
        servers.append(_started(fuse, disk))
        ours.close()  # the server has it; were it open here too, its death would leave requests unanswered
        yield


def _reap(servers: list[int]) -> None:
    """A server ends by itself when its file system is unmounted; if it does not, it is killed."""
    for pid in servers:
        with os.fdopen(os.pidfd_open(pid), "rb") as ending:
            if not select([ending], [], [], _LONGEST_END_S)[0]:
                os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)


def _started(fuse: int, disk: Disk) -> int:
    pid = os.fork()
    if pid:
        return pid
    status = 1
    try:
        die_with_parent()
        _Server(fuse, disk).serve()
        status = 0
    finally:
        os._exit(status)


class _Server:
    """Answers the kernel, one request after the other."""

    def __init__(self, fuse: int, disk: Disk) -> None:
        self._fuse = fuse
        self._image = os.open(disk.image, os.O_RDWR)
        self._size = os.fstat(self._image).st_size
        self._log = os.open(disk.log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        self._position = Position(disk.position)
        self._count = 0
        self._answers: dict[int, Callable[[memoryview], bytes]] = {
            _INIT: self._init,
            _GETATTR: self._attributes,
            _SETATTR: self._attributes,
            _OPEN: lambda _: _OPEN_OUT.pack(0, 0, 0),
            _READ: self._read,
            _WRITE: self._write,
            _FSYNC: self._flush,
            _FLUSH: lambda _: b"",  # a descriptor was closed: nothing that a disk would know of
            _RELEASE: lambda _: b"",
            _DESTROY: lambda _: b"",
        }

    def serve(self) -> None:
        """Until the file system is unmounted."""
        while True:
            try:
                request = memoryview(os.read(self._fuse, _MOST_BYTES + 4096))
            except OSError as error:
                if error.errno == errno.ENODEV:
                    return
                if error.errno in (errno.ENOENT, errno.EINTR):  # a request was taken back before it was read
                    continue
                raise
            _, opcode, unique, *_ = _IN.unpack_from(request)
            if opcode in _UNANSWERED:
                continue
            answer = self._answers.get(opcode)
            reply = answer(request[_IN.size :]) if answer else b""
            head = _OUT.pack(_OUT.size + len(reply), 0 if answer else -errno.ENOSYS, unique)
            os.write(self._fuse, head + reply)

    def _init(self, body: memoryview) -> bytes:
        _, _, read_ahead, offered = _INIT_IN.unpack_from(body)
        flags = offered & (_ASYNC_READ | _BIG_WRITES | _ASYNC_DIO | _MAX_PAGES)
        return _INIT_OUT.pack(7, _MINOR, read_ahead, flags, 16, 12, _MOST_BYTES, 1, _MOST_PAGES, 0, 0)

    def _attributes(self, _: memoryview) -> bytes:
        times = (0,) * 3
        return _ATTR_OUT.pack(
            _LONG_S, 0, 0, 1, self._size, self._size // 512, *times, *times, _FILE_MODE, 1, 0, 0, 0, 4096, 0
        )

    def _read(self, body: memoryview) -> bytes:
        _, offset, size, *_ = _READ_OR_WRITE_IN.unpack_from(body)
        return os.pread(self._image, size, offset)

    def _write(self, body: memoryview) -> bytes:
        _, offset, size, *_ = _READ_OR_WRITE_IN.unpack_from(body)
        data = body[_READ_OR_WRITE_IN.size :]
        os.pwrite(self._image, data, offset)
        self._append(write_record(offset, data))
        return _WRITE_OUT.pack(size, 0)

    def _flush(self, _: memoryview) -> bytes:
        self._append(FLUSH_RECORD)
        return b""

    def _append(self, record: bytes) -> None:
        os.write(self._log, record)
        self._count += 1
        self._position.set(self._count)
