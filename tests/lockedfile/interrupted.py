"""Child processes that are interrupted."""

from __future__ import annotations

import ctypes
import json
import os
import signal
import sys
import threading
import warnings
from pathlib import Path
from typing import Any

import lockedfile
from tests.lockedfile import locks
from tests.lockedfile.children import load, open_descriptors, say
from tests.lockedfile.interrupts import be_interruptible
from tests.lockedfile.protocols import beside

# The C library, by which Python handles signals.
_LIBRARY = "ucrtbase" if sys.platform == "win32" else None


def interrupting() -> Any:
    """An object whose attribute `now` sends this process a SIGINT, for which the interpreter looks a little later.

    A call would be followed by the look at once; the attribute is fetched by C code, and is not.
    """
    send = property(ctypes.PyDLL(_LIBRARY)["raise"])
    return type("Interrupting", (), {"_as_parameter_": int(signal.SIGINT), "now": send})()


def raise_interrupted(what: str, path: str) -> None:
    """Let an exception and an interrupt meet as `what` is left, and say exception, leaked descriptors and lock."""
    interrupt, raised = interrupting(), ValueError("raised")

    def fail(_: bytes = b"") -> bytes:
        interrupt.now  # noqa: B018 - the interrupt is sent here
        raise raised

    def in_edit() -> None:
        lockedfile.Edit(path, fail)

    def in_block() -> None:
        with lockedfile.open(path, "r+b"):
            fail()

    def in_mutex() -> None:
        with lockedfile.Mutex(path):
            fail()

    # A block is left by Python code, which an interrupt can keep from beginning; then dropping the file must do.
    warnings.simplefilter("ignore", ResourceWarning)
    before = open_descriptors()
    error: BaseException | None = None
    try:
        {"Edit": in_edit, "open": in_block, "Mutex": in_mutex}[what]()
    except BaseException as caught:  # noqa: BLE001 - told, not handled
        error = type(caught)(*caught.args)  # without its traceback, whose frames hold what the block held
    say(f"{type(error).__name__}, {open_descriptors() - before} leaked, {locks.state(path)}")


def storm(editor: str, path: str, contents: str) -> None:
    """Edit `path` from one content in the file `contents` to the next, for ever; say how it is after each interrupt.

    An interrupt may come at any time after what is said and before what is said next.
    """
    with open(contents, encoding="ascii") as file:
        cycle = [content.encode() for content in json.load(file)]
    following = dict(zip(cycle, cycle[1:] + cycle[:1], strict=True))
    be_interruptible()
    edit = load(editor)
    edit(path, following.__getitem__)  # all that is imported is, or an interrupt would be told by the importer
    before, verdict = open_descriptors(), "ready"
    while True:
        try:
            say(verdict)
            while True:
                edit(path, following.__getitem__)
        except KeyboardInterrupt:
            pass
        with open(path, "rb") as file:
            whole = file.read() in following
        free, leaked = locks.state(path) == "free", open_descriptors() - before
        verdict = f"whole={whole} free={free} leaked={leaked} beside={beside(Path(path))}"
        if not free:
            say(verdict)
            return


def interrupt_as_mutex_is_had(path: str) -> None:
    """Each time a thread releases a mutex that the main one waits for, and interrupts it; say if it is free then.

    Linux only.
    """
    mutex = lockedfile.Mutex(path)
    main = threading.get_native_id()

    def hold(held: threading.Event) -> None:
        mutex.acquire()
        held.set()
        for _ in range(20):  # looks at the main thread, each of which lets it go on, had it not to wait
            while _thread_state(main) != "S":
                pass
        mutex.release()
        os.kill(os.getpid(), signal.SIGINT)

    for _ in range(5):
        held = threading.Event()
        helper = threading.Thread(target=hold, args=(held,))
        helper.start()
        held.wait()
        acquired = False
        try:
            mutex.acquire()
            acquired = True
            helper.join()
        except KeyboardInterrupt:
            helper.join()
        if acquired:
            mutex.release()
        probe = threading.Thread(target=_acquire_and_release, args=(mutex,), daemon=True)
        probe.start()
        probe.join(5)
        say("stuck" if probe.is_alive() else "free")


def _acquire_and_release(mutex: lockedfile.Mutex) -> None:
    with mutex:
        pass


def _thread_state(thread: int) -> str:
    """Linux' letter for what a thread of this process does."""
    with open(f"/proc/self/task/{thread}/stat", encoding="ascii") as stat:
        return stat.read().rpartition(")")[2].split()[0]
