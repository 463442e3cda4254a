"""Files of pure noise as a review reads them: how many are told anything at all, by what they are told."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from benchmarks.in_memory import facts_of_tables
from benchmarks.simulator import Organisation, World, simulate
from benchmarks.simulator.causes import with_handling
from benchmarks.simulator.content import idle_content
from benchmarks.simulator.tables import table
from benchmarks.study.bottleneck import noise
from benchmarks.study.rows import Row, share_row
from bokgi.analysis.causes.reading import CASES_WEEKS
from bokgi.domain.period import Period
from bokgi.facts.model import Facts
from bokgi.questions.asked import asked
from bokgi.questions.bottlenecks import DEFAULT_VIEWS, find_bottlenecks
from bokgi.questions.causes import readings
from bokgi.questions.changes import ask_changes
from bokgi.questions.concentration import ask_concentration
from bokgi.questions.content_effect import ask_content_effect
from bokgi.questions.decompose import decompose

TOPIC: Final = "noise"
SCALES: Final = {"small": 4, "medium": 24, "full": 200}
NOTE: Final = """\
Half of the files have conditions that differ, half have none; all have leads, weekly calls, content that does nothing
and a calendar, so that everything can go wrong. Deals come in evenly, and everybody is handed as many: a season is a
change, and who is handed more deals wins more. The seeds decided nothing. What counts as told, and what was made
stricter for it, says decision 91. Alerts and content have goals of their own (changes, content_effect)."""
OWN_SEEDS: Final = 170_000
"""Files of their own, not those of other topics."""
GIVEN: Final = frozenset({"undecided"})
"""Parts of a difference that are no driver: what is not yet decided is so for want of time."""
HANDED: Final = GIVEN | {"volume", "mix", "head_start"}
"""Parts of a gap between two people that tell what each was handed, which is known and not estimated."""
GAP_DAYS: Final = 91
SHOWN: Final = {
    "bottlenecks": "a bottleneck, six views together",
    "people": "people told apart",
    "causes": "a cause for somebody that is not so",
    "concentration": "results that hang on somebody, by amount",
    "decomposition": "a part behind the change since last quarter",
    "gap": "a rate behind the gap between who won most and who won least",
}
APART: Final = {
    "alerts": "files with an alert of the last eight weeks",
    "content": "files in which one of five items of content is said to help or hurt",
}
"""What has a goal of its own: alerts (changes), content (content_effect)."""
HARD_HANDS: Final = "files in which harder deals that chance dealt to somebody are told as such"


def calm(seed: int, each: int) -> Organisation:
    """Give an organisation in which nothing differs and nothing changes; every other one has conditions that differ."""
    return replace(noise(seed, each, drivers=each % 2 == 0), steady=True, turnover=0.0)


def shown(world: World) -> set[str]:
    """Say what one organisation is told although nobody differs."""
    as_of = world.organisation.end - timedelta(days=1)
    facts = facts_of_tables(with_handling(world) | idle_content(world) | called_by_key(world))
    found = set()
    if any(unit["flagged"] for unit in find_bottlenecks(facts, as_of=as_of, by=DEFAULT_VIEWS)["units"]):
        found.add("bottlenecks")
    if ask_changes(facts, as_of=as_of)["alerts"]:
        found.add("alerts")
    hangs = ask_concentration(facts, as_of=as_of)
    if any(hangs[band] and hangs[band]["more_than_luck"] for band in ("top_share_luck_band", "luck_band")):
        found.add("concentration")
    parts = decompose(facts, as_of=as_of)["parts"]
    if any(part["by_chance"] is False and part["name"] not in GIVEN for part in parts):
        found.add("decomposition")
    if gap(world, facts, as_of):
        found.add("gap")
    if any(item["verdict"] in {"helps", "hurts"} for item in ask_content_effect(facts, as_of=as_of)["items"]):
        found.add("content")
    with asked(facts, as_of=as_of) as here:
        read, comparison = readings(here)
    if comparison is not None and comparison.detectable:
        found.add("people")
    hands = true_hands(world)
    told = {(one.person_id, cause) for one in read for cause in one.found}
    hard = {(person, cause) for person, cause in told if cause == "environment" and hands[person] < 1.0}
    if told - hard:
        found.add("causes")
    if hard:
        found.add("hands")
    return found


def called_by_key(world: World) -> dict[str, pa.Table]:
    """Call everybody by their key: a gap is asked between two who are known by name."""
    keys = world.tables["people"]["person_id"].to_pylist()
    columns = {"kind": ["person"] * len(keys), "key": keys, "name": keys, "source": ["simulator"] * len(keys)}
    return {"identities": table("identities", columns)}


def gap(world: World, facts: Facts, as_of: date) -> set[str]:
    """Name the rates that are told behind the largest gap of the last quarter, the one that somebody asks about."""
    period = Period(as_of - timedelta(days=GAP_DAYS - 1), as_of + timedelta(days=1))
    deals = world.tables["deals"]
    inside = pc.and_(pc.equal(deals["outcome"], "won"), pc.greater_equal(deals["closed_on"], period.start))
    won = deals.filter(inside).group_by("owner_id").aggregate([("amount", "sum")]).sort_by("amount_sum")["owner_id"]
    asked_of = (won[-1].as_py(), won[0].as_py())
    parts = decompose(facts, as_of=as_of, period=period, people=asked_of)["parts"]
    return {part["name"] for part in parts if part["by_chance"] is False} - HANDED


def true_hands(world: World) -> dict[str, float]:
    """Say what an average person reaches in truth with the deals each person closed in a year, relative to all."""
    since = world.organisation.end - timedelta(weeks=CASES_WEEKS)
    deals = world.tables["deals"]
    closed = np.array([on is not None and on >= since for on in deals["closed_on"].to_pylist()])
    owner, chance = np.array(deals["owner_id"].to_pylist()), world.truth.p_win
    usual = float(chance[closed].mean())
    return {str(person): float(chance[closed & (owner == person)].mean()) / usual for person in set(owner[closed])}


def run(scale: str, seed: int) -> list[Row]:
    """Measure how many files are told each kind of thing, half of them with conditions that differ, half without."""
    told = [shown(simulate(calm(seed + OWN_SEEDS, each))) for each in range(SCALES[scale])]
    rows = [
        share_row(TOPIC, f"files of noise that show {what}", [name in one for one in told], most=0.02)
        for name, what in SHOWN.items()
    ]
    anything = [bool(one & set(SHOWN)) for one in told]
    return [
        *rows,
        share_row(TOPIC, "files of noise that show any of these", anything, most=0.02),
        *(share_row(TOPIC, what, [name in one for one in told]) for name, what in APART.items()),
        share_row(TOPIC, HARD_HANDS, ["hands" in one for one in told]),
    ]
