"""`python -m simulator predict`: what would happen with more workers than this machine can run."""

from __future__ import annotations

import secrets
import sys
import time
from importlib import import_module
from importlib.util import find_spec
from math import log2
from typing import TYPE_CHECKING

from ..arguments import Parser, amount, durations, existing_path, whole
from ..config import Config
from ..model.parameters import Parameters, Scenario
from ..model.prediction import Comparison, Prediction, figures_of
from ..output import check_writable, note, tell_beside
from ..report.prediction import document, text
from ..signals import terminable
from ..stats import measure
from ..workload import module_file
from .judging import CannotRunError, kept_directory

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable
    from pathlib import Path

    from ..model.crowd import Course
    from ..model.prediction import Figures

__all__ = ["main"]

_DONE, _INTERRUPTED = 0, 130
_MOST_WORKERS = 100_000
_MOST_REAL_WORKERS = 512
_REAL_S = 3.0
_ROUNDS, _NEAR, _STEP = 6, 0.95, 1.5  # until other programs use what they were seen to use
_BUDGETS_S = 30.0, 15.0  # the prediction, and its variant
_WARM_WORKERS = 128  # the variant: with more than so many, caches do not get colder

_DESCRIPTION = """\
Predict what would happen with more workers than this machine can run. Real
runs of few workers tell what an edit and a wait cost here; a discrete-event
model of the kernel's queue, of the line at the turnstile, and of the cores
does the rest; and real runs of other sizes tell how far off it is.
"""

_EPILOG = """\
examples:
  python -m simulator predict --workers 10000
  python -m simulator predict --workers 1000 --cores 16     on another machine
  python -m simulator predict --workers 500 --think-ms exp:1000 --readers 100
  python -m simulator predict --workers 1000 --no-validate --json -

exit codes: 0 predicted, 2 wrong usage, 3 it cannot be done here (and why),
            130 Ctrl-C
docs/predict.md tells what the model knows, and what it leaves out.
"""


def main(arguments: list[str]) -> int:
    """Calibrate, validate, predict, tell; the exit code."""
    options = _parser().parse_args(arguments)
    check_writable("--json", options.json)
    _check_here()
    try:
        with terminable(), kept_directory(None) as place:
            prediction = _predicted(options, place)
    except KeyboardInterrupt:
        note("simulator: predict: given up\n")
        return _INTERRUPTED
    tell_beside(text(prediction), document(prediction), options.json)
    return _DONE


def _check_here() -> None:
    if find_spec("simpy") is None:
        raise CannotRunError('predict needs simpy: python -m pip install "lockedfile[simulator]"')
    if find_spec("fcntl") is None or not hasattr(import_module("fcntl"), "F_OFD_GETLK"):
        raise CannotRunError("predict needs Linux: what it models are the locks of that kernel")


def _predicted(options: argparse.Namespace, place: Path) -> Prediction:
    from .measuring import calibrated, cores_here, measured

    seed = secrets.randbelow(1_000_000) if options.seed is None else options.seed
    parameters = calibrated(seed, place, quiet=options.quiet)
    here = cores_here()
    comparisons = []
    for workers in () if options.no_validate else options.validate:
        config = _config(options, workers, seed, _REAL_S)
        figures, foreign = measured(config, place, quiet=options.quiet)
        comparisons.append(Comparison(workers, foreign, figures, _beside(config, here, foreign, parameters)))
    duration_s = options.duration or _long_enough_s(options.workers)
    scenario = Scenario(_config(options, options.workers, seed, duration_s), options.cores or here)
    began_s = time.monotonic()
    figures, reached_s = _modelled(scenario, parameters, _BUDGETS_S[0], quiet=options.quiet)
    took_s = time.monotonic() - began_s
    variant = _modelled(scenario, _warm(parameters, options.workers), _BUDGETS_S[1], quiet=True)[0]
    return Prediction(scenario, parameters, figures, variant, reached_s, took_s, tuple(comparisons))


def _beside(config: Config, cores: int, foreign: float, parameters: Parameters) -> Figures:
    """What the model makes of a load while other programs use as much of the cores as was measured.

    What they want is more, if they do not get it; so the model has them want more until they use that.
    """
    wanted, tried = foreign, []
    for _ in range(_ROUNDS):
        tried.append(_course(Scenario(config, cores, wanted), parameters, _BUDGETS_S[1] / _ROUNDS))
        if tried[-1].foreign_used >= foreign * _NEAR:
            break
        wanted *= min(_STEP, foreign / max(tried[-1].foreign_used, foreign / _STEP))
    nearest = min(tried, key=lambda course: abs(course.foreign_used - foreign))
    return figures_of(measure(nearest.history, config.workers))


def _long_enough_s(workers: int) -> float:
    """So that with a crowd of any size everybody has had the lock some times."""
    return 5.0 + workers * 0.01


def _warm(parameters: Parameters, workers: int) -> Parameters:
    """What if caches do not get colder and colder without an end?"""
    if workers <= _WARM_WORKERS:
        return parameters
    return parameters._replace(doubling=parameters.doubling * log2(_WARM_WORKERS) / log2(workers))


def _config(options: argparse.Namespace, workers: int, seed: int, duration_s: float) -> Config:
    return Config(
        workers, options.readers, duration_s, None, options.hold_ms, options.think_ms, None, "lockedfile", seed
    )


def _modelled(scenario: Scenario, parameters: Parameters, budget_s: float, *, quiet: bool) -> tuple[Figures, float]:
    """What the model makes of it, and how far it came."""
    progress = _Progress(quiet=quiet or not sys.stderr.isatty())
    ended = _course(scenario, parameters, budget_s, progress.show)
    progress.done()
    return figures_of(measure(ended.history, scenario.config.workers)), ended.reached_s


def _course(
    scenario: Scenario,
    parameters: Parameters,
    budget_s: float,
    told: Callable[[float], object] = lambda _share: None,
) -> Course:
    from ..model.crowd import course  # it needs simpy

    config = scenario.config
    sized = scenario._replace(
        size_bytes=len(module_file(config.workers, config.seed)), base_bytes=len(module_file(1, config.seed))
    )
    return course(sized, parameters, told, budget_s=budget_s)


class _Progress:
    """How far the model is, on one line of a terminal."""

    def __init__(self, *, quiet: bool) -> None:
        self._quiet, self._shown = quiet, -1

    def show(self, share: float) -> None:
        """Tell it, if it has changed."""
        percent = int(100 * share)
        if not self._quiet and percent != self._shown:
            self._shown = percent
            note(f"\rpredicting: {percent} %")

    def done(self) -> None:
        """Leave no trace."""
        if self._shown >= 0:
            note("\r                 \r")


def _sizes(word: str) -> tuple[int, ...]:
    return tuple(whole(1, _MOST_REAL_WORKERS)(each) for each in word.split(","))


def _parser() -> Parser:
    parser = Parser("predict", _DESCRIPTION, _EPILOG)
    load = parser.add_argument_group("what is predicted")
    load.add_argument("--workers", type=whole(1, _MOST_WORKERS), default=10_000, metavar="N", help="(default 10000)")
    load.add_argument("--readers", type=whole(0, _MOST_WORKERS), default=0, metavar="N", help="(default 0)")
    load.add_argument("--think-ms", type=durations, default="exp:1", metavar="MS", help="(default exp:1)")
    load.add_argument("--hold-ms", type=durations, default="0", metavar="MS", help="(default 0)")
    load.add_argument(
        "--duration",
        type=amount(zero=False),
        metavar="SECONDS",
        help="of the model's time (default: 5 and 0.01 a worker)",
    )
    load.add_argument("--cores", type=whole(1, 4096), metavar="N", help="of the machine (default: as many as here)")
    load.add_argument("--seed", type=whole(0), metavar="N", help="(default: by chance)")
    how = parser.add_argument_group("how sure it is")
    real = how.add_mutually_exclusive_group()
    real.add_argument(
        "--validate",
        "--calibrate",
        dest="validate",
        type=_sizes,
        default=(8, 32, 128),
        metavar="N,N",
        help="numbers of workers of real runs to compare with, 3 seconds each (default 8,32,128)",
    )
    real.add_argument("--no-validate", action="store_true", help="do not compare with any")
    output = parser.add_argument_group("output")
    output.add_argument("--json", type=existing_path, metavar="PATH", help="write all figures there; - is stdout")
    output.add_argument("--quiet", action="store_true", help="show nothing while it runs")
    return parser
