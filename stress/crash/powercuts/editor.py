"""The process that edits while the log runs: `python -S -I editor.py JSON`; it says a line before and after each step.

    ["began", step, position of the log, null]    ["done", step, position, digest of what it left or read]
    ["failed", step, position, error]

The JSON has `path`, of the file, and `bystander`, of another one; `turn`, a file with the pickled turn; `position`, its
file; `mode` and `variant`; `write_back` and `seed`, of what is written back between the calls.
"""

from __future__ import annotations

import hashlib
import json
import os
import pickle
import sys
from pathlib import Path
from random import Random

sys.path.insert(0, str(Path(__file__).parents[3]))

from stress.crash.powercuts.between_calls import BetweenCalls
from stress.crash.powercuts.position import Position

TYPE_CHECKING = False  # typing costs more to import than all of this takes
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from stress.crash.powercuts.scenario import Content, Step, Turn

_OPTIONS: dict[str, dict[str, bool]] = {"default": {}, "durable": {"durable": True}, "go": {"crash_safe": False}}


def main(task: Mapping[str, Any]) -> None:
    """Do the steps of the turn, and say so."""
    path, position = task["path"], Position(Path(task["position"]))
    between = BetweenCalls(task["bystander"], task["write_back"], Random(task["seed"]))
    if task["variant"]:
        from stress.crash.variants import VARIANTS

        VARIANTS[task["variant"]].weaken()
    turn: Turn = pickle.loads(Path(task["turn"]).read_bytes())
    for number, step in enumerate(turn.steps):
        kill = turn.kill if turn.kill and turn.kill.step == number else None
        _say("began", number, position.get(), None)
        between.arm((kill.call, kill.after) if kill else None)
        try:
            left = _done(step, path, _OPTIONS[task["mode"]])
        except Exception as error:  # noqa: BLE001 - whatever it is, a power cut or a kill should not have led to it
            _say("failed", number, position.get(), f"{type(error).__name__}: {error}")
            return
        finally:
            between.disarm()
        _say("done", number, position.get(), None if left is None else hashlib.sha256(left).hexdigest())


def _done(step: Step, path: str, options: Mapping[str, Any]) -> Content:
    """Do one step; what it left, or read."""
    import lockedfile  # after the calls of `os` are wrapped

    left: list[bytes] = [step.new]

    def transform(old: bytes) -> bytes:
        left[0] = old + step.new if step.call == "append" else step.new
        return left[0]

    if step.call == "read":
        try:
            return lockedfile.read(path)
        except FileNotFoundError:
            return None
    elif step.call == "remove":
        os.unlink(path)
        _sync_directory(path)
        return None
    elif step.call == "write":
        lockedfile.write(path, step.new, **options)
    else:
        lockedfile.Edit(path, transform, **({} if step.call == "loose" else options))
    return left[0]


def _sync_directory(path: str) -> None:
    fd = os.open(os.path.dirname(path), os.O_RDONLY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


def _say(*line: object) -> None:
    sys.stdout.write(json.dumps(line) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main(json.loads(sys.argv[1]))
