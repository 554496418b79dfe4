"""The JSON that programs read: every sample and outcome, units in the names."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .arguments import Options
    from .environment import Environment
    from .outcome import Outcome
    from .samples import Samples

__all__ = ["SCHEMA", "as_json"]

SCHEMA = 1  # raised when a name is dropped or comes to mean something else


def as_json(
    options: Options,
    environment: Environment | None,
    samples: Samples,
    outcomes: Sequence[Outcome],
    cautions: Sequence[str],
    *,
    complete: bool,
) -> str:
    """The text of the file that `--json` names."""
    return (
        json.dumps(
            {
                "schema": SCHEMA,
                "command": options.command,
                "complete": complete,
                "environment": environment and asdict(environment),
                "rounds": options.rounds,
                "effort": asdict(options.effort),
                "outcomes": list(map(_outcome, outcomes)),
                "samples": samples,
                "cautions": cautions,
            },
            indent=2,
        )
        + "\n"
    )


def _outcome(outcome: Outcome) -> dict[str, object]:
    claim = outcome.claim
    compared = f"difference_{claim.unit}" if claim.by_difference else "ratio"
    quartiles = f"ours_{claim.unit}" if claim.by_itself else compared
    return {
        "name": claim.name,
        "what": claim.what,
        "versus": claim.versus,
        f"ours_{claim.unit}": outcome.ours,
        f"theirs_{claim.unit}": outcome.theirs,
        **({} if claim.by_itself else {compared: outcome.compared}),
        f"{quartiles}_low_quartile": outcome.low,
        f"{quartiles}_high_quartile": outcome.high,
        "target": None if claim.limit is None else {"at_least" if claim.at_least else "at_most": claim.limit},
        "met": outcome.met,
    }
