"""The deals with their stage history and field history, as the CRM would export them before anybody spoilt them."""

from __future__ import annotations

from typing import Final

import numpy as np

from bokgi.sample.company import Company, grouped, looked_up, numbered, picked
from bokgi.sample.draws import Draws, Flags, Ints, Texts
from bokgi.sample.files import Encoding, Sheet
from bokgi.sample.moves import LOST_REASONS
from bokgi.sample.pipeline import NOTHING, Journal
from bokgi.sample.truth import (
    EXPANSION,
    GRADES,
    LOST,
    NEGOTIATION,
    NEW,
    NO_DECISION,
    PIPELINES,
    PROPOSAL,
    RENEWAL,
    SOURCES,
    STAGES,
    TYPES,
    WON,
)
from bokgi.sample.words import (
    COMPETITORS,
    EXPANSION_TOPICS,
    LONG_TOPIC,
    LONG_TOPIC_SHARE,
    NEXT_STEPS,
    PRODUCTS,
    RENEWAL_TOPIC,
    TOPICS,
)

KOREAN_DATE: Final = "{y}. {m}. {d}."
DEALS_FILE: Final = "영업기회.csv"
STAGE_HISTORY_FILE: Final = "단계이력.csv"
FIELD_HISTORY_FILE: Final = "기회변경이력.csv"
OPEN_STATUS: Final = "진행 중"
STEP_TEXTS: Final = tuple(text for wordings in NEXT_STEPS for text in wordings)
STAGE_PROBABILITY: Final = (10, 20, 40, 60, 80, 50, 70, 90, 100, 0, 0)
"""Percent, by stage."""
_STREAM: Final = 22
_JUDGEMENT: Final = (-10, 0, 0, 0, 10)
"""What sellers add to the stage's probability, percent points, equally likely."""
_FORECASTS: Final = ("확약", "최선", "파이프라인", "제외", "확정")
_COMMIT, _BEST, _PIPELINE, _OMITTED, _CLOSED = range(5)
_COMMITTED: Final = 0.65
_HOPED: Final = 0.45
_LEFT_OUT: Final = 0.30
_PRODUCT_WEIGHTS: Final = ((0.15, 0.70, 0.10, 0.05), (0.40, 0.45, 0.10, 0.05), (0.75, 0.15, 0.10, 0.0))
_ADD_ONS: Final = (0.30, 0.20, 0.30, 0.20)
_COMPETITOR_WEIGHTS: Final = (0.55, 0.18, 0.12, 0.15)
_USER_PRICE: Final = 24
"""만원 a user and year, about."""
_STEP_DAYS: Final = (-4, 12)
_WITH_PHONE: Final = 0.7
_TOPICS_EACH: Final = len(TOPICS[0])


def next_step_days(company: Company, draws: Draws) -> Ints:
    """Draw the day of each deal's next step, by deal number: working days around today, some of them passed."""
    timeline = company.world.timeline
    position = timeline.n_past - 1 + draws.between(*_STEP_DAYS, company.world.pipeline.n)
    return timeline.workdays[position]


def deals_sheet(company: Company, next_step_day: Ints) -> Sheet:
    """Make the deals file, a row a deal in the order of ids."""
    world, draws = company.world, Draws(company.seed, _STREAM)
    pipeline, timeline, n = world.pipeline, world.timeline, world.pipeline.n
    stage, kind, owner = pipeline.stage[:n], pipeline.type[:n], pipeline.owner[:n]
    account, closed = pipeline.account[:n], pipeline.closed[:n]
    is_open = stage < WON
    created, assigned = timeline.day_of(pipeline.created[:n]), timeline.day_of(pipeline.assigned[:n])
    step = np.where(is_open, pipeline.next_step[:n], NOTHING)
    probability = np.where(is_open, draws.between(0, len(_JUDGEMENT) - 1, n), 1)
    probability = np.array(STAGE_PROBABILITY)[stage] + np.array(_JUDGEMENT)[probability]
    percent = picked(tuple(f"{share}%" for share in range(101)), np.clip(probability, 0, 100))
    lead = np.full(n, NOTHING)
    from_lead = company.leads.deal
    lead[from_lead[from_lead >= 0]] = np.flatnonzero(from_lead >= 0)
    users = np.maximum(pipeline.amount[:n] // _USER_PRICE // 5 * 5, 5)
    columns = {
        "영업기회 ID": company.deal_ids,
        "영업기회명": _names(company, draws),
        "고객사": company.account_names[account],
        "담당자": company.people[owner],
        "파이프라인": picked(PIPELINES, (kind != NEW).astype(np.int64)),
        "유형": picked(TYPES, kind),
        "제품": picked(PRODUCTS, _products(company, draws)),
        "영업단계": picked(STAGES, stage),
        "상태": picked((OPEN_STATUS, STAGES[WON], STAGES[LOST], STAGES[NO_DECISION]), np.maximum(stage - WON + 1, 0)),
        "금액(만원)": grouped(pipeline.amount[:n]),
        "가능성": percent,
        "예측 구분": picked(_FORECASTS, _forecasts(company, draws)),
        "생성일": timeline.date_texts(created, KOREAN_DATE),
        "배정일": timeline.date_texts(assigned, KOREAN_DATE),
        "예상 종료일": timeline.date_texts(pipeline.expected[:n], KOREAN_DATE),
        "종료일": timeline.date_texts(timeline.day_of(np.maximum(closed, 0)), KOREAN_DATE, closed >= 0),
        "실주 사유": picked(LOST_REASONS, pipeline.lost_reason[:n]),
        "리드 ID": looked_up(company.lead_ids, lead),
        "리드 출처": np.where(kind == NEW, picked(SOURCES, pipeline.source[:n]), "기존 고객"),
        "리드 등급": picked(GRADES, pipeline.grade[:n]),
        "다음 단계": picked(STEP_TEXTS, step),
        "다음 단계 예정일": timeline.date_texts(next_step_day, KOREAN_DATE, step != NOTHING),
        "금액 기준": np.full(n, "연간", dtype=object),
        "부가세": np.full(n, "별도", dtype=object),
        "경쟁사": picked(COMPETITORS, draws.choose(_COMPETITOR_WEIGHTS, n)),
        "사용자 수": grouped(users),
        "휴대폰": np.where(draws.flags(_WITH_PHONE, n), numbered("010-0000-%04d", draws.between(0, 9999, n)), ""),
    }
    order = company.deal_order
    return Sheet(DEALS_FILE, Encoding.KOREAN_EXCEL, {name: column[order] for name, column in columns.items()})


def _names(company: Company, draws: Draws) -> Texts:
    pipeline, timeline, n = company.world.pipeline, company.world.timeline, company.world.pipeline.n
    account, kind = pipeline.account[:n], pipeline.type[:n]
    industry = pipeline.accounts.industry[account]
    topics = tuple(topic for of_industry in TOPICS for topic in of_industry)
    topic = picked(topics, industry * _TOPICS_EACH + draws.between(0, _TOPICS_EACH - 1, n))
    topic[draws.flags(LONG_TOPIC_SHARE, n)] = LONG_TOPIC
    more = picked(EXPANSION_TOPICS, draws.between(0, len(EXPANSION_TOPICS) - 1, n))
    year = timeline.date_texts(timeline.day_of(pipeline.created[:n]) + 7 * 8, "{y}년 ") + RENEWAL_TOPIC
    subject = np.where(kind == NEW, topic, np.where(kind == EXPANSION, more, year))
    names: Texts = company.account_names[account] + " " + subject
    return names


def _products(company: Company, draws: Draws) -> Ints:
    pipeline, n = company.world.pipeline, company.world.pipeline.n
    kind, team = pipeline.type[:n], pipeline.team[:n]
    usual = draws.choose(np.array(_PRODUCT_WEIGHTS)[team], n)
    return np.where(kind == EXPANSION, draws.choose(_ADD_ONS, n), np.where(kind == RENEWAL, usual % 2, usual))


def _forecasts(company: Company, draws: Draws) -> Ints:
    pipeline, timeline, n = company.world.pipeline, company.world.timeline, company.world.pipeline.n
    stage = pipeline.stage[:n]
    this_quarter = timeline.quarter_end(np.array([timeline.today_day]))[0]
    due = pipeline.expected[:n] <= this_quarter
    last = np.isin(stage, (NEGOTIATION, WON - 1))
    quoted = np.isin(stage, (PROPOSAL, WON - 2))
    category = np.where(last & due & draws.flags(_COMMITTED, n), _COMMIT, np.where(last, _BEST, _PIPELINE))
    category = np.where(quoted & due & draws.flags(_HOPED, n), _BEST, category)
    category = np.where(pipeline.asleep[:n] & draws.flags(_LEFT_OUT, n), _OMITTED, category)
    return np.where(stage == WON, _CLOSED, np.where(stage > WON, _OMITTED, category))


def stage_history_sheet(company: Company) -> Sheet:
    """Make the stage history: every entry into a stage, the first and the last included, in order of time."""
    pipeline, timeline = company.world.pipeline, company.world.timeline
    events = pipeline.stages.read()
    order = np.argsort(events["moment"], kind="stable")
    deal, stage = events["deal"][order], events["stage"][order]
    columns = {
        "영업기회 ID": company.deal_ids[deal],
        "파이프라인": picked(PIPELINES, (pipeline.type[deal] != NEW).astype(np.int64)),
        "단계": picked(STAGES, stage),
        "진입일시": timeline.second_texts(timeline.seconds(events["moment"][order])),
        "변경자": company.people[events["by"][order]],
    }
    return Sheet(STAGE_HISTORY_FILE, Encoding.EXCEL_UTF8, columns)


def field_history_sheet(company: Company, without_amount: Flags) -> Sheet:
    """Make the field history in order of time; deals `without_amount` (by number) have no changes of it."""
    world = company.world
    pipeline, timeline = world.pipeline, world.timeline

    def rows(journal: Journal, name: str) -> tuple[dict[str, Ints], Texts]:
        entries = journal.read()
        return entries, np.full(len(entries["deal"]), name, dtype=object)

    amounts, amount_names = rows(pipeline.amounts, "금액(만원)")
    dates, date_names = rows(pipeline.dates, "예상 종료일")
    owners, owner_names = rows(pipeline.owners, "담당자")
    steps, step_names = rows(pipeline.steps, "다음 단계")
    owners["by"] = world.roster.lead_of_team[pipeline.team[owners["deal"]]]
    texts = {
        side: np.concatenate(
            [
                grouped(amounts[side]),
                timeline.date_texts(dates[side], KOREAN_DATE),
                company.people[owners[side]],
                picked(STEP_TEXTS, steps[side]),
            ]
        )
        for side in ("old", "new")
    }
    deal, moment, by = (
        np.concatenate([entries[column] for entries in (amounts, dates, owners, steps)])
        for column in ("deal", "moment", "by")
    )
    shown = np.ones(len(deal), dtype=np.bool_)
    shown[: len(amounts["deal"])] = ~without_amount[amounts["deal"]]
    order = np.argsort(moment, kind="stable")
    order = order[shown[order]]
    columns = {
        "영업기회 ID": company.deal_ids[deal],
        "항목": np.concatenate([amount_names, date_names, owner_names, step_names]),
        "이전 값": texts["old"],
        "새 값": texts["new"],
        "변경일시": timeline.second_texts(timeline.seconds(moment)),
        "변경자": company.people[by],
    }
    return Sheet(FIELD_HISTORY_FILE, Encoding.EXCEL_UTF8, {name: column[order] for name, column in columns.items()})
