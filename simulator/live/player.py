"""Where a run that is shown again is at, and how fast it goes: what keys do to it. Pure."""

from __future__ import annotations

__all__ = ["KEYS", "Player"]

KEYS = "space pauses   left, right: jump   + - speed   q quits"
"""What can be pressed, in words."""

_JUMP_S, _STEP_S = 2.0, 0.1  # of the show: while it goes on, and while it is paused
_SLOWEST, _FASTEST = 1e-6, 1e4


class Player:
    """A moment between two others, in seconds of the run."""

    def __init__(self, first_s: float, last_s: float, speed: float) -> None:
        self.at_s, self.speed = first_s, speed
        self.paused = self.quit = False
        self._first_s, self._last_s = first_s, last_s

    @property
    def over(self) -> bool:
        """Is there no more to show?"""
        return self.quit or (self.at_s >= self._last_s and not self.paused)

    @property
    def done(self) -> float:
        """How much is shown, from 0 to 1."""
        whole_s = self._last_s - self._first_s
        return (self.at_s - self._first_s) / whole_s if whole_s else 1.0

    def pass_time(self, shown_s: float) -> None:
        """So much time has passed for who looks."""
        if not self.paused:
            self._go(shown_s)

    def _go(self, shown_s: float) -> None:
        at_s = round(self.at_s + shown_s * self.speed, 9)  # to the nanosecond, which is all there is
        self.at_s = max(self._first_s, min(self._last_s, at_s))

    def press(self, key: str) -> None:
        """A key; one that means nothing does nothing."""
        match key:
            case " ":
                self.paused = not self.paused
            case "q" | "Q":
                self.quit = True
            case "left":
                self._go(-(_STEP_S if self.paused else _JUMP_S))
            case "right":
                self._go(_STEP_S if self.paused else _JUMP_S)
            case "+" | "=":
                self.speed = min(_FASTEST, self.speed * 2)
            case "-" | "_":
                self.speed = max(_SLOWEST, self.speed / 2)

    @property
    def digits(self) -> int:
        """How many of a second's are worth showing: those that move."""
        return 1 if self.speed >= 0.5 else 3 if self.speed >= 0.005 else 6

    def clock(self) -> str:
        """The time, and the speed."""
        state = "  paused" if self.paused else ""
        return f"{self.at_s:.{self.digits}f} of {self._last_s:.1f} s  x{self.speed:g}{state}"
