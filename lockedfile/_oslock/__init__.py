"""The operating system's lock on an open file: the one place that asks which system this is.

Each system's module defines the same few names:

- `OPEN_FLAGS`: what every `os.open` of a file to be locked adds to its flags.
- `NONBLOCK`: the flag among them that keeps the open itself from waiting; 0 where there is none.
- `EXCLUSIVE`, `SHARED`: the two kinds of lock; `UNLOCKED`: neither.
- `lock(fd, kind)`: wait in the kernel until the whole file is locked, or give the lock back.
- `pwrite(fd, data, offset)`: one write through this descriptor; returns how many bytes it took.
- `cannot_lock(error)`: does this `OSError` say that there is no locking here, rather than not now?
"""

import sys

if sys.platform == "win32":
    from ._windows import EXCLUSIVE, NONBLOCK, OPEN_FLAGS, SHARED, UNLOCKED, cannot_lock, lock, pwrite
elif not sys.platform.startswith(("aix", "emscripten", "sunos", "wasi")):
    from ._posix import EXCLUSIVE, NONBLOCK, OPEN_FLAGS, SHARED, UNLOCKED, cannot_lock, lock, pwrite
else:
    from ._unsupported import EXCLUSIVE, NONBLOCK, OPEN_FLAGS, SHARED, UNLOCKED, cannot_lock, lock, pwrite

__all__ = ["EXCLUSIVE", "NONBLOCK", "OPEN_FLAGS", "SHARED", "UNLOCKED", "cannot_lock", "lock", "pwrite"]
