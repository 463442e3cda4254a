"""A message survives JSON."""

from __future__ import annotations

import json
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bokgi.domain.errors import InternalError
from bokgi.domain.measures import Between, Days, Hours, Points, Rate
from bokgi.domain.messages import Message
from bokgi.domain.money import Money
from bokgi.domain.period import Period
from bokgi.domain.sentences import decoded, encoded

NUMBERS = st.floats(allow_nan=False, allow_infinity=False)
MONEY = st.builds(
    Money,
    st.decimals(min_value=-(10**9), max_value=10**9, places=2),
    st.sampled_from(["USD", "EUR"]),
)
PLAIN = st.one_of(
    st.none(),
    st.text(),
    st.integers(),
    NUMBERS,
    MONEY,
    st.builds(Rate, NUMBERS),
    st.builds(Points, NUMBERS),
    st.builds(Days, NUMBERS),
    st.builds(Hours, NUMBERS),
    st.dates(),
    st.builds(Period.week_of, st.dates(date(1970, 1, 1), date(2100, 1, 1))),
    st.builds(Between, st.builds(Rate, NUMBERS), st.builds(Rate, NUMBERS)),
)
VALUES = st.dictionaries(st.sampled_from("abc"), st.one_of(PLAIN, st.lists(PLAIN, max_size=3)))
MESSAGES = st.recursive(
    st.builds(Message, st.text(), VALUES, plural=st.none() | st.text()),
    lambda inner: st.builds(lambda text, value: Message(text, {"inner": value}), st.text(), inner),
    max_leaves=3,
)


@given(MESSAGES)
def test_what_was_written_is_read_back(message: Message) -> None:
    assert decoded(json.loads(json.dumps(encoded(message)))) == message


def test_won_are_written_whole() -> None:
    found = encoded(Message("{amount}", {"amount": Money(Decimal("1200000.4"), "KRW")}))
    assert found["values"]["amount"] == {"amount": "1200000", "currency": "KRW"}


def test_a_value_of_no_known_kind_is_our_fault() -> None:
    with pytest.raises(InternalError):
        encoded(Message("{x}", {"x": object()}))
    with pytest.raises(InternalError):
        decoded({"message": "{x}", "values": {"x": {"colour": "red"}}})
