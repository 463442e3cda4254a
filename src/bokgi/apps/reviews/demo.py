"""Meetings of the sample company: every team meets on Monday, and one team held and closed its last four."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Final
from uuid import NAMESPACE_URL, UUID, uuid5

from django_tasks import task

from bokgi.apps.access.asking import answers, today
from bokgi.apps.access.demo import demo_user
from bokgi.apps.access.models import User
from bokgi.apps.jobs.services import BEFOREHAND, enqueue
from bokgi.apps.reviews.models import DiscussedDeal, Meeting, MeetingSeries, MeetingState, Part
from bokgi.apps.reviews.services import closing, planning, preparing, running, writing
from bokgi.apps.reviews.telling.services import minutes_forget
from bokgi.domain.messages import N_, translate
from bokgi.questions.commitments import KEPT, Promise, check_commitments
from bokgi.questions.roster import ask_roster

AT: Final = time(10)
_HELP: Final = N_("I need an introduction to who decides at the customer's.")
_NOTES: Final = (
    (Part.EXECUTION, N_("Two people were on leave; the week was short.")),
    (Part.BOTTLENECK, N_("Let us make it a standard to meet who decides before we send a proposal.")),
    (Part.LEARNING, N_("Whoever met the people on site first had the deal two weeks earlier.")),
)
_PROMISES: Final = {
    "next_step": N_("Agree on the criteria of the test with who decides"),
    "touched": N_("Ask for the meeting that was put off"),
    "moved": N_("Get the draft of the contract to purchasing"),
}
_IN_WORDS: Final = N_("Show the team how the last demo was prepared")
_EARLIER: Final = 3
"""Meetings held before the last one: with fewer nothing can be said of discussed deals, and each costs the worker some
seconds."""
_TALKED_ABOUT: Final = 6
_PROMISED: Final = 4
_KEPT: Final = 2
"""At most so many of what is promised on deals are chosen because the data say that it was done."""
_LATER: Final = -50
"""Priority of what nobody waits for."""
_CASE: Final = {
    "situation": N_("Purchasing looked at the price only."),
    "what_we_did": N_("We met the people on site before the proposal."),
    "what_decided": N_("The criteria were written together."),
    "repeat_or_avoid": N_("Meet who decides before the proposal."),
    "buyer_reason": N_("You understood our work."),
}


def demo_meetings() -> None:
    """Let the worker make the meetings of the sample where no meeting was ever planned; nobody waits for it."""
    if demo_user("leader") is not None and not Meeting.objects.exists():
        enqueue(demo_meetings_make, key="demo meetings")


@task()
def demo_meetings_make() -> None:
    """Let every team meet on Mondays, and hold and close the last meetings of the demo rep's team, the oldest first.

    Done again after a stop in the middle, it goes on and holds nothing twice.
    """
    leader, rep = demo_user("leader"), demo_user("rep")
    if leader is None or rep is None or not rep.person_id:
        return
    on = today()
    teams = {row["team"] for row in answers().ask(ask_roster, as_of=on)["people"] if row["team"]}
    for team in sorted(teams - set(MeetingSeries.objects.values_list("team", flat=True))):
        planning.series_set(team=team, weekday=1, at=AT, minutes=60, by=leader, today=on)
    _hold(_EARLIER)


def _hold(weeks_ago: int) -> None:
    enqueue(
        demo_meeting_hold.using(priority=_LATER, queue_name=BEFOREHAND),
        key=f"demo meeting {weeks_ago}",
        weeks_ago=weeks_ago,
    )


@task()
def demo_meeting_hold(weeks_ago: int) -> None:
    """Hold one of the meetings and let the next one follow: each as it was then, with what was agreed before."""
    leader, rep = demo_user("leader"), demo_user("rep")
    if leader is None or rep is None:
        return
    _meeting(leader, rep, _last_monday(today()) - timedelta(weeks=weeks_ago), story=weeks_ago == 0)
    if weeks_ago > 0:
        _hold(weeks_ago - 1)


def _meeting(leader: User, rep: User, on: date, *, story: bool) -> None:
    on = planning.next_day(on)
    roster = answers().ask(ask_roster, as_of=on)["people"]
    team = next((row["team"] for row in roster if row["person_id"] == rep.person_id and row["team"]), None)
    if team is None or Meeting.objects.filter(team=team, on=on).exclude(closed_at=None).exists():
        return
    # One that a stop left unopened for a while counts as called off by now.
    there = Meeting.objects.filter(team=team, planned_on=on).exclude(state=MeetingState.CANCELLED).first()
    meeting = there or planning.meeting_plan(team=team, on=on, at=AT, minutes=60, by=leader)
    _held(meeting, leader, rep, on, story=story)
    if not story:
        minutes_forget(meeting=meeting)


def _last_monday(on: date) -> date:
    return on - timedelta(days=on.weekday() or 7)


def _held(meeting: Meeting, leader: User, rep: User, on: date, *, story: bool) -> None:
    """Hold a meeting through the services that people use; `story`: with what was prepared and noted in it, too."""
    lang = "ko"
    begun = meeting.starts_at.astimezone(UTC)
    seat = meeting.participants.get(user=rep)
    if story and getattr(seat, "preparation", None) is None:
        preparing.preparation_save(
            participant=seat,
            help_wanted=translate(_HELP, lang),
            answers={True: {name: translate(text, lang) for name, text in _CASE.items()}},
            done=True,
            version=0,
            by=rep,
            at=begun - timedelta(days=3),
        )
    running.meeting_open(meeting_id=meeting.pk, by=leader, at=begun, on=on)
    for one in meeting.participants.exclude(user=None):
        running.participant_seen(participant=one, at=begun)
    at = begun
    for part in meeting.parts.all():
        running.part_begin(meeting_id=meeting.pk, part_id=part.pk, by=leader, at=at)
        for number, (where, text) in enumerate(_NOTES):
            if story and where == part.part:
                note = writing.NewNote(key=_key(meeting, f"note {number}"), text=translate(text, lang), part=part.part)
                writing.note_add(meeting_id=meeting.pk, new=note, by=rep, at=at + timedelta(minutes=3))
        if part.part == Part.BOTTLENECK:
            _promised(meeting, leader, rep, at, in_words=story)
        at += timedelta(minutes=part.minutes, seconds=40)
    closing.meeting_close(meeting_id=meeting.pk, by=leader, at=at)


def _promised(meeting: Meeting, leader: User, rep: User, at: datetime, *, in_words: bool) -> None:
    listed = list(meeting.deals.all())
    own = [deal for deal in listed if deal.person_id == rep.person_id]
    ours = [*own, *(deal for deal in listed if deal not in own)][:_TALKED_ABOUT]
    for number, deal in enumerate(ours):
        running.deal_discuss(meeting_id=meeting.pk, deal_id=deal.deal_id, by=leader, at=at + timedelta(minutes=number))
    seats = {seat.person_id: seat for seat in meeting.participants.exclude(person_id="")}
    plain = writing.NewCommitment(
        key=_key(meeting, "commitment in words"),
        participant=seats[rep.person_id],
        what=translate(_IN_WORDS, "ko"),
        due_on=meeting.on + _DUE,
    )
    agreed = [
        writing.NewCommitment(
            key=_key(meeting, f"commitment {number}"),
            participant=seats.get(deal.person_id, plain.participant),
            what=translate(_PROMISES[metric], "ko"),
            due_on=plain.due_on,
            deal_id=deal.deal_id,
            pipeline=deal.pipeline,
            stage=deal.stage,
            metric=metric,
        )
        for number, (deal, metric) in enumerate(_chosen(meeting, ours, at))
    ]
    for number, new in enumerate([*agreed, plain] if in_words else agreed):
        moment = at + timedelta(minutes=5, seconds=30 * number)
        writing.commitment_add(meeting_id=meeting.pk, new=new, by=rep, at=moment)


def _chosen(meeting: Meeting, deals: Sequence[DiscussedDeal], at: datetime) -> list[tuple[DiscussedDeal, str]]:
    """Choose what is promised on which deal: some of it was done, by the data, and the rest is taken as it comes.

    Else nearly nothing of a sample would be kept: its data know nothing of the meeting.
    """
    metrics = list(_PROMISES)
    turn = meeting.on.isocalendar().week
    due_on = meeting.on + _DUE
    every = [
        (deal, metrics[(turn + n + m) % len(metrics)]) for n, deal in enumerate(deals) for m in range(len(metrics))
    ]
    promises = tuple(
        Promise(
            key=str(number),
            person_id=deal.person_id,
            made_on=meeting.on,
            made_at=at,
            due_on=due_on,
            deal_id=deal.deal_id,
            metric=metric,
        )
        for number, (deal, metric) in enumerate(every)
    )
    found = answers().ask(check_commitments, as_of=min(today(), due_on + timedelta(days=1)), promises=promises)
    kept = {row["key"] for row in found["commitments"] if row["verdict"] == KEPT}
    first: dict[str, tuple[DiscussedDeal, str]] = {}
    for number, (deal, metric) in enumerate(every):
        if str(number) in kept and len(first) < _KEPT:
            first.setdefault(deal.deal_id, (deal, metric))
    for deal, metric in every:
        first.setdefault(deal.deal_id, (deal, metric))
    return list(first.values())[:_PROMISED]


_DUE: Final = timedelta(days=4)


def _key(meeting: Meeting, name: str) -> UUID:
    return uuid5(NAMESPACE_URL, f"bokgi demo {meeting.pk} {name}")
