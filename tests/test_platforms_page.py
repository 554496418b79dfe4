"""The page of promises by system: what it says is shown by a command, and the command is there."""

from __future__ import annotations

import re
from importlib.util import find_spec
from pathlib import Path

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs" / "platforms.md").read_text(encoding="utf-8")
LEGEND = dict(re.findall(r"^\| ([A-Z]) \| (.*) \|$", PAGE, re.MULTILINE))
# A cell says by what it is shown, or that it is not, or why there is nothing to show; a "not" may say what is instead.
CELL = re.compile(r"[A-Z](, [A-Z]|, a quota)*(: .*|, (as far|beside) .*)?|not shown(; .*)?|no(: .*)?|-|it .*")


def cells() -> list[str]:
    """Those of all tables of promises."""
    rows = [line.strip("|").split("|") for line in PAGE.splitlines() if line.startswith("| ")]
    return [cell.strip() for row in rows if len(row) > 2 and row[0].strip() != "promise" for cell in row[1:]]


def test_every_cell_says_by_what_it_is_shown_or_that_it_is_not() -> None:
    """In words that the page explains."""
    assert [cell for cell in cells() if not CELL.fullmatch(cell)] == []
    used = {letter for cell in cells() for letter in re.findall(r"\b[A-Z]\b(?!-)", cell)}
    assert used == set(LEGEND)


def test_every_command_that_shows_something_is_there() -> None:
    """As a module, or a file of the repository."""
    commands = re.findall(r"`python -m ([\w.]+)", PAGE)
    assert commands
    assert [name for name in commands if find_spec(name) is None] == []
    files = re.findall(r"`((?:tests|stress|\.ci|\.github|docs)/[\w./-]+)", PAGE)
    assert [name for name in files if not (ROOT / name).exists()] == []
