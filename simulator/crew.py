"""The worker processes of a run: spawn them, start them together, look at them, replace the killed, end every one."""

from __future__ import annotations

import time
from contextlib import suppress
from math import ceil
from time import perf_counter_ns
from typing import TYPE_CHECKING, NamedTuple

from . import saved
from .config import Config, Task
from .contents import share
from .distribution import parse
from .faults import Fate
from .history import Faults
from .lanes import Doing, Lane, Snapshot
from .process import Process, allow_open_files

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from .recorder import State

__all__ = ["Crew", "RunError"]

_READY_S = 60.0  # for all workers to be ready, and so much more
_READY_EACH_S = 0.25  # for each of them
_LEAD_S = 0.05  # from the order to start until the start: longer than it takes to tell all
_GRACE_S = 10.0  # after the order to stop, for the operations under way, beside what they hold the lock
_LOOK_S = 0.1  # between two looks
_TEND_S = 0.02  # between two looks for the dead, where workers are killed
_SPARES_S = 0.5  # spares are for the kills of so long a time, which is longer than a start takes
_MOST_SPARES = 16


class RunError(Exception):
    """The run could not be done; the message says why, in one line."""


class _Vacancy(NamedTuple):
    """The place of a worker that was killed: it waits for a spare."""

    worker: int
    edits: int  # that are left to do; 0 is no limit
    due_ns: int  # in an open loop, of the last one that was begun


class Crew:
    """The worker processes of one run: editors first, then readers, and spares to replace those that are killed."""

    def __init__(self, config: Config, directory: Path) -> None:
        self._config, self._directory = config, directory
        self._spares_wanted = min(ceil(config.kill_rate * _SPARES_S) + 1, _MOST_SPARES) if config.kill_rate else 0
        self._processes: list[Process] = []  # all that were ever started
        self._places: list[Process] = []  # of each worker the one that is, or was last, in its place
        self._spares: list[Process] = []
        self._vacant: list[_Vacancy] = []
        self._fate = Fate(config, saved.shared(directory), float("inf"))
        self._unstoppable: set[int] = set()
        self._had_grace = False
        self._start_ns = 0
        self._edits_of_dead = 0
        self.startup_s = 0.0

    def spawn(self, watch: Callable[[Snapshot], None]) -> None:
        """Start all, and wait until each is ready. Raises `RunError`."""
        begun, ready_s = time.monotonic(), _READY_S + _READY_EACH_S * self._config.size
        allow_open_files(4 * (self._config.size + _MOST_SPARES) + 64)
        for number in range(self._config.size):
            self._places.append(self._spawned())
            if number % 16 == 0:
                self._look(watch, "starting", begun)
        self._spares = [self._spawned() for _ in range(self._spares_wanted)]
        while not self._ready(self._look(watch, "starting", begun)):
            dead = next((process for process in self._processes if not process.present()), None)
            if dead:
                raise RunError(f"worker {dead.number} did not start: {dead.last_words()}")
            if time.monotonic() - begun > ready_s:
                raise RunError(f"the workers were not ready within {ready_s:.0f} s; use fewer")
            time.sleep(_LOOK_S / 2)
        self.startup_s = time.monotonic() - begun

    def _ready(self, states: list[State]) -> bool:
        return all(state.ready for state in states) and all(spare.state().ready for spare in self._spares)

    def _spawned(self) -> Process:
        config, number = self._config, len(self._processes)
        task = Task(
            process=number,
            path=str(saved.shared(self._directory)),
            records=str(saved.records(self._directory, number)),
            gate=str(saved.gate(self._directory)),
            initial=str(saved.initial(self._directory)),
            contents=str(saved.contents(self._directory, number)),
            keep_bytes=share(self._config.size + self._spares_wanted),
            config=config,
        )
        try:
            process = Process(task, self._directory)
        except OSError as error:
            who = f"worker {number} of {self._config.size}" if number < self._config.size else "a replacement"
            raise RunError(f"cannot start {who}: {error.strerror}") from error
        self._processes.append(process)
        return process

    def work(self, watch: Callable[[Snapshot], None]) -> None:
        """Give the start, and wait until all editors are done, while fate deals its blows."""
        config = self._config
        self._start_ns = perf_counter_ns() + int(_LEAD_S * 1e9)
        for worker, process in enumerate(self._places):
            process.start(worker, self._start_ns, (config.edits or 0) if worker < config.workers else 0)
        begun = next_look = time.monotonic()
        self._fate = Fate(config, saved.shared(self._directory), begun + _LEAD_S)
        while self._editing():
            now = time.monotonic()
            if config.duration_s and now - begun > _LEAD_S + config.duration_s:
                return
            self._fate.strike(self._places)
            if config.kill_rate:
                self._tend()
            if now >= next_look:
                self._look(watch, "running", begun)
                next_look = time.monotonic() + _LOOK_S
            next_s = min(next_look, self._fate.next_s, now + _TEND_S if config.kill_rate else next_look)
            time.sleep(max(0.0, next_s - time.monotonic()))

    def _editing(self) -> bool:
        """Has an editor still something to do, or would it, had it not been killed?"""
        editors = self._config.workers
        return any(process.present() or process.unburied() for process in self._places[:editors]) or any(
            vacancy.worker < editors for vacancy in self._vacant
        )

    def _tend(self) -> None:
        """Bury those that were killed, and put spares, of which new ones are started, in their places."""
        for worker, process in enumerate(self._places):
            if process.unburied() and not process.present():
                self._bury(worker, process)
        for spare in [spare for spare in self._spares if self._vacant and spare.state().ready]:
            if self._vacant:
                vacancy = self._vacant.pop(0)
                self._spares.remove(spare)
                self._places[vacancy.worker] = spare
                spare.start(vacancy.worker, self._start_ns, vacancy.edits, vacancy.due_ns)
        dead = next((spare for spare in self._spares if not spare.present()), None)
        if dead:
            raise RunError(f"a replacement did not start: {dead.last_words()}")
        if len(self._spares) < self._spares_wanted:
            self._spares.append(self._spawned())  # one at a time: meanwhile others may have died

    def _bury(self, worker: int, process: Process) -> None:
        ended_well = process.bury() == 0  # the kill came too late
        state = process.state()
        editor = worker < self._config.workers
        if editor:
            self._edits_of_dead += state.operations
        left = process.edits - state.begun if process.edits else 0
        if not ended_well and (left or not self._config.edits or not editor):
            self._vacant.append(_Vacancy(worker, left, process.last_due_ns()))

    def stop(self, watch: Callable[[Snapshot], None]) -> None:
        """Tell all to end after the operation under way, and give them time for it."""
        self._fate.thaw()
        for spare in self._spares:
            spare.kill()
        for process in self._places:
            process.stop()
        begun = time.monotonic()
        grace_s = _GRACE_S + 2 * parse(self._config.hold_ms).mean_ms / 1e3
        while self._present() and time.monotonic() - begun < grace_s:
            self._look(watch, "stopping", begun)
            time.sleep(_LOOK_S / 10)
        self._had_grace = True

    def reap(self) -> None:
        """End who is still there. Nobody is left behind when this returns, however often somebody interrupts it."""
        while True:
            with suppress(KeyboardInterrupt):
                self._reap()
                return

    def _reap(self) -> None:
        for process in self._processes:
            if process.present():
                if not process.killed:
                    self._unstoppable.add(process.number)
                process.kill()
        for process in self._processes:
            process.bury()

    def _look(self, watch: Callable[[Snapshot], None], phase: str, begun: float) -> list[State]:
        states = [process.state() for process in self._places]
        counted = zip(self._places[: self._config.workers], states, strict=False)
        to_come = (Lane(Doing.ABSENT, 0, 0),) * (self._config.size - len(states))
        watch(
            Snapshot(
                phase=phase,
                elapsed_s=time.monotonic() - begun,
                now_ns=perf_counter_ns(),
                lanes=(*map(self._lane, self._places, states), *to_come),
                edits=self._edits_of_dead + sum(state.operations for process, state in counted if not process.buried),
                kills=sum(process.killed and process.worker is not None for process in self._processes),
            )
        )
        return states

    @staticmethod
    def _lane(process: Process, state: State) -> Lane:
        if process.killed or not process.present():
            return Lane(Doing.KILLED if process.killed else Doing.GONE, 0, state.operations)
        return Lane(Doing.FROZEN if process.frozen else state.doing, state.since_ns, state.operations)

    def _present(self) -> int:
        return sum(process.present() for process in self._places)

    def stuck(self) -> int:
        """How many did not stop when they were told to, had all the time for it, and had to be ended."""
        return len(self._unstoppable) if self._had_grace else 0

    def lost(self) -> tuple[str, ...]:
        """Who did not end as it should, a line each."""
        found = []
        for process in self._processes:
            code = process.bury()
            if process.number in self._unstoppable:
                why = "did not stop" if self._had_grace else "was not given time to stop"
                found.append(f"{process} {why} and was killed")
            elif process.killed:
                continue  # as was asked for
            elif code < 0:
                found.append(f"{process} was killed by signal {-code}")
            elif code:
                found.append(f"{process} ended with exit code {code}: {process.last_words()}")
        return tuple(found)

    def failures(self) -> tuple[str, ...]:
        """What those said of failed operations who ended as they should, a line each."""
        told = {process: process.said() for process in self._processes if process.bury() == 0}
        return tuple(f"{process}: {text}" for process, text in told.items() if text)

    def faults(self) -> Faults:
        """What was done to them."""
        struck = [process for process in self._processes if process.killed and process.bury() != 0]
        struck = [p for p in struck if p.worker is not None and p.number not in self._unstoppable]
        return Faults(
            kills=len(struck),
            kills_in_edit=sum(process.state().holding for process in struck),
            replaced=sum(process.worker is not None for process in self._processes[self._config.size :]),
            freezes=self._fate.freezes,
            frozen_s=self._fate.frozen_s,
            disk_fulls=self._fate.disk_fulls,
        )
