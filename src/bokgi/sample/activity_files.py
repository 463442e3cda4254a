"""Activities (done and planned), the content library and who was shown what."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from bokgi.sample.company import Company, looked_up, numbered, picked
from bokgi.sample.customer_files import ISO_DATE
from bokgi.sample.draws import Draws, Flags, Ints
from bokgi.sample.files import Encoding, Sheet
from bokgi.sample.library import ITEMS, JOURNEY
from bokgi.sample.pipeline import NOTHING
from bokgi.sample.timeline import DAY_SECONDS, WORK_SECONDS
from bokgi.sample.truth import TEAM_LEADS
from bokgi.sample.words import STAGE_WORDS
from bokgi.sample.work import ACTIVITY_KINDS, CALL, EMAIL, MEETING, NOTE, SYSTEM_EMAIL

_STREAM: Final = 24
_RESULTS: Final = ("완료", "취소", "불참", "예정", "연결", "부재중", "회신 받음", "회신 없음")
_HELD, _CANCELLED, _NO_SHOW, _PLANNED, _CONNECTED, _MISSED, _ANSWERED, _UNANSWERED = range(8)
_DIRECTIONS: Final = ("발신", "수신")
_OUT, _IN = 0, 1
_NO_SHOWS: Final = 0.35
_CONNECTS: Final = 0.48
_ANSWERS: Final = 0.30
_INBOUND_CALLS: Final = 0.15
_INBOUND_MAILS: Final = 0.30
_MINUTES: Final = (30, 45, 60, 60, 90)
_CALL_MINUTES: Final = (2, 25)
_BOOKED_AHEAD: Final = (1, 6)
_SUBJECTS: Final = ("{} 미팅", "{} 관련 통화", "{} 관련 이메일", "{} 메모", "자동 알림: {} 자료 열람")
_LEAD_SUBJECTS: Final = ("첫 통화", "첫 안내 이메일")
_IS_PLANNED: Final = 0.6
_CALLS_PLANNED: Final = 0.3
_OPENED: Final = 0.62
_READ: Final = 0.70
_OPENED_WITHIN: Final = 2 * DAY_SECONDS
_READ_SECONDS: Final = (20, 600)
_SHOWN_KINDS: Final = ("발송", "열람", "정독")
_REVIEW_DAYS: Final = (-60, 150)
_ITEM_AGE_DAYS: Final = (20, 900)


@dataclass(frozen=True)
class _Activities:
    """Activities before they are written: `deal` and `lead` are -1 for none, `subject` a position in all subjects."""

    kind: Ints
    owner: Ints
    deal: Ints
    lead: Ints
    account: Ints
    moment: Ints
    held: Ints
    subject: Ints


def activity_sheet(company: Company, next_step_day: Ints) -> Sheet:
    """Make the activities file: what was done on deals and leads, then what is planned, in order of time."""
    draws = Draws(company.seed, _STREAM)
    parts = (_on_deals(company), _on_leads(company), _planned(company, draws, next_step_day))
    kind, owner, deal, lead, account, moment, held, subject = (
        np.concatenate([getattr(part, name) for part in parts]) for name in _Activities.__dataclass_fields__
    )
    timeline, n = company.world.timeline, len(kind)
    planned = np.arange(n) >= n - len(parts[-1].kind)
    result = _results(draws, kind, held, planned)
    direction = np.full(n, NOTHING)
    direction[kind == CALL] = draws.flags(_INBOUND_CALLS, int((kind == CALL).sum()))
    direction[kind == EMAIL] = draws.flags(_INBOUND_MAILS, int((kind == EMAIL).sum())) & (lead[kind == EMAIL] < 0)
    direction[kind == SYSTEM_EMAIL] = _OUT
    result[(kind == EMAIL) & (direction == _IN)] = NOTHING
    contact = company.contacts.of_deals(draws, np.maximum(deal, 0), account)
    contact = np.where((kind == NOTE) | (deal < 0), NOTHING, contact)
    minutes = np.array(_MINUTES)[draws.between(0, len(_MINUTES) - 1, n)]
    minutes = np.where(kind == CALL, draws.between(*_CALL_MINUTES, n), minutes)
    lasting = np.isin(result, (_HELD, _CONNECTED))
    entered = np.where(kind == MEETING, moment - draws.between(*_BOOKED_AHEAD, n) * WORK_SECONDS, moment)
    begun = np.where(deal >= 0, company.world.pipeline.created[np.maximum(deal, 0)], 0)
    entered = np.where(kind == MEETING, np.maximum(entered, np.minimum(begun, moment)), entered)
    entered = np.where(planned, np.minimum(entered, timeline.now - 1), entered)
    entered = np.where(planned & (kind == CALL), timeline.now - draws.between(1, WORK_SECONDS, n), entered)
    columns = {
        "활동 유형": picked(ACTIVITY_KINDS, kind),
        "방향": picked(_DIRECTIONS, direction),
        "자동 기록": np.where(kind == SYSTEM_EMAIL, "Y", "N").astype(object),
        "담당자": company.people[owner],
        "영업기회 ID": looked_up(company.deal_ids, deal),
        "리드 ID": looked_up(company.lead_ids, lead),
        "고객사": company.account_names[account],
        "연락처 ID": looked_up(company.contact_ids, contact),
        "활동일시": timeline.second_texts(timeline.seconds(moment)),
        "등록일시": timeline.second_texts(timeline.seconds(np.maximum(entered, 0))),
        "결과": picked(_RESULTS, result),
        "소요 시간(분)": np.where(lasting, numbered("%d", minutes), ""),
        "제목": picked(_subjects(), subject),
    }
    order = np.argsort(moment, kind="stable")
    ids = numbered("ACT-%06d", np.arange(1, n + 1))
    written = {"활동 ID": ids} | {name: column[order] for name, column in columns.items()}
    return Sheet("활동.csv", Encoding.EXCEL_UTF8, written)


def _subjects() -> tuple[str, ...]:
    """Give all subjects: by kind and stage, then those of first touches of a lead (call, mail)."""
    return (*(subject.format(word) for subject in _SUBJECTS for word in STAGE_WORDS), *_LEAD_SUBJECTS)


def _on_deals(company: Company) -> _Activities:
    pipeline = company.world.pipeline
    done = pipeline.activities.read()
    return _Activities(
        kind=done["kind"],
        owner=done["owner"],
        deal=done["deal"],
        lead=np.full(len(done["deal"]), NOTHING),
        account=pipeline.account[done["deal"]],
        moment=done["moment"],
        held=done["held"],
        subject=done["kind"] * len(STAGE_WORDS) + done["stage"],
    )


def _on_leads(company: Company) -> _Activities:
    leads = company.leads
    lead = leads.touch_lead
    by_mail = (~leads.touch_by_call).astype(np.int64)
    return _Activities(
        kind=np.where(leads.touch_by_call, CALL, EMAIL),
        owner=leads.owner[lead],
        deal=leads.deal[lead],
        lead=lead,
        account=leads.account[lead],
        moment=leads.touch_moment,
        held=np.zeros(len(lead), dtype=np.int64),
        subject=len(_SUBJECTS) * len(STAGE_WORDS) + by_mail,
    )


def _planned(company: Company, draws: Draws, next_step_day: Ints) -> _Activities:
    """Plan a meeting or call on the day of many next steps that lie after today."""
    pipeline, timeline = company.world.pipeline, company.world.timeline
    deals = pipeline.open_deals()
    ahead = (next_step_day[deals] > timeline.today_day) & (pipeline.next_step[deals] != NOTHING)
    deals = deals[ahead & draws.flags(_IS_PLANNED, len(deals))]
    n = len(deals)
    start = np.searchsorted(timeline.workdays, next_step_day[deals]) * WORK_SECONDS
    kind = np.where(draws.flags(_CALLS_PLANNED, n), CALL, MEETING)
    return _Activities(
        kind=kind,
        owner=pipeline.owner[deals],
        deal=deals,
        lead=np.full(n, NOTHING),
        account=pipeline.account[deals],
        moment=start + draws.between(0, 15, n) * 1_800,
        held=np.zeros(n, dtype=np.int64),
        subject=kind * len(STAGE_WORDS) + pipeline.stage[deals],
    )


def _results(draws: Draws, kind: Ints, held: Ints, planned: Flags) -> Ints:
    n = len(kind)
    missed = np.where(draws.flags(_NO_SHOWS, n), _NO_SHOW, _CANCELLED)
    result = np.where(kind == MEETING, np.where(held == 1, _HELD, missed), NOTHING)
    result = np.where(kind == CALL, np.where(draws.flags(_CONNECTS, n), _CONNECTED, _MISSED), result)
    result = np.where(kind == EMAIL, np.where(draws.flags(_ANSWERS, n), _ANSWERED, _UNANSWERED), result)
    return np.where(planned, _PLANNED, result)


def content_sheet(company: Company) -> Sheet:
    """Make the content library, a row an item."""
    timeline, draws = company.world.timeline, Draws(company.seed, _STREAM + 1)
    n = len(ITEMS)
    published = timeline.today_day - draws.between(*_ITEM_AGE_DAYS, n)
    published = np.minimum(published, -draws.between(1, 300, n))
    review = timeline.today_day + draws.between(*_REVIEW_DAYS, n)

    def column(name: str) -> tuple[str, ...]:
        return tuple(str(getattr(item, name)) for item in ITEMS)

    every = np.arange(n)
    columns = {
        "콘텐츠 ID": picked(column("content_id"), every),
        "콘텐츠명": picked(column("title"), every),
        "여정 단계": picked(JOURNEY, np.array([item.journey for item in ITEMS])),
        "형식": picked(column("kind"), every),
        "고객의 질문": picked(column("question"), every),
        "목적": picked(column("purpose"), every),
        "다음 행동": picked(column("action"), every),
        "다음 콘텐츠 ID": picked(column("next_id"), every),
        "대상 산업": picked(column("industry"), every),
        "담당자": picked(TEAM_LEADS, every % len(TEAM_LEADS)),
        "게시일": timeline.date_texts(published, ISO_DATE),
        "검토 예정일": timeline.date_texts(review, ISO_DATE),
        "상태": np.where(review < timeline.today_day, "검토 지남", "사용 중").astype(object),
    }
    return Sheet("콘텐츠.csv", Encoding.EXCEL_UTF8, columns)


def exposure_sheet(company: Company) -> Sheet:
    """Make the file of exposures: sent by a seller, then opened and read by the customer, in UTC."""
    pipeline, timeline = company.world.pipeline, company.world.timeline
    draws = Draws(company.seed, _STREAM + 2)
    sent = pipeline.sends.read()
    n = len(sent["deal"])
    contact = company.contacts.of_deals(draws, sent["deal"], pipeline.account[sent["deal"]])
    at = timeline.seconds(sent["moment"])
    opened = draws.flags(_OPENED, n)
    opened_at = at + draws.between(60, _OPENED_WITHIN, n)
    read = opened & draws.flags(_READ, n)
    seconds = draws.between(*_READ_SECONDS, n)
    read_at = opened_at + seconds
    latest = (timeline.today_day + 1) * DAY_SECONDS - 6 * 3_600
    opened &= opened_at < latest
    read &= read_at < latest
    which = np.concatenate([np.arange(n), np.flatnonzero(opened), np.flatnonzero(read)])
    kind = np.repeat(np.arange(3), [n, int(opened.sum()), int(read.sum())])
    moment = np.concatenate([at, opened_at[opened], read_at[read]])
    order = np.lexsort((which, kind, moment))
    which, kind, moment = which[order], kind[order], moment[order]
    columns = {
        "콘텐츠 ID": picked(tuple(item.content_id for item in ITEMS), sent["item"][which]),
        "영업기회 ID": company.deal_ids[sent["deal"][which]],
        "연락처 ID": company.contact_ids[contact[which]],
        "구분": picked(_SHOWN_KINDS, kind),
        "발생 시각(UTC)": timeline.second_texts(moment, between="T", zone="Z", shift_hours=9),
        "열람 시간(초)": np.where(kind == len(_SHOWN_KINDS) - 1, numbered("%d", seconds[which]), ""),
    }
    return Sheet("콘텐츠노출.csv", Encoding.MARKETING_TOOL, columns)
