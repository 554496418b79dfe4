"""A prediction as text and as data: what is predicted, how far off the model was, and what it leaves out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .. import distribution
from ..model.laws import bounds, response_time_s
from ..model.prediction import FIGURES, error
from .terminal import duration

if TYPE_CHECKING:
    from ..model.laws import Bounds
    from ..model.prediction import Prediction

__all__ = ["LEFT_OUT", "document", "text"]

_NAMES = ("edits/s", "wait p50", "wait p90", "wait p99", "longest", "Jain")

LEFT_OUT = (
    "memory: so many processes need it, 8.5 MB each, and the model never swaps",
    "a queue for each core, and what the scheduler remembers of who ran how long",
    "kills, deadlines, disks that are slow, and all other work of the machine",
    "that the kernel's own lists are locked while somebody else goes through them",
)


def text(prediction: Prediction) -> str:
    """All of it, for people."""
    parts = [_predicted(prediction), _laws(prediction)]
    if prediction.comparisons:
        parts.append(_compared(prediction))
    parts.append(_costs(prediction))
    parts.append("left out\n" + "".join(f"  {line}\n" for line in LEFT_OUT))
    return "\n".join(parts)


def _predicted(prediction: Prediction) -> str:
    scenario, config = prediction.scenario, prediction.scenario.config
    readers = f" and {config.readers:,} readers" if config.readers else ""
    lines = [
        f"predicted for {config.workers:,} workers{readers}, {scenario.cores} cores, think time {config.think_ms}, "
        f"hold time {config.hold_ms}; seed {config.seed}",
        f"{prediction.reached_s:.1f} s of the model's time, which took {prediction.took_s:.1f} s",
    ]
    if prediction.reached_s < (config.duration_s or 0.0):
        lines.append(f"of the {config.duration_s:g} s that were asked for; waits longer than that are not in it")
    lines += ["", f"{'':10}{'predicted':>12}   between"]
    for name, figure in zip(_NAMES, FIGURES, strict=True):
        least, most = (_told(figure, value) for value in prediction.range(figure))
        lines.append(f"{name:10}{_told(figure, getattr(prediction.figures, figure)):>12}   {least} and {most}")
    if not prediction.comparisons:
        lines.append("not compared with any real run")
    return "\n".join(lines) + "\n"


def _told(figure: str, value: float) -> str:
    if figure == "edits_per_s":
        return f"{value:,.0f}" if value >= 10 else f"{value:.2g}"
    return f"{value:.3f}" if figure == "jain" else duration(value * 1e9)


def _demands_s(prediction: Prediction) -> tuple[float, float]:
    """What one edit needs of the lock, and of the cores; without any waiting."""
    scenario, parameters = prediction.scenario, prediction.parameters
    growth = parameters.growth(scenario.config.size)
    hold_s = parameters.hold_s * growth
    held_s = hold_s + distribution.parse(scenario.config.hold_ms).mean_ms / 1e3
    rest_s = (parameters.open_s + parameters.close_s + parameters.loop_s) * growth
    return held_s, (hold_s + rest_s) / scenario.cores


def _bounds(prediction: Prediction) -> Bounds:
    think_s = distribution.parse(prediction.scenario.config.think_ms).mean_ms / 1e3 + prediction.parameters.oversleep_s
    return bounds(prediction.scenario.config.workers, think_s, _demands_s(prediction))


def _laws(prediction: Prediction) -> str:
    config, law = prediction.scenario.config, _bounds(prediction)
    think_s = distribution.parse(config.think_ms).mean_ms / 1e3 + prediction.parameters.oversleep_s
    response_s = response_time_s(config.workers, prediction.figures.edits_per_s, think_s)
    return (
        "by laws that hold for any queue\n"
        f"  at most {law.most_per_s:,.0f} edits/s; some have to wait from {law.knee:,.0f} workers on, at the latest\n"
        f"  at that rate an edit takes {duration(response_s * 1e9)} on average (R = N/X - Z)\n"
    )


def _compared(prediction: Prediction) -> str:
    lines = [f"{'measured and predicted':24}" + "".join(f"{name:>12}" for name in _NAMES)]
    for each in prediction.comparisons:
        for what, figures in (("measured", each.measured), ("predicted", each.predicted)):
            cells = "".join(f"{_told(figure, getattr(figures, figure)):>12}" for figure in FIGURES)
            lines.append(f"{each.workers:>5} workers  {what:9}" + cells)
        errors = (error(getattr(each.predicted, figure), getattr(each.measured, figure)) for figure in FIGURES)
        lines.append(f"{'':15}{'error':9}" + "".join(f"{share:>+12.0%}" for share in errors))
        if each.foreign >= 0.2:
            lines.append(f"{'':15}meanwhile other programs used {each.foreign:.1f} cores, in the model too")
    return "\n".join(lines) + "\n"


def _costs(prediction: Prediction) -> str:
    found = prediction.parameters
    rows = (
        ("open, hold, close", " + ".join(_us(each) for each in (found.open_s, found.hold_s, found.close_s))),
        ("between two edits", f"{_us(found.loop_s)}, and asleep {_us(found.oversleep_s)} longer than asked for"),
        ("a wait in line", _us(found.line_s)),
        ("an idle core wakes", f"in {_us(found.wake_s)}"),
        ("twice the workers", f"{found.doubling:.0%} more of all that, as caches get colder"),
        ("100 KB of file", f"{_us(found.per_byte_s * 1e5)} more of a hold"),
    )
    return "measured here\n" + "".join(f"  {name:20}{value}\n" for name, value in rows)


def _us(seconds: float) -> str:
    return f"{seconds * 1e6:.0f} µs"


def document(prediction: Prediction) -> dict[str, object]:
    """All of it, for programs; times in seconds."""
    scenario = prediction.scenario
    law = _bounds(prediction)
    return {
        "config": scenario.config._asdict(),
        "cores": scenario.cores,
        "predicted": prediction.figures._asdict(),
        "between": {figure: prediction.range(figure)._asdict() for figure in FIGURES},
        "reached_s": prediction.reached_s,
        "laws": law._asdict(),
        "compared": [
            {
                "workers": each.workers,
                "foreign": each.foreign,
                "measured": each.measured._asdict(),
                "predicted": each.predicted._asdict(),
                "error": {
                    figure: error(getattr(each.predicted, figure), getattr(each.measured, figure)) for figure in FIGURES
                },
            }
            for each in prediction.comparisons
        ],
        "parameters": prediction.parameters._asdict(),
        "left_out": list(LEFT_OUT),
    }
