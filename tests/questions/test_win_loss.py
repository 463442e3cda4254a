"""Weeks of wins and losses are those of a slow twin and add up to the period; reasons and their absence add up."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from statistics import median
from typing import Any, Final

import numpy as np
import pytest
from scipy.stats import quantile_test
from statsmodels.stats.proportion import proportion_confint

from bokgi.domain.errors import NotFoundError
from bokgi.facts.model import Facts
from bokgi.questions.win_loss import ENDS, ask_win_loss
from bokgi.ui.spoken import spoken
from tests.cast import CAST, facts_of
from tests.questions.schemas import fits

AS_OF = date(2026, 11, 25)
"""A Wednesday."""
Row = dict[str, Any]
COLUMNS: Final = (
    *("deal_id", "owner_id", "outcome", "type", "stage", "created_on", "closed_on", "amount", "currency"),
    "lost_reason",
)


def told() -> list[Row]:
    """Write deals that ended in some 20 weeks, some without amount, reason or day."""
    draw, rows = np.random.default_rng(7), list[Row]()
    for number in range(160):
        closed = AS_OF - timedelta(days=int(draw.integers(140)))
        outcome = str(draw.choice([*ENDS, "open"], p=[0.32, 0.42, 0.16, 0.1]))
        over = outcome != "open" and number % 40 != 0
        rows.append(
            {
                "deal_id": f"d{number}",
                "owner_id": ("lee", "park")[draw.integers(2)],
                "outcome": outcome,
                "type": ("new", "new", "renewal")[draw.integers(3)],
                "stage": "proposal" if outcome == "open" else outcome,
                "created_on": closed - timedelta(days=int(draw.integers(-2, 90))),
                "closed_on": closed if over else None,
                "amount": (None, 10, 20, 30)[draw.integers(4)],
                "currency": "KRW",
                "lost_reason": ("price", "price", "timing", None)[draw.integers(4)] if outcome in ENDS[1:] else None,
            }
        )
    return rows


ROWS = told()


@pytest.fixture(scope="module")
def facts() -> Facts:
    lines = [" | ".join("" if row[name] is None else str(row[name]) for name in COLUMNS) for row in ROWS]
    lost = [row for row in ROWS if row["outcome"] == "lost" and row["closed_on"]]
    events = [f"{row['deal_id']} | {row['created_on']} | proposal" for row in lost[::2]]
    handed = next(row for row in lost if row["owner_id"] == "park")
    return facts_of(
        None,
        **CAST,
        deals="\n".join([" | ".join(COLUMNS), *lines]),
        stage_events="\n".join(["deal_id | entered_on | stage", *events]),
        deal_changes="deal_id | field | changed_on | old | new\n"
        f"{handed['deal_id']} | owner_id | {handed['closed_on'] + timedelta(days=1)} | lee | park",
    )


@pytest.fixture(scope="module")
def answer(facts: Facts) -> Row:
    return fits(ask_win_loss(facts, as_of=AS_OF), "win-loss")


def inside(start: str, end: str) -> list[Row]:
    return [row for row in ROWS if row["outcome"] in ENDS and row["closed_on"] and start <= str(row["closed_on"]) < end]


def twin(rows: list[Row]) -> Row:
    """Count in the plainest way."""
    counted: Row = {"n": len(rows)}
    for end in ENDS:
        amounts = [row["amount"] for row in rows if row["outcome"] == end]
        known = [amount for amount in amounts if amount is not None]
        none = bool(amounts) and not known
        counted[end] = (len(amounts), None if none else sum(known), len(amounts) - len(known))
    return counted


def read(found: Row) -> Row:
    def one(part: Row) -> tuple[int, Decimal | None, int]:
        return (
            part["count"],
            None if part["amount"] is None else Decimal(part["amount"]["amount"]),
            part["amount_unknown"],
        )

    return {"n": found["n"], **{end: one(found[end]) for end in ENDS}}


def test_weeks_are_those_of_a_slow_twin_and_add_up_to_the_period(answer: Row) -> None:
    weeks, total, period = answer["weeks"], answer["total"], answer["period"]
    assert (len(weeks), period) == (14, {"start": "2026-08-24", "end": "2026-11-26"})
    assert [week["complete"] for week in weeks] == [True] * 13 + [False]
    assert (weeks[-1]["iso_week"], weeks[-1]["start"], weeks[-1]["end"]) == ("2026-W48", "2026-11-23", "2026-11-26")
    for week in weeks:
        assert read(week) == twin(inside(week["start"], week["end"]))
    assert read(total) == twin(inside(**period))
    for end in ENDS:
        assert sum(week[end]["count"] for week in weeks) == total[end]["count"] > 0
    assert sum(week["n"] for week in weeks) == total["n"]


def test_rates_and_shares_have_wilson_intervals_and_none_is_told_of_few(answer: Row) -> None:
    n = answer["minimum_n"]
    reasons = [(one["share"], one["count"], one["n"]) for one in answer["reasons"]]
    shares = [(one["win_rate"], one["won"]["count"], one["n"]) for one in (*answer["weeks"], answer["total"])]
    assert {share is None for share, _hits, _n in shares} == {True, False}
    for share, hits, of in (*shares, *reasons):
        assert (share is None) == (of < n)
        if share is not None:
            ends = proportion_confint(hits, of, method="wilson")
            assert (share["estimate"], share["n"]) == (pytest.approx(hits / of), of)
            assert (share["low"], share["high"]) == pytest.approx(ends)


def test_reasons_and_stages_add_up_to_the_losses_with_what_nobody_wrote_down(answer: Row) -> None:
    rows = inside(**answer["period"])
    for end in ENDS[1:]:
        own = [row for row in rows if row["outcome"] == end]
        found = {one["lost_reason"]: one["count"] for one in answer["reasons"] if one["outcome"] == end}
        assert found == {reason: sum(row["lost_reason"] == reason for row in own) for reason in found}
        assert sum(found.values()) == len(own) == answer["total"][end]["count"]
        assert {None, "price"} <= found.keys()
        assert sum(one["deals"] for one in answer["stages"] if one["outcome"] == end) == len(own)
    assert {one["label"] for one in answer["stages"]} == {"제안", None}


def test_medians_are_of_deals_whose_days_follow_each_other(answer: Row) -> None:
    rows = inside(**answer["period"])
    for name, ends in (("to_win", ENDS[:1]), ("to_loss", ENDS[1:])):
        took = [(row["closed_on"] - row["created_on"]).days for row in rows if row["outcome"] in ends]
        took = [days for days in took if days >= 0]
        found = answer["total"][name]
        assert (found["median"], found["n"], found["reason"]) == (median(took), len(took), None)
        referee: Any = quantile_test(took, q=median(took), p=0.5)
        between = referee.confidence_interval(0.95)
        assert (found["low"], found["high"]) == (between.low, between.high)


@pytest.mark.parametrize(
    ("lang", "texts"),
    [
        ("en", ("lost deals", "not causes: people may choose", "on a day that nobody knows", "could be anything from")),
        ("ko", ("적히지 않았습니다", "원인이 아닙니다", "날을 모릅니다", "달라질 수 있습니다")),
    ],
)
def test_it_says_what_is_missing_and_what_reasons_are(answer: Row, lang: str, texts: tuple[str, ...]) -> None:
    found = spoken(answer, lang)
    said = " ".join(part["text"] for name in ("said", "caveats", "would_change") for part in found[name])
    assert all(text in said for text in texts), said


def test_a_period_may_begin_and_end_within_a_week(facts: Facts) -> None:
    start, end = date(2026, 10, 3), date(2026, 10, 13)
    found = fits(ask_win_loss(facts, as_of=AS_OF, start=start, end=end, person="lee", team="1팀"), "win-loss")
    assert [(week["start"], week["complete"]) for week in found["weeks"]] == [
        ("2026-10-03", False),
        ("2026-10-05", True),
        ("2026-10-12", False),
    ]
    assert sum(week["n"] for week in found["weeks"]) == found["total"]["n"]
    assert {one["person_id"] for one in found["people"]} == {"lee"}
    assert (found["total"]["win_rate"], found["total"]["reason"]) == (None, "too_few")


def test_a_deal_counts_for_who_had_it_when_it_closed(facts: Facts) -> None:
    own = {who: ask_win_loss(facts, as_of=AS_OF, start=date(2026, 7, 1), person=who) for who in ("lee", "park")}
    rows = inside("2026-07-01", "2026-11-26")
    held = {who: sum(row["owner_id"] == who for row in rows) for who in own}
    assert {who: found["total"]["n"] for who, found in own.items()} == {
        "lee": held["lee"] + 1,
        "park": held["park"] - 1,
    }


def test_nothing_that_ended_is_said_plainly(facts: Facts) -> None:
    found = fits(ask_win_loss(facts, as_of=AS_OF, start=date(2020, 1, 6), end=date(2020, 1, 20)), "win-loss")
    assert [week["n"] for week in found["weeks"]] == [0, 0]
    assert (found["reasons"], found["stages"], found["people"]) == ([], [], [])
    assert "no deal was won" in spoken(found, "en")["said"][0]["text"]
    assert len(found["said"]) == 1
    later = ask_win_loss(facts, as_of=date(2040, 1, 2))
    assert spoken(later, "ko")["said"][1]["text"].startswith("그전에 마지막으로 끝난 날은")
    with pytest.raises(NotFoundError, match="team"):
        ask_win_loss(facts, as_of=AS_OF, team="9팀")
