"""The ways to ask for a lock, by names that a child process can be told."""

from __future__ import annotations

from typing import TYPE_CHECKING

import lockedfile
from tests.lockedfile.children import load

if TYPE_CHECKING:
    from collections.abc import Callable

    from lockedfile import Waiting

HOLDING = ("Edit", "open rb", "open r+b", "open wb", "open w+b", "open ab", "open a+b", "Mutex")
"""What can hold a lock while something else is done; the modes with `x` need that there is no file yet."""

ASKING = ("read", "write", *HOLDING)
"""What can wait for a lock."""

SHARED = ("read", "open rb")
"""What takes a shared one."""


def have(
    what: str,
    path: str,
    within: Callable[[], object] = lambda: None,
    *,
    timeout: float | None = None,
    on_wait: Callable[[Waiting], object] | None = None,
) -> None:
    """Call `within` while the lock of `path` is had by `what`, one of `HOLDING` or the name of an `open`.

    `read` and `write` only have it themselves.
    """
    if what == "Edit":
        lockedfile.Edit(path, _calling(within), timeout=timeout, on_wait=on_wait)
    elif what == "read":
        lockedfile.read(path, timeout=timeout, on_wait=on_wait)
    elif what == "write":
        lockedfile.write(path, b"written\n", timeout=timeout, on_wait=on_wait)
    elif what == "Mutex":
        mutex = lockedfile.Mutex(path)
        mutex.acquire(timeout, on_wait=on_wait)
        try:
            within()
        finally:
            mutex.release()
    else:
        opener, mode = (load(what), "r+b") if ":" in what else (lockedfile.open, what.removeprefix("open "))
        with opener(path, mode, timeout=timeout, on_wait=on_wait):
            within()


def _calling(within: Callable[[], object]) -> Callable[[bytes], bytes]:
    """A transform that changes nothing."""

    def transform(old: bytes) -> bytes:
        within()
        return old

    return transform


def kind(what: str) -> str:
    """The kind of lock that `what` takes."""
    return "shared" if what in SHARED else "exclusive"


def operation(what: str) -> str:
    """What messages call it."""
    return "acquire" if what == "Mutex" else what.partition(" ")[0]
