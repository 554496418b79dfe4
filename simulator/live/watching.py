"""Show a run: put together what is seen of it, and bring it to the screen, or to the lines."""

from __future__ import annotations

import os
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING

from ..follow import Follower
from ..strategies import is_blind, load
from .lines import Beat, plain_line
from .pace import Pace, share
from .picture import Scene, picture
from .screen import HINT, can_draw, has_rich, marks_for, screen

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path
    from typing import TextIO

    from ..config import Config
    from ..follow import Sight
    from ..lanes import Snapshot

__all__ = ["Stage", "watching"]


class Stage:
    """Where a run is shown: on a screen if `stream` has one, else in lines; enter it to begin."""

    def __init__(self, config: Config, stream: TextIO) -> None:
        self._config, self._stream = config, stream
        self._marks, self._pace, self._beat = marks_for(stream), Pace(), Beat()
        self._draw: Callable[..., None] | None = None
        able = can_draw(stream)
        self.live = able and has_rich()
        if able and not self.live:
            stream.write(HINT)

    @contextmanager
    def open(self) -> Iterator[None]:
        """Have the screen for as long as the block lasts."""
        with ExitStack() as stack:
            if self.live:
                self._draw = stack.enter_context(screen(self._stream))
            yield

    def show(
        self, snapshot: Snapshot, sight: Sight, *, clock: str = "", done: float | None = None, keys: str = ""
    ) -> None:
        """Show one moment: as a picture, or as a line when one is due."""
        self._pace.look(snapshot)
        with self._unless_gone():
            if self._draw:
                scene = self._scene(snapshot, sight, clock, done, keys)
                self._draw(lambda columns, rows: picture(scene, columns, rows, self._marks))
            elif self._beat.due(snapshot.phase):
                self._write(snapshot, sight)

    def tell(self, snapshot: Snapshot, sight: Sight, *, digits: int) -> None:
        """Show one moment as a line, whenever that is; of its second so many digits."""
        self._pace.look(snapshot)
        with self._unless_gone():
            self._write(snapshot, sight, digits=digits)

    def _write(self, snapshot: Snapshot, sight: Sight, *, digits: int = 1) -> None:
        line = plain_line(snapshot, sight, self._pace.rate(), self._config, digits=digits)
        self._stream.write(line.replace("µ", self._marks.micro) + "\n")
        self._stream.flush()

    @contextmanager
    def _unless_gone(self) -> Iterator[None]:
        """A run does not end because nobody can watch it any more."""
        try:
            yield
        except OSError:
            self._draw, self._stream = None, open(os.devnull, "w")  # noqa: SIM115 - as long as the process

    def _scene(self, snapshot: Snapshot, sight: Sight, clock: str, done: float | None, keys: str) -> Scene:
        return Scene(
            title=snapshot.phase,
            clock=clock or _clock(snapshot, self._config),
            share=share(snapshot, self._config) if done is None else done,
            snapshot=snapshot,
            sight=sight,
            rate=self._pace.rate(),
            rates=tuple(self._pace.rates),
            moments=tuple(self._pace.moments),
            keys=keys,
        )


def _clock(snapshot: Snapshot, config: Config) -> str:
    ready = f"{snapshot.ready} of " if snapshot.phase == "starting" else ""
    crowd = f"{ready}{config.workers} workers"
    for number, what in ((config.readers, "readers"), (config.peekers, "peekers")):
        crowd += f", {number} {what}" if number else ""
    whole = f" of {config.duration_s:g}" if snapshot.phase == "running" and config.duration_s else ""
    return f"{crowd}, {config.strategy}  {snapshot.elapsed_s:.1f}{whole} s"


@contextmanager
def watching(config: Config, directory: Path, stream: TextIO) -> Iterator[Callable[[Snapshot], None]]:
    """Show the run in `directory` on `stream` for as long as the block lasts."""
    stage = Stage(config, stream)
    blind = any(is_blind(load(name)) for name in config.strategies)
    with Follower(directory, blind=blind) as follower, stage.open():
        yield lambda snapshot: stage.show(snapshot, follower.look())
