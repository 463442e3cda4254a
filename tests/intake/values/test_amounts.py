"""Amounts are read exactly, to the won and the cent, and what could mean two things is malformed."""

from __future__ import annotations

import re
from decimal import Decimal

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from bokgi.intake.values import AmountFormat, Unit, ValueKind, unit_of
from bokgi.intake.values.amounts import amount, thorough_amount
from tests.intake.values.reader import results, values
from tests.intake.values.referee import LARGEST, korean, rounded


@pytest.mark.parametrize(
    ("text", "amount", "currency"),
    [
        ("15000", "15000", None),
        ("356981.0", "356981", None),
        ("1.5E+07", "15000000", None),
        ("-500", "-500", None),
        ("$125,000", "125000", "USD"),
        ("1,117.10K", "1117100", None),
        ("₩1,200만", "12000000", "KRW"),
        ("1억 2천만원", "120000000", "KRW"),
        ("3억5000만", "350000000", None),
        ("(500)", "-500", None),
        ("−500", "-500", None),
        ("500-", "-500", None),
        ("△1,000", "-1000", None),
        ("($1,500.5)", "-1500.5", "USD"),
        ("$(500)", "-500", "USD"),
        ("-$500", "-500", "USD"),
        ("US$ 1.5M", "1500000", "USD"),
        ("3 bn", "3000000000", None),
        ("KRW 1,000", "1000", "KRW"),
        ("1,000원", "1000", "KRW"),
        ("1,000원정", "1000", "KRW"),
        ("1억달러", "100000000", "USD"),
        ("1 234.56", "1234.56", None),
        ("1'234.50", "1234.5", None),
        ("12,34,567", "1234567", None),
        ("１，０００", "1000", None),
        ("\\1,000", "1000", "KRW"),
        ("￦1,000", "1000", "KRW"),
        ("1.005", "1.01", None),
        ("-1.005", "-1.01", None),
        ("0.1234567억", "12345670", None),
        ("천만원", "10000000", "KRW"),
        ("만원", "10000", "KRW"),
        ("5천5백만", "55000000", None),
        ("1억 2천", "120000000", None),
        ("2조 3천", "2300000000000", None),
        ("1조 2,345억 6,789만 1,234원", "1234567891234", "KRW"),
        ("9999999999999999", "9999999999999999", None),
        ("₩ 1,200,000 원", "1200000", "KRW"),
        ("€99", "99", "EUR"),
        ("10 million", "10000000", None),
    ],
)
def test_an_amount_is_read_with_its_currency(text: str, amount: str, currency: str | None) -> None:
    assert values([text], ValueKind.AMOUNT) == [(Decimal(amount), currency, False)]


@pytest.mark.parametrize(
    "text",
    [
        "10%",
        "abc",
        "1,2",
        "1 2",
        "--5",
        "(-5)",
        "(5",
        "5)",
        "1.234,56",
        "3억5000",
        "USD 1,000 원",
        "99999999999999999",
        "100000조",
        "nan",
        "1억K",
        "$",
        "1만2억",
    ],
)
def test_what_is_no_amount_or_could_be_two_is_malformed(text: str) -> None:
    ((value, _, malformed),) = values([text], ValueKind.AMOUNT)
    assert (value, malformed) == (None, True) or text == "nan"


def test_nothing_is_not_malformed() -> None:
    assert values([None, "", "-", "미정"], ValueKind.AMOUNT) == [(None, None, False)] * 4


def test_a_decimal_comma_is_read_where_the_column_has_one() -> None:
    texts = ["1.234,56", "1.234", "0,5", "1.234.567,89 €", "2,5K", "1.5"]
    got = values(texts, ValueKind.AMOUNT, "1.234,56")
    assert [value for value, _, _ in got] == [
        Decimal("1234.56"),
        Decimal(1234),
        Decimal("0.5"),
        Decimal("1234567.89"),
        Decimal(2500),
        None,
    ]


def test_the_unit_of_the_header_counts_unless_the_cell_names_one() -> None:
    texts = ["500", "1,200", "2.5", "1억", "1,200원", "$3", "-7", ""]
    got = values(texts, ValueKind.AMOUNT, "1,234.56 × 10000 KRW")
    assert [value for value, _, _ in got] == [
        Decimal(5_000_000),
        Decimal(12_000_000),
        Decimal(25_000),
        Decimal(100_000_000),
        Decimal(1200),
        None,
        Decimal(-70_000),
        None,
    ]
    assert [currency for _, currency, _ in got[:5]] == ["KRW"] * 5
    assert [malformed for _, _, malformed in got] == [False] * 5 + [True, False, False]


def test_hundreds_and_thousands_in_words_have_the_unit_of_the_header() -> None:
    got = values(["7백", "3천", "3천원", "1억 3천"], ValueKind.AMOUNT, "1,234.56 × 10000 KRW")
    assert [value for value, _, _ in got] == [
        Decimal(7_000_000),
        Decimal(30_000_000),
        Decimal(3000),
        Decimal(130_000_000),
    ]


@settings(max_examples=8)
@given(st.lists(st.decimals(-(10**17), 10**17, allow_nan=False, places=3), min_size=1, max_size=40))
def test_plain_and_grouped_numbers_agree_with_decimal_arithmetic(numbers: list[Decimal]) -> None:
    expected = [value if abs(value := rounded(number)) < LARGEST else None for number in numbers]
    for written in ("{:f}", "{:,f}", "${:,f}"):
        texts = [written.format(number).replace("$-", "-$") for number in numbers]
        assert [value for value, _, _ in values(texts, ValueKind.AMOUNT)] == expected


sections = st.builds(
    lambda parts: "".join(
        f"{n or ''}{unit}" for n, unit in zip(parts, ("천", "백", "십"), strict=True) if n is not None
    ),
    st.tuples(*[st.one_of(st.none(), st.integers(0, 9))] * 3),
)
digits = st.one_of(sections.filter(bool), st.integers(1, 9999).map(lambda n: f"{n:,}"), st.integers(1, 9999).map(str))


@settings(max_examples=8)
@given(st.lists(st.lists(st.one_of(st.none(), digits), min_size=4, max_size=4).filter(any), min_size=1, max_size=20))
def test_korean_units_add_up_as_the_twin_adds_them(parts: list[list[str | None]]) -> None:
    texts = [
        " ".join(f"{one}{unit}" for one, unit in zip(four, ("조", "억", "만", ""), strict=True) if one) + "원"
        for four in parts
    ]
    expected = [value if abs(value := korean(text)) < LARGEST else None for text in texts]
    assert [value for value, _, _ in values(texts, ValueKind.AMOUNT)] == expected


@pytest.mark.parametrize(
    ("header", "multiplier", "currency"),
    [
        ("예상매출(만원)", 10**4, "KRW"),
        ("금액(억)", 10**8, None),
        ("매출 (천원)", 1000, "KRW"),
        ("금액(백만원)", 10**6, "KRW"),
        ("금액(원)", 1, "KRW"),
        ("Amount (USD)", 1, "USD"),
        ("Amount ($)", 1, "USD"),
        ("Revenue ($K)", 1000, "USD"),
        ("Revenue in thousands", 1000, None),
        ("Revenue (USD in thousands)", 1000, "USD"),
        ("단위: 천원", 1000, "KRW"),
        ("Amount", 1, None),
        ("계약금액(VAT 별도)", 1, None),
        ("Deal - Value", 1, None),
        ("금액（만원）", 10**4, "KRW"),
    ],
)
def test_headers_name_units(header: str, multiplier: int, currency: str | None) -> None:
    assert unit_of(header) == Unit(multiplier, currency)


def test_formats_survive_the_mapping_file() -> None:
    for form in (AmountFormat(), AmountFormat(","), AmountFormat(".", 10_000, "KRW"), AmountFormat(",", 1, "EUR")):
        assert AmountFormat.of(form.text) == form
    for text in ("1,234,56", "nonsense"):
        with pytest.raises(ValueError, match=text):
            AmountFormat.of(text)


ODD = st.text(alphabet="0123456789,. -+()₩$원만억천조백KUSDRWE%'", max_size=12)
USUAL = st.builds(
    "{}{}{}{}".format,
    st.sampled_from(["", "₩", "$", "-", "KRW ", "USD", "₩-", "KRW -"]),
    st.one_of(
        st.integers(0, 10**17).map("{:,}".format), st.integers(0, 10**8).map(str), st.sampled_from(["1.5", ".5"])
    ),
    st.sampled_from(["", "", "만", "억", " 천만", "백만", "조", ".25"]),
    st.sampled_from(["", "원", "K"]),
)

PAIRS = st.builds(
    "{}{}억{}{}{}".format,
    st.sampled_from(["", "₩", "-", "₩-", "$"]),
    st.sampled_from(["1", "1,234", "0.5", "", "12345678901234567"]),
    st.sampled_from(["", " ", "  "]),
    st.sampled_from(["2천만", "3,000만", "5백만", "2만", "3천", "1.5만", "9억", "99999999999999만", "만"]),
    st.sampled_from(["", "원", "정", "K"]),
)


@settings(max_examples=25)
@given(
    st.lists(st.one_of(ODD, USUAL, PAIRS), min_size=1, max_size=80),
    st.sampled_from(["1,234.56", "1.234,56", "1,234.56 × 10000 KRW", "1,234.56 × 1000 USD", "1,234.56 USD"]),
)
def test_what_is_read_at_a_glance_is_what_the_thorough_reading_gives(texts: list[str], form: str) -> None:
    chosen = AmountFormat.of(form)
    assume(not any(re.search(r"\d[eE_]|,\.|^[ ]|[ ]$", text) for text in texts))
    quick = results(amount("t", chosen, name="x"), texts)
    thorough = results(thorough_amount("t", chosen, name="x"), texts)
    assert [(text, *got) for text, got in zip(texts, quick, strict=True) if got[0] is not None] == [
        (text, *got) for text, got in zip(texts, thorough, strict=True) if got[0] is not None
    ]
    assert [malformed for *_, malformed in quick] == [malformed for *_, malformed in thorough]


def test_a_number_with_too_many_digits_before_a_unit_is_malformed() -> None:
    assert values(["123456789012345678만", "1억 99999999999999999만"], ValueKind.AMOUNT) == [(None, None, True)] * 2
