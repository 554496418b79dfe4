"""The verdict on one case of the lane `syscalls`, by what the process told that met the fault, and by what was found.

What is right:

    killed      the old content or the new. Read or opened for writing: the one that it was whole with.
    it raised   the old content, and the error has the number that was put in and names the path. The new one too
                  - if the fault came after the commit, which is the last call that changes the file: what is left is
                    to remove the journal, to unlock and to close. A failed unlock or close has made the edit.
                  - if a sync of the file failed in a durable edit, and the message says that the outcome is unknown.
    it did not  the new content, and a read told the whole one. EINTR is tried again (PEP 475); to remove a journal
                that is of no use any more may fail, as it is harmless. But not a sync in a durable edit: to pass that
                over would be to acknowledge what may be lost. Only a reader may, who leaves the journal for the next.

An edit that was not killed leaves nothing to recover, as programs that know of no journal see the file too; unless
its error says that the old content could not be put back. The journal may stay after a failed sync, and if it could
not be removed.

And in every case: nothing but the file is there afterwards, it is the same inode with the same access, and it can be
edited. A fault that did not come is counted apart.
"""

from __future__ import annotations

import binascii
import errno
import re
from typing import TYPE_CHECKING, NamedTuple

from .fault import KILLS, Fault
from .judge import difference, kind, unbroken
from .scenes import EDITS

if TYPE_CHECKING:
    from pathlib import Path

    from .children import Answer
    from .judge import Finding, Identity, Rest
    from .scenes import Scene

__all__ = ["NOT_PUT_BACK", "NOT_REACHED", "Case", "Seen", "Verdict", "said", "verdict"]

NOT_REACHED = "not reached"
"""The state of a case whose fault did not come."""

_SYNCS = {"fsync", "fdatasync"}
NOT_PUT_BACK = "could not be put back"
"""What a note on the error says if that was so."""

_UNKNOWN = "unknown"  # what the message says where the outcome is


class Case(NamedTuple):
    """One fault in one scene."""

    scene: Scene
    fault: Fault
    file: str  # whose call it is: the file, its journal or the directory, by its path
    of: int  # how often the call is made, without the fault
    committed: bool  # the fault comes after the commit

    def __str__(self) -> str:
        return f"{self.scene}: {self.fault} (of {self.of})"


class Seen(NamedTuple):
    """What came of a case."""

    path: Path
    answer: Answer
    rest: Rest
    found: Finding
    before: Identity
    after: Identity


class Verdict(NamedTuple):
    """What is counted, and why it is wrong, if it is."""

    state: str
    story: str | None
    alike: str = ""  # what stories that are much like this one have in common


def verdict(case: Case, seen: Seen) -> Verdict:
    """What to make of it."""
    left = kind(seen.found.content, case.scene.expected)
    wrong = _torn(case, seen, left) or unbroken(seen.found, seen.before, seen.after) or _unfinished(case, seen)
    if seen.answer.killed:
        state = f"{left} after a kill"
    elif seen.answer.error is not None:
        state = f"{left} after an error"
        wrong = wrong or _wrongly_raised(case, seen, left)
    else:
        state = f"{left} in spite of the fault"
        wrong = wrong or _wrongly_succeeded(case, seen, left)
    if not wrong:
        return Verdict(state, None)
    why = re.split("[:;]", wrong)[0]
    return Verdict(state, f"{case}: {wrong}", f"{case.scene.operation} {case.fault.name} {why}")


def _torn(case: Case, seen: Seen, left: str) -> str | None:
    if left != "torn":
        return None
    return f"the file is torn: {difference(seen.found.content, case.scene.expected)}{said(seen.answer)}"


def _unfinished(case: Case, seen: Seen) -> str | None:
    recovering = case.scene.operation not in EDITS or (case.scene.killed is not None and seen.answer.error is not None)
    if seen.answer.killed or recovering or NOT_PUT_BACK in said(seen.answer):
        return None
    if seen.rest.content != seen.found.content:
        return f"it was not killed, and left the file in flight{said(seen.answer)}"
    if seen.rest.journal and case.fault.name not in {"unlink", *_SYNCS}:
        return f"it was not killed, and left its journal{said(seen.answer)}"
    return None


def _wrongly_raised(case: Case, seen: Seen, left: str) -> str | None:
    error = seen.answer.error or {}
    if error["errno"] not in (_put_in(case, seen), _in_the_way(case)):
        return f"it raised another error{said(seen.answer)}"
    if not error["filename"].startswith(str(seen.path)) and str(seen.path) not in error["text"]:  # or its journal
        return f"the error does not name the file{said(seen.answer)}"
    if left == "old" or case.committed or case.scene.expected.old == case.scene.expected.new:
        return None
    if case.fault.name in _SYNCS and case.scene.mode == "durable" and _UNKNOWN in error["text"]:
        return None
    return f"it raised, and yet the content is new{said(seen.answer)}"


def _wrongly_succeeded(case: Case, seen: Seen, left: str) -> str | None:
    if case.fault.what in KILLS:
        return "it was to be killed, and lived"
    if left == "old" and case.scene.expected.new != case.scene.expected.old:
        return "it succeeded, and yet the content is old"
    told = seen.answer.told.get("content")
    if told is not None and binascii.a2b_base64(told) != case.scene.expected.new:
        return f"the read told something else: {difference(binascii.a2b_base64(told), case.scene.expected)}"
    if case.fault.name in _SYNCS and case.fault.what != "EINTR" and not (told is not None and seen.rest.journal):
        return "it passed over a failed sync"
    return None


def _put_in(case: Case, seen: Seen) -> int | None:
    """The number of the error; a child that put it in itself tells what became of it, as Windows has other ones."""
    number: int | None = seen.answer.told.get("put_in", getattr(errno, case.fault.what, None))
    return number


def _in_the_way(case: Case) -> int | None:
    """What it is called if a journal that is of no use any more cannot be removed, and is in the way of the next."""
    return errno.EEXIST if case.fault.name == "unlink" else None


def said(answer: Answer) -> str:
    """What it raised, as the end of a sentence; nothing if it did not."""
    error = answer.error
    if error is None:
        return ""
    notes = "".join(f"; {note}" for note in error["notes"])
    return f"; it raised {error['type']}: {error['text']}{notes}"
