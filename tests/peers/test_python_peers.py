"""Portalocker and filelock beside ours: all exclude each other.

On POSIX all take the flock; on Windows each locks a range of its own, and ours meets them all.
"""

from __future__ import annotations

import sys
from contextlib import AbstractContextManager, contextmanager
from typing import TYPE_CHECKING, Any

import filelock
import portalocker
import pytest

import lockedfile
from lockedfile import Edit, Mutex
from tests.lockedfile import children, locks, needs
from tests.lockedfile.processes import go_together, name
from tests.peers import lockers

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.lockedfile.processes import Child

    Spawn = Callable[..., Child]

EXCLUSIVE, AT_ONCE = portalocker.LockFlags.EXCLUSIVE, portalocker.LockFlags.NON_BLOCKING


lockers.load_portalocker()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A file that holds a number."""
    path = tmp_path / "counter"
    path.write_bytes(b"0\n")
    return path


def put_back(path: Path) -> None:
    """On Windows filelock removes the file that it has locked, if it can."""
    if sys.platform == "win32" and not path.exists():
        path.write_bytes(b"0\n")


@contextmanager
def portalocker_on_fd(path: Path) -> Iterator[None]:
    """`portalocker.lock` on an open file, or its error at once."""
    with path.open("r+b") as file:
        portalocker.lock(file, EXCLUSIVE | AT_ONCE)
        yield
        portalocker.unlock(file)


# Each holds the exclusive lock of a path in a `with` block; if it can, it fails at once when it is held.
HOLDERS: dict[str, Callable[[Path], AbstractContextManager[Any]]] = {
    "lockedfile.open": lambda path: lockedfile.open(path, "r+b"),
    "Mutex": Mutex,
    "portalocker.lock": portalocker_on_fd,
    "portalocker.Lock": lambda path: portalocker.Lock(path, "r+b", timeout=0, fail_when_locked=True),
    "FileLock": lambda path: filelock.FileLock(path, timeout=0),
}
PEERS = {kind: holder for kind, holder in HOLDERS.items() if kind not in ("lockedfile.open", "Mutex")}


@pytest.mark.parametrize("peer", PEERS)
@pytest.mark.parametrize("holder", HOLDERS)
def test_holder_excludes_peer(path: Path, holder: str, peer: str) -> None:
    """Whoever holds it, a peer that comes is refused; and is not once it is free."""
    with HOLDERS[holder](path):
        assert locks.state(path) == "exclusive"
        with pytest.raises((portalocker.LockException, filelock.Timeout)), PEERS[peer](path):
            pass
    put_back(path)
    assert locks.state(path) == "free"
    with PEERS[peer](path):
        assert locks.state(path) == "exclusive"
    put_back(path)
    assert path.read_bytes() == b"0\n"


@pytest.mark.parametrize("holder", PEERS)
def test_edit_waits_for_peer(spawn: Spawn, path: Path, holder: str) -> None:
    """In the kernel, until the peer releases."""
    with PEERS[holder](path):
        child = spawn(children.append, name(Edit), path, "1\n")
        child.expect("asking")
        locks.until_waiting(path)
        assert not child.has_spoken()
    child.expect("edited")
    child.end()
    assert path.read_bytes() == b"0\n1\n"


@pytest.mark.parametrize("holder", PEERS)
def test_mutex_waits_for_peer(spawn: Spawn, path: Path, holder: str) -> None:
    """In the kernel, until the peer releases."""
    with PEERS[holder](path):
        child = spawn(children.hold_mutex, name(Mutex), path)
        child.expect("asking")
        locks.until_waiting(path)
        assert not child.has_spoken()
    child.expect("locked")
    child.tell()
    child.expect("released")
    child.end()


def test_peer_waits_for_edit(spawn: Spawn, path: Path) -> None:
    """`portalocker.lock` waits in the kernel until the edit is done."""
    peers: list[Child] = []

    def transform(old: bytes) -> bytes:
        peers.append(spawn(lockers.lock_by_portalocker, path, site=True))
        peers[0].expect("asking")
        locks.until_waiting(path)
        assert not peers[0].has_spoken()
        return old + b"1\n"

    Edit(path, transform)
    peers[0].expect("locked")
    assert locks.state(path) == "exclusive"
    peers[0].tell()
    peers[0].expect("released")
    peers[0].end()


def test_portalocker_shares_with_readers(path: Path) -> None:
    """Its shared lock and ours coexist, and exclude its exclusive one."""
    with path.open("rb") as file, lockedfile.open(path, "rb"):
        portalocker.lock(file, portalocker.LockFlags.SHARED | AT_ONCE)
        assert locks.state(path) == "shared"
        with pytest.raises(portalocker.LockException), portalocker_on_fd(path):
            pass


ON_THE_FILE = ["by_edit", "by_open", "by_portalocker", "by_portalocker_lock"]
BESIDE_IT = ["by_mutex", "by_filelock", "by_portalocker_beside"]
MIXES = {"on the file": ON_THE_FILE, "beside it": BESIDE_IT}
if (
    sys.platform == "win32"
):  # there filelock removes the guard as it releases it, just when portalocker may want to open it
    MIXES |= {"beside it": ["by_mutex", "by_filelock"], "beside it too": ["by_mutex", "by_portalocker_beside"]}


def counted_by_crowd(spawn: Spawn, path: Path, kinds: list[str], times: int) -> int:
    """The number, once a process of each kind has raised it so many times."""
    crowd = [spawn(lockers.count, kind, path, path.with_name("guard"), times, site=True) for kind in kinds]
    go_together(crowd)
    return int(path.read_bytes())


@pytest.mark.parametrize("kinds", MIXES.values(), ids=MIXES)
def test_mixed_crowd_loses_nothing(spawn: Spawn, path: Path, kinds: list[str]) -> None:
    """Processes of all kinds raise one number together."""
    assert counted_by_crowd(spawn, path, kinds, 150) == 150 * len(kinds)


@contextmanager
def lockf_on_fd(path: Path) -> Iterator[None]:
    """Another lock, which the others do not see: `fcntl.lockf`."""
    if sys.platform == "win32":
        raise NotImplementedError
    import fcntl

    with path.open("r+b") as file:
        fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield


@needs.posix
def test_lock_of_another_kind_would_show(path: Path) -> None:
    """The check can fail: `lockf` excludes none of us."""
    with lockedfile.open(path, "r+b"), lockf_on_fd(path):
        assert locks.state(path) == "exclusive"
    with lockf_on_fd(path):
        assert locks.state(path) == "free"
