"""People and contacts are found again by id, e-mail and name; names stand in identities only."""

from __future__ import annotations

import unicodedata
from datetime import date, timedelta

import pyarrow as pa

from bokgi.intake.mapping.model import Entity
from tests.intake.homes import AT, DEALS, Company, codes, counts, deals_mapping, mapping

PEOPLE = {
    "id": "people.person_id",
    "name": "people.name",
    "mail": "people.email",
    "team": "people.team",
    "boss": "people.manager_name",
}
HEAD = "id | name | account | owner | stage | amount | created | closed | region"


def people(**more: str) -> dict[str, str]:
    return {**PEOPLE, **more}


def test_owners_are_the_people_of_the_people_file(company: Company) -> None:
    files = {
        "deals.csv": f"{HEAD}\nD1 | a | Acme | Kim | Talk | 1 | 2026-01-05 | | "
        "\nD2 | b | Acme | Lee | Talk | 1 | 2026-01-05 | | ",
        "people.csv": "id | name | mail | team | boss"
        "\n7 | Lee | LEE@example.com | A | Kim\n8 | Kim | kim@example.com | A | ",
    }
    company.load(files, deals_mapping(), mapping("people.csv", Entity.PEOPLE, people()))

    assert company.rows("people", "person_id, source_id") == [("p1-1", "7"), ("p1-2", "8")]
    assert company.rows("deals", "deal_id, owner_id") == [("D1", "p1-2"), ("D2", "p1-1")]
    assert company.rows("memberships", "person_id, team, manager_id") == [("p1-1", "A", "p1-2"), ("p1-2", "A", None)]


def test_people_are_found_again_by_mail_name_and_id_in_later_imports(company: Company) -> None:
    by_name = deals_mapping()
    columns = {**DEALS, "owner": "deals.owner_email"}
    company.load(f"{HEAD}\nD1 | a | Acme |  Kim   Seo | Talk | 1 | 2026-01-05 | | ", by_name)
    files = {"people.csv": "id | name | mail | team | boss\n7 | Kim Seo | Kim@Example.com | A | "}
    company.load(files, mapping("people.csv", Entity.PEOPLE, people()))
    company.load(
        f"{HEAD}\nD2 | b | Acme | kim@example.COM | Talk | 1 | 2026-01-05 | | ", deals_mapping(columns=columns)
    )

    assert company.rows("people", "person_id, source_id") == [("p1-1", "7")]
    assert company.rows("deals", "owner_id") == ["p1-1", "p1-1"]
    assert company.rows("identities", "key, name, email") == [("p1-1", "Kim Seo", "Kim@Example.com")]


def test_composed_and_decomposed_hangul_are_one_name(company: Company) -> None:
    name = "김서연"
    company.load(f"{HEAD}\nD1 | a | Acme | {name} | Talk | 1 | 2026-01-05 | | ")
    other = unicodedata.normalize("NFD", name)
    company.load(f"{HEAD}\nD2 | a | Acme | {other} | Talk | 1 | 2026-01-05 | | ", on=AT + timedelta(days=1))

    assert company.rows("deals", "owner_id") == ["p1-1", "p1-1"]


def test_a_name_that_two_people_bear_is_asked_about_and_not_guessed(company: Company) -> None:
    files = {
        "deals.csv": f"{HEAD}\nD1 | a | Acme | Kim | Talk | 1 | 2026-01-05 | | ",
        "people.csv": "id | name | mail | team | boss\n7 | Kim | a@example.com | A | \n8 | Kim | b@example.com | B | ",
    }
    result = company.load(files, deals_mapping(), mapping("people.csv", Entity.PEOPLE, people()))

    assert codes(result)["person_ambiguous"] == 1
    assert company.rows("deals", "owner_id") == ["p1-3"]


def test_two_ids_that_share_an_address_stay_two_people(company: Company) -> None:
    text = "id | name | mail | team | boss\n7 | Kim | sales@example.com | A | \n8 | Lee | sales@example.com | B | "
    company.load({"people.csv": text}, mapping("people.csv", Entity.PEOPLE, people()))

    assert company.rows("people", "person_id, source_id") == [("p1-1", "7"), ("p1-2", "8")]


def test_a_change_of_team_begins_on_the_day_of_the_export(company: Company) -> None:
    text = "id | name | mail | team | boss\n7 | Kim | k@example.com | A | \n8 | Lee | l@example.com | A | "
    file = mapping("people.csv", Entity.PEOPLE, people())
    company.load({"people.csv": text}, file)
    second = company.load({"people.csv": text.replace("| A | \n8", "| B | \n8")}, file, on=AT + timedelta(days=7))
    third = company.load({"people.csv": text.replace("| A | \n8", "| B | \n8")}, file, on=AT + timedelta(days=8))

    assert counts(second) == (2, 1, 0, 1)
    assert counts(third) == (2, 0, 0, 2)
    assert company.rows("memberships", "person_id, team, valid_from, valid_to") == [
        ("p1-1", "A", None, date(2026, 11, 30)),
        ("p1-1", "B", date(2026, 11, 30), None),
        ("p1-2", "A", None, None),
    ]


def test_names_stand_only_where_they_can_be_erased(company: Company) -> None:
    files = {
        "deals.csv": f"{HEAD}\nD1 | a | Acme | Kimseoyeon | Talk | 1 | 2026-01-05 | | ",
        "people.csv": "id | name | mail | team | boss\n7 | Kimseoyeon | kimseoyeon@example.com | A | Leejunho",
    }
    company.load(files, deals_mapping(), mapping("people.csv", Entity.PEOPLE, people()))

    for file in sorted((company.home / "lake").rglob("*.parquet")):
        if file.parent.name in {"identities", "texts", "quarantine"}:
            continue
        content = file.read_bytes().lower()
        assert b"kimseoyeon" not in content, file
        assert b"leejunho" not in content, file


def test_contacts_of_deals_are_contacts_with_an_account_and_a_part_in_the_deal(company: Company) -> None:
    columns = {**DEALS, "contact": "deals.contact_name", "mail": "deals.contact_email"}
    text = f"{HEAD} | contact | mail\nD1 | a | Acme | Kim | Talk | 1 | 2026-01-05 | | | Roe | roe@acme.test"
    company.load(text, deals_mapping(columns=columns))
    again = company.load(text, deals_mapping(columns=columns), on=AT + timedelta(days=1))

    assert company.rows("contacts", "contact_id, account_id") == [("c1-1", "Acme")]
    assert company.rows("deal_contacts", "deal_id, contact_id") == [("D1", "c1-1")]
    assert company.rows("identities", "kind, key, name, email", "kind = 'contact'") == [
        ("contact", "c1-1", "Roe", "roe@acme.test")
    ]
    assert counts(again) == (1, 0, 0, 1)


def test_a_contacts_file_keeps_its_ids_and_names_go_to_identities(company: Company) -> None:
    columns = {
        "id": "contacts.contact_id",
        "first": "contacts.first_name",
        "last": "contacts.last_name",
        "title": "contacts.title",
        "company": "contacts.account_id",
    }
    text = "id | first | last | title | company\nC1 | Jane | Roe | CFO | A1"
    company.load({"contacts.csv": text}, mapping("contacts.csv", Entity.CONTACTS, columns))

    assert company.rows("contacts", "contact_id, account_id, title") == [("C1", "A1", "CFO")]
    assert company.rows("identities", "key, name") == [("C1", "Jane Roe")]


def test_accounts_are_joined_by_name_to_the_ids_of_their_file(company: Company) -> None:
    accounts = mapping(
        "accounts.csv",
        Entity.ACCOUNTS,
        {"id": "accounts.account_id", "name": "accounts.name", "parent": "accounts.parent_name"},
    )
    files = {
        "deals.csv": f"{HEAD}\nD1 | a | acme  corp | Kim | Talk | 1 | 2026-01-05 | | ",
        "accounts.csv": "id | name | parent\nA1 | Acme Corp | Holding\nA2 | Holding | ",
    }
    company.load(files, deals_mapping(), accounts)

    assert company.rows("deals", "account_id") == ["A1"]
    assert company.rows("accounts", "account_id, name, parent_id") == [
        ("A1", "Acme Corp", "A2"),
        ("A2", "Holding", None),
    ]


def test_surrogates_left_by_an_import_that_came_to_nothing_confuse_nobody(company: Company) -> None:
    text = f"{HEAD}\nD1 | a | Acme | Kim | Talk | 1 | 2026-01-05 | | "
    for number in (1, 2):
        with company.lake.begin() as writing:
            key = [f"p{writing.import_no}-1"]
            who = {"key": key, "name": ["Kim"], "kind": ["person"], "source": ["crm"], "source_key": ["Kim"]}
            writing.write("identities", pa.table({**who, "email": pa.array([None], pa.string())}))
            people_rows = {"person_id": key, "source": ["crm"], "automatic": [False]}
            writing.write("people", pa.table({**people_rows, "source_id": pa.array([None], pa.string())}))
            writing.register()
        assert writing.import_no == number
    company.load(text)
    again = company.load(text, on=AT + timedelta(days=1))

    assert company.rows("people", "person_id") == ["p1-1"]
    assert counts(again) == (1, 0, 0, 1)
