"""Forecast and backtest as questions: schema, parts that add up, both languages, refusals."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import ibis
import jsonschema
import pyarrow as pa
import pyarrow.compute as pc
import pytest

from benchmarks.simulator import Organisation, simulate
from bokgi.analysis.forecast.days_at_risk import read_stays
from bokgi.domain.errors import NotFoundError, UsageError
from bokgi.domain.period import Period
from bokgi.facts.lake import Lake
from bokgi.facts.ledger import Entry
from bokgi.facts.model import Facts
from bokgi.facts.read import open_facts
from bokgi.facts.schema import TABLES
from bokgi.questions.backtest import ask_backtest
from bokgi.questions.forecast import ask_forecast, period_of
from bokgi.ui.spoken import spoken
from tests.analysis.worlds import facts_of_world
from tests.cast import CAST, facts_of

REFERENCE = Path(__file__).parents[2] / "docs" / "reference"
FORECAST, BACKTEST = (
    json.loads((REFERENCE / f"{name}.schema.json").read_text(encoding="utf-8")) for name in ("forecast", "backtest")
)
AS_OF = date(2025, 11, 20)
QUARTER = Period.quarter_of(AS_OF)


@pytest.fixture(scope="module")
def facts() -> Facts:
    """Give a small organisation of three teams."""
    return facts_of_world(simulate(Organisation(seed=4, reps=6, deals=1_200)))


@pytest.fixture(scope="module")
def quarter(facts: Facts) -> dict[str, Any]:
    return asked(facts)


def asked(facts: Facts, *, as_of: date = AS_OF, period: Period = QUARTER, **whose: str | None) -> dict[str, Any]:
    found = ask_forecast(facts, as_of=as_of, period=period, **whose)
    jsonschema.validate(found, FORECAST)
    json.dumps(found, allow_nan=False)
    return found


def won(found: dict[str, Any]) -> Decimal:
    return Decimal(found["amount"])


def test_parts_add_up_to_the_last_won(quarter: dict[str, Any]) -> None:
    mean = won(quarter["mean"])
    assert won(quarter["won_so_far"]) + won(quarter["open"]["mean"]) + won(quarter["new"]["mean"]) == mean
    for shares in (quarter["people"], quarter["teams"]):
        assert sum(won(share["mean"]) for share in shares) == mean
        assert all(
            sum(won(share[part]) for part in ("won_so_far", "open", "new")) == won(share["mean"]) for share in shares
        )
    change = quarter["change"]
    assert sum(won(part["amount"]) for part in change["parts"]) == won(change["now"]) - won(change["before"])
    assert change["now"] == quarter["mean"]


def test_what_is_won_by_day_rises_within_the_period_to_what_is_won(quarter: dict[str, Any]) -> None:
    told = quarter["won_by_day"]
    days, amounts = [row["on"] for row in told], [won(row["amount"]) for row in told]
    assert days == sorted(set(days))
    assert amounts == sorted(amounts)
    assert quarter["period"]["start"] <= days[0]
    assert days[-1] <= quarter["as_of"]
    assert amounts[-1] == won(quarter["won_so_far"])


def test_quantiles_rise_and_hold_what_is_won(quarter: dict[str, Any]) -> None:
    values = [won(value) for value in quarter["quantiles"].values()]
    assert list(quarter["quantiles"]) == ["0.05", "0.10", "0.25", "0.50", "0.75", "0.90", "0.95"]
    assert values == sorted(values)
    assert values[0] >= won(quarter["won_so_far"])


def test_it_speaks_both_languages_without_jargon(quarter: dict[str, Any]) -> None:
    korean, english = (spoken(quarter, lang) for lang in ("ko", "en"))
    assert english["said"][0]["text"].startswith("By Dec 31 about ")
    assert "수주할 것으로 보입니다" in korean["said"][0]["text"]
    words = " ".join(part["text"] for part in [*english["said"], *english["caveats"]]).lower()
    assert not [word for word in ("hazard", "crps", "quantile", "posterior", "conformal") if word in words]


def test_the_same_facts_give_the_same_forecast(facts: Facts, quarter: dict[str, Any]) -> None:
    assert asked(facts) == quarter


def test_what_comes_after_the_day_changes_nothing() -> None:
    on = date(2025, 6, 30)
    world = simulate(Organisation(seed=8, reps=4, deals=500))
    tables = dict(world.tables)
    deals = tables["deals"]
    later = pc.fill_null(pc.greater(deals["closed_on"], pa.scalar(on)), fill_value=False)
    outcome = pc.if_else(later, "lost", deals["outcome"])
    closed = pc.if_else(later, pa.scalar(date(2025, 12, 30)), deals["closed_on"])
    for name, column in (("outcome", outcome), ("closed_on", closed)):
        tables["deals"] = tables["deals"].set_column(deals.column_names.index(name), name, column)
    for name, day in (("stage_events", "entered_on"), ("deal_changes", "changed_on")):
        tables[name] = tables[name].filter(pc.less_equal(tables[name][day], pa.scalar(on)))
    quarter = Period(date(2025, 7, 1), date(2025, 10, 1))
    first, second = (
        asked(facts_of_world(replace(world, tables=given)), as_of=on, period=quarter)
        for given in (world.tables, tables)
    )
    assert first == second


def test_one_team_is_a_part_of_the_whole(facts: Facts, quarter: dict[str, Any]) -> None:
    found = asked(facts, team="team1")
    whole = next(share for share in quarter["teams"] if share["team"] == "team1")
    assert found["won_so_far"] == whole["won_so_far"]
    assert [share["team"] for share in found["teams"]] == ["team1"]
    with pytest.raises(NotFoundError, match="no team"):
        asked(facts, team="nosuch")


def test_one_person_is_a_part_of_the_whole_and_is_tried_on_the_own_past(facts: Facts, quarter: dict[str, Any]) -> None:
    whole = quarter["people"][0]
    found = asked(facts, person=whole["person_id"])
    assert (found["person"], found["won_so_far"]) == (whole["person_id"], whole["won_so_far"])
    assert [share["person_id"] for share in found["people"]] == [whole["person_id"]]
    assert won(found["won_so_far"]) < won(found["mean"]) < won(quarter["mean"])
    assert found["calibration"]["n"] > 10
    assert {deal["person_id"] for deal in found["range_deals"]} == {whole["person_id"]}
    assert "learnt from everybody's deals" in str(spoken(found, "en")["caveats"])
    tried = ask_backtest(facts, as_of=AS_OF, person=whole["person_id"])
    jsonschema.validate(tried, BACKTEST)
    assert 0.5 < tried["scores"]["forecast"]["coverage80"] <= 1.0
    assert (asked(facts, person="nobody")["reason"], asked(facts, person="nobody")["mean"]) == ("no_won_deals", None)


def test_a_pipeline_counts_from_its_first_deal_and_what_came_from_another_is_not_new() -> None:
    tables = dict(simulate(Organisation(seed=4, reps=4, deals=500)).tables)
    deals, began = tables["deals"], AS_OF - timedelta(days=165)
    young = pc.greater(deals["created_on"], pa.scalar(began))
    pipeline = pc.if_else(young, "renewal", deals["pipeline"])
    ids = deals["deal_id"].filter(young)
    stages = tables["stages"]
    place = stages.column_names.index("pipeline")
    other = stages.set_column(place, stages.schema.field(place), pa.array(["renewal"] * len(stages), pa.string()))
    events = tables["stage_events"]
    theirs = pc.is_in(events["deal_id"], ids.combine_chunks())
    tables |= {
        "deals": deals.set_column(deals.column_names.index("pipeline"), "pipeline", pipeline),
        "stages": pa.concat_tables([stages, other]),
        "stage_events": events.set_column(
            events.column_names.index("pipeline"), "pipeline", pc.if_else(theirs, "renewal", events["pipeline"])
        ),
    }
    facts = facts_of_world(replace(simulate(Organisation(seed=4, reps=4, deals=500)), tables=tables))
    found = asked(facts, pipeline="renewal")
    assert (found["reason"], found["target"]) == ("too_little_history", None)
    assert "The history has 23 weeks." in str(spoken(found, "en")["caveats"])
    old = pc.unique(deals["pipeline"])[0].as_py()
    rest = asked(facts, pipeline=old)
    assert rest["reason"] is None
    both = [one["open_deals"] for one in (found, rest, asked(facts))]
    assert both[0] + both[1] == both[2] > 0
    with pytest.raises(NotFoundError, match="no pipeline"):
        asked(facts, pipeline="nosuch")


def test_a_deal_that_changed_hands_is_neither_new_nor_lost() -> None:
    world = simulate(Organisation(seed=4, reps=4, deals=500))
    tables = dict(world.tables)
    deals, changes = tables["deals"], tables["deal_changes"]
    open_now = pc.and_(pc.equal(deals["outcome"], "open"), pc.less(deals["created_on"], AS_OF - timedelta(days=30)))
    moved = deals.filter(open_now).slice(0, 1).to_pylist()[0]
    old = moved["owner_id"]
    new = next(one for one in pc.unique(deals["owner_id"]).to_pylist() if one and one != old)
    owner = pc.if_else(pc.equal(deals["deal_id"], moved["deal_id"]), new, deals["owner_id"])
    row = dict.fromkeys(changes.column_names) | {"deal_id": moved["deal_id"], "field": "owner_id", "import_no": 1}
    row |= {"old": old, "new": new, "changed_on": AS_OF - timedelta(days=2), "seq": 99, "origin": "recorded"}
    first = row | {"old": None, "new": old, "changed_on": moved["created_on"], "seq": 0}
    tables |= {
        "deals": deals.set_column(deals.column_names.index("owner_id"), "owner_id", owner),
        "deal_changes": pa.concat_tables([changes, pa.Table.from_pylist([first, row], changes.schema)]),
    }

    def counted(tables: dict[str, pa.Table], person: str) -> dict[str, int | None]:
        found = asked(facts_of_world(replace(world, tables=tables)), person=person)
        return {part["code"]: part["n"] for part in found["change"]["parts"]}

    before = counted(dict(world.tables), old)
    after = counted(tables, old)
    assert (before.get("moved_out", 0), after.get("moved_out")) == (0, 1)
    assert after.get("lost", 0) == before.get("lost", 0)
    took = counted(tables, new)
    assert took.get("moved_in") == 1
    assert took.get("entered", 0) == counted(dict(world.tables), new).get("entered", 0)


def test_a_deal_whose_owner_a_week_ago_is_unknown_did_not_move_in() -> None:
    world = simulate(Organisation(seed=4, reps=4, deals=500))
    deals = world.tables["deals"]
    open_now = pc.and_(pc.equal(deals["outcome"], "open"), pc.less(deals["created_on"], AS_OF - timedelta(days=30)))
    one = deals.filter(open_now).slice(0, 1).to_pylist()[0]
    changes = world.tables["deal_changes"]
    row = dict.fromkeys(changes.column_names) | {"deal_id": one["deal_id"], "field": "owner_id", "import_no": 1}
    row |= {"new": one["owner_id"], "changed_on": AS_OF - timedelta(days=2), "seq": 99, "origin": "recorded"}
    filled = pa.concat_tables([changes, pa.Table.from_pylist([row], changes.schema)])
    tables = {**world.tables, "deal_changes": filled}

    def counted(tables: Mapping[str, pa.Table]) -> dict[str, int | None]:
        found = asked(facts_of_world(replace(world, tables=dict(tables))), person=one["owner_id"])
        assert found["reason"] is None
        return {part["code"]: part["n"] for part in found["change"]["parts"]}

    before, after = counted(world.tables), counted(tables)
    assert (before.get("owner_filled", 0), after.get("owner_filled")) == (0, 1)
    assert [after.get(code, 0) for code in ("moved_in", "entered")] == [
        before.get(code, 0) for code in ("moved_in", "entered")
    ]


def test_a_target_that_counts_deals_beyond_those_asked_for_is_named_and_not_held_against_them() -> None:
    world = simulate(Organisation(seed=4, reps=4, deals=500))
    members = world.tables["memberships"].to_pylist()
    who, team = members[0]["person_id"], members[0]["team"]
    target = dict.fromkeys(TABLES["targets"].arrow().names) | {"import_no": 1, "metric": "won_amount"}
    target |= {"subject_kind": "person", "subject_id": who, "lead_source": "all", "amount": Decimal(10**9)}
    target |= {"currency": "KRW", "period_start": QUARTER.start, "period_end": QUARTER.end}
    targets = pa.Table.from_pylist([target], TABLES["targets"].arrow())

    def told(*more: dict[str, Any]) -> dict[str, Any]:
        rows = pa.Table.from_pylist([*members, *more], world.tables["memberships"].schema)
        tables = {**world.tables, "targets": targets, "memberships": rows}
        return asked(facts_of_world(replace(world, tables=tables)), person=who, team=team)

    assert won(told()["target"]["amount"]) == 10**9
    other = members[0] | {"team": "elsewhere", "valid_from": QUARTER.start + timedelta(days=10), "share": 0.5}
    found = told(other)
    assert found["target"] is None
    assert "counts deals of every team" in str(spoken(found, "en")["caveats"])
    (pipeline,) = set(world.tables["deals"]["pipeline"].to_pylist())
    tables = {**world.tables, "targets": targets}
    found = asked(facts_of_world(replace(world, tables=tables)), person=who, pipeline=pipeline)
    assert found["target"] is None
    assert "counts deals of all pipelines" in str(spoken(found, "en")["caveats"])
    found = asked(facts_of_world(world), person=who, pipeline=pipeline)
    assert "pipelines" not in str(spoken(found, "en")["caveats"])
    gone = other | {"valid_from": date(2020, 1, 1), "valid_to": QUARTER.start}
    assert told(gone)["target"] is not None


def test_where_earlier_owners_are_unknown_a_person_is_not_told_by_open_deals() -> None:
    world = simulate(Organisation(seed=4, reps=4, deals=500))
    deals = world.tables["deals"]
    place = deals.column_names.index("known_at_creation")
    known = pc.replace_substring(deals["known_at_creation"], "owner_id,", "")
    who = next(one for one in pc.unique(deals["owner_id"]).to_pylist() if one)
    facts = facts_of_world(
        replace(
            world,
            tables={**world.tables, "deals": deals.set_column(place, deals.schema.field(place), known)},
        )
    )
    found = asked(facts, person=who)
    assert (found["reason"], found["open"], found["change"]) == ("owners_unknown", None, None)
    assert won(found["mean"]) > 0
    assert "Who owned the deals a week ago" in str(spoken(found, "en")["caveats"])
    assert asked(facts)["reason"] is None
    past = ask_backtest(facts, as_of=AS_OF, person=who)
    jsonschema.validate(past, BACKTEST)
    assert (past["reason"], past["origins"]) == ("owners_unknown", [])
    assert "Who owned the deals on past days" in spoken(past, "en")["said"][0]["text"]


def test_a_backtest_scores_every_method(facts: Facts) -> None:
    found = ask_backtest(facts, as_of=AS_OF)
    jsonschema.validate(found, BACKTEST)
    assert set(found["scores"]) == set(BACKTEST["properties"]["scores"]["propertyNames"]["enum"])
    assert found["scores"]["forecast"]["n"] == len(found["origins"]) > 10
    assert all(row["on"] < row["start"] < row["end"] <= "2025-11-21" for row in found["origins"])
    with pytest.raises(UsageError, match="--period"):
        ask_backtest(facts, as_of=AS_OF, period="year")


def test_a_period_that_is_over_is_what_was_won(facts: Facts) -> None:
    found = asked(facts, period=Period.parse("2025-Q3"))
    assert found["reason"] == "period_over"
    assert found["quantiles"]["0.05"] == found["quantiles"]["0.95"] == found["won_so_far"]
    assert "is over" in spoken(found, "en")["said"][0]["text"]


def test_short_history_carries_on_at_the_pace_of_late_and_says_so(facts: Facts) -> None:
    found = asked(facts, as_of=date(2024, 5, 15), period=Period.parse("2024-Q2"))
    assert found["reason"] == "too_little_history"
    assert found["open"] is None
    assert won(found["quantiles"]["0.05"]) < won(found["mean"]) < won(found["quantiles"]["0.95"])
    assert "The history has 18 weeks." in spoken(found, "en")["caveats"][0]["text"]


def test_long_after_the_last_win_nothing_is_expected_and_no_deal_either(facts: Facts) -> None:
    found = asked(facts, as_of=date(2029, 8, 31), period=Period.quarter_of(date(2029, 8, 31)))
    assert (won(found["mean"]), found["calibration"]["bias"]) == (Decimal(0), None)
    assert found["open"]["n"] == found["new"]["n"] == 0
    said = [sentence["text"] for sentence in spoken(found, "en")["said"]]
    assert "has not changed" in str(said)
    assert said[0].startswith("Nothing more is expected by Sep 30")


def test_where_nothing_is_open_and_nothing_came_in_the_pace_of_late_does_not_go_on() -> None:
    began = [date(2025, 1, 6) + timedelta(days=2 * n) for n in range(60)]
    rows = [
        f"d{n} | lee | {('lost', 'won')[n % 2]} | {on} | {on + timedelta(days=200 + n % 5 * 7)} | 1000000"
        for n, on in enumerate(began)
    ]
    facts = facts_of(
        None, **CAST, deals="\n".join(["deal_id | owner_id | outcome | created_on | closed_on | amount", *rows])
    )
    found = asked(facts, as_of=date(2025, 12, 31), period=Period(date(2026, 1, 1), date(2026, 4, 1)))
    parts = [won(found[part]["mean"]) for part in ("open", "new")]
    assert (found["reason"], won(found["mean"]), *parts) == (None, 0, 0, 0)
    assert spoken(found, "en")["said"][0]["text"].startswith("Nothing more is expected")
    assert won(found["benchmarks"]["run_rate"]["mean"]) > 1_000_000


def test_what_nobody_knows_of_a_week_ago_is_not_said_to_have_changed() -> None:
    world = simulate(Organisation(seed=6, reps=4, deals=500))
    deals = world.tables["deals"]
    place = deals.column_names.index("known_at_creation")
    unknown = pa.array([","] * deals.num_rows, pa.string())
    first = world.tables | {
        "deals": deals.set_column(place, deals.schema.field(place), unknown),
        "deal_changes": world.tables["deal_changes"].slice(0, 0),
    }

    def told(tables: dict[str, pa.Table]) -> dict[str, Decimal]:
        facts, on = facts_of_world(replace(world, tables=tables)), date(2025, 12, 31)
        # Exported on the very day: of that day it is known what the deals say.
        exported = replace(facts, deals=facts.deals.mutate(observed_on=ibis.literal(on, type="date")))
        change = asked(exported, as_of=on, period=Period(date(2026, 1, 1), date(2026, 4, 1)))["change"]
        parts = {part["code"]: won(part["amount"]) for part in change["parts"]}
        assert sum(parts.values()) == won(change["now"]) - won(change["before"])
        return parts

    assert "filled_in" not in told(world.tables)
    parts = told(first)
    assert not {"amount", "close_date"} & set(parts)
    assert parts["filled_in"] != 0


def test_owners_who_were_filled_in_with_the_win_say_nothing_of_an_open_deal() -> None:
    """Forecasts of facts whose owners stand on won deals only are those of facts in which nobody owns a deal."""
    world = simulate(Organisation(seed=6, reps=4, deals=700))
    deals, unowned = world.tables["deals"], pa.nulls(world.tables["deals"].num_rows, pa.string())

    def owned(owner: pa.Array) -> Facts:
        told = deals.set_column(deals.column_names.index("owner_id"), deals.schema.field("owner_id"), owner)
        nothing = world.tables["deal_changes"].slice(0, 0)
        return facts_of_world(replace(world, tables={**world.tables, "deals": told, "deal_changes": nothing}))

    won_only = pc.if_else(pc.equal(deals["outcome"], "won"), deals["owner_id"], None).combine_chunks()
    on, period = date(2025, 10, 15), Period(date(2025, 10, 1), date(2026, 1, 1))
    found, nobodys = (asked(owned(owner), as_of=on, period=period) for owner in (won_only, unowned))
    assert found["reason"] is nobodys["reason"] is None
    assert won(nobodys["open"]["mean"]) > 10_000_000
    assert float(won(found["open"]["mean"])) == pytest.approx(float(won(nobodys["open"]["mean"])), rel=0.02)
    assert "Left out: person, which is filled in when the outcome is known." in str(spoken(found, "en")["caveats"])
    assert "Left out: person" not in str(spoken(nobodys, "en")["caveats"])


def test_without_a_won_deal_nothing_is_said() -> None:
    deals = """
        deal_id | owner_id | outcome | created_on | closed_on
        d1      | lee      | lost    | 2025-01-01 | 2025-02-01
        d2      | park     | open    | 2025-01-01 |
    """
    found = asked(facts_of(None, **CAST, deals=deals))
    assert (found["reason"], found["mean"], found["quantiles"]) == ("no_won_deals", None, {})


def few_wins(wins: int) -> Facts:
    """Give a year of deals, so many of them won, one a month, and one open."""
    rows = [f"w{n} | lee | won | 2025-{n + 1:02d}-01 | 2025-{n + 2:02d}-01" for n in range(wins)]
    rows += [f"l{n} | park | lost | 2025-{n + 1:02d}-01 | 2025-{n + 2:02d}-01" for n in range(8)]
    deals = "\n".join(["deal_id | owner_id | outcome | created_on | closed_on", *rows, "o | lee | open | 2025-11-01 |"])
    return facts_of(None, **CAST, deals=deals)


def test_with_fewer_than_five_won_deals_nothing_is_said() -> None:
    found = asked(few_wins(4))
    assert (found["reason"], found["mean"], found["quantiles"]) == ("too_few_wins", None, {})
    assert "Fewer than five deals" in spoken(found, "en")["said"][0]["text"]
    past = ask_backtest(few_wins(4), as_of=AS_OF)
    jsonschema.validate(past, BACKTEST)
    assert (past["reason"], past["origins"]) == ("too_few_wins", [])
    assert "Fewer than five deals" in spoken(past, "en")["said"][0]["text"]
    assert asked(few_wins(5))["reason"] == "no_won_amounts"


def test_of_few_deals_each_part_lies_in_its_range_and_the_lead_says_that_mostly_little_comes() -> None:
    facts = facts_of_world(simulate(Organisation(seed=5, reps=2, deals=60, never_close=0.9)))
    found = asked(facts, as_of=date(2025, 12, 20), period=Period(date(2025, 12, 20), date(2025, 12, 23)))
    parts = [found["open"], found["new"], *found["people"], *found["teams"], *found["benchmarks"].values()]
    assert any(won(part["mean"]) > 0 == won(part["low"]) for part in parts)
    for part in parts:
        assert won(part["low"]) <= won(part["mean"]) <= won(part["high"])
    assert won(found["mean"]) > won(found["quantiles"]["0.90"])
    assert "mostly little is won" in spoken(found, "en")["said"][0]["text"]


def test_an_amount_that_nobody_knows_does_not_change() -> None:
    world = simulate(Organisation(seed=6, reps=4, deals=500))
    deals = world.tables["deals"]
    place = deals.column_names.index("amount")
    closed = pc.if_else(pc.equal(deals["outcome"], "open"), None, deals["amount"])
    tables = world.tables | {"deals": deals.set_column(place, deals.schema.field(place), closed)}
    facts = facts_of_world(replace(world, tables=tables | {"deal_changes": tables["deal_changes"].slice(0, 0)}))
    found = asked(facts, as_of=date(2025, 12, 31), period=Period(date(2026, 1, 1), date(2026, 4, 1)))
    assert found["unknown_amounts"] == found["open_deals"] > 10
    assert "amount" not in {part["code"] for part in found["change"]["parts"]}


@pytest.mark.parametrize(
    ("text", "start"),
    [
        (None, None),  # the quarter of the day, which only the company's fiscal year tells
        ("quarter", None),
        ("month", "2025-11-01"),
        ("2025-11-10..2025-12-01", "2025-11-10"),
    ],
)
def test_periods_are_read_by_name_or_dates(text: str | None, start: str | None) -> None:
    found = period_of(text, AS_OF)
    assert (None if found is None else found.start.isoformat()) == start


def test_a_period_far_ahead_is_refused(facts: Facts) -> None:
    with pytest.raises(UsageError, match="400 days"):
        asked(facts, period=Period.parse("2027-Q3"))


def test_a_day_is_read_once_for_all_teams_and_again_after_an_import(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tables = simulate(Organisation(seed=4, reps=4, deals=400)).tables
    lake = Lake.open(tmp_path, create=True)

    def bring(rows: Mapping[str, pa.Table]) -> Facts:
        with lake.begin() as writing:
            for name, table in rows.items():
                writing.write(name, table.drop_columns([c for c in table.column_names if c == "import_no"]))
            at = datetime(2025, 12, writing.import_no, tzinfo=UTC)
            writing.commit(Entry(kind="file", source="crm", by="test", at=at, exported_at=at))
        return open_facts(tmp_path)

    read: list[str] = []

    def counted(*given: Any) -> Iterator[pa.Table]:  # noqa: ANN401 - whatever is read
        read.append("days at risk")
        return read_stays(*given)

    monkeypatch.setattr("bokgi.analysis.forecast.reading.read_stays", counted)
    facts = bring(tables)
    whole = asked(facts)
    team = whole["teams"][0]["team"]
    told = asked(facts, team=team)
    assert (len(read), told["calibration"]["n"] > 0) == (1, True)
    for folder in (tmp_path / "lake" / "state").iterdir():
        for path in folder.glob("forecast_*.parquet"):
            path.unlink()
    assert asked(open_facts(tmp_path), team=team) == told
    assert len(read) == 2
    gone = bring({"deals": tables["deals"].filter(pc.equal(tables["deals"]["outcome"], "open")).slice(0, 1)})
    asked(gone)
    assert len(read) == 3
    asked(gone, as_of=AS_OF - timedelta(days=1))
    assert len(read) == 4
