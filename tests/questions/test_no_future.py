"""What is told of a past day is the same whatever came after it: whole answers on homes with different futures."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from functools import partial
from pathlib import Path
from typing import Any, Final

import numpy as np
import pytest

from bokgi.analysis.funnel import FunnelMode
from bokgi.apps.reviews.pack import review_pack
from bokgi.domain.period import Period
from bokgi.facts.model import Facts
from bokgi.facts.read import facts_on
from bokgi.questions.bottlenecks import find_bottlenecks
from bokgi.questions.data_quality import ask_data_quality
from bokgi.questions.deals import list_deals
from bokgi.questions.forecast import ask_forecast
from bokgi.questions.funnel import ask_funnel
from bokgi.questions.kpis import ask_kpis
from bokgi.questions.pipeline import tell_pipeline_change
from bokgi.questions.win_loss import ask_win_loss
from tests.cast import CAST
from tests.facts.lakes import imported, lake_in, read

FIRST, ON, LAST = date(2026, 5, 4), date(2026, 11, 22), date(2027, 1, 11)
WEEK = Period.week("2026-W47")
EXPORTS: Final = (ON, date(2026, 12, 14), LAST)
OPEN_STAGES: Final = ("prospecting", "qualified", "proposal", "negotiation")
SELLERS: Final = ("lee", "park", "jung")
REASONS: Final = ("price", "timing", None)
Row = dict[str, Any]


class Crm:
    """A CRM that lives from day to day: its past is always the same, its future that of a number."""

    def __init__(self, future: int) -> None:
        self.past, self.future = np.random.default_rng(7), np.random.default_rng([7, future])
        self.deals: dict[str, Row] = {}
        self.leads: dict[str, Row] = {}
        self.activities: dict[str, Row] = {}
        self.people: list[Row] = []
        self.events: list[Row] = []
        self.changes: list[Row] = []
        self.texts: dict[str, Row] = {}

    def day(self, on: date) -> None:
        """Let a day pass."""
        draws = self.past if on <= ON else self.future
        if draws.random() < 0.35:
            self._lead(on, draws)
        for deal in list(self.deals.values()):
            if deal["outcome"] == "open" and draws.random() < 0.12:
                self._move(deal, on, draws)
        for activity in self.activities.values():
            self._after(activity, on, draws)

    def _lead(self, on: date, draws: np.random.Generator) -> None:
        name = f"{len(self.leads):03d}"
        owner = str(draws.choice(SELLERS))
        lead = {"lead_id": f"l{name}", "created_on": on, "source": str(draws.choice(["web", "event"]))}
        lead |= {"grade": str(draws.choice(["A", "B"])), "owner_id": owner, "assigned_on": on, "outcome": "open"}
        self.leads[name] = lead
        if draws.random() < 0.2:
            return
        deal = {"deal_id": f"d{name}", "created_on": on, "owner_id": owner, "account_id": f"a{int(draws.integers(5))}"}
        deal |= {"lead_id": lead["lead_id"], "source": lead["source"], "lead_grade": lead["grade"], "assigned_on": on}
        deal |= {"stage": OPEN_STAGES[0], "outcome": "open", "amount": int(draws.integers(1, 90)) * 1_000_000}
        deal |= {"currency": "USD" if draws.random() < 0.2 else "KRW", "type": "new", "has_next_step": False}
        deal["expected_close_on"] = on + timedelta(days=int(draws.integers(20, 120)))
        self.deals[name] = deal
        lead |= {"converted_deal_id": deal["deal_id"], "outcome": "converted"}
        self.texts[f"deal_name {deal['deal_id']}"] = {
            "kind": "deal_name",
            "key": deal["deal_id"],
            "text": f"기회 {name}",
        }
        self._enter(deal, on)

    def _enter(self, deal: Row, on: date) -> None:
        self.events.append({"deal_id": deal["deal_id"], "entered_on": on, "stage": deal["stage"]})

    def _change(self, deal: Row, field: str, new: object, on: date) -> None:
        old, deal[field] = deal.get(field), new
        row = {"deal_id": deal["deal_id"], "field": field, "changed_on": on, "old": old, "new": new}
        self.changes.append(row | {"seq": len(self.changes) + 1})

    def _move(self, deal: Row, on: date, draws: np.random.Generator) -> None:
        key = deal["deal_id"]
        match int(draws.integers(7)):
            case 0:
                self._change(deal, "amount", int(draws.integers(1, 90)) * 1_000_000, on)
            case 1:
                self._change(deal, "expected_close_on", on + timedelta(days=int(draws.integers(5, 90))), on)
            case 2:
                self._change(deal, "owner_id", str(draws.choice(SELLERS)), on)
            case 3:
                deal |= {"has_next_step": True, "next_step_on": on + timedelta(days=int(draws.integers(3, 30)))}
                self.texts[f"next_step {key}"] = {"kind": "next_step", "key": key, "text": f"전화 {on}"}
            case 4:
                self._act(deal, on, draws)
            case _:
                place = OPEN_STAGES.index(deal["stage"]) + 1
                over = draws.random()
                if place < len(OPEN_STAGES) and over < 0.7:
                    deal["stage"] = OPEN_STAGES[place]
                else:
                    end = "won" if over < 0.9 else "lost"
                    deal |= {"stage": end, "outcome": end, "closed_on": on}
                    deal["lost_reason"] = REASONS[draws.integers(3)] if end == "lost" else None
                self._enter(deal, on)

    def _act(self, deal: Row, on: date, draws: np.random.Generator) -> None:
        key = f"t{len(self.activities):03d}"
        ahead = int(draws.integers(0, 25))
        row = {"activity_id": key, "kind": str(draws.choice(["meeting", "call", "email"])), "deal_id": deal["deal_id"]}
        row |= {"happened_on": on + timedelta(days=ahead), "done": ahead == 0, "automatic": False}
        self.activities[key] = row
        self.people.append({"activity_id": key, "person_id": deal["owner_id"]})

    def _after(self, activity: Row, on: date, draws: np.random.Generator) -> None:
        if activity["done"] or activity.get("outcome") is not None or activity["happened_on"] != on:
            return
        become = draws.random()
        if become < 0.6:
            activity |= {"done": True, "outcome": "held"}
        elif become < 0.8:
            activity["outcome"] = "cancelled"
        else:
            activity["happened_on"] = on + timedelta(days=int(draws.integers(2, 15)))

    def tables(self, on: date) -> dict[str, str]:
        """Write what an export of a day holds."""
        future = int(self.future.integers(5, 90)) if on > ON else 0
        goals = [
            {"subject_kind": kind, "subject_id": subject, "amount": amount * (10 + future)}
            for kind, subject, amount in (("organisation", "all", 60_000_000), ("team", "1팀", 30_000_000))
        ]
        quarter = {"period_start": date(2026, 10, 1), "period_end": date(2027, 1, 1), "currency": "KRW"}
        staff: list[Row] = [{"person_id": one, "team": "1팀", "role": "AE"} for one in (*SELLERS, "kim")]
        if on > ON:
            moved = SELLERS[future % 3]
            staff = [row | ({"valid_to": date(2026, 12, 1)} if row["person_id"] == moved else {}) for row in staff]
            staff.append({"person_id": moved, "team": "2팀", "role": "AE", "valid_from": date(2026, 12, 1)})
        rates = [{"currency": "USD", "month": f"2026-{month:02d}-01", "rate": 1300 + month} for month in range(5, 12)]
        if on > ON:
            rates.append({"currency": "USD", "month": "2026-12-01", "rate": 1400 + future})
        turned = future % 5 if on > ON else None
        told = {
            "accounts": [
                {"account_id": f"a{number}", "name": f"고객 {number}", "industry": "IT" if number % 2 else "Food"}
                | ({"industry": f"Bank {future}"} if number == turned else {})
                for number in range(5)
            ],
            "deals": list(self.deals.values()),
            "leads": list(self.leads.values()),
            "activities": list(self.activities.values()),
            "activity_people": self.people,
            "stage_events": self.events,
            "deal_changes": self.changes,
            "texts": list(self.texts.values()),
            "targets": [row | quarter for row in goals],
            "memberships": staff,
            "rates": rates,
        }
        return {name: text_of(rows) for name, rows in told.items()}


def text_of(rows: list[Row]) -> str:
    """Write rows as a small text table."""
    columns = list(dict.fromkeys(name for row in rows for name in row))
    lines = [" | ".join(columns)]
    for row in rows:
        cells = ["" if row.get(name) is None else str(row[name]) for name in columns]
        lines.append(" | ".join(cell.lower() if cell in {"True", "False"} else cell for cell in cells))
    return "\n".join(lines)


def days() -> str:
    """Write a calendar of all weekdays."""
    passed, lines = 0, ["day | working | week_start | iso_week | working_days"]
    for number in range((date(2027, 7, 1) - date(2026, 1, 1)).days):
        on = date(2026, 1, 1) + timedelta(days=number)
        passed += on.weekday() < 5
        year, week, _ = on.isocalendar()
        start = on - timedelta(days=on.weekday())
        lines.append(f"{on} | {str(on.weekday() < 5).lower()} | {start} | {year}-W{week:02d} | {passed}")
    return "\n".join(lines)


def facts_with(folder: Path, future: int | None) -> Facts:
    """Give the facts of a home with a future; without one, those of the day itself."""
    crm, lake = Crm(future or 0), lake_in(folder)
    steady = {name: CAST[name] for name in ("people", "identities", "stages")}
    steady["calendar"] = days()
    on = FIRST
    while on <= (ON if future is None else LAST):
        crm.day(on)
        if on in EXPORTS:
            imported(lake, on.isoformat(), **(steady if on == ON else {}), **crm.tables(on))
            # What happened is told once.
            crm.events, crm.changes, crm.people = [], [], []
        on += timedelta(days=1)
    return read(lake)


def pack(facts: Facts) -> Any:  # noqa: ANN401 - JSON
    """Give the review without what it says of the import."""
    made = review_pack(facts, period=WEEK, as_of=ON)
    return {name: value for name, value in made.items() if name not in {"lake_version", "data"}}


def texts(facts: Facts) -> list[Row]:
    """Give the texts of the deals that were there."""
    then = facts_on(facts, ON)
    found = then.texts.semi_join(then.deals, then.texts.key == then.deals.deal_id)
    told: list[Row] = found.order_by("kind", "key").drop("import_no").to_pyarrow().to_pylist()
    return told


ASKED: dict[str, Callable[[Facts], Any]] = {
    "review": pack,
    **{f"funnel {mode}": partial(ask_funnel, as_of=ON, mode=mode.value) for mode in FunnelMode},
    "forecast": partial(ask_forecast, as_of=ON),
    "pipeline change": partial(tell_pipeline_change, as_of=ON, start=date(2026, 10, 31)),
    "kpis": partial(ask_kpis, as_of=ON),
    "wins and losses": partial(ask_win_loss, as_of=ON),
    "bottlenecks": partial(find_bottlenecks, as_of=ON),
    "data quality": partial(ask_data_quality, as_of=ON),
    "deals": partial(list_deals, as_of=ON, limit=500),
    "texts": texts,
    "accounts": lambda facts: (
        facts_on(facts, ON).accounts.order_by("account_id").select("industry").to_pyarrow().to_pylist()
    ),
    "targets": lambda facts: (
        facts_on(facts, ON).targets.order_by("subject_id").select("amount").to_pyarrow().to_pylist()
    ),
}


@pytest.fixture(scope="module")
def homes(tmp_path_factory: pytest.TempPathFactory) -> list[Facts]:
    """Give one past without a future, and with two."""
    return [facts_with(tmp_path_factory.mktemp("home"), future) for future in (None, 1, 2)]


def test_the_futures_differ(homes: list[Facts]) -> None:
    for name in (
        "deals",
        "leads",
        "activities",
        "stage_events",
        "deal_changes",
        "texts",
        "targets",
        "memberships",
        "accounts",
    ):
        told = [sorted(map(str, facts.tables[name].drop("import_no").to_pyarrow().to_pylist())) for facts in homes]
        assert told[0] != told[1], name
        assert told[1] != told[2], name


@pytest.mark.parametrize("question", ASKED)
def test_whatever_comes_later_the_answer_about_a_day_is_the_same(question: str, homes: list[Facts]) -> None:
    now, *later = (ASKED[question](facts) for facts in homes)
    assert now
    assert later == [now, now]
