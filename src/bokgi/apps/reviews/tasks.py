"""What the worker does for meetings: plan the next ones, begin preparations, make packs before anybody asks."""

from __future__ import annotations

from contextlib import suppress

from django_tasks import task

from bokgi.apps.access.asking import today
from bokgi.apps.jobs.schedules import scheduled
from bokgi.apps.reviews.models import Meeting, MeetingState
from bokgi.apps.reviews.services.planning import meetings_advance
from bokgi.apps.reviews.showing import deals_of, pack_of
from bokgi.domain.errors import BokgiError
from bokgi.domain.messages import N_


@scheduled("meetings", "*/5 * * * *", N_("Plan the weekly meetings, begin their preparation, make their packs."))
@task()
def advance_meetings() -> int:
    """Bring all meetings up to the day, and make the packs of those that are being prepared; gives how many."""
    on = today()
    meetings_advance(today=on)
    made = 0
    for one in Meeting.objects.filter(state=MeetingState.PREPARING).order_by("starts_at", "pk"):
        with suppress(BokgiError):
            deals_of(pack_of(week=one.week, as_of=on, team=one.team))
            made += 1
    return made
