"""The account of a run as plain data for JSON; units are in the names."""

from __future__ import annotations

import platform
from typing import TYPE_CHECKING, TypeAlias

from ..history import NOTHING, Operation

if TYPE_CHECKING:
    from ..checker import Anomaly, Verdict
    from ..stats import Numbers, Quantiles
    from .account import Account

__all__ = ["SCHEMA", "Json", "document"]

SCHEMA = 2
"""Raised when a name goes away or changes its meaning; new names may come without."""

Json: TypeAlias = "dict[str, Json] | list[Json] | str | int | float | bool | None"


def document(account: Account) -> dict[str, Json]:
    """All that the text says, and the same numbers unrounded."""
    return {
        "schema": SCHEMA,
        "verdict": _verdict(account.verdict),
        "numbers": _numbers(account.numbers),
        "config": dict(account.config._asdict()),
        "command": account.config.command(),
        "startup_s": account.startup_s,
        "interrupted": account.interrupted,
        "lost_workers": list(account.lost),
        "stuck_workers": account.stuck,
        "failures": list(account.failures),
        "faults": dict(account.faults._asdict()),
        "litter": list(account.litter),
        "kept_in": account.kept_in,
        "python": platform.python_version(),
        "platform": platform.platform(),
    }


def _verdict(verdict: Verdict) -> Json:
    return {
        "result": verdict.result.value,
        "reason": verdict.reason,
        "evidence": dict(verdict.evidence._asdict()),
        "anomalies": [_anomaly(anomaly, verdict.counts[anomaly.flaw]) for anomaly in verdict.anomalies],
    }


def _anomaly(anomaly: Anomaly, count: int) -> Json:
    witness: list[Json] = [_operation(op) for op in anomaly.witness]
    return {"flaw": anomaly.flaw.value, "what": anomaly.what, "count": count, "witness": witness}


def _operation(operation: Operation) -> Json:
    return {
        **{name: value for name, value in operation._asdict().items() if name.endswith(("_ns", "_bytes"))},
        "worker": operation.worker,
        "sequence": operation.sequence,
        "kind": operation.kind.name.lower(),
        "outcome": operation.outcome.name.lower(),
        "why": operation.why.name.lower(),
        "read": operation.read.hex() if operation.read != NOTHING else None,
        "written": operation.written.hex() if operation.written != NOTHING else None,
        "version": operation.version,
    }


def _numbers(numbers: Numbers) -> Json:
    return {
        "elapsed_ns": numbers.elapsed_ns,
        "edits_per_s": numbers.edits_per_s,
        "wait": _quantiles(numbers.wait),
        "service_wait": _quantiles(numbers.service_wait),
        "hold": _quantiles(numbers.hold),
        "handoff": _quantiles(numbers.handoff),
        "edit": _quantiles(numbers.edit),
        "read": _quantiles(numbers.read),
        "wait_histogram": [{"from_ns": b.from_ns, "to_ns": b.to_ns, "count": b.number} for b in numbers.waits],
        "fairness": dict(numbers.fairness._asdict()),
        "missed": numbers.missed,
    }


def _quantiles(quantiles: Quantiles) -> Json:
    values = quantiles._asdict()
    return {"count": values.pop("number"), **{f"{name}_ns": value for name, value in values.items()}}
