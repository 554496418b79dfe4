"""The processes of the demo, from outside: let one go on to its next stop, see it fall asleep, kill it, end all."""

from __future__ import annotations

import json
import os
import queue
import subprocess
import sys
import threading
import time
from contextlib import suppress
from typing import IO, TYPE_CHECKING, Any

from .moment import Call, Step
from .player import FILE

if TYPE_CHECKING:
    from pathlib import Path
    from typing import Self

__all__ = ["Actor", "Stage", "StageError"]

_LIMIT_S = 30.0  # for a step; nothing that works takes so long
_ASLEEP_S = 1.0  # between the call that waits and the sleep in it
_LOOK_S = 0.002

# By what the system has, not by its name.
_PROCESS_GROUP = 0 if hasattr(os, "setpgid") else None
_CREATION_FLAGS: int = getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0)


class StageError(Exception):
    """A process of the demo did not do what it has to."""


class Actor:
    """One process: where it has stopped, and what it has called since it was last asked."""

    def __init__(self, name: str, directory: Path, *, locking: bool, crash_safe: bool) -> None:
        self.name = name
        self.stop: tuple[Step, str] | None = None
        self.waits: Call | None = None  # in which call it sleeps
        self.ended = False
        self.error = ""
        self._calls: list[Call] = []
        task = json.dumps([str(directory), name, locking, crash_safe])
        # A group of its own: Ctrl-C is for who shows the demo.
        self.process = subprocess.Popen(
            [sys.executable, "-m", "simulator.demo.player", task],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            process_group=_PROCESS_GROUP,
            creationflags=_CREATION_FLAGS,
        )

    def hear(self, message: dict[str, Any]) -> None:
        """Take in what it said."""
        kind = message["is"]
        if kind == "stop":
            self.stop, self.waits = (Step(message["step"]), message["part"]), None
        elif kind == "call":
            self._calls.append(Call(**message["call"]))
            self.waits = None
        elif kind == "wait":
            self.waits = Call(**message["call"])
        else:
            self.ended, self.stop, self.waits = True, None, None
            self.error = message["error"]

    def go(self) -> None:
        """Let it make the call in front of which it has stopped."""
        self.stop = None
        with suppress(OSError):  # that it has ended will be heard
            pipe = _pipe(self.process.stdin)
            pipe.write(b".")
            pipe.flush()

    def taken(self) -> tuple[Call, ...]:
        """What it has called since the last time; the one in which it sleeps is the last."""
        calls, self._calls = self._calls, []
        return (*calls, *([self.waits] if self.waits else []))

    def kill(self) -> int:
        """Kill it where it is, and wait for its end; its exit code."""
        self.process.kill()
        self.ended, self.stop, self.waits = True, None, None
        return self.process.wait()

    def close(self) -> None:
        """End it, if it has not, and let go of its pipes."""
        with suppress(OSError):
            self.process.kill()
        self.process.wait()
        for pipe in (self.process.stdin, self.process.stdout, self.process.stderr):
            with suppress(OSError):
                _pipe(pipe).close()


class Stage:
    """All processes of one demo, and the file that they edit; at the end of the block none of them is left."""

    def __init__(self, directory: Path, names: str, *, locking: bool, crash_safe: bool) -> None:
        self.file = directory / FILE
        self._inode = os.stat(self.file).st_ino
        self._heard: queue.Queue[tuple[Actor, bytes]] = queue.Queue()
        self._listeners: list[threading.Thread] = []
        self.actors: dict[str, Actor] = {}
        try:
            for name in names:
                self.actors[name] = Actor(name, directory, locking=locking, crash_safe=crash_safe)
            for actor in self.actors.values():
                listener = threading.Thread(target=self._listen, args=(actor,), daemon=True)
                listener.start()
                self._listeners.append(listener)
            for actor in self.actors.values():
                self.until_at_rest(actor)
        except BaseException:
            self.close()
            raise

    def _listen(self, actor: Actor) -> None:
        for line in _pipe(actor.process.stdout):
            self._heard.put((actor, line))
        self._heard.put((actor, b""))

    def step(self, actor: Actor) -> None:
        """Let it make one step: until it stops again, sleeps in the kernel, or has ended."""
        actor.go()
        self.until_at_rest(actor)

    def until_at_rest(self, actor: Actor) -> None:
        """Wait until it has stopped, sleeps in the kernel, or has ended."""
        end = time.monotonic() + _LIMIT_S
        while not (actor.stop or actor.ended):
            if actor.waits and self._is_asleep():
                return
            # While a call waits there may be nothing to hear: then it is the kernel that is asked.
            within_s = _LOOK_S if actor.waits else max(0.0, end - time.monotonic())
            if not self._hear(within_s) and time.monotonic() >= end:
                raise StageError(f"process {actor.name} (pid {actor.process.pid}) says nothing")

    def until_one_is_woken(self, actors: list[Actor]) -> Actor:
        """Wait until one of those that sleep has the lock, and stops at its next step; which one, the kernel says."""
        end = time.monotonic() + _LIMIT_S
        while True:
            woken = next((actor for actor in actors if actor.stop), None)
            if woken:
                return woken
            if not self._hear(max(0.0, end - time.monotonic())):
                raise StageError(f"none of {', '.join(actor.name for actor in actors)} was woken")

    def find_ended(self) -> None:
        """Raise `StageError` if a process has ended that had not to: that is why something is not as it should be."""
        while self._hear(_ASLEEP_S):
            pass

    def _hear(self, within_s: float) -> bool:
        try:
            actor, line = self._heard.get(timeout=within_s)
        except queue.Empty:
            return False
        if line:
            actor.hear(json.loads(line))
        elif not actor.ended:
            said = _pipe(actor.process.stderr).read().decode(errors="replace").strip().rpartition("\n")[2]
            raise StageError(f"process {actor.name} (pid {actor.process.pid}) has ended: {said or 'it said nothing'}")
        return True

    def _is_asleep(self) -> bool:
        """Do as many sleep in the kernel's list as have called what waits? Where there is no list, after a while."""
        waiting = sum(1 for actor in self.actors.values() if actor.waits)
        end = time.monotonic() + _ASLEEP_S
        while time.monotonic() < end and self._heard.empty():
            locks = self.locks()
            if locks is not None and sum("->" in line for line in locks) >= waiting:
                return True
            time.sleep(_LOOK_S)
        return self._heard.empty()

    def locks(self) -> list[str] | None:
        """What the kernel lists of this file: proc_locks(5), less device and range; None where it has no list."""
        if sys.platform != "linux":
            return None
        try:
            with open("/proc/locks", encoding="ascii") as listed:
                lines = [line.split() for line in listed if f":{self._inode} " in line]
        except OSError:
            return None
        return [" ".join(words[1 : words.index("WRITE") + 2]) for words in lines if "WRITE" in words]

    def content(self) -> bytes | None:
        """What the file holds, read without asking anybody; None where that cannot be done while it is locked."""
        try:
            return self.file.read_bytes()
        except PermissionError:
            return None

    def journal_bytes(self) -> int | None:
        """How long the journal beside it is, if there is one."""
        others = [path for path in self.file.parent.iterdir() if path != self.file]
        return others[0].stat().st_size if others else None

    def close(self) -> None:
        """End all."""
        for actor in self.actors.values():
            with suppress(OSError):
                actor.process.kill()
        for listener in self._listeners:
            listener.join(_LIMIT_S)
        for actor in self.actors.values():
            actor.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _pipe(pipe: IO[bytes] | None) -> IO[bytes]:
    assert pipe is not None
    return pipe
