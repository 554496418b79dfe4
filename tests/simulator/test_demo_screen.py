"""What the demo looks like: on every screen the call, the code and the bytes; plain where there is no colour."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from simulator.demo import content, frame, transcript
from simulator.demo.moment import HAS_LOCK, Mode, Moment
from simulator.demo.paint import Look, painted
from simulator.demo.script import moments
from simulator.demo.wording import as_on_windows

if TYPE_CHECKING:
    from collections.abc import Iterator

    from simulator.row import Row

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module", params=[(Mode.LOCK, 4), (Mode.WITHOUT, 4), (Mode.KILL, 3)], ids=str)
def shown(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> list[Moment]:
    """All moments of one demo."""
    mode, workers = request.param
    return list(moments(mode, workers, tmp_path_factory.mktemp("demo")))


def texts(rows: list[Row]) -> list[str]:
    """Rows without their styles."""
    return ["".join(text for text, _ in row) for row in rows]


@pytest.mark.parametrize(("width", "height"), [(80, 24), (120, 40), (100, 30), (40, 12), (10, 3)])
def test_every_moment_fits_the_screen(shown: list[Moment], width: int, height: int) -> None:
    """No row is too long, none is too many, and the keys stand in the last one."""
    for moment in shown:
        rows = texts(frame.rows(moment, width, height, Look(), "q: quit"))
        assert len(rows) == height
        assert max(map(len, rows)) <= width
        assert rows[-1] == "q: quit"


def test_small_screen_has_all_that_belongs_to_a_step(shown: list[Moment]) -> None:
    """At 80 by 24: the lanes, the call with its result, the code, what it means, and the bytes that it changed."""
    for moment in shown[1:]:
        rows = frame.rows(moment, 80, 24, Look(), "")
        lines, told = texts(rows), " ".join(texts(rows))
        assert [line[0] for line in lines[1 : 1 + len(moment.lanes)]] == [lane.name for lane in moment.lanes]
        assert moment.title in told
        call = next(call for call in moment.calls if call.at_work)
        assert call.text.split(",")[0] in told
        assert (f"_edit.py:{call.edit_line}" in told) == bool(call.edit_line)
        assert " ".join(moment.verdict or [moment.said]).replace(" ", "") in told.replace(" ", "")
        if moment.before != moment.after and len(moment.after or b"") >= len(moment.before or b""):
            assert any(style == "changed" for row in rows for _, style in row), moment.title


def test_large_screen_shows_the_body_of_edit(shown: list[Moment]) -> None:
    """With an arrow at the line that runs."""
    for moment in shown[1:]:
        call = next(call for call in moment.calls if call.at_work)
        if call.edit_line:
            rows = texts(frame.rows(moment, 120, 44, Look(), ""))
            assert any(row.startswith(f"▶ {call.edit_line:>4}  ") for row in rows)


def test_no_colour_where_none_is_wanted(shown: list[Moment]) -> None:
    """Bold, dim and reverse are left; in ASCII no letter is beyond it."""
    for moment in shown:
        plain = "\n".join(painted(row, Look(ascii=True)) for row in frame.rows(moment, 80, 24, Look(ascii=True), ""))
        assert plain.isascii()
        assert not any(f"\x1b[{code}" in plain for code in ("3", "1;3", "4", "9"))
    coloured = "\n".join(painted(row, Look(colour=True)) for row in frame.rows(shown[5], 80, 24, Look(), ""))
    assert "\x1b[32m" in coloured


def test_transcript_marks_what_changed(shown: list[Moment]) -> None:
    """A caret under each byte that is new at its place; in ASCII, if need be."""
    told = "".join(transcript.text(moment, Look(ascii=True)) for moment in shown)
    assert told.isascii()
    assert "\x1b" not in told
    assert "          | ^" in told
    for moment in shown[1:]:
        assert f"\n{moment.number}. {moment.name} (pid {moment.lane.pid}), {moment.title}\n" in told
    assert told.endswith("\n".join(shown[-1].verdict) + "\n")


def test_who_has_the_lock_is_the_word_of_the_kernel(shown: list[Moment]) -> None:
    """Where it lists nothing, what the processes have called is told, and that it is no more than that."""
    for moment in shown:
        hidden = frame.lock_line(moment._replace(locks=(), has_list=False))
        holder = next((lane.name for lane in moment.lanes if lane.state == HAS_LOCK), "")
        if holder:
            assert f"{holder} has the lock" in hidden
            assert "this system does not tell" in hidden
        if moment.has_list and holder:
            assert frame.lock_line(moment).startswith(f"{holder} has it")


def changes(before: bytes, after: bytes) -> list[tuple[int, str, str]]:
    """Each line: its offset, its text, and what of it is new."""
    return [
        (line.offset, line.text, "".join(piece.text for piece in line.pieces if piece.changed))
        for line in content.lines(before, after)
    ]


def test_changed_bytes_are_found_by_their_place() -> None:
    """A byte is new if another one stood there, or none."""
    assert changes(b"abc\n\tdef\n", b"abX\n\tdef\nnew\n") == [(0, "abX", "X"), (4, "    def", ""), (9, "new", "new")]
    assert changes(b"ab", b"a") == [(0, "a", "")]
    assert content.summary(b"ab", b"a") == "1 bytes, 1 cut off"
    assert content.summary(b"abc", b"abX!") == "4 bytes, 2 of them new"


def test_what_is_no_text_is_told_in_words() -> None:
    """Zeros where nothing is written yet, and the mark."""
    assert changes(b"a\n", b"a\n" + bytes(5) + b" \t" * 32) == [
        (0, "a", ""),
        (2, "<5 bytes of zero><the mark: 64 blanks and tabs>", "<5 bytes of zero><the mark: 64 blanks and tabs>"),
    ]


def demo(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run it to its end, with nothing to press a key on."""
    return subprocess.run(
        [sys.executable, "-S", "-m", "simulator", "demo", *arguments],  # -S: nothing that was installed is there
        cwd=ROOT, stdin=subprocess.DEVNULL, capture_output=True, text=True, encoding="utf-8", timeout=60, check=False,
        env={**os.environ, **environment},
    )  # fmt: skip


def paragraphs(told: str) -> Iterator[str]:
    """The heads of the steps of a transcript."""
    yield from (line for line in told.splitlines() if line[:1].isdigit() and "(pid" in line)


@pytest.mark.parametrize(
    ("arguments", "verdict"),
    [
        ([], "NOTHING LOST: all 3 edits are in the file, those of A, B and C."),
        (["--without-lock", "--workers", "2"], "LOST UPDATE: 2 edits returned without an error"),
        (["--kill", "--slow", "0"], "NOTHING TORN: A was killed half way"),
    ],
)
def test_transcript_where_no_keys_can_be_pressed(arguments: list[str], verdict: str) -> None:
    """Plain text, no pause, no control codes, and the verdict at the end; it needs nothing but Python."""
    run = demo(*arguments, PYTHONIOENCODING="ascii")
    assert (run.returncode, run.stderr) == (0, "")
    assert run.stdout.isascii()
    assert not any(ord(letter) < 32 and letter != "\n" for letter in run.stdout)
    assert f"\n\n{verdict}" in run.stdout
    assert len(list(paragraphs(run.stdout))) >= 14


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--wihtout-lock"], "did you mean --without-lock?"),
        (["--workers", "5"], "5 is not 2 or more, up to 4"),
        (["--workers", "two"], "two is not a whole number"),
        (["--slow", "-1"], "-1 is not 0 or more, up to 60"),
        (["--kill", "--without-lock"], "not allowed with"),
        (["go.mod"], "unknown argument go.mod"),
    ],
)
def test_mistake_is_one_line_and_exit_code_2(arguments: list[str], said: str) -> None:
    """Nothing is started."""
    run = demo(*arguments)
    assert (run.returncode, run.stdout, run.stderr.count("\n")) == (2, "", 1)
    assert run.stderr.startswith("simulator demo: ")
    assert said in run.stderr


def test_reader_that_goes_ends_it_quietly() -> None:
    """As with `| head -1`."""
    with subprocess.Popen(
        [sys.executable, "-m", "simulator", "demo", "--slow", "0.05"],
        cwd=ROOT, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    ) as run:  # fmt: skip
        assert run.stdout
        assert run.stderr
        assert run.stdout.readline()
        run.stdout.close()
        assert run.wait(60) == 1
        assert run.stderr.read() == ""


def test_words_of_windows_are_its_own(shown: list[Moment]) -> None:
    """What is said there of the lock speaks of LockFileEx, and of nothing that is not there."""
    for moment in shown:
        assert not re.search("flock|LOCK_|EWOULD", as_on_windows(moment.said)), moment.said
