"""Commitments put before the facts: asked when a page is opened, written down by the worker."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta
from itertools import zip_longest
from typing import Final

from bokgi.apps.access.asking import answers
from bokgi.apps.access.selectors import time_zone
from bokgi.apps.reviews.models import Commitment, Meeting, MeetingState
from bokgi.domain.errors import NotFoundError
from bokgi.questions.asked import Json
from bokgi.questions.commitments import Promise, check_commitments
from bokgi.questions.discussed import MeetingDay

LOOKS_BACK: Final = timedelta(weeks=26)
"""Commitments older than this keep the verdict they have."""
_WEEK: Final = timedelta(days=7)


def promise(one: Commitment) -> Promise:
    """Give a commitment as the facts are asked about it."""
    return Promise(
        key=str(one.key),
        person_id=one.person_id,
        made_on=one.made_at.astimezone(time_zone()).date(),
        made_at=one.made_at,
        due_on=one.due_on,
        deal_id=one.deal_id,
        pipeline=one.pipeline,
        stage=one.stage,
        metric=one.metric,
        rising=one.rising,
        amount=None if one.amount is None else float(one.amount),
    )


def checked(commitments: Iterable[Commitment], *, as_of: date) -> dict[str, Json]:
    """Ask the facts about commitments: the answer by the key of each; empty before the first import."""
    promises = tuple(promise(one) for one in commitments)
    if not promises:
        return {}
    try:
        found = answers().ask(check_commitments, as_of=as_of, promises=promises)
    except NotFoundError:
        return {}
    return {row["key"]: row for row in found["commitments"]}


def commitments_check(*, as_of: date, meeting: Meeting | None = None) -> int:
    """Write down what the facts say of commitments of the last half year, or of one meeting; give how many changed.

    Each row is written only where what the facts say has changed since, so that doing it again costs nothing.
    """
    wanted = Commitment.objects.filter(withdrawn_at=None)
    wanted = wanted.filter(meeting=meeting) if meeting is not None else wanted.filter(due_on__gte=as_of - LOOKS_BACK)
    listed = list(wanted.order_by("pk"))
    found = checked(listed, as_of=as_of)
    if not found:
        return 0
    version, changed = answers().version(), 0
    for one in listed:
        row = found[str(one.key)]
        verdict = row["verdict"] or ""
        if (one.verdict, one.checked) == (verdict, row):
            continue
        # Only these columns, and not `version`: the words of people are nobody else's to write over.
        Commitment.objects.filter(pk=one.pk).update(
            verdict=verdict, checked=row, checked_on=as_of, checked_version=version
        )
        changed += 1
    return changed


def meeting_days(team: str | None = None) -> tuple[MeetingDay, ...]:
    """Give the meetings that were held with the deals they discussed; a window ends before the team's next meeting."""
    held = Meeting.objects.filter(state=MeetingState.CLOSED).prefetch_related("deals").order_by("team", "on", "pk")
    if team is not None:
        held = held.filter(team=team)
    listed = list(held)
    told = []
    for one, following in zip_longest(listed, listed[1:]):
        until = one.on + _WEEK
        if following is not None and following.team == one.team and following.on < until:
            until = following.on
        talked = tuple(sorted(deal.deal_id for deal in one.deals.all() if deal.discussed_at is not None))
        if talked and until > one.on:
            told.append(MeetingDay(one.on, until, one.team or None, talked))
    return tuple(told)
