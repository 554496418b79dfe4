"""This system's way to tell who holds a lock. Each module defines the same few names:

- `holders(path)`: all of them; raises the `OSError` of a path that cannot be looked at.
- `held_by(fd, path)`: those that hold the lock of an open file; raises nothing.
- `facts(pid)`: a process, its command line, and when it started, as far as it is known.
- `identity(fd)`, `locks()`: an open file as the list of all locks names it, and that list.
"""

import sys

if sys.platform == "linux":
    from ._linux import facts, held_by, holders, identity, locks
elif sys.platform == "win32":
    from ._windows import facts, held_by, holders, identity, locks
else:
    from ._none import facts, held_by, holders, identity, locks

__all__ = ["facts", "held_by", "holders", "identity", "locks"]
