"""Access lists as Windows writes them down: `D:PAI(A;;FA;;;SY)(D;;WD;;;BG)`.

An entry is its kind, flags, rights, two names of other things, and whom it is for: a name of two letters, or a number.

Source: "Security Descriptor String Format" and "ACE Strings" in the documentation of Windows.
"""

from __future__ import annotations

__all__ = ["for_journal", "may_write"]

_OF_NOBODY_IN_PARTICULAR = "NO_ACCESS_CONTROL"  # everybody may do everything
_EVERYBODY = {"WD", "AU", "S-1-1-0", "S-1-5-11"}  # the world; who has logged in
_WRITING = {"FA", "FW", "GA", "GW", "DC"}  # file all, file write, generic ones; DC is what FILE_WRITE_DATA is called
_WRITING_BITS = 0x2 | 0x4000_0000 | 0x1000_0000
_INHERIT_ONLY, _INHERITED = "IO", "ID"
_KINDS = {"A", "D", "OA", "OD", "XA", "XD", "ZA"}  # what allows, and what denies


def for_journal(access: str, user: str) -> str:
    """The list of a journal: that of its file, by which nobody else may read it, and `user`, who makes it, remove it.

    It is protected: what the directory hands down is not added to it, and nothing in it counts as handed down.
    """
    if _OF_NOBODY_IN_PARTICULAR in access:
        return access
    return f"D:P(A;;SD;;;{user})" + "".join(f"({_own(entry)}" for entry in access.split("(")[1:])


def _own(entry: str) -> str:
    """The entry without the flag that says that it was handed down."""
    kind, *rest = entry.split(";", 2)
    if len(rest) != 2 or kind not in _KINDS:
        return entry  # a part of a condition
    flags, others = rest
    return f"{kind};{''.join(flag for flag in _pairs(flags) if flag != _INHERITED)};{others}"


def may_write(access: str, user: str) -> bool:
    """Does the list let the user write? Only if it says so of him, or of everybody, and takes nothing from anybody."""
    if _OF_NOBODY_IN_PARTICULAR in access:
        return True
    entries = [entry.split(";") for entry in access.partition("(")[2].removesuffix(")").split(")(")]
    if any(len(entry) != 6 or entry[0] not in ("A", "") for entry in entries):
        return False  # one that denies, or that asks for more than who it is
    return any(
        _lets_write(rights) and whom in {user, *_EVERYBODY}
        for _, flags, rights, _, _, whom in entries
        if _INHERIT_ONLY not in _pairs(flags)
    )


def _lets_write(rights: str) -> bool:
    if rights.startswith("0x"):
        return bool(int(rights, 16) & _WRITING_BITS)
    return not _WRITING.isdisjoint(_pairs(rights))


def _pairs(letters: str) -> list[str]:
    return [letters[at : at + 2] for at in range(0, len(letters), 2)]
