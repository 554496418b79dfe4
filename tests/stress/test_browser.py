"""The lane that looks at pages: what it does without a browser, and what it makes of a browser's log."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from stress.simulator import browser

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(("in_ci", "code"), [("", 3), ("true", 1)])
def test_no_browser_is_said(
    in_ci: str, code: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """And it is a failure where nothing may be left out."""
    monkeypatch.setenv("PATH", "")
    monkeypatch.setenv("CI", in_ci)
    assert browser.main([]) == code
    assert "no browser" in capsys.readouterr().err


def test_page_within_a_page_cannot_end_its_script() -> None:
    """What is looked at is data to the page that looks."""
    told = browser.looker("</script><!-- <b>")
    assert told.count("</script>") == 1
    assert "<!--" not in told


def test_requests_of_the_page_are_found_in_the_log(tmp_path: Path) -> None:
    """Those of the browser itself, for updates and the like, are not the page's."""
    log = tmp_path / "net.json"
    log.write_text(
        '{"traffic_annotation":101845102,"url":"https://example.invalid/a"},'
        '{"traffic_annotation":101845102,"url":"data:,"},{"traffic_annotation":7,"url":"https://example.invalid/b"}'
    )
    assert browser.fetched(log) == ["asked the network for https://example.invalid/a"]
