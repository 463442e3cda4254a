"""The public Maven sales pipeline, from its files to the review of one week, against counts made without us."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest

from bokgi.cli.program import run

DATA = Path(__file__).parents[3] / "shared" / "data" / "maven-crm-sales-opportunities"
START, END = "2017-09-25", "2017-10-02"
FLOWS = ("created", "won", "lost")


def counted(folder: Path) -> dict[str, dict[str, tuple[int, Decimal]]]:
    """Count each agent's week with SQL over the files: created by engage_date, won and lost by close_date.

    As of the week's end only deals that were closed by then have a known amount.
    """
    path = str(folder / "sales_pipeline.csv")
    rows = duckdb.execute(f"""
        SELECT sales_agent,
            count(*) FILTER (engage_date >= '{START}' AND engage_date < '{END}') AS created,
            sum(close_value) FILTER (engage_date >= '{START}' AND engage_date < '{END}' AND close_date < '{END}'),
            count(*) FILTER (deal_stage = 'Won' AND close_date >= '{START}' AND close_date < '{END}'),
            sum(close_value) FILTER (deal_stage = 'Won' AND close_date >= '{START}' AND close_date < '{END}'),
            count(*) FILTER (deal_stage = 'Lost' AND close_date >= '{START}' AND close_date < '{END}'),
            sum(close_value) FILTER (deal_stage = 'Lost' AND close_date >= '{START}' AND close_date < '{END}')
        FROM read_csv('{path}', header = true) GROUP BY ALL
    """).fetchall()
    return {
        agent: {name: (numbers[2 * place], Decimal(numbers[2 * place + 1] or 0)) for place, name in enumerate(FLOWS)}
        for agent, *numbers in rows
    }


def reviewed(folder: Path, home: Path, capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    assert run(["import", str(folder), "--home", str(home), "--format", "json"]) == 0
    imported = json.loads(capsys.readouterr().out)
    assert imported["accepted"] + imported["quarantined"] + imported["known"] == imported["read"]
    assert run(["review", "--week", "2017-W39", "--home", str(home), "--format", "json"]) == 0
    found: dict[str, Any] = json.loads(capsys.readouterr().out)
    return found


def compare(review: dict[str, Any], expected: dict[str, dict[str, tuple[int, Decimal]]]) -> None:
    people = {person["name"]: person for person in review["execution"]}
    assert set(expected) <= set(people)
    for name, flows in expected.items():
        for flow, (count, amount) in flows.items():
            told = people[name][flow]
            assert told["count"] == count, (name, flow)
            assert Decimal((told["amount"] or {"amount": "0"})["amount"]) == amount, (name, flow)
    total = review["execution_total"]["this_week"]
    for flow in FLOWS:
        assert total[flow]["count"] == sum(flows[flow][0] for flows in expected.values())


@pytest.mark.skipif(not DATA.is_dir(), reason="the public data are not beside the project")
def test_the_public_week_agrees_with_sql_for_each_person(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    compare(reviewed(DATA, tmp_path / "home", capsys), counted(DATA))


def test_a_week_of_our_own_files_agrees_with_sql_for_each_person(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "files"
    folder.mkdir()
    (folder / "sales_pipeline.csv").write_text(
        """opportunity_id,sales_agent,product,account,deal_stage,engage_date,close_date,close_value
A1,Lee Junho,Alpha,Dure,Won,2017-09-26,2017-09-29,1200
A2,Lee Junho,Alpha,Hangyeol,Won,2017-07-01,2017-10-01,300
A3,Lee Junho,Beta,Dure,Won,2017-07-02,2017-10-02,900
A4,Lee Junho,Beta,Dure,Lost,2017-08-02,2017-09-25,0
B1,Park Minseo,Beta,Hangyeol,Engaging,2017-09-25,,
B2,Park Minseo,Alpha,Hangyeol,Won,2017-09-27,2017-11-05,5000
B3,Park Minseo,Alpha,Dure,Lost,2017-09-20,2017-09-24,0
B4,Park Minseo,Alpha,Dure,Prospecting,,,
""",
        encoding="utf-8",
    )
    (folder / "accounts.csv").write_text(
        """account,sector,year_established,revenue,employees,office_location,subsidiary_of
Dure,retail,1996,1100.04,2822,Korea,
Hangyeol,finance,1999,251.41,495,Korea,
""",
        encoding="utf-8",
    )
    (folder / "sales_teams.csv").write_text(
        """sales_agent,manager,regional_office
Lee Junho,Kim Seoyeon,East
Park Minseo,Kim Seoyeon,West
""",
        encoding="utf-8",
    )
    review = reviewed(folder, tmp_path / "home", capsys)
    compare(review, counted(folder))
    people = {person["name"]: person for person in review["execution"]}
    assert people["Lee Junho"]["won"] == {
        "count": 2,
        "amount": {"amount": "1500.00", "currency": "USD"},
        "amount_unknown": 0,
    }
    # B2 was created in the week and won later: its amount was not known then.
    assert people["Park Minseo"]["created"] == {"count": 2, "amount": None, "amount_unknown": 2}
    assert people["Park Minseo"]["won"]["count"] == 0
