"""The phases of one process alone: an edit that keeps the size, one with a deadline, a line appended, one recorded."""

from __future__ import annotations

import json
from functools import partial
from importlib.util import find_spec
from itertools import count
from typing import TYPE_CHECKING

from .child import module, run
from .contents import go_sum
from .samples import rounds

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from .samples import Round

__all__ = ["append_rounds", "deadline_rounds", "durable_rounds", "recorded_rounds", "same_size_rounds"]

_SMALL_BYTES = 2048
_LARGE_BYTES = 1_000_000


def same_size_rounds(directory: Path, edits: int, peer: Path | None) -> Iterator[Round]:
    """Nanoseconds of an edit that flips one bit of 2 KB: ours in two kinds, Go's, a peer's, and the bare calls."""
    path = directory / "same-size"
    path.write_bytes(go_sum(_SMALL_BYTES))
    contestants: dict[str, Callable[[], float]] = {
        f"same_size_{sample}_ns": partial(_python_ns, editor, "same", path, edits)
        for sample, editor in (
            ("edit", "lockedfile"),
            ("go_protocol", "go-protocol"),
            ("bare", "bare"),
            ("checked", "checked"),
            ("filelock", "filelock"),
        )
        if editor != "filelock" or find_spec("filelock")
    }
    if peer:
        contestants["same_size_go_ns"] = lambda: _go_ns(peer, "same", path, edits)
    return rounds(contestants)


def deadline_rounds(directory: Path, turns: int) -> Iterator[Round]:
    """Nanoseconds of the same edit by itself, without a deadline and with one."""
    path = directory / "deadline"
    path.write_bytes(go_sum(_SMALL_BYTES))
    editors = {"deadline_without_ns": "lockedfile", "deadline_with_ns": "with-deadline"}
    for number in count():
        samples = list(editors)[:: -1 if number % 2 else 1]
        names = [editors[sample] for sample in samples]
        took_ns = run(module("stress.bench.alternate", str(path), str(turns), *names)).split()
        yield dict(zip(samples, map(float, took_ns), strict=True))


def durable_rounds(directory: Path, edits: int) -> Iterator[Round]:
    """Nanoseconds of the same edit with all syncs: ours, and the bare system calls."""
    path = directory / "durable"
    path.write_bytes(go_sum(_SMALL_BYTES))
    return rounds(
        {
            f"durable_{sample}_ns": partial(_python_ns, editor, "same", path, edits)
            for sample, editor in (("edit", "durable"), ("bare", "bare-durable"))
        }
    )


def append_rounds(directory: Path, edits: int, peer: Path | None) -> Iterator[Round]:
    """Nanoseconds of an edit that appends a line to a go.sum of 1 MB: ours and Go's, each from the same size."""
    path = directory / "append"
    content = go_sum(_LARGE_BYTES)

    def reset_then(measure: Callable[[], float]) -> Callable[[], float]:
        def measured() -> float:
            path.write_bytes(content)
            return measure()

        return measured

    contestants = {"append_edit_ns": reset_then(lambda: _python_ns("lockedfile", "append", path, edits))}
    if peer:
        contestants["append_go_ns"] = reset_then(lambda: _go_ns(peer, "append", path, edits))
    return rounds(contestants)


def recorded_rounds(directory: Path, edits: int) -> Iterator[Round]:
    """Edits per second of a loop like a simulator's worker's: with its records, and without."""
    return rounds(
        {
            f"recorded_{recorded}_edits_per_s": partial(_recorded_edits_per_s, recorded, directory, edits)
            for recorded in ("yes", "no")
        }
    )


def _recorded_edits_per_s(recorded: str, directory: Path, edits: int) -> float:
    return float(run(module("stress.bench.recorded", recorded, str(directory), str(edits))))


def _python_ns(editor: str, kind: str, path: Path, edits: int) -> float:
    return float(run(module("stress.bench.editor", editor, kind, str(path), str(edits))))


def _go_ns(peer: Path, kind: str, path: Path, edits: int) -> float:
    return float(json.loads(run([str(peer), "time", kind, str(path), str(edits)]))["ns_per_edit"])
