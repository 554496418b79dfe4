"""Pages in a real browser: `python -m stress.simulator.browser [PAGE ...] [--shots DIR]`.

Each page is laid out by Chromium, in light and in dark, as wide as a phone, a tablet and a desk. Nothing may be said on
the console or asked of a network; nothing may be wider than the window, or cover a name; and what is written must
stand out from what is behind it. With no PAGE, pages of runs are made for it.

First a page that has all these faults must be found to have them: a browser that sees nothing would find nothing.

Needs `chromium` or Chrome, and nothing else. Exit codes: 0 all is well, 1 something is not, 2 wrong usage,
3 no browser.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
from html import unescape
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from stress.crash.telling import tell

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

__all__ = ["browser", "faults", "fetched", "looker", "main"]

WIDTHS_PX = (400, 800, 1400)
_BROWSERS = ("chromium", "chromium-browser", "google-chrome", "chrome")
_LIGHT, _DARK = 1, 0  # as Blink counts colour schemes
_AROUND_S = 120.0
# What Chromium notes with each load of a page; what it asks for on its own, such as updates, has other numbers.
_OF_A_PAGE = 101845102
_MOST_TOLD = 20

_FAULTY = """<!doctype html><html lang="en"><body style="background: #fff; color: #aaa">
<h1 style="width: 2000px">Wide</h1>
<img src="http://example.invalid/picture.png"><figure><svg role="img" height="100" style="width: 100%">
<text x="10" y="20">one name</text><text x="12" y="22">another</text><text x="-90" y="60">far out</text></svg></figure>
<script>console.error("loud")</script>"""

_FAULTS = (
    "console: ",
    "asked the network for http://example.invalid",
    "px wide",
    "contrast",
    "covers another",
    "beyond the edge",
)

_RUNS = {
    "valid": "--workers 32 --readers 4 --duration 2 --kill-rate 5",
    "invalid": "--workers 16 --readers 2 --peekers 2 --duration 1 --strategy none",
    "open": "--workers 8 --duration 2 --arrival-rate 400 --limit 4 --timeout 0.05 --hold-ms exp:2",
    "pair": "--workers 2 --edits 20",
    "crowd": "--workers 128 --duration 2",
    "scan": "--scan workers=1,2,4 --duration 1",
}


def browser() -> str | None:
    """The command of a browser that can be asked."""
    return next((path for name in _BROWSERS if (path := shutil.which(name))), None)


def faults(command: str, page: Path, scheme: int, directory: Path) -> list[str]:
    """What is not right with a page in light or dark, a line each."""
    looking = directory / "looking.html"
    looking.write_text(looker(page.read_text(encoding="utf-8")), encoding="utf-8")
    log = directory / "net.json"
    asked = ["--dump-dom", "--virtual-time-budget=60000", f"--log-net-log={log}", "--enable-logging=stderr"]
    ended = _asked(command, [*asked, f"--blink-settings=preferredColorScheme={scheme}", looking.as_uri()], directory)
    said = [line.partition("CONSOLE")[2] for line in ended.stderr.splitlines() if "CONSOLE" in line]
    told = re.search(r'<pre id="found">(.*?)</pre>', ended.stdout, re.DOTALL)
    if not told or not told[1]:
        return [*said, f"the browser did not get to the end: {ended.stderr[-300:]}"]
    seen = json.loads(unescape(told[1]))
    return [*(f"console: {line}" for line in said), *fetched(log), *seen["found"]]


def looker(told: str) -> str:
    """A page that looks at another one, which is part of it."""
    script = Path(__file__).with_name("looking.js").read_text(encoding="utf-8")
    given = json.dumps(told).replace("</", "<\\/").replace("<!--", "<\\!--")
    return (
        '<!doctype html><meta charset="utf-8"><link rel="icon" href="data:,"><body><pre id="found"></pre>'
        f"<script>{script}\nall({given}, {list(WIDTHS_PX)});</script>"
    )


def fetched(log: Path) -> list[str]:
    """Addresses that the page asked for over a network, from the browser's own log."""
    asked = rf'"traffic_annotation":{_OF_A_PAGE},"url":"((?:https?|wss?|ftp)://[^"]*)"'
    urls = set(re.findall(asked, log.read_text(encoding="utf-8")))
    return [f"asked the network for {url}" for url in sorted(urls)]


def _asked(command: str, arguments: Sequence[str], directory: Path) -> subprocess.CompletedProcess[str]:
    usual = ["--headless", "--disable-gpu", "--hide-scrollbars", "--disable-background-networking", "--no-first-run"]
    usual += ["--disable-component-update", "--disable-sync", "--disable-extensions", "--disable-default-apps"]
    usual += ["--host-resolver-rules=MAP * ~NOTFOUND"]  # nobody is really asked
    usual += ["--no-sandbox"] * (hasattr(os, "geteuid") and os.geteuid() == 0)
    return subprocess.run(
        [command, *usual, f"--user-data-dir={directory / 'profile'}", *arguments],
        capture_output=True, text=True, timeout=_AROUND_S, check=False,
    )  # fmt: skip


def _pages(directory: Path) -> Iterator[Path]:
    """Pages of runs of all kinds."""
    for name, options in _RUNS.items():
        path = directory / f"{name}.html"
        command = [sys.executable, "-m", "simulator", *options.split(), "--quiet", "--html", str(path)]
        ended = subprocess.run(command, capture_output=True, text=True, timeout=_AROUND_S, check=False)
        if ended.returncode not in {0, 1} or not path.exists():
            raise SystemExit(f"no page of simulator {options}: {ended.stderr.strip()}")
        yield path


def _shoot(command: str, page: Path, shots: Path, directory: Path) -> None:
    """Pictures for people; the narrowest window that a browser opens may be wider than a phone."""
    shots.mkdir(parents=True, exist_ok=True)
    for scheme, name in ((_LIGHT, "light"), (_DARK, "dark")):
        for width in WIDTHS_PX:
            path = shots / f"{page.stem}-{width}-{name}.png"
            options = [f"--screenshot={path}", f"--window-size={width},6000"]
            _asked(command, [*options, f"--blink-settings=preferredColorScheme={scheme}", page.as_uri()], directory)


def main(arguments: Sequence[str] | None = None) -> int:
    """Look at the pages; the exit code."""
    parser = argparse.ArgumentParser(prog="python -m stress.simulator.browser", description="Pages in a real browser.")
    parser.add_argument("pages", nargs="*", type=Path, metavar="PAGE")
    parser.add_argument("--shots", type=Path, metavar="DIR", help="keep pictures there")
    options = parser.parse_args(arguments)
    command = browser()
    if command is None:
        tell(f"no browser: none of {', '.join(_BROWSERS)} is here")
        return 1 if os.environ.get("CI") == "true" else 3
    with TemporaryDirectory(prefix="browser-", ignore_cleanup_errors=True) as made:
        directory = Path(made)
        blind = _unseen(command, directory)
        if blind:
            tell(f"not seen on a page that has it: {', '.join(blind)}")
            return 1
        looked = [
            _looked(command, page.resolve(), directory, options.shots) for page in options.pages or _pages(directory)
        ]
    return 0 if all(looked) else 1


def _unseen(command: str, directory: Path) -> list[str]:
    """Which faults of a page that has them all this browser does not show."""
    page = directory / "faulty.html"
    page.write_text(_FAULTY, encoding="utf-8")
    found = faults(command, page, _LIGHT, directory)
    return [fault for fault in _FAULTS if not any(fault in line for line in found)]


def _looked(command: str, page: Path, directory: Path, shots: Path | None) -> bool:
    """Is the page well in light and in dark? Says so."""
    well = True
    for scheme, name in ((_LIGHT, "light"), (_DARK, "dark")):
        found = faults(command, page, scheme, directory)
        well = well and not found
        tell(f"{'WRONG' if found else 'ok   '}  {page.name}, {name}, at {', '.join(map(str, WIDTHS_PX))} px")
        for line in found[:_MOST_TOLD]:
            tell(f"       {line}")
    if shots:
        _shoot(command, page, shots, directory)
    return well


if __name__ == "__main__":
    sys.exit(main())
