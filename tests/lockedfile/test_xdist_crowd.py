"""The workers of one `pytest -n` run as contending processes: all edit one go.mod. `conftest.py` lets them run last."""

from __future__ import annotations

import os
import re
import sys
from typing import TYPE_CHECKING

import pytest

from lockedfile import Edit

if TYPE_CHECKING:
    from pathlib import Path

MODULES = 16
EDITS = 250 if sys.platform != "win32" else 60  # under Wine each takes a hundred times as long

# The comments make the file several pages long, so that half an edit would be seen.
REQUIREMENT = "\texample.com/module{:02} v0.0.{} // {}\n"
HEAD, TAIL = "module example.com/crowd\n\ngo 1.26\n\nrequire (\n", ")\n"
FIRST = HEAD + "".join(REQUIREMENT.format(i, 0, "-" * 700) for i in range(MODULES)) + TAIL
WHOLE = re.compile(
    re.escape(HEAD)
    + "".join(rf"\texample\.com/module{i:02} v0\.0\.(\d+) // (-+)\n" for i in range(MODULES))
    + re.escape(TAIL)
)


@pytest.fixture(scope="session")
def go_mod(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A go.mod which is one for all workers of the run."""
    base = tmp_path_factory.getbasetemp()
    directory = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "crowd"
    directory.mkdir(exist_ok=True)
    path = directory / "go.mod"
    Edit(path, lambda old: old or FIRST, encoding="ascii")  # whoever comes first makes it
    return path


def raised(content: str, module: int, expected: int | None) -> str:
    """`content` with the version of `module`, which must be `expected`, raised by one, and a comment that shrinks."""
    whole = WHOLE.fullmatch(content)
    assert whole, f"torn: {content!r}"
    version, comment = int(whole[2 * module + 1]), whole[2 * module + 2]
    assert expected in (None, version), f"lost: module{module:02} is v0.0.{version}, and was made v0.0.{expected}"
    line = REQUIREMENT.format(module, version, comment)
    return content.replace(line, REQUIREMENT.format(module, version + 1, "-" * (1 + (version * 389) % 700)))


@pytest.mark.parametrize("module", range(MODULES))
def test_crowd_of_workers_loses_and_tears_nothing(go_mod: Path, module: int) -> None:
    """Each owns a line of the file: at each edit it is as it was left, and the content is whole."""
    expected = None
    for _ in range(EDITS):
        versions: list[int] = []

        def transform(old: str, expected: int | None = expected, versions: list[int] = versions) -> str:
            new = raised(old, module, expected)
            versions.append(int(WHOLE.fullmatch(new)[2 * module + 1]))  # type: ignore[index]  # it matches
            return new

        Edit(go_mod, transform, encoding="ascii")
        expected = versions[0]


def test_lost_update_would_show() -> None:
    """The check can fail: of a version that somebody put back."""
    once = raised(FIRST, 3, None)
    assert raised(once, 3, 1) != once
    with pytest.raises(AssertionError, match="lost: module03"):
        raised(FIRST, 3, 1)


@pytest.mark.parametrize("torn", [FIRST[:4096], FIRST[:4096] + FIRST[:4096], FIRST + ")\n", ""])
def test_torn_content_would_show(torn: str) -> None:
    """The check can fail: of half a content, of two halves, of a tail too many, of nothing."""
    with pytest.raises(AssertionError, match="torn"):
        raised(torn, 3, None)
