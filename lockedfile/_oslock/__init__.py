"""The operating system's lock on an open file, and what else differs: the one place that asks which system this is.

Each system's module defines the same few names:

- `OPEN_FLAGS`: what every `os.open` of a file to be locked adds to its flags; `JOURNAL_FLAGS`: that of a journal.
- `NONBLOCK`: the flag among them that keeps the open itself from waiting; 0 where there is none.
- `EXCLUSIVE`, `SHARED`: the two kinds of lock; `UNLOCKED`: neither.
- `AT_ONCE`: added to a kind, it asks for the lock without waiting.
- `lock(fd, kind)`: wait in the kernel until the whole file is locked, or give the lock back.
- `HEARS_SIGNALS`: do handlers of signals run during that wait, if it is the main thread's?
- `call_back(thread)`: end that wait of another thread, by an error; was there one? None where there is no way.
- `Event`: what a thread sleeps on until another one wakes it; handlers of signals run meanwhile.
- `is_taken(error)`: does this `OSError` of `lock` say that others have it?
- `is_locked(fd)`: does this descriptor have the lock? Where the system does not tell, it does.
- `ignore_signals()`: let no signal be delivered to this thread.
- `pwrite(fd, data, offset)`: one write through this descriptor; returns how many bytes it took.
- `most_bytes()`: the largest size that this process may give a file; negative if there is no limit.
- `cannot_lock(error)`: does this `OSError` say that there is no locking here, rather than not now?
- `sync(fd)`, `sync_data(fd)`: return when the disk has the file; of the second only its content and size.
- `sync_directory(path)`: return when the disk has the names in it.
- `located(path)`: the file at `path`, by a path that the system takes, however long it is, and by the name that its
  journal is named after; `plain(path)`: such a path as people write it.
- `diagnose(error, path, flags)`: let an `OSError` say what keeps the file at `path` from being opened so, or removed,
  and what to do; may that be over in a moment? None where nothing of another program's does.
- `is_mapped(error)`: does this `OSError`, of cutting a file, come of another program's having it mapped into memory?
  Then it is made to say so.
- `access_at_birth(source, status)`: the access with which to create a file that nobody may read who cannot read the
  file `source`, whose status it is; `create(path, flags, access)`: the descriptor of a new file with this access.
- `give_access(fd, source, status)`: let those read the new file `fd`, which was created so, who can read `source`, and
  nobody else; if owner or group cannot be made the same, fewer.
- `owner_of(fd, status)`: whose the open file of this status is, an `Owner`.
- `trusts(owner, fd, status)`: may a journal of this owner be believed about the file `fd`, whose status it is? If it
  is the owner of the file, root, ourselves, or somebody who may write to the file as well.
- `more_may_write(found, status)`: may others write to the file of status `found`, by that, than to that of `status`?

And of the turnstile, which `_turnstile` explains:

- `has_turnstile(fd, device)`: can one stand at this file, which is on `device` by its status?
- `is_clear(fd, kind)`: is nobody at it whom one who wants this kind would overtake?
- `is_line(fd)`: does anybody else of us wait for the file?
- `enter(fd, kind)`: take it, unless somebody has it, and tell; `stand(fd, kind)`: wait for it, and take it.
- `mark(fd, kind)`: show others that this thread waits; `waiter(place)`: whom a mark at that place shows.
- `is_first_to_look(fd, now_ns)`: has nobody else in line looked around lately? Then this one is noted.
- `leave(fd)`: give up turnstile, mark and note.
"""

import sys

if sys.platform == "win32":
    from ._windows import (
        AT_ONCE,
        EXCLUSIVE,
        HEARS_SIGNALS,
        JOURNAL_FLAGS,
        NONBLOCK,
        OPEN_FLAGS,
        SHARED,
        UNLOCKED,
        Owner,
        access_at_birth,
        call_back,
        cannot_lock,
        create,
        diagnose,
        give_access,
        ignore_signals,
        is_locked,
        is_mapped,
        is_taken,
        located,
        lock,
        more_may_write,
        most_bytes,
        owner_of,
        plain,
        pwrite,
        sync,
        sync_data,
        sync_directory,
        trusts,
    )
elif not sys.platform.startswith(("aix", "emscripten", "sunos", "wasi")):
    from ._posix import (
        AT_ONCE,
        EXCLUSIVE,
        HEARS_SIGNALS,
        JOURNAL_FLAGS,
        NONBLOCK,
        OPEN_FLAGS,
        SHARED,
        UNLOCKED,
        Owner,
        access_at_birth,
        call_back,
        cannot_lock,
        create,
        diagnose,
        give_access,
        ignore_signals,
        is_locked,
        is_mapped,
        is_taken,
        located,
        lock,
        more_may_write,
        most_bytes,
        owner_of,
        plain,
        pwrite,
        sync,
        sync_data,
        sync_directory,
        trusts,
    )
else:
    from ._unsupported import (
        AT_ONCE,
        EXCLUSIVE,
        HEARS_SIGNALS,
        JOURNAL_FLAGS,
        NONBLOCK,
        OPEN_FLAGS,
        SHARED,
        UNLOCKED,
        Owner,
        access_at_birth,
        call_back,
        cannot_lock,
        create,
        diagnose,
        give_access,
        ignore_signals,
        is_locked,
        is_mapped,
        is_taken,
        located,
        lock,
        more_may_write,
        most_bytes,
        owner_of,
        plain,
        pwrite,
        sync,
        sync_data,
        sync_directory,
        trusts,
    )

if sys.platform == "win32":
    from ._windows_event import Event
else:
    from ._event import Event

if sys.platform == "linux":
    from ._turnstile import enter, has_turnstile, is_clear, is_first_to_look, is_line, leave, mark, stand, waiter
else:
    from ._no_turnstile import enter, has_turnstile, is_clear, is_first_to_look, is_line, leave, mark, stand, waiter

__all__ = [
    "AT_ONCE",
    "EXCLUSIVE",
    "HEARS_SIGNALS",
    "JOURNAL_FLAGS",
    "NONBLOCK",
    "OPEN_FLAGS",
    "SHARED",
    "UNLOCKED",
    "Event",
    "Owner",
    "access_at_birth",
    "call_back",
    "cannot_lock",
    "create",
    "diagnose",
    "enter",
    "give_access",
    "has_turnstile",
    "ignore_signals",
    "is_clear",
    "is_first_to_look",
    "is_line",
    "is_locked",
    "is_mapped",
    "is_taken",
    "leave",
    "located",
    "lock",
    "mark",
    "more_may_write",
    "most_bytes",
    "owner_of",
    "plain",
    "pwrite",
    "stand",
    "sync",
    "sync_data",
    "sync_directory",
    "trusts",
    "waiter",
]
