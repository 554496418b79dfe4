"""What a worker does again and again, each time with its record: edit, read, or peek."""

from __future__ import annotations

import time
from pathlib import Path
from time import perf_counter_ns
from typing import TYPE_CHECKING, Protocol

from .history import NOTHING, Kind, Outcome, Why, digest
from .strategies import Refused, is_blind
from .workload import WorkloadError, raiser

if TYPE_CHECKING:
    from collections.abc import Callable

    from .contents import Keeper
    from .gate import Gate
    from .recorder import Recorder
    from .strategies import Strategy

__all__ = ["Editor", "Operator", "Peeker", "Reader"]


class Operator(Protocol):
    """One worker's operations."""

    def operate(self, due_ns: int = 0) -> Why:
        """Do one, and say why if it was not done for a reason that is none of an error; else raise what it raises."""


class _Withdrawn(Exception):  # noqa: N818 - not an error
    """The run is over, and the edit that has the lock at last is not wanted any more."""


class Editor:
    """One worker's edits."""

    def __init__(
        self,
        strategy: Strategy,
        log: Recorder,
        worker: int,
        *,
        hold_s: Callable[[], float] | None = None,
        shifting: bool = False,
        gate: Gate | None = None,
        over: Callable[[], bool] = bool,
        keeper: Keeper | None = None,
    ) -> None:
        self._strategy, self._log, self._hold_s, self._over, self._gate = strategy, log, hold_s, over, gate
        self._keeper = keeper
        self._read: tuple[bytes, bytes, bool] | None = None  # digest, content, is it odd?
        self._version = 0
        self._blind = is_blind(strategy)
        self._patient = getattr(strategy, "timeout_s", None) is None
        self._raised = raiser(worker, shifting=shifting)
        self._last, self._last_digest = b"", digest(b"")
        self._locked_ns = self._writing_ns = 0

    def operate(self, due_ns: int = 0) -> Why:
        """Edit once."""
        try:
            return self._operate(due_ns)
        finally:
            if self._read and self._keeper:  # now, as nobody waits for it now
                name, content, odd = self._read
                self._read = None
                self._keeper.keep(name, content, odd=odd)

    def _operate(self, due_ns: int) -> Why:
        self._locked_ns = self._writing_ns = 0
        invoked_ns = perf_counter_ns()
        self._log.begin(Kind.EDIT, invoked_ns, due_ns)
        if self._gate and not self._gate.enter():
            return self._failed(Why.TURNED_AWAY)
        try:
            held = self._strategy.edit(self._transform)
        except _Withdrawn:
            return self._failed(Why.OVER)
        except Refused:
            self._locked_ns = self._writing_ns = 0  # it may have had no lock, as it found out by itself
            return self._failed(Why.REFUSED)
        except Exception as error:
            if isinstance(error, TimeoutError) and not self._patient and not self._locked_ns:
                return self._failed(Why.TIMEOUT)
            self._failed(Why.NONE)
            raise
        finally:
            if self._gate:
                self._gate.leave()
        returned_ns = perf_counter_ns()
        if held is None:  # the locker does not tell; while the transform ran it had the lock
            self._log.end(Outcome.OK, self._locked_ns, self._writing_ns, returned_ns)
        else:
            locked_ns, released_ns, recovered = held.locked_ns, held.released_ns, getattr(held, "recovered", False)
            told = not locked_ns or invoked_ns <= locked_ns <= released_ns <= returned_ns
            if not told:
                locked_ns, released_ns = self._locked_ns, self._writing_ns
            self._log.end(Outcome.OK, locked_ns, released_ns, returned_ns, recovered=recovered)
            if not told:
                raise ValueError(
                    f"{self._strategy.name} tells lock times outside of the call; time.perf_counter_ns() has them"
                )
        return Why.NONE

    def _failed(self, why: Why) -> Why:
        self._log.end(Outcome.FAIL, self._locked_ns, self._writing_ns, perf_counter_ns(), why=why)
        return why

    def _transform(self, old: bytes) -> bytes:
        now_ns = perf_counter_ns()
        if self._blind:
            return self._asked_for(old)
        self._locked_ns = now_ns
        if self._gate:
            self._gate.leave()  # it waits no longer
        if self._over():
            raise _Withdrawn
        # Nobody else came between this worker's edits: the digest is known.
        mine = old == self._last
        read = self._last_digest if mine else digest(old)
        try:
            new, version = self._raised(old)
        except WorkloadError:
            self._read = read, old, True
            self._log.intend(now_ns, read, len(old), NOTHING, 0)
            raise
        if not mine:
            self._read = read, old, bool(self._version) and version != self._version + 1
        self._last, self._last_digest, self._version = new, digest(new), version
        self._log.intend(now_ns, read, len(old), self._last_digest, version)
        self._hold()
        return new

    def _asked_for(self, old: bytes) -> bytes:
        """What a blind locker is to make of the content: what it will really read, and when, nobody is told."""
        if self._over():
            raise _Withdrawn
        new, version = self._raised(old)
        self._log.intend(0, NOTHING, len(old), NOTHING, version)
        return new

    def _hold(self) -> None:
        if self._hold_s:
            time.sleep(self._hold_s())
        self._writing_ns = perf_counter_ns()
        self._log.write(self._writing_ns)


class Reader:
    """One worker's reads under the lock."""

    def __init__(self, strategy: Strategy, log: Recorder, keeper: Keeper | None = None) -> None:
        self._read, self._log, self._keeper = strategy.read, log, keeper
        self._patient = getattr(strategy, "timeout_s", None) is None
        self._kind = Kind.READ

    def operate(self, due_ns: int = 0) -> Why:
        """Read once."""
        self._log.begin(self._kind, perf_counter_ns(), due_ns)
        try:
            content = self._read()
        except Exception as error:
            why = self._why(error)
            self._log.end(Outcome.FAIL, 0, 0, perf_counter_ns(), why=why)
            if why:
                return why
            raise
        returned_ns = perf_counter_ns()
        name = digest(content)
        self._log.intend(0, name, len(content), NOTHING, 0)
        self._log.end(Outcome.OK, 0, 0, returned_ns)
        if self._keeper:
            self._keeper.keep(name, content)
        return Why.NONE

    def _why(self, error: Exception) -> Why:
        """Of what is no failure but has a name; else `NONE`."""
        return Why.TIMEOUT if isinstance(error, TimeoutError) and not self._patient else Why.NONE


class Peeker(Reader):
    """One worker's reads without a lock, as most programs read a file."""

    def __init__(self, path: str, log: Recorder, keeper: Keeper | None = None) -> None:
        self._read, self._log, self._keeper = Path(path).read_bytes, log, keeper
        self._kind = Kind.PEEK

    def _why(self, error: Exception) -> Why:
        # Locks of Windows bind those who take none: this one may not read while somebody has the lock.
        return Why.LOCKED if isinstance(error, PermissionError) else Why.NONE
