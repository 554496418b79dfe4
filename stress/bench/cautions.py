"""The cautions: what makes the figures worth less than they look, each with a remedy."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .arguments import Options
    from .environment import Environment
    from .outcome import Outcome

__all__ = ["cautions"]

_LARGE_NOISE = 0.10

_FEW_ROUNDS = 5


def cautions(
    options: Options, environment: Environment | None, outcomes: Sequence[Outcome], missing: Sequence[str]
) -> list[str]:
    """Sentences for people, the weightiest first; `missing` names what has no outcome."""
    found: list[str] = []
    if environment and environment.file_system != "ext4":
        found.append(
            f"The targets are for ext4, and {options.directory} is on {environment.file_system}; "
            "give a directory on ext4 with --dir."
        )
    if options.quick or options.rounds < _FEW_ROUNDS:
        found.append(
            "So short a run shows that all works, not how fast; for figures run it without --quick or --rounds."
        )
    if missing:
        found.append(f"Not measured: {', '.join(missing)}.")
    found += [
        f"{_name(one)}: the middle half of the rounds lie on both sides of the target; --rounds "
        f"{options.rounds * 4} may decide."
        for one in outcomes
        if one.close
    ]
    promised = [one for one in outcomes if one.claim.limit is not None]
    noisy = [f"{_name(one)} (+-{one.noise:.0%})" for one in promised if one.noise > _LARGE_NOISE]
    if noisy:
        found.append(f"The rounds differ much in {', '.join(noisy)}: end other programs, or give more --rounds.")
    return found


def _name(outcome: Outcome) -> str:
    return f"{outcome.claim.what} / {outcome.claim.versus}"
