"""Numbers, money and dates as people read them."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bokgi.domain.measures import Between, Days, Hours, Points, Rate
from bokgi.domain.messages import N_, Message
from bokgi.domain.money import Money
from bokgi.domain.period import Period
from bokgi.ui import format as f
from bokgi.ui.speaker import Speaker

UNITS = {"조": Decimal(10**12), "억": Decimal(10**8), "만": Decimal(10**4), "": Decimal(1)}
LETTERS = {"T": Decimal(10**12), "B": Decimal(10**9), "M": Decimal(10**6), "K": Decimal(10**3), "": Decimal(1)}
WON = st.integers(min_value=-(10**15), max_value=10**15)
AMOUNTS = st.decimals(min_value=-(10**12), max_value=10**12, places=2)


def won(amount: int | str) -> Money:
    return Money(Decimal(amount), "KRW")


def read_korean(text: str) -> Decimal:
    """Read `2억 6,000만원` back, independently of how it was written."""
    sign = -1 if text.startswith(f.MINUS) else 1
    found = re.findall(r"([\d,.]+)(조|억|만|)", text)
    return sign * sum((Decimal(digits.replace(",", "")) * UNITS[unit] for digits, unit in found), Decimal(0))


def read_english(text: str) -> Decimal:
    sign = -1 if text.startswith(f.MINUS) else 1
    found = re.search(r"([\d,.]+)([TBMK]?)$", text)
    assert found is not None
    return sign * Decimal(found[1].replace(",", "")) * LETTERS[found[2]]


@pytest.mark.parametrize(
    ("amount", "in_text", "in_headline", "in_english"),
    [
        (260_000_000, "2억 6,000만원", "2.6억", "₩260M"),
        (2_310_000_000, "23억 1,000만원", "23.1억", "₩2.31B"),
        (84_000_000, "8,400만원", "8,400만", "₩84M"),
        (100_000_000, "1억원", "1억", "₩100M"),
        (99_999_999, "1억원", "1억", "₩100M"),
        (9_500, "9,500원", "9,500원", "₩9,500"),
        (0, "0원", "0원", "₩0"),
        (-270_000_000, "−2억 7,000만원", "−2.7억", "−₩270M"),
        (1_234_500_000_000, "1조 2,345억원", "1.23조", "₩1.235T"),
    ],
)
def test_won_are_written_as_koreans_and_english_readers_say_them(
    amount: int, in_text: str, in_headline: str, in_english: str
) -> None:
    assert f.plain(f.money(won(amount), "ko")) == in_text
    assert f.plain(f.money_short(won(amount), "ko")) == in_headline
    assert f.plain(f.money(won(amount), "en")) == in_english


@pytest.mark.parametrize(
    ("amount", "currency", "korean", "english"),
    [
        ("125000", "USD", "12만 5,000달러", "$125,000"),
        ("1117.10", "USD", "1,117.10달러", "$1,117.10"),
        ("566689.02", "USD", "56만 6,689달러", "$566,689"),
        ("1250000", "EUR", "125만 유로", "€1.25M"),
        ("250000000", "USD", "2억 5,000만 달러", "$250M"),
        ("125000", "CHF", "12만 5,000 CHF", "CHF 125,000"),
        ("5000", "JPY", "5,000엔", "¥5,000"),
    ],
)
def test_other_currencies_keep_their_own_name(amount: str, currency: str, korean: str, english: str) -> None:
    assert f.plain(f.money(Money(Decimal(amount), currency), "ko")) == korean
    assert f.plain(f.money(Money(Decimal(amount), currency), "en")) == english


@given(WON)
def test_an_amount_read_back_is_the_amount_that_was_written(amount: int) -> None:
    size = abs(amount)
    step = 0 if size < 10**4 else 10**4 if size < 10**12 else 10**8
    assert abs(read_korean(f.plain(f.money(won(amount), "ko"))) - amount) <= Decimal(step) / 2
    assert abs(read_english(f.money(won(amount), "en")) - amount) <= Decimal(size) / 1000


@given(WON)
def test_a_headline_is_right_to_three_digits_in_both_languages(amount: int) -> None:
    size = Decimal(abs(amount))
    loss = size * Decimal("0.006") if size >= 10**5 else Decimal(5000)
    assert abs(read_english(f.money_short(won(amount), "en")) - amount) <= loss
    assert abs(read_korean(f.money_short(won(amount), "ko")) - amount) <= max(size * Decimal("0.051"), Decimal(5000))


@given(AMOUNTS, st.sampled_from(["KRW", "USD", "EUR", "CHF"]), st.sampled_from(["ko", "en"]))
def test_no_space_inside_a_value_lets_it_break(amount: Decimal, currency: str, lang: str) -> None:
    value = Money(amount, currency)
    assert " " not in f.money(value, lang)
    assert " " not in f.money_short(value, lang)


@given(st.lists(AMOUNTS, min_size=1, max_size=8), st.sampled_from(["KRW", "USD", "CHF"]), st.sampled_from(["ko", "en"]))
def test_no_amount_in_a_column_is_written_as_zero_unless_it_is(
    amounts: list[Decimal], currency: str, lang: str
) -> None:
    for column in (f.money_column(amounts, currency, lang), f.chart_column(amounts, currency, lang)):
        for amount in amounts:
            written = column.cell(amount)
            assert (written.strip("0.") == "") == (amount == 0)
            assert written.startswith(f.MINUS) == (amount < 0)


def test_a_column_of_money_has_one_unit_in_its_head() -> None:
    column = f.money_column([Decimal(320_000_000), Decimal(95_000_000), Decimal(3_000)], "KRW", "ko")
    assert column.label == "만원"
    cells = [column.cell(amount) for amount in (Decimal(320_000_000), Decimal(3_000), None)]
    assert cells == ["32,000", "<1", "–"]
    assert f.money_column([Decimal(95_000)], "KRW", "ko").label == "원"
    assert f.money_column([Decimal(95_000_000)], "KRW", "en").label == "₩M"
    assert f.money_column([Decimal(95_000_000)], "USD", "en").label == "$K"
    assert f.money_column([Decimal(950_000)], "USD", "en").cell(Decimal(950_000)) == "950,000"
    assert f.plain(f.money_column([Decimal(950_000_000)], "USD", "ko").label) == "만 달러"


@given(st.floats(min_value=0, max_value=1))
def test_only_all_and_nothing_are_written_as_such(share: float) -> None:
    text = f.percent(share)
    assert (text == "100%") == (share == 1)
    assert (text == "0%") == (share == 0)


def test_differences_carry_a_sign_and_their_unit() -> None:
    assert f.points(-0.09, "ko") == "−9%p"
    assert f.plain(f.points(0.004, "en")) == "+0.4 pp"
    assert f.points(0.0, "ko") == "0%p"
    assert f.signed(f.count(3)) == "+3"
    assert f.signed(f.count(-3)) == "−3"
    assert f.signed(f.count(0)) == "0"


@pytest.mark.parametrize(
    ("value", "korean", "english"),
    [
        (Between(Rate(0.49), Rate(0.64)), "49~64%", "49–64%"),
        (Between(won(21_000_000), won(152_000_000)), "2,100만~1억 5,200만원", "₩21M–₩152M"),
        (Between(Days(11), Days(24)), "11~24일", "11–24 days"),
        (Between(Hours(3.1), Hours(7.4)), "3.1~7.4시간", "3.1–7.4 hours"),
        (Between(Points(-0.03), Points(0.05)), "−3~+5%p", "−3 to +5 pp"),
        (Between(3, 9), "3~9", "3–9"),
    ],
)
def test_a_range_writes_a_shared_unit_once(value: Between, korean: str, english: str) -> None:
    assert f.plain(f.show(value, "ko")) == korean
    assert f.plain(f.show(value, "en")) == english


def test_dates_are_long_in_text_and_short_in_tables() -> None:
    on = date(2025, 11, 24)
    assert f.plain(f.day(on, "ko")) == "11월 24일"
    assert f.plain(f.day(on, "ko", year=True)) == "2025년 11월 24일"
    assert f.plain(f.day(on, "en", year=True)) == "Nov 24, 2025"
    assert (f.day_short(on, "ko"), f.plain(f.day_short(on, "en"))) == ("11/24", "Nov 24")
    # Among days of this year one of another stands in the same form.
    speakers = [Speaker(lang, date(2026, 11, 24), "KRW") for lang in ("ko", "en")]
    assert [f.plain(one.day_short("2025-11-24")) for one in speakers] == ["2025/11/24", "Nov 24, 2025"]
    assert [f.plain(one.day_short("2026-11-24")) for one in speakers] == ["11/24", "Nov 24"]
    assert (f.weekday(on, "ko"), f.weekday(on, "en")) == ("월요일", "Monday")


def test_a_week_and_its_days_are_named() -> None:
    week = Period.week("2017-W39")
    assert f.plain(f.week(week, "ko")) == "2017년 39주"
    assert f.plain(f.week(week, "en")) == "week 39, 2017"
    assert f.plain(f.show(week, "ko")) == "9월 25일~10월 1일"
    assert f.plain(f.show(week, "en")) == "Sep 25 – Oct 1"


def test_a_page_leaves_its_own_year_out_of_dates() -> None:
    show = f.shower(date(2025, 12, 1))
    assert f.plain(show(date(2025, 11, 24), "ko")) == "11월 24일"
    assert f.plain(show(date(2024, 11, 24), "ko")) == "2024년 11월 24일"
    assert f.plain(f.show(date(2025, 11, 24), "en")) == "Nov 24, 2025"


@pytest.mark.parametrize(
    ("value", "korean", "english"),
    [
        (None, "–", "–"),
        (True, "예", "yes"),
        (1234, "1,234", "1,234"),
        (1.44, "1.4", "1.4"),
        (Decimal("1.25"), "1.25", "1.25"),
        (Days(1), "1일", "1 day"),
        (Hours(1), "1시간", "1 hour"),
        (["가", 2], "가, 2", "가, 2"),
        ("글", "글", "글"),
    ],
)
def test_every_kind_of_value_can_be_shown(value: object, korean: str, english: str) -> None:
    assert f.plain(f.show(value, "ko")) == korean
    assert f.plain(f.show(value, "en")) == english


def test_a_message_writes_its_values_through_show_and_keeps_particles_right() -> None:
    message = Message(N_("{name:은/는} {share:으로/로}"), {"name": "김서연", "share": Rate(0.5)})
    assert message.text("ko", f.show) == "김서연은 50%로"


def test_cases_are_counted_with_their_letter() -> None:
    assert f.plain(f.n(1710)) == "n 1,710"


def test_chart_labels_share_one_unit() -> None:
    assert f.chart_column([Decimal(120_000)], "KRW", "ko").label == "만원"
    assert f.chart_column([Decimal(5_000)], "KRW", "ko").label == "원"
    assert f.chart_column([Decimal(2 * 10**12)], "KRW", "ko").cell(Decimal(10**12)) == "1.0"
    assert f.chart_column([Decimal(2_400_000)], "USD", "en").label == "$M"
    assert f.chart_column([Decimal(240)], "CHF", "en").label == "CHF"


@pytest.mark.parametrize(("lang", "written"), [("ko", "11월 4일 08:05"), ("en", "Nov 4, 08:05")])
def test_a_moment_is_written_to_the_minute(lang: str, written: str) -> None:
    assert f.plain(f.moment(datetime(2026, 11, 4, 8, 5, 59, tzinfo=UTC), lang)) == written


def test_a_small_part_of_a_sum_is_a_number_and_no_bound() -> None:
    column = f.chart_column([Decimal(2_000_000_000), Decimal(-4_000_000)], "KRW", "ko")
    assert (column.label, column.change(Decimal(-4_000_000))) == ("억원", "−0.04")
    assert [column.change(Decimal(part)) for part in (4_000_000, 80_000_000, 30_000)] == ["+0.04", "+0.8", "+0.0003"]
    assert f.money_column([Decimal(320_000_000)], "KRW", "ko").change(Decimal(-3000)) == "−0.3"
    assert column.change(None) == f.ABSENT
