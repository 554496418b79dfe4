"""The stage: directories in which scenes are laid out and played.

Here one child process plays one scene, under strace; `inside` has a stage that needs none.
"""

from __future__ import annotations

import os
import shutil
import sys
from itertools import count
from typing import TYPE_CHECKING

from .changes import CHANGES
from .fault import ERRORS, KILL
from .target import NAME, make, watched
from .tracing import calls_in, command

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path
    from typing import TypeAlias

    from .children import Answer, Children
    from .fault import Call, Fault
    from .scenes import Scene

    Part: TypeAlias = tuple[Scene, Path, Fault | None]  # what is done, to which file, and what is met
    Played: TypeAlias = tuple[Answer, list[Call]]

__all__ = ["Stage"]


class Stage:
    """Lays scenes out below `directory`; may be used by threads."""

    at_once = 1  # of what `play` is best given
    kills: tuple[str, ...] = (KILL,)
    errors: tuple[str, ...] = ERRORS

    def __init__(self, directory: Path, children: Children, variant: str | None) -> None:
        self._directory = directory
        self._children = children
        self._variant = {"variant": variant} if variant else {}
        self._numbers = count()
        self._killed: dict[Scene, Path] = {}

    def kill(self, scenes: Sequence[Scene]) -> None:
        """Make the files in flight from which all scenes are laid that begin with them."""
        paths = [make(self._new(), CHANGES[scene.change].old) for scene in scenes]
        parts = zip(scenes, paths, strict=True)
        self.play([(scene.resting, path, scene.killed) for scene, path in parts])
        for scene, path in zip(scenes, paths, strict=True):
            self._killed[_beginning(scene)] = path.parent

    def lay(self, scene: Scene) -> Path:
        """The file of the scene, in a directory of its own."""
        directory = self._new()
        if scene.killed is None:
            return make(directory, CHANGES[scene.change].old)
        for one in self._killed[_beginning(scene)].iterdir():
            _copy(one, directory / one.name)
        return directory / NAME

    def play(self, parts: Sequence[Part]) -> list[Played]:
        """Let children do what the scenes say, under the faults; and which calls they made."""
        return [self._play(*part) for part in parts]

    def clear(self, paths: Iterable[Path]) -> None:
        """Remove what was laid."""
        for path in paths:
            shutil.rmtree(path.parent)
            shutil.rmtree(_beside(path.parent), ignore_errors=True)

    def _new(self) -> Path:
        directory = self._directory / f"{next(self._numbers)}"
        directory.mkdir()
        return directory

    def _play(self, scene: Scene, path: Path, fault: Fault | None) -> Played:
        request, log = self._request(scene, path), _beside(path.parent) / "log"
        answer = self._children.hear(request | self._variant, command(log, watched(path), fault))
        return answer, calls_in(log.read_text(errors="replace"))

    def _request(self, scene: Scene, path: Path) -> dict[str, object]:
        """As `child` wants it; what the new content is to be, lies in a directory beside that of the file."""
        beside = _beside(path.parent)
        beside.mkdir()
        source = beside / "new"
        source.write_bytes(scene.expected.new)
        return {"do": scene.operation, "path": str(path), "mode": scene.mode, "new": str(source)}


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
