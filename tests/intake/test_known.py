"""What the lake holds already is known, what differs is new; history is never forgotten."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bokgi.intake.mapping.model import Entity
from tests.intake.homes import AT, DEALS, Company, codes, counts, deals_mapping, mapping

HEAD = "id | name | account | owner | stage | amount | created | closed | region"
D1 = "D1 | Server | Acme | Kim | Offer | 500 | 2026-01-05 | | North"
D2 = "D2 | Cloud | Globex | Lee | Talk | 700 | 2026-02-05 | | South"
BOTH = f"{HEAD}\n{D1}\n{D2}"


def days(number: int) -> datetime:
    return AT + timedelta(days=number)


def test_the_same_file_twice_changes_nothing(company: Company) -> None:
    first = company.load(BOTH)
    version = company.lake.version()
    second = company.load(BOTH)

    assert counts(first) == (2, 2, 0, 0)
    assert counts(second) == (2, 0, 0, 2)
    assert second.import_no is None
    assert second.tables == {}
    assert codes(second) == {"nothing_new": 1}
    assert company.lake.version() == version


def test_a_new_snapshot_of_unchanged_deals_says_that_they_were_seen(company: Company) -> None:
    company.load(BOTH)
    second = company.load(BOTH, on=days(7))

    assert counts(second) == (2, 0, 0, 2)
    assert second.tables == {"sightings": 2}
    assert company.rows("deals", "deal_id, last_seen_on") == [("D1", date(2026, 11, 30)), ("D2", date(2026, 11, 30))]


def test_only_the_changed_deal_is_written_again(company: Company) -> None:
    company.load(BOTH)
    second = company.load(BOTH.replace("500", "900"), on=days(7))

    assert counts(second) == (2, 1, 0, 1)
    assert second.tables == {"deals": 1, "sightings": 1}
    assert company.rows("deals", "deal_id, amount::INT") == [("D1", 900), ("D2", 700)]


def test_there_and_back_again_are_two_changes(company: Company) -> None:
    company.load(BOTH)
    company.load(BOTH.replace("Offer", "Won").replace("2026-01-05 |", "2026-01-05 | 2026-11-25"), on=days(7))
    third = company.load(BOTH, on=days(14))

    assert counts(third) == (2, 1, 0, 1)
    assert company.rows("stage_events", "stage, not_before_on, not_after_on", "deal_id = 'D1'") == [
        ("Offer", date(2026, 11, 30), date(2026, 12, 7)),
        ("Offer", None, date(2026, 11, 23)),
        ("Won", date(2026, 11, 25), date(2026, 11, 25)),
    ]
    assert company.rows("deals", "outcome", "deal_id = 'D1'") == ["open"]


def test_a_changed_attribute_and_a_changed_name_are_changes(company: Company) -> None:
    company.load(BOTH)
    region = company.load(BOTH.replace("North", "East"), on=days(7))
    name = company.load(BOTH.replace("North", "East").replace("Server", "Servers"), on=days(14))

    assert region.tables == {"deals": 1, "sightings": 1}
    assert name.tables == {"sightings": 2, "texts": 1}
    assert counts(name) == (2, 1, 0, 1)
    assert company.rows("texts", "text", "key = 'D1'") == ["Servers"]
    assert company.rows("deals", "attributes['region']", "deal_id = 'D1'") == ["East"]


def test_emptied_cells_are_changes(company: Company) -> None:
    company.load(BOTH)
    company.load(BOTH.replace("500", "").replace("North", "").replace("Server", ""), on=days(7))

    assert company.rows("deals", "amount, attributes['region']", "deal_id = 'D1'") == [(None, None)]
    assert company.rows("texts", "text", "key = 'D1'") == [None]


def test_columns_that_a_file_does_not_have_say_nothing(company: Company) -> None:
    company.load(BOTH)
    columns = {header: field for header, field in DEALS.items() if header in {"id", "stage"}}
    second = company.load("id | stage\nD1 | Talk\nD2 | Talk", deals_mapping(columns=columns), on=days(7))

    assert counts(second) == (2, 1, 0, 1)
    assert company.rows("deals", "stage, amount::INT, attributes['region']", "deal_id = 'D1'") == [
        ("Talk", 500, "North")
    ]


def test_a_file_that_arrives_late_is_compared_with_its_own_time(company: Company) -> None:
    company.load(BOTH, on=days(0))
    company.load(BOTH.replace("500", "900"), on=days(20))
    late = company.load(BOTH.replace("500", "900"), on=days(10))

    assert counts(late) == (2, 1, 0, 1)
    assert company.rows(
        "deal_changes", "old, new, not_before_on, not_after_on", "field = 'amount' AND old IS NOT NULL"
    ) == [("500", "900", date(2026, 11, 23), date(2026, 12, 3))]


def test_an_old_state_between_two_equal_ones_is_found_late(company: Company) -> None:
    company.load(BOTH, on=days(0))
    company.load(BOTH, on=days(20))
    late = company.load(BOTH.replace("500", "900"), on=days(10))

    assert counts(late) == (2, 1, 0, 1)
    changes = company.rows("deal_changes", "changed_on, old, new", "field = 'amount' AND old IS NOT NULL")
    assert changes == [(date(2026, 12, 3), "500", "900"), (date(2026, 12, 13), "900", "500")]
    assert company.rows("deals", "amount::INT", "deal_id = 'D1'") == [500]


def test_a_deal_missing_from_a_partial_file_stays(company: Company) -> None:
    company.load(BOTH)
    company.load(f"{HEAD}\n{D1}", on=days(7))

    assert company.rows("deals", "deal_id, outcome, last_seen_on") == [
        ("D1", "open", date(2026, 11, 30)),
        ("D2", "open", date(2026, 11, 23)),
    ]


def test_a_deal_missing_from_a_complete_file_is_removed_and_comes_back(company: Company) -> None:
    company.load(BOTH)
    company.load(f"{HEAD}\n{D1}", on=days(7), complete=True)
    assert company.rows("deals", "deal_id, outcome") == [("D1", "open"), ("D2", "removed")]

    company.load(BOTH, on=days(14), complete=True)
    assert company.rows("deals", "deal_id, outcome") == [("D1", "open"), ("D2", "open")]


def test_a_refused_row_of_a_complete_file_removes_no_deal(company: Company) -> None:
    company.load(BOTH)
    second = company.load(BOTH.replace("700", "a lot"), on=days(7), complete=True)

    assert counts(second) == (2, 0, 1, 1)
    assert company.rows("deals", "deal_id, outcome") == [("D1", "open"), ("D2", "open")]


@pytest.mark.parametrize("later_first", [0, 1])
def test_a_refused_row_saw_its_deal_whichever_file_arrives_first(company: Company, later_first: int) -> None:
    files = [(BOTH, days(0), False), (BOTH.replace("700", "a lot"), days(7), True)]
    for text, on, complete in files[::-1] if later_first else files:
        company.load(text, on=on, complete=complete)
    seen = company.rows("deals", "deal_id, outcome, first_seen_on, last_seen_on")
    assert seen == [(deal, "open", days(0).date(), days(7).date()) for deal in ("D1", "D2")]


def test_a_refused_row_is_known_until_it_would_be_judged_otherwise(company: Company) -> None:
    text = BOTH.replace("Talk", "Dancing")
    first = company.load(text)
    second = company.load(text)
    assert counts(first) == (2, 1, 1, 0)
    assert counts(second) == (2, 0, 0, 2)

    words = {"deals.stage": {"Dancing": "Talk"}}
    third = company.load(text, deals_mapping(values=words))
    assert counts(third) == (2, 1, 0, 1)
    assert company.rows("deals", "deal_id, stage") == [("D1", "Offer"), ("D2", "Talk")]
    assert company.rows("releases", "quarantined_by, file, row, how") == [(1, "deals.csv", 3, "remapped")]
    assert counts(company.load(text, deals_mapping(values=words))) == (2, 0, 0, 2)


def test_a_row_mended_in_the_source_leaves_quarantine(company: Company) -> None:
    company.load(BOTH.replace("700", "a lot"))
    company.load(BOTH, on=days(7))

    assert company.rows("releases", "quarantined_by, row, how") == [(1, 3, "remapped")]


def test_deals_without_ids_are_found_again_by_their_natural_key(company: Company) -> None:
    columns = {header: field for header, field in DEALS.items() if header != "id"}
    natural = deals_mapping(columns=columns, keys=("deals.name", "deals.account_name"))
    text = "name | account | owner | stage | amount | created | closed | region"
    rows = ["a | Acme | Kim | Offer | 1 | 2026-01-05 | | ", "a | Acme | Kim | Talk | 2 | 2026-01-06 | | "]
    first = company.load("\n".join([text, *rows]), natural)
    second = company.load("\n".join([text, *rows]), natural)
    third = company.load("\n".join([text, rows[0], rows[1].replace("Talk", "Offer")]), natural, on=days(7))

    assert counts(first) == (2, 2, 0, 0)
    assert counts(second) == (2, 0, 0, 2)
    assert counts(third) == (2, 1, 0, 1)
    assert company.rows("deals", "deal_id, amount::INT, stage") == [("d1-1", 1, "Offer"), ("d1-2", 2, "Offer")]


def test_events_without_ids_count_by_content_and_occurrence(company: Company) -> None:
    columns = {"deal": "stage_history.deal_id", "stage": "stage_history.stage", "at": "stage_history.entered"}
    log = mapping("log.csv", Entity.STAGE_HISTORY, columns, stages=deals_mapping().stages)
    text = "deal | stage | at\nD1 | Talk | 2026-01-05\nD1 | Talk | 2026-01-05"
    first = company.load({"log.csv": text}, log)
    second = company.load({"log.csv": text}, log, on=days(1))
    third = company.load({"log.csv": f"{text}\nD1 | Talk | 2026-01-05"}, log, on=days(2))

    assert [counts(result) for result in (first, second, third)] == [(2, 2, 0, 0), (2, 0, 0, 2), (3, 1, 0, 2)]
    assert len(company.rows("stage_events", "stage", "origin = 'recorded'")) == 3


def test_events_with_ids_are_known_by_them(company: Company) -> None:
    columns = {
        "id": "stage_history.event_id",
        "deal": "stage_history.deal_id",
        "stage": "stage_history.stage",
        "at": "stage_history.entered",
    }
    log = mapping("log.csv", Entity.STAGE_HISTORY, columns)
    text = "id | deal | stage | at\nE1 | D1 | Talk | 2026-01-05\nE2 | D1 | Talk | 2026-01-05"
    first = company.load({"log.csv": text}, log)
    second = company.load({"log.csv": f"{text}\nE3 | D1 | Offer | 2026-01-06"}, log, on=days(1))

    assert [counts(result) for result in (first, second)] == [(2, 2, 0, 0), (3, 1, 0, 2)]


ROWS = st.lists(
    st.tuples(
        st.sampled_from(["D1", "D2", "D3", ""]),
        st.sampled_from(["a", "b", ""]),
        st.sampled_from(["Talk", "Offer", "Won", "Dancing", ""]),
        st.sampled_from(["5", "-5", "x", ""]),
        st.sampled_from(["2026-01-05", "soon", ""]),
    ),
    max_size=6,
)


@pytest.mark.slow
@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(first=ROWS, second=ROWS)
def test_every_row_is_accepted_quarantined_or_known(
    tmp_path_factory: pytest.TempPathFactory, first: list[tuple[str, ...]], second: list[tuple[str, ...]]
) -> None:
    company = Company(tmp_path_factory.mktemp("home"))
    columns = {header: DEALS[header] for header in ("id", "name", "stage", "amount", "created")}
    for number, rows in enumerate((first, second, second)):
        blank = [row for row in rows if any(row)]
        if not blank:
            continue
        text = "\n".join(" | ".join(row) for row in [tuple(columns), *blank])
        result = company.load(text, deals_mapping(columns=columns), on=days(number))
        assert result.read == len(blank)
        assert result.accepted + result.quarantined + result.known == result.read
        again = company.load(text, deals_mapping(columns=columns), on=days(number))
        assert counts(again) == (len(blank), 0, 0, len(blank))
        assert again.import_no is None
