"""System calls as text, in the way of strace(1)."""

from __future__ import annotations

import errno
import os
import struct

__all__ = ["failed", "fcntl_text", "flags_text", "lock_text", "quoted"]

_SHOWN_BYTES = 32  # as strace has it

_FLAGS = (
    "O_CREAT", "O_EXCL", "O_NOCTTY", "O_TRUNC", "O_APPEND", "O_NONBLOCK", "O_DIRECTORY", "O_NOFOLLOW", "O_CLOEXEC",
    "O_BINARY", "O_NOINHERIT",
)  # fmt: skip
_ACCESS = {os.O_RDONLY: "O_RDONLY", os.O_WRONLY: "O_WRONLY", os.O_RDWR: "O_RDWR"}

_ESCAPES = {0x09: "\\t", 0x0A: "\\n", 0x0D: "\\r", 0x22: '\\"', 0x5C: "\\\\"}

_LOCK_SH, _LOCK_EX, _LOCK_NB, _LOCK_UN = 1, 2, 4, 8  # flock(2), wherever there is one
_LOCKFILE = {2: "EXCLUSIVE", 1: "FAIL_IMMEDIATELY"}  # LOCKFILE_EXCLUSIVE_LOCK, LOCKFILE_FAIL_IMMEDIATELY
_KINDS = {_LOCK_SH: "LOCK_SH", _LOCK_EX: "LOCK_EX", _LOCK_UN: "LOCK_UN"}

_RECORD = struct.Struct("hhqqi0q")  # struct flock
_COMMANDS = {36: "F_OFD_GETLK", 37: "F_OFD_SETLK", 38: "F_OFD_SETLKW"}  # fcntl(2), of Linux
_RECORD_KINDS = {0: "F_RDLCK", 1: "F_WRLCK", 2: "F_UNLCK"}


def quoted(content: bytes) -> str:
    """The first bytes of `content`, quoted."""
    shown = "".join(
        _ESCAPES.get(byte) or (chr(byte) if 32 <= byte < 127 else _octal(content, at))
        for at, byte in enumerate(content[:_SHOWN_BYTES])
    )
    return f'"{shown}"' + ("..." if len(content) > _SHOWN_BYTES else "")


def _octal(content: bytes, at: int) -> str:
    followed = content[at + 1 : at + 2].isdigit() and at + 1 < _SHOWN_BYTES
    return f"\\{content[at]:03o}" if followed else f"\\{content[at]:o}"


def flags_text(flags: int) -> str:
    """The flags of an open."""
    names = [_ACCESS[flags & (os.O_RDONLY | os.O_WRONLY | os.O_RDWR)]]
    names += [name for name in _FLAGS if flags & getattr(os, name, 0)]
    return "|".join(names)


def lock_text(fd: int, kind: int, *, flock: bool) -> str:
    """The call that locks, or unlocks; that of Windows, if it is not `flock`."""
    if flock:
        at_once = kind & _LOCK_NB and not kind & _LOCK_UN
        return f"flock({fd}, {_KINDS[kind & ~_LOCK_NB]}{'|LOCK_NB' if at_once else ''})"
    if kind < 0:
        return f"UnlockFileEx({fd})"
    names = [name for bit, name in _LOCKFILE.items() if kind & bit]
    return f"LockFileEx({fd}, {'|'.join(names) or '0'})"


def fcntl_text(fd: int, command: int, argument: object) -> str:
    """The call of a record lock, which those in line have; of any other only the number."""
    name = _COMMANDS.get(command, str(command))
    if command not in _COMMANDS or not isinstance(argument, bytes) or len(argument) != _RECORD.size:
        return f"fcntl({fd}, {name})"
    kind, _, start, length, _ = _RECORD.unpack(argument)
    return (
        f"fcntl({fd}, {name}, "
        f"{{l_type={_RECORD_KINDS.get(kind, kind)}, l_whence=SEEK_SET, l_start={start}, l_len={length}}})"
    )


def failed(error: OSError) -> str:
    """What a call gives that fails; EWOULDBLOCK is the name that flock(2) has for EAGAIN."""
    if error.errno == errno.EWOULDBLOCK:
        return "-1 EWOULDBLOCK"
    return f"-1 {errno.errorcode.get(error.errno or 0, str(error.errno))}"
