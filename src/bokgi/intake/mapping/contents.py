"""What the samples of a column look like: dates, amounts, e-mail addresses, yes and no, labels, words about a person.

Detection looks at samples only; whether every cell can be read is the matter of judging.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Final

from bokgi.intake.files.staged import StagedColumn
from bokgi.intake.mapping.fields import Field, Kind
from bokgi.intake.mapping.headers import key, personal, value_words

_DATE: Final = re.compile(
    r"""
      \d{1,4}\s*[-./년]\s*\d{1,2}\s*[-./월]\s*\d{1,4}\s*[.일]?(?:[T\s(].*)?  # 2026-11-23, 2026. 11. 23., 23/11/26 9:00
    | \d{8}(?:\d{6})?
    | \d{1,2}[\s-][A-Za-z]{3,9}[\s-],?\s*\d{2,4}.*                          # 23 Nov 2026
    | [A-Za-z]{3,9}\.?\s+\d{1,2},?\s+\d{4}.*                                # Nov 23, 2026
    | [3-5]\d{4}(?:\.\d+)?                                                  # a serial of Excel
    | 1[0-9]{9}(?:\d{3})?                                                   # seconds or milliseconds since 1970
    """,
    re.VERBOSE,
)
_CLEAR_DATE: Final = re.compile(r".*\d\s*[-./년:]\s*\d.*|.*[A-Za-z]{3,}.*\d{4}.*")
_NUMBER: Final = re.compile(r"[-+(△▲−]?\s*\d[\d,.\s]*(?:[eE][-+]?\d+)?\s*[)%명건개회]?")
_FIGURE: Final = re.compile(r"[-+(]?\d{1,3}(?:,\d{3})+(?:\.\d+)?\)?")
"""A number with marks of thousands: an amount, and no category."""
_AMOUNT: Final = re.compile(
    r"[-+(△▲−₩￦$€£¥\sA-Z]{0,8}\s*\d[\d,.\s억만천백십]*\s*(?:[KMBkmb]|백만|천만|만|억|천)?\s*(?:원|[A-Z]{3}|[€$£])?\s*\)?"
)
_PERIOD: Final = re.compile(
    r"\d{4}.*|\d\d ?회계.*|[A-Za-z]{3,9}[\s-]\d{2,4}|[QH][1-4]\s*(?:FY)?\s*\d{2,4}|[12]H\s*\d{4}|FY.*"
)
_YEAR: Final = re.compile(
    r"(?:19|20)\d{2} ?(?:년도?)?|FY ?['’-]?(?:20)?\d\d|(?:20)?\d\d ?(?:년 ?)?회계 ?[연년]도", re.IGNORECASE
)
_QUARTER: Final = re.compile(r"Q ?[1-4]|0?[1-4] ?(?:Q|(?:/4|사)? ?분기)?", re.IGNORECASE)
MONTH_NAMES: Final = (
    "jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?"
    "|nov(?:ember)?|dec(?:ember)?"
)
"""Pattern of the English names of months, in lower case."""
_MONTH: Final = re.compile(rf"(?:0?[1-9]|1[0-2]) ?월?|(?:{MONTH_NAMES})\.?", re.IGNORECASE)
_EMAIL: Final = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
_PHONE: Final = re.compile(r"(?:\+\d{1,3}[\s-]?)?\(?0?\d{2,4}\)?[\s.-]\d{3,4}[\s.-]\d{3,4}")
_RESIDENT: Final = re.compile(r"\d{6}-[0-9]\d{6}")
_BOOLEANS: Final = frozenset(
    key(word)
    for words in (
        ("true", "false", "yes", "no", "y", "n", "t", "f", "0", "1", "o", "x", "done", "to do", "checked", "unchecked"),
        ("예", "아니오", "아니요", "네", "유", "무", "완료", "미완료", "참", "거짓"),
    )
    for word in words
)
_CURRENCY: Final = re.compile(r"[A-Z]{3}|[₩$€£¥]|원|달러|엔")
_LONG_TEXT: Final = 60
_FEWEST_SAMPLES: Final = 3
_HALF: Final = 0.5

_LOOKS: Final[Mapping[Kind, Callable[[str], object]]] = {
    Kind.MOMENT: _DATE.fullmatch,
    Kind.DATE: _DATE.fullmatch,
    Kind.PERIOD: _PERIOD.fullmatch,
    Kind.YEAR: _YEAR.fullmatch,
    Kind.QUARTER: _QUARTER.fullmatch,
    Kind.MONTH: _MONTH.fullmatch,
    Kind.AMOUNT: _AMOUNT.fullmatch,
    Kind.NUMBER: _NUMBER.fullmatch,
    Kind.INTEGER: _NUMBER.fullmatch,
    Kind.PROBABILITY: _NUMBER.fullmatch,
    Kind.EMAIL: _EMAIL.fullmatch,
    Kind.CURRENCY: _CURRENCY.fullmatch,
    Kind.BOOLEAN: lambda text: key(text) in _BOOLEANS,
}


def fit(column: StagedColumn, field: Field, null_values: Sequence[str] = ()) -> float | None:
    """Give the share of a column's samples that read as the field's kind (0 to 1); null without any sample.

    Ids, names, categories and texts take anything, but a name is no number and no date.
    """
    texts = said(column, null_values)
    if not texts:
        return None
    return sum(_likeness(field, text) for text in texts) / len(texts)


def _likeness(field: Field, text: str) -> float:
    """Tell how well one text reads as a field's kind."""
    if field.kind in _LOOKS:
        return float(bool(_LOOKS[field.kind](text)))
    if field.kind is Kind.NAME:
        return float(not _NUMBER.fullmatch(text) and not dated(text))
    if field.kind is Kind.CATEGORY:
        words = value_words(field.name)
        otherwise = 0.0 if _FIGURE.fullmatch(text) else _HALF if words else float(not dated(text))
        return 1.0 if key(text) in words else otherwise
    return float(len(text) < _LONG_TEXT) if field.kind is Kind.ID else 1.0


def said(column: StagedColumn, null_values: Sequence[str] = ()) -> list[str]:
    """Give the samples that say something, without blanks around them."""
    return [text for raw in column.samples if (text := raw.strip()) and text not in null_values]


def dated(text: str) -> bool:
    """Tell whether a text is a date beyond doubt (a bare number may be one, too, but is none by itself).

    >>> dated("2026. 11. 23."), dated("46349")
    (True, False)
    """
    return _DATE.fullmatch(text) is not None and _CLEAR_DATE.fullmatch(text) is not None


def looks(column: StagedColumn, kind: Kind) -> bool:
    """Tell whether nearly all samples are beyond doubt of a kind: dates, e-mail addresses, amounts with a mark."""
    texts = said(column)
    if not texts:
        return False
    if kind in {Kind.DATE, Kind.MOMENT}:
        return all(dated(text) for text in texts)
    return all(_LOOKS[kind](text) for text in texts)


def about_a_person(column: StagedColumn, prefix: str | None = None) -> str | None:
    """Tell why a column must not be kept as it is: `person`, `text`, or null.

    By its header, and by what stands in it: addresses, telephone and resident numbers, sentences.
    """
    texts = said(column)
    if texts and sum(1 for text in texts if _personal(text)) > _HALF * len(texts):
        return "person"
    kind = personal(column.name, prefix)
    if kind == "person" and texts and all(_harmless(text) for text in texts):
        return None
    if kind is not None:
        return kind
    long = sum(1 for text in texts if len(text) > _LONG_TEXT or "\n" in text)
    return "text" if len(texts) >= _FEWEST_SAMPLES and long > _HALF * len(texts) else None


def _personal(text: str) -> bool:
    return any(pattern.fullmatch(text) for pattern in (_EMAIL, _PHONE, _RESIDENT))


def _harmless(text: str) -> bool:
    """Tell whether a text is a flag or a date, as behind "EmailBouncedDate" or "Do Not Email"."""
    return key(text) in _BOOLEANS or dated(text)
