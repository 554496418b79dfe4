"""One moment as a screen full of rows: lanes above, then the call, the code and a word about it, and the file below."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..row import cut
from .content import lines, summary
from .moment import HAS_LOCK, SLEEPS, TITLES, Lane, Mark, Mode, Moment
from .paint import Look, wrapped
from .player import FILE
from .source import EDIT_FILE, excerpt, line

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ..row import Row

__all__ = ["code_rows", "lock_line", "rows"]

_WIDE = 104  # from here on a lane has room for pid and state
_LEAST_CODE_ROWS, _MOST_CODE_ROWS = 5, 18
_MOST_CALLS = 2  # that have room where the screen is small


def rows(moment: Moment, width: int, height: int, look: Look, footer: str) -> list[Row]:
    """At most `height` rows of at most `width`; the last is the `footer`."""
    head = [*_title(moment, width), *(_lane(lane, moment, width, look) for lane in moment.lanes)]
    head += [(("lock  ", "dim"), (lock_line(moment), "")), ()]
    detail = [*_step(moment, width, height, look), ()]
    file = _file(moment, look)
    free = height - 1 - len(head) - len(detail) - len(file)
    if free < 0:
        file = [file[0], *file[1 - free :]] if 1 - free < len(file) else file[:1]
    elif free > _LEAST_CODE_ROWS and code_rows(moment):
        detail += _excerpt(moment, min(free - 2, _MOST_CODE_ROWS), look)
    shown = [*head, *detail, *file][: height - 1]
    shown += [()] * (height - 1 - len(shown))
    return [cut(row, width) for row in [*shown, ((footer, "dim"),)]]


def _title(moment: Moment, width: int) -> list[Row]:
    left, right = f"One {FILE}, {len(moment.lanes)} processes, {moment.mode.value}", f"{moment.number}"
    return [((left.ljust(max(0, width - len(right))) + right, "title"),)]


def _lane(lane: Lane, moment: Moment, width: int, look: Look) -> Row:
    is_turn = lane.name == moment.name and moment.number > 0
    cells: list[tuple[str, str]] = [(f"{lane.name} ", "bold" if is_turn else "")]
    for mark, (step, title) in zip(lane.marks, TITLES.items(), strict=True):
        sign = str(int(step)) if mark is Mark.TODO else look.sign(mark)
        cells += [(f"{sign} {title}", mark.value), (" ", "")]
    if width >= _WIDE:
        cells.append((f"  pid {lane.pid}  {lane.state}", "bold" if is_turn else "dim"))
    return tuple(cells)


def lock_line(moment: Moment) -> str:
    """Who has the lock, and who sleeps for it: by the kernel's list, and in line by what they have called."""
    if moment.mode is Mode.WITHOUT:
        return "nobody has it, as nobody asks for it"
    names = {str(lane.pid): lane.name for lane in moment.lanes}
    listed = [(entry.startswith("->"), names.get(entry.split()[-1], "")) for entry in moment.locks if "FLOCK" in entry]
    told = [f"{name} has it" for waits, name in listed if name and not waits]
    if not told and any(lane.state == HAS_LOCK for lane in moment.lanes):  # no list, or one that hides them
        states = "; ".join(f"{lane.name} {lane.state}" for lane in moment.lanes if lane.state in (HAS_LOCK, SLEEPS))
        return f"{states}   (by its calls: this system does not tell)"
    told += [f"{name} sleeps in flock" for waits, name in listed if name and waits]
    others = [lane for lane in moment.lanes if lane.name not in {name for _, name in listed}]
    told += [f"{lane.name} sleeps in line" for lane in others if lane.state == SLEEPS]
    source = "   (by /proc/locks)" if moment.has_list else ""
    return f"{'; '.join(told) or 'nobody has it'}{source}"


def _step(moment: Moment, width: int, height: int, look: Look) -> list[Row]:
    lane = moment.lane
    who = f"{lane.name}, pid {lane.pid}: " if moment.number else ""
    shown: list[Row] = [((f"{who}{moment.title}", "bold"),)]
    calls = [call for call in moment.calls if call.at_work or height >= 36]
    for call in calls[: _MOST_CALLS if height < 30 else None]:
        shown += wrapped(str(call), width - 2, "call", "    ")
    shown += code_rows(moment)
    if moment.verdict:
        for at, said in enumerate(moment.verdict):
            shown += wrapped(said, width, ("good" if _is_good(moment) else "bad") if at == 0 else "", "    ")
    else:
        shown += wrapped(moment.said, width)
    if not moment.number:
        shown += [(), ((look.legend, "dim"),)]
    return shown


def _is_good(moment: Moment) -> bool:
    return moment.well and moment.mode is not Mode.WITHOUT


def code_rows(moment: Moment) -> list[Row]:
    """The line of `Edit` that is being run, and the line that makes the call, if it is another one."""
    call = next((call for call in moment.calls if call.at_work), None)
    if call is None or not call.edit_line:  # it is none of lockedfile
        return []
    places = [(f"Edit, {EDIT_FILE}:{call.edit_line}", line(EDIT_FILE, call.edit_line))]
    if (call.file, call.line) != (EDIT_FILE, call.edit_line):
        places.append((f"{call.file}:{call.line}", line(call.file, call.line)))
    width = max(len(place) for place, _ in places)
    return [((f"{place:<{width}}  ", "dim"), (code, "code")) for place, code in places]


def _excerpt(moment: Moment, count: int, look: Look) -> list[Row]:
    """The body of `Edit` around its line."""
    here = moment.calls[0].edit_line
    arrow = look.sign(Mark.NOW)
    body: list[Row] = [
        ((f"{arrow if at == here else ' '} {at:>4}  ", "dim"), (text, "call" if at == here else "code"))
        for at, text in excerpt(here, count)
    ]
    return [*body, ()]


def _file(moment: Moment, look: Look) -> list[Row]:
    if moment.after is None:
        return [((f"{FILE}: this system lets nobody read it who has not its lock", "dim"),)]
    journal = f"   beside it: a journal, {moment.journal_bytes} bytes" if moment.journal_bytes is not None else ""
    before = moment.before if moment.number else None
    shown: list[Row] = [((f"{FILE}: {summary(before, moment.after)}", "bold"), (journal, "call"))]
    for part in lines(before, moment.after):
        pieces: Sequence[tuple[str, str]] = [(piece.text, "changed" if piece.changed else "") for piece in part.pieces]
        shown.append(((f"{part.offset:>5} {look.bar} ", "dim"), *pieces))
    return shown
