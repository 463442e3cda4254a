"""Reads of commitments: whose they are, how they stand, how much is kept over time."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from django.db.models import QuerySet

from bokgi.apps.reviews.keeping.checking import LOOKS_BACK, checked
from bokgi.apps.reviews.keeping.rates import KeptRate, kept_rate
from bokgi.apps.reviews.models import Commitment, MeetingState
from bokgi.domain.period import Period
from bokgi.questions.asked import Json


@dataclass(frozen=True)
class Kept:
    """A commitment with what the facts say of it today; `found` is null before the first import."""

    commitment: Commitment
    found: Json | None

    @property
    def verdict(self) -> str | None:
        """What the facts say; null while the day has not come."""
        return None if self.found is None else self.found["verdict"]


def commitments_of(people: Iterable[str] | None, *, as_of: date, weeks: timedelta = LOOKS_BACK) -> list[Kept]:
    """List the commitments of some people (null: everybody) of the last half year, the latest first, checked."""
    found = _agreed().filter(due_on__gte=as_of - weeks)
    if people is not None:
        found = found.filter(person_id__in=sorted(people))
    return _kept(found, as_of)


def commitments_on(deal_id: str, *, as_of: date) -> list[Kept]:
    """List what was agreed on one deal by the end of a day, however long ago, the latest first, checked."""
    return _kept(_agreed().filter(deal_id=deal_id, meeting__on__lte=as_of), as_of)


def _agreed() -> QuerySet[Commitment]:
    found = Commitment.objects.filter(withdrawn_at=None).exclude(meeting__state=MeetingState.CANCELLED)
    return found.select_related("meeting")


def _kept(found: QuerySet[Commitment], as_of: date) -> list[Kept]:
    listed = list(found.order_by("-due_on", "-pk"))
    facts = checked(listed, as_of=as_of)
    return [Kept(one, facts.get(str(one.key))) for one in listed]


def still_open(listed: Iterable[Kept], *, as_of: date) -> list[Kept]:
    """Keep what is to be done: the day has not passed and the facts do not say that it is kept; the nearest first."""
    waiting = [one for one in listed if one.commitment.due_on >= as_of and one.verdict != "kept"]
    return sorted(waiting, key=lambda one: (one.commitment.due_on, one.commitment.pk))


@dataclass(frozen=True)
class Rates:
    """Kept rates: of all, by team of the meeting, by person, and month by month (the latest last)."""

    whole: KeptRate
    teams: Mapping[str, KeptRate]
    people: Mapping[str, KeptRate]
    months: Sequence[tuple[Period, KeptRate]]


def rates(listed: Sequence[Kept], *, minimum_n: int) -> Rates:
    """Count commitments by team, person and month of the day agreed."""

    def by(key: Callable[[Commitment], str]) -> dict[str, KeptRate]:
        groups: dict[str, list[str | None]] = {}
        for one in listed:
            groups.setdefault(key(one.commitment), []).append(one.verdict)
        return {name: kept_rate(verdicts, minimum_n=minimum_n) for name, verdicts in sorted(groups.items())}

    return Rates(
        kept_rate([one.verdict for one in listed], minimum_n=minimum_n),
        by(lambda one: one.meeting.team),
        by(lambda one: one.person_id),
        [(Period.parse(month), rate) for month, rate in by(lambda one: f"{one.due_on:%Y-%m}").items()],
    )
