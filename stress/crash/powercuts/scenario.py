"""Scenarios: what is done to a file while the disk's log runs; the same seed gives the same contents."""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

__all__ = ["RECOVERIES", "SCENARIOS", "Content", "Kill", "Scenario", "Step", "Turn", "scenario"]

Content = bytes | None
"""Of a file; None if there is no file."""

_KB = 1024
_LENGTH = 8  # steps of a chain
_MOST_CALLS = 16  # of one edit that alter a file; a kill at a later one comes too late, and nothing is killed


class Step(NamedTuple):
    """One call, and what it is to leave."""

    call: str  # edit, write; append: an edit that adds `new` to what it finds; loose: one not durable; read; remove
    new: bytes = b""

    def leaves(self, before: Content) -> Content:
        """What is there when the call is done."""
        if self.call == "read":
            return before
        if self.call == "remove":
            return None
        return (before or b"") + self.new if self.call == "append" else self.new


class Kill(NamedTuple):
    """The process kills itself in a step, at the n-th of its calls that alter a file: before or after it."""

    step: int
    call: int
    after: bool


class Turn(NamedTuple):
    """What one process does."""

    steps: tuple[Step, ...]
    kill: Kill | None = None
    write_back: float | None = (
        None  # how likely something is written back between two calls; None: as in all of the job
    )


class Scenario(NamedTuple):
    """A first content and what processes, one after the other, do to it."""

    first: Content
    turns: tuple[Turn, ...]


RECOVERIES = (Turn((Step("append", b"# after the cut\n"),)), Turn((Step("read"), Step("append", b"# after the cut\n"))))
"""What is tried on a disk whose power failed: the first step meets what the cut has left."""


def scenario(name: str, seed: int) -> Scenario:
    """The scenario of that name."""
    return SCENARIOS[name](Random(f"{name} {seed}"))


def _lines(random: Random, size: int) -> bytes:
    """About as module files are: lines of text, no two alike."""
    lines = b""
    while len(lines) < size:
        lines += b"require example.com/m%08x v0.%d.%d\n" % (random.getrandbits(32), random.randrange(99), len(lines))
    return lines[: size - 1] + b"\n" if size else b""


def _chain(change: Callable[[Random, bytes], bytes], size: int) -> Callable[[Random], Scenario]:
    """Edits by one process, each of which changes what the one before left."""

    def made(random: Random) -> Scenario:
        first = content = _lines(random, size)
        steps = []
        for _ in range(_LENGTH):
            content = change(random, content)
            steps.append(Step("edit", content))
        return Scenario(first, (Turn(tuple(steps)),))

    return made


def _same_size(random: Random, old: bytes) -> bytes:
    return _lines(random, len(old))


def _one_line(random: Random, old: bytes) -> bytes:
    at = random.randrange(len(old) - 40)
    return old[:at] + b"%032x" % random.getrandbits(128) + old[at + 32 :]


def _grown_over_a_page(random: Random, old: bytes) -> bytes:
    return _lines(random, 300) + old + _lines(random, 300)


def _shrunk(random: Random, old: bytes) -> bytes:
    at = random.randrange(len(old) // 2)
    return old[:at] + old[at + len(old) // 4 :]


def _inserted(random: Random, old: bytes) -> bytes:
    at = random.randrange(len(old))
    return old[:at] + _lines(random, random.randrange(20, 200)) + old[at:]


def _appended(random: Random, old: bytes) -> bytes:
    return old + _lines(random, random.randrange(40, 6000))


def _emptied_or_filled(random: Random, old: bytes) -> bytes:
    return b"" if old else _lines(random, random.randrange(100, 9000))


def _any(random: Random, old: bytes) -> bytes:
    """Something of all of the above, of up to twelve pages."""
    kinds: Sequence[Callable[[Random, bytes], bytes]]
    kinds = (_same_size, _one_line, _grown_over_a_page, _shrunk, _inserted, _appended, _emptied_or_filled)
    usable = kinds if len(old) > 80 else (_grown_over_a_page, _appended)
    return random.choice(usable)(random, old)[: 48 * _KB]


def _new_file(random: Random) -> Scenario:
    steps: list[Step] = []
    for _ in range(_LENGTH // 2):
        steps += [Step("edit", _lines(random, random.randrange(1, 9000))), Step("remove")]
    return Scenario(None, (Turn(tuple(steps[:-1])),))


def _written(random: Random) -> Scenario:
    sizes = [random.randrange(20 * _KB) for _ in range(_LENGTH)]
    return Scenario(_lines(random, 5000), (Turn(tuple(Step("write", _lines(random, size)) for size in sizes)),))


def _killed(random: Random) -> Scenario:
    """A process is killed in an edit, the next one finds what it left; four times."""
    first = content = _lines(random, random.choice((2 * _KB, 20 * _KB)))
    turns = []
    for number in range(_LENGTH // 2):
        content = _any(random, content)
        kill = Kill(0, random.randrange(_MOST_CALLS), random.random() < 0.5)
        turns.append(Turn((Step(random.choice(("edit", "edit", "write")), content),), kill))
        found = (Step("append", b"# recovered %d\n" % number),)
        turns.append(Turn(found if random.random() < 0.5 else (Step("read"), *found)))
    return Scenario(first, tuple(turns))


def _confirmed(random: Random) -> Scenario:
    """Edits that are not durable, each followed by a durable one that changes nothing, and one that does."""
    first = content = _lines(random, 9000)
    steps: list[Step] = []
    for _ in range(_LENGTH // 2):
        content = _any(random, content)
        steps += [Step("loose", content), Step("append")]
        content = _any(random, content)
        steps.append(Step("edit", content))
    return Scenario(first, (Turn(tuple(steps)),))


SCENARIOS: dict[str, Callable[[Random], Scenario]] = {
    "same size": _chain(_same_size, 2 * _KB),
    "one line of 20 KB": _chain(_one_line, 20 * _KB),
    "grow": _chain(_grown_over_a_page, 3800),
    "shrink": _chain(_shrunk, 20 * _KB),
    "insert": _chain(_inserted, 20 * _KB),
    "append": _chain(_appended, 100 * _KB),
    "empty and fill": _chain(_emptied_or_filled, 6000),
    "any": _chain(_any, 10 * _KB),
    "new file": _new_file,
    "write": _written,
    "killed": _killed,
    "confirmed": _confirmed,
}
