"""Threads that start together, end, and do not keep what they raised to themselves."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from tests.lockedfile.processes import LIMIT_S

if TYPE_CHECKING:
    from collections.abc import Callable


def run_all(*functions: Callable[[], object]) -> None:
    """Run each function in a thread of its own, together; what one raises is raised."""
    errors: list[BaseException] = []

    def guarded(function: Callable[[], object]) -> None:
        try:
            function()
        except BaseException as error:  # noqa: BLE001 - raised again below, in the test's own thread
            errors.append(error)

    threads = [threading.Thread(target=guarded, args=(function,), daemon=True) for function in functions]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(LIMIT_S)
    if errors:
        raise errors[0]
    assert not any(thread.is_alive() for thread in threads), f"a thread still runs after {LIMIT_S} s"
