"""Which date is which: told by the deals that carry it, asked where nothing tells."""

from __future__ import annotations

import pytest

from bokgi.intake.mapping.model import ATTRIBUTES, FoundBy, Hints
from tests.intake.mapping.small_files import Bench, fields, table

STAGES = ("Proposal", "Won", "Lost", "Lead")


def _deals(header: str, closes: tuple[str, ...]) -> str:
    rows = [(f"D{number}", stage, close) for number, (stage, close) in enumerate(zip(STAGES, closes, strict=True))]
    return table(("deal id", "stage", header), *rows)


@pytest.mark.parametrize(
    ("header", "closes", "field"),
    [
        ("close date", ("", "2026-01-05", "2026-01-06", ""), "deals.closed"),
        ("close date", ("2026-05-05", "2026-01-05", "2026-01-06", "2026-06-01"), "deals.close"),
        ("close date", ("2026-05-05", "", "", "2026-06-01"), "deals.expected_close"),
        ("종료일", ("", "2026-01-05", "2026-01-06", ""), "deals.closed"),
        ("종료일", ("2026-05-05", "2026-01-05", "2026-01-06", "2026-06-01"), "deals.close"),
    ],
    ids=["closed deals only", "all deals", "open deals only", "korean, closed only", "korean, all"],
)
def test_a_close_date_is_what_the_deals_that_carry_it_say(
    bench: Bench, header: str, closes: tuple[str, ...], field: str
) -> None:
    assert fields(bench.one(_deals(header, closes)))[header] == field


def test_beside_an_expected_date_the_close_date_is_the_actual_one(bench: Bench) -> None:
    text = table(
        ("deal id", "status", "expected close date", "closed on"),
        ("D1", "open", "2026-05-05", ""),
        ("D2", "won", "2026-05-05", "2026-01-05"),
    )
    assert fields(bench.one(text))["closed on"] == "deals.closed"


def test_flags_tell_closed_deals_from_open_ones(bench: Bench) -> None:
    text = table(
        ("deal id", "amount", "is closed", "close date"),
        ("D1", "1", "no", "2026-05-05"),
        ("D2", "2", "yes", "2026-01-05"),
    )
    assert fields(bench.one(text))["close date"] == "deals.close"


def test_a_file_that_does_not_say_how_deals_stand_keeps_the_careful_reading(bench: Bench) -> None:
    mapping = bench.one(table(("deal id", "amount", "close date"), ("D1", "1", "2026-05-05")))
    assert fields(mapping)["close date"] == "deals.close"


def test_dates_that_nobody_names_are_asked_for(bench: Bench) -> None:
    text = table(
        ("deal id", "stage", "Day A", "Day B", "last modified"),
        ("D1", "Proposal", "2026-01-05", "2026-05-05", "2026-02-02"),
        ("D2", "Won", "2026-01-06", "2026-04-05", "2026-02-02"),
    )
    detection = bench.map({"deals.csv": text}, among=())
    asked = {question.key: question for question in detection.questions if question.code == "date_unclear"}
    assert set(asked) == {"deals.csv:column:deals.created", "deals.csv:column:deals.close"}
    assert {question.suggestion for question in asked.values()} == {"none"}
    assert asked["deals.csv:column:deals.created"].columns == ("Day A", "Day B")

    hints = Hints(answers={"deals.csv:column:deals.created": "Day A", "deals.csv:column:deals.close": "none"})
    answered = bench.map({"deals.csv": text}, among=(), hints=hints)
    assert not [question for question in answered.questions if question.code == "date_unclear"]
    column = answered.mappings[0].of("deals.created")
    assert column is not None
    assert (column.column, column.found_by) == ("Day A", FoundBy.HAND)
    assert fields(answered.mappings[0])["Day B"] == ATTRIBUTES


def test_headers_that_name_a_stage_of_the_deals_are_dates_of_entry(bench: Bench) -> None:
    text = table(
        ("영업기회번호", "영업단계", "상담일", "제안일자", "제안서 확정일", "예상매출"),
        ("1", "상담", "2026-01-05", "", "", "100"),
        ("2", "제안", "2026-01-06", "2026-02-01", "2026-02-05", "200"),
    )
    mapping = bench.one(text, "영업기회.csv")
    found = fields(mapping)
    assert found["상담일"] == "stage_entered:상담"
    assert found["제안일자"] == "stage_entered:제안"
    assert found["제안서 확정일"] == ATTRIBUTES


def test_without_a_column_of_stages_common_names_will_do(bench: Bench) -> None:
    text = table(
        ("deal id", "amount", "demo date", "proposal date", "party date", "won"),
        ("D1", "100", "2026-01-05", "2026-02-01", "2026-02-09", "no"),
    )
    found = fields(bench.one(text, "deals.csv"))
    assert found["demo date"] == "stage_entered:demo"
    assert found["proposal date"] == "stage_entered:proposal"
    assert found["party date"] == ATTRIBUTES
