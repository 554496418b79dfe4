"""This system's way to tell who holds a lock. Each module defines the same few names:

- `holders(path)`: all of them; raises the `OSError` of a path that cannot be looked at.
- `held_by(fd, path)`: those that hold the lock of an open file; raises nothing.
- `facts(pid)`: a process, its command line, and when it started, as far as it is known.
- `has_lock(pid, file)`: has this process itself a lock of the file? No, where it is not known.
- `identity(fd)`, `locks()`: an open file as the list of all locks names it, and that list.
"""

import sys

if sys.platform == "linux":
    from ._linux import facts, has_lock, held_by, holders, identity, locks
elif sys.platform == "win32":
    from ._windows import facts, has_lock, held_by, holders, identity, locks
else:
    from ._none import facts, has_lock, held_by, holders, identity, locks

__all__ = ["facts", "has_lock", "held_by", "holders", "identity", "locks"]
