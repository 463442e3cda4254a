"""Facts typed by hand are imports of their own; a correction holds until the CRM says something else."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import ibis
import pyarrow as pa
import pytest

from bokgi.domain.errors import NotFoundError, SetupError, UsageError
from bokgi.facts.read import facts, facts_on
from bokgi.facts.schema import TABLES
from bokgi.intake.entering import Correction, correct, enter, link_people
from bokgi.intake.writing.home import renewed_calendar
from tests.intake.homes import AT, Company, counts, deals_mapping, fills_up

HEAD = "id | name | account | owner | stage | amount | created | closed | region"
TEXT = f"{HEAD}\nD1 | a | Acme | Kim | Talk | 100 | 2026-01-05 | | \nD2 | b | Acme | Lee | Talk | 200 | 2026-01-05 | | "


def days(number: int) -> datetime:
    return AT + timedelta(days=number)


def corrected(company: Company, value: str | None = "150", seen: str | None = "100.00") -> None:
    """Correct the amount of D1 a day after the first export."""
    wrong = Correction("D1", "amount", seen, value, days(1))
    correct(company.lake, [wrong], by="test", at=days(1))


def amount(company: Company) -> list[int]:
    return company.rows("deals", "amount::INT", "deal_id = 'D1'")


def test_a_correction_counts_at_once(company: Company) -> None:
    company.load(TEXT)
    corrected(company)

    assert amount(company) == [150]
    [entry] = [one for one in company.lake.imports() if one.kind == "entered"]
    assert entry.tables == {"deal_changes": 1, "deals": 1}
    assert company.rows("deal_changes", "field, old, new, changed_on, origin", "origin = 'entered'") == [
        ("amount", "100.00", "150", date(2026, 11, 24), "entered")
    ]


def test_a_disk_that_fills_up_after_a_correction_says_that_it_is_saved(
    company: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    company.load(TEXT)
    with monkeypatch.context() as patched:
        fills_up(patched, company.lake)
        with pytest.raises(SetupError) as refused:
            corrected(company)

    assert refused.value.code == "disk_full_after_change"
    assert refused.value.message.text("ko").startswith("변경은 저장됐지만")
    assert amount(company) == [150]


def test_it_holds_while_the_crm_shows_the_value_that_was_corrected(company: Company) -> None:
    company.load(TEXT)
    corrected(company)
    again = company.load(TEXT, on=days(7))
    other = company.load(TEXT.replace("| Talk | 100", "| Offer | 100"), on=days(8))

    assert counts(again) == (2, 0, 0, 2)
    assert counts(other) == (2, 1, 0, 1)
    assert amount(company) == [150]
    assert company.rows("deals", "stage", "deal_id = 'D1'") == ["Offer"]


def test_the_crm_wins_as_soon_as_it_shows_another_value_and_the_entry_stays_closed(company: Company) -> None:
    company.load(TEXT)
    corrected(company)
    company.load(TEXT.replace("| 100 |", "| 120 |"), on=days(7))
    assert amount(company) == [120]

    company.load(TEXT, on=days(8))
    assert amount(company) == [100]


def test_an_entry_that_the_crm_agrees_with_is_closed(company: Company) -> None:
    company.load(TEXT)
    corrected(company)
    company.load(TEXT.replace("| 100 |", "| 150 |"), on=days(7))
    assert amount(company) == [150]

    company.load(TEXT, on=days(8))
    assert amount(company) == [100]


def test_an_emptied_field_is_a_correction_too(company: Company) -> None:
    company.load(TEXT)
    corrected(company, None)
    company.load(TEXT, on=days(7))

    assert company.rows("deals", "amount", "deal_id = 'D1'") == [None]


def test_what_cannot_be_corrected_is_refused(company: Company) -> None:
    company.load(TEXT)
    with pytest.raises(UsageError) as field:
        correct(company.lake, [Correction("D1", "deal_id", "D1", "D9", AT)], by="test", at=AT)
    with pytest.raises(NotFoundError) as deal:
        correct(company.lake, [Correction("D9", "amount", "1", "2", AT)], by="test", at=AT)

    assert (field.value.code, deal.value.code) == ("field_not_correctable", "deal_unknown")


def test_targets_are_entered_and_entering_them_again_changes_nothing(company: Company) -> None:
    target = {
        "subject_kind": ["team"],
        "subject_id": ["A"],
        "metric": ["won_amount"],
        "period_start": [date(2026, 10, 1)],
        "period_end": [date(2027, 1, 1)],
        "lead_source": ["all"],
        "amount": [5000],
        "currency": ["KRW"],
    }
    first = enter(company.lake, {"targets": pa.table(target)}, by="test", at=AT)
    second = enter(company.lake, {"targets": pa.table(target)}, by="test", at=AT)
    raised = enter(company.lake, {"targets": pa.table({**target, "amount": [6000]})}, by="test", at=days(1))

    assert first.tables["targets"] == 1
    assert (second.import_no, second.tables) == (None, {})
    assert raised.tables == {"targets": 1}
    assert company.rows("targets", "subject_id, amount::INT") == [("A", 6000)]
    found = facts(ibis.duckdb.connect(), company.lake)
    told = [facts_on(found, days(day).date()).targets.to_pyarrow()["amount"].to_pylist() for day in (0, 1)]
    assert told == [[5000], [6000]]


def test_settings_entered_after_an_import_hold_beside_those_it_took(company: Company) -> None:
    company.load(TEXT)
    rows = {"name": ["currency", "country"], "setting": ["USD", "KR"], "valid_from": [date(1970, 1, 1)] * 2}
    enter(company.lake, {"settings": pa.table(rows)}, by="test", at=days(1))
    found = facts(ibis.duckdb.connect(), company.lake).settings
    assert (found.currency, found.country, found.language) == ("USD", "KR", "ko")


def test_a_team_without_a_crm_enters_deals(company: Company) -> None:
    deals = pa.table({"deal_id": ["e1"], "stage": ["Talk"], "created_on": [date(2026, 11, 2)]})
    enter(company.lake, {"deals": deals}, by="test", at=AT)
    moved = pa.table({"deal_id": ["e1"], "stage": ["Offer"]})
    enter(company.lake, {"deals": moved}, by="test", at=days(1))

    assert company.rows("deals", "deal_id, stage, created_on, outcome, pipeline") == [
        ("e1", "Offer", date(2026, 11, 2), "open", "default")
    ]
    assert company.rows("stage_events", "stage, origin, entered_on", "stage = 'Offer'") == [
        ("Offer", "entered", date(2026, 11, 24))
    ]


@pytest.mark.parametrize(
    ("name", "columns", "code"),
    [
        ("imports", {"import_no": [1]}, "table_not_enterable"),
        ("targets", {"goal": [1]}, "column_unknown"),
        ("rates", {"currency": ["USD"]}, "column_missing"),
        ("rates", {"currency": ["USD"], "month": [date(2026, 11, 1)]}, "column_missing"),
        ("rates", {"currency": ["USD"], "month": ["soon"], "rate": [1]}, "value_unreadable"),
        ("rates", {"currency": ["USD"] * 2, "month": [date(2026, 11, 1)] * 2, "rate": [1, 2]}, "key_twice"),
    ],
)
def test_entered_rows_are_refused_with_a_reason(
    company: Company, name: str, columns: dict[str, list[object]], code: str
) -> None:
    with pytest.raises(UsageError) as refused:
        enter(company.lake, {name: pa.table(columns)}, by="test", at=AT)

    assert refused.value.code == code
    assert company.lake.version() == 0


def test_two_identities_linked_by_hand_are_one_person(company: Company) -> None:
    company.load(TEXT)
    by_name = dict(company.rows("identities", "name, key"))
    link_people(company.lake, by_name["Lee"], by_name["Kim"], by="test", at=AT)

    assert company.rows("deals", "owner_id") == [by_name["Kim"], by_name["Kim"]]
    with pytest.raises(NotFoundError):
        link_people(company.lake, "p9-9", by_name["Kim"], by="test", at=AT)
    with pytest.raises(UsageError):
        link_people(company.lake, by_name["Kim"], by_name["Kim"], by="test", at=AT)


def test_a_day_set_by_hand_stays_when_the_calendar_grows(company: Company) -> None:
    company.load(TEXT)
    columns = ("day", "working", "holiday", "week_start", "iso_week", "working_days")
    there = [dict(zip(columns, row, strict=True)) for row in company.rows("calendar", ", ".join(columns))]
    closed = renewed_calendar(there, {date(2026, 12, 31): (False, "Inventory")})
    schema = pa.schema([field for field in TABLES["calendar"].arrow() if field.name != "import_no"])
    enter(company.lake, {"calendar": pa.Table.from_pylist(closed, schema=schema)}, by="test", at=days(1))
    company.load(f"{HEAD}\nD9 | z | Acme | Kim | Talk | 1 | 2031-01-06 | | ", on=date(2031, 1, 7))

    grown = company.rows("calendar", "day, working, holiday, working_days")
    assert grown[-1][0].year > 2031
    assert [row[1:3] for row in grown if row[0] == date(2026, 12, 31)] == [(False, "Inventory")]
    assert grown[-1][3] == sum(row[1] for row in grown)


def test_a_stage_that_ended_on_screen_is_not_opened_again_by_the_next_export(company: Company) -> None:
    company.load(TEXT)
    columns = "pipeline, stage, label, stage_order, kind, origin, valid_from"
    [talk] = company.rows("stages", columns, "stage = 'Talk'")
    names = [*columns.split(", "), "valid_to"]
    first = date(2026, 12, 1)
    rows = [(*talk, first), (*talk[:2], "First talk", *talk[3:6], first, None)]
    schema = pa.schema([TABLES["stages"].column(name).arrow() for name in names])
    entered = pa.Table.from_pylist([dict(zip(names, row, strict=True)) for row in rows], schema=schema)
    enter(company.lake, {"stages": entered}, by="test", at=days(1))
    company.load(TEXT.replace("| 100 |", "| 150 |"), on=days(30))

    told = company.rows("stages", "label, valid_from, valid_to", "stage = 'Talk'")
    assert sorted(told, key=str) == [("First talk", first, None), ("Talk", None, first)]


STEPS = {"id": "deals.deal_id", "stage": "deals.stage", "next": "deals.next_step"}


def steps(company: Company, words: str, on: datetime) -> None:
    company.load({"deals.csv": f"id | stage | next\nD1 | Talk | {words}"}, deals_mapping(columns=STEPS), on=on)


def step(company: Company) -> tuple[list[object], list[object]]:
    return company.rows("texts", "text", "kind = 'next_step'"), company.rows("deals", "has_next_step")


def test_words_of_a_next_step_hold_until_the_crm_shows_others(company: Company) -> None:
    steps(company, "send the offer", AT)
    wrong = Correction("D1", "next_step", "send the offer", "meet 김서연 on Monday", days(1))
    correct(company.lake, [wrong], by="test", at=days(1))
    assert step(company) == (["meet 김서연 on Monday"], [True])

    steps(company, "send the offer", days(7))
    assert step(company) == (["meet 김서연 on Monday"], [True])
    steps(company, "sign", days(8))
    assert step(company) == (["sign"], [True])
    steps(company, "send the offer", days(9))
    assert step(company) == (["send the offer"], [True])
    assert "김서연" not in str(company.rows("deal_changes"))


def test_a_next_step_is_entered_where_the_crm_has_none_and_can_be_emptied(company: Company) -> None:
    steps(company, "", AT)
    correct(company.lake, [Correction("D1", "next_step", None, "call", days(1))], by="test", at=days(1))
    steps(company, "", days(2))
    assert step(company) == (["call"], [True])
    steps(company, "sign", days(3))
    correct(company.lake, [Correction("D1", "next_step", "sign", None, days(4))], by="test", at=days(4))
    steps(company, "sign", days(5))
    assert step(company) == ([None], [False])
