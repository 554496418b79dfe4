"""Write a new content over the old one, in place, so that any failure leaves the old one.

1. Grow: what goes past the old end is written first. A full disk shows here, where nothing of the old is touched.
2. Overwrite: only what changed.
3. Shrink last: until then the disk space that putting back would need is still the file's.

Not a new file renamed over the old: everybody else holds the lock by inode, so updates would be lost, and mode,
owner and links with them.
"""

from __future__ import annotations

from errno import ENOSPC
from os import ftruncate, strerror

from ._errors import name_file
from ._oslock import pwrite
from ._pauses import cut_after

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["TRIES", "changed_spans", "replace", "undone", "write_all"]

# The kernel copies a page in one go, so that looking for less costs more than writing it.
_PAGE = 4096

# The most for one write: macOS refuses 2 GiB.
_MOST_BYTES = 1 << 30

# How often putting back is begun again when it fails, or is itself interrupted. A tuple, as a loop over it makes no
# call, after which a handler could raise, before its first round.
TRIES = tuple(range(10))


def replace(fd: int, old: bytes, new: bytes, path: str | bytes) -> None:
    """Make the file hold `new`; it holds `old`. If that fails, by whatever exception, it holds `old` again."""
    overwriting = False
    try:
        if len(new) > len(old):
            write_all(fd, new[len(old) :], len(old))
        overwriting = True
        if len(new) == len(old) <= _PAGE:
            write_all(fd, new, 0)
        else:
            for start, end in changed_spans(old, new):
                write_all(fd, new[start:end], start)
        if len(new) < len(old):
            try:
                ftruncate(fd, len(new))
            except OSError as error:
                cut_after(error, fd, len(new), None)
    except BaseException as error:
        raised = error
        for _ in TRIES:
            try:
                raised = undone(lambda: _restore(fd, old, new if overwriting else old), raised)
                break
            except BaseException as again:  # noqa: BLE001 - an interrupt between two of its tries; it is what is raised
                raised = again
        if isinstance(raised, OSError):
            name_file(raised, path)
        if raised is error:
            raise
        raise raised from error


def undone(undo: Callable[[], None], cause: BaseException, comfort: str = "") -> BaseException:
    """Call `undo` until it is done; give what is to be raised: `cause`, or an interrupt that came meanwhile.

    If it cannot be done, a note on that says so, and `comfort`.
    """
    for _ in TRIES:
        try:
            undo()
            return cause
        except Exception as error:  # noqa: BLE001 - it is told with the cause, if it stays
            failure: BaseException = error
        except BaseException as error:  # noqa: BLE001 - Ctrl-C: it may not get lost
            cause = failure = error
    cause.add_note(f"the old content could not be put back: {failure!r}{comfort}")
    return cause


def _restore(fd: int, old: bytes, new: bytes) -> None:
    ftruncate(fd, len(old))  # first: on a full disk, what was a hole before may need the space that a new tail has
    for start, end in changed_spans(old, new):
        write_all(fd, old[start:end], start)
    if len(new) < len(old):
        write_all(fd, old[len(new) :], len(new))


def write_all(fd: int, data: bytes, offset: int) -> None:
    """All of `data` at `offset`; a write that took only a part is gone on with."""
    while (taken := pwrite(fd, data[:_MOST_BYTES], offset)) < len(data):
        if taken == 0:
            raise OSError(ENOSPC, strerror(ENOSPC))
        data = data[taken:]
        offset += taken


def changed_spans(old: bytes, new: bytes) -> list[tuple[int, int]]:
    """Where `new` differs from `old` in the length they share: half-open byte ranges, apart and in order.

    Found page by page, then narrowed to the byte; a shared length of at most a page is one span.
    """
    shared = len(old) if len(old) < len(new) else len(new)
    if shared <= _PAGE:
        return [] if old[:shared] == new[:shared] else [(0, shared)]
    if new.startswith(old) or old.startswith(new):
        return []
    spans: list[tuple[int, int]] = []
    for start in range(0, shared, _PAGE):
        end = min(start + _PAGE, shared)
        if old[start:end] == new[start:end]:
            continue
        if spans and spans[-1][1] == start:
            spans[-1] = (spans[-1][0], end)
        else:
            spans.append((start, end))
    return [_narrowed(old, new, start, end) for start, end in spans]


def _narrowed(old: bytes, new: bytes, start: int, end: int) -> tuple[int, int]:
    """The span from its first to its last differing byte, each found by halving the page that has it."""
    first_end, last_start = min(start + _PAGE, end), max((end - 1) // _PAGE * _PAGE, start)
    while first_end - start > 1:
        middle = (start + first_end) // 2
        if old[start:middle] == new[start:middle]:
            start = middle
        else:
            first_end = middle
    while end - last_start > 1:
        middle = (last_start + end) // 2
        if old[middle:end] == new[middle:end]:
            end = middle
        else:
            last_start = middle
    return start, end
