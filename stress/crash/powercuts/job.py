"""Jobs: one scenario on one file system, recorded once and cut many times; and which jobs a run has."""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING, NamedTuple

from .file_systems import FILE_SYSTEMS
from .scenario import SCENARIOS

if TYPE_CHECKING:
    from .file_systems import FileSystem

__all__ = ["MODES", "Job", "jobs"]

MODES = ("durable", "default", "go")

_LONG_STATES = {"ext4": 12_000, "xfs": 1_600, "btrfs": 1_600}
_OF_ONE_RECORDING = 60  # in the long form

_SHORT_STATES = {"ext4": 28, "xfs": 12, "btrfs": 12}  # of one recording
_SHORT_SAMPLE = 2  # recordings on xfs and on btrfs, besides that of the kill; all scenarios on ext4
_RECOVERY = "killed"
_RARE = (_RECOVERY, "confirmed")  # some steps are missed in these only
_MORE_OF_RARE = 3  # on each file system, for a variant

_MOST_ROUNDS = 10_000  # so that runs with different seeds have no seed of a job in common


class Job(NamedTuple):
    """What one worker does in one go."""

    file_system: str
    scenario: str
    seed: int
    states: int
    mode: str = "durable"
    variant: str | None = None

    @property
    def system(self) -> FileSystem:
        """The file system that is meant."""
        return FILE_SYSTEMS[self.file_system]

    @property
    def name(self) -> str:
        """For files."""
        return f"{self.file_system}-{self.scenario.replace(' ', '-')}-{self.seed}"

    @property
    def write_back(self) -> float:
        """How likely the kernel writes something back between two calls, without being asked to."""
        return Random(f"write back {self.seed}").choice((0.0, 0.1, 0.3))

    @property
    def command(self) -> str:
        """What repeats it."""
        variant = f" --variant {self.variant}" if self.variant else ""
        return (
            f"python -m stress.crash.powercuts --file-system {self.file_system} --scenario '{self.scenario}'"
            f" --seed {self.seed} --states {self.states} --mode {self.mode}{variant}"
        )


def jobs(*, long: bool, seed: int, variant: str | None = None) -> list[Job]:
    """Those of a run. The long one plays every scenario on every file system equally often, with seeds of their own."""
    found = _long(seed) if long else _short(seed)
    if variant:
        found += [
            Job(name, scenario, seed * _MOST_ROUNDS + number, _OF_ONE_RECORDING)
            for name in FILE_SYSTEMS
            for scenario in _RARE
            for number in range(1, _MORE_OF_RARE + 1)
        ]
        Random(f"variant {seed}").shuffle(found)
    return [job._replace(variant=variant) for job in found]


def _long(seed: int) -> list[Job]:
    return [
        Job(name, scenario, seed * _MOST_ROUNDS + number, _OF_ONE_RECORDING)
        for name, states in _LONG_STATES.items()
        for number in range(-(-states // (len(SCENARIOS) * _OF_ONE_RECORDING)))
        for scenario in SCENARIOS
    ]


def _short(seed: int) -> list[Job]:
    random = Random(f"short {seed}")
    others = [name for name in SCENARIOS if name != _RECOVERY]
    scenarios = {name: [_RECOVERY, *random.sample(others, _SHORT_SAMPLE)] for name in FILE_SYSTEMS}
    scenarios["ext4"] = list(SCENARIOS)
    return [
        Job(name, scenario, seed * _MOST_ROUNDS, _SHORT_STATES[name])
        for name, some in scenarios.items()
        for scenario in some
    ]
