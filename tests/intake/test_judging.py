"""Each rule refuses or questions what its name says, and nothing else."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from bokgi.intake.mapping.model import Entity
from tests.intake.homes import AT, Company, codes, counts, deals_mapping, mapping

HEAD = "id | name | account | owner | stage | amount | created | closed | region"
GOOD = "D1 | Server | Acme | Kim | Offer | 500 | 2026-01-05 | | North"


def one(row: str) -> str:
    """Give a file with a good row and the row in question."""
    return f"{HEAD}\n{GOOD}\n{row}"


def test_a_good_row_is_accepted_without_findings(company: Company) -> None:
    result = company.load(f"{HEAD}\n{GOOD}")

    assert counts(result) == (1, 1, 0, 0)
    assert codes(result) == {}


@pytest.mark.parametrize(
    ("row", "code"),
    [
        ("D2 | x | Acme | Kim | Offer | -5 | 2026-01-05 | | ", "amount_negative"),
        ("D2 | x | Acme | Kim | Offer | a lot | 2026-01-05 | | ", "amount_malformed"),
        ("D2 | x | Acme | Kim | Offer | 5 | someday | | ", "date_malformed"),
        ("D2 | x | Acme | Kim | Won | 5 | 2026-01-05 | 2026-01-04 | ", "closed_before_created"),
        ("D2 | x | Acme | Kim | Dancing | 5 | 2026-01-05 | | ", "stage_unknown"),
        ("D2 | x | Acme | Kim | Offer | 5 | 1909-01-05 | | ", "date_out_of_range"),
        (" | | | Kim | Offer | 5 | 2026-01-05 | | ", "value_missing"),
    ],
)
def test_errors_keep_the_row_out(company: Company, row: str, code: str) -> None:
    result = company.load(one(row))

    assert counts(result) == (2, 1, 1, 0)
    assert codes(result)[code] == 1
    assert company.rows("deals", "deal_id") == ["D1"]
    assert company.rows("quarantine", "file, row") == [("deals.csv", 3)]


@pytest.mark.parametrize(
    ("row", "code"),
    [
        ("D2 | x | Acme | Kim | | 5 | 2026-01-05 | | ", "stage_missing"),
        ("D2 | x | Acme | Kim | Won | 5 | 2026-01-05 | | ", "won_without_close_date"),
        ("D2 | x | Acme | Kim | Won | 5 | 2026-01-05 | 2027-03-01 | ", "closed_in_future"),
        ("D2 | x | Acme | Kim | Offer | 5 | 2026-12-05 | | ", "created_in_future"),
        ("D2 | x | Acme | Kim | Offer | 5 | 2026-01-05 | 2026-02-01 | ", "open_with_close_date"),
        ("D2 | x | Acme | Kim | Offer | 5 | 1989-01-05 | | ", "date_far"),
        (" | x | Acme | Kim | Offer | 5 | 2026-01-05 | | ", "id_missing"),
    ],
)
def test_warnings_let_the_row_in_and_say_so(company: Company, row: str, code: str) -> None:
    result = company.load(one(row))

    assert counts(result) == (2, 2, 0, 0)
    assert codes(result) == {code: 1}
    assert len(company.rows("deals", "deal_id")) == 2


def test_an_example_names_file_row_column_and_value_as_a_person_sees_them(company: Company) -> None:
    result = company.load(one("D2 | x | Acme | Kim | Offer | a lot | 2026-01-05 | | "))

    [finding] = [finding for finding in result.findings if finding.code == "amount_malformed"]
    assert finding.as_json("en")["examples"] == [{"file": "deals.csv", "row": 3, "column": "amount", "value": "a lot"}]


def test_an_open_deal_has_no_close_date_even_where_the_file_has_one(company: Company) -> None:
    company.load(one("D2 | x | Acme | Kim | Offer | 5 | 2026-01-05 | 2026-02-01 | "))

    assert company.rows("deals", "closed_on") == [None, None]


def test_a_refused_row_carries_its_text_and_every_reason(company: Company) -> None:
    company.load(one("D2 | x | Acme | Kim | Dancing | a lot | 2026-01-05 | | "))

    [(raw, findings)] = company.rows("quarantine", "raw, findings")
    assert raw == (
        '{"id":"D2","name":"x","account":"Acme","owner":"Kim","stage":"Dancing",'
        '"amount":"a lot","created":"2026-01-05"}'
    )
    assert findings == (
        '[{"code":"amount_malformed","column":"amount","value":"a lot"},'
        '{"code":"stage_unknown","column":"stage","value":"Dancing"}]'
    )


def test_a_row_repeated_word_for_word_counts_once_and_is_known(company: Company) -> None:
    result = company.load(one(GOOD))

    assert counts(result) == (2, 1, 0, 1)
    assert codes(result) == {"row_repeated": 1}


def test_rows_of_one_id_that_contradict_each_other_all_stay_out(company: Company) -> None:
    result = company.load(one("D1 | Server | Acme | Kim | Offer | 900 | 2026-01-05 | | North"))

    assert counts(result) == (2, 0, 2, 0)
    assert codes(result) == {"id_repeated": 2}
    assert company.rows("deals") == []


def test_ids_are_compared_over_all_files_of_an_import(company: Company) -> None:
    files = {"deals.csv": f"{HEAD}\n{GOOD}", "more.csv": f"{HEAD}\n{GOOD.replace('500', '900')}"}
    result = company.load(files, deals_mapping(), deals_mapping("more.csv"))

    assert counts(result) == (2, 0, 2, 0)


def test_an_owner_on_no_list_of_people_is_a_finding_and_becomes_a_person(company: Company) -> None:
    people = mapping("people.csv", Entity.PEOPLE, {"name": "people.name", "team": "people.team"})
    files = {"deals.csv": f"{HEAD}\n{GOOD}", "people.csv": "name | team\nLee | A"}
    result = company.load(files, deals_mapping(), people)

    assert codes(result) == {"owner_unknown": 1}
    assert counts(result) == (2, 2, 0, 0)
    assert company.rows("identities", "name") == ["Kim", "Lee"]


def test_an_owner_missing_from_a_complete_list_of_people_keeps_the_row_out(company: Company) -> None:
    people = mapping("people.csv", Entity.PEOPLE, {"name": "people.name", "team": "people.team"})
    files = {"deals.csv": f"{HEAD}\n{GOOD}", "people.csv": "name | team\nLee | A"}
    result = company.load(files, deals_mapping(), people, complete=True)

    assert counts(result) == (2, 1, 1, 0)
    assert company.rows("identities", "name") == ["Lee"]


def test_an_account_on_no_list_of_accounts_is_a_finding(company: Company) -> None:
    accounts = mapping("accounts.csv", Entity.ACCOUNTS, {"account": "accounts.name", "sector": "accounts.industry"})
    files = {
        "deals.csv": one(GOOD.replace("D1", "D2").replace("Acme", "ACME ")),
        "accounts.csv": "account | sector\nGlobex | IT",
    }
    result = company.load(files, deals_mapping(), accounts)

    assert codes(result) == {"account_unknown": 2}
    assert company.rows("accounts", "account_id, industry") == [("ACME", None), ("Acme", None), ("Globex", "IT")]


@pytest.mark.parametrize("apart", [False, True])
def test_an_account_by_a_name_that_several_have_is_a_finding(company: Company, *, apart: bool) -> None:
    accounts = mapping("accounts.csv", Entity.ACCOUNTS, {"id": "accounts.account_id", "name": "accounts.name"})
    listed = {"accounts.csv": "id | name\nA1 | ACME\nA2 | Acme\nA3 | Globex"}
    deals = {"deals.csv": one(GOOD.replace("D1", "D2").replace("Acme", "Globex"))}
    if apart:
        company.load(listed, accounts)
        result = company.load(deals, deals_mapping())
    else:
        result = company.load(deals | listed, deals_mapping(), accounts)
    [finding] = [finding for finding in result.findings if finding.code == "account_ambiguous"]
    assert (finding.count, [example.value for example in finding.examples]) == (1, ["Acme"])
    assert company.rows("deals", "account_id") == ["A3", "Acme"]
    # What the name stood for before says nothing new of it.
    again = company.load({"deals.csv": one(GOOD.replace("Acme", "Globex"))}, deals_mapping())
    assert "account_ambiguous" not in codes(again)


def test_currencies_without_a_rate_are_a_finding(company: Company) -> None:
    columns = {"id": "deals.deal_id", "amount": "deals.amount", "currency": "deals.currency", "name": "deals.name"}
    text = "id | amount | currency | name\nD1 | 5 | KRW | a\nD2 | 6 | KRW | b\nD3 | 7 | USD | c"
    result = company.load(text, deals_mapping(columns=columns))

    assert codes(result) == {"currency_mixed": 1}
    assert company.rows("settings", "setting", "name = 'currency'") == ["KRW"]
    assert company.rows("deals", "deal_id, currency") == [("D1", "KRW"), ("D2", "KRW"), ("D3", "USD")]


def test_a_probability_beyond_one_hundred_percent_keeps_the_row_out(company: Company) -> None:
    columns = {"id": "deals.deal_id", "p": "deals.probability", "name": "deals.name"}
    result = company.load("id | p | name\nD1 | 0.4 | a\nD2 | 1.4 | b", deals_mapping(columns=columns))

    assert counts(result) == (2, 1, 1, 0)
    assert codes(result) == {"probability_malformed": 1}


def test_history_of_an_unknown_deal_is_a_finding_and_stays(company: Company) -> None:
    columns = {"deal": "stage_history.deal_id", "stage": "stage_history.stage", "at": "stage_history.entered"}
    history = mapping("history.csv", Entity.STAGE_HISTORY, columns)
    files = {
        "deals.csv": f"{HEAD}\n{GOOD}",
        "history.csv": "deal | stage | at\nD1 | Talk | 2026-01-05\nD9 | Talk | 2026-01-06",
    }
    result = company.load(files, deals_mapping(), history)

    assert codes(result) == {"deal_unknown": 1}
    assert company.rows("stage_events", "deal_id", "origin = 'recorded'") == ["D1", "D9"]


def test_old_and_deleted_versions_of_a_record_say_nothing(company: Company) -> None:
    columns = {
        "id": "activities.activity_id",
        "at": "activities.happened",
        "deleted": "row.deleted",
        "current": "row.current",
    }
    calls = mapping("calls.csv", Entity.ACTIVITIES, columns)
    text = """
        id | at         | deleted | current
        A1 | 2026-11-02 | false   | true
        A2 | 2026-11-02 | true    | true
        A1 | 2026-11-01 | false   | false
    """
    result = company.load({"calls.csv": text}, calls)
    again = company.load({"calls.csv": text}, calls)

    assert counts(result) == (3, 3, 0, 0)
    assert counts(again) == (3, 0, 0, 3)
    assert company.rows("activities", "activity_id, happened_on") == [("A1", date(2026, 11, 2))]


def test_a_deleted_deal_leaves_the_pipeline_and_is_no_loss(company: Company) -> None:
    columns = {"id": "deals.deal_id", "name": "deals.name", "deleted": "row.deleted"}
    company.load("id | name | deleted\nD1 | a | true\nD2 | b | false", deals_mapping(columns=columns))

    assert company.rows("deals", "deal_id, outcome") == [("D1", "removed"), ("D2", "open")]


def test_lines_of_totals_are_no_records(company: Company) -> None:
    result = company.load(one("Total | | | | | 500 | | | "), deals_mapping(total_rows={"id": ("Total",)}))

    assert counts(result) == (1, 1, 0, 0)
    assert codes(result) == {"totals_left_out": 1}


def test_a_dry_run_tells_all_and_writes_nothing(company: Company) -> None:
    text = one("D2 | x | Acme | Kim | Offer | -5 | 2026-01-05 | | ")
    tried = company.load(text, dry_run=True)

    assert company.lake.version() == 0
    assert not (company.home / "sources").exists()
    done = company.load(text)
    assert counts(tried) == counts(done)
    assert tried.tables == done.tables
    assert codes(tried) == codes(done)
    assert tried.import_no is None


def test_dates_are_judged_by_the_day_of_the_export(company: Company) -> None:
    later = (AT + timedelta(days=40)).date()
    row = "D2 | x | Acme | Kim | Offer | 5 | 2026-12-05 | | "

    assert codes(company.load(one(row), on=later)) == {"exported_at_ahead": 1}
