"""What workers do in model time, and the history of it, as a real run leaves one."""

from __future__ import annotations

import random
import time
from math import ceil
from typing import TYPE_CHECKING, NamedTuple

from simpy import Environment
from simpy.core import Infinity

from .. import distribution
from ..history import NOTHING, History, Kind, Operation, Outcome, Why
from .cores import Cores, Thread
from .line import Line, Member

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    from simpy import Event

    from .parameters import Parameters, Scenario

__all__ = ["Course", "course"]

_STEPS = 10_000  # after so many events progress is told
_FOREIGN_S = 0.003  # what other programs do at a time


class Course(NamedTuple):
    """What the model did."""

    history: History
    reached_s: float  # of model time; less than the duration if it had to stop
    cores_used: float  # on average
    foreign_used: float  # of them, by other programs
    looks: int
    waits: int  # those that went to the line


class _Crowd:
    def __init__(self, scenario: Scenario, parameters: Parameters) -> None:
        config = scenario.config
        self.environment = Environment()
        self.cores = Cores(
            self.environment,
            scenario.cores,
            slice_s=parameters.slice_s,
            wake_s=parameters.wake_s,
            switch_s=parameters.switch_s,
        )
        self.growth = parameters.growth(config.size)
        self.line = Line(
            self.environment,
            self.cores,
            parameters,
            self.growth,
            has_turnstile=scenario.has_line,
        )
        self.parameters = parameters
        self.end_s = config.duration_s or 0.0
        self.operations: list[Operation] = []
        self.foreign_s = 0.0
        self._think, self._held = distribution.parse(config.think_ms), distribution.parse(config.hold_ms)
        self._more_s = (scenario.size_bytes - scenario.base_bytes) * parameters.per_byte_s
        for worker in range(config.size):
            chance = random.Random(f"{config.seed}/{worker}")
            self.environment.process(self._work(worker, worker >= config.workers, chance))
        for number in range(ceil(scenario.foreign)):
            chance = random.Random(f"{config.seed}/foreign {number}")
            self.environment.process(self._elsewhere(scenario.foreign / ceil(scenario.foreign), chance))

    def _work(self, worker: int, reads: bool, chance: random.Random) -> Generator[Event, object, None]:
        environment, parameters, growth = self.environment, self.parameters, self.growth
        member = Member(self.cores)
        operate = self._read if reads else self._edit
        sequence = 0
        while environment.now < self.end_s:
            yield from member.wake()
            yield from operate(worker, sequence, member, chance)
            sequence += 1
            yield from member.spend(parameters.loop_s * growth)
            member.rest()
            yield environment.timeout(self._think.draw(chance) / 1e3 + parameters.oversleep_s)

    def _edit(
        self, worker: int, sequence: int, member: Member, chance: random.Random
    ) -> Generator[Event, object, None]:
        environment, parameters, growth = self.environment, self.parameters, self.growth
        invoked_s = environment.now
        yield from member.spend(parameters.open_s * growth)
        yield from self.line.acquire(member, True)
        locked_s = environment.now
        over = locked_s >= self.end_s
        if not over:
            hold_s = max(0.0, chance.choice(parameters.holds_s) * growth + self._more_s)
            if self._held.zero:
                yield from member.spend(hold_s)
            else:
                yield from member.spend(hold_s / 2)
                member.rest()
                yield environment.timeout(self._held.draw(chance) / 1e3 + parameters.oversleep_s)
                yield from member.wake()
                yield from member.spend(hold_s / 2)
        released_s = environment.now
        self.line.release(member)
        yield from member.spend(parameters.close_s * growth)
        self._record(worker, sequence, Kind.EDIT, invoked_s, locked_s, released_s, over)

    def _read(
        self, worker: int, sequence: int, member: Member, _chance: random.Random
    ) -> Generator[Event, object, None]:
        invoked_s = self.environment.now
        yield from member.spend(self.parameters.open_s * self.growth)
        yield from self.line.acquire(member, False)
        yield from member.spend(self.parameters.read_s * self.growth)
        self.line.release(member)
        yield from member.spend(self.parameters.close_s * self.growth)
        self._record(worker, sequence, Kind.READ, invoked_s, 0.0, 0.0, False)

    def _record(
        self, worker: int, sequence: int, kind: Kind, invoked_s: float, locked_s: float, released_s: float, over: bool
    ) -> None:
        self.operations.append(
            Operation(
                worker=worker,
                sequence=sequence,
                kind=kind,
                outcome=Outcome.FAIL if over else Outcome.OK,
                invoked_ns=round(invoked_s * 1e9),
                locked_ns=round(locked_s * 1e9),
                released_ns=round(released_s * 1e9),
                returned_ns=round(self.environment.now * 1e9),
                read=NOTHING,
                written=NOTHING,
                read_size_bytes=0,
                version=0,
                why=Why.OVER if over else Why.NONE,
            )
        )

    def _elsewhere(self, share: float, chance: random.Random) -> Generator[Event, object, None]:
        """Another program, which wants that share of one core."""
        thread = Thread(self.cores)
        while self.environment.now < self.end_s:
            yield from thread.wake()
            yield from thread.spend(_FOREIGN_S)
            self.foreign_s += _FOREIGN_S
            thread.rest()
            if share < 1:
                yield self.environment.timeout(chance.expovariate(1 / _FOREIGN_S) * (1 / share - 1))


def course(
    scenario: Scenario,
    parameters: Parameters,
    told: Callable[[float], object] = lambda _share: None,
    *,
    budget_s: float = 45.0,
    clock: Callable[[], float] = time.monotonic,
) -> Course:
    """Let the crowd work until the duration is over and all have their lock, or until `budget_s` have passed here.

    `told` is called with the share that is done.
    """
    crowd = _Crowd(scenario, parameters)
    environment, stop_s = crowd.environment, clock() + budget_s
    while environment.peek() != Infinity and clock() < stop_s:
        for _ in range(_STEPS):
            if environment.peek() == Infinity:
                break
            environment.step()
        told(min(1.0, environment.now / crowd.end_s))
    reached_s = environment.now
    history = History(NOTHING, NOTHING, crowd.operations)
    line = crowd.line
    return Course(
        history,
        reached_s=min(reached_s, crowd.end_s),
        cores_used=crowd.cores.used_s / reached_s,
        foreign_used=crowd.foreign_s / reached_s,
        looks=line.looked,
        waits=line.waited,
    )
