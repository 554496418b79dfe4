"""All that there is to tell of a run: the verdict, the numbers, and how it went."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ..checker import Verdict
    from ..config import Config
    from ..history import Faults, History
    from ..stats import Numbers

__all__ = ["Account"]


class Account(NamedTuple):
    """A run, judged."""

    config: Config
    history: History
    verdict: Verdict
    numbers: Numbers
    startup_s: float  # until all workers were ready
    interrupted: bool
    lost: tuple[str, ...]  # workers that did not end by themselves
    failures: tuple[str, ...]  # what failed operations said last
    faults: Faults  # what was done to workers
    litter: tuple[str, ...]  # files that were left beside the one that all edit
    kept_in: str | None  # the directory where the run is kept
    initial: bytes = b""  # the content before the first edit
    stuck: int = 0  # workers that did not come back from what they did, and were ended
    final: bytes = b""  # and after the last
    contents: Mapping[bytes, bytes] = MappingProxyType({})  # what was read, by digest, as far as it was kept
