"""What was read is kept: a mix for good, the rest while there is room, and nothing that a kill has left half kept."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator import contents
from simulator.contents import Keeper, load, share, trim
from simulator.history import digest
from simulator.workload import module_file, raiser

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[2]
INITIAL = module_file(3, 7)
SIZE_BYTES = 64 << 10


def edited(times: int, *, shifting: bool = False) -> Iterator[bytes]:
    """The contents that worker 1 makes one after the other."""
    content, raised = module_file(3, 7, shifting=shifting), raiser(1, shifting=shifting)
    for _ in range(times):
        content, _ = raised(content)
        yield content


def kept(directory: Path, *read: bytes, odd: bool = False, initial: bytes = INITIAL) -> None:
    """Keep them in the name of process 0."""
    keeper = Keeper(str(directory / "process0000.contents"), initial, SIZE_BYTES)
    for content in read:
        keeper.keep(digest(content), content, odd=odd)
    keeper.close()


@pytest.mark.parametrize("shifting", [False, True])
def test_what_was_read_can_be_had_again(tmp_path: Path, shifting: bool) -> None:
    """By its digest, byte for byte."""
    initial = module_file(3, 7, shifting=shifting)
    read = [initial, *edited(12, shifting=shifting)]
    kept(tmp_path, *read, initial=initial)
    assert dict(load(tmp_path, initial)) == {digest(content): content for content in read}


@given(st.binary(max_size=2000))
def test_any_mix_can_be_had_again(tmp_path_factory: pytest.TempPathFactory, mix: bytes) -> None:
    """Empty, cut short, longer, or nothing like a module file."""
    directory = tmp_path_factory.mktemp("kept")
    for number, content in enumerate((mix, INITIAL[: len(mix)], INITIAL + mix, mix + INITIAL)):
        keeper = Keeper(str(directory / f"process{number:04d}.contents"), INITIAL, SIZE_BYTES)
        keeper.keep(digest(content), content)
        keeper.close()
        assert load(directory, INITIAL)[digest(content)] == content


def test_newest_stay_and_odd_ones_too(tmp_path: Path) -> None:
    """However many come after a mix, it is there; of all others the last are."""
    mix, late = INITIAL[:-30] + b"v0.0.1\n", list(edited(3000))
    kept(tmp_path, mix, *late)
    there = load(tmp_path, INITIAL)
    assert there[digest(mix)] == mix
    assert all(digest(content) in there for content in late[-100:])
    assert digest(late[0]) not in there


def test_what_its_reader_calls_odd_stays(tmp_path: Path) -> None:
    """A content may look as it should, and be known to be wrong by whoever wrote last."""
    first, *others = edited(3000)
    keeper = Keeper(str(tmp_path / "process0000.contents"), INITIAL, SIZE_BYTES)
    keeper.keep(digest(first), first, odd=True)
    for content in others:
        keeper.keep(digest(content), content)
    assert load(tmp_path, INITIAL)[digest(first)] == first
    keeper.close()


def test_odd_ones_are_bounded(tmp_path: Path) -> None:
    """A file that is wrong for ever fills no disk."""
    kept(tmp_path, *edited(20_000), odd=True)
    assert (tmp_path / "process0000.contents").stat().st_size <= SIZE_BYTES
    there = load(tmp_path, INITIAL)
    assert digest(next(edited(1))) in there
    assert len(there) > 10


def test_ended_process_makes_room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What it kept for good stays; the next process finds room where there was none."""
    monkeypatch.setattr(contents, "BUDGET_BYTES", SIZE_BYTES + SIZE_BYTES // 2)
    mix = INITIAL[:100]
    kept(tmp_path, mix, INITIAL)
    full = Keeper(str(tmp_path / "process0001.contents"), INITIAL, SIZE_BYTES)
    full.keep(digest(INITIAL), INITIAL)
    full.keep(digest(mix), mix)
    assert not (tmp_path / "process0001.contents").exists()
    trim(tmp_path / "process0000.contents")
    trim(tmp_path / "process0001.contents")  # there is none
    assert dict(load(tmp_path, INITIAL)) == {digest(mix): mix}
    again = Keeper(str(tmp_path / "process0002.contents"), INITIAL, SIZE_BYTES)
    again.keep(digest(INITIAL), INITIAL)
    assert digest(INITIAL) in load(tmp_path, INITIAL)
    again.close()
    full.close()
    full.keep(digest(mix), mix)  # as a worker may that ends


def test_all_processes_share_the_budget() -> None:
    """However many there are."""
    assert 512 * share(512) <= contents.BUDGET_BYTES
    assert share(512) < share(1) == share(0)


@pytest.mark.parametrize("at", [0, 9, 17, 25, 40, 60, -1000])
def test_damaged_file_gives_nothing_that_is_not_true(tmp_path: Path, at: int) -> None:
    """Wherever it is damaged: each content that it gives still has the digest it stands under."""
    path = tmp_path / "process0000.contents"
    kept(tmp_path, INITIAL[:100], *edited(50))
    damaged = bytearray(path.read_bytes())
    damaged[at] ^= 0xFF
    path.write_bytes(damaged)
    assert all(digest(content) == name for name, content in load(tmp_path, INITIAL).items())


def test_what_a_killed_process_kept_is_there(tmp_path: Path) -> None:
    """Nothing has to be written at the end: there may be none."""
    program = (
        "import os, sys; from simulator.contents import Keeper; from simulator.history import digest;"
        "from pathlib import Path; d = Path(sys.argv[1]); c = (d / 'initial').read_bytes();"
        "k = Keeper(str(d / 'process0000.contents'), c, 65536); k.keep(digest(c), c); k.keep(digest(c[:9]), c[:9]);"
        "os.kill(os.getpid(), 9)"
    )
    (tmp_path / "initial").write_bytes(INITIAL)
    run = subprocess.run([sys.executable, "-c", program, str(tmp_path)], cwd=ROOT, timeout=60, check=False)
    assert run.returncode in {-getattr(signal, "SIGKILL", 9), 9}
    assert set(load(tmp_path, INITIAL).values()) == {INITIAL, INITIAL[:9]}
