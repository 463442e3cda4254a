"""What is planted can be found again by plain counting in the files."""

from __future__ import annotations

import math
import statistics
from collections import Counter, defaultdict
from collections.abc import Callable
from datetime import date, timedelta
from functools import cache
from itertools import pairwise

import numpy as np

from bokgi.domain.period import Period
from bokgi.sample import SampleSummary
from bokgi.sample.roster import Roster
from bokgi.sample.simulation import run
from bokgi.sample.timeline import WORK_SECONDS, Timeline
from bokgi.sample.truth import (
    BOTTLENECK,
    CONTENT_EFFECTS,
    EQUAL_PAIR,
    FALLING_ACTIVITY,
    FALLING_FOR_WEEKS,
    LEAVER,
    NEW_BUSINESS,
    NEWCOMERS,
    SELLERS,
    SLOW_FOR_DAYS,
    SLOW_RESPONDER,
    STAGES,
    STAR,
    TEAMS,
    WON,
    bottleneck_since,
)
from bokgi.sample.world import World
from tests.sample.conftest import TODAY
from tests.sample.exports import Columns, dotted, is_date, manwon, moment, rows_of

Table = Callable[[str], Columns]
SELLER = {seller.name: seller for seller in SELLERS}


def clean_deals(table: Table) -> list[dict[str, str]]:
    """One row a deal, owners without the trailing space."""
    rows = {row["영업기회 ID"]: row for row in reversed(rows_of(table("영업기회.csv")))}
    return [row | {"담당자": row["담당자"].strip()} for row in rows.values()]


def new_business(table: Table) -> list[dict[str, str]]:
    return [row for row in clean_deals(table) if row["유형"] == "신규"]


def win_rate(deals: list[dict[str, str]]) -> float:
    closed = [row["상태"] for row in deals if row["상태"] != "진행 중"]
    return closed.count("수주") / len(closed)


def visits(table: Table) -> list[tuple[str, int, date, int | None]]:
    """Deal, stage, day entered and next stage (None: still there), of new business."""
    history = defaultdict(list)
    for row in rows_of(table("단계이력.csv")):
        if row["파이프라인"] == NEW_BUSINESS:
            history[row["영업기회 ID"]].append((moment(row["진입일시"]).date(), STAGES.index(row["단계"])))
    found: list[tuple[str, int, date, int | None]] = []
    for deal_id, events in history.items():
        found.extend((deal_id, stage, day, after) for (day, stage), (_, after) in pairwise(events))
        if events[-1][1] < WON:
            found.append((deal_id, events[-1][1], events[-1][0], None))
    return found


def test_three_teams_of_eight_with_a_lead_each(table: Table) -> None:
    people = rows_of(table("구성원.csv"))
    assert Counter((row["팀"], row["역할"]) for row in people) == {
        (team, role): count for team in TEAMS for role, count in (("담당자", 8), ("팀장", 1))
    }


def test_one_stage_of_one_team_moves_on_less_since_its_month(table: Table) -> None:
    team_of = {row["영업기회 ID"]: SELLER[row["담당자"]].team for row in new_business(table) if row["담당자"] in SELLER}
    since = bottleneck_since(TODAY)
    share: dict[tuple[int, int, bool], list[bool]] = defaultdict(list)
    for deal_id, stage, day, after in visits(table):
        if after is not None and deal_id in team_of:
            share[team_of[deal_id], stage, day >= since].append(stage < after <= WON)
    drops = {
        (team, stage): statistics.mean(share[team, stage, False]) - statistics.mean(share[team, stage, True])
        for team in range(len(TEAMS))
        for stage in range(5)
    }
    planted = (BOTTLENECK.team, BOTTLENECK.stage)
    assert drops[planted] > 0.15
    assert max(drop for unit, drop in drops.items() if unit != planted) < 0.10


def test_the_bottleneck_is_felt_by_customers(table: Table) -> None:
    owner = {row["영업기회 ID"]: row["담당자"] for row in new_business(table)}
    team = {deal_id: SELLER[name].team for deal_id, name in owner.items() if name in SELLER}
    scores = defaultdict(list)
    for row in rows_of(table("고객응답.csv")):
        if row["설문"] != "NPS" and row["여정 단계"] == "의사결정" and row["영업기회 ID"] in team:
            late = row["응답일"] >= f"{bottleneck_since(TODAY):%Y/%m/%d}"
            scores[team[row["영업기회 ID"]] == BOTTLENECK.team, late].append(int(row["점수"]))
    assert statistics.mean(scores[True, True]) < min(
        statistics.mean(scores[key]) for key in scores if key != (True, True)
    )


def test_the_star_wins_more_often_and_brings_the_most_of_the_team(table: Table) -> None:
    of_team = [row for row in new_business(table) if SELLER.get(row["담당자"], SELLERS[-1]).team == 0]
    star = [row for row in of_team if row["담당자"] == STAR]
    others = [row for row in of_team if row["담당자"] != STAR]
    assert win_rate(star) > win_rate(others) + 0.08
    won: Counter[str] = Counter()
    for row in clean_deals(table):
        if row["상태"] == "수주" and row["금액(만원)"] and SELLER.get(row["담당자"], SELLERS[-1]).team == 0:
            won[row["담당자"]] += manwon(row["금액(만원)"])
    assert won.most_common(1)[0][0] == STAR


def test_of_two_equally_good_sellers_one_has_the_worse_leads_and_the_worse_raw_win_rate(table: Table) -> None:
    rich, poor = ([row for row in new_business(table) if row["담당자"] == name] for name in EQUAL_PAIR)
    assert SELLER[EQUAL_PAIR[0]].skill == SELLER[EQUAL_PAIR[1]].skill

    def share(deals: list[dict[str, str]], column: str, value: str) -> float:
        return sum(row[column] == value for row in deals) / len(deals)

    assert share(poor, "리드 등급", "A") < share(rich, "리드 등급", "A") - 0.2
    assert share(poor, "리드 출처", "아웃바운드") > share(rich, "리드 출처", "아웃바운드") + 0.2
    assert win_rate(poor) < win_rate(rich)


def test_better_grades_and_sources_win_more_often(table: Table) -> None:
    deals = new_business(table)
    by_grade = [win_rate([row for row in deals if row["리드 등급"] == grade]) for grade in "ABC"]
    assert by_grade[0] > by_grade[1] + 0.05
    assert by_grade[1] > by_grade[2] + 0.05
    referred, outbound = (win_rate([row for row in deals if row["리드 출처"] == way]) for way in ("소개", "아웃바운드"))
    assert referred > outbound + 0.1


def test_who_left_hands_the_deals_over_and_does_nothing_afterwards(table: Table) -> None:
    left = next(row["퇴사일"] for row in rows_of(table("구성원.csv")) if row["이름"] == LEAVER)
    handed = [row for row in rows_of(table("기회변경이력.csv")) if row["항목"] == "담당자" and row["이전 값"] == LEAVER]
    on_one_day = Counter(row["변경일시"][:10] for row in handed).most_common(1)[0]
    assert on_one_day[0] <= left
    assert on_one_day[1] >= 10
    assert max(row["활동일시"] for row in rows_of(table("활동.csv")) if row["담당자"] == LEAVER)[:10] <= left
    assert not [row for row in clean_deals(table) if row["담당자"] == LEAVER and row["상태"] == "진행 중"]
    assert [row["이름"] for row in rows_of(table("구성원.csv")) if row["퇴사일"]] == [LEAVER]


def test_newcomers_start_small(table: Table) -> None:
    taken = Counter(row["담당자"] for row in new_business(table))
    for name in NEWCOMERS:
        seller = SELLER[name]
        weeks = seller.joined_days_ago / 7
        peers = [
            taken[other.name] / 104 for other in SELLERS if other.team == seller.team and other.name not in NEWCOMERS
        ]
        assert 0 < taken[name] / weeks < statistics.median(peers)


def test_the_slow_responder_has_been_slow_for_three_months(table: Table) -> None:
    first: dict[str, str] = {}
    for row in rows_of(table("활동.csv")):
        if row["리드 ID"]:
            first.setdefault(row["리드 ID"], row["활동일시"])
    line = Timeline(TODAY)
    recent_from = (TODAY - timedelta(days=SLOW_FOR_DAYS - 1)).isoformat()
    hours = defaultdict(list)
    for row in rows_of(table("리드.csv")):
        if row["리드 ID"] in first:
            late = row["배정일시"][:10] >= recent_from
            hours[row["담당자"] == SLOW_RESPONDER, late].append(
                working_hours(line, row["배정일시"][:19], first[row["리드 ID"]])
            )
    medians = {key: statistics.median(values) for key, values in hours.items()}
    assert medians[True, True] > 2 * medians[True, False]
    assert medians[True, True] > 2 * medians[False, True]
    assert 1.5 < medians[False, False] < 4


def working_hours(line: Timeline, start: str, end: str) -> float:
    def hours(text: str) -> float:
        at = moment(text.replace("T", " "))
        within = at.hour + at.minute / 60 + at.second / 3_600 - 9
        day = int(np.searchsorted(line.workdays, (at.date() - line.start).days))
        return day * WORK_SECONDS / 3_600 + within - (1 if within >= 3 else 0)

    return hours(end) - hours(start)


def test_one_seller_does_less_in_the_last_weeks(table: Table) -> None:
    start = TODAY - timedelta(days=TODAY.weekday() + 7 * (FALLING_FOR_WEEKS - 1))
    recent: Counter[str] = Counter()
    before: Counter[str] = Counter()
    for row in rows_of(table("활동.csv")):
        day = moment(row["활동일시"]).date()
        if row["자동 기록"] == "N" and not row["리드 ID"] and day <= TODAY:
            (recent if day >= start else before)[row["담당자"]] += day >= start - timedelta(days=140)
    change = {name: recent[name] / before[name] for name in before if name not in {*NEWCOMERS, LEAVER}}
    team = [name for name in change if SELLER[name].team == SELLER[FALLING_ACTIVITY].team]
    assert min(team, key=change.__getitem__) == FALLING_ACTIVITY


def test_quarters_end_in_a_rush(table: Table) -> None:
    first, last = date(2025, 4, 1), date(2026, 9, 30)
    rush = {
        day
        for day in (first + timedelta(days=place) for place in range((last - first).days + 1))
        if (Period.quarter_of(day).last - day).days < 21
    }
    won = [dotted(row["종료일"]) for row in new_business(table) if row["상태"] == "수주"]
    in_time = [day for day in won if first <= day <= last]
    in_rush = sum(day in rush for day in in_time)
    other_days = (last - first).days + 1 - len(rush)
    assert in_rush / len(rush) > 1.2 * (len(in_time) - in_rush) / other_days


def test_feasts_are_quiet(table: Table) -> None:
    days = Counter(row["활동일시"][:10] for row in rows_of(table("활동.csv")))
    assert not any(days[day] for day in ("2026-02-16", "2026-02-17", "2026-02-18", "2026-09-24", "2026-09-25"))
    assert days["2026-02-19"] > 50


def test_deals_skip_stages_go_back_and_are_opened_again(table: Table) -> None:
    found = visits(table)
    assert sum(after == stage + 2 for _, stage, _, after in found if after is not None) > 100
    assert sum(after == stage - 1 for _, stage, _, after in found if after is not None) > 50
    closed: Counter[str] = Counter()
    for row in rows_of(table("단계이력.csv")):
        closed[row["영업기회 ID"]] += row["단계"] in STAGES[WON:]
    assert sum(count > 1 for count in closed.values()) > 50


def test_won_customers_expand_and_renew(table: Table) -> None:
    deals = clean_deals(table)
    kinds = Counter(row["유형"] for row in deals)
    assert kinds["갱신"] > 800
    assert kinds["확장"] > 200
    assert win_rate([row for row in deals if row["유형"] == "갱신"]) > 0.8
    undecided = sum(row["상태"] == "보류·무결정" for row in new_business(table))
    assert 0.15 < undecided / sum(row["상태"] != "진행 중" for row in new_business(table)) < 0.35


def test_close_dates_slip(table: Table) -> None:
    later = earlier = 0
    for row in rows_of(table("기회변경이력.csv")):
        if row["항목"] == "예상 종료일":
            later += dotted(row["새 값"]) > dotted(row["이전 값"])
            earlier += dotted(row["새 값"]) < dotted(row["이전 값"])
    assert later > 2 * earlier > 0


def test_the_last_full_week_has_enough_to_talk_about(table: Table) -> None:
    start = TODAY - timedelta(days=TODAY.weekday() + 7)
    week = [start + timedelta(days=place) for place in range(7)]
    deals = clean_deals(table)
    closed = Counter(row["상태"] for row in deals if is_date(row["종료일"]) and dotted(row["종료일"]) in week)
    assert closed["수주"] >= 5
    assert closed["실주"] >= 5
    assert sum(dotted(row["생성일"]) in week for row in deals) >= 30
    active = {
        row["담당자"]
        for row in rows_of(table("활동.csv"))
        if moment(row["활동일시"]).date() in week and row["자동 기록"] == "N"
    }
    assert len(active) == len(SELLERS) - 1


@cache
def world() -> World:
    return run(Timeline(TODAY), 20260105)


def test_content_helps_does_nothing_or_harms_as_planted() -> None:
    """Weekly rate of moving on, seen against not seen, within cells of team, stage, weeks in it and recent meeting."""
    line, pipeline = Timeline(TODAY), world().pipeline
    seen = pipeline.seen_week
    met = weeks_met(line)
    cells: dict[tuple[object, ...], list[list[int]]] = defaultdict(lambda: [[0, 0], [0, 0]])
    for deal, stage, entered, ended, forwards in spells(line):
        for week in range(entered + 1, ended + 1):
            recent = (deal, week - 1) in met or (deal, week - 2) in met
            shown = [bool(seen[deal, item] < week) for item in range(len(CONTENT_EFFECTS))]
            for item, is_shown in enumerate(shown):
                others = tuple(other for place, other in enumerate(shown) if place != item)
                key = (item, int(pipeline.team[deal]), stage, min(week - entered, 12), recent, others)
                cells[key][is_shown][0] += forwards and week == ended
                cells[key][is_shown][1] += 1
    helps, nothing, harms = (mantel_haenszel(cells, item) for item in range(len(CONTENT_EFFECTS)))
    assert 0.12 < helps < 0.40
    assert abs(nothing) < 0.12
    assert -0.32 < harms < -0.06


def weeks_met(line: Timeline) -> set[tuple[int, int]]:
    done = world().pipeline.activities.read()
    held = done["held"] == 1
    weeks = (line.day_of(done["moment"][held]) + line.start.weekday()) // 7
    return set(zip(done["deal"][held].tolist(), weeks.tolist(), strict=True))


def spells(line: Timeline) -> list[tuple[int, int, int, int, bool]]:
    """Deal, open stage of new business, week entered, week left (or the last), whether it moved on."""
    events = world().pipeline.stages.read()
    order = np.lexsort((events["moment"], events["deal"]))
    deals, stages = events["deal"][order].tolist(), events["stage"][order].tolist()
    weeks = ((line.day_of(events["moment"][order]) + line.start.weekday()) // 7).tolist()
    rows = list(zip(deals, stages, weeks, strict=True))
    found = []
    for (deal, stage, week), (next_deal, next_stage, next_week) in pairwise([*rows, (-1, -1, -1)]):
        if stage < 5:
            moved = deal == next_deal
            found.append(
                (deal, stage, week, next_week if moved else line.n_weeks - 1, moved and stage < next_stage <= WON)
            )
    return found


def mantel_haenszel(cells: dict[tuple[object, ...], list[list[int]]], item: int) -> float:
    """Give the log of the ratio of rates, pooled over cells."""
    over = under = 0.0
    for key, ((hidden_moved, hidden), (shown_moved, shown)) in cells.items():
        if key[0] == item:
            over += shown_moved * hidden / (hidden + shown)
            under += hidden_moved * shown / (hidden + shown)
    return math.log(over / under)


def test_a_newcomer_grows_into_the_load() -> None:
    line = Timeline(TODAY)
    roster = Roster(line)
    place = [seller.name for seller in SELLERS].index(NEWCOMERS[0])
    shares = [float(roster.ramp(week)[place]) for week in range(line.n_weeks)]
    assert shares[0] == 0
    assert list(dict.fromkeys(shares)) == [0, 0.25, 0.5, 0.75, 1]
    assert shares == sorted(shares)
    assert roster.skill_in(line.n_weeks - 1)[place] == SELLER[NEWCOMERS[0]].skill


def test_the_export_date_is_that_of_the_summary(sample: SampleSummary) -> None:
    assert sample.today == TODAY
    assert sample.start == Timeline(TODAY).start
