"""The page of a run: whole, well-formed, without a network, and with every figure."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simulator.history import Faults, History
from simulator.report import document, page, rows, trace
from simulator.report.html.markup import element
from simulator.report.story import story

from .accounts import FORKED, account, crowd, ends
from .histories import content, run_of, valid_histories

_VOID = {"meta", "link", "br"}


class Reader(HTMLParser):
    """Reads a page strictly: each tag that is opened is closed, in its turn."""

    def __init__(self, told: str) -> None:
        super().__init__()
        self.text, self.open, self.tags = "", list[str](), list[tuple[str, dict[str, str | None]]]()
        self.feed(told)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Remember it until it is closed."""
        assert len(dict(attrs)) == len(attrs), f"{tag} has an attribute twice"
        self.tags.append((tag, dict(attrs)))
        if tag not in _VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        """Close the last one that is open."""
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        """What people read, each piece on its own line."""
        if self.open and self.open[-1] != "style":
            self.text += data + "\n"

    def number(self, tag: str, class_: str | None = None) -> int:
        """How many elements there are of that name, and of that class."""
        return sum(
            one == tag and (class_ is None or attributes.get("class") == class_) for one, attributes in self.tags
        )


MADE = {
    "valid": account(crowd(5, 200), workers=5),
    "forked": account(FORKED),
    "ends": account(ends()),
    "one worker": account(crowd(1, 3), workers=1, readers=0),
    "nothing": account(run_of(final=content(0))),
    "only unknown": account(run_of(ends().operations[4], final=content(0))),
}


@pytest.mark.parametrize("name", MADE)
def test_page_is_well_formed(name: str) -> None:
    """All that is opened is closed, and every picture has a title and every table a caption."""
    read = Reader(page(MADE[name]))
    assert read.number("title") > read.number("figure")
    assert read.number("table") == read.number("caption") >= 2
    assert read.number("h1") == read.number("main") == 1
    for tag, attributes in read.tags:
        if attributes.get("role") == "img":
            assert attributes["aria-label"], tag


def test_broken_page_would_show() -> None:
    """The check can fail: of an element that is not closed, or closed by another."""
    told = page(MADE["forked"])
    for broken in (told.replace("</figure>", "", 1), told.replace("</h2>", "</h3>", 1), told + "<p>"):
        with pytest.raises(AssertionError):
            Reader(broken)


@pytest.mark.parametrize("name", MADE)
def test_page_asks_nothing_of_a_network(name: str) -> None:
    """No address, no script, nothing to load; and it says so to the browser."""
    told = page(MADE[name])
    assert "://" not in told
    assert "url(" not in told
    assert "@import" not in told
    assert "default-src &#x27;none&#x27;" in told
    for tag, attributes in Reader(told).tags:
        assert tag not in {"script", "img", "iframe", "object", "embed", "foreignobject"}
        assert attributes.get("href", "data:,") == "data:,"
        assert "src" not in attributes
        assert not any(attribute.startswith("on") for attribute in attributes)


def test_every_figure_is_on_the_page() -> None:
    """Each number of the JSON, under its name there; the histogram's are its columns."""
    made = account(crowd(5, 200), workers=5, faults=Faults(kills=31, frozen_s=2.5))
    read = Reader(page(made))
    lines = read.text.splitlines()
    told = set(pairwise(lines))

    def look(name: str, value: object) -> None:
        if isinstance(value, dict):
            for key, inner in value.items():
                look(f"{name}.{key}" if name else key, inner)
        elif not isinstance(value, list):
            assert (name, "none" if value is None else str(value)) in told

    figures = document(made)
    look("", figures["numbers"])
    look("", figures["config"])
    for name in ("faults", "startup_s", "python", "platform"):
        look(name, figures[name])
    for bucket in made.numbers.waits:
        assert any(line.endswith(f": {bucket.number:,} waits") for line in lines)


def test_invalid_page_tells_the_story() -> None:
    """Every line of it, and a picture of that moment with the operations framed."""
    made = account(FORKED)
    read = Reader(page(made))
    assert "✗ INVALID" in read.text
    for anomaly in made.verdict.anomalies:
        head, *lines = story(anomaly, made.history)
        assert head in read.text
        for line in lines:
            assert line.strip() in read.text
    assert "Around the witness: lost update" in read.text
    assert read.number("rect", "about") >= 2


def test_valid_page_has_no_story() -> None:
    """Nothing was wrong."""
    read = Reader(page(MADE["valid"]))
    assert "✓ VALID" in read.text
    assert "What was wrong" not in read.text
    assert read.number("rect", "about") == 1  # the longest wait


def test_page_ends_with_the_command_that_repeats_the_run() -> None:
    """As in every output."""
    made = MADE["valid"]
    assert made.config.command() in Reader(page(made)).text


def test_page_tells_what_went_wrong_beside_the_verdict() -> None:
    """Lost workers, failures, litter and an early stop; ways to end without an edit; crosses in the lanes."""
    made = account(ends(), lost=("worker 3 was killed",), failures=tuple("abcd"), litter=("x.lock",), interrupted=True)
    read = Reader(page(made))
    for told in (
        "worker 3 was killed",
        "Failed: a",
        "1 more",
        "x.lock",
        "stopped",
        "gave up",
        "turned away",
        "withdrawn",
    ):
        assert told in read.text
    assert read.number("path", "broken") > 3


HOSTILE = "<script>alert('x')</script>&amp;\"\x00\udcff\u202e,"


def test_what_comes_from_outside_is_text() -> None:
    """Markup, quotes, control characters, and what no encoding has, in names and messages: shown, and never obeyed."""
    made = account(FORKED, strategy=HOSTILE, failures=(HOSTILE,), lost=(HOSTILE,), litter=(HOSTILE,), kept_in=HOSTILE)
    made = made._replace(config=made.config._replace(file=HOSTILE))
    told = page(made)
    told.encode()
    read = Reader(told)
    assert read.number("script") == 0
    assert "\x00" not in told
    assert "\u202e" not in told
    assert read.text.count("<script>alert('x')</script>&amp;\"\\x00\\udcff\\u202e,") >= 4


def test_element_escapes_what_is_not_markup() -> None:
    """Children and values of attributes; a child that is an element stays one."""
    inner = element("b", "<&>")
    assert element("p", inner, "<", class_='"x"', data_n=1.50, hidden=None) == (
        '<p class="&quot;x&quot;" data-n="1.5"><b>&lt;&amp;&gt;</b>&lt;</p>'
    )
    assert element("br") == "<br>"


def test_page_of_a_crowd_is_bounded() -> None:
    """Of 512 workers each has its two columns, and the page no more bytes for ten times the edits."""
    few, many = (page(account(crowd(512, edits), workers=512)) for edits in (2_048, 20_480))
    read = Reader(many)
    assert read.number("rect", "bar") >= 2 * 512
    assert len(many.encode()) < 500_000
    assert len(many) < 1.3 * len(few)


def test_few_of_many_lanes_are_chosen_and_that_is_said() -> None:
    """First those that it is about."""
    told = Reader(page(account(crowd(512, 2_048), workers=512))).text
    assert "32 of the 512 that were at it are shown" in told


def test_lanes_show_what_lies_within() -> None:
    """A coordinate outside the picture would be drawn over the names beside it."""
    for made in MADE.values():
        for _, attributes in Reader(page(made)).tags:
            if (
                attributes.get("class") in {"waiting", "holding", "writing", "reading"}
                and "transform" not in attributes
            ):
                across = re.findall(r"[MH](-?[\d.]+)", attributes["d"] or "")
                assert all(0 <= float(x) <= 1000 for x in across), attributes


def test_edit_whose_locker_tells_no_times_did_not_wait() -> None:
    """As far as anybody knows: it is drawn as something of its own."""
    edits = [op._replace(locked_ns=0, released_ns=0, writing_ns=0) for op in crowd(2, 40).operations]
    one = crowd(2, 41).operations[40]
    read = Reader(page(account(run_of(*edits, one))))
    assert read.number("path", "untold") > 1
    assert "whose locker tells no times" in read.text
    assert "whose locker tells no times" not in Reader(page(MADE["valid"])).text


def test_page_takes_more_sections() -> None:
    """As a scan has them."""
    assert element("h2", "One more") in page(MADE["valid"], element("h2", "One more"))


def test_page_of_a_run_without_operations_has_no_pictures() -> None:
    """The verdict, what was run, and how to repeat it."""
    read = Reader(page(account(History(content(0), content(0), []))))
    assert "UNKNOWN" in read.text
    assert read.number("figure") == 0


@settings(max_examples=40)
@given(valid_histories(), st.booleans())
def test_any_history_has_its_page_trace_and_table(history: History, spoilt: bool) -> None:
    """Whatever workers leave, and whatever the verdict is."""
    made = account(history._replace(final=content(99)) if spoilt else history, workers=4, readers=0)
    Reader(page(made)).close()
    json.loads("".join(trace(made)))
    assert len(list(rows(made))) == 1 + len(history.operations)
