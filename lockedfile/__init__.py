"""Edit files that other programs edit too, under the operating system's lock: Go's `lockedfile` for Python.

    from lockedfile import Edit

    Edit("go.mod", lambda content: content.replace(b"go 1.26\\n", b"go 1.27\\n"))

`Edit` locks the file, reads it, hands the content to the function, and writes the answer back in place. Nobody who
takes the lock sees half an edit, and no update is lost; the go command is one that takes it.
"""

from ._edit import Edit, Edited, edit, read, write
from ._errors import JournalError, LockedFileError, LockUnsupported
from ._locked_file import LockedFile, open
from ._mutex import Mutex

__all__ = [
    "Edit",
    "Edited",
    "JournalError",
    "LockUnsupported",
    "LockedFile",
    "LockedFileError",
    "Mutex",
    "edit",
    "open",
    "read",
    "write",
]
