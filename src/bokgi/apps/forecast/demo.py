"""What the people of the sample company submitted over the last months, made by the services that people use."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Final

from django_tasks import task

from bokgi.apps.access.asking import answers, today
from bokgi.apps.access.demo import demo_user
from bokgi.apps.access.models import User
from bokgi.apps.forecast.models import Submission
from bokgi.apps.forecast.rules import Numbers, Subject, Way
from bokgi.apps.forecast.selectors import ORGANISATION, model_word
from bokgi.apps.forecast.services import submission_save
from bokgi.domain.period import Period
from bokgi.questions.asked import Json
from bokgi.questions.forecast import ask_forecast
from bokgi.questions.won import ask_won
from bokgi.ui.speaker import amount_of

_MONTHS: Final = 7
_DAY: Final = 6
_STEP: Final = Decimal(5_000_000)
_LEADER: Final = (104, 109, 97, 112, 103, 99, 108)
_REP: Final = (118, 92, 125, 110, 131, 104, 115)
"""What was submitted in percent of what came, month by month: a leader near it, a rep who hopes."""
_NOTES: Final = {
    0: "큰 건 두 개가 월말에 몰려 있습니다.",
    2: "갱신 한 건이 다음 달로 갈 수 있습니다.",
    5: "신규 검토가 늦어집니다.",
}


@task()
def demo_submissions() -> int:
    """Submit for the last months and for now what the demo's leader and rep might have; once, and give how many."""
    leader, rep = demo_user("leader"), demo_user("rep")
    if leader is None or rep is None or not rep.person_id or Submission.objects.exists():
        return 0
    on = today()
    months = [Period.month_of(on)]
    for _ in range(_MONTHS):
        months.append(months[-1].before())
    past = list(reversed(months[1:]))
    won = answers().ask(ask_won, as_of=on, periods=tuple(past))["periods"]
    made = 0
    for place, (period, came) in enumerate(zip(past, won, strict=True)):
        day = period.start + timedelta(days=_DAY - 1)
        answer = answers().ask(ask_forecast, as_of=day, period=period, team=None)
        own = Subject("person", rep.person_id)
        note = _NOTES.get(place, "")
        made += _submit(ORGANISATION, period, _of(came["all"], _LEADER[place]), leader, day, answer)
        made += _submit(own, period, _of(came["people"].get(rep.person_id), _REP[place]), rep, day, answer, note=note)
    return made + _now(leader, rep, on)


def _now(leader: User, rep: User, on: date) -> int:
    """Submit for the current quarter: the leader for everybody, the rep's own number, and an override of it."""
    quarter = Period.quarter_of(on)
    answer = answers().ask(ask_forecast, as_of=on, period=quarter, team=None)
    own = Subject("person", rep.person_id)
    word, whole = model_word(answer, own), model_word(answer, ORGANISATION)
    if word is None or whole is None:
        return 0
    made = _submit(ORGANISATION, quarter, _rounded(whole.mean * Decimal("1.03")), leader, on, answer)
    made += _submit(
        own, quarter, _rounded(word.mean * Decimal("1.15")), rep, on, answer, note="갱신 두 건까지 넣었습니다."
    )
    reason = "갱신 한 건은 고객 예산이 아직 확정되지 않았습니다."
    return made + _submit(own, quarter, _rounded(word.mean * Decimal("1.02")), leader, on, answer, reason=reason)


def _of(came: Json | None, percent: int) -> Decimal:
    return _rounded((amount_of(came) or Decimal(0)) * percent / 100)


def _rounded(amount: Decimal) -> Decimal:
    return (amount / _STEP).quantize(Decimal(1)) * _STEP


def _submit(
    subject: Subject,
    period: Period,
    amount: Decimal,
    by: User,
    on: date,
    answer: Json,
    *,
    note: str = "",
    reason: str = "",
) -> int:
    if amount <= 0:
        return 0
    sure, hoped = _rounded(amount * Decimal("0.85")), _rounded(amount * Decimal("1.2"))
    submission_save(
        subject=subject,
        period=period,
        given=Numbers(amount, "KRW", sure, hoped, note, reason),
        way=Way.OVERRIDE if reason else Way.OWN,
        by=by,
        at=datetime(on.year, on.month, on.day, 0, 5 if reason else 0, tzinfo=UTC),
        on=on,
        model=model_word(answer, subject),
    )
    return 1
