"""Search words as Koreans type them: whole words, the beginning of a syllable, or initial consonants alone (초성)."""

from __future__ import annotations

import re
from typing import Final

_INITIALS: Final = "ㄱㄲㄴㄷㄸㄹㅁㅂㅃㅅㅆㅇㅈㅉㅊㅋㅌㅍㅎ"
_FIRST: Final = 0xAC00
_LAST: Final = 0xD7A3
_FINALS: Final = 28
_VOWELS: Final = 21


def search_pattern(words: str) -> str:
    """Give the regular expression that finds a text by what somebody has typed so far, whatever the case.

    An initial consonant stands for every syllable that begins with it, a syllable without a final consonant also for
    the same one with any; spaces may be there or not. Everything else means itself.

    >>> import re
    >>> [
    ...     bool(re.search(search_pattern(typed), "한빛소프트 그룹웨어"))
    ...     for typed in ("한빛", "ㅎㅂ", "소프", "하비", "그 룹")
    ... ]
    [True, True, True, True, True]
    >>> bool(re.search(search_pattern("acme"), "ACME Korea")), bool(re.search(search_pattern("빛한"), "한빛"))
    (True, False)
    """
    return "(?i)" + r"\s*".join(_letter(letter) for letter in words if not letter.isspace())


def search_key(text: str) -> str:
    """Give what a text is looked up by before its pattern: small letters and initial consonants, without spaces.

    Where the key of what was typed is no part of the key of a text, `search_pattern` does not find it either; where it
    is, the pattern decides. Looking for a part of a text is many times as quick as matching a pattern.

    >>> search_key("한빛 소프트 CRM"), search_key("하비"), search_key("ㅎㅂ") in search_key("(주)한빛")
    ('ㅎㅂㅅㅍㅌcrm', 'ㅎㅂ', True)
    """
    return text.casefold().translate(_KEYS)


_KEYS: Final = {
    **{code: _INITIALS[(code - _FIRST) // (_VOWELS * _FINALS)] for code in range(_FIRST, _LAST + 1)},
    **{code: None for code in range(0x3001) if chr(code).isspace()},
}


def _letter(letter: str) -> str:
    if letter in _INITIALS:
        first = _FIRST + _INITIALS.index(letter) * _VOWELS * _FINALS
        return f"[{letter}{chr(first)}-{chr(first + _VOWELS * _FINALS - 1)}]"
    if _FIRST <= ord(letter) <= _LAST and (ord(letter) - _FIRST) % _FINALS == 0:
        return f"[{letter}-{chr(ord(letter) + _FINALS - 1)}]"
    return re.escape(letter)
