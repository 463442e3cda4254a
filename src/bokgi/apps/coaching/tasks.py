"""What the worker does for coaching: looks at plans four and eight weeks after they began, and tells the two."""

from __future__ import annotations

from datetime import date, datetime
from typing import Final

from django.conf import settings
from django.utils import timezone
from django_tasks import task

from bokgi.apps.access.asking import answers, today
from bokgi.apps.access.mail import letter_write
from bokgi.apps.access.models import User
from bokgi.apps.access.selectors import organisation
from bokgi.apps.coaching import rules, selectors, services
from bokgi.apps.coaching.models import Paper, PaperKind, Plan
from bokgi.apps.jobs.schedules import scheduled
from bokgi.apps.reviews.models import MeetingState, Participant
from bokgi.apps.reviews.services.writing import NewCommitment, commitment_add
from bokgi.domain.errors import BokgiError, NotFoundError
from bokgi.domain.messages import N_
from bokgi.questions.coaching import ask_coaching_check

_LONGEST: Final = 500
"""Characters of a commitment in the review."""


@scheduled("coaching_checks", "40 6 * * *", N_("Look at coaching plans four and eight weeks after they began."))
@task()
def coaching_checks() -> None:
    """Make the checks that are due today."""
    checks_make(on=today())


@scheduled(
    "coaching_follow_ups", "*/2 * * * *", N_("Bring follow-ups that both agreed on into a weekly review that is live.")
)
@task()
def coaching_follow_ups() -> None:
    """Bring what waits into the meetings that are live."""
    follow_ups_bring(at=timezone.now())


def follow_ups_bring(*, at: datetime) -> int:
    """Bring agreed follow-ups into the live meeting of the person's team, each once; give how many were.

    The words leave the seal here, as both wanted. A meeting that is closed meanwhile waits for the next one.
    """
    waiting = Paper.objects.filter(
        kind=PaperKind.FOLLOW_UP, commitment="", coach_agreed_at__isnull=False, member_agreed_at__isnull=False
    )
    brought = 0
    for paper in waiting.select_related("one_on_one__pair__member"):
        pair = paper.one_on_one.pair
        participant = (
            Participant.objects.filter(meeting__state=MeetingState.LIVE, person_id=pair.member.person_id)
            .exclude(person_id="")
            .order_by("-meeting")
            .first()
        )
        if participant is None:
            continue
        words = selectors.papers_read(pair.member, [paper], pair)[0]
        if not words.opens:
            continue
        new = NewCommitment(paper.pk, participant, words.text[:_LONGEST], max(paper.due_on or at.date(), today()))
        try:
            made = commitment_add(meeting_id=participant.meeting_id, new=new, by=pair.member, at=at)
        except BokgiError:
            continue
        brought += services.follow_up_told(paper=paper, commitment=str(made.pk))
    return brought


def checks_make(*, on: date) -> int:
    """Make every check that is due by a day, keep it, and write to the two people; give how many were made.

    A check that was made before is passed over, so it does no harm to run twice. Without facts none is made: they wait.
    """
    made = 0
    plans = Plan.objects.filter(begun_on__isnull=False, begun_on__lte=on).select_related("pair__coach", "pair__member")
    for plan in plans.prefetch_related("checks"):
        if plan.begun_on is None:
            continue
        there = frozenset(check.weeks for check in plan.checks.all())
        for weeks in rules.checks_due(plan.begun_on, there, on):
            made += _check(plan, plan.begun_on, weeks)
    return made


def _check(plan: Plan, begun_on: date, weeks: int) -> int:
    due = rules.check_due_on(begun_on, weeks)
    try:
        result = answers().ask(
            ask_coaching_check,
            as_of=due,
            person_id=plan.pair.member.person_id,
            measure=plan.measure,
            begun_on=begun_on,
            weeks=weeks,
        )
    except NotFoundError:
        return 0
    kept = services.plan_check_keep(plan=plan, weeks=weeks, on=due, result=result, at=timezone.now())
    if kept:
        for user in (plan.pair.coach, plan.pair.member):
            _tell(user, plan, weeks)
    return int(kept)


def _tell(user: User, plan: Plan, weeks: int) -> None:
    """Write that a check is there; what it says stands behind the sign-in only."""
    if not user.is_active:
        return
    company = organisation()
    address = settings.ADDRESS
    link = f"{address.scheme}://{address.netloc}/coaching/plans/{plan.pk}/" if address.netloc else ""
    lang = user.language or (company.language if company is not None else settings.LANGUAGE_CODE)
    letter_write(kind="coaching_check", to=user.email, lang=lang, link=link, weeks=weeks)
