"""What one call wants of a wait, and the errors that say how it ended."""

from __future__ import annotations

from _thread import TIMEOUT_MAX
from os import fsdecode
from time import perf_counter_ns

from . import _held
from ._errors import LockedFileError, LockTimeout, WouldDeadlock
from ._holders import held_by, told
from ._oslock import EXCLUSIVE
from ._waiting import Waiting

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from ._holders import Holder

__all__ = ["Request"]

_SECOND_NS = 1_000_000_000


class Request:
    """What one call wants, and since when: the same for all its waits, if the file is replaced meanwhile."""

    __slots__ = ("_on_wait", "deadline_ns", "operation", "path", "process", "raised", "since_ns", "timeout")

    def __init__(
        self,
        path: str | bytes,
        operation: str,
        timeout: float | None,
        on_wait: Callable[[Waiting], object] | None,
    ) -> None:
        self.operation, self.path, self.timeout, self._on_wait = operation, path, timeout, on_wait
        self.raised: OSError | None = None
        """What `on_wait` raised."""
        self.process = _held.this_process
        self.since_ns = perf_counter_ns()
        is_endless = timeout is None or timeout > TIMEOUT_MAX
        self.deadline_ns = None if is_endless or timeout is None else self.since_ns + int(timeout * _SECOND_NS)

    def tell(self, fd: int, kind: int) -> bool:
        """Call `on_wait`, if there is one, and it was not called before."""
        on_wait, self._on_wait = self._on_wait, None
        if on_wait is None:
            return False
        mode = "exclusive" if kind == EXCLUSIVE else "shared"
        try:
            on_wait(Waiting((self.operation, self.path, mode, self.timeout, held_by(fd, self.path))))
        except OSError as error:
            self.raised = error
            raise
        return True

    def check_process(self) -> None:
        """Raise `RuntimeError` in a child that was forked since: one open file cannot wait for two."""
        if self.process is not _held.this_process:
            raise RuntimeError(f"{self.operation} {fsdecode(self.path)}: this is a forked child; its parent waits")

    def expired(self, fd: int) -> LockTimeout:
        """The error that says so."""
        assert self.timeout is not None
        holders = held_by(fd, self.path)
        waited = (perf_counter_ns() - self.since_ns) / _SECOND_NS
        return LockTimeout(self.operation, self.path, self.timeout, waited, holders, told(holders))

    def would_deadlock(self, why: str, circle: tuple[Holder, ...] = ()) -> WouldDeadlock:
        """The error that says so."""
        return WouldDeadlock(self.operation, self.path, why, circle)

    def no_thread(self) -> LockedFileError:
        """The error that says so."""
        return LockedFileError(
            f"{self.operation} {fsdecode(self.path)}: no thread can be started, so there can be no wait with an end; "
            "ask without a timeout, or with one of 0"
        )
