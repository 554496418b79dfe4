"""The stage: directories in which scenes are laid out and played, one child process each."""

from __future__ import annotations

import os
import shutil
import sys
from itertools import count
from typing import TYPE_CHECKING

from .changes import CHANGES
from .target import NAME, make, watched
from .tracing import calls_in, command

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from .changes import Change
    from .children import Answer, Children
    from .scenes import Scene
    from .tracing import Call, Fault

__all__ = ["Stage"]


class Stage:
    """Lays scenes out below `directory`; may be used by threads."""

    def __init__(self, directory: Path, children: Children, variant: str | None) -> None:
        self._directory = directory
        self._children = children
        self._variant = {"variant": variant} if variant else {}
        self._numbers = count()
        self._killed: dict[Scene, Path] = {}

    def kill(self, scene: Scene) -> None:
        """Make the file in flight from which all scenes are laid that begin with it."""
        change = CHANGES[scene.change]
        path = make(self._new(), change.old)
        self._run("edit", scene.mode, path, change, scene.killed)
        self._killed[_beginning(scene)] = path.parent

    def lay(self, scene: Scene) -> Path:
        """The file of the scene, in a directory of its own."""
        directory = self._new()
        if scene.killed is None:
            return make(directory, CHANGES[scene.change].old)
        for one in self._killed[_beginning(scene)].iterdir():
            _copy(one, directory / one.name)
        return directory / NAME

    def act(self, scene: Scene, path: Path, fault: Fault | None) -> tuple[Answer, list[Call]]:
        """Let a child do what the scene says, under the fault; and which calls it made."""
        return self._run(scene.operation, scene.mode, path, scene.expected, fault)

    def clear(self, paths: Iterable[Path]) -> None:
        """Remove what was laid."""
        for path in paths:
            shutil.rmtree(path.parent)
            shutil.rmtree(_beside(path.parent), ignore_errors=True)

    def _new(self) -> Path:
        directory = self._directory / f"{next(self._numbers)}"
        directory.mkdir()
        return directory

    def _run(
        self, operation: str, mode: str, path: Path, change: Change, fault: Fault | None
    ) -> tuple[Answer, list[Call]]:
        beside = _beside(path.parent)
        beside.mkdir()
        source, log = beside / "new", beside / "log"
        source.write_bytes(change.new)
        request = {"do": operation, "path": str(path), "mode": mode, "new": str(source), **self._variant}
        answer = self._children.hear(request, command(log, watched(path), fault))
        return answer, calls_in(log.read_text(errors="replace"))


def _beginning(scene: Scene) -> Scene:
    return scene._replace(operation="edit", left="")


def _beside(directory: Path) -> Path:
    return directory.with_name(f"{directory.name}-beside")


def _copy(one: Path, other: Path) -> None:
    """With owner, mode and attributes."""
    shutil.copy2(one, other)
    if sys.platform != "win32" and os.geteuid() == 0:
        status = one.stat()
        os.chown(other, status.st_uid, status.st_gid)
