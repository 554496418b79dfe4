"""Changes from an old content to a new one, as Hypothesis draws them."""

from __future__ import annotations

from hypothesis import strategies as st

PAGE = 4096


@st.composite
def changes(draw: st.DrawFn) -> tuple[bytes, bytes]:
    """An old content and a new one, which is the old one with some ranges replaced, so that much is alike."""
    old = draw(st.binary(max_size=64) | st.integers(0, 5 * PAGE).map(lambda size: (b"0123456789abcdef" * 1300)[:size]))
    new = bytearray(old)
    for _ in range(draw(st.integers(0, 4))):
        start = draw(st.integers(0, len(new)))
        end = draw(st.integers(start, min(len(new), start + draw(st.sampled_from([1, 9, PAGE, 3 * PAGE])))))
        new[start:end] = draw(st.binary(max_size=9) | st.just(bytes(end - start)) | st.just(b"!" * (end - start)))
    return draw(st.sampled_from([(old, bytes(new)), (bytes(new), old)]))
