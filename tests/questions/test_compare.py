"""Compare as a question: schema, sentences in both languages, refusals, stages, values, teams."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import jsonschema
import pyarrow as pa
import pyarrow.compute as pc
import pytest

from benchmarks.in_memory import facts_of_tables
from benchmarks.simulator import Organisation, simulate
from bokgi.analysis.comparison import compare_people
from bokgi.cli.commands.compare import _show
from bokgi.cli.session import Session
from bokgi.domain.errors import NotFoundError, RefusalError, UsageError
from bokgi.domain.money import Money
from bokgi.facts.model import Facts
from bokgi.questions.asked import asked as questioned
from bokgi.questions.compare import _said, _would_change, compare
from bokgi.ui.format import money_short, plain
from bokgi.ui.spoken import spoken
from tests.analysis.worlds import facts_of_world
from tests.cast import CAST, facts_of

SCHEMA = json.loads(
    (Path(__file__).parents[2] / "docs" / "reference" / "compare.schema.json").read_text(encoding="utf-8")
)
AS_OF = date(2025, 12, 31)


@pytest.fixture(scope="module")
def facts() -> Facts:
    """Give an organisation whose people differ."""
    return facts_of_world(simulate(Organisation(seed=4, reps=12, deals=2_400, person_sd=0.7)))


def asked(facts: Facts, **options: Any) -> dict[str, Any]:  # noqa: ANN401 - options of several kinds
    found = compare(facts, as_of=AS_OF, **options)
    jsonschema.validate(found, SCHEMA)
    json.dumps(found)
    return found


def test_people_who_differ_are_told_apart_in_both_languages(facts: Facts) -> None:
    found = asked(facts)
    assert found["heterogeneity"]["detectable"]
    assert {person["verdict"] for person in found["people"]} == {"above", "below", "cannot_tell"}
    assert found["territory"] == "region"
    assert "region" not in found["factors"]
    korean, english = (spoken(found, lang)["said"][0]["text"] for lang in ("ko", "en"))
    assert english.startswith("With like cases, ")
    assert korean != english


@pytest.mark.parametrize("by", ["person", "team"])
def test_where_everybody_has_a_verdict_no_rest_is_spoken_of(facts: Facts, by: str) -> None:
    with questioned(facts, as_of=AS_OF, owner_then=True) as here:
        found = compare_people(here.deals.filter(here.deals.won.notnull()), factors=("source",))
    decided = tuple(one for one in found.people if one.verdict != "cannot_tell")
    (message,) = _said(replace(found, people=decided), by)
    assert f" of {len(decided)} " in message.text("en")
    assert "other" not in message.text("en")
    (message,) = _said(found, by)
    assert f"the other {len(found.people) - len(decided)} the data" in message.text("en")


def test_equal_people_are_ranked_by_nobody() -> None:
    found = asked(facts_of_world(simulate(Organisation(seed=9, reps=12, deals=1_500).plain())))
    assert not found["heterogeneity"]["detectable"]
    assert {person["verdict"] for person in found["people"]} == {"cannot_tell"}
    assert "cannot tell" in spoken(found, "en")["said"][0]["text"]


def test_a_period_keeps_only_cases_that_ended_in_it(facts: Facts) -> None:
    whole = asked(facts)["n"]
    half = asked(facts, start=date(2025, 1, 1), end=date(2025, 7, 1))["n"]
    assert 0 < half < whole


def test_a_stage_is_compared_by_its_visits(facts: Facts) -> None:
    found = asked(facts, metric="stage:proposal")
    assert 0 < found["n"] < asked(facts)["n"]
    with pytest.raises(NotFoundError, match="no open stage"):
        compare(facts, as_of=AS_OF, metric="stage:mood")


def test_value_is_money(facts: Facts) -> None:
    found = asked(facts, metric="value", factors=["source", "segment"])
    assert found["factors"] == ["source", "segment"]
    assert all(person["value"]["estimate"]["currency"] == "KRW" for person in found["people"])
    assert "how often deals are won" in str(spoken(found, "en")["caveats"])
    assert "how often deals are won" not in str(spoken(asked(facts), "en")["caveats"])


def test_value_stands_in_the_terminal(facts: Facts, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    session = Session(lang="en", format="text", home=tmp_path)
    found = asked(facts, metric="value")
    _show(session, spoken(found, "en"))
    shown = " ".join(capsys.readouterr().out.split())
    assert "Value of a deal" in shown
    for person in found["people"]:
        value = person["value"]["estimate"]
        assert plain(money_short(Money(Decimal(value["amount"]), value["currency"]), "en")) in shown
    _show(session, spoken(asked(facts), "en"))
    assert "Value" not in capsys.readouterr().out


def test_teams_are_compared_like_people(facts: Facts) -> None:
    found = asked(facts, by="team")
    assert [person["name"] for person in found["people"]] == ["team1", "team2", "team3"]
    assert [
        "3 teams" in spoken(found, "en")["said"][0]["text"],
        "3개 팀" in spoken(found, "ko")["said"][0]["text"],
    ] == [
        True,
        True,
    ]


def test_a_single_pair_is_no_half_of_pairs(facts: Facts) -> None:
    with questioned(facts, as_of=AS_OF, owner_then=True) as here:
        found = compare_people(here.deals.filter(here.deals.won.notnull()), factors=("source",))
    near = [pair for pair in found.pairs if pair.more_cases is not None]
    told = [_would_change(replace(found, pairs=tuple(near[:n])))[0].text("en") for n in (1, 3)]
    assert told[0].startswith(f"The one pair that cannot be told apart would take at least {near[0].more_cases} more")
    assert told[1].startswith("Of the 3 pairs")


def test_attributes_serve_as_factor_and_territory(facts: Facts) -> None:
    found = asked(facts, factors=["source", "industry"], territory="territory")
    assert found["territory"] == "territory"
    with pytest.raises(RefusalError, match="no condition mood"):
        compare(facts, as_of=AS_OF, factors=["mood"])


def test_teams_are_compared_as_people_would_be_who_had_their_deals() -> None:
    world = simulate(Organisation(seed=4, reps=8, teams=2, deals=900, turnover=0.0))
    deals = world.tables["deals"]
    team = {f"p{number:03d}": f"team{number % 2 + 1}" for number in range(8)}
    owner = pa.array([team[one] for one in deals["owner_id"].to_pylist()])
    place = deals.column_names.index("owner_id")
    merged = {**world.tables, "deals": deals.set_column(place, deals.schema.field("owner_id"), owner)}
    factors = ["source", "segment"]
    teams = asked(facts_of_tables(dict(world.tables)), by="team", factors=factors)
    twins = asked(facts_of_tables(merged), factors=factors)
    figures = ("n", "raw", "expected", "adjusted", "low", "high", "p_above_average", "verdict")
    assert [[one[name] for name in figures] for one in teams["people"]] == [
        pytest.approx([one[name] for name in figures]) for one in twins["people"]
    ]
    assert teams["heterogeneity"]["p"] == pytest.approx(twins["heterogeneity"]["p"])
    told = {lang: spoken(teams, lang)["caveats"][0]["text"] for lang in ("en", "ko")}
    assert told["en"].endswith("and 2 teams are few to tell by how much teams differ at all.")
    assert "팀이 2개뿐" in told["ko"]
    assert "team" not in spoken(twins, "en")["caveats"][0]["text"]


@pytest.mark.parametrize("named", [True, False])
def test_a_territory_that_is_filled_in_when_a_deal_is_lost_is_left_out(*, named: bool) -> None:
    world = simulate(Organisation(seed=4, reps=6, deals=900, person_sd=0.7))
    tables = dict(world.tables)
    deals, accounts = tables["deals"], tables["accounts"]
    lost = set(deals.filter(pc.not_equal(deals["outcome"], "won"))["account_id"].to_pylist())
    region = pa.array(["rival" if one in lost else "none" for one in accounts["account_id"].to_pylist()])
    place = accounts.schema.get_field_index("region")
    tables["accounts"] = accounts.set_column(place, accounts.schema.field("region"), region)
    found = asked(facts_of_tables(tables), factors=["source"], territory="region" if named else None)
    assert found["territory"] is None
    assert [(one["code"], one["factor"]) for one in found["refusals"]] == [("factor_known_after_outcome", "region")]
    # With it every result would be what the column lets expect, and nobody could be told apart.
    assert max(abs(one["raw"] - one["expected"]) for one in found["people"]) > 0.05


def test_what_cannot_be_asked_is_said(facts: Facts) -> None:
    with pytest.raises(UsageError, match="--by"):
        compare(facts, as_of=AS_OF, by="mood")
    with pytest.raises(UsageError, match="--metric"):
        compare(facts, as_of=AS_OF, metric="mood")


def test_people_on_won_deals_only_are_refused() -> None:
    deals = """
        deal_id | owner_id | outcome | created_on | closed_on  | source
        d1      | lee      | won     | 2025-01-01 | 2025-02-01 | a
        d2      | park     | won     | 2025-01-01 | 2025-02-01 | b
        d3      |          | lost    | 2025-01-01 | 2025-02-01 | a
    """
    found = compare(facts_of(None, **CAST, deals=deals), as_of=AS_OF)
    jsonschema.validate(found, SCHEMA)
    assert found["people"] == []
    assert found["reason"] == "only_won_cases"
    assert found["refusals"][-1]["code"] == "only_won_cases"


def test_of_a_stage_it_is_moving_on_that_is_missing_or_all_there_is() -> None:
    world = simulate(Organisation(seed=6, reps=4, deals=500))
    deals = world.tables["deals"]
    only_won = facts_of_tables(world.tables | {"deals": deals.filter(pc.equal(deals["outcome"], "won"))})
    found = asked(only_won, metric="stage:proposal")
    assert found["reason"] == "only_won_cases"
    said = [part["text"] for part in spoken(found, "en")["said"]]
    assert "only deals that moved on from this stage" in said[0]
    assert said[1] == "Import the deals that were lost, too."
    assert "stand on won deals only" in spoken(asked(only_won), "en")["said"][0]["text"]


def test_separated_people_are_said_to_be() -> None:
    found = asked(facts_of_world(simulate(Organisation(seed=5, reps=5, deals=500, territories="one_each"))))
    assert "not_comparable" in {refusal["code"] for refusal in found["refusals"]}
    assert found["pairs"] == []


def test_an_assignment_that_only_closed_deals_tell_accuses_nobody_of_filling_it_in() -> None:
    world = simulate(Organisation(seed=6, reps=6, deals=900))
    deals = world.tables["deals"]
    told = pc.if_else(pc.equal(deals["outcome"], "open"), None, pc.add(deals["created_on"].cast(pa.int32()), 3))
    place = deals.column_names.index("assigned_on")
    closed_only = deals.set_column(place, deals.schema.field(place), told.cast(pa.int32()).cast(pa.date32()))
    facts = facts_of_tables(world.tables | {"deals": closed_only})
    found = asked(facts)
    assert "inherited" not in found["factors"]
    assert not [refusal for refusal in found["refusals"] if refusal.get("factor") == "inherited"]
    assert [refusal["factor"] for refusal in asked(facts, factors=["source", "inherited"])["refusals"]] == ["inherited"]
