"""Child processes: real ones, spoken to line by line, and never waited for without an end."""

from __future__ import annotations

import os
import queue
import signal
import subprocess
import sys
import threading
import time
from contextlib import suppress
from itertools import count
from pathlib import Path
from typing import IO, TYPE_CHECKING

import lockedfile
from tests.lockedfile import interrupts

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Self

# When a wait has failed. No test is about time; this only ends one that hangs.
LIMIT_S = 30.0

_POLL_S = 0.001
_numbers = count()
_PATHS = list(dict.fromkeys([str(Path(__file__).parents[2]), str(Path(lockedfile.__file__).parents[1])]))

# The standard library is looked up first: most of what is imported is there, and strace makes each look dear.
_OURS_LAST = f"sys.path += sys.path[:{len(_PATHS)}]; del sys.path[:{len(_PATHS)}]; "


def until(condition: Callable[[], object], what: str) -> None:
    """Return once `condition()` is true; fail, saying that `what` did not come, after `LIMIT_S`."""
    end = time.monotonic() + LIMIT_S
    while not condition():
        assert time.monotonic() < end, f"after {LIMIT_S} s still not: {what}"
        time.sleep(_POLL_S)


def name(function: Callable[..., object]) -> str:
    """What a child can find `function` by; see `children.load`."""
    return f"{function.__module__}:{function.__qualname__}"


class Child:
    """A Python process that runs `function(*args)`, its arguments as strings; its output is heard line by line.

    `prefix` is the command that runs it, such as strace. Without `site` it starts fast and has only the standard
    library and what is ours.
    """

    def __init__(
        self, function: Callable[..., None], *args: object, prefix: Sequence[str] = (), site: bool = False
    ) -> None:
        program = f"from {function.__module__} import {function.__name__} as main; main(*sys.argv[1:])"
        program = f"import sys; {'' if site else _OURS_LAST}{program}"
        options = ["-W", "error"] if site else ["-P", "-S", "-W", "error"]
        self._name = f"child-{next(_numbers)}-of-{os.getpid()}"
        self.process = subprocess.Popen(
            [*prefix, sys.executable, *options, "-c", program, *map(str, args)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,  # so that a traceback is heard where an answer was expected
            env={
                **os.environ,
                "PYTHONPATH": os.pathsep.join(_PATHS),
                "PYTHONUTF8": "1",
                interrupts.NAME: self._name,
            },
            encoding="utf-8",
        )
        self._lines: queue.Queue[str | None] = queue.Queue()
        self._listener = threading.Thread(target=self._listen, daemon=True)
        self._listener.start()

    def _listen(self) -> None:
        for line in _pipe(self.process.stdout):
            self._lines.put(line.rstrip("\n"))
        self._lines.put(None)

    def tell(self, line: str = "go on") -> None:
        """Send one line."""
        pipe = _pipe(self.process.stdin)
        pipe.write(f"{line}\n")
        pipe.flush()

    def interrupt(self) -> None:
        """Send it a Ctrl-C; on Windows it has to have called `interrupts.be_interruptible`."""
        if sys.platform == "win32":
            interrupts.interrupt(self._name)
        else:
            self.process.send_signal(signal.SIGINT)

    def hear(self) -> str:
        """The next line it says."""
        try:
            line = self._lines.get(timeout=LIMIT_S)
        except queue.Empty:
            raise AssertionError(f"the child said nothing for {LIMIT_S} s") from None
        assert line is not None, f"the child ended, code {self.process.wait(LIMIT_S)}, and said no more"
        return line

    def expect(self, line: str) -> None:
        """Hear exactly `line`."""
        heard = self.hear()
        assert heard == line, "\n".join([f"expected {line!r}, heard {heard!r}", *self._rest()])

    def has_spoken(self) -> bool:
        """Is there something to hear?"""
        return not self._lines.empty()

    def end(self) -> None:
        """Close its input and wait for it: it must end well, and have nothing more to say."""
        _pipe(self.process.stdin).close()
        code = self.process.wait(LIMIT_S)
        rest = self._rest()
        assert (code, rest) == (0, []), "\n".join([f"the child ended with code {code}", *rest])

    def _rest(self) -> list[str]:
        if self.process.poll() is None:
            return []
        return list(iter(lambda: self._lines.get(timeout=LIMIT_S), None))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait(LIMIT_S)
        self._listener.join(LIMIT_S)
        _pipe(self.process.stdout).close()
        with suppress(OSError):  # what it was told last, it may not have lived to read
            _pipe(self.process.stdin).close()


def go_together(children: Sequence[Child]) -> None:
    """Let children that say "ready" go on at once, and wait until each has said "done" and ended."""
    for child in children:
        child.expect("ready")
    for child in children:
        child.tell()
    for child in children:
        child.expect("done")
        child.end()


def _pipe(pipe: IO[str] | None) -> IO[str]:
    assert pipe is not None
    return pipe
