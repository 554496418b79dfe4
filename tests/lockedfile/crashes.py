"""Edits that end in the middle: killed for real, or laid out as a killed one leaves its file."""

from __future__ import annotations

import shutil
import sys
from collections import Counter
from contextlib import suppress
from typing import TYPE_CHECKING, NamedTuple

import lockedfile
from lockedfile import Edit
from lockedfile._record import Record
from tests.lockedfile import children, faults
from tests.lockedfile.processes import LIMIT_S, name
from tests.lockedfile.protocols import journal_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.lockedfile.processes import Child
    from tests.lockedfile.weakened import Editor

    Spawn = Callable[..., Child]


def kill(
    spawn: Spawn, path: Path, old: bytes, new: bytes, call: str, when: int = 1, editor: Editor = Edit
) -> faults.Trace:
    """Let a child edit the file at `path` from `old` to `new`, and kill it as it makes that call so many times."""
    path.write_bytes(old)
    source = path.with_name("source")
    source.write_bytes(new)
    return kill_in(spawn, path, call, when, children.attempt, name(editor), path, source)


def kill_in(
    spawn: Spawn, path: Path, call: str, when: int, function: Callable[..., None], *args: object
) -> faults.Trace:
    """Let a child call `function`, and kill it as it makes that call on the file at `path`, or on what is beside."""
    trace = faults.Trace(path.with_name("trace"), path, f"inject={call}:signal=KILL:when={when}")
    child = spawn(function, *args, prefix=trace.command)
    with suppress(BrokenPipeError):  # it is killed already
        child.tell()  # or ends, if it was not
    child.process.wait(LIMIT_S)
    assert "killed by SIGKILL" in trace.log.read_text(), trace.log.read_text()
    return trace


def points(calls: list[str]) -> list[tuple[str, int]]:
    """The name of each call, and the how many-th of this name it is."""
    seen: Counter[str] = Counter()
    found = []
    for line in calls:
        call = line.partition("(")[0]
        seen[call] += 1
        found.append((call, seen[call]))
    return found


def kill_at_each_call(
    spawn: Spawn, path: Path, old: bytes, new: bytes, editor: Editor = Edit
) -> Iterator[tuple[str, int]]:
    """Do it once undisturbed, and then for each of its calls be killed there; the file is left as it is then."""
    for point in points(faults.attempt(spawn, path, old, new, editor=editor).calls):
        journal_of(path).unlink(missing_ok=True)
        kill(spawn, path, old, new, *point, editor=editor)
        yield point


class Flight(NamedTuple):
    """A file whose edit was interrupted."""

    path: Path
    old: bytes
    new: bytes
    torn: bytes
    """What the file holds."""
    packed: bytes
    """What the journal holds."""

    @property
    def journal(self) -> Path:
        """Where the journal is."""
        return journal_of(self.path)


def leave(path: Path, old: bytes, new: bytes, *, durable: bool = False) -> Flight:
    """Lay out what an edit leaves that is killed between its last two writes, of which there is at least one."""
    record = Record.of(old, new, durable=durable)
    torn = bytearray(old.ljust(record.end, b"\0") + record.mark)
    torn[record.old_size : record.old_size + len(record.tail)] = record.tail
    for start, _, after in record.spans[:-1]:
        torn[start : start + len(after)] = after
    path.write_bytes(torn)
    journal_of(path).write_bytes(record.pack())
    journal_of(path).chmod(path.stat().st_mode & 0o444 | 0o600)
    return Flight(path, old, new, bytes(torn), record.pack())


def copied(path: Path, directory: Path) -> Path:
    """The file at `path` and its journal, if there is one, once more, in a directory that is made for them."""
    directory.mkdir()
    for file in (path, journal_of(path)):
        if file.exists():
            shutil.copy2(file, directory)
    return directory / path.name


def _by_open(mode: str) -> Callable[[Path], bytes]:
    def use(path: Path) -> bytes:
        with lockedfile.open(path, mode) as file:
            if mode != "ab":
                file.seek(0)
                return file.read()
        return path.read_bytes()

    return use


def _by_edit(path: Path) -> bytes:
    seen: list[bytes] = []

    def look(old: bytes) -> bytes:
        seen.append(old)
        return old

    Edit(path, look)
    return seen[0]


def _by_mutex(path: Path) -> bytes:
    with lockedfile.Mutex(path):
        if sys.platform != "win32":  # where the lock keeps plain readers out
            return path.read_bytes()
    return path.read_bytes()


USERS: dict[str, Callable[[Path], bytes]] = {
    "read": lockedfile.read,
    "Edit": _by_edit,
    "Mutex": _by_mutex,
    **{f"open {mode}": _by_open(mode) for mode in ("rb", "r+b", "ab", "a+b")},
}
"""What can come next to a file, and the content that it finds."""
