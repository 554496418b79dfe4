"""One moment as a paragraph of plain text, for files, pipes, and terminals that can do no more."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .content import lines, summary
from .frame import code_rows, lock_line
from .moment import TITLES, Mark, Moment, Step
from .paint import Look, wrapped
from .player import FILE

if TYPE_CHECKING:
    from .content import Line

__all__ = ["text"]

_WIDTH = 100
_INDENT = "    "


def text(moment: Moment, look: Look) -> str:
    """The paragraph, and the verdict if it is the last one."""
    parts = [_head(moment), *_calls(moment), *_wrapped(moment.said)]
    if moment.number:
        parts += _lanes(moment, look)
        parts.append(f"{_INDENT}lock: {lock_line(moment)}")
    else:
        parts.append(f"{_INDENT}steps: {look.legend}")
    parts += _file(moment, look)
    paragraph = "\n".join(part.rstrip() for part in parts) + "\n"
    return paragraph + ("\n" + "\n".join(moment.verdict) + "\n" if moment.verdict else "")


def _head(moment: Moment) -> str:
    if not moment.number:
        return f"One {FILE}, {len(moment.lanes)} processes, {moment.mode.value}"
    return f"\n{moment.number}. {moment.name} (pid {moment.lane.pid}), {moment.title}"


def _calls(moment: Moment) -> list[str]:
    called = [str(call) for call in moment.calls if call.at_work]
    code = ["".join(part for part, _ in row) for row in code_rows(moment)]
    return [f"{_INDENT}{line}" for line in (*called, *code)]


def _wrapped(said: str) -> list[str]:
    return [_INDENT + row[0][0] for row in wrapped(said, _WIDTH - len(_INDENT))]


def _lanes(moment: Moment, look: Look) -> list[str]:
    """For each process which steps are done, and which is the one it is at."""
    shown = []
    for lane in moment.lanes:
        signs = "".join(look.sign(mark) for mark in lane.marks)
        at = [title for mark, title in zip(lane.marks, TITLES.values(), strict=True) if mark in (Mark.NOW, Mark.WAITS)]
        shown.append(f"{lane.name} {signs} {''.join(at) or lane.state}".rstrip())
    return [f"{_INDENT}steps: {'   '.join(shown)}"]


def _file(moment: Moment, look: Look) -> list[str]:
    """The file, where it has changed, or is read."""
    is_read = moment.step is Step.READ and not moment.part
    if moment.after is None or not (moment.after != moment.before or is_read or moment.part == "killed"):
        return []
    journal = f"; beside it: a journal, {moment.journal_bytes} bytes" if moment.journal_bytes is not None else ""
    before = moment.before if moment.number else None
    shown = [f"{_INDENT}{FILE}: {summary(before, moment.after)}{journal}"]
    for line in lines(before, moment.after):
        shown += _line(line, look)
    return shown


def _line(line: Line, look: Look) -> list[str]:
    head = f"{_INDENT}{line.offset:>5} {look.bar} "
    shown = [head + line.text]
    if line.changed:
        carets = "".join(("^" if piece.changed else " ") * len(piece.text) for piece in line.pieces)
        shown.append(" " * (len(head) - 2) + look.bar + " " + carets)
    return shown
