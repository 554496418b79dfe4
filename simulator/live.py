"""What people see while a run goes on: a live view on a terminal, a line a second elsewhere."""

from __future__ import annotations

import time
from collections import deque
from contextlib import contextmanager
from typing import TYPE_CHECKING

from .report.terminal import duration

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import TextIO

    from rich.console import RenderableType

    from .config import Config
    from .crew import Snapshot

__all__ = ["watching"]

_EVERY_S = 1.0  # between two plain lines
_RATE_S = 0.5  # over which the rate is taken
_BARS = "▁▂▃▄▅▆▇█"
_RATES = 40  # how many rates the small curve shows


@contextmanager
def watching(config: Config, stream: TextIO, *, live: bool) -> Iterator[Callable[[Snapshot], None]]:
    """Show snapshots on `stream` for as long as the block lasts: live if it can be, else in plain lines."""
    lines = _unless_gone(_Lines(config, stream).show)
    if not live:
        yield lines
        return
    try:
        from rich.console import Console
        from rich.live import Live
    except ImportError:
        stream.write("For a live view: pip install 'lockedfile[simulator]'\n")
        yield lines
        return
    screen = _Screen(config)
    with Live(console=Console(file=stream), auto_refresh=False, transient=True) as view:
        yield _unless_gone(lambda snapshot: view.update(screen.picture(snapshot), refresh=True))


def _unless_gone(show: Callable[[Snapshot], None]) -> Callable[[Snapshot], None]:
    """`show`, until it fails: a run does not end because nobody can watch it any more."""
    gone = False

    def shown(snapshot: Snapshot) -> None:
        nonlocal gone
        if not gone:
            try:
                show(snapshot)
            except OSError:
                gone = True

    return shown


class _Pace:
    """The progress of a run, and its rate over the last moments."""

    def __init__(self, config: Config) -> None:
        self._config = config
        self._seen: deque[tuple[float, int]] = deque()

    def share(self, snapshot: Snapshot) -> float:
        """How much of the phase is done, from 0 to 1."""
        config = self._config
        if snapshot.phase == "starting":
            done, whole = float(snapshot.workers), float(config.workers + config.readers)
        elif snapshot.phase == "stopping":
            done, whole = 1.0, 1.0
        elif config.edits:
            done, whole = float(snapshot.edits), float(config.edits * config.workers)
        else:
            done, whole = snapshot.elapsed_s, config.duration_s or 1.0
        return min(1.0, done / whole)

    def rate(self, snapshot: Snapshot) -> float:
        """Edits per second."""
        now = time.monotonic()
        self._seen.append((now, snapshot.edits))
        while len(self._seen) > 2 and now - self._seen[1][0] > _RATE_S:
            self._seen.popleft()
        then, edits = self._seen[0]
        return (snapshot.edits - edits) / (now - then) if now > then else 0.0


def _counts(snapshot: Snapshot, config: Config) -> str:
    killed = f"  {snapshot.kills:>4} killed" if config.kill_rate else ""
    frozen = f"  {snapshot.frozen:>2} frozen" if config.stop_rate else ""
    return f"{len(snapshot.waits_ns):>4} waiting  {snapshot.holding:>3} holding{killed}{frozen}"


class _Lines:
    """A line for each phase, and one a second."""

    def __init__(self, config: Config, stream: TextIO) -> None:
        self._config, self._pace, self._stream = config, _Pace(config), stream
        self._phase, self._next = "", 0.0

    def show(self, snapshot: Snapshot) -> None:
        rate = self._pace.rate(snapshot)
        now = time.monotonic()
        if snapshot.phase != self._phase:
            self._phase, self._next = snapshot.phase, now
            if snapshot.phase == "stopping":  # only worth a line if it takes long
                self._next = now + _EVERY_S
        if now < self._next:
            return
        self._next = now + _EVERY_S
        longest = f"  longest {duration(snapshot.waits_ns[0][0])}" if snapshot.waits_ns else ""
        self._stream.write(
            f"{snapshot.phase:8} {snapshot.elapsed_s:5.1f} s  {snapshot.workers:>3} workers  "
            f"{snapshot.edits:>9,} edits  {rate:>7,.0f}/s{_counts(snapshot, self._config)}{longest}\n"
        )
        self._stream.flush()


class _Screen:
    """A picture of the run in four lines."""

    def __init__(self, config: Config) -> None:
        self._config, self._pace = config, _Pace(config)
        self._rates: deque[float] = deque(maxlen=_RATES)

    def picture(self, snapshot: Snapshot) -> RenderableType:
        from rich.console import Group
        from rich.progress_bar import ProgressBar
        from rich.table import Table
        from rich.text import Text

        if snapshot.phase != "starting":
            self._rates.append(self._pace.rate(snapshot))
        top = max(self._rates, default=0.0) or 1.0
        curve = "".join(_BARS[min(7, int(rate / top * 8))] for rate in self._rates)
        head = Table.grid(padding=(0, 1), expand=True)
        head.add_column(no_wrap=True)
        head.add_column(ratio=1)
        head.add_column(no_wrap=True, justify="right")
        head.add_row(
            f"[bold]{snapshot.phase}[/bold]",
            ProgressBar(total=1.0, completed=self._pace.share(snapshot)),
            f"{snapshot.workers} workers  {snapshot.elapsed_s:.1f} s",
        )
        rate = self._rates[-1] if self._rates else 0.0
        waits = "  ".join(f"worker {worker} {duration(wait_ns)}" for wait_ns, worker in snapshot.waits_ns[:3])
        return Group(
            head,
            Text(f"edits  {snapshot.edits:>11,}   {rate:>9,.0f}/s  {curve}", no_wrap=True, overflow="crop"),
            Text(f"lock {_counts(snapshot, self._config)}", no_wrap=True),
            Text(f"waits longest now: {waits or 'nobody'}", no_wrap=True, overflow="ellipsis"),
        )
