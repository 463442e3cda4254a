"""A round in progress for the sample company, made by the same services that people use, on days of its own."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Final

from django.db import transaction
from django_tasks import task

from bokgi.apps.access.asking import answers, today
from bokgi.apps.access.demo import demo_user
from bokgi.apps.access.models import User
from bokgi.apps.evaluation.clock import on_day
from bokgi.apps.evaluation.guard import EvidenceKind
from bokgi.apps.evaluation.models import DataNotice, Evaluation, Round
from bokgi.apps.evaluation.selectors import criteria_to_begin
from bokgi.apps.evaluation.services import forms, notices, rounds
from bokgi.domain.period import Period
from bokgi.questions.roster import ask_roster

_NOTICE: Final = (
    "영업 기록(기회, 활동, 수주와 실주)은 주간 리뷰와 평가, 코칭에 씁니다. "
    "본인과 관리자, 상위 결정자가 보며 동료에게는 보이지 않습니다. "
    "평가의 글과 등급은 3년 동안 보관한 뒤 지웁니다. 궁금한 점은 영업 운영팀에 물어 주세요."
)
_SELF: Final = (
    "제안 11건 중 8건에서 결정권자를 먼저 만났습니다. 협상 단계에서 할인부터 꺼낸 2건은 다르게 해 보고 싶습니다."
)
_SEEN: Final = (
    ("quality", EvidenceKind.OBSERVATION, "예측에 넣은 9건 중 8건이 예정한 달에 닫혔습니다.", 20),
    (
        "execution",
        EvidenceKind.OBSERVATION,
        "주간 리뷰의 약속 12건 중 11건을 지켰고, 못 지킨 1건은 하루 전에 알렸습니다.",
        41,
    ),
    ("customer", EvidenceKind.CUSTOMER, "고객 담당자가 “다음에 무엇을 할지 늘 먼저 알려 주었다”고 했습니다.", 58),
    ("collaboration", EvidenceKind.COLLEAGUE, "실주한 공공 입찰의 배점표를 정리해 두 팀이 다음 입찰에 썼습니다.", 66),
)
_RATINGS: Final = (
    {"results": 3, "quality": 3, "execution": 4, "customer": 3, "skill": 3, "collaboration": 3},
    {"results": 2, "quality": 3, "execution": 3, "customer": 4, "skill": 3, "collaboration": 4},
    {"results": 4, "quality": 3, "execution": 2, "customer": 3, "skill": 3},
    {"results": 3, "quality": 4, "execution": 3, "customer": 3, "skill": 4, "collaboration": 3},
    {"results": 2, "quality": 2, "execution": 4, "customer": 3, "skill": 2, "collaboration": 3},
)


def _quarter_before(on: date) -> Period:
    return Period.quarter_of(Period.quarter_of(on).start - timedelta(days=1))


@transaction.atomic
def demo_round(*, leader: User, rep: User | None, on: date) -> Round | None:
    """Make the round of the last whole quarter for the leader's team; null where there is one or nobody to evaluate.

    Criteria were published before the quarter, the rep has rated the own period, most drafts are handed in, and the
    rep's waits to be written.
    """
    if Round.objects.exists():
        return None
    period = _quarter_before(on)
    people = answers().ask(ask_roster, as_of=period.start)["people"]
    team = sorted({row["person_id"] for row in people if row["manager_id"] and row["manager_id"] == leader.person_id})
    if not team:
        return None
    with on_day(period.start - timedelta(days=12)):
        made = rounds.round_create(
            name=f"{period.start.year}년 {(period.start.month + 2) // 3}분기 평가",
            start_on=period.start,
            end_on=period.end,
            participants=[rounds.Participant(person, "AE", leader) for person in team],
            criteria={"AE": criteria_to_begin("AE")},
            by=leader,
        )
        rounds.criteria_publish(version=made.versions.get(), by=leader)
        if not DataNotice.objects.exists():
            notices.notice_publish(text=_NOTICE, by=leader)
    own = made.evaluations.filter(person_id=rep.person_id).first() if rep is not None and rep.person_id else None
    if own is not None and rep is not None:
        with on_day(period.start - timedelta(days=9)):
            forms.criteria_acknowledge(evaluation=own, by=rep)
        with on_day(period.end + timedelta(days=5)):
            filled = forms.Form({"results": 4, "execution": 4, "customer": 3}, {"": _SELF})
            forms.self_save(evaluation=own, form=filled, submit=True, by=rep)
    for number, form in enumerate(made.evaluations.all()):
        _evidence(form, period, leader)
        if own is None or form.pk != own.pk:
            with on_day(period.end + timedelta(days=12)):
                ratings = _RATINGS[number % len(_RATINGS)]
                texts = {"": "분기 동안의 기록과 함께 들어간 미팅을 바탕으로 적었습니다."}
                forms.draft_save(evaluation=form, form=forms.Form(ratings, texts), submit=True, by=leader)
    return made


@task()
def demo_evaluations() -> None:
    """Make the round in progress where there is none, between the demo users."""
    leader, rep = demo_user("leader"), demo_user("rep")
    if leader is not None:
        demo_round(leader=leader, rep=rep, on=today())


def _evidence(form: Evaluation, period: Period, leader: User) -> None:
    for part, kind, text, days in _SEEN:
        seen = period.start + timedelta(days=days)
        with on_day(seen):
            forms.evidence_add(evaluation=form, part=part, kind=kind, text=text, seen_on=seen, by=leader)
