"""Who takes part in a deal, entered by hand: it counts at once, and holds until the CRM says something else."""

from __future__ import annotations

from datetime import datetime, timedelta

import ibis
import pyarrow as pa
import pytest

from bokgi.domain.errors import NotFoundError
from bokgi.facts.read import facts
from bokgi.intake.entering import Correction, correct, enter
from bokgi.intake.mapping.model import Entity, FileMapping
from bokgi.intake.undoing import undo_import
from bokgi.questions.deal_contacts import ask_contacts
from tests.intake.homes import AT, Company, counts, deals_mapping, mapping

HEAD = "id | name | account | owner | stage | amount | created | closed | region"
TEXT = f"{HEAD}\nD1 | a | Acme | Kim | Talk | 100 | 2026-01-05 | | \nD2 | b | Acme | Lee | Talk | 200 | 2026-01-05 | | "
PEOPLE = "id | name | company\nC1 | 김서연 | Acme\nC2 | 박 | Acme"
PAIRS = "deal | contact | role\nD1 | C1 | user\nD2 | C1 | buyer"
CONTACTS = mapping(
    "contacts.csv",
    Entity.CONTACTS,
    {"id": "contacts.contact_id", "name": "contacts.name", "company": "contacts.account_name"},
)
WITH_ROLES = mapping(
    "pairs.csv",
    Entity.DEAL_CONTACTS,
    {"deal": "deal_contacts.deal_id", "contact": "deal_contacts.contact_id", "role": "deal_contacts.role"},
)
WITHOUT_ROLES = mapping(
    "pairs.csv", Entity.DEAL_CONTACTS, {"deal": "deal_contacts.deal_id", "contact": "deal_contacts.contact_id"}
)
NEW = "entered-1"


def days(number: int) -> datetime:
    return AT + timedelta(days=number)


@pytest.fixture
def there(company: Company) -> Company:
    """Give a company whose CRM shows one contact in two deals."""
    company.load({"deals.csv": TEXT, "contacts.csv": PEOPLE, "pairs.csv": PAIRS}, deals_mapping(), CONTACTS, WITH_ROLES)
    return company


def part(company: Company, contact: str, seen: str | None, value: str | None) -> None:
    """Say a day later which part a contact takes in D1."""
    correct(company.lake, [Correction("D1", f"contact:{contact}", seen, value, days(1))], by="test", at=days(1))


def somebody_new(company: Company, role: str) -> None:
    rows = {
        "contacts": pa.table({"contact_id": [NEW], "account_id": ["Acme"], "title": ["CFO"]}),
        "identities": pa.table({"kind": ["contact"], "key": [NEW], "name": ["이 현우"]}),
    }
    enter(company.lake, rows, by="test", at=days(1))
    part(company, NEW, None, role)


def pairs(company: Company) -> list[tuple[str, str | None]]:
    """Give who takes part in D1, with the role."""
    return company.rows("deal_contacts", "contact_id, role", "deal_id = 'D1' AND coalesce(involved, true)")


def closings(company: Company) -> list[tuple[str | None, str | None]]:
    """Give how corrections were closed: the value that was entered, the value that counts now."""
    entered = tuple(one.import_no for one in company.lake.imports() if one.kind == "entered")
    return company.rows("deal_changes", "old, new", f"origin = 'entered' AND import_no NOT IN {(*entered, 0, 0)}")


def test_a_role_counts_at_once_and_holds_while_the_crm_shows_what_was_corrected(there: Company) -> None:
    part(there, "C1", "user", "decider")
    assert pairs(there) == [("C1", "decider")]
    assert there.lake.imports()[-1].tables == {"deal_changes": 1, "deal_contacts": 1}

    again = there.load({"pairs.csv": PAIRS}, WITH_ROLES, on=days(7))
    assert counts(again) == (2, 0, 0, 2)
    there.load({"pairs.csv": "deal | contact\nD1 | C1"}, WITHOUT_ROLES, on=days(8))
    assert (pairs(there), closings(there)) == ([("C1", "decider")], [])


@pytest.mark.parametrize("role", ["decider", "blocker", ""])
def test_another_role_of_the_crm_counts_and_closes_the_correction(there: Company, role: str) -> None:
    part(there, "C1", "user", "decider")
    there.load({"pairs.csv": PAIRS.replace("user", role)}, WITH_ROLES, on=days(7))
    assert pairs(there) == [("C1", role or None)]
    assert closings(there) == [("decider", role)]
    there.load({"pairs.csv": PAIRS}, WITH_ROLES, on=days(8))
    assert pairs(there) == [("C1", "user")]


def test_who_left_stays_out_while_the_crm_goes_on_showing_it(there: Company) -> None:
    part(there, "C1", "user", None)
    assert pairs(there) == []
    again = there.load({"pairs.csv": PAIRS}, WITH_ROLES, on=days(7))
    assert (counts(again), pairs(there)) == ((2, 0, 0, 2), [])
    # Nothing is said of D1 by a file that does not list it; one that lists its others agrees.
    there.load({"pairs.csv": "deal | contact | role\nD2 | C1 | buyer"}, WITH_ROLES, on=days(8))
    assert closings(there) == []
    there.load({"pairs.csv": "deal | contact | role\nD1 | C2 | user"}, WITH_ROLES, on=days(9))
    assert (pairs(there), closings(there)) == ([("C2", "user")], [(None, None)])
    there.load({"pairs.csv": PAIRS}, WITH_ROLES, on=days(10))
    assert pairs(there) == [("C1", "user"), ("C2", "user")]


def test_an_emptied_role_and_a_known_contact_who_joins(there: Company) -> None:
    part(there, "C1", "user", "")
    part(there, "C2", None, "decider")
    assert pairs(there) == [("C1", None), ("C2", "decider")]
    # The CRM has the person now and not the role: the role holds, and the correction stays in force.
    shown = f"{PAIRS}\nD1 | C2 | "
    there.load({"pairs.csv": shown}, WITH_ROLES, on=days(7))
    assert (pairs(there), closings(there)) == ([("C1", None), ("C2", "decider")], [])
    there.load({"pairs.csv": shown + "decider"}, WITH_ROLES, on=days(8))
    assert closings(there) == [("decider", "decider")]


@pytest.mark.parametrize("names_first", [True, False])
@pytest.mark.parametrize(("role", "new"), [("decider", "decider"), ("user", "user"), ("", "")])
def test_somebody_entered_gives_way_to_the_crms_own_of_that_name(
    there: Company, role: str, new: str, *, names_first: bool
) -> None:
    somebody_new(there, "decider")
    assert pairs(there) == [("C1", "user"), (NEW, "decider")]
    files: list[tuple[str, str, FileMapping]] = [
        ("contacts.csv", f"{PEOPLE}\nC3 | 이현우 | Acme", CONTACTS),
        ("pairs.csv", f"{PAIRS}\nD1 | C3 | {role}", WITH_ROLES),
    ]
    (name, text, how), (last_name, last_text, last_how) = files if names_first else files[::-1]
    there.load({name: text}, how, on=days(7))
    last = there.load({last_name: last_text}, last_how, on=days(8))
    assert pairs(there) == [("C1", "user"), ("C3", role or None)]
    assert closings(there) == [("decider", new)]
    undo_import(there.lake, last.import_no or 0, by="test", at=days(9))
    assert (NEW, "decider") in pairs(there)
    assert closings(there) == []


def test_the_same_name_at_another_customers_is_somebody_else(there: Company) -> None:
    somebody_new(there, "decider")
    there.load({"contacts.csv": "id | name | company\nC9 | 이 현우 | Beta"}, CONTACTS, on=days(7))
    assert pairs(there) == [("C1", "user"), (NEW, "decider")]
    assert there.rows("contacts", "account_id", "contact_id = 'C9'") == ["Beta"]


def test_who_is_nobody_takes_no_part(there: Company) -> None:
    with pytest.raises(NotFoundError) as refused:
        part(there, "nobody", None, "decider")
    assert refused.value.code == "contact_unknown"


def on(company: Company, day: datetime) -> list[tuple[str, str | None]]:
    """Give who takes part in D1 as of a day, with the role, as a page of that day shows it."""
    with_all = facts(ibis.duckdb.connect(), company.lake)
    there = ask_contacts(with_all, as_of=day.date(), deal_ids=["D1"])["contacts"].get("D1", [])
    return [(one["contact_id"], one["role"]) for one in there]


def test_a_past_day_shows_who_took_part_then_through_a_later_import_and_its_undo(there: Company) -> None:
    assert (on(there, days(-1)), on(there, days(0))) == ([], [("C1", "user")])
    part(there, "C1", "user", "decider")
    later = there.load(
        {"pairs.csv": "deal | contact | role\nD1 | C1 | buyer\nD1 | C2 | user\nD2 | C1 | buyer"},
        WITH_ROLES,
        on=days(7),
    )
    seen = {0: [("C1", "user")], 1: [("C1", "decider")], 6: [("C1", "decider")], 7: [("C1", "buyer"), ("C2", "user")]}
    assert {day: on(there, days(day)) for day in seen} == seen
    undo_import(there.lake, later.import_no or 0, by="test", at=days(8))
    assert on(there, days(7)) == [("C1", "decider")]
    assert on(there, days(0)) == [("C1", "user")]
    part(there, "C1", "decider", None)
    assert on(there, days(1)) == []
    assert on(there, days(0)) == [("C1", "user")]
