"""After an undo a row that somebody mended or dismissed counts as decided: never twice, and it is never lost."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from itertools import permutations
from typing import Final

import pytest

from bokgi.facts.undo import Undone
from bokgi.intake import quarantine
from bokgi.intake.importing import ImportResult
from bokgi.intake.mapping.model import Entity, FileMapping
from bokgi.intake.quarantine import Place
from bokgi.intake.release import release_by_hand
from bokgi.intake.undoing import undo_import
from tests.facts.lakes import read
from tests.intake.homes import AT, DEALS, Company, deals_mapping, mapping

PEOPLE: Final = mapping(
    "people.csv", Entity.PEOPLE, {"name": "people.name", "mail": "people.email", "team": "people.team"}
)
GOALS: Final = {"who": "targets.person_name", "period": "targets.period", "goal": "targets.amount"}
TEAMS: Final = {"who": "teams.person_name", "team": "teams.team", "from": "teams.valid_from"}
CALLS: Final = {
    "what": "activities.kind",
    "deal": "activities.deal_id",
    "on": "activities.happened",
    "by": "activities.owner_name",
}
KIM, LEE, NAMESAKE = "Kim | kim1@x.test | A", "Lee | lee@x.test | A", "Kim | kim2@x.test | B"
OTHERS: Final = {key: field for key, field in DEALS.items() if key != "id"}


@dataclass(frozen=True)
class Case:
    """A file with one refused row, in row 2, that is mended so; its last row, and which rows of the table count it."""

    file: FileMapping
    text: str
    more: str
    cells: Mapping[str, str]
    counted: str
    undecided: bool = False
    """Without the second import the row is not refused."""


CASES: Final = {
    "target": Case(
        mapping("goals.csv", Entity.TARGETS, GOALS),
        "who | period | goal\nKim | 2026-01 | 5\nLee | 2026-01 | 7",
        "Lee | 2026-02 | 8",
        {"who": "kim2@x.test"},
        "targets WHERE amount = 5",
        undecided=True,
    ),
    "target of one who stays": Case(
        mapping("goals.csv", Entity.TARGETS, GOALS),
        "who | period | goal\nKim | 2026-01 | 5\nLee | 2026-01 | 7",
        "Lee | 2026-02 | 8",
        {"who": "kim1@x.test", "period": "2026-03"},
        "targets WHERE amount = 5",
        undecided=True,
    ),
    "membership": Case(
        mapping("teams.csv", Entity.TEAMS, TEAMS),
        "who | team | from\nKim | Z | 2026-01-01\nLee | Y | 2026-01-01",
        "Lee | X | 2026-02-01",
        {"who": "kim2@x.test"},
        "memberships WHERE team = 'Z'",
        undecided=True,
    ),
    "deal": Case(
        deals_mapping(),
        f"{' | '.join(DEALS)}\nD1 | a | Acme | Kim | Talk | lots | 2026-01-05 | | \n"
        "D2 | b | Acme | Lee | Talk | 7 | 2026-01-05 | | ",
        "D3 | c | Acme | Lee | Talk | 8 | 2026-01-05 | | ",
        {"amount": "5", "owner": "kim2@x.test"},
        "deals WHERE amount = 5",
    ),
    "deal without an id": Case(
        deals_mapping(columns=OTHERS),
        f"{' | '.join(OTHERS)}\na | Acme | Kim | Talk | lots | 2026-01-05 | | \n"
        "b | Acme | Lee | Talk | 7 | 2026-01-05 | | ",
        "c | Acme | Lee | Talk | 8 | 2026-01-05 | | ",
        {"amount": "5"},
        "deals WHERE amount = 5",
    ),
    "activity": Case(
        mapping("calls.csv", Entity.ACTIVITIES, CALLS),
        "what | deal | on | by\ncall | D1 | someday | Kim\ncall | D1 | 2026-01-03 | Lee",
        "mail | D1 | 2026-01-04 | Lee",
        {"on": "2026-01-02"},
        "activities WHERE happened_on = DATE '2026-01-02'",
    ),
}
BASE, WRONG, FILE, DECIDED, AGAIN = 1, 2, 3, 4, 5
"""Places of the imports: people, a namesake too many, the file, the decision, the next export of the file."""


def load(company: Company, file: FileMapping, text: str, day: int) -> ImportResult:
    return company.load({str(file.file): text}, file, on=AT + timedelta(days=day))


def decided(company: Company, case: Case, how: str = "mended") -> None:
    """Import all, and decide about the row that waits."""
    load(company, PEOPLE, f"name | mail | team\n{KIM}\n{LEE}", BASE)
    load(company, PEOPLE, f"name | mail | team\n{NAMESAKE}", WRONG)
    assert load(company, case.file, case.text, FILE).quarantined == 1
    place = Place(FILE, str(case.file.file), 2)
    if how == "mended":
        assert release_by_hand(company.lake, place, case.cells, by="test", at=AT).released == 1
    else:
        quarantine.dismiss(company.lake, [place], by="test", at=AT)
    assert load(company, case.file, f"{case.text}\n{case.more}", AGAIN).quarantined == 0


def undo(company: Company, place: int) -> Undone:
    number = next(one.import_no for one in company.lake.imports() if one.committed and one.place == place)
    return undo_import(company.lake, number, by="test", at=AT)


def standing(company: Company) -> list[int]:
    return sorted(one.place for one in company.lake.imports() if one.committed)


def counted(company: Company, case: Case) -> int:
    table, _, where = case.counted.partition(" WHERE ")
    return len(company.rows(table, where=where))


def adds_up(company: Company) -> bool:
    return all(one.accepted + one.quarantined + one.known == one.read for one in company.lake.imports())


def nobody_is_missing(company: Company) -> bool:
    """Tell whether everybody whom facts name is known, and every account."""
    people, accounts = set(company.rows("identities", "key")), set(company.rows("accounts", "account_id"))
    named = [*company.rows("deals", "owner_id"), *company.rows("activity_people", "person_id")]
    named += company.rows("targets", "subject_id", "subject_kind = 'person'") + company.rows("memberships", "person_id")
    return set(named) - {None} <= people and set(company.rows("deals", "account_id")) - {None} <= accounts


@pytest.mark.parametrize("name", CASES)
def test_a_mended_row_counts_once_after_an_undo_and_waits_when_the_mend_is_undone(company: Company, name: str) -> None:
    case = CASES[name]
    decided(company, case)
    assert (counted(company, case), quarantine.count(company.lake)) == (1, 0)

    undo(company, WRONG)
    assert standing(company) == [BASE, FILE, DECIDED, AGAIN]
    assert (counted(company, case), quarantine.count(company.lake)) == (1, 0)
    assert nobody_is_missing(company)
    assert read(company.lake).waiting.count().to_pyarrow().as_py() == 0
    undo(company, DECIDED)
    # The row waits as it was; the next export, judged again, takes it in where nothing speaks against it any more.
    assert counted(company, case) + quarantine.count(company.lake) == 1
    assert counted(company, case) == int(case.undecided)
    assert nobody_is_missing(company)
    assert adds_up(company)


@pytest.mark.slow
@pytest.mark.parametrize("order", list(permutations((BASE, WRONG, DECIDED))))
def test_whatever_is_undone_first_nothing_counts_twice_or_is_lost(company: Company, order: tuple[int, ...]) -> None:
    case = CASES["target"]
    decided(company, case)
    for place in order:
        undo(company, place)
        assert counted(company, case) + quarantine.count(company.lake) == 1
        assert nobody_is_missing(company)
        assert adds_up(company)
    undo(company, FILE)
    undo(company, AGAIN)
    assert (counted(company, case), quarantine.count(company.lake)) == (0, 0)


@pytest.mark.parametrize("name", ["target", "deal", "activity"])
def test_a_dismissed_row_stays_dismissed_after_an_undo_and_waits_when_that_is_undone(
    company: Company, name: str
) -> None:
    case = CASES[name]
    decided(company, case, "dismissed")
    undo(company, WRONG)
    assert (counted(company, case), quarantine.count(company.lake)) == (0, 0)
    undo(company, DECIDED)
    assert counted(company, case) + quarantine.count(company.lake) == 1


def test_a_mended_row_goes_with_the_file_that_showed_it_and_another_decision_of_that_day_does_not(
    company: Company,
) -> None:
    case = CASES["deal"]
    load(company, PEOPLE, f"name | mail | team\n{KIM}", BASE)
    load(company, case.file, case.text, 2)
    load(company, case.file, case.text.replace("D1", "D7"), 3)
    files = [Place(number, "deals.csv", 2) for number in (2, 3)]
    quarantine.dismiss(company.lake, files, by="test", at=AT)
    undo(company, 2)
    assert [row.place.row for row in quarantine.quarantined(company.lake)] == []
    undo(company, 4)
    assert [row.cells["id"] for row in quarantine.quarantined(company.lake)] == ["D7"]


def test_a_mended_row_that_is_refused_without_the_undone_import_waits_as_it_was_mended(company: Company) -> None:
    case = CASES["target"]
    load(company, PEOPLE, f"name | mail | team\n{KIM}\n{LEE}\nLee | lee2@x.test | B", BASE)
    load(company, case.file, "who | period | goal\nLee | 2026-01 | 5", 2)
    release_by_hand(company.lake, Place(2, "goals.csv", 2), {"who": "Kim"}, by="test", at=AT)
    # A file that arrives late tells of two people called Kim.
    load(company, PEOPLE, f"name | mail | team\n{NAMESAKE}", 0)
    undo(company, 1)
    assert counted(company, case) + quarantine.count(company.lake) == 1


def test_of_a_release_whose_cells_are_over_the_facts_stay(company: Company, monkeypatch: pytest.MonkeyPatch) -> None:
    case = CASES["target of one who stays"]
    with monkeypatch.context() as patched:
        patched.setattr("bokgi.intake.release.keep_cells", lambda *_: None)
        decided(company, case)
    undo(company, WRONG)
    assert (counted(company, case), quarantine.count(company.lake)) == (1, 0)
    undo(company, BASE)
    assert (counted(company, case), quarantine.count(company.lake)) == (1, 0)
    undo(company, DECIDED)
    assert counted(company, case) + quarantine.count(company.lake) == 1
