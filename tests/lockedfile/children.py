"""What runs in child processes. Arguments are strings, answers are lines; imports are few, to start fast."""

from __future__ import annotations

import importlib
import json
import os
import sys
from functools import partial

import lockedfile
from tests.lockedfile.contents import brief

TYPE_CHECKING = False  # typing costs more to import than a lot of this takes
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

# A system gives the lowest number that is free, so where it does not list them these are all that a test has.
_MOST_DESCRIPTORS = 256


def say(line: object) -> None:
    """Send one line to the parent."""
    sys.stdout.write(f"{line}\n")  # at once, whatever other threads say
    sys.stdout.flush()


def hear() -> str:
    """Wait for a line of the parent; empty once it has closed the pipe."""
    return sys.stdin.readline().rstrip("\n")


def load(name: str) -> Any:
    """What `processes.name` named."""
    module, _, qualname = name.partition(":")
    return getattr(importlib.import_module(module), qualname)


def increment(old: bytes) -> bytes:
    """The number one higher."""
    return b"%d\n" % (int(old) + 1)


def hold(path: str, mode: str = "r+b") -> None:
    """Hold the lock of `path` until told."""
    say("asking")
    with lockedfile.open(path, mode):
        say("locked")
        hear()
    say("released")


def hold_mutex(mutex: str, path: str) -> None:
    """Hold a mutex on `path` until told."""
    held = load(mutex)(path)
    say("asking")
    held.acquire()
    say("locked")
    hear()
    held.release()
    say("released")


def wait_for_end() -> None:
    """Live until the parent closes the pipe."""
    say("alive")
    hear()


def append(editor: str, path: str, text: str) -> None:
    """Append `text` by an edit."""
    edit = load(editor)
    say("asking")
    edit(path, lambda old: old + text.encode())
    say("edited")


def append_or_say(path: str, text: str) -> None:
    """Append `text` by an edit, and say what became of it."""
    say("asking")
    try:
        lockedfile.Edit(path, lambda old: old + text.encode())
    except OSError as error:
        say(f"{type(error).__name__} {error.filename}")
    else:
        say("edited")


def read(path: str) -> None:
    """Read under the lock, and say what."""
    say("asking")
    say(ascii(lockedfile.read(path)))


def truncate(file: str, path: str) -> None:
    """Open `path` for writing anew."""
    say("asking")
    with load(file)(path, "wb"):
        say("locked")


def count(editor: str, path: str, times: str) -> None:
    """Raise the number in the file so many times."""
    edit = load(editor)
    say("ready")
    hear()
    for _ in range(int(times)):
        edit(path, increment)
    say("done")


def count_under_mutex(mutex: str, lock_path: str, path: str, times: str) -> None:
    """Raise the number in a file that only a mutex guards so many times."""
    guard = load(mutex)(lock_path)
    say("ready")
    hear()
    for _ in range(int(times)):
        guard.acquire()
        with open(path, "r+b") as file:
            new = increment(file.read())
            file.seek(0)
            file.write(new)
        guard.release()
    say("done")


def attempt(editor: str, path: str, new_path: str) -> None:
    """Edit `path` to the content of the file at `new_path`, say how it went as JSON, and live on until told."""
    with open(new_path, "rb") as file:
        new = file.read()
    edit = load(editor)
    before = open_descriptors()
    error: BaseException | None = None
    try:
        edit(path, lambda _: new)
    except BaseException as caught:  # noqa: BLE001 - told, not handled
        error = caught
    say(json.dumps(told(error) | {"leaked": open_descriptors() - before}))
    hear()


def told(error: BaseException | None) -> dict[str, object]:
    """An exception as data."""
    return {
        "error": type(error).__name__ if error else None,
        "text": str(error) if error else None,
        "errno": getattr(error, "errno", None),
        "filename": getattr(error, "filename", None),
        "notes": getattr(error, "__notes__", []),
        "context": type(error.__context__).__name__ if error else None,
    }


def open_descriptors() -> int:
    """How many descriptors are open, the one that looks included where there is one; no more than a test opens."""
    if sys.platform == "linux":
        return len(os.listdir("/proc/self/fd"))
    return sum(map(is_open, range(_MOST_DESCRIPTORS)))


def is_open(fd: int) -> bool:
    """Is there a descriptor of this number?"""
    try:
        os.get_inheritable(fd)
    except OSError:
        return False
    return True


def written(editor: str, path: str, new_path: str) -> None:
    """Edit `path` to the content of the file at `new_path`, and say how many bytes that wrote."""
    with open(new_path, "rb") as file:
        new = file.read()
    edit = load(editor)
    before = _written_bytes()
    edit(path, lambda _: new)
    say(_written_bytes() - before)


def _written_bytes() -> int:
    with open("/proc/self/io", encoding="ascii") as io:
        return int(dict(line.split(": ") for line in io)["wchar"])


def edit_on(platform: str, path: str) -> None:
    """Import the library on a system that calls itself `platform`, edit, and say the error as JSON."""
    for module in [module for module in sys.modules if module.startswith("lockedfile")]:
        del sys.modules[module]
    sys.platform = platform
    try:
        importlib.import_module("lockedfile").Edit(path, lambda _: b"changed")
    except OSError as error:
        say(json.dumps(told(error) | {"bases": [base.__name__ for base in type(error).__mro__]}))


def write_and_say(path: str, text: str) -> None:
    """Write `text` through a `LockedFile`, and say how much that was, or the error."""
    with lockedfile.open(path, "r+b") as file:
        try:
            say(file.write(text.encode()))
        except OSError as error:
            say(type(error).__name__)


def open_failing(path: str, mode: str) -> None:
    """Open what cannot be opened, say the error as JSON, and live on until told."""
    before = open_descriptors()
    error: BaseException | None = None
    try:
        lockedfile.open(path, mode).close()
    except OSError as caught:
        error = caught
    say(json.dumps(told(error) | {"leaked": open_descriptors() - before}))
    hear()


def try_everything(path: str) -> None:
    """Do to `path` all that the library can do, and say for each the error as JSON."""
    table: dict[str, Callable[[], object]] = {
        "Edit": lambda: lockedfile.Edit(path, lambda old: old + b"changed"),
        "read": lambda: lockedfile.read(path),
        "write": lambda: lockedfile.write(path, b"changed"),
        "Mutex": lambda: lockedfile.Mutex(path).acquire(),
    }
    for mode in ("rb", "r+b", "wb", "w+b", "xb", "x+b", "ab", "a+b"):
        table[f"open {mode}"] = partial(lockedfile.open, path, mode)
    for what, call in table.items():
        error: BaseException | None = None
        try:
            call()
        except OSError as caught:
            error = caught
        say(json.dumps(told(error) | {"what": what}))


def repeat(path: str, times: str) -> None:
    """Raise a number that each line of the file repeats; how many lines there are depends on it."""
    say("ready")
    hear()
    for _ in range(int(times)):
        lockedfile.Edit(path, _raise_all)
    say("done")


def _raise_all(old: bytes) -> bytes:
    number = int(old.partition(b"\n")[0]) + 1
    return b"%d\n" % number * (9000 + number % 50)


def hold_two(first: str, second: str) -> None:
    """Hold the lock of `first`, and wait for that of `second`."""
    with lockedfile.open(first, "r+b"):
        say("holds the first")
        with lockedfile.open(second, "r+b"):
            pass
    say("held both")


def do(what: str, path: str) -> None:
    """Read, edit or open `path`, and say as JSON what it held, or the error."""

    def by_edit(editor: Callable[..., Any]) -> tuple[bytes, bool]:
        seen: list[bytes] = []

        def append(old: bytes) -> bytes:
            seen.append(old)
            return old + b"done\n"

        edited = editor(path, append)
        return seen[0], edited.recovered

    def by_open(mode: str) -> tuple[bytes, bool]:
        with lockedfile.open(path, mode) as file:
            return file.read(), False

    content, recovered, error = b"", False, None
    try:
        if what == "read":
            content = lockedfile.read(path)
        elif what.startswith("open "):
            content, recovered = by_open(what.removeprefix("open "))
        else:
            content, recovered = by_edit(load(what))
    except BaseException as caught:  # noqa: BLE001 - told, not handled
        error = caught
    say(json.dumps(told(error) | {"content": None if error else brief(content), "recovered": recovered}))


def read_all(expected: str, *paths: str) -> None:
    """Read each of `paths`, all of which have to hold what the file `expected` does."""
    with open(expected, "rb") as file:
        content = file.read()
    say("ready")
    hear()
    for path in paths:
        read = lockedfile.read(path)
        assert read == content, f"{path}: {brief(read)}"
    say("done")
