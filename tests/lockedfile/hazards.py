"""Child processes in which a wait, or a lock that is given back, meets a fork and a signal; POSIX only."""

from __future__ import annotations

import ctypes
import os
import signal
import sys
from contextlib import suppress

from lockedfile import Edit
from tests.lockedfile import locks
from tests.lockedfile.children import hear, load, say

if sys.platform == "win32":
    raise ImportError("POSIX only")


class _Interrupting:
    """Interrupts this process where `now` is looked up, which is no call: so the handler runs after the next one."""

    _as_parameter_ = int(signal.SIGINT)
    now = property(ctypes.PyDLL(None)["raise"])


def fork_and_fail_interrupted(editor: str, path: str) -> None:
    """Fork in a transform, which fails with an interrupt pending; say what newcomers find while the child lives."""
    interrupting = _Interrupting()
    children: list[int] = []
    inlet, outlet = os.pipe()

    def transform(_: bytes) -> bytes:
        children.append(os.fork())
        if not children[-1]:
            os.close(outlet)
            os.read(inlet, 1)
            os._exit(0)
        interrupting.now  # noqa: B018 - looking it up is what it is about
        raise failure

    failure = ValueError("it fails")
    with suppress(KeyboardInterrupt, ValueError):
        load(editor)(path, transform)
    say(locks.state(path))
    os.close(outlet)
    os.waitpid(children[-1], 0)


def edit_forking_on_wait(path: str) -> None:
    """Edit, and fork in `on_wait`; say what becomes of the child, which goes on, and what newcomers find meanwhile."""
    children: list[int] = []

    def fork(_: object) -> None:
        children.append(os.fork())
        if children[-1]:
            say("forked")

    def transform(old: bytes) -> bytes:
        hear()
        say(locks.state(path))
        return old + b"edited\n"

    try:
        Edit(path, transform, timeout=60, on_wait=fork)
    except RuntimeError as error:
        os.write(1, f"{'child' if not children[-1] else 'parent'}: {type(error).__name__}\n".encode())
        os._exit(0)
    os.waitpid(children[-1], 0)
    say("edited")
