"""What docs/demo.md shows is what the demo shows, less the numbers of processes and of lines of code."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from simulator.demo import frame, transcript
from simulator.demo.moment import Mode
from simulator.demo.paint import Look
from simulator.demo.script import moments
from tests.lockedfile.needs import linux

DOCS = Path(__file__).parents[2] / "docs" / "demo.md"


def blocks(text: str) -> list[str]:
    """The blocks of it that show what was printed."""
    return re.findall(r"^```text\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)


def plain(told: str) -> str:
    """Without what differs from run to run, or moves as code is written above."""
    told = re.sub(r"\b(pid |kill\()\d+", r"\1N", told)
    told = re.sub(r"\.py:\d+ *", ".py:N ", told)
    return re.sub(r" +$", "", told, flags=re.MULTILINE)


@linux
@pytest.mark.parametrize("mode", Mode)
def test_transcripts_in_the_docs_are_real(tmp_path: Path, mode: Mode) -> None:
    """Each paragraph is one of those that are printed now; where it is not, the docs are to be changed."""
    told = plain("".join(transcript.text(moment, Look()) for moment in moments(mode, 2, tmp_path)))
    lesson = DOCS.read_text(encoding="utf-8").split("## Lesson ")[list(Mode).index(mode) + 1]
    assert blocks(lesson)
    for block in blocks(lesson):
        assert f"\n{plain(block)}" in told


@linux
def test_screen_in_the_docs_is_real(tmp_path: Path) -> None:
    """The one that it begins with."""
    shown = list(moments(Mode.LOCK, 3, tmp_path))
    screen = blocks(DOCS.read_text(encoding="utf-8"))[0]
    rows = frame.rows(shown[7], 80, 24, Look(), screen.splitlines()[-1])
    assert plain("".join("".join(text for text, _ in row) + "\n" for row in rows)) == plain(screen)
