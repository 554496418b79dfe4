"""The weakest disk that POSIX allows, as a model, and the power cuts that it lets happen; a process of its own.

    python -S -I stress/crash/weakest.py '{"directory": ..., "seed": 1, "each": 4, "variant": null}'

What fsync(2) promises, and nothing more: a synced file has its content and its size on the disk, a synced directory
its names. Of everything else the disk may have any part: each sector of a file as it was at any time since its last
sync, any of the sizes since then, any of the names. No file system is as bad; but one may be that is not tried here.

The calls in `os` that alter files are wrapped, before lockedfile takes them from there. After each of them some power
cuts are made: the directory as the disk may have it is laid out, and read.
"""

from __future__ import annotations

import json
import os
import random
import sys
from pathlib import Path

TYPE_CHECKING = False  # as in `child`: typing costs more to import than a lot of this takes
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

_SECTOR = 512
_MOST_STORIES = 20


class Disk:
    """Files and names of one directory: what they are, and what the disk may have of them."""

    def __init__(self, directory: Path, name: str, content: bytes | None) -> None:
        self.path = str(directory / name)
        self._directory = str(directory)
        # Of each file, its contents since the last sync; of each name, which file it was. The first is what the disk
        # has.
        self._contents: list[list[bytes]] = [] if content is None else [[content]]
        self._names: dict[str, list[int | None]] = {} if content is None else {self.path: [0]}
        self._open: dict[int, int | None] = {}  # by descriptor; the directory is None

    def called(self, name: str, arguments: tuple[Any, ...], result: Any) -> bool:
        """Take note of a call in `os`; did it alter anything?"""
        first = arguments[0]
        if name == "open":
            return self._opened(os.fspath(first), result)
        if name == "unlink":
            if first in self._names:
                self._names[first].append(None)
            return first in self._names
        if first not in self._open:
            return False
        file = self._open[first]
        if name == "close":
            del self._open[first]
            return False
        if file is None:
            self._names = {path: files[-1:] for path, files in self._names.items()}
        elif name in ("fsync", "fdatasync"):
            self._contents[file] = self._contents[file][-1:]
        else:
            self._contents[file].append(_altered(self._contents[file][-1], name, arguments))
        return True

    def _opened(self, path: str, fd: int) -> bool:
        if path == self._directory:
            self._open[fd] = None
        elif os.path.dirname(path) == self._directory:
            files = self._names.setdefault(path, [None])
            if files[-1] is None:
                files.append(len(self._contents))
                self._contents.append([b""])
                self._open[fd] = files[-1]
                return True
            self._open[fd] = files[-1]
        return False

    def moved(self, directory: Path) -> Disk:
        """The same in another directory, where its files are laid out as they are now: their process was killed."""
        disk = Disk(directory, os.path.basename(self.path), None)
        disk._contents = [contents[:] for contents in self._contents]
        disk._names = {str(directory / os.path.basename(path)): files[:] for path, files in self._names.items()}
        lay_out(
            directory,
            {path: self._contents[files[-1]][-1] for path, files in disk._names.items() if files[-1] is not None},
        )
        return disk

    @classmethod
    def with_files(cls, directory: Path, name: str, found: dict[str, bytes]) -> Disk:
        """One that has just these."""
        disk = cls(directory, name, None)
        for path, content in found.items():
            disk._names[str(directory / os.path.basename(path))] = [len(disk._contents)]
            disk._contents.append([content])
        lay_out(directory, found)
        return disk

    def after_cut(self, chance: random.Random) -> dict[str, bytes]:
        """What may be there when the power is back: contents by path."""
        found = {}
        for path, files in self._names.items():
            file = chance.choice(files)
            if file is not None:
                found[path] = _mixed(self._contents[file], chance)
        return found


def lay_out(directory: Path, found: dict[str, bytes]) -> None:
    """Let just these be there."""
    for old in directory.iterdir():
        old.unlink()
    for path, content in found.items():
        (directory / os.path.basename(path)).write_bytes(content)


def _synced(fd: int) -> None:
    """What a real disk has is not looked at: only that there is such a descriptor."""
    os.fstat(fd)


def _named(found: dict[str, bytes], name: str) -> bytes | None:
    return next((content for path, content in found.items() if os.path.basename(path) == name), None)


def _altered(content: bytes, name: str, arguments: tuple[Any, ...]) -> bytes:
    if name == "ftruncate":
        return content[: arguments[1]].ljust(arguments[1], b"\0")
    _, data, offset = arguments
    content = content.ljust(offset, b"\0")
    return content[:offset] + bytes(data) + content[offset + len(data) :]


def _mixed(contents: list[bytes], chance: random.Random) -> bytes:
    """A content of which each sector is from one of these, and the size too."""
    if len(contents) == 1 or chance.random() < 0.2:
        return chance.choice(contents)
    size = len(chance.choice(contents))
    likely = chance.choice(contents)  # most are from one time, as they are in life
    mixed = bytearray()
    for start in range(0, size, _SECTOR):
        source = chance.choice(contents) if chance.random() < 0.5 else likely
        mixed += source[start : start + _SECTOR].ljust(_SECTOR, b"\0")
    return bytes(mixed[:size])


class Watch:
    """Wraps the calls; while a disk is watched, what alters it is followed by power cuts, and by a kill."""

    def __init__(self, directory: Path, each: int, chance: random.Random) -> None:
        self._places = [directory / f"after {depth} cuts" for depth in range(1, 3)]
        for place in self._places:
            place.mkdir()
        self._each, self._chance = each, chance
        self._disk: Disk | None = None
        self._allowed: set[bytes | None] = set()  # what may be read after a cut; empty: no cuts now
        self._depth = 0
        self.counts: dict[str, int] = {}
        self.stories: list[str] = []
        self.story = ""  # what is done now
        for name in ("open", "pwrite", "ftruncate", "unlink", "close"):
            setattr(os, name, self._wrapped(name, getattr(os, name)))
        for name in ("fsync", "fdatasync"):
            setattr(os, name, self._wrapped(name, _synced))

    def _wrapped(self, name: str, call: Callable[..., Any]) -> Callable[..., Any]:
        def wrapper(*arguments: Any, **options: Any) -> Any:
            result = call(*arguments, **options)
            disk = self._disk
            if disk and disk.called(name, arguments, result) and self._allowed:
                self._disk = None
                try:
                    self._harm(disk, name)
                finally:
                    self._disk = disk
            return result

        return wrapper

    def watch(self, disk: Disk, allowed: set[bytes | None], action: Callable[[], object]) -> None:
        """Do it, and harm it after each call that alters the disk; only do it where nothing is said to be allowed."""
        self._disk, self._allowed = disk, allowed
        try:
            action()
        finally:
            self._disk = None

    def check(self, disk: Disk, allowed: set[bytes | None]) -> None:
        """Cut the power when nothing is going on."""
        self._allowed = allowed
        for _ in range(self._each):
            self._judge(disk, "all is done", disk.after_cut(self._chance))

    def _harm(self, disk: Disk, call: str) -> None:
        for _ in range(self._each):
            found = disk.after_cut(self._chance)
            self._judge(disk, f"after {call} the power is cut", found)
            if self._depth == 0 and self._chance.random() < 0.2:
                place, name = self._places[0], os.path.basename(disk.path)
                self._deeper(Disk.with_files(place, name, found), f"after {call} the power is cut, and in its recovery")
        if self._depth == 0:
            self._deeper(disk.moved(self._places[0]), f"after {call} it is killed, and in its recovery")

    def _deeper(self, disk: Disk, story: str) -> None:
        """Let somebody come upon this, and harm the recovery."""
        import lockedfile

        if not os.path.exists(disk.path):
            return
        before, self.story = self.story, f"{self.story}: {story}"
        self._depth += 1
        try:
            self.watch(disk, self._allowed, lambda: lockedfile.read(disk.path))
        finally:
            self._depth -= 1
            self.story = before

    def _judge(self, disk: Disk, call: str, found: dict[str, bytes]) -> None:
        """Lay out what may be there, and read it."""
        import lockedfile

        place = self._places[self._depth]
        lay_out(place, found)
        target = place / os.path.basename(disk.path)
        read: bytes | None = None
        error = ""
        try:
            read = lockedfile.read(target) if target.exists() else None
        except OSError as raised:
            error = repr(raised)
        beside = sorted(entry.name for entry in place.iterdir() if entry != target) if read is not None else []
        if error or read not in self._allowed:
            outcome = "torn or lost"
        elif beside:
            outcome = "littered"
        else:
            outcome = "whole" if read is None or _named(found, target.name) == read else "repaired"
        self.counts[outcome] = self.counts.get(outcome, 0) + 1
        if outcome not in ("whole", "repaired") and len(self.stories) < _MOST_STORIES:
            sizes = sorted(-1 if content is None else len(content) for content in self._allowed)
            has = error or ("there is no file" if read is None else f"{len(read)} bytes are read")
            self.stories.append(f"{self.story}: {call}: {has}, allowed are {sizes}; beside it {beside}")


def main(asked: dict[str, Any]) -> dict[str, Any]:
    """Edit by edit, each with its power cuts."""
    sys.path.insert(0, str(Path(__file__).parents[2]))
    directory = Path(asked["directory"])
    live = directory / "live"
    live.mkdir()
    watch = Watch(directory, asked["each"], random.Random(asked["seed"]))
    import lockedfile  # now, that it takes the wrapped calls
    from stress.crash.changes import CHANGES

    if asked.get("variant"):
        from stress.crash.variants import VARIANTS

        VARIANTS[asked["variant"]].weaken()
    path = str(live / "go.mod")
    for change in CHANGES.values():
        old, new = change.old, change.new
        for name in ("edit", "write", "new file", "equal"):
            watch.story = f"{name}, {change.name}"
            before = None if name == "new file" else old
            disk = Disk.with_files(live, "go.mod", {} if before is None else {path: old})
            durably = lambda: lockedfile.write(path, new, durable=True)  # noqa: B023, E731 - called at once
            if name == "edit":
                watch.watch(disk, {old, new}, lambda: lockedfile.Edit(path, lambda _: new, durable=True))  # noqa: B023
            elif name == "equal":
                watch.watch(disk, set(), lambda: lockedfile.write(path, new))  # noqa: B023
                watch.watch(disk, set(), durably)
            else:
                watch.watch(disk, {before, b"", old, new} if before is None else {old, new}, durably)
            watch.check(disk, {new})
            if asked.get("variant") and watch.stories:
                return {"counts": watch.counts, "stories": watch.stories}
    return {"counts": watch.counts, "stories": watch.stories}


if __name__ == "__main__":
    json.dump(main(json.loads(sys.argv[1])), sys.stdout)
