"""Bounds of figures equal what a slow twin finds that fills each gap with the extremes."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import ibis
import pytest

from bokgi.domain.period import Period
from bokgi.facts.lake import Lake
from bokgi.facts.model import Facts
from bokgi.facts.read import facts as facts_read
from bokgi.intake.importing import import_files
from bokgi.intake.plan import PlanOptions, plan_import
from bokgi.questions.data_quality import ask_data_quality
from bokgi.ui.spoken import spoken
from tests.cast import CAST
from tests.questions.schemas import fits

AS_OF = date(2026, 11, 24)
QUARTER = Period.quarter_of(AS_OF)
ROWS = """
    deal_id | owner_id | stage     | outcome | amount | created_on | expected_close_on | closed_on  | has_next_step
    a       | lee      | proposal  | open    | 100    | 2026-10-01 | 2026-12-10        |            | true
    b       | lee      | proposal  | open    |        | 2026-10-01 | 2026-12-11        |            | false
    c       | park     | qualified | open    | 300    | 2026-10-01 |                   |            | true
    d       | park     | qualified | open    |        | 2026-10-01 |                   |            |
    e       | choi     | proposal  | open    | 500    | 2026-10-01 | 2026-11-02        |            | true
    f       |          | proposal  | open    | 700    | 2026-08-01 | 2026-09-02        |            | true
    g       | lee      | mystery   | open    | 900    | 2026-10-01 | 2027-02-02        |            | true
    h       | lee      | won       | won     | 400    | 2026-10-01 | 2026-11-01        | 2026-11-01 | true
"""
TARGET = """
    subject_kind | subject_id | metric     | period_start | period_end | lead_source | amount
    organisation | all        | won_amount | 2026-10-01   | 2027-01-01 | all         | 1400
"""


@pytest.fixture
def facts(facts_of: Callable[..., Facts]) -> Facts:
    days = "\n".join(f"2026-{month:02}-01 | true | 1" for month in (10, 11, 12))
    calendar = f"day | working | working_days\n{days}"
    return facts_of({"minimum_n": "5"}, **CAST, deals=ROWS, targets=TARGET, calendar=calendar)


def asked(facts: Facts) -> dict[str, Any]:
    return fits(ask_data_quality(facts, as_of=AS_OF), "data-quality")


def gap(answer: dict[str, Any], code: str) -> dict[str, Any]:
    return next(found for found in answer["gaps"] if found["code"] == code)


def deals() -> list[dict[str, str]]:
    lines = [[cell.strip() for cell in line.split("|")] for line in ROWS.strip().splitlines()]
    return [dict(zip(lines[0], line, strict=True)) for line in lines[1:]]


def coverage(filled: list[dict[str, str]]) -> float:
    """Compute coverage row by row, as a person would on paper."""
    due = won = Decimal(0)
    for deal in filled:
        day = date.fromisoformat(deal["expected_close_on"]) if deal["expected_close_on"] else None
        amount = Decimal(deal["amount"] or 0)
        if deal["outcome"] == "won":
            won += amount
        elif day is not None and day in QUARTER:
            due += amount
    return float(due / (1400 - won))


def extremes(ways: Callable[[dict[str, str]], list[dict[str, str]]]) -> tuple[float, float]:
    """Try every way to fill each deal, and give the least and the greatest coverage."""
    found = [coverage(list(one)) for one in itertools.product(*(ways(deal) for deal in deals()))]
    return min(found), max(found)


def amounts(deal: dict[str, str]) -> list[dict[str, str]]:
    if deal["outcome"] == "open" and not deal["amount"]:
        return [deal | {"amount": "100"}, deal | {"amount": "900"}]
    return [deal]


def dates(deal: dict[str, str]) -> list[dict[str, str]]:
    if deal["outcome"] == "open" and not deal["expected_close_on"]:
        return [one | {"expected_close_on": day} for one in amounts(deal) for day in ("2026-12-01", "2027-12-01")]
    return [deal]


def passed(deal: dict[str, str]) -> list[dict[str, str]]:
    if deal["outcome"] == "open" and deal["expected_close_on"] and deal["expected_close_on"] < "2026-11-24":
        return [one | {"expected_close_on": day} for one in amounts(deal) for day in ("2026-12-01", "2027-12-01")]
    return [deal]


def everything(deal: dict[str, str]) -> list[dict[str, str]]:
    return [last for one in dates(deal) for next_ in passed(one) for last in amounts(next_)]


def test_known_amounts_bound_the_missing_ones(facts: Facts) -> None:
    usual = asked(facts)["usual"]
    assert (usual["low"]["amount"], usual["high"]["amount"], usual["n"]) == ("100", "900", 5)


@pytest.mark.parametrize(("code", "ways"), [("no_amount", amounts), ("no_close_date", dates), ("close_passed", passed)])
def test_bounds_of_coverage_are_the_extremes_of_what_may_be(
    facts: Facts, code: str, ways: Callable[[dict[str, str]], list[dict[str, str]]]
) -> None:
    found = gap(asked(facts), code)
    least, most = extremes(ways)
    assert (found["figure"], found["unit"], found["exact"]) == ("coverage", "ratio", True)
    assert found["value"] == pytest.approx(coverage(deals()))
    assert found["high"] == pytest.approx(most)
    assert found["low"] == pytest.approx(least)


def test_all_gaps_together_are_the_extremes_of_everything(facts: Facts) -> None:
    found = asked(facts)["all"]
    least, most = extremes(everything)
    assert (found["low"], found["high"]) == (pytest.approx(least), pytest.approx(most))


@pytest.mark.parametrize(("targets", "told"), [(TARGET, "coverage is 0.1×"), (None, "the open amount due is")])
def test_where_no_gap_moves_a_figure_it_stands_there_once(
    facts_of: Callable[..., Facts], targets: str | None, told: str
) -> None:
    whole = "\n".join(ROWS.strip().splitlines()[:2])
    given = {"deals": whole} if targets is None else {"deals": whole, "targets": targets}
    answer = asked(facts_of({"minimum_n": "1"}, **CAST, **given))
    assert answer["all"]["low"] == answer["all"]["high"] == answer["all"]["value"]
    (sentence,) = spoken({"as_of": answer["as_of"], "said": [answer["all"]["sentence"]]}, "en")["said"]
    assert told in sentence["text"]
    assert " to " not in sentence["text"].split("together: ")[1]


def test_who_is_counted_nowhere_is_said_exactly(facts: Facts) -> None:
    answer = asked(facts)
    owner, stage, step = (gap(answer, code) for code in ("no_owner", "unknown_stage", "no_next_step"))
    assert (owner["low"]["amount"], owner["high"]["amount"]) == ("1800", "2500")
    assert (stage["low"], stage["high"], stage["count"]) == (6, 7, 1)
    assert (step["low"], step["high"]) == (pytest.approx(5 / 7), pytest.approx(6 / 7))
    assert [deal["deal_id"] for deal in owner["deals"]] == ["f"]
    assert [deal["deal_id"] for deal in stage["deals"]] == ["g"]
    assert "never_touched" not in {found["code"] for found in answer["gaps"]}


def test_each_owner_has_a_list_of_what_to_mend(facts: Facts) -> None:
    owners = {row["owner_id"]: row for row in asked(facts)["owners"]}
    assert owners["lee"]["no_amount"] == 1
    assert owners["park"]["no_close_date"] == 2
    assert owners[None]["no_owner"] == 1
    assert owners["choi"]["close_passed"] == 1


def test_without_a_target_the_amount_due_stands_in_the_place_of_coverage(facts_of: Callable[..., Facts]) -> None:
    found = gap(asked(facts_of({"minimum_n": "5"}, **CAST, deals=ROWS)), "no_amount")
    assert (found["figure"], found["unit"]) == ("open_due", "money")
    assert (found["value"]["amount"], found["low"]["amount"], found["high"]["amount"]) == ("600", "700", "1500")


def test_where_no_amount_is_known_nothing_is_claimed(facts_of: Callable[..., Facts]) -> None:
    rows = "deal_id | owner_id | stage | expected_close_on\na | lee | proposal | 2026-12-01"
    answer = asked(facts_of(**CAST, deals=rows))
    assert (gap(answer, "no_amount")["low"], answer["all"]["high"]) == (None, None)


def test_days_without_an_export_give_an_estimate_and_say_so(facts_of: Callable[..., Facts]) -> None:
    rows = ["deal_id | owner_id | stage | outcome | amount | created_on | closed_on | last_seen_on"]
    rows += [f"w{n} | lee | won | won | 5 | 2026-01-02 | 2026-10-{n + 1:02} | 2026-11-04" for n in range(20)]
    found = gap(asked(facts_of(**CAST, deals="\n".join(rows))), "stale")
    assert (found["count"], found["value"], found["exact"]) == (20, 20, False)
    assert 20 < found["low"] < 20 + 20 / 91 * 20 < found["high"] < 40


@pytest.mark.parametrize(
    ("lang", "stale", "owners", "amounts"),
    [
        (
            "en",
            "no more deals are likely to be won by now than 0 (estimate).",
            "all people together stays ₩5.",
            "Coverage stays 0.0×, whatever 1 missing amount comes to.",
        ),
        (
            "ko",
            "지금도 수주는 0건 그대로일 것으로 보입니다(추정).",
            "담당자의 진행 금액을 더하면 그대로 5원입니다.",
            "금액이 없는 기회 1건의 금액이 얼마이든 커버리지는 그대로 0.0×입니다.",
        ),
    ],
)
def test_what_moves_nothing_is_said_once_and_is_no_cause(
    facts_of: Callable[..., Facts], lang: str, stale: str, owners: str, amounts: str
) -> None:
    rows = ["deal_id | owner_id | stage | amount | created_on | expected_close_on | last_seen_on"]
    rows += [f"{one} | 2026-01-02 | 2026-12-01 | 2026-11-16" for one in ("a | lee | proposal | 5", "b | | proposal |")]
    large = TARGET.replace("1400", "1000000")
    answer = asked(facts_of({"minimum_n": "1"}, **CAST, deals="\n".join(rows), targets=large))
    for code, told in (("stale", stale), ("no_owner", owners), ("no_amount", amounts)):
        assert gap(answer, code)["low"] == gap(answer, code)["high"]
        (said,) = spoken({"as_of": answer["as_of"], "said": [gap(answer, code)["sentence"]]}, lang)["said"]
        assert told in said["text"]


def test_rows_that_wait_count_as_deals_only_in_files_of_deals(tmp_path: Path) -> None:
    deals = ["Deal ID,Deal name,Owner,Stage,Amount,Created", *(f"D{n},a,Lee,Talk,{n},2026-10-05" for n in ("x", 5))]
    days = [*(f"2026-10-{day:02}" for day in range(6, 26)), "2026-13-40", "2026-14-41"]
    activities = ["Activity ID,Deal ID,Type,Owner,Date", *(f"A{n},D5,call,Lee,{day}" for n, day in enumerate(days))]
    files = {"deals.csv": "\n".join(deals), "activities.csv": "\n".join(activities)}
    for name, text in files.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    lake = Lake.open(tmp_path / "home", create=True)
    at = datetime(2026, 11, 24, 9, tzinfo=UTC)
    with plan_import([tmp_path / name for name in files], lake=lake, options=PlanOptions(exported_at=at)) as plan:
        done = import_files(lake, plan, by="test", at=at)
    found = asked(facts_read(ibis.duckdb.connect(), lake))
    assert (done.quarantined, gap(found, "quarantined")["count"]) == (3, 1)


def test_few_known_amounts_bound_nothing_and_that_is_said(facts_of: Callable[..., Facts]) -> None:
    answer = asked(facts_of({"minimum_n": "6"}, **CAST, deals=ROWS))
    assert (answer["usual"]["low"], answer["usual"]["high"]) == (None, None)
    assert (answer["usual"]["n"], answer["usual"]["minimum_n"]) == (5, 6)
    for code in ("no_amount", "no_close_date"):
        found = gap(answer, code)
        assert (found["high"], found["sentence"]["values"]["least"]) == (None, 6)
    assert answer["all"]["sentence"]["values"]["least"] == 6
    # Where no amount is missing nothing rests on the others.
    assert gap(answer, "close_passed")["high"] is not None


def test_an_amount_without_an_exchange_rate_is_not_missing(facts_of: Callable[..., Facts]) -> None:
    rows = "deal_id | owner_id | stage | amount | currency | expected_close_on | has_next_step\n"
    rows += "a | lee | proposal | 5 | | 2026-12-01 | true\nb | lee | proposal | 7 | USD | 2026-12-01 | true"
    rates = "currency | month | rate\nUSD | 2026-11-01 | 1400"
    answer = asked(facts_of({"minimum_n": "1"}, **CAST, deals=rows))
    (found,) = answer["gaps"]
    assert (found["code"], found["count"], found["high"]) == ("no_rate", 1, None)
    assert found["sentence"]["values"]["currency"] == "USD"
    assert [deal["deal_id"] for deal in found["deals"]] == ["b"]
    assert [(row["no_amount"], row["no_rate"]) for row in answer["owners"]] == [(0, 1)]
    assert asked(facts_of({"minimum_n": "1"}, **CAST, deals=rows, rates=rates))["gaps"] == []


def test_nothing_missing_says_nothing(facts_of: Callable[..., Facts]) -> None:
    rows = "deal_id | owner_id | stage | amount | expected_close_on | has_next_step\n"
    answer = asked(facts_of(**CAST, deals=f"{rows}a | lee | proposal | 5 | 2026-12-01 | true"))
    assert (answer["gaps"], answer["owners"]) == ([], [])
