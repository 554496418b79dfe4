"""Real runs for a prediction: what they took of the cores, and what others took of them meanwhile."""

from __future__ import annotations

import os
import tempfile
import time
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

from ..model.calibration import LONG_FILE_BYTES, Sample, look_cost, parameters_from, runs
from ..model.prediction import figures_of
from ..output import note
from ..workload import module_file
from .judging import CannotRunError, emptied, judged_run

if TYPE_CHECKING:
    from ..config import Config
    from ..model.parameters import Parameters
    from ..model.prediction import Figures
    from ..report import Account

__all__ = ["calibrated", "cores_here", "measured"]

_TICKS_PER_S = 100  # what the kernel tells times in (proc(5), USER_HZ)
_LINE = b"\texample.org/filler%06d v0.0.0\n"


def calibrated(seed: int, place: Path, *, quiet: bool) -> Parameters:
    """Run what the calibration needs in `place`, and read the parameters off. Raises `KeyboardInterrupt` if it ends."""
    try:
        look = look_cost()
    except OSError as error:
        raise CannotRunError(f"predict: the locks of this file system cannot be measured: {error.strerror}") from error
    with tempfile.TemporaryDirectory(prefix="simulator-") as directory:
        long_file = Path(directory) / "go.mod"
        long_file.write_bytes(_long_file(seed))
        configs = runs(seed, str(long_file))
        samples = []
        for number, config in enumerate(configs, 1):
            if not quiet:
                note(f"calibrating {number}/{len(configs)}: {_told(config)}\n")
            samples.append(_sample(config, place))
    return parameters_from(samples, look)


def _long_file(seed: int) -> bytes:
    more = b"".join(_LINE % number for number in range(LONG_FILE_BYTES // len(_LINE % 0)))
    return module_file(0, seed).replace(b"require (\n", b"require (\n" + more, 1)


def _told(config: Config) -> str:
    count = f"{config.workers} worker{'s' if config.workers > 1 else ''}"
    if config.edits:
        return f"the start of {count}"
    return f"{count}, think time {config.think_ms}" + (", a long file" if config.file else "")


def _sample(config: Config, place: Path) -> Sample:
    before_s = _cpu_s()
    account = _account(config, place)
    return Sample(config, account.history, _cpu_s() - before_s)


def _account(config: Config, place: Path) -> Account:
    emptied(place)
    account = judged_run(config, place, lambda _: None)
    if account.interrupted:
        raise KeyboardInterrupt
    if not account.numbers.wait.number or not account.numbers.edits_per_s:
        raise CannotRunError(f"predict: a run of {_told(config)} made no edits here")
    return account


def _cpu_s() -> float:
    """What all children that have ended used of the cores."""
    resource = import_module("resource")  # finer than os.times, and not on Windows
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return float(used.ru_utime + used.ru_stime)


def measured(config: Config, place: Path, *, quiet: bool) -> tuple[Figures, float]:
    """A real run in `place`, and how many cores other programs used meanwhile, on average."""
    if not quiet:
        note(f"validating: {_told(config)}\n")
    began_s, foreign_s = time.monotonic(), _foreign_s()
    account = _account(config, place)
    foreign = (_foreign_s() - foreign_s) / (time.monotonic() - began_s)
    return figures_of(account.numbers), max(0.0, foreign)


def _foreign_s() -> float:
    """What all cores have done so far that was not for us."""
    ticks = [int(word) for word in Path("/proc/stat").read_text(encoding="ascii").split("\n", 1)[0].split()[1:]]
    user, nice, system, _idle, _waiting, interrupts, soft = ticks[:7]
    all_s = (user + nice + system + interrupts + soft) / _TICKS_PER_S
    return all_s - sum(os.times()[:4])


def cores_here() -> int:
    """How many cores this process may use."""
    allowed = getattr(os, "sched_getaffinity", None)  # not everywhere
    return len(allowed(0)) if allowed else os.cpu_count() or 1
