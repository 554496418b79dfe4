"""One or two sentences for a student about what has just happened."""

from __future__ import annotations

from .moment import Mode, Step
from .wording import as_here

__all__ = ["begun", "gone", "list_of", "told"]

_SIMPLE = {
    (Step.OPEN, ""): "{me} opens the file to read and write, and does not empty it: what is in it belongs to whoever "
    "has the lock. Opening asks nobody and waits for nobody.",
    (Step.TRANSFORM, ""): "No system call: your function gets the whole content and gives back the whole new one. {me} "
    "adds its line. The file is as it was; if the function raised, it would stay so.",
    (Step.WRITE, "journal"): "First what is about to change is kept in a file beside it. If {me} is killed from here "
    "on, the next one can undo its edit. The go.mod is still as it was.",
    (Step.WRITE, "mark"): "64 blanks past the end of the old content and of the new say: an edit is under way. They go "
    "as the last thing, so whoever finds them knows that an edit was cut short.",
    (Step.WRITE, "grow"): "Then the part that goes past the old end. If the disk is full, it shows here, where no old "
    "byte is lost yet. Now the file is a mix, and the lock is why nobody sees it.",
    (Step.WRITE, "overwrite"): "Then the old part, from the first byte that is new. Who reads without asking for the "
    "lock can see any state in between: flock stops only those who ask.",
    (Step.WRITE, "cut"): "The file is cut to its new length, and the mark is gone. At this call the edit is made: "
    "killed before it, it is undone; killed after it, it is there.",
    (Step.WRITE, "drop"): "The journal is of no use any more.",
    (Step.READ, "found"): "The journal tells what {dead} was about to do, and its mark is at the end of the file: so "
    "the file is what that edit left, and the edit can be undone.",
    (Step.READ, "put back"): "The old bytes are written back over those of {dead}.",
    (Step.READ, "cut back"): "What {dead} had added is cut off. The file is the old one, to the byte, as if {dead} had "
    "never begun.",
    (Step.READ, "clear"): "The journal has done its work. {me} goes on with its own edit, from the old content.",
    (
        Step.WRITE,
        "killed",
    ): "In front of its next pwrite {me} is killed: no handler runs, nothing is tidied up, half an "
    "edit is in the file. The kernel closes what {me} had open, and so its lock is free.",
}

_UNLOCKED = {
    Step.TRY: "Here Edit asks for the lock. In this run the call is left out, and everything else is the same code: "
    "nothing tells {me} that others are at work.",
    Step.READ: "{me} reads, and so do the others, each the same content. Each will add its line to that.",
    Step.TRANSFORM: "No system call: your function makes the new content of the one that was read, whatever is in the "
    "file by now. {me} adds its line.",
    Step.RELEASE: "Nothing to give back. Edit returns, and {me} believes that its line is in the file.",
}

_UNLOCKED_WRITE = {
    "grow": "{me} writes what goes past the end of the content that it has read, wherever the file ends by now.",
    "overwrite": "And the bytes before that. What {me} writes knows nothing of what others wrote since it has read.",
}


def told(
    mode: Mode, step: Step, part: str, me: str, *, holder: str = "", line: str = "", following: str = "", dead: str = ""
) -> str:
    """The sentences about the step of `me`.

    `holder` has the lock already, `line` is who waits in front of it, `following` who is next, `dead` who was killed.
    """
    return as_here(_sentence(mode, step, part, holder, line, following, dead)).format(
        me=me, holder=holder, line=line, following=following, dead=dead
    )


def _sentence(mode: Mode, step: Step, part: str, holder: str, line: str, following: str, dead: str) -> str:
    if mode is Mode.WITHOUT and step in _UNLOCKED:
        return _UNLOCKED[step]
    if mode is Mode.WITHOUT and part in _UNLOCKED_WRITE:
        return _UNLOCKED_WRITE[part]
    if step is Step.TRY:
        return _tried(holder)
    if step is Step.BLOCKED:
        return _blocked(part, line, dead)
    if step is Step.READ and not part:
        return _read(dead)
    if step is Step.RELEASE:
        return _released(following)
    return _SIMPLE[step, part]


def _tried(holder: str) -> str:
    if holder:
        return (
            "{holder} has the lock. LOCK_NB says: do not wait. So flock answers EWOULDBLOCK at once, and {me} has to "
            "decide: give up, or wait."
        )
    return (
        "Nobody has the lock, so {me} has it now. LOCK_EX: for itself alone. It is a note in the kernel, about the "
        "open file: no byte of the file changes."
    )


def _blocked(part: str, line: str, dead: str) -> str:
    if part == "woken" and dead:
        return "{dead} is dead, its lock went with it, and the kernel has woken {me}: its flock returns, with the lock."
    if part == "woken":
        return (
            "The kernel has given the lock to {me} and woken it: the flock in which it slept returns. Nobody asked "
            "again and again in between."
        )
    if line:
        return (
            "{line} came before. So that nobody is overtaken, {me} gets in line: it sleeps for a second lock, on a "
            "byte far past the end of the file, and goes to flock when it is next."
        )
    return (
        "The same call without LOCK_NB does not return. {me} sleeps in the kernel and uses no processor time, until "
        "whoever has the lock gives it back."
    )


def _read(dead: str) -> str:
    if dead:
        return (
            "{me} reads what {dead} left: half an edit. But access says that a journal lies beside the file, so {me} "
            "does not believe what it has read."
        )
    return (
        "Only now, with the lock, {me} reads. A content that was read before the lock could be old by now, and what "
        "others wrote since would be lost."
    )


def _released(following: str) -> str:
    if following:
        return "{me} gives the lock back, and the kernel wakes who is first of those who sleep: {following}."
    return "{me} gives the lock back. Nobody waits for it."


def list_of(names: list[str]) -> str:
    """Names in a sentence."""
    if len(names) < 2:
        return "".join(names)
    return f"{', '.join(names[:-1])} and {names[-1]}"


_BEGUN = {
    Mode.LOCK: "the real lockedfile.Edit, which locks the file first. All steps are real system calls, held back only "
    "so that they can be seen.",
    Mode.WITHOUT: "the real lockedfile.Edit, from which only the calls of flock are left out (and the journal, to be "
    "brief: crash_safe=False).",
    Mode.KILL: "the real lockedfile.Edit. The first of them will be killed in the middle of writing.",
}


def begun(mode: Mode, workers: int) -> str:
    """What is about to be shown."""
    return f"{workers} processes are about to edit this file: each adds a line of its own, by {as_here(_BEGUN[mode])}"


def gone(names: list[str]) -> str:
    """Said of those whose lines have just vanished; nothing if nobody's has."""
    return f" The line of {list_of(names)} is gone: a LOST UPDATE, and no call has failed." if names else ""
