"""The judge: a process that knows nothing of the past, and says what it finds of a file after a power cut."""

from __future__ import annotations

import os
import pickle
import pkgutil
import signal
import sys
from importlib import import_module
from select import select
from typing import TYPE_CHECKING, TypeVar

if sys.platform != "linux":
    raise ImportError("needs Linux")

from .system import die_with_parent
from .verdict import Finding

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from .scenario import Content

__all__ = ["judge", "warm_up"]

_T = TypeVar("_T")

_LONGEST_S = 60.0
_NOBODY = 65534
_ADDED = b"# judged\n"


def warm_up() -> None:
    """Import what a judge needs, so that it need not, each time: it is forked from this process."""
    import lockedfile

    for module in pkgutil.iter_modules(lockedfile.__path__):
        import_module(f"{lockedfile.__name__}.{module.name}")


def judge(path: Path, *, crash_safe: bool) -> Finding:
    """What processes find that are forked for it. Raises `RuntimeError` with what they raise."""
    raw = path.read_bytes() if path.exists() else None
    # With nothing beside the file there is nothing to be understood.
    unprivileged, refused = _forked(lambda: _read_as_nobody(path)) if _beside(path) else (raw, None)
    content, beside, edits = _forked(lambda: _judged(path, crash_safe=crash_safe))
    return Finding(content, beside, edits, unprivileged, refused, raw)


def _read_as_nobody(path: Path) -> tuple[Content, str | None]:
    os.setresgid(_NOBODY, _NOBODY, _NOBODY)
    os.setgroups([])
    os.setresuid(_NOBODY, _NOBODY, _NOBODY)
    try:
        return _content(path), None
    except OSError as error:
        return None, f"{type(error).__name__}: {error}"


def _judged(path: Path, *, crash_safe: bool) -> tuple[Content, tuple[str, ...], bool]:
    from lockedfile import Edit

    content = _content(path)
    beside = set() if content is None else _beside(path)  # where no file is, there is nothing to lock and tidy up by
    Edit(path, lambda old: old + _ADDED, crash_safe=crash_safe)
    edits = _content(path) == (content or b"") + _ADDED
    Edit(path, lambda old: old.removesuffix(_ADDED), crash_safe=crash_safe)
    edits = edits and _content(path) == (content or b"")
    return content, tuple(sorted(beside | _beside(path))), edits


def _content(path: Path) -> Content:
    from lockedfile import read

    try:
        return read(path)
    except FileNotFoundError:
        return None


def _beside(path: Path) -> set[str]:
    return set(os.listdir(path.parent)) - {path.name}


def _forked(work: Callable[[], _T]) -> _T:
    """What `work` gives in a child process of its own, which has this process's modules and nothing of its past."""
    ours, theirs = os.pipe()
    child = os.fork()
    if child == 0:
        status = 1
        try:
            die_with_parent()
            with os.fdopen(theirs, "wb") as answer:
                answer.write(_answer(work))
            status = 0
        finally:
            os._exit(status)
    os.close(theirs)
    told = b""
    try:
        with os.fdopen(ours, "rb") as answer:
            ready, _, _ = select([answer], [], [], _LONGEST_S)
            if ready:
                told = answer.read()
    finally:
        if not told:  # it hangs, or an exception came here
            os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
    if not told:
        raise RuntimeError(f"the judge gave no answer in {_LONGEST_S:.0f} s")
    succeeded, result = pickle.loads(told)
    if not succeeded:
        raise RuntimeError(result)
    found: _T = result
    return found


def _answer(work: Callable[[], object]) -> bytes:
    try:
        return pickle.dumps((True, work()))
    except Exception as error:  # noqa: BLE001 - whatever a reader or an editor raises is a finding
        return pickle.dumps((False, f"{type(error).__name__}: {error}"))
