"""Access lists as Windows writes them down: what a journal gets, and who may write. Text only, on every system."""

from __future__ import annotations

import pytest

from lockedfile._oslock._sddl import for_journal, may_write

US, OTHER = "S-1-5-21-1-2-3-1000", "S-1-5-21-1-2-3-1001"


@pytest.mark.parametrize(
    ("of_file", "of_journal"),
    [
        ("D:PAI(A;;FA;;;SY)", f"D:P(A;;SD;;;{US})(A;;FA;;;SY)"),
        ("D:AI(D;ID;FR;;;BG)(A;ID;FA;;;BA)", f"D:P(A;;SD;;;{US})(D;;FR;;;BG)(A;;FA;;;BA)"),
        ("D:(A;OICIID;FA;;;SY)", f"D:P(A;;SD;;;{US})(A;OICI;FA;;;SY)"),
        (
            'D:(XA;ID;FR;;;WD;(@User.x == "a;ID;)(b;ID;c"))',
            f'D:P(A;;SD;;;{US})(XA;;FR;;;WD;(@User.x == "a;ID;)(b;ID;c"))',
        ),
        ("D:", f"D:P(A;;SD;;;{US})"),
        ("D:NO_ACCESS_CONTROL", "D:NO_ACCESS_CONTROL"),
    ],
)
def test_journal_can_be_read_by_whom_its_file_can(of_file: str, of_journal: str) -> None:
    """Nothing else is handed down to it, and who makes it can remove it."""
    assert for_journal(of_file, US) == of_journal


@pytest.mark.parametrize(
    ("access", "may"),
    [
        (f"D:(A;;FA;;;{OTHER})", True),
        (f"D:AI(A;ID;0x1301bf;;;{OTHER})", True),
        (f"D:(A;;CCDCLC;;;{OTHER})", True),
        ("D:(A;;FA;;;SY)(A;;GW;;;WD)", True),
        ("D:(A;;FW;;;AU)", True),
        ("D:NO_ACCESS_CONTROL", True),
        (f"D:(A;;FR;;;{OTHER})", False),
        (f"D:(A;;0x1200a9;;;{OTHER})", False),
        (f"D:(A;IO;FA;;;{OTHER})", False),
        (f"D:(A;;FA;;;{US})", False),
        ("D:(A;;FA;;;BU)", False),
        (f"D:(D;;FW;;;BG)(A;;FA;;;{OTHER})", False),
        (f'D:(XA;;FA;;;{OTHER};(@User.x == "a)(b"))', False),
        ("D:", False),
        ("", False),
    ],
)
def test_who_may_write_is_told_or_not_at_all(access: str, may: bool) -> None:
    """By name, or as one of everybody; of other groups we do not know who is in them."""
    assert may_write(access, OTHER) is may
