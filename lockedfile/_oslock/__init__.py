"""The operating system's lock on an open file, and what else differs: the one place that asks which system this is.

Each system's module defines the same few names:

- `OPEN_FLAGS`: what every `os.open` of a file to be locked adds to its flags; `JOURNAL_FLAGS`: that of a journal.
- `NONBLOCK`: the flag among them that keeps the open itself from waiting; 0 where there is none.
- `EXCLUSIVE`, `SHARED`: the two kinds of lock; `UNLOCKED`: neither.
- `lock(fd, kind)`: wait in the kernel until the whole file is locked, or give the lock back.
- `pwrite(fd, data, offset)`: one write through this descriptor; returns how many bytes it took.
- `most_bytes()`: the largest size that this process may give a file; negative if there is no limit.
- `cannot_lock(error)`: does this `OSError` say that there is no locking here, rather than not now?
- `sync(fd)`, `sync_data(fd)`: return when the disk has the file; of the second only its content and size.
- `sync_directory(path)`: return when the disk has the names in it.
- `access_at_birth(source, status)`: the permissions with which to create a file that nobody may read who cannot read
  the file `source`, whose status it is.
- `give_access(fd, source, status)`: let those read the new file `fd`, which was created so, who can read `source`, and
  nobody else; if owner or group cannot be made the same, fewer.
- `trusts(owner, fd, status)`: may a journal of this owner be believed about the file `fd`, whose status it is? If it
  is the owner of the file, root, ourselves, or somebody who may write to the file as well.
"""

import sys

if sys.platform == "win32":
    from ._windows import (
        EXCLUSIVE,
        JOURNAL_FLAGS,
        NONBLOCK,
        OPEN_FLAGS,
        SHARED,
        UNLOCKED,
        access_at_birth,
        cannot_lock,
        give_access,
        lock,
        most_bytes,
        pwrite,
        sync,
        sync_data,
        sync_directory,
        trusts,
    )
elif not sys.platform.startswith(("aix", "emscripten", "sunos", "wasi")):
    from ._posix import (
        EXCLUSIVE,
        JOURNAL_FLAGS,
        NONBLOCK,
        OPEN_FLAGS,
        SHARED,
        UNLOCKED,
        access_at_birth,
        cannot_lock,
        give_access,
        lock,
        most_bytes,
        pwrite,
        sync,
        sync_data,
        sync_directory,
        trusts,
    )
else:
    from ._unsupported import (
        EXCLUSIVE,
        JOURNAL_FLAGS,
        NONBLOCK,
        OPEN_FLAGS,
        SHARED,
        UNLOCKED,
        access_at_birth,
        cannot_lock,
        give_access,
        lock,
        most_bytes,
        pwrite,
        sync,
        sync_data,
        sync_directory,
        trusts,
    )

__all__ = [
    "EXCLUSIVE",
    "JOURNAL_FLAGS",
    "NONBLOCK",
    "OPEN_FLAGS",
    "SHARED",
    "UNLOCKED",
    "access_at_birth",
    "cannot_lock",
    "give_access",
    "lock",
    "most_bytes",
    "pwrite",
    "sync",
    "sync_data",
    "sync_directory",
    "trusts",
]
