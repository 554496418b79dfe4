"""`Waiting`: what one who is about to wait is told."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ._holders import Holder

__all__ = ["Waiting"]


class Waiting(tuple[str, str | bytes, str, float | None, "tuple[Holder, ...]"]):
    """A wait that is about to begin; immutable. What `on_wait` is called with.

    A tuple of `operation`, `path`, `mode`, `timeout`, `holders`.
    """

    __slots__ = ()

    @property
    def operation(self) -> str:
        """What is to be done: Edit, read, write, open, or acquire."""
        return self[0]

    @property
    def path(self) -> str | bytes:
        """The file, as it was named."""
        return self[1]

    @property
    def mode(self) -> str:
        """Which lock is asked for: `exclusive` or `shared`."""
        return self[2]

    @property
    def timeout(self) -> float | None:
        """How long it may take, in seconds; None is for ever."""
        return self[3]

    @property
    def holders(self) -> tuple[Holder, ...]:
        """Who has the lock now, as far as the system tells."""
        return self[4]

    def __repr__(self) -> str:
        return (
            f"Waiting(operation={self.operation!r}, path={self.path!r}, mode={self.mode!r}, "
            f"timeout={self.timeout!r}, holders={self.holders!r})"
        )
