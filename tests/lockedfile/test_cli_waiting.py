"""Waiting longer than a second says so, once, with the holder."""

from __future__ import annotations

import re
import threading
from typing import TYPE_CHECKING

import pytest

from lockedfile import Holder, Waiting
from lockedfile._cli import _notice, entry
from lockedfile._cli._kin import Watch, descends, waiting_kin
from lockedfile._cli._notice import Notice, line
from lockedfile._cli._text import roughly, safe, shortened, shown
from tests.lockedfile import locks, program, weakened_cli
from tests.lockedfile.children import hold
from tests.lockedfile.processes import LIMIT_S, until

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.lockedfile.processes import Child

    Spawn = Callable[..., Child]

TIDY = Holder(4121, "go mod tidy", "exclusive", False, 1000.0)
READER = Holder(7, "cat", "shared", False, 1000.0)


@pytest.mark.parametrize(
    ("found", "said"),
    [
        ([TIDY], "waiting for go.mod, held by pid 4121 (go mod tidy) for at most 12 s"),
        ([TIDY, READER], "waiting for go.mod, held by pid 4121 (go mod tidy) and pid 7 (cat)"),
        ([Holder(4121, "go mod tidy", "exclusive", False, None)], "waiting for go.mod, held by pid 4121 (go mod tidy)"),
        ([Holder(None, "unknown", "unknown", False, None)], "waiting for go.mod, held by an unknown process"),
        ([], "waiting for go.mod"),
    ],
)
def test_line_names_who_holds(found: list[Holder], said: str) -> None:
    """And since when at most, if it is one."""
    assert line("go.mod", found, 1011.5) == said


def test_line_is_safe_for_a_terminal() -> None:
    """Whatever the file is called."""
    assert line("go\n\x1b.mod", [], 0) == "waiting for go\\n\\x1b.mod"


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (0, "0 s"),
        (0.1, "1 s"),
        (12, "12 s"),
        (119, "119 s"),
        (120, "2 min"),
        (121, "3 min"),
        (7140, "119 min"),
        (7200, "2 h"),
        (48 * 3600 - 1, "2 days"),
        (10 * 86400.0, "10 days"),
    ],
)
def test_duration_is_rounded_up(seconds: float, said: str) -> None:
    """As it is said to be at most that."""
    assert roughly(seconds) == said


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("go.mod", "go.mod"),
        ("grün 文", "grün 文"),
        ("a\nb\tc", "a\\nb\\tc"),
        ("\x1b[31m\x07\x7f\x9b", "\\x1b[31m\\x07\\x7f\\x9b"),
        ("\u202edom.og", "\\u202edom.og"),
        ("\udcff", "\\udcff"),
        ("", ""),
    ],
)
def test_text_is_made_safe(text: str, said: str) -> None:
    """Nothing is left that a terminal would obey, or that turns the direction of what follows."""
    assert safe(text) == said
    assert safe(said) == said


def test_path_is_shown_even_if_it_is_empty() -> None:
    """Bytes too."""
    assert [shown(path) for path in ("", b"go.mod", "a b")] == ["''", "go.mod", "a b"]


def test_text_is_shortened_to_fit() -> None:
    """With a sign of it."""
    assert [shortened("abcdef", most) for most in (6, 5, 3, 1)] == ["abcdef", "ab...", "...", "..."]


PARENTS = {10: 5, 5: 4, 4: 1, 11: 10, 20: 21, 21: 20}


@pytest.mark.parametrize(
    ("pid", "ancestor", "kin"),
    [(5, 5, True), (10, 5, True), (11, 5, True), (4, 5, False), (7, 5, False), (20, 5, False)],
)
def test_kin_is_who_descends(pid: int, ancestor: int, kin: bool) -> None:
    """Also where processes end while we look, so that the numbers go round in a circle."""
    assert descends(pid, ancestor, lambda pid: PARENTS.get(pid, 0)) == kin


def test_kin_that_only_reads_beside_us_is_not_waiting_for_us() -> None:
    """Under a shared lock, who wants a shared lock waits for somebody else."""
    waiting = [Holder(5, "cat", mode, True, None) for mode in ("shared", "exclusive")]
    assert waiting_kin([Holder(5, "cat", "exclusive", False, None), *waiting], 5, shared=False) == waiting[0]
    assert waiting_kin(waiting, 5, shared=True) == waiting[1]
    assert waiting_kin([Holder(None, "unknown", "exclusive", True, None)], 5, shared=False) is None


@pytest.mark.parametrize("patience_s", [LIMIT_S, 0.0])
def test_wait_that_is_over_in_time_is_not_told_of(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, patience_s: float
) -> None:
    """Nothing is said after `over`, and no thread is left; without patience it would be."""
    monkeypatch.setattr(_notice, "_PATIENCE_S", patience_s)
    path = str(tmp_path / "go.mod")
    before = set(threading.enumerate())
    notice = Notice(path)
    notice(Waiting(("Edit", path, "exclusive", None, (TIDY,))))
    if not patience_s:
        until(lambda: set(threading.enumerate()) == before, "the end of the thread")
    notice.over()
    until(lambda: set(threading.enumerate()) == before, "the end of the thread")
    assert bool(capfd.readouterr().err) == (not patience_s)


def test_wait_that_is_to_be_quiet_needs_no_thread(tmp_path: Path) -> None:
    """`--quiet`."""
    before = set(threading.enumerate())
    notice = Notice(str(tmp_path), quiet=True)
    notice(Waiting(("Edit", str(tmp_path), "exclusive", None, ())))
    assert set(threading.enumerate()) == before
    notice.over()


def test_courtesies_need_no_thread(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where none is to be had the wait goes on, and COMMAND runs."""

    def start(_: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", start)
    notice, watch = Notice(str(tmp_path)), Watch(str(tmp_path))
    notice(Waiting(("Edit", str(tmp_path), "exclusive", None, ())))
    watch.begin(1)
    notice.over()
    watch.end()


@pytest.mark.parametrize("main", [entry, weakened_cli.wait_in_silence])
@pytest.mark.parametrize("subcommand", ["edit", "run", "read"])
def test_long_wait_says_whom_for(spawn: Spawn, tmp_path: Path, subcommand: str, main: Callable[[], int]) -> None:
    """Once, and then does what it was to do; the check can fail."""
    path = tmp_path / "go.mod"
    path.write_bytes(b"content")
    words = [] if subcommand == "read" else ["--", *program.python("import sys; sys.stdout.write(sys.stdin.read())")]
    holder = spawn(hold, path)
    holder.expect("asking")
    holder.expect("locked")
    with program.Program(subcommand, "--timeout", "1000", "go.mod", *words, main=main, cwd=tmp_path) as waiting:
        if main is entry:
            said = waiting.err.hear()
            pattern = r"waiting for go\.mod, held by pid (\d+) \(.*\) for at most \d+ s"
            match = re.fullmatch(pattern, said) if locks.TELLS else None
            assert match or not locks.TELLS, said
            assert match is None or match[1] == str(holder.process.pid)
        else:
            locks.until_waiting(path)
        holder.tell()
        holder.expect("released")
        holder.end()
        if subcommand == "run":
            waiting.process.communicate(timeout=LIMIT_S)
        assert waiting.end() == 0
        assert waiting.err.rest() == []


def test_quiet_wait_says_nothing(spawn: Spawn, tmp_path: Path) -> None:
    """But that it was in vain."""
    path = tmp_path / "go.mod"
    holder = spawn(hold, path, "wb")
    holder.expect("asking")
    holder.expect("locked")
    ended = program.run("read", "--quiet", "--timeout", "1.5", "go.mod", cwd=tmp_path)
    assert (ended.code, ended.err.count("\n")) == (1, 1)
    assert ended.err.startswith("lockedfile: read go.mod: no lock after 1.5 s; held by ")
