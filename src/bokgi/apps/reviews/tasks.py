"""What the worker does for meetings: plan the next ones, begin preparations, make packs before anybody asks."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from datetime import date
from typing import Final

from django_tasks import task

from bokgi.apps.access.asking import today
from bokgi.apps.data.pending import is_pending, write_pending
from bokgi.apps.jobs.schedules import scheduled
from bokgi.apps.jobs.services import AHEAD, AWAITED, BEFOREHAND, enqueue, is_other_work_there
from bokgi.apps.reviews.models import Meeting, MeetingState
from bokgi.apps.reviews.services.planning import meetings_advance
from bokgi.apps.reviews.showing import deals_of, pack_kept, pack_of
from bokgi.domain.errors import BokgiError
from bokgi.domain.messages import N_
from bokgi.domain.period import Period


@scheduled("meetings", "*/5 * * * *", N_("Plan the weekly meetings, begin their preparation, make their packs."))
@task()
def advance_meetings() -> None:
    """Bring all meetings up to the day, and have the packs made that will be looked at."""
    meetings_advance(today=today())
    enqueue(make_packs, key="packs")


@task(priority=AHEAD, queue_name=BEFOREHAND)
def make_packs() -> int | None:
    """Make the packs that will be looked at, and give how many; null where anything else waits, which comes first.

    Those are the packs of meetings that are being prepared, as of today, and of each team's last meeting, as of its
    day: with it the page of the meeting says what is different today.
    """
    made = 0
    for one, as_of in _looked_at(today()):
        with suppress(BokgiError):
            if not pack_kept(week=one.week, as_of=as_of, team=one.team) and is_other_work_there():
                enqueue(make_packs, key="packs")
                return None
            deals_of(pack_of(week=one.week, as_of=as_of, team=one.team))
            made += 1
    return made


def _looked_at(on: date) -> Iterator[tuple[Meeting, date]]:
    for one in Meeting.objects.filter(state=MeetingState.PREPARING).order_by("starts_at", "pk"):
        if Period.week(one.week).start <= on:
            yield one, on
    teams: set[str] = set()
    for one in Meeting.objects.filter(state=MeetingState.CLOSED).select_related("snapshot")[:_LATEST]:
        if one.team not in teams:
            teams.add(one.team)
            yield one, one.snapshot.as_of


_LATEST: Final = 20


@task(priority=AWAITED)
def make_pack(*, week: str, as_of: str, team: str) -> None:
    """Make the pack of a week, with everything that was entered until now; somebody waits for it."""
    write_pending()
    deals_of(pack_of(week=week, as_of=date.fromisoformat(as_of), team=team))


def pack_awaited(*, week: str, as_of: date, team: str) -> bool:
    """Have a pack made where it is not there yet, with everything that was entered; tell whether it is now."""

    def there() -> bool:
        return not is_pending() and pack_kept(week=week, as_of=as_of, team=team)

    if there():
        return True
    enqueue(make_pack, key=f"pack {week} {as_of} {team}"[:200], week=week, as_of=as_of.isoformat(), team=team)
    return there()
