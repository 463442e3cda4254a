"""What was set beforehand: people, targets, stages with what the customer does to leave them, standards of action."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Final

import numpy as np

from bokgi.domain.period import Period
from bokgi.sample.company import Company
from bokgi.sample.deal_files import STAGE_PROBABILITY
from bokgi.sample.draws import Texts
from bokgi.sample.files import Encoding, Sheet
from bokgi.sample.library import JOURNEY, JOURNEY_OF_STAGE
from bokgi.sample.timeline import Timeline
from bokgi.sample.truth import FIRST_STAGE, PIPELINES, SELLERS, SOURCES, STAGES, TEAM_LEADS, TEAMS, WON
from bokgi.sample.xlsx import Cell, write_xlsx

PERSON_TARGETS_FILE: Final = "개인목표.xlsx"
TEAM_TARGETS_FILE: Final = "팀목표.xlsx"
REP: Final = "담당자"
LEAD: Final = "팀장"
_LEADS_JOINED_DAYS_AGO: Final = (2_900, 2_450, 2_230)
_FIRST_NUMBER: Final = 1_001
PERSON_TARGET: Final = (70_000, 42_000, 25_000)
"""만원 in the first full quarter, by team."""
TARGET_GROWTH: Final = (1.08, 1.06, 1.09)
"""From quarter to quarter: renewals come on top of new business as the customers grow in number."""
_TARGET_STEP: Final = 500
_TEAM_SHARE: Final = 0.9
"""The team's target is this share of the sum of its people's."""
_TARGET_SOURCES: Final = ((3, 0.30), (0, 0.25))
"""Sources with a target of their own, and their share of the team's."""
_SOURCE_QUARTERS: Final = 4
_MANWON_PER_EOK: Final = 10_000
_METRIC: Final = "수주 금액"
_ALL: Final = "전체"
_EXITS: Final = (
    "고객이 풀고 싶은 문제와 담당 부서를 확인해 줌",
    "고객이 현황 자료를 주고 책임자를 알려 줌",
    "고객이 성공 기준에 합의함",
    "고객의 의사결정자가 견적을 함께 검토함",
    "고객이 서명 일정을 알려 줌",
    "고객이 이용 현황과 추가 요구를 말해 줌",
    "고객이 갱신·확장 견적을 요청함",
    "고객이 발주 일정을 알려 줌",
)
_EXPECTED_DAYS: Final = (12, 18, 24, 22, 16, 14, 16, 12)
_KINDS: Final = ("진행", "수주", "실주", "무결정")
_STANDARDS: Final = (
    (REP, "미팅", _ALL, "주", "5", "한 주에 끝난 미팅 수의 하한입니다"),
    (REP, "통화", _ALL, "주", "4", "한 주에 연결된 통화 수의 하한입니다"),
    (REP, "리드 응대 시간", _ALL, "리드", "4", "배정에서 첫 연락까지 업무 시간의 상한입니다"),
    (REP, "방치 일수", _ALL, "기회", "10", "사람의 활동이 없어도 되는 영업일의 상한입니다"),
    (REP, "다음 단계", _ALL, "기회", "1", "진행 중인 기회에는 다음 단계가 하나 있어야 합니다"),
    (REP, "미팅", STAGES[3], "기회", "1", "제안을 보낸 뒤 의사결정자와 한 번은 만납니다"),
    (LEAD, "미팅", _ALL, "주", "2", "팀장은 한 주에 두 번 고객 미팅에 함께 갑니다"),
)


def _columns(header: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> dict[str, Texts]:
    """Turn a short list of rows into columns by header."""
    return {name: np.array([row[place] for row in rows], dtype=object) for place, name in enumerate(header)}


def people_sheet(timeline: Timeline) -> Sheet:
    """Make the file of our own people: team leads, then sellers."""

    def ago(days: int | None) -> str:
        return "" if days is None else timeline.weekday_ago(days).isoformat()

    leads = [
        (name, TEAMS[team], LEAD, "", ago(_LEADS_JOINED_DAYS_AGO[team]), "") for team, name in enumerate(TEAM_LEADS)
    ]
    reps = [
        (
            seller.name,
            TEAMS[seller.team],
            REP,
            TEAM_LEADS[seller.team],
            ago(seller.joined_days_ago),
            ago(seller.left_days_ago),
        )
        for seller in SELLERS
    ]
    rows = [
        (f"E-{number}", name, f"e{number}@sample.example", *rest)
        for number, (name, *rest) in enumerate(leads + reps, _FIRST_NUMBER)
    ]
    header = ("사번", "이름", "이메일", "팀", "역할", "직속 상사", "입사일", "퇴사일")
    return Sheet("구성원.csv", Encoding.KOREAN_EXCEL, _columns(header, rows))


def stage_sheet(timeline: Timeline) -> Sheet:
    """Make the stage definitions: each pipeline's open stages and the three ways to end."""
    rows = []
    for pipeline, first in enumerate(FIRST_STAGE):
        after = FIRST_STAGE[1] if pipeline == 0 else WON
        stages = [*range(first, after), *range(WON, len(STAGES))]
        for order, stage in enumerate(stages, 1):
            is_open = stage < WON
            rows.append(
                (
                    PIPELINES[pipeline],
                    str(order),
                    STAGES[stage],
                    _KINDS[max(stage - WON + 1, 0)],
                    f"{STAGE_PROBABILITY[stage]}%",
                    _EXITS[stage] if is_open else "",
                    JOURNEY[JOURNEY_OF_STAGE[stage]] if is_open else "",
                    str(_EXPECTED_DAYS[stage]) if is_open else "",
                    timeline.start.isoformat(),
                )
            )
    header = (
        "파이프라인",
        "순서",
        "단계",
        "구분",
        "확률",
        "고객이 한 일(나가는 조건)",
        "여정 단계",
        "기준 체류일",
        "적용 시작일",
    )
    return Sheet("단계정의.csv", Encoding.EXCEL_UTF8, _columns(header, rows))


def standard_sheet(timeline: Timeline) -> Sheet:
    """Make the standards of action."""
    start = timeline.start.isoformat()
    rows = [(*standard[:-1], start, standard[-1]) for standard in _STANDARDS]
    header = ("역할", "지표", "단계", "주기", "기준값", "적용 시작일", "설명")
    return Sheet("행동기준.csv", Encoding.EXCEL_UTF8, _columns(header, rows))


def quarters(timeline: Timeline) -> list[Period]:
    """Give the quarters with targets: from the first that lies wholly in the two years to the present one."""
    first = Period.quarter_of(timeline.start)
    found = [first if first.start == timeline.start else Period.quarter_of(first.end)]
    while found[-1].end <= timeline.today:
        found.append(Period.quarter_of(found[-1].end))
    return found


def _quarter_cells(quarter: Period) -> tuple[str, date, date]:
    return f"{quarter.start.year}년 {quarter.start.month // 3 + 1}분기", quarter.start, quarter.last


def person_target(team: int, place: int) -> int:
    """Give a full target, 만원, of somebody of a team in the quarter at a place from 0."""
    return round(PERSON_TARGET[team] * TARGET_GROWTH[team] ** place / _TARGET_STEP) * _TARGET_STEP


def _works_in(seller_place: int, quarter: Period, timeline: Timeline) -> bool:
    seller = SELLERS[seller_place]
    joined = timeline.weekday_ago(seller.joined_days_ago)
    left = None if seller.left_days_ago is None else timeline.weekday_ago(seller.left_days_ago)
    return joined < quarter.end and (left is None or left >= quarter.start)


def write_targets(folder: Path, company: Company) -> dict[str, int]:
    """Write the two target workbooks and give their numbers of rows.

    People's targets are full ones: a newcomer's is to be scaled for ramp; a leaver's end with the quarter of leaving.
    """
    timeline = company.world.timeline
    people: list[list[Cell]] = []
    teams: list[list[Cell]] = []
    all_quarters = quarters(timeline)
    for place, quarter in enumerate(all_quarters):
        cells = _quarter_cells(quarter)
        for team, team_name in enumerate(TEAMS):
            target = person_target(team, place)
            names = [
                seller.name
                for number, seller in enumerate(SELLERS)
                if seller.team == team and _works_in(number, quarter, timeline)
            ]
            people.extend([*cells, name, team_name, _METRIC, _ALL, target] for name in names)
            whole = round(_TEAM_SHARE * target * len(names) / _MANWON_PER_EOK, 1)
            teams.append([*cells, team_name, _METRIC, _ALL, whole])
            if place >= len(all_quarters) - _SOURCE_QUARTERS:
                teams.extend(
                    [*cells, team_name, _METRIC, SOURCES[source], round(whole * share, 1)]
                    for source, share in _TARGET_SOURCES
                )
    header = ("분기", "시작일", "종료일")
    write_xlsx(
        folder / PERSON_TARGETS_FILE, "개인 목표", (*header, "담당자", "팀", "지표", "리드 출처", "목표(만원)"), people
    )
    write_xlsx(folder / TEAM_TARGETS_FILE, "팀 목표", (*header, "팀", "지표", "리드 출처", "목표(억원)"), teams)
    return {PERSON_TARGETS_FILE: len(people), TEAM_TARGETS_FILE: len(teams)}
