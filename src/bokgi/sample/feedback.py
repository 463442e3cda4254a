"""What customers answer: how a stage felt and how content they are, and whether customers would recommend us."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from bokgi.sample.draws import Draws, Floats, Ints
from bokgi.sample.library import JOURNEY_OF_STAGE, RETENTION
from bokgi.sample.timeline import WORK_SECONDS
from bokgi.sample.truth import BOTTLENECK, FIRST_STAGE, WON, bottleneck_since
from bokgi.sample.world import World

NPS, CSAT, FEELING = range(3)
SURVEYS: Final = ("NPS", "CSAT", "감정")
COMMENTS: Final = (
    ("응답이 늦어 검토가 밀렸습니다", "설명이 우리 업무와 맞지 않았습니다", "견적을 받기까지 오래 걸렸습니다"),
    ("무난했습니다", "자료는 좋았지만 더 짧으면 좋겠습니다", "일정만 조금 더 빨랐으면 합니다"),
    ("질문에 바로 답해 주어 좋았습니다", "우리 업종 사례가 도움이 되었습니다", "약속한 날짜를 잘 지켜 주었습니다"),
)
_STREAM: Final = 13
_ANSWERS: Final = 0.11
_BY_JOURNEY: Final = (3.6, 3.7, 3.8, 3.7, 4.0)
"""Mean of a five-point answer, by journey stage."""
_AFTER_LOSS: Final = -0.8
STUCK_FEELING: Final = -0.9
"""The bottleneck is felt: five-point answers on that stage of that team are lower by this much."""
_SPREAD: Final = 0.8
_NPS: Final = (7.7, 1.9)
_NPS_ANSWERS: Final = 0.35
_NPS_AFTER: Final = (60, 240)
_COMMENTED: Final = 0.3
_LOW_AND_HIGH: Final = (0.5, 0.8)
_WITHIN_DAYS: Final = 5


@dataclass(frozen=True)
class Responses:
    """Answers as columns; `comment` is class × 3 + wording, -1 for none."""

    deal: Ints
    journey: Ints
    survey: Ints
    score: Ints
    moment: Ints
    comment: Ints


def make_responses(world: World, seed: int) -> Responses:
    """Draw answers after deals leave a stage, and later from customers."""
    draws, pipeline, timeline = Draws(seed, _STREAM), world.pipeline, world.timeline
    events = pipeline.stages.read()
    order = np.lexsort((events["moment"], events["deal"]))
    deal, moment, stage = (events[name][order] for name in ("deal", "moment", "stage"))
    left = np.concatenate([np.full(1, -1), stage[:-1]])
    asked = ~np.isin(stage, FIRST_STAGE) & (left >= 0) & draws.flags(_ANSWERS, len(stage))
    asked &= np.concatenate([np.zeros(1, dtype=np.bool_), deal[1:] == deal[:-1]]) & (left < WON)
    deal, moment, stage, left = deal[asked], moment[asked], stage[asked], left[asked]
    journey = np.array(JOURNEY_OF_STAGE)[left]
    since = timeline.start_of_day((bottleneck_since(timeline.today) - timeline.start).days)
    stuck = (pipeline.team[deal] == BOTTLENECK.team) & (left == BOTTLENECK.stage) & (moment >= since)
    mean = np.array(_BY_JOURNEY)[journey] + _AFTER_LOSS * (stage > WON) + STUCK_FEELING * stuck
    score = _scored(draws, mean, _SPREAD, 1, 5)
    survey = np.where(draws.flags(0.5, len(deal)), CSAT, FEELING)
    moment = moment + draws.between(600, _WITHIN_DAYS * WORK_SECONDS, len(deal))
    won = np.flatnonzero((pipeline.stage[: pipeline.n] == WON) & draws.flags(_NPS_ANSWERS, pipeline.n))
    later = pipeline.closed[won] + draws.between(*_NPS_AFTER, len(won)) * WORK_SECONDS
    promoters = _scored(draws, np.full(len(won), _NPS[0]), _NPS[1], 0, 10)
    result = Responses(
        deal=np.concatenate([deal, won]),
        journey=np.concatenate([journey, np.full(len(won), RETENTION)]),
        survey=np.concatenate([survey, np.full(len(won), NPS)]),
        score=np.concatenate([score, promoters]),
        moment=np.concatenate([moment, later]),
        comment=_comments(draws, np.concatenate([score / 5.0, promoters / 10.0])),
    )
    happened = np.flatnonzero(result.moment < timeline.now)
    happened = happened[np.argsort(result.moment[happened], kind="stable")]
    return Responses(**{name: getattr(result, name)[happened] for name in Responses.__dataclass_fields__})


def _scored(draws: Draws, mean: Floats, spread: float, low: int, high: int) -> Ints:
    return np.clip(np.floor(mean + spread * draws.normal(len(mean)) + 0.5), low, high).astype(np.int64)


def _comments(draws: Draws, share: Floats) -> Ints:
    low, high = _LOW_AND_HIGH
    tone = (share > low).astype(np.int64) + (share >= high)
    wording = tone * len(COMMENTS[0]) + draws.between(0, len(COMMENTS[0]) - 1, len(share))
    return np.where(draws.flags(_COMMENTED, len(share)), wording, -1)
