"""What is counted: days at risk, deals as they stood at the end of a day, owners and amounts of then."""

from __future__ import annotations

import threading
from collections import Counter, defaultdict
from collections.abc import Sequence
from datetime import date, timedelta
from operator import itemgetter
from typing import Any

import ibis.expr.types as ir
import numpy as np
import pyarrow as pa
import pytest
from ibis import _
from numpy.typing import NDArray

from bokgi.analysis.forecast import reading
from bokgi.analysis.forecast.cells import Cells, Moves, moves_of
from bokgi.analysis.forecast.coding import Coding
from bokgi.analysis.forecast.counting import AGE_DAYS, EXITS, _latest, ends, moves
from bokgi.analysis.forecast.days_at_risk import slices
from bokgi.analysis.forecast.hazards import Hazards, fit_each, table_of
from bokgi.analysis.forecast.history import NEVER, History
from bokgi.analysis.forecast.reading import Source, read_cells, read_hazards
from bokgi.analysis.forecast.windows import (
    PHASES,
    Window,
    day_number,
    past_windows,
    phase_of,
    steps_of,
    whole_periods,
)
from bokgi.analysis.visits import visits
from tests.analysis.tables import facts

Floats = NDArray[np.float64]
AS_OF = date(2026, 3, 31)
STAGES = """
    pipeline | stage | label | stage_order | kind | probability
    default  | talk  | Talk  | 1           | open | 0.2
    default  | offer | Offer | 2           | open | 0.6
    default  | won   | Won   | 3           | won  | 1
    default  | lost  | Lost  | 4           | lost | 0
"""
DEALS = """
    deal_id | owner_id | outcome | created_on | closed_on  | amount | expected_close_on | known_at_creation
    d1      | lee      | won     | 2026-01-05 | 2026-02-10 | 900    | 2026-02-10        | ,
    d2      | lee      | open    | 2026-01-12 |            | 500    | 2026-04-10        | ,
    d3      | park     | lost    | 2026-01-20 | 2026-03-02 | 300    |                   | ,amount,
"""
EVENTS = """
    deal_id | seq | stage | entered_on
    d1      | 1   | talk  | 2026-01-05
    d1      | 2   | offer | 2026-02-03
    d1      | 3   | won   | 2026-02-10
    d2      | 1   | talk  | 2026-01-12
    d3      | 1   | talk  | 2026-01-20
    d3      | 2   | offer | 2026-01-20
    d3      | 3   | lost  | 2026-03-02
"""
CHANGES = """
    deal_id | field    | seq | old  | new | changed_on
    d1      | amount   | 1   | 1000 | 900 | 2026-02-05
    d2      | owner_id | 1   | park | lee | 2026-02-01
"""


def source(*windows: Window, year_starts: int = 1, **tables: Any) -> Source:  # noqa: ANN401 - text or Arrow
    given = facts(**({"deals": DEALS, "stage_events": EVENTS, "stages": STAGES, "deal_changes": CHANGES} | tables))
    told = visits(given.deals, given.stage_events, given.stages)
    return Source(given.deals, told, given.deal_changes, given.stages, AS_OF, windows, ("source",), year_starts)


def history(*windows: Window, **tables: Any) -> History:  # noqa: ANN401 - text or Arrow
    return source(*windows, **tables).history


def cells_at(*windows: Window, **given: Any) -> Cells:  # noqa: ANN401 - text or Arrow, the start of the year
    read = source(*windows, **given)
    return read_cells(read, read.coding)


def at(origin: str, start: str = "2026-02-01", end: str = "2026-03-01") -> Window:
    return Window(*(date.fromisoformat(day) for day in (origin, start, end)))


def stood(found: History, place: int = 0) -> dict[str, tuple[str, int]]:
    rows = found.standing[place]
    stages = [found.coding.stages[code][1] for code in rows.stage]
    return dict(zip(rows.deal_id.to_pylist(), zip(stages, rows.age.tolist(), strict=True), strict=True))


def test_a_deal_that_moved_on_a_day_stands_in_its_new_stage_that_evening() -> None:
    assert stood(history(at("2026-02-02")))["d1"] == ("talk", 28)
    assert stood(history(at("2026-02-03")))["d1"] == ("offer", 0)
    assert stood(history(at("2026-02-09")))["d1"] == ("offer", 6)
    assert "d1" not in stood(history(at("2026-02-10")))


def test_a_deal_stands_from_the_day_it_entered() -> None:
    assert "d2" not in stood(history(at("2026-01-11")))
    assert stood(history(at("2026-01-12")))["d2"] == ("talk", 0)


def test_what_came_of_a_deal_counts_within_the_window_only() -> None:
    found = history(
        at("2026-01-31"), at("2026-01-31", "2026-02-11", "2026-03-01"), at("2026-01-31", "2026-02-01", "2026-02-10")
    )
    won = [dict(zip(one.deal_id.to_pylist(), one.won.tolist(), strict=True))["d1"] for one in found.standing]
    assert won == [True, False, False]


def test_owner_and_amount_are_those_of_then() -> None:
    found = history(at("2026-02-04"), at("2026-02-06"), at("2026-01-31"))
    amount = [dict(zip(one.deal_id.to_pylist(), one.amount.tolist(), strict=True)) for one in found.standing]
    assert np.isnan(amount[0]["d1"])  # nobody recorded amounts before the first change of any deal
    assert amount[1]["d1"] == 900.0
    assert (amount[1]["d2"], amount[1]["d3"]) == (500.0, 300.0)
    owner = [
        {deal: found.coding.persons[code] for deal, code in zip(one.deal_id.to_pylist(), one.person, strict=True)}
        for one in found.standing
    ]
    assert owner[0]["d2"] == "lee"
    assert owner[2]["d2"] == "(unknown)"


def test_a_first_value_dated_at_creation_is_known_from_then_on() -> None:
    first = CHANGES + "    d1      | amount   | 0   |      | 1000 | 2026-01-05\n"
    found = history(at("2026-02-04"), deal_changes=first)
    assert (
        dict(zip(found.standing[0].deal_id.to_pylist(), found.standing[0].amount.tolist(), strict=True))["d1"] == 1000.0
    )


def test_on_the_day_of_the_facts_a_deal_is_what_it_says() -> None:
    rows = history(at(AS_OF.isoformat(), "2026-04-01", "2026-05-01")).standing[0]
    assert rows.deal_id.to_pylist() == ["d2"]
    assert (rows.amount[0], rows.due[0]) == (500.0, 10)
    before = history(at("2026-02-15")).standing[0]
    assert set(before.due.tolist()) == {NEVER}


def test_what_never_changed_is_known_of_then_where_a_deal_is_created_with_it() -> None:
    deals = DEALS.replace("2026-04-10        | ,", "2026-04-10        | ,expected_close_on,")
    found = history(at("2026-02-15"), deals=deals).standing[0]
    assert dict(zip(found.deal_id.to_pylist(), found.due.tolist(), strict=True)) == {"d2": 54, "d3": NEVER}


def test_of_two_stays_over_one_evening_the_one_begun_last_counts() -> None:
    rows = {"at": [7, 3, 3, 3], "age": [1, 9, 2, 2], "visit": [1, 1, 2, 3], "stage": ["a", "b", "c", "d"]}
    assert _latest(pa.table(rows))["stage"].to_pylist() == ["d", "a"]
    held = _latest(pa.table({"at": [7, 3, 3], "told": ["x", "y", "y"]}))
    assert held["told"].to_pylist() == ["y", "x"]


def test_a_close_date_that_was_put_off_is_told_from_then_on() -> None:
    moved = (
        CHANGES
        + """
    d2      | expected_close_on | 1 | 2026-01-31 | 2026-02-20 | 2026-01-31
    d2      | expected_close_on | 2 | 2026-02-20 | 2026-02-15 | 2026-02-02
    d2      | expected_close_on | 3 | 2026-02-15 | 2026-03-15 | 2026-02-15
    d2      | expected_close_on | 4 | 2026-03-15 | 2026-04-10 | 2026-03-15
    """
    )
    days = ("2026-01-30", "2026-01-31", "2026-02-14", "2026-02-15", "2026-03-31")
    found = history(*(at(day) for day in days), deal_changes=moved)
    times = [dict(zip(one.deal_id.to_pylist(), one.times_pushed.tolist(), strict=True))["d2"] for one in found.standing]
    assert times == [0, 1, 1, 2, 2]
    assert set(found.standing[0].times_pushed.tolist()) == {0}


def days_of_timing(cells: Cells, weight: Floats | None = None, on: date = AS_OF) -> Floats:
    """Days at risk of each timing, by the weights of the eras."""
    days = cells.weighed(np.ones(len(cells.marks)) if weight is None else weight, day_number(on))
    return days.rmatvec(np.ones(len(days.profile)))


def test_days_at_risk_are_those_between_entry_and_leaving() -> None:
    windows = at("2026-02-03"), at("2026-02-20")
    stage = {name: code for code, (_, name) in enumerate(history(*windows).coding.stages)}
    cells = cells_at(*windows)
    days = days_of_timing(cells).reshape(len(stage), -1).sum(axis=1)
    # d1 29 days of talk, d2 78 up to the day of the facts, d3 passed through in a day: half a day.
    assert [days[stage[name]] for name in ("talk", "offer")] == [29 + 78 + 0.5, 7 + 41]
    events = {name: [table.sum() for table in tables] for name, tables in cells.events.items()}
    assert events == {"on": [2.0] * 3, "back": [0.0] * 3, "won": [1.0] * 3, "lost": [1.0] * 3}


def test_before_the_first_deal_was_in_a_stage_no_day_was_at_risk() -> None:
    # Deals brought from another CRM are closed before they are created here, so origins lie before any stay.
    given = source(at("2026-02-03"))
    coding = given.coding
    cells, gone = read_cells(given, coding), moves_of(moves(given.lasting), coding)
    assert not days_of_timing(cells, on=date(2026, 1, 4)).any()
    (nothing,) = fit_each(cells, gone, coding, [day_number(date(2026, 1, 4))])
    assert not nothing.back.any()


def test_what_else_is_learnt_from_is_counted_while_hazards_are_fitted(monkeypatch: pytest.MonkeyPatch) -> None:
    window, counted = at("2026-02-03"), threading.Event()
    usual = read_hazards(source(window), [0])[0]

    def last_count(deals: ir.Table, told: ir.Table) -> pa.Table:
        counted.set()
        return ends(deals, told)

    def fit(cells: Cells, moves: Moves, coding: Coding, days: Sequence[int]) -> list[Hazards]:
        assert counted.wait(60)
        return fit_each(cells, moves, coding, days)

    monkeypatch.setattr(reading, "ends", last_count)
    monkeypatch.setattr(reading, "fit_each", fit)
    found = read_hazards(source(window), [0])[0]
    assert table_of([found]).equals(table_of([usual]))
    assert found.back.any() or found.base["won"].any()


def test_cells_counted_a_few_deals_at_a_time_are_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    deals = (
        DEALS.replace("known_at_creation", "known_at_creation | source")
        .replace(" ,\n", " , | web\n")
        .replace(",amount,", ",amount, | event")
    )
    whole = cells_at(at("2026-02-03"), deals=deals)
    monkeypatch.setattr("bokgi.analysis.forecast.days_at_risk.DEALS_AT_ONCE", 1)
    parts = cells_at(at("2026-02-03"), deals=deals)
    assert set(whole.profile.tolist()) == {0, 1}
    for field in ("profile", "person", "first", "kind", "n"):
        assert getattr(parts, field).tolist() == getattr(whole, field).tolist()
    for name, tables in whole.events.items():
        assert [table.tolist() for table in parts.events[name]] == [table.tolist() for table in tables]


def slowly(given: Source, windows: tuple[Window, ...]) -> tuple[dict[Any, float], Counter[Any]]:
    """Days at risk by owner, stage, time in stage, part of the quarter and era, and how they ended: slice by slice."""
    cut = slices(given.begun, AS_OF, windows).to_pylist()
    owners: dict[str, list[tuple[date, str, str]]] = {}
    assert given.changes is not None
    for row in sorted(given.changes.filter(_.field == "owner_id").to_pyarrow().to_pylist(), key=itemgetter("seq")):
        owners.setdefault(row["deal_id"], []).append((row["changed_on"], row["old"], row["new"]))
    since = min(on for rows in owners.values() for on, *__ in rows)
    now = {row["deal_id"]: row for row in given.deals.to_pyarrow().to_pylist()}

    def owner(deal: str, on: date) -> str:
        before = [new for changed, _old, new in owners.get(deal, []) if changed <= on]
        if before:
            return before[-1]
        if on < since and not (",owner_id," in now[deal]["known_at_creation"] and deal not in owners):
            return "(unknown)"
        return owners[deal][0][1] if deal in owners else str(now[deal]["owner_id"])

    days, ended = defaultdict[Any, float](float), Counter[Any]()
    for stay in given.lasting.to_pyarrow().to_pylist():
        entered, left = stay["entered_on"], stay["left_on"]
        until = left or AS_OF
        for one in cut:
            if not (until > one["before"] and entered <= one["last"]):
                continue
            begin = max(entered, one["before"])
            spent = 0.5 if left == entered else (min(until, one["last"]) - begin).days
            if not spent:
                continue
            middle = (begin - entered).days + (one["last"] - begin).days / 2
            age = max(place for place, bound in enumerate(AGE_DAYS) if bound <= middle)
            key = (owner(stay["deal_id"], begin), stay["stage"], age * PHASES + one["phase"], day_number(one["era"]))
            days[key] += spent
            if left is not None and left <= one["last"]:
                ended[stay["exit"], *key] += 1
    return days, ended


def test_days_at_risk_cut_as_spans_are_those_cut_slice_by_slice() -> None:
    rng = np.random.default_rng(3)
    deals, events, changes = [], [], []
    for n in range(60):
        deal, owner, day = f"d{n:02}", f"p{n % 3}", date(2025, 9, 1) + timedelta(days=int(rng.integers(0, 190)))
        created = day
        for seq, stage in enumerate(["talk", "offer", "talk", ["won", "lost"][n % 2]], start=1):
            if day <= AS_OF:
                events.append({"deal_id": deal, "seq": seq, "stage": stage, "entered_on": day})
            day += timedelta(days=int(rng.choice([0, 1, 6, 30, 80])))
        last = events[-1]
        closed = last["entered_on"] if last["stage"] in {"won", "lost"} else None
        deals.append(
            {"deal_id": deal, "owner_id": owner, "outcome": last["stage"] if closed else "open", "created_on": created}
            | {"closed_on": closed, "known_at_creation": ",owner_id," if n % 4 else ","}
        )
        if n % 5 == 0:
            for seq, old, new in ((1, "p2", "p0"), (2, "p0", owner)):
                on = max(created, date(2025, 11, 3)) + timedelta(days=25 * seq + n % 3)
                change = {"deal_id": deal, "field": "owner_id", "seq": seq, "old": old, "new": new, "changed_on": on}
                changes.append(change)
    windows = at("2025-12-31"), at("2026-02-03"), at("2026-03-02")
    given = source(*windows, deals=deals, stage_events=events, deal_changes=changes)
    coding = given.coding
    cells = read_cells(given, coding)
    days, ended = slowly(given, windows)
    codes = {name: code for code, (__, name) in enumerate(coding.stages)}
    assert len({key[0] for key in days}) == 4
    for era, mark in enumerate(cells.marks.tolist()):
        exposure = cells.weighed(np.arange(len(cells.marks)) == era, mark)
        found: dict[Any, float] = {}
        for person in range(len(coding.persons)):
            table = exposure.rmatvec((exposure.person == person).astype(np.float64)).reshape(len(codes), -1)
            found |= {
                (coding.persons[person], name, time, mark): table[code, time]
                for name, code in codes.items()
                for time in np.flatnonzero(table[code]).tolist()
            }
        assert found == {key: spent for key, spent in days.items() if key[-1] == mark}
        for way, exits in EXITS.items():
            by_person = cells.events[way][2][era]
            told = Counter(key[1] for key in ended.elements() if key[-1] == mark and key[0] in exits)
            assert {coding.persons[code]: by_person[code] for code in np.flatnonzero(by_person)} == told
            by_timing = cells.events[way][0][era].reshape(len(codes), -1)
            timed = Counter(key[2:4] for key in ended.elements() if key[-1] == mark and key[0] in exits)
            assert {
                (name, t): by_timing[code, t] for name, code in codes.items() for t in np.flatnonzero(by_timing[code])
            } == timed
    # What a row sums is what the columns sum.
    of_timing = rng.random(cells.stages * cells.times)
    whole = cells.weighed(np.linspace(0.25, 1.0, len(cells.marks)), day_number(AS_OF))
    assert whole.matvec(of_timing).sum() == pytest.approx(whole.rmatvec(np.ones(len(whole.profile))) @ of_timing)


def test_an_origin_knows_only_what_had_happened_by_its_end() -> None:
    cells = cells_at(at("2026-02-03"), at("2026-02-02"))
    marks, by_timing = cells.marks, cells.events["on"][0]
    on = [by_timing[marks <= day_number(date(2026, 2, day))].sum() for day in (2, 3)]
    assert on == [1.0, 2.0]


def test_a_deal_without_history_stands_in_one_nameless_stage() -> None:
    found = history(at("2026-02-01"), stage_events=[])
    assert stood(found) == {"d1": ("", 27), "d2": ("", 20), "d3": ("", 12)}


def test_a_deal_opened_again_enters_again() -> None:
    again = EVENTS + "    d3      | 4   | talk  | 2026-03-20\n"
    deals = DEALS.replace("lost    | 2026-01-20 | 2026-03-02", "open    | 2026-01-20 |           ")
    found = history(at("2026-03-10"), at("2026-03-25"), stage_events=again, deals=deals)
    assert "d3" not in stood(found, 0)
    assert stood(found, 1)["d3"] == ("talk", 5)
    entered = [day_number(date.fromisoformat(day)) for day in ("2026-01-05", "2026-01-12", "2026-01-20", "2026-03-20")]
    assert found.entries.on.tolist() == entered


def test_wins_without_an_amount_are_kept_as_wins() -> None:
    given = facts(
        deals=[{"deal_id": "d", "owner_id": "lee", "outcome": "won", "created_on": AS_OF, "closed_on": AS_OF}]
    )
    found = history(at("2026-02-01"), deals=given.deals.to_pyarrow())
    assert found.wins.amount.shape == (1,)
    assert np.isnan(found.wins.amount[0])


@pytest.mark.parametrize(
    ("on", "part"), [("2026-01-01", 0), ("2026-01-29", 3), ("2026-02-10", 1), ("2026-03-17", 1), ("2026-03-18", 2)]
)
def test_parts_of_a_quarter(on: str, part: int) -> None:
    assert phase_of(date.fromisoformat(on)) == part


@pytest.mark.parametrize(("on", "part"), [("2026-03-01", 0), ("2026-03-24", 0), ("2026-03-30", 3), ("2026-05-18", 2)])
def test_parts_of_a_quarter_of_a_year_that_starts_in_march(on: str, part: int) -> None:
    assert phase_of(date.fromisoformat(on), year_starts=3) == part


def test_days_at_risk_and_steps_ahead_have_the_phases_of_the_fiscal_year() -> None:
    window = at("2026-01-31")

    def days_by_phase(year_starts: int) -> np.ndarray[Any, Any]:
        days = days_of_timing(cells_at(window, year_starts=year_starts))
        return np.asarray(days.reshape(-1, PHASES).sum(axis=0))

    calendar, moved = days_by_phase(1), days_by_phase(3)
    # The same days stand in other parts of the quarter: December to February is a quarter of a year from March on.
    assert calendar.sum() == moved.sum()
    assert list(calendar) != list(moved)
    assert list(days_by_phase(4)) == list(calendar)
    # The end of February ends a quarter of that year.
    assert steps_of(window, 3).phase.tolist()[-1] == 2
    assert steps_of(window).phase.tolist()[-1] == 3


def test_past_windows_lie_as_far_ahead_and_are_over() -> None:
    now = Window(date(2026, 11, 28), date(2026, 10, 1), date(2027, 1, 1))
    found = past_windows(now, first=date(2025, 1, 1), as_of=now.origin, warm_up=182, most=24)
    assert found[0].end <= date(2026, 11, 29)
    assert {window.until for window in found} == {now.until}
    assert all((window.origin - date(2025, 1, 1)).days >= 182 for window in found)
    assert [window.end.day for window in found] == [1] * len(found)


def test_whole_periods_are_calendar_months_seen_from_the_day_before() -> None:
    found = whole_periods(3, first=date(2024, 1, 1), as_of=date(2026, 3, 30), warm_up=182, most=2)
    assert found[0] == Window(date(2025, 11, 30), date(2025, 12, 1), date(2026, 3, 1))
    assert found[1].end == date(2026, 2, 1)


def test_steps_fill_the_window() -> None:
    steps = steps_of(Window(date(2026, 1, 4), date(2026, 1, 14), date(2026, 2, 1)))
    assert steps.days.sum() == 27
    assert steps.days[steps.counts == 1].sum() == 18
