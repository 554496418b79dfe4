"""The outcome of a comparison: one figure of all rounds, how sure it is, and whether the target is met."""

from __future__ import annotations

from dataclasses import dataclass
from statistics import median, quantiles
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .claims import Claim
    from .samples import Samples

__all__ = ["Outcome", "judge"]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the rounds say of one claim.

    `compared` is the median of what the rounds say each: ours / theirs, ours - theirs, or ours alone. Half of the
    rounds lie between `low` and `high`.
    """

    claim: Claim
    ours: float
    theirs: float
    compared: float
    low: float
    high: float

    @property
    def met(self) -> bool | None:
        """Is the target met? None where there is none."""
        return self._within(self.compared)

    @property
    def close(self) -> bool:
        """Do the middle half of the rounds lie on both sides of the target?"""
        return self._within(self.low) != self._within(self.high)

    @property
    def noise(self) -> float:
        """Half the width of the middle half of the rounds, as a share of the ratio, or of the target if it is none."""
        claim = self.claim
        scale = claim.limit if (claim.by_difference or claim.by_itself) and claim.limit else self.compared
        return (self.high - self.low) / 2 / abs(scale) if scale else 0.0

    def _within(self, figure: float) -> bool | None:
        limit = self.claim.limit
        if limit is None:
            return None
        return figure >= limit if self.claim.at_least else figure <= limit


def judge(claim: Claim, samples: Samples) -> Outcome | None:
    """The outcome of `claim`, or None where its samples were not taken."""
    ours, theirs = samples.get(claim.ours), samples.get(claim.theirs)
    if not ours or not theirs:
        return None
    compared = [_compared(claim, mine, other) for mine, other in zip(ours, theirs, strict=True)]
    low, _, high = quantiles(compared, n=4, method="inclusive") if len(compared) > 1 else compared * 3
    return Outcome(claim, median(ours), median(theirs), median(compared), low, high)


def _compared(claim: Claim, ours: float, theirs: float) -> float:
    if claim.by_itself:
        return ours
    return ours - theirs if claim.by_difference else ours / theirs
