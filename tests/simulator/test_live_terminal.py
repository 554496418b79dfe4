"""The live view on a real terminal: what it takes it gives back, and it says what it has to on any kind."""

from __future__ import annotations

import re
import sys
from typing import TYPE_CHECKING

import pytest

if sys.platform == "win32":
    pytest.skip("needs POSIX", allow_module_level=True)

from tests.lockedfile.processes import until
from tests.lockedfile.terminal import CTRL_C
from tests.simulator.demo_terminal import ENTER_SCREEN, LEAVE_SCREEN, Screen
from tests.simulator.live_terminal import colourless, dumb, letters, usual

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

RUN = ("--workers", "3", "--hold-ms", "5", "--duration", "60")


def screen(main: Callable[[], int], *arguments: object, columns: int = 80, lines: int = 24) -> Screen:
    """A program on a terminal of that size."""
    shown = Screen(*arguments, main=main)
    shown.resize(columns, lines)
    return shown


def judged(text: str) -> bool:
    """Is it there to be read that edits were judged?"""
    return bool(re.search(r"[1-9]\d* edits judged", re.sub(r"\x1b\[[\d;]*m", "", text)))


def test_ctrl_c_gives_the_screen_back_and_the_verdict_follows() -> None:
    """The cursor is back, the first screen is, and below what was there stands what was recorded."""
    with screen(usual, *RUN) as terminal:
        until(lambda: judged(terminal.shown()), "a verdict so far")
        terminal.press(CTRL_C)
        assert terminal.end() == 0
        assert terminal.is_as_before()
        before, _, after = terminal.shown().rpartition(LEAVE_SCREEN)
        assert ENTER_SCREEN in before
        assert "█" in before
        assert "stopped   before its time" in after


def test_view_follows_the_size_of_the_window() -> None:
    """A narrow one has shorter lines from the next look on."""
    with screen(usual, *RUN) as terminal:
        until(lambda: judged(terminal.shown()), "a verdict so far")
        terminal.resize(41, 10)
        until(lambda: _widest(terminal.shown()) == 41, "lines of 41 columns")
        terminal.press(CTRL_C)
        assert terminal.end() == 0


def _widest(shown: str) -> int:
    """Columns of the widest row of the last picture that is whole."""
    picture = shown.split("\x1b[H")[-2]
    return max(len(re.sub(r"\x1b\[[?\d;]*[a-zA-Z]", "", row)) for row in picture.split("\n"))


def test_no_colour_is_asked_for() -> None:
    """With NO_COLOR there is none, and the shapes say all."""
    with screen(colourless, *RUN) as terminal:
        until(lambda: judged(terminal.shown()) and "█" in terminal.shown(), "a picture with a lock that is held")
        terminal.press(CTRL_C)
        terminal.end()
        assert not re.search(r"\x1b\[[\d;]*(3[0-8]|9[0-7])[\d;]*m", terminal.shown())


def test_letters_where_there_are_no_shapes() -> None:
    """Nothing beyond ASCII is drawn."""
    with screen(letters, *RUN) as terminal:
        until(lambda: re.search(r"[-._][HW]", _picture(terminal.shown())), "a lane of one who holds or waits")
        terminal.press(CTRL_C)
        terminal.end()
        assert _picture(terminal.shown()).isascii()


def _picture(shown: str) -> str:
    """What was drawn, without its colours."""
    return re.sub(r"\x1b\[[\d;]*m", "", shown.partition(ENTER_SCREEN)[2].partition(LEAVE_SCREEN)[0])


def test_lines_where_nothing_can_be_drawn() -> None:
    """On a dumb terminal, as in a file."""
    with screen(dumb, "--workers", "2", "--edits", "50") as terminal:
        assert terminal.end() == 0
        assert "\x1b" not in terminal.shown()
        assert "running    0." in terminal.shown()


def test_replay_obeys_keys_and_leaves_the_terminal_as_it_was(tmp_path: Path) -> None:
    """Space pauses it, an arrow goes on a step, q ends it; the report follows."""
    with screen(usual, "--workers", "2", "--edits", "200", "--quiet", "--dir", tmp_path / "kept") as terminal:
        assert terminal.end() == 0
    with screen(usual, "replay", tmp_path / "kept", "--speed", "0.000001") as terminal:
        terminal.until_shown("x1e-06")
        terminal.press(" ")
        terminal.until_shown("paused")
        terminal.press("++")
        terminal.until_shown("x4e-06  paused")
        assert not terminal.is_as_before()
        terminal.press("q")
        assert terminal.end() == 0
        assert terminal.is_as_before()
        assert "VALID" in terminal.shown().rpartition(LEAVE_SCREEN)[2]
