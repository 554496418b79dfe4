"""Edit files that other programs edit too, under the operating system's lock: Go's `lockedfile` for Python.

    from lockedfile import Edit

    Edit("go.mod", lambda content: content.replace(b"go 1.26\\n", b"go 1.27\\n"))

`Edit` locks the file, reads it, hands the content to the function, and writes the answer back in place. Nobody who
takes the lock sees half an edit, and no update is lost; the go command is one that takes it.
"""

from ._edit import Edit, Edited, edit, read, write
from ._errors import JournalError, LockedFileError, LockTimeout, LockUnsupported, WouldDeadlock
from ._holders import Holder, holders
from ._locked_file import LockedFile, open
from ._mutex import Mutex
from ._waiting import Waiting

__all__ = [
    "Edit",
    "Edited",
    "Holder",
    "JournalError",
    "LockTimeout",
    "LockUnsupported",
    "LockedFile",
    "LockedFileError",
    "Mutex",
    "Waiting",
    "WouldDeadlock",
    "edit",
    "holders",
    "open",
    "read",
    "write",
]
