"""Keys as each system has them: what a terminal sends, and what a console of Windows has."""

from __future__ import annotations

import pytest

from simulator.demo.terminal import ConsoleKeys
from simulator.live.console import OTHER, next_key
from simulator.live.keys import named


class Console:
    """A console on which keys were pressed; each look takes some time, after which there may be more."""

    def __init__(self, *typed: str) -> None:
        self.typed = list(typed)
        self.slept_s: list[float] = []

    def kbhit(self) -> bool:
        """Is there one?"""
        return bool(self.typed)

    def getwch(self) -> str:
        """The next one."""
        return self.typed.pop(0)

    def sleep(self, time_s: float) -> None:
        """Note it."""
        self.slept_s.append(time_s)

    def clock(self) -> float:
        """The time that was slept."""
        return sum(self.slept_s)


@pytest.mark.parametrize(
    ("typed", "key"),
    [
        (["q"], "q"),
        (["\xe0", "K"], "left"),
        (["\0", "M"], "right"),
        (["\xe0", "H"], OTHER),  # up, which means nothing
        (["\xe0"], "\xe0"),  # the letter
    ],
)
def test_key_of_a_console_has_a_name(typed: list[str], key: str) -> None:
    """Nothing of it is left for the next."""
    console = Console(*typed)
    assert next_key(console, 0.0) == key
    assert console.typed == []


def test_ctrl_c_that_comes_as_a_letter_is_one() -> None:
    """As it does when it is pressed in the moment in which another key is taken."""
    with pytest.raises(KeyboardInterrupt):
        next_key(Console("\x03"), None)


@pytest.mark.parametrize("wait_s", [0.0, 0.005, 0.1])
def test_nobody_presses_a_key_and_it_comes_to_an_end(wait_s: float) -> None:
    """It waits as long as it was told to, and no longer."""
    console = Console()
    assert next_key(console, wait_s, clock=console.clock, sleep=console.sleep) == ""
    assert console.clock() == pytest.approx(wait_s)


def test_key_that_is_waited_for_comes() -> None:
    """However late."""
    console = Console()

    def press(_: float) -> None:
        console.slept_s.append(_)
        console.typed += [" "] if len(console.slept_s) == 50 else []

    assert next_key(console, None, clock=console.clock, sleep=press) == " "


def test_console_of_the_demo_has_the_keys_of_a_terminal() -> None:
    """The same letters mean the same."""
    keys = ConsoleKeys(Console("\xe0", "K", "\xe0", "M", "\b", "a", "\xe0", "H"))
    assert [keys.next(0.0) for _ in range(6)] == ["\x1b[D", "\x1b[C", "\x7f", "a", OTHER, ""]


def test_keys_of_a_terminal_have_names() -> None:
    """Letters are themselves; of the other sequences only arrows mean something."""
    assert named(b" \x1b[Dq\x1bOC") == [" ", "left", "q", "right"]
