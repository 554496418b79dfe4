"""How long it takes to judge a run: `python -m stress.simulator.judge`; and that it grows with the edits, not faster.

The runs are made up, as records that workers under a lock that works would leave: so many edits of 32 workers in turn,
in no order that helps. What is measured is what `check DIR` does: to read the records, and to judge. Beside the time of
the clock stands that of the processor, as a machine may have other things to do.
"""

from __future__ import annotations

import argparse
import random
import sys
import time
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, NamedTuple, TypeVar

from simulator import saved
from simulator.checker import Result, check
from simulator.history import DIGEST_BYTES, Kind, Outcome
from simulator.recorder import Recorder

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

__all__ = ["main"]

Made = TypeVar("Made")

_WORKERS = 32
_TURN_NS = 10_000


class _Time(NamedTuple):
    clock_s: float
    processor_s: float

    def __str__(self) -> str:
        return f"{self.clock_s:7.2f} s ({self.processor_s:6.2f} s)"


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and print; 1 if a run is not judged as it should be."""
    parser = argparse.ArgumentParser(prog="python -m stress.simulator.judge", description=(__doc__ or "").split(";")[0])
    parser.add_argument("--edits", type=int, default=1_000_000, metavar="N", help="of the longer run (1000000)")
    longer: int = parser.parse_args(arguments).edits
    print(f"{'edits':>10}  {'read the records':>20}  {'judge':>20}   clock (processor)")  # noqa: T201
    times, right = {}, True
    for edits in (max(longer // 10, 1), longer):
        reading, judging, result = _measured(edits)
        times[edits] = judging.processor_s
        right = right and result is Result.VALID
        print(f"{edits:10,}  {reading!s:>20}  {judging!s:>20}   {result.value}")  # noqa: T201
    least, most = times.values()
    print(f"ten times the edits: {most / least:.1f} times the time to judge")  # noqa: T201
    return 0 if right else 1


def _measured(edits: int) -> tuple[_Time, _Time, Result]:
    with TemporaryDirectory(prefix="simulator-judge-") as name:
        directory = Path(name)
        _make(directory, edits)
        history, reading = _timed(lambda: saved.read_history(directory))
        verdict, judging = _timed(lambda: check(history))
    return reading, judging, verdict.result


def _timed(work: Callable[[], Made]) -> tuple[Made, _Time]:
    clock, processor = time.perf_counter(), time.process_time()
    made = work()
    return made, _Time(time.perf_counter() - clock, time.process_time() - processor)


def _make(directory: Path, edits: int) -> None:
    """The files of a run of so many edits."""
    saved.initial(directory).write_bytes(b"0")
    recorders = [Recorder(str(saved.records(directory, worker)), worker) for worker in range(_WORKERS)]
    chance, free_at = random.Random(edits), [1] * _WORKERS
    before = _name(0)
    for number in range(1, edits + 1):
        worker, locked_ns = chance.randrange(_WORKERS), number * _TURN_NS
        recorder, after = recorders[worker], _name(number)
        recorder.begin(Kind.EDIT, free_at[worker])
        recorder.intend(locked_ns, before, 1000, after, number)
        recorder.end(Outcome.OK, locked_ns, locked_ns + _TURN_NS // 2, locked_ns + _TURN_NS * 3 // 4)
        before, free_at[worker] = after, locked_ns + _TURN_NS * 3 // 4
    for recorder in recorders:
        recorder.close()
    (directory / "go.mod").write_bytes(b"%d" % edits)


def _name(number: int) -> bytes:
    return sha256(b"%d" % number).digest()[:DIGEST_BYTES]


if __name__ == "__main__":
    sys.exit(main())
