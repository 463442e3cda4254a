"""Numbers, flags, probabilities, durations and texts are read, and kept apart from nothing."""

from __future__ import annotations

import unicodedata
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bokgi.intake.values import ValueKind
from tests.intake.values.reader import values


@pytest.mark.parametrize(
    ("kind", "form", "text", "expected"),
    [
        (ValueKind.BOOLEAN, "", "TRUE", True),
        (ValueKind.BOOLEAN, "", "예", True),
        (ValueKind.BOOLEAN, "", "O", True),
        (ValueKind.BOOLEAN, "", "1.0", True),
        (ValueKind.BOOLEAN, "", "n", False),
        (ValueKind.BOOLEAN, "", "X", False),
        (ValueKind.BOOLEAN, "", "아니요", False),
        (ValueKind.BOOLEAN, "", "없음", False),
        (ValueKind.INTEGER, "", "84.0", 84),
        (ValueKind.INTEGER, "", "1,200", 1200),
        (ValueKind.INTEGER, "", "-3", -3),
        (ValueKind.INTEGER, "1.234,56", "1.200", 1200),
        (ValueKind.NUMBER, "", "1,234.5", 1234.5),
        (ValueKind.NUMBER, "", "12.5%", 12.5),
        (ValueKind.NUMBER, "1.234,56", "1.234,5", 1234.5),
        (ValueKind.PROBABILITY, "0-100", "10", 0.1),
        (ValueKind.PROBABILITY, "0-100", "10%", 0.1),
        (ValueKind.PROBABILITY, "0-1", "0.1", 0.1),
        (ValueKind.PROBABILITY, "0-1", "10%", 0.1),
        (ValueKind.PROBABILITY, "0-1", "10％", 0.1),
        (ValueKind.PROBABILITY, "0-1", "1", 1.0),
        (ValueKind.DURATION, "", "90", 90.0),
        (ValueKind.DURATION, "", "1:30:00", 5400.0),
        (ValueKind.DURATION, "", "0:45", 2700.0),
        (ValueKind.DURATION, "", "1시간 30분", 5400.0),
        (ValueKind.DURATION, "", "2일", 172800.0),
        (ValueKind.DURATION, "", "1d 2h 3m 4s", 93784.0),
    ],
)
def test_a_value_is_read(kind: ValueKind, form: str, text: str, expected: object) -> None:
    ((value, malformed),) = values([text], kind, form)
    assert value == pytest.approx(expected)
    assert not malformed


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        (ValueKind.BOOLEAN, "maybe"),
        (ValueKind.INTEGER, "2.5"),
        (ValueKind.INTEGER, "many"),
        (ValueKind.NUMBER, "1,2"),
        (ValueKind.NUMBER, "infinity"),
        (ValueKind.PROBABILITY, "1.2"),
        (ValueKind.PROBABILITY, "-1%"),
        (ValueKind.PROBABILITY, "120%"),
        (ValueKind.DURATION, "1:75"),
        (ValueKind.DURATION, "-5"),
        (ValueKind.DURATION, "long"),
    ],
)
def test_what_cannot_be_read_is_malformed(kind: ValueKind, text: str) -> None:
    assert values([text], kind) == [(None, True)]


@pytest.mark.parametrize("kind", [kind for kind in ValueKind if kind not in (ValueKind.MOMENT, ValueKind.AMOUNT)])
def test_nothing_is_nothing_in_every_kind(kind: ValueKind) -> None:
    assert values([None, "", "　 "], kind) == [(None, False)] * 3


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (" 한빛　전자 ", "한빛 전자"),
        ('="001"', "001"),
        ("'001", "001"),
        ("'s-Hertogenbosch", "'s-Hertogenbosch"),
        ("a_x000D_\nb", "a\nb"),
        ("a\r\nb", "a\nb"),
        ("\ufeffid\u200b", "id"),
        ("a\x00b", "ab"),
        ("N/A", "N/A"),
        (unicodedata.normalize("NFD", "수주"), "수주"),
        ("=1+1", "=1+1"),
    ],
)
def test_texts_are_cleaned_of_what_a_person_does_not_see(text: str, expected: str) -> None:
    assert values([text], ValueKind.TEXT) == [(expected, False)]


@settings(max_examples=15)
@given(st.lists(st.text(max_size=15), min_size=1, max_size=40))
def test_cleaning_twice_changes_nothing_more(texts: list[str]) -> None:
    def cleaned(some: list[Any]) -> list[Any]:
        return [value for value, _ in values(some, ValueKind.TEXT)]

    plain = [text.replace("=", "").replace("'", "").replace("_x000D_", "") for text in texts]
    once = cleaned(plain)
    assert cleaned(once) == once
