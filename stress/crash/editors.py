"""Edit loops as child processes: what each has acknowledged, and their end, which is a kill."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import IO, TYPE_CHECKING

from .counters import BLOCK_BYTES, content_of
from .target import NAME

if TYPE_CHECKING:
    from random import Random
    from typing import Self

__all__ = ["Crew", "Editor", "EditorError"]

_LOOP = str(Path(__file__).with_name("loop.py"))
_LIMIT_S = 60.0  # for one that hangs
_AT_ONCE = 3
_AIMED = 0.6  # of the kills
_REPLACED = 5
_EDITS_S = 0.05  # about as long as some edits take
_MORE_LOOKS = 30  # when it has begun, at most: where a look is quick there is time for about as many
_MOST_LOOKS = 2000  # for its writing to begin, which takes less


class EditorError(Exception):
    """They hang."""


class Crew:
    """Some who edit one file, of whom one after the other is killed and replaced; none outlives the `with` block."""

    def __init__(self, directory: Path, mode: str, random: Random) -> None:
        self.path = directory / NAME
        self.path.write_bytes(content_of([0] * (_AT_ONCE + _REPLACED)))
        self.all: list[Editor] = []
        self._mode, self._random = mode, random
        self._living: list[Editor] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        while self._living:
            self._kill(self._living[-1])

    def kill_all(self) -> None:
        """Start them and kill them, each at an instant by chance."""
        for _ in range(_AT_ONCE):
            self._start()
        for _ in range(_REPLACED):
            self._start()
            self._wait(self.all[-1].has_begun)
            self._kill(self._chosen())
        while self._living:
            self._kill(self._random.choice(self._living))

    def _chosen(self) -> Editor:
        """Anybody at any time; or else somebody who is amid a write, as few kills would hit that."""
        one = self._random.choice(self._living)
        if self._random.random() < _AIMED:
            self._wait(one.is_writing)
            looks, before = int(_MORE_LOOKS ** self._random.random()), self.path.stat()
            for _ in range(_MOST_LOOKS):
                now = self.path.stat()
                is_in_flight = now.st_size % BLOCK_BYTES != 0  # by its mark; without a journal there is none
                looks -= is_in_flight or (self._mode == "go" and now.st_mtime_ns != before.st_mtime_ns)
                if looks <= 0:
                    break
            return next((other for other in self._living if other.is_writing.is_set()), one)
        time.sleep(self._random.uniform(0, _EDITS_S))
        return one

    def _wait(self, event: threading.Event) -> None:
        if not event.wait(_LIMIT_S):
            told = ", ".join(f"{one.edits} edits{one.failure and ': '}{one.failure}" for one in self._living)
            raise EditorError(f"no edit comes for {_LIMIT_S:.0f} s; those who edit have made {told}")

    def _start(self) -> None:
        self.all.append(Editor(self.path, len(self.all), self._mode))
        self._living.append(self.all[-1])

    def _kill(self, one: Editor) -> None:
        self._living.remove(one)
        one.kill()


class Editor:
    """A process that edits in a loop, from its start to its kill."""

    def __init__(self, path: Path, number: int, mode: str) -> None:
        self.acknowledged = 0  # the count of its last edit that has returned
        self.edits = 0
        self.recoveries = 0
        self.torn = False
        self.failure = ""  # what it said of an error of its own
        self.has_begun = threading.Event()  # or has ended
        self.is_writing = threading.Event()  # likewise
        self._process = subprocess.Popen(
            [sys.executable, "-S", "-I", _LOOP, json.dumps({"path": str(path), "number": number, "mode": mode})],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            process_group=0,
        )
        self._threads = [threading.Thread(target=one) for one in (self._listen, self._hear_errors)]
        for thread in self._threads:
            thread.start()

    def kill(self) -> None:
        """With SIGKILL, on Windows TerminateProcess; and hear its last words."""
        self._process.kill()
        self._process.wait(_LIMIT_S)
        for thread in self._threads:
            thread.join(_LIMIT_S)
        _of(self._process.stdout).close()
        _of(self._process.stderr).close()

    def _listen(self) -> None:
        for line in _of(self._process.stdout):
            if line == b"torn\n":
                self.torn = True
            elif line == b"writing\n":
                self.is_writing.set()
            elif line.endswith(b"\n"):  # or it was killed as it said it
                self.is_writing.clear()
                count, recovered = map(int, line.split())
                self.acknowledged, self.recoveries, self.edits = count, self.recoveries + recovered, self.edits + 1
                self.has_begun.set()
        self.has_begun.set()
        self.is_writing.set()

    def _hear_errors(self) -> None:
        self.failure = _of(self._process.stderr).read().decode(errors="replace").strip()[-500:]


def _of(pipe: IO[bytes] | None) -> IO[bytes]:
    assert pipe is not None
    return pipe
