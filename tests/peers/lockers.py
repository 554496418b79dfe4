"""What runs in child processes: each kind of locker raises a number, or holds a lock. Answers are lines."""

from __future__ import annotations

import re
import sys
from typing import TYPE_CHECKING

import lockedfile
from tests.lockedfile.children import hear, increment, say

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import ModuleType
    from typing import IO

# How long peers that cannot wait in the kernel may try.
PATIENCE_S = 30

# Between two edits of ours, so that go, which gives up if the file changes meanwhile, finds a moment of its own.
_PACE_S = 0.3 if sys.platform == "win32" else 0.004


def load_portalocker() -> ModuleType:
    """The library. On Windows its locker is made the one that waits in the kernel, and has a shared lock.

    The other one, `msvcrt.locking`, tries once a second, and Wine's does not tell why it failed.
    """
    import portalocker.portalocker

    if sys.platform == "win32":
        portalocker.portalocker.LOCKER = portalocker.portalocker.Win32Locker
    return portalocker


def raise_in(file: IO[bytes] | lockedfile.LockedFile) -> None:
    """Raise the number in a file that is open, in place."""
    new = increment(file.read())
    file.seek(0)
    file.write(new)
    file.flush()


def by_edit(path: str, _guard: str) -> None:
    """Ours, on the file itself."""
    lockedfile.Edit(path, increment)


def by_open(path: str, _guard: str) -> None:
    """Ours, on the file itself, by hand."""
    with lockedfile.open(path, "r+b") as file:
        raise_in(file)


def by_portalocker(path: str, _guard: str) -> None:
    """`portalocker.lock` on a descriptor of the file itself: it waits in the kernel."""
    portalocker = load_portalocker()
    with open(path, "r+b") as file:
        portalocker.lock(file, portalocker.LockFlags.EXCLUSIVE)
        raise_in(file)
        portalocker.unlock(file)


def by_portalocker_lock(path: str, _guard: str) -> None:
    """`portalocker.Lock` on the file itself: it tries again and again."""
    portalocker = load_portalocker()
    with portalocker.Lock(path, "r+b", timeout=PATIENCE_S, check_interval=0.001) as file:
        raise_in(file)


def by_mutex(path: str, guard: str) -> None:
    """Ours, on a file beside."""
    with lockedfile.Mutex(guard), open(path, "r+b") as file:
        raise_in(file)


def by_filelock(path: str, guard: str) -> None:
    """`filelock.FileLock`, on a file beside: it tries again and again."""
    import filelock

    with filelock.FileLock(guard, timeout=PATIENCE_S, poll_interval=0.001), open(path, "r+b") as file:
        raise_in(file)


def by_portalocker_beside(path: str, guard: str) -> None:
    """`portalocker.Lock`, on a file beside."""
    portalocker = load_portalocker()
    with portalocker.Lock(guard, "a", timeout=PATIENCE_S, check_interval=0.001), open(path, "r+b") as file:
        raise_in(file)


def count(kind: str, path: str, guard: str, times: str) -> None:
    """Raise the number in `path` so many times, as the function named `kind` does."""
    raise_number: Callable[[str, str], None] = getattr(sys.modules[__name__], kind)
    say("ready")
    hear()
    for _ in range(int(times)):
        raise_number(path, guard)
    say("done")


def lock_by_portalocker(path: str) -> None:
    """Hold the lock of `path` by `portalocker.lock`, which waits in the kernel, until told."""
    portalocker = load_portalocker()
    say("asking")
    with open(path, "r+b") as file:
        portalocker.lock(file, portalocker.LockFlags.EXCLUSIVE)
        say("locked")
        hear()
    say("released")


def raise_requirement(path: str, module: str) -> None:
    """Raise the version of `module` in a go.mod, again and again until told; each time it must be as it was left."""
    import threading

    stopped = threading.Event()

    def listen() -> None:
        hear()
        stopped.set()

    listener = threading.Thread(target=listen)
    listener.start()
    line = re.compile(rf"(?m)(?<=^\t{re.escape(module)} v0\.0\.)\d+$")
    version = 0

    def transform(old: str) -> str:
        nonlocal version
        found = line.findall(old)
        assert found == [str(version)], f"{module} is {found}, and was made {version}"
        version += 1
        return line.sub(str(version), old)

    while True:
        lockedfile.Edit(path, transform, encoding="utf-8")
        if version == 1:
            say("ready")
        if stopped.wait(_PACE_S):
            break
    listener.join()
    say(version)
