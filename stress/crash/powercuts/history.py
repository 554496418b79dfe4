"""What may be found after a power cut: by the position in the log at which it came, and by what was found."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, NamedTuple

from .scenario import Content  # noqa: TC001 - a NamedTuple looks its types up when it is read by people's tools

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from .scenario import Step

__all__ = ["Chronicle", "Mark", "described", "digest", "kind", "mark_at"]


class Mark(NamedTuple):
    """From this position of the log on, these contents may be found."""

    position: int
    allowed: tuple[Content, ...]  # the oldest first; one, if an edit was acknowledged and the next has not begun
    doing: str
    promised: bool = True  # if not, anything may be found, and a cut tells nothing


class Chronicle:
    """What may be there, as steps begin and are done; a step that was killed begins and is not done.

    If `durable`, a step that is done is acknowledged: a power cut may not undo it. Otherwise any content of the past
    may be found, but still no other. From a loose step to the next acknowledged one nothing is promised.
    """

    def __init__(self, allowed: tuple[Content, ...], position: int, *, durable: bool) -> None:
        self.marks = [Mark(position, allowed, "before the first step")]
        self.failures: list[str] = []  # what went wrong although the power did not fail
        self._before = self._allowed = allowed
        self._durable = durable
        self._promised = True

    def began(self, step: Step, position: int) -> None:
        """A process is about to make the call."""
        self._before = self._allowed
        self._promised = self._promised and step.call != "loose"
        made = [b"" for content in self._before if content is None and step.call not in ("read", "remove")]
        self._allowed = _distinct([*self._before, *made, *map(step.leaves, self._before)])
        self._mark(step, position, "in")

    def done(self, step: Step, position: int, left: str | None) -> None:
        """The call came back; `left` is the digest of what it read or left."""
        expected = self._before if step.call == "read" else tuple(map(step.leaves, self._before))
        found = tuple(content for content in _distinct(expected) if digest(content) == left)
        if not found:
            self.failures.append(f"{step.call} found what should not be there, though the power did not fail")
        if step.call == "read":
            self._allowed = self._before
        elif found and self._durable:
            self._allowed = found
            self._promised = step.call != "loose"
        self._mark(step, position, "after")

    def failed(self, step: Step, why: str) -> None:
        """The call raised."""
        self.failures.append(f"{step.call} raised, though the power did not fail: {why}")

    def _mark(self, step: Step, position: int, when: str) -> None:
        doing = f"{when} {step.call}, call {(len(self.marks) + 1) // 2}"
        self.marks.append(Mark(position, self._allowed, doing, self._promised))


def _distinct(contents: Iterable[Content]) -> tuple[Content, ...]:
    return tuple(dict.fromkeys(contents))


def digest(content: Content) -> str | None:
    """A name of a content; of no file it is None."""
    return None if content is None else hashlib.sha256(content).hexdigest()


def _last(marks: Sequence[Mark], at: int) -> int:
    return max((index for index, mark in enumerate(marks) if mark.position <= at), default=0)


def mark_at(marks: Sequence[Mark], at: int) -> Mark:
    """The last mark that stands before a cut at `at`; of those at this very position it is the last as well."""
    return marks[_last(marks, at)]


def kind(content: Content, marks: Sequence[Mark], at: int) -> str:
    """What was found: "acknowledged", "old" or "new" if it may be; "lost" if it is of an earlier time, or "torn"."""
    number = _last(marks, at)
    allowed = marks[number].allowed
    if content in allowed:
        return "acknowledged" if len(allowed) == 1 else "old" if content == allowed[0] else "new"
    return "lost" if any(content in mark.allowed for mark in marks[:number]) else "torn"


def described(content: Content, allowed: Sequence[Content]) -> str:
    """In a few words: how long it is, and where it differs from what it could be."""
    if content is None:
        return "no file"
    parts = [f"{len(content)} bytes"]
    for one in allowed:
        if one is None:
            parts.append("not missing")
            continue
        differing = [offset for offset, (is_, may) in enumerate(zip(content, one, strict=False)) if is_ != may]
        where = f"{len(differing)} differ, at {differing[0]} to {differing[-1]}" if differing else "the same so far"
        parts.append(f"of {len(one)} that could be: {where}")
    return "; ".join(parts)
