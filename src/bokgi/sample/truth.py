"""What is true of the sample company: who sells how well, what helps, where the funnel is stopped.

Every constant here is an input of the generator, so an analysis of the generated files can be checked against it.
Effects are on the log-odds that a deal leaves a stage forwards and not by ending, unless another scale is named. A
person, source, grade, industry or region has the same effect in every stage of new business.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

# ---------------------------------------------------------------- stages

NEW_BUSINESS: Final = "신규 영업"
EXISTING_BUSINESS: Final = "기존 고객"
PIPELINES: Final = (NEW_BUSINESS, EXISTING_BUSINESS)

STAGES: Final = (
    "자격 확인",
    "니즈 파악",
    "솔루션 검증",
    "제안·견적",
    "협상·계약",
    "이용 점검",
    "확장·갱신 제안",
    "조건 협의",
    "수주",
    "실주",
    "보류·무결정",
)
"""Labels by stage number: 0 to 4 new business, 5 to 7 existing customers, then the three ways to end."""
FIRST_STAGE: Final = (0, 5)
"""First stage of each pipeline."""
SOLUTION: Final = 2
PROPOSAL: Final = 3
NEGOTIATION: Final = 4
WON: Final = 8
LOST: Final = 9
NO_DECISION: Final = 10

NEW: Final = 0
EXPANSION: Final = 1
RENEWAL: Final = 2
TYPES: Final = ("신규", "확장", "갱신")

CONVERSION: Final = (
    (0.72, 0.74, 0.72, 0.68, 0.82, 0.50, 0.50, 0.50),
    (0.50, 0.50, 0.50, 0.50, 0.50, 0.75, 0.78, 0.82),
    (0.50, 0.50, 0.50, 0.50, 0.50, 0.96, 0.95, 0.96),
)
"""Share that moves on from a stage at reference conditions, by type and stage; 0.5 where a type has no such stage."""

MEDIAN_WEEKS: Final = (
    (1.5, 2.6, 3.6, 3.4, 2.4, 1.8, 2.0, 1.6),
    (1.1, 1.8, 2.4, 2.2, 1.6, 1.5, 1.7, 1.3),
    (0.8, 1.1, 1.5, 1.4, 1.0, 1.2, 1.4, 1.0),
)
"""Median weeks to leave a stage, by team and stage."""

SKIPS_NEXT: Final = (0.03, 0.06, 0.14)
"""Probability, by team, that a deal that moves on in new business passes over the next stage."""
MOVES_BACK: Final = 0.012
"""Weekly probability that an open deal in the third stage or later goes back by one."""
REOPENS: Final = 0.003
"""Weekly probability that a deal of new business lost 3 to 20 weeks ago is opened again."""
NEVER_CLOSES: Final = 0.05
"""Share of new deals that have gone to sleep: a seventh of the usual pace, a fifth of the usual activity."""

# ---------------------------------------------------------------- conditions

SOURCES: Final = ("웹 문의", "웨비나", "전시회", "소개", "파트너", "아웃바운드")
SOURCE_EFFECT: Final = (0.10, 0.0, -0.05, 0.30, 0.10, -0.25)
GRADES: Final = ("A", "B", "C")
GRADE_EFFECT: Final = (0.35, 0.0, -0.35)
INDUSTRIES: Final = ("제조", "금융", "유통·물류", "IT·서비스", "의료·바이오", "공공·교육")
INDUSTRY_EFFECT: Final = (0.0, -0.10, 0.0, 0.15, 0.0, -0.20)
REGIONS: Final = ("서울", "경기·인천", "영남", "충청·호남")
REGION_EFFECT: Final = (0.05, 0.0, -0.05, -0.10)
SIZE_EFFECT: Final = -0.10
"""Effect of a deal e times as large as the usual one of its team."""
INHERITED_EFFECT: Final = -0.25
"""Effect of having passed to another owner."""
RECENT_MEETING_EFFECT: Final = 0.25
"""On the log of the weekly rate of moving on, when a meeting was held in one of the two weeks before."""
QUARTER_END_RUSH: Final = 0.50
"""On the log of the weekly rate of moving on from proposal and negotiation, in the last three weeks of a quarter."""

# ---------------------------------------------------------------- teams and people

TEAMS: Final = ("엔터프라이즈팀", "미드마켓팀", "인바운드팀")
TEAM_LEADS: Final = ("한서윤", "문지후", "노승아")
EVEN: Final = 0
RICH: Final = 1
POOR: Final = 2
TERRITORIES: Final = ("even", "rich", "poor")

TEAM_SOURCES: Final = (
    (0.15, 0.10, 0.15, 0.20, 0.15, 0.25),
    (0.25, 0.15, 0.10, 0.15, 0.15, 0.20),
    (0.48, 0.18, 0.08, 0.11, 0.07, 0.08),
)
TERRITORY_SOURCES: Final = (
    (1.0, 1.0, 1.0, 1.0, 1.0, 1.0),
    (1.3, 1.0, 1.0, 1.8, 1.2, 0.4),
    (0.6, 1.0, 1.3, 0.5, 0.8, 2.6),
)
"""Weights by territory, multiplied into those of the team."""
TERRITORY_GRADES: Final = ((0.27, 0.43, 0.30), (0.46, 0.40, 0.14), (0.11, 0.37, 0.52))
TERRITORY_REGIONS: Final = ((0.45, 0.28, 0.17, 0.10), (0.62, 0.25, 0.08, 0.05), (0.22, 0.25, 0.30, 0.23))
TEAM_INDUSTRIES: Final = (
    (0.34, 0.20, 0.14, 0.14, 0.08, 0.10),
    (0.26, 0.10, 0.22, 0.22, 0.12, 0.08),
    (0.14, 0.05, 0.24, 0.35, 0.12, 0.10),
)
TERRITORY_INDUSTRIES: Final = (
    (1.0, 1.0, 1.0, 1.0, 1.0, 1.0),
    (1.0, 0.9, 1.0, 1.5, 1.0, 0.5),
    (1.0, 1.1, 1.0, 0.6, 1.0, 2.2),
)

DEALS_PER_WEEK: Final = (1.40, 2.15, 3.25)
"""New deals a fully ramped person of each team takes on in a week of five working days."""
MEDIAN_AMOUNT: Final = (9_000, 3_600, 1_700)
"""Median annual amount of a new deal, 만원, by team."""
AMOUNT_SPREAD: Final = (0.75, 0.60, 0.45)
"""Standard deviation of the log of the amount, by team."""
AMOUNT_LIMITS: Final = ((2_000, 50_000), (1_000, 20_000), (1_000, 6_000))
AMOUNT_STEP: Final = (100, 50, 50)
RAMP: Final = (0.25, 0.50, 0.75, 1.0)
"""Share of a full load in the first, second, third and later months of a newcomer."""
RAMP_SKILL: Final = -0.30
"""Effect at the very start, shrinking to nothing as the load grows to its full size."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Seller:
    """One rep and what is true of them.

    `skill` is an effect as above; `load` multiplies the number of deals, `activity` the number of activities;
    `response_hours` is the median of working hours from assignment of a lead to the first touch.
    """

    name: str
    team: int
    territory: int = EVEN
    skill: float = 0.0
    load: float = 1.0
    activity: float = 1.0
    response_hours: float = 2.5
    joined_days_ago: int
    left_days_ago: int | None = None


SELLERS: Final = (
    Seller(name="김도현", team=0, skill=0.55, load=1.4, activity=1.1, joined_days_ago=2110),
    Seller(name="이서연", team=0, territory=RICH, joined_days_ago=1640),
    Seller(name="박지호", team=0, territory=POOR, activity=1.05, joined_days_ago=1530),
    Seller(name="최유나", team=0, skill=0.10, joined_days_ago=1980),
    Seller(name="정민재", team=0, joined_days_ago=1220),
    Seller(name="강하은", team=0, skill=-0.05, joined_days_ago=1015),
    Seller(name="윤태오", team=0, skill=-0.10, activity=0.9, joined_days_ago=1410, left_days_ago=270),
    Seller(name="임수빈", team=0, joined_days_ago=150),
    Seller(name="오지안", team=1, skill=0.10, joined_days_ago=1730),
    Seller(name="서예린", team=1, territory=RICH, joined_days_ago=1330),
    Seller(name="남궁현", team=1, skill=0.05, joined_days_ago=1490),
    Seller(name="조은결", team=1, skill=-0.10, joined_days_ago=960),
    Seller(name="장하율", team=1, territory=POOR, joined_days_ago=1150),
    Seller(name="신다온", team=1, skill=0.05, activity=1.1, joined_days_ago=1270),
    Seller(name="권도윤", team=1, skill=-0.05, joined_days_ago=1100),
    Seller(name="선우민", team=1, joined_days_ago=100),
    Seller(name="배준서", team=2, skill=0.05, joined_days_ago=1370),
    Seller(name="송가은", team=2, joined_days_ago=1190),
    Seller(name="유하린", team=2, territory=POOR, skill=0.10, joined_days_ago=1040),
    Seller(name="홍시우", team=2, territory=RICH, skill=-0.10, joined_days_ago=980),
    Seller(name="전소율", team=2, joined_days_ago=900),
    Seller(name="안도겸", team=2, joined_days_ago=1260),
    Seller(name="고나영", team=2, skill=-0.05, activity=0.95, joined_days_ago=870),
    Seller(name="남궁별하늘", team=2, joined_days_ago=65),
)

STAR: Final = "김도현"
LEAVER: Final = "윤태오"
NEWCOMERS: Final = ("임수빈", "선우민", "남궁별하늘")
EQUAL_PAIR: Final = ("이서연", "박지호")
"""Equally good (skill 0, same team); the second has the poor territory and so the poor raw win rate."""
SLOW_RESPONDER: Final = "안도겸"
SLOW_FOR_DAYS: Final = 90
SLOW_FACTOR: Final = 3.5
"""For the last 90 days the slow responder takes this many times as long to touch a new lead."""
FALLING_ACTIVITY: Final = "정민재"
FALLING_FOR_WEEKS: Final = 10
FALLING_FACTOR: Final = 0.6
"""For the last 10 weeks this person's activities are at 60 % of the usual."""

# ---------------------------------------------------------------- the bottleneck


@dataclass(frozen=True, slots=True)
class Bottleneck:
    """A stage that stops one team since some month.

    `moving_on` and `ending` are effects on the logs of the two weekly rates; the log-odds of moving on fall by their
    difference.
    """

    team: int
    stage: int
    months_ago: int
    moving_on: float
    ending: float


BOTTLENECK: Final = Bottleneck(team=1, stage=PROPOSAL, months_ago=7, moving_on=-0.9, ending=0.4)
"""The mid-market team's proposals: since then a quote needs a second signature and reaches the customer late."""


def bottleneck_since(today: date) -> date:
    """Give the first Monday on which the bottleneck holds: of the month seven months before that of `today`.

    >>> bottleneck_since(date(2026, 11, 23))
    datetime.date(2026, 4, 6)
    """
    months = today.year * 12 + today.month - 1 - BOTTLENECK.months_ago
    first = date(months // 12, months % 12 + 1, 1)
    return first + timedelta(days=-first.weekday() % 7)


# ---------------------------------------------------------------- content

CONTENT_EFFECTS: Final = {"CNT-07": 0.30, "CNT-08": 0.0, "CNT-09": -0.20}
"""On the log of the weekly rate of moving on, from the week after an item was first sent, for as long as the deal is in
the stages of new business. The other items have no effect, either; these three are sent often."""

# ---------------------------------------------------------------- dirt

PLANTED_DIRT: Final = {
    "missing_amount": 120,
    "malformed_date": 7,
    "exact_duplicate": 20,
    "conflicting_duplicate": 12,
    "unknown_owner": 9,
    "closed_before_created": 8,
    "negative_amount": 6,
    "owner_trailing_space": 15,
    "stage_variant": 18,
    "account_spelling": 24,
}
"""Rows of 영업기회.csv with each kind of dirt; no row has two of them."""
UNKNOWN_OWNER: Final = "오세진"
STAGE_VARIANT: Final = (STAGES[PROPOSAL], "제안/견적")
PERSONAL_COLUMN: Final = "휴대폰"
MALFORMED_DATES: Final = (
    "2026. 13. 5.",
    "2026. 2. 30.",
    "2026. 6. 31.",
    "2026. 9월말",
    "연말",
    "20261숫",
    "0000. 0. 0.",
)
"""What stands in the expected close date of the malformed rows."""
