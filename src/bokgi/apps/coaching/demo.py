"""A 1:1 and a running plan in a home of the sample, so that a visitor sees what coaching looks like.

Made through the services, between the demo leader and the demo rep; the words are invented, in Korean as the sample is.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Final

from django.utils import timezone
from django_tasks import task

from bokgi.apps.access import demo
from bokgi.apps.access.asking import answers, today
from bokgi.apps.access.models import User
from bokgi.apps.coaching import services
from bokgi.apps.coaching.models import OneOnOne, Pair, PaperKind
from bokgi.apps.coaching.tasks import coaching_checks
from bokgi.apps.jobs.services import enqueue
from bokgi.questions.coaching import ask_baseline, monday_of

_MEASURE: Final = "meeting"
_BEHAVIOUR: Final = "첫 통화를 끝내기 전에 다음 미팅 날짜를 함께 정한다"
_REASON: Final = "통화는 많은데 미팅으로 이어지지 않아 니즈 파악 단계에 들어가는 기회가 적습니다."
_SUPPORT: Final = "매주 녹취 두 건을 함께 듣고, 날짜를 묻는 대목을 같이 연습합니다."
_FEEDBACK: Final = {
    "situation": "화요일 데모에서 고객이 비용을 물었을 때",
    "behaviour": "바로 할인율을 말하지 않고, 지금 방식에 드는 시간을 먼저 물었습니다.",
    "effect": "고객이 두 부서의 사정을 길게 설명했고, 다음 회의에 팀장을 부르기로 했습니다.",
}
_PAST: Final = (
    (PaperKind.AGENDA, False, "제안서를 보낸 뒤 답이 없는 기회를 어떻게 할지"),
    (PaperKind.AGENDA, True, "첫 통화에서 다음 약속까지 가는 방법"),
    (PaperKind.NOTE, True, "날짜를 먼저 제안하면 고객이 훨씬 쉽게 답한다는 데 둘 다 동의했습니다."),
)
_NEXT: Final = (
    (PaperKind.AGENDA, False, "다음 달 교육 과정 신청"),
    (PaperKind.AGENDA, True, "계획 4주 점검 결과 함께 보기"),
)


@task()
def demo_coaching() -> None:
    """Make the example as of today."""
    coaching_demo(on=today(), at=timezone.now())


def coaching_demo(*, on: date, at: datetime) -> bool:
    """Make the example where there is none; say whether it was made."""
    users = {user.email: user for user in User.objects.filter(email__in=[role.email for role in demo.ROLES])}
    leader, rep = (users.get(f"{key}@demo.example") for key in ("leader", "rep"))
    if leader is None or rep is None or Pair.objects.exists():
        return False
    if not (leader.is_active and rep.is_active and rep.person_id):
        return False
    pair = services.pair_begin(coach=leader, member=rep, on=on)
    begun = monday_of(on - timedelta(weeks=5))
    plan = services.plan_propose(
        pair=pair,
        by=leader,
        behaviours=[_BEHAVIOUR],
        reason=_REASON,
        support=_SUPPORT,
        measure=_MEASURE,
        cause="skill",
        at=at,
        today=begun,
    )
    baseline = answers().ask(ask_baseline, as_of=begun, person_id=rep.person_id, measure=_MEASURE)
    services.plan_agree(plan=plan, by=rep, baseline=baseline, at=at, today=begun)
    last = _talk(pair, on - timedelta(days=8), _PAST, at, on)
    services.paper_write(one_on_one=last, kind=PaperKind.FEEDBACK, words=_FEEDBACK, by=leader, at=at, today=on)
    services.one_on_one_close(one_on_one=last, by=leader, at=at, today=on)
    _talk(pair, on + timedelta(days=2), _NEXT, at, on)
    enqueue(coaching_checks, key="coaching checks of the sample")
    return True


def _talk(pair: Pair, on: date, papers: tuple[tuple[PaperKind, bool, str], ...], at: datetime, today: date) -> OneOnOne:
    talk = services.one_on_one_plan(pair=pair, on=on, by=pair.coach, today=today)
    for kind, by_coach, words in papers:
        by = pair.coach if by_coach else pair.member
        services.paper_write(one_on_one=talk, kind=kind, words={"words": words}, by=by, at=at, today=today)
    return talk
