"""A file too large to be held as a table is judged through views, and gives the same in every table."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from bokgi.facts.schema import FACT_TABLES
from bokgi.intake.files import table
from bokgi.intake.importing import ImportResult
from bokgi.intake.judging import typed
from bokgi.intake.mapping.model import Entity
from bokgi.intake.plan import plan_import
from bokgi.intake.workbench import Workbench
from tests.intake.homes import DEALS, Company, codes, counts, deals_mapping, mapping

COLUMNS = {**DEALS, "email": "deals.owner_email", "next": "deals.next_step", "chance": "deals.probability | 0-100"}
COLUMNS |= {"talk": "stage_entered:Talk", "offer": "stage_entered:Offer"}
FIRST = """
    id | name | account | owner | email | stage | amount | created | closed | region | next | chance | talk | offer
    D1 | Server | Acme | Kim | k@x.kr | Offer | 1억 2천만원 | 2026-01-05 | | North | call | 40 | 2026-01-05 | 2026-01-09
    D1 | Server | Acme | Kim | k@x.kr | Offer | 1억 2천만원 | 2026-01-05 | | North | call | 40 | 2026-01-05 | 2026-01-09
    D2 | Cloud | Borg | Lee | l@x.kr | Won | $1,200 | 2026. 1. 5. | 2026-03-01 | | | 100 | 2026-01-05 |
    D3 | a | Acme | Lee | l@x.kr | Talk | 500 | 2026-01-05 | | South | | 10 | |
    D3 | b | Acme | Lee | l@x.kr | Talk | 500 | 2026-01-05 | | South | | 10 | |
    D4 | c | Core | Only refused | r@x.kr | Talk | a lot | 2026-01-05 | | | | | |
    D5 | d | Core | Kim | k@x.kr | Won | 5 | 2026-02-05 | 2026-01-01 | | write | 20 | |
    D6 | e | Core | Park | | Dancing | 5 | 2026-02-05 | | | | 20 | |
    | f | Dome | Park | | Talk | (5) | 2026-02-05 | | East | | 900 | |
    | g | Dome | Park | | Talk | 7만 | 2026-02-06 | | East | visit | 90% | |
    | | | Kim | k@x.kr | Talk | 5 | 2026-02-05 | | East | | | |
"""
SECOND = FIRST.replace("call | 40", "sign | 60").replace("a lot", "3,000").replace("| Talk | 7만", "| Offer | 8만")
PEOPLE = """
    who | mail | team
    Kim | k@x.kr | A
    Lee | l@x.kr | B
"""
HISTORY = """
    deal | stage | at | by
    D1 | Talk | 2026-01-05 10:00 | Kim
    D1 | Offer | 2026-01-09 11:00 | Kim
    D2 | Won | someday | Lee
    D9 | Talk | 2026-01-09 11:00 | Lee
"""


def test_rows_of_a_file_that_is_read_from_several_places_are_numbered_in_its_order(tmp_path: Path) -> None:
    path = tmp_path / "deals.csv"
    filling = "x" * 10_000
    with path.open("w", encoding="utf-8") as file:
        file.write("Deal ID,Stage,Notes\n")
        file.writelines(f"{number},Offer,{filling}\n" for number in range(2, 12_002))

    with plan_import([path]) as plan, Workbench(plan.folder) as bench:
        (staged,) = (file.staged for file in plan.files)
        wrong = f"SELECT count(*) FROM {staged.relation} WHERE c1::BIGINT <> _row"
        assert (staged.rows, bench.number(wrong)) == (12_000, 0)


def test_a_currency_that_few_amounts_of_a_large_file_name_is_a_finding(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(typed, "MATERIALISED_ROWS", 1_000)
    company = Company(tmp_path)
    lines = [f"D{number} | 5 | 2026-01-05" for number in range(9_000)]
    columns = {"id": "deals.deal_id", "amount": "deals.amount", "created": "deals.created"}
    alike = company.load("id | amount | created\n" + "\n".join(lines), deals_mapping(columns=columns))
    lines[4_321] = "D4321 | $7 | 2026-01-05"
    result = company.load("id | amount | created\n" + "\n".join(lines), deals_mapping(columns=columns))

    assert (codes(alike), codes(result)) == ({}, {"currency_mixed": 1})


def taken_in(folder: Path) -> tuple[Company, list[ImportResult]]:
    """Import the deals twice, changed in between, the second time with people and stage history."""
    folder.mkdir()
    company = Company(folder)
    deals = deals_mapping(columns=COLUMNS)
    people = mapping("people.csv", Entity.PEOPLE, {"who": "people.name", "mail": "people.email", "team": "people.team"})
    fields = {"deal": "deal_id", "stage": "stage", "at": "entered | %Y-%m-%d %H:%M", "by": "by_name"}
    history = mapping(
        "history.csv", Entity.STAGE_HISTORY, {header: f"stage_history.{field}" for header, field in fields.items()}
    )
    files = {"deals.csv": SECOND, "people.csv": PEOPLE, "history.csv": HISTORY}
    return company, [company.load(FIRST, deals), company.load(files, deals, people, history)]


def everything(company: Company) -> dict[str, list[Any]]:
    """Give every row of every table."""
    return {name: company.rows(name) for name in FACT_TABLES}


@pytest.mark.parametrize("often", [0, 1_000_000], ids=["texts read once", "texts read in their rows"])
def test_a_large_file_gives_what_a_small_one_gives(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, often: int) -> None:
    small, as_small = taken_in(tmp_path / "small")
    monkeypatch.setattr(typed, "MATERIALISED_ROWS", 0)
    monkeypatch.setattr(table, "OFTEN", often)
    large, as_large = taken_in(tmp_path / "large")

    assert [counts(result) for result in as_large] == [counts(result) for result in as_small]
    assert [codes(result) for result in as_large] == [codes(result) for result in as_small]
    assert [result.as_json("en")["findings"] for result in as_large] == [
        result.as_json("en")["findings"] for result in as_small
    ]
    assert everything(large) == everything(small)
    assert counts(as_small[0]) == (11, 3, 7, 1)
    assert {"id_repeated", "row_repeated", "amount_malformed", "stage_unknown"} <= set(codes(as_small[0]))
