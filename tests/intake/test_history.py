"""History from its origins: logs of stages, snapshots with amounts, changes of fields, dates in columns."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import ibis

from bokgi.facts.read import facts
from bokgi.intake.mapping.model import Entity, FileMapping
from tests.intake.homes import AT, DEALS, LADDER, Company, codes, counts, deals_mapping, mapping

HEAD = "id | name | account | owner | stage | amount | created | closed | region"
LOG = {
    "id": "stage_history.event_id",
    "deal": "stage_history.deal_id",
    "stage": "stage_history.stage",
    "at": "stage_history.entered | %Y-%m-%d %H:%M",
    "amount": "stage_history.amount",
    "by": "stage_history.by_name",
}
FIELDS = {"Amount": "amount", "Close": "expected_close_on", "Owner": "owner_id", "Stage": "stage"}


def test_a_history_that_repeats_amounts_gives_their_changes_and_only_real_entries(company: Company) -> None:
    text = """
        id | deal | stage | at               | amount | by
        E1 | D1   | Talk  | 2026-01-05 10:00 | 100    | Kim
        E2 | D1   | Talk  | 2026-01-06 10:00 | 150    | Kim
        E3 | D1   | Offer | 2026-01-07 10:00 | 150    | Lee
    """
    log = mapping("log.csv", Entity.STAGE_HISTORY, LOG, stages=LADDER, time_zone="Asia/Seoul")
    first = company.load({"log.csv": text}, log)
    again = company.load({"log.csv": text}, log, on=AT + timedelta(days=1))

    assert (counts(first), counts(again)) == ((3, 3, 0, 0), (3, 0, 0, 3))
    assert company.rows("stage_events", "stage, entered_at, source_event_id") == [
        ("Offer", datetime(2026, 1, 7, 1, tzinfo=UTC), "E3"),
        ("Talk", datetime(2026, 1, 5, 1, tzinfo=UTC), "E1"),
    ]
    assert company.rows("deal_changes", "changed_on, old, new") == [
        (date(2026, 1, 5), None, "100"),
        (date(2026, 1, 6), "100", "150"),
    ]


def test_a_partial_history_knows_what_was_before_it(company: Company) -> None:
    log = mapping("log.csv", Entity.STAGE_HISTORY, LOG, stages=LADDER)
    head = "id | deal | stage | at | amount | by"
    company.load({"log.csv": f"{head}\nE1 | D1 | Talk | 2026-01-05 10:00 | 100 | Kim"}, log)
    later = "E2 | D1 | Talk | 2026-02-05 10:00 | 300 | Kim"
    company.load({"log.csv": f"{head}\n{later}"}, log, on=AT + timedelta(days=1))

    assert company.rows("deal_changes", "old, new") == [("100", "300"), (None, "100")]
    assert company.rows("stage_events", "source_event_id") == ["E1"]


def test_rows_of_one_instant_keep_the_order_of_the_file_whichever_way_it_runs(company: Company) -> None:
    columns = {name: LOG[name] for name in ("deal", "stage", "at")}
    rows = ["D1 | Talk | 2026-01-05 10:00", "D1 | Offer | 2026-01-05 10:00", "D1 | Won | 2026-01-06 10:00"]
    for name, listed in (("up.csv", rows), ("down.csv", [row.replace("D1", "D2") for row in reversed(rows)])):
        text = "\n".join(["deal | stage | at", *listed])
        company.load({name: text}, mapping(name, Entity.STAGE_HISTORY, columns, stages=LADDER))

    expected = [(1, "Talk"), (1, "Won"), (2, "Offer")]
    for deal in ("D1", "D2"):
        assert company.rows("stage_events", "seq, stage", f"deal_id = '{deal}'") == expected


def test_an_event_log_without_deals_makes_its_cases_deals(company: Company) -> None:
    columns = {
        "case": "stage_history.deal_id",
        "what": "stage_history.stage",
        "when": "stage_history.entered",
        "who": "deals.owner_name",
        "channel": "attributes",
    }
    log = mapping("log.csv", Entity.STAGE_HISTORY, columns, stages=LADDER, derived_deals=True)
    text = """
        case | what  | when       | who | channel
        C1   | Talk  | 2026-01-05 | Kim | mail
        C1   | Won   | 2026-01-09 | Lee | mail
        C2   | Talk  | 2026-01-06 | Kim | desk
    """
    first = company.load({"log.csv": text}, log)
    longer = company.load({"log.csv": f"{text}\nC2 | Offer | 2026-01-20 | Kim | desk"}, log, on=AT + timedelta(days=1))

    assert counts(first) == (3, 3, 0, 0)
    assert counts(longer) == (4, 1, 0, 3)
    assert company.rows("deals", "deal_id, stage, outcome, created_on, closed_on, attributes['channel']") == [
        ("C1", "Won", "won", date(2026, 1, 5), date(2026, 1, 9), "mail"),
        ("C2", "Offer", "open", date(2026, 1, 6), None, "desk"),
    ]
    names = dict(company.rows("identities", "key, name"))
    assert [names[owner] for owner in company.rows("deals", "owner_id")] == ["Kim", "Lee"]


def test_a_history_of_fields_is_brought_into_the_form_of_facts(company: Company) -> None:
    columns = {
        "deal": "deal_history.deal_id",
        "what": "deal_history.field",
        "old": "deal_history.old",
        "new": "deal_history.new",
        "at": "deal_history.changed",
        "by": "deal_history.by_name",
    }
    file = mapping(
        "changes.csv",
        Entity.DEAL_HISTORY,
        columns,
        values={"deal_history.field": FIELDS},
        history_formats={"expected_close_on": "%m/%d/%Y"},
        stages=LADDER,
    )
    text = """
        deal | what   | old        | new        | at         | by
        D1   | Amount | $1,000     | $2,500.50  | 2026-01-05 | Kim
        D1   | Close  | 01/31/2026 | 02/28/2026 | 2026-01-06 | Kim
        D1   | Owner  | Kimseoyeon | Leejunho   | 2026-01-07 | Kimseoyeon
        D1   | Stage  | Talk       | Offer      | 2026-01-08 | Kim
        D1   | Colour | red        | blue       | 2026-01-09 | Kim
    """
    result = company.load({"changes.csv": text}, file)

    assert counts(result) == (5, 5, 0, 0)
    key = {name: person for person, name in company.rows("identities", "key, name")}
    assert company.rows("deal_changes", "field, old, new") == [
        ("Colour", "red", "blue"),
        ("amount", "1000", "2500.5"),
        ("expected_close_on", "2026-01-31", "2026-02-28"),
        ("owner_id", key["Kimseoyeon"], key["Leejunho"]),
    ]
    assert company.rows("stage_events", "stage, entered_on") == [("Offer", date(2026, 1, 8))]


CHANGE_LOG = {
    "deal": "deal_history.deal_id",
    "what": "deal_history.field",
    "old": "deal_history.old",
    "new": "deal_history.new",
    "at": "deal_history.changed",
}
SMALL = "id | name | amount | created\nD1 | a | 2500 | 2026-01-05\nD2 | b | 900 | 2026-01-05"
CHANGED = """
    deal | what   | old  | new        | at
    D0   | Amount | 1    | 2          | 2026-01-02
    D1   | Amount | 1000 | 2500       | 2026-02-05
    D1   | Next   |      | call again | 2026-02-06
    D1   | Next   | call again | send offer | 2026-02-07
"""


SMALL_COLUMNS = {header: DEALS[header] for header in ("id", "name", "amount", "created")}


def changes_mapping(**more: object) -> FileMapping:
    words = {**FIELDS, "Next": "has_next_step"}
    return mapping(
        "changes.csv", Entity.DEAL_HISTORY, CHANGE_LOG, values={"deal_history.field": words}, stages=LADDER, **more
    )


def known_on(company: Company, on: date) -> list[tuple[object, ...]]:
    deals = facts(ibis.duckdb.connect(), company.lake, as_of=on).deals
    rows = deals.select("deal_id", "amount", "unknown_then").order_by("deal_id").to_pyarrow().to_pylist()
    return [(row["deal_id"], "unknown" if ",amount," in row["unknown_then"] else row["amount"]) for row in rows]


def test_a_history_declared_complete_tells_what_was_before_its_first_change(company: Company) -> None:
    files = {"deals.csv": SMALL, "changes.csv": CHANGED}
    columns = SMALL_COLUMNS
    complete = changes_mapping(fully_recorded=("amount",))
    first = company.load(files, deals_mapping(columns=columns), complete)
    again = company.load(files, deals_mapping(columns=columns), complete, on=AT + timedelta(days=1))

    assert (counts(first), counts(again)) == ((6, 6, 0, 0), (6, 0, 0, 6))
    assert company.rows("recorded_fields", "field, complete") == [("amount", True), ("has_next_step", False)]
    assert known_on(company, date(2026, 2, 1)) == [("D1", 1000), ("D2", 900)]

    company.load(files, deals_mapping(columns=columns), changes_mapping(), on=AT + timedelta(days=2))
    assert known_on(company, date(2026, 2, 1)) == [("D1", "unknown"), ("D2", "unknown")]


def test_what_a_history_shows_makes_no_deal_new_when_it_comes_again(company: Company) -> None:
    said = deals_mapping(columns=SMALL_COLUMNS, known_at_creation=("created_on",))
    complete = changes_mapping(fully_recorded=("amount",))
    first = company.load({"deals.csv": SMALL, "changes.csv": CHANGED}, said, complete)
    assert company.rows("deals", "known_at_creation") == [",created_on,", ",created_on,,amount,"]

    alone = company.load({"deals.csv": SMALL}, said, on=AT + timedelta(days=1))
    again = company.load({"deals.csv": SMALL, "changes.csv": CHANGED}, said, complete, on=AT + timedelta(days=2))
    assert [counts(one) for one in (first, alone, again)] == [(6, 6, 0, 0), (2, 0, 0, 2), (6, 0, 0, 6)]

    less = deals_mapping(columns=SMALL_COLUMNS, known_at_creation=("owner_id",))
    assert counts(company.load({"deals.csv": SMALL}, less, on=AT + timedelta(days=3))) == (2, 2, 0, 0)


def test_of_a_next_step_the_history_keeps_whether_there_is_one_and_never_its_words(company: Company) -> None:
    company.load({"deals.csv": SMALL, "changes.csv": CHANGED}, deals_mapping(columns=SMALL_COLUMNS), changes_mapping())

    changes = company.rows("deal_changes", "old, new", "field = 'has_next_step'")
    assert changes == [("false", "true"), ("true", "true")]


def test_date_columns_are_entries_in_the_order_of_the_funnel(company: Company) -> None:
    columns = {
        "id": "deals.deal_id",
        "name": "deals.name",
        "offered": "stage_entered:Offer",
        "talked": "stage_entered:Talk",
    }
    text = "id | name | offered | talked\nD1 | a | 2026-01-05 | 2026-01-05\nD2 | b | | 2026-01-06"
    first = company.load(text, deals_mapping(columns=columns))
    again = company.load(text, deals_mapping(columns=columns), on=AT + timedelta(days=1))

    assert (counts(first), counts(again)) == ((2, 2, 0, 0), (2, 0, 0, 2))
    assert company.rows("stage_events", "deal_id, seq, stage, origin") == [
        ("D1", 1, "Talk", "column"),
        ("D1", 2, "Offer", "column"),
        ("D2", 1, "Talk", "column"),
    ]


def test_an_unreadable_date_of_entering_a_stage_keeps_the_row_out(company: Company) -> None:
    columns = {"id": "deals.deal_id", "name": "deals.name", "talked": "stage_entered:Talk"}
    result = company.load("id | name | talked\nD1 | a | soon", deals_mapping(columns=columns))

    assert counts(result) == (1, 0, 1, 0)
    assert codes(result) == {"date_malformed": 1}


def test_the_stage_of_a_closed_deal_and_its_moment_are_an_entry(company: Company) -> None:
    columns = {"id": "deals.deal_id", "name": "deals.name", "stage": "deals.stage", "won": "deals.won"}
    text = "id | name | stage | won\nD1 | a | Offer | 2026-01-09\nD2 | b | Offer | "
    company.load(text, deals_mapping(columns=columns))

    assert company.rows("deals", "deal_id, outcome, closed_on") == [
        ("D1", "won", date(2026, 1, 9)),
        ("D2", "open", None),
    ]
    assert company.rows("stage_events", "stage, entered_on", "origin = 'column'") == [("Won", date(2026, 1, 9))]


def test_one_close_date_is_expected_while_open_and_actual_once_closed(company: Company) -> None:
    columns = {**{header: DEALS[header] for header in ("id", "name", "stage")}, "close": "deals.close"}
    text = "id | name | stage | close\nD1 | a | Talk | 2026-12-31\nD2 | b | Won | 2026-11-02"
    company.load(text, deals_mapping(columns=columns))
    moved = text.replace("Talk | 2026-12-31", "Won | 2026-11-24")
    company.load(moved, deals_mapping(columns=columns), on=AT + timedelta(days=2))

    assert company.rows("deals", "deal_id, expected_close_on, closed_on") == [
        ("D1", date(2026, 12, 31), date(2026, 11, 24)),
        ("D2", None, date(2026, 11, 2)),
    ]


def test_stages_of_several_pipelines_stay_apart(company: Company) -> None:
    ladder = (*LADDER, *(replace(stage, pipeline="partner") for stage in LADDER))
    columns = {"id": "deals.deal_id", "name": "deals.name", "stage": "deals.stage", "way": "deals.pipeline"}
    log = {name: LOG[name] for name in ("deal", "stage", "at")}
    files = {
        "deals.csv": "id | name | stage | way\nD1 | a | Talk | partner\nD2 | b | Talk | default\nD3 | c | Talk | other",
        "log.csv": "deal | stage | at\nD1 | Talk | 2026-01-05 10:00\nD2 | Talk | 2026-01-05 10:00",
    }
    result = company.load(
        files, deals_mapping(columns=columns, stages=ladder), mapping("log.csv", Entity.STAGE_HISTORY, log)
    )

    assert codes(result) == {"stage_unknown": 1}
    assert company.rows("stage_events", "deal_id, pipeline", "origin = 'recorded'") == [
        ("D1", "partner"),
        ("D2", "default"),
    ]
