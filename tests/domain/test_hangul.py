"""What is looked up by its key first is never less than what the pattern finds."""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from bokgi.domain.hangul import search_key, search_pattern

_LETTERS = "ㄱㄴㄲㅎ가각갂나낙하한힣빛뷁Aaß Kkſs1(. \u3000\t"
_TEXTS = st.text(st.sampled_from(_LETTERS), max_size=12)


@given(text=_TEXTS, words=st.text(st.sampled_from(_LETTERS.replace("\u3000", "")), min_size=1, max_size=4))
def test_what_the_pattern_finds_has_the_key(text: str, words: str) -> None:
    if words.strip() and re.search(search_pattern(words), text):
        assert search_key(words) in search_key(text)


@given(text=_TEXTS, start=st.integers(0, 11), length=st.integers(1, 4))
def test_a_part_of_a_text_is_found_in_it(text: str, start: int, length: int) -> None:
    part = text[start : start + length]
    if part.strip():
        assert re.search(search_pattern(part), text)
        assert search_key(part) in search_key(text)
