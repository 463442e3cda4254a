"""Changes as a library function: what is told, what is never told, and that later weeks do not change the past."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import ibis
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest

from benchmarks.simulator.weeks import FIRST_WEEK, Weeks, simulate_weeks
from benchmarks.study.changes import at, false_alarms, found
from benchmarks.study.rows import share_row
from bokgi.analysis.change_detection import Changes, changes
from bokgi.analysis.change_detection.panel import panel


def of(table: pa.Table, *, share: float = 0.05) -> Changes:
    return changes(ibis.memtable(table), false_alarms=share)


def one(counts: list[int], *, metric: str = "meeting", time: list[float] | None = None) -> pa.Table:
    """One person's weekly counts."""
    n = len(counts)
    return pa.table(
        {
            "subject_kind": ["person"] * n,
            "subject_id": ["kim"] * n,
            "team": ["1팀"] * n,
            "metric": [metric] * n,
            "week": [FIRST_WEEK + timedelta(weeks=week) for week in range(n)],
            "count": counts,
            "trials": pa.nulls(n, pa.int64()),
            "time": [1.0] * n if time is None else time,
        }
    )


def test_what_was_told_stays_told() -> None:
    table = simulate_weeks(Weeks(seed=5, teams=3, weeks=80, change=0.4))
    whole = of(table).alerts
    assert whole
    earlier = of(table.filter(pc.less(table["week"], pa.scalar(at(66))))).alerts
    assert earlier == tuple(alert for alert in whole if alert.week < at(66))


def test_the_order_of_rows_does_not_matter() -> None:
    table = simulate_weeks(Weeks(seed=6, teams=2, weeks=75, change=0.4))
    mixed = table.take(np.random.default_rng(1).permutation(table.num_rows))
    assert of(mixed) == of(table)


def test_short_weeks_and_part_time_are_no_change() -> None:
    time = [1.0] * 30 + [0.4] * 10
    assert of(one([20] * 30 + [8] * 10, time=time)).alerts == ()
    assert [alert.direction for alert in of(one([20] * 30 + [8] * 10)).alerts] == ["down"]


def test_two_weeks_off_are_no_change_and_a_quarter_is_one() -> None:
    busy = [30, 27, 33, 29, 31] * 8
    assert of(one([*busy, 0, 0, *busy], metric="activities")).alerts == ()
    gone = of(one([*busy, *[0] * 13], metric="activities")).alerts
    assert [alert.direction for alert in gone] == ["down"]
    assert gone[0].after < 0.5


def test_one_week_alone_is_never_enough() -> None:
    assert of(one([20] * 40 + [200] + [20] * 12)).alerts == ()
    assert of(one([20] * 40 + [0] + [20] * 5)).alerts == ()


def test_what_the_whole_team_had_is_no_change_of_a_person() -> None:
    rng = np.random.default_rng(4)
    weeks = np.repeat([20.0, 9.0], [40, 12])
    tables = []
    for number in range(30):
        counts = rng.poisson(weeks).tolist()
        table = one(counts).set_column(1, "subject_id", pa.array([f"p{number}"] * len(counts)))
        tables.append(table.set_column(2, "team", pa.array([f"team {number % 5}"] * len(counts))))
    assert (
        len({alert.subject_id for alert in of(pa.concat_tables(tables)).alerts}) <= 6
    )  # all 30, if the team did not count


def test_what_one_person_wins_is_never_told() -> None:
    found = of(one([12] * 40 + [1] * 20, metric="won"))
    assert found.alerts == ()
    assert [series.reason for series in found.series] == ["result_of_one"]


def test_rare_counts_and_short_histories_are_not_watched() -> None:
    assert [series.reason for series in of(one([1, 0, 0, 0] * 15)).series] == ["too_rare"]
    short = of(one([20] * 8)).series
    assert [(series.reason, series.usual) for series in short] == [("too_few_weeks", None)]


def test_a_fall_and_the_way_back_are_two_alerts() -> None:
    told = of(one([20] * 40 + [8] * 20 + [20] * 20)).alerts
    assert [alert.direction for alert in told] == ["down", "up"]
    assert [alert.since for alert in told] == [at(40), at(60)]
    assert told[0].before == pytest.approx(20.0)
    assert told[0].after == pytest.approx(8.0)
    assert told[0].ratio.low < 0.4 < told[0].ratio.high
    assert told[0].evidence >= 10.0


def test_what_hangs_on_the_whole_panel_is_worked_out_once() -> None:
    # Each of the many series asks for it.
    counted = panel(ibis.memtable(one([3, 4, 5])))
    assert counted.share is counted.share
    assert counted.result_of_one is counted.result_of_one


def test_the_ratio_of_an_alert_holds_what_is_left_as_often_as_it_says() -> None:
    """People of many teams fall so far that it is noticed of nearly all of them: hardly any is chosen by its size."""
    rng = np.random.default_rng(7)
    weeks, left, people = 70, 0.3, 300
    rows = [
        one([*rng.poisson(30.0, weeks - 6).tolist(), *rng.poisson(30.0 * left, 6).tolist()])
        .set_column(1, "subject_id", pa.array([f"p{person:03d}"] * weeks))
        .set_column(2, "team", pa.array([f"t{person:03d}"] * weeks))
        for person in range(people)
    ]
    alerts = [alert for alert in of(pa.concat_tables(rows)).alerts if alert.since >= at(weeks - 6)]
    assert len(alerts) > 0.8 * people
    holds = np.mean([alert.ratio.low <= left <= alert.ratio.high for alert in alerts])
    assert 0.86 < holds < 0.95
    assert np.median([alert.ratio.estimate for alert in alerts]) == pytest.approx(left, abs=0.03)


def test_nothing_gives_nothing() -> None:
    assert of(one([]).cast(one([1]).schema)) == Changes((), (), None)


@pytest.fixture(scope="module")
def calm() -> Weeks:
    """A few teams whose workloads drift."""
    return Weeks(seed=20_260_105, teams=8)


def test_false_alarms_stay_below_their_share(calm: Weeks) -> None:
    assert share_row("changes", "false alarms", false_alarms(calm), most=0.05).met


def test_falling_activity_is_found_in_eight_weeks(calm: Weeks) -> None:
    hits = found(replace(calm, teams=50, weeks=68, change=0.6), 8)
    assert sum(hits) / len(hits) >= 0.65  # the study measures it with thousands; here 60 people


def test_falling_wins_of_one_person_are_never_told(calm: Weeks) -> None:
    assert not any(found(replace(calm, weeks=74, change=0.3, changed="won"), 13, metrics=("won", "win_rate")))
