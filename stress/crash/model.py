"""A file, and what its content may be: a state machine for Hypothesis, with real files, locks, processes and kills.

Contents are made of few letters, so that what one edit leaves half done is often just what another one writes. The
model is a set: what the next user of `lockedfile` may read. After an edit it is the new content alone; after a killed
one, what it was before, and the new one; after a foreign edit, by somebody who takes the lock and knows no journal,
what that wrote.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import sys
import tempfile
from collections import Counter
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule, run_state_machine_as_test

import lockedfile
from lockedfile import _journal, _writeback

assert sys.platform != "win32"

from fcntl import LOCK_EX, flock  # noqa: E402 - after the assert, which tells mypy where there is fork

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

__all__ = ["FileMachine", "main"]

_STEPS = 25
_NOBODY = 65534
_CUT = 512  # the kernel cuts a write between pages; disks, between sectors
_PIECES = [b"a", b"b", b"\n", b" ", b"a" * 600, b"b" * 600, b"a" * 4096, b"b" * 4096]
_CONTENTS = st.lists(st.sampled_from(_PIECES), max_size=5).map(b"".join)

_counts: Counter[str] = Counter()


def _kill_at(call: int, part: float) -> None:
    """Let this process be killed in the n-th call that changes a file or directory; in a write, when `part` is done."""
    left = call

    def counted(change: Callable[..., Any]) -> Callable[..., Any]:
        def changing(*args: Any, **options: Any) -> Any:
            nonlocal left
            left -= 1
            if left < 0:
                if change is os.pwrite:
                    fd, data, offset = args
                    end = int(offset + len(data) * part) // _CUT * _CUT
                    os.pwrite(fd, data[: max(0, end - offset)], offset)
                os.kill(os.getpid(), signal.SIGKILL)
            return change(*args, **options)

        return changing

    for module, name in (
        (_journal, "create"),
        (_writeback, "pwrite"),
        (_writeback, "ftruncate"),
        (_journal, "ftruncate"),
        (_journal, "unlink"),
    ):
        setattr(module, name, counted(getattr(module, name)))


def _in_child(action: Callable[[], bytes | None]) -> tuple[bool, bytes]:
    """Do it in a forked child: did that come to its end, and what it gave."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.write(writer, b"=" + (action() or b""))
            os._exit(0)
        except BaseException as error:  # noqa: BLE001 - the parent raises it
            os.write(writer, b"!" + repr(error).encode())
        finally:
            os._exit(1)
    os.close(writer)
    with open(reader, "rb") as pipe:
        told = pipe.read()
    _, status = os.waitpid(child, 0)
    if os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL:
        return False, b""
    assert told[:1] == b"=", told.decode()
    return True, told[1:]


@contextmanager
def _locked(path: str) -> Iterator[int]:
    """As the go command does it: no look at the inode, none for a journal."""
    fd = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
    try:
        flock(fd, LOCK_EX)
        yield fd
    finally:
        os.close(fd)


class FileMachine(RuleBasedStateMachine):
    """One file, and those who use it."""

    def __init__(self) -> None:
        super().__init__()
        self.directory = Path(tempfile.mkdtemp(prefix="lockedfile-machine-"))
        self.directory.chmod(0o755)
        self.path = str(self.directory / "go.mod")
        self.journal = Path(f"{self.path}.lockedfile-journal")
        Path(self.path).write_bytes(b"")
        os.chmod(self.path, 0o644)
        self.allowed = {b""}
        self.interrupted = (b"", b"")  # the last edit that was killed
        self.kept: list[bytes] = []  # journals of earlier edits

    def teardown(self) -> None:
        """Whatever was done, there is a content, and nothing beside it."""
        try:
            self._check(lockedfile.read(self.path))
        finally:
            shutil.rmtree(self.directory)

    def _check(self, content: bytes) -> None:
        _counts["read"] += 1
        assert content in self.allowed, f"read {_brief(content)}, allowed {sorted(map(_brief, self.allowed))}"
        self.allowed = {content}
        assert os.listdir(self.directory) == ["go.mod"], os.listdir(self.directory)

    @property
    def raw(self) -> bytes:
        """What is in the file, whole or not."""
        return Path(self.path).read_bytes()

    @rule(new=_CONTENTS, durable=st.booleans())
    def edit(self, new: bytes, durable: bool) -> None:
        """It is told the content, and makes another."""
        seen = []

        def transform(old: bytes) -> bytes:
            seen.append(old)
            return new

        lockedfile.Edit(self.path, transform, durable=durable)
        self._check_seen(seen[0], new)

    @rule(new=_CONTENTS)
    def edit_as_go_does(self, new: bytes) -> None:
        """Without a journal of its own; it still mends what it finds."""
        seen = []

        def transform(old: bytes) -> bytes:
            seen.append(old)
            return new

        lockedfile.Edit(self.path, transform, crash_safe=False)
        self._check_seen(seen[0], new)

    def _check_seen(self, old: bytes, new: bytes) -> None:
        _counts["edited"] += 1
        assert old in self.allowed, f"edited {_brief(old)}, allowed {sorted(map(_brief, self.allowed))}"
        self.allowed = {new}
        assert self.raw == new

    @rule(content=_CONTENTS, durable=st.booleans())
    def write(self, content: bytes, durable: bool) -> None:
        """It does not look at what it replaces."""
        lockedfile.write(self.path, content, durable=durable)
        self.allowed = {content}

    @rule(new=_CONTENTS, durable=st.booleans(), call=st.integers(0, 9), part=st.floats(0, 1))
    def edit_killed(self, new: bytes, durable: bool, call: int, part: float) -> None:
        """At one of its calls, or in it; it may have had to mend the file first."""
        before = self.raw

        def edit() -> None:
            _kill_at(call, part)
            lockedfile.write(self.path, new, durable=durable)

        done, _ = _in_child(edit)
        _counts["done before it was killed" if done else "edit killed"] += 1
        if done:
            self.allowed = {new}
        else:
            self.allowed = self.allowed | {new}
            self.interrupted = (before, new)
            if self.journal.exists():
                self.kept.append(self.journal.read_bytes())

    @rule(call=st.integers(0, 5), part=st.floats(0, 1), mode=st.sampled_from(["rb", "r+b", "ab", "a+b"]))
    def recovery_killed(self, call: int, part: float, mode: str) -> None:
        """Whoever comes next is killed as well."""

        def recover() -> None:
            _kill_at(call, part)
            lockedfile.open(self.path, mode).close()

        done, _ = _in_child(recover)
        _counts["recovered" if done else "recovery killed"] += 1

    @rule()
    def read(self) -> None:
        """And what was interrupted is mended."""
        self._check(lockedfile.read(self.path))

    @precondition(lambda _: hasattr(os, "geteuid") and os.geteuid() == 0)
    @rule()
    def read_without_rights(self) -> None:
        """Somebody who may neither write to the file nor to the directory."""

        def read() -> bytes:
            os.chdir(self.directory)  # which others may not be able to reach from the root
            os.setgroups([])
            os.setgid(_NOBODY)
            os.setuid(_NOBODY)
            return lockedfile.read("go.mod")

        before = self.raw
        _, content = _in_child(read)
        _counts["read without rights"] += 1
        assert content in self.allowed, f"read {_brief(content)}, allowed {sorted(map(_brief, self.allowed))}"
        self.allowed = {content}
        assert self.raw == before

    @rule(kind=st.sampled_from(["append", "tidy", "first byte", "half", "blanks", "zeros"]), cut=st.integers(0, 3))
    def foreign_edit(self, kind: str, cut: int) -> None:
        """Somebody who knows no journal edits what lies there, be it whole or not: that is newer, and stays."""
        with _locked(self.path) as fd:
            old = os.read(fd, 1 << 20)
            if kind == "append":
                new = old + b"go\n"
            elif kind == "tidy":
                new = old.rstrip(b" \t\n") + b"\n"
            elif kind == "first byte":
                new = b"z" + old[1:]
            elif kind == "half":  # just what the interrupted edit could have left, but for the mark
                first, second = self.interrupted
                at = (1, 600, 4096, 8192)[cut]
                new = second[:at] + first[at:]
            elif kind == "blanks":
                new = old + b" \t"[cut % 2 :][:1] * (1, 2, 16, 64)[cut]
            else:
                new = old + bytes((1, 2, 16, 64)[cut])
            if new != old:
                os.pwrite(fd, new, 0)
                os.ftruncate(fd, len(new))
                # A power cut leaves such zeros of the mark of a durable edit: then that is undone, and they with it.
                is_like_a_power_cut = kind == "zeros" and self.journal.exists()
                self.allowed = {new} | (self.allowed if is_like_a_power_cut else set())
                _counts["foreign edit"] += 1

    @precondition(lambda self: self.kept and not self.journal.exists())
    @rule(which=st.integers(0, 99))
    def replay(self, which: int) -> None:
        """An earlier journal turns up again."""
        self.journal.write_bytes(self.kept[which % len(self.kept)])
        _counts["replayed"] += 1

    @precondition(lambda self: self.journal.exists())
    @rule(at=st.floats(0, 1, exclude_max=True), bit=st.integers(0, 7), cut=st.booleans())
    def damage(self, at: float, bit: int, cut: bool) -> None:
        """The journal is not what it was: the content stays, unless that was whole anyway."""
        packed = bytearray(self.journal.read_bytes())
        if packed:
            position = int(at * len(packed))
            packed[position] ^= 1 << bit
            self.journal.write_bytes(packed[:position] if cut else packed)
            self.allowed = self.allowed | {self.raw}
            _counts["damaged"] += 1

    @rule(mode=st.sampled_from([0o600, 0o640, 0o644, 0o664]))
    def change_mode(self, mode: int) -> None:
        """Whoever may read the file may read it all the same."""
        os.chmod(self.path, mode | 0o004 if os.geteuid() == 0 else mode)


def _brief(content: bytes) -> str:
    return f"{content[:12]!r}...{content[-12:]!r} of {len(content)}" if len(content) > 30 else repr(content)


def main(asked: dict[str, Any]) -> dict[str, Any]:
    """Run so many examples; what was done, and the story of the first failure."""
    if asked.get("variant"):
        from stress.crash.variants import VARIANTS

        VARIANTS[asked["variant"]].weaken()
    story = None
    try:
        run_state_machine_as_test(
            seed(asked["seed"])(FileMachine),
            settings=settings(
                max_examples=asked["examples"],
                stateful_step_count=_STEPS,
                deadline=None,
                database=None,
                phases=[Phase.generate, Phase.shrink] if asked.get("shrink") else [Phase.generate],
                suppress_health_check=list(HealthCheck),
                print_blob=False,
                report_multiple_bugs=False,
            ),
        )
    except Exception as error:  # noqa: BLE001 - it is what this is for
        notes = "\n".join(getattr(error, "__notes__", []))
        story = f"{type(error).__name__}: {error}\n{notes}"
    return {"counts": dict(_counts), "story": story}


if __name__ == "__main__":
    json.dump(main(json.loads(sys.argv[1])), sys.stdout)
