"""Where the commands that make several runs put what came of them: a report, a table, a page, figures."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from ..arguments import existing_path
from ..output import check_outputs, hand_out, tell

if TYPE_CHECKING:
    import argparse

    from ..report.document import Json

__all__ = ["Told", "add_exports", "check_exports", "export"]


class Told(NamedTuple):
    """One result, in all forms."""

    text: str
    markdown: str
    page: str
    figures: dict[str, Json]


def add_exports(parser: argparse.ArgumentParser) -> None:
    """The options that say where to."""
    output = parser.add_argument_group("output")
    output.add_argument(
        "--export-markdown", type=existing_path, metavar="PATH", help="write the table there; - is stdout"
    )
    output.add_argument("--html", type=existing_path, metavar="PATH", help="write a page there")
    output.add_argument("--json", type=existing_path, metavar="PATH", help="write all figures there; - is stdout")
    output.add_argument("--quiet", action="store_true", help="show nothing while they run")


def check_exports(options: argparse.Namespace) -> None:
    """Say before the runs that something could not be written. Raises `OutputError`."""
    check_outputs({"--export-markdown": options.export_markdown, "--html": options.html, "--json": options.json})


def export(told: Told, options: argparse.Namespace) -> None:
    """Write what was asked for; the text goes to stdout, or makes room for what was asked for there."""
    figures = json.dumps(told.figures, indent=2) + "\n"
    forms = ((options.export_markdown, told.markdown), (options.html, told.page), (options.json, figures))
    for path, content in forms:
        if path and path != "-":
            Path(path).write_text(content, encoding="utf-8", newline="\n")
    on_stdout = [content for path, content in forms if path == "-"]
    tell(told.text, stream=sys.stderr if on_stdout else sys.stdout)
    hand_out(on_stdout)
