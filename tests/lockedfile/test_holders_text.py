"""What the kernel's lists say, read as data; and how a command line is written. Pure, and the same on every system."""

from __future__ import annotations

import shlex
import shutil
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lockedfile._holders._command import joined, safe, shortened
from lockedfile._holders._proc import device_of_mount, field, flocks, marks, once

FILE = "fe:00:2596868"
LISTING = """\
1: POSIX  ADVISORY  WRITE 612 00:1c:1171 0 EOF
2: FLOCK  ADVISORY  WRITE 7877 fe:00:2596868 0 EOF
2: -> FLOCK  ADVISORY  WRITE 7919 fe:00:2596868 0 EOF
2:  -> FLOCK  ADVISORY  READ 7920 fe:00:2596868 0 EOF
3: OFDLCK ADVISORY  READ -1 fe:00:2596868 6554989257608425814 6554989257608425814
3: -> OFDLCK ADVISORY  WRITE -1 fe:00:2596868 6554989257608425814 6554989257608425814
4: FLOCK  ADVISORY  READ 0 fe:00:25968680 0 EOF
5: LEASE  ACTIVE    WRITE 99 fe:00:2596868 0 EOF
6: OFDLCK ADVISORY  WRITE -1 fe:00:2596868 17 EOF
7: FLOCK  MSNFS     READ  5 103:00:2596868 0 EOF
8: FLOCK  ADVISORY  WRITE -1 <none>:0 0 EOF
"""


def test_locks_and_those_who_wait_are_read() -> None:
    """Of flock(2) alone; in the order of the list."""
    assert flocks(LISTING) == [
        ("fe:00", 2596868, 7877, True, False),
        ("fe:00", 2596868, 7919, True, True),
        ("fe:00", 2596868, 7920, False, True),
        ("fe:00", 25968680, 0, False, False),
        ("103:00", 2596868, 5, False, False),
        ("<none>", 0, -1, True, False),
    ]


def test_locks_of_one_file_are_its_own() -> None:
    """Not those of one whose number, or device, begins or ends so."""
    assert [pid for _, _, pid, _, _ in flocks(LISTING, FILE)] == [7877, 7919, 7920]
    assert [pid for _, _, pid, _, _ in flocks(LISTING, "103:00:2596868")] == [5]
    assert flocks(LISTING, "03:00:2596868") == flocks(LISTING, "fe:00:259686") == []


def test_marks_are_locks_of_bytes_that_are_had() -> None:
    """Not those that are waited for."""
    assert marks(LISTING, FILE) == [6554989257608425814, 17]
    assert marks(LISTING, "fe:00:25968680") == []


def test_lines_of_an_open_file_are_read_alike() -> None:
    """They begin with another word."""
    info = (
        f"pos:\t0\nflags:\t02100000\nmnt_id:\t27\nino:\t2596868\nlock:\t1: FLOCK  ADVISORY  WRITE 7877 {FILE} 0 EOF\n"
    )
    assert flocks(info, FILE) == [("fe:00", 2596868, 7877, True, False)]
    assert [field(info, name) for name in ("pos", "mnt_id", "ino", "id", "o")] == ["0", "27", "2596868", None, None]


@given(st.text())
def test_any_text_is_read_without_an_error(text: str) -> None:
    """Whatever a later kernel may write."""
    flocks(text)
    flocks(text, FILE)
    marks(text, FILE)
    field(text, "ino")


LINE = st.sampled_from(LISTING.split()) | st.text(max_size=5)


@given(st.lists(st.lists(LINE, max_size=10).map(" ".join)).map("\n".join))
def test_any_lines_are_read_without_an_error(text: str) -> None:
    """Such as are nearly those of today."""
    flocks(text)
    marks(text, FILE)
    once([text, text + "\n", text])


LOCKS = st.lists(st.integers(0, 2**31), min_size=1, max_size=30, unique=True)


def listed(pids: list[int], waiters: int, first: int = 1) -> str:
    """A list of locks, that each have so many who wait."""
    return "".join(
        f"{number}: FLOCK  ADVISORY  WRITE {pid} {FILE} 0 EOF\n"
        + f"{number}: -> FLOCK  ADVISORY  WRITE {pid} {FILE} 0 EOF\n" * waiters
        for number, pid in enumerate(pids, first)
    )


@given(LOCKS, st.integers(0, 2), st.data())
def test_what_the_kernel_gives_again_is_there_once(pids: list[int], waiters: int, data: st.DataObject) -> None:
    """Where others came in front while the list was read in parts, with those who wait."""
    parts: list[str] = []
    given_until = 0
    while given_until < len(pids):
        begin = data.draw(st.integers(0, given_until))
        end = data.draw(st.integers(given_until + 1, len(pids)))
        parts.append(listed(pids[begin:end], waiters, begin + 1))
        given_until = end
    assert flocks(once(parts)) == flocks(listed(pids, waiters))


def test_what_is_given_twice_would_show() -> None:
    """The check can fail: of parts that are only put together."""
    parts = [listed([1, 2], 1), listed([2, 3], 1, 2)]
    with pytest.raises(AssertionError):
        assert flocks("".join(parts)) == flocks(listed([1, 2, 3], 1))


def test_parts_that_break_within_a_line_are_put_together() -> None:
    """Wherever the kernel breaks them."""
    for at in range(len(LISTING)):
        assert once([LISTING[:at], LISTING[at:]]) == LISTING


MOUNTS = """\
22 27 0:21 / /proc rw,relatime - proc proc rw
27 1 254:0 / / rw,relatime shared:1 - ext4 /dev/vda rw,discard
270 27 259:17 /sub /mnt/a\\040b rw - btrfs /dev/nvme0n1p17 rw
"""


@pytest.mark.parametrize(("number", "device"), [("22", "00:15"), ("27", "fe:00"), ("270", "103:11"), ("7", None)])
def test_device_of_a_mount_is_as_in_the_list_of_locks(number: str, device: str | None) -> None:
    """In hexadecimal, with two digits at least."""
    assert device_of_mount(MOUNTS, number) == device


@pytest.mark.parametrize(
    ("raw", "line"),
    [
        (b"go\0mod\0tidy\0", "go mod tidy"),
        (b"sh\0-c\0echo $HOME\0", "sh -c 'echo $HOME'"),
        (b"a\0\0b\0", "a '' b"),
        (b"a\0it's\0", "a 'it'\\''s'"),
        (b"a\0caf\xc3\xa9\0", "a café"),
        (b"a\0\xff\0", r"a $'\xff'"),
        (b"a\0\x1b[2J\\'\n\t\x9f\xe2\x80\xae\0", r"a $'\x1b[2J\\\'\n\t\x9f\u202e'"),
        (b"a\0\xc2\x85\xf3\xa0\x81\x81\0", r"a $'\u0085\U000e0041'"),
        (b"nginx: master process\0\0\0\0", "nginx: master process"),
        (b"sshd: root\x07@pts/0", r"sshd: root\x07@pts/0"),
        (b"/bin/x\0", "/bin/x"),
        (b"", ""),
    ],
)
def test_command_line_is_what_a_shell_would_take(raw: bytes, line: str) -> None:
    """With quotes only where it needs them; a title that a process gave itself is taken as it is."""
    assert joined(raw) == line


WORDS = st.lists(st.binary().filter(lambda word: b"\0" not in word), min_size=2).filter(lambda words: words[-1] != b"")


@given(WORDS.filter(lambda words: any(words[1:])))
def test_command_line_is_safe_and_whole(words: list[bytes]) -> None:
    """Nothing in it is for a terminal to obey; and where all is printable, a shell would split it as it was."""
    line = joined(b"".join(word + b"\0" for word in words))
    assert line.isprintable()
    texts = [word.decode("utf-8", "replace") for word in words]
    if all(text.isprintable() and "\ufffd" not in text for text in texts):
        assert shlex.split(line) == texts


@pytest.mark.skipif(shutil.which("bash") is None or sys.platform == "win32", reason="needs bash")
def test_bash_takes_it_as_it_was() -> None:
    """Every byte."""
    words = [bytes([byte]) * 2 for byte in range(1, 256)] + ["é\u202e\U000e0041'\\ x".encode(), b""]
    line = joined(b"".join(word + b"\0" for word in [b"printf", b"%s\\0", *words]))
    done = subprocess.run(["bash", "-c", line], capture_output=True, timeout=60, check=True, env={"LC_ALL": "C.UTF-8"})
    assert done.stdout.split(b"\0")[:-1] == words


@given(st.text())
def test_any_text_is_made_safe(text: str) -> None:
    """And left alone if it is."""
    assert safe(text).isprintable()
    assert safe(safe(text)) == safe(text)
    assert len(shortened(safe(text))) <= 60


def test_unsafe_text_would_show() -> None:
    """The check can fail: of the words with blanks between."""
    with pytest.raises(AssertionError):
        assert " ".join(["a", "\x1b[2J"]).isprintable()
