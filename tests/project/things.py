"""What people make in the application, so that a walk over its addresses opens something: of one team and of the other.

Of `ARGUMENTS` in `tests.project.addresses` it gives the keys that nobody can know beforehand.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, time
from typing import Final
from uuid import uuid4

from bokgi.apps.access.models import User
from bokgi.apps.access.permissions import Role
from bokgi.apps.access.services import user_create
from bokgi.apps.coaching import services as coaching
from bokgi.apps.coaching.models import PaperKind
from bokgi.apps.evaluation.default_criteria import default_criteria
from bokgi.apps.evaluation.models import Round
from bokgi.apps.evaluation.services import forms, rounds, templates
from bokgi.apps.reviews.learning import services as learning
from bokgi.apps.reviews.models import Meeting, Participant
from bokgi.apps.reviews.services import closing, planning, preparing, running, writing
from tests import homes

NOW: Final = datetime.combine(homes.TODAY, time(1), UTC)
LED_BY: Final = {"1팀": "manager", "2팀": "han"}
SELLER: Final = {"1팀": "lee", "2팀": "seo"}
WORDS: Final = {"lee": "물레방아처럼 천천히", "seo": "두루미처럼 느긋하게"}
"""What is written in the meeting and the evaluation of each seller."""
SECRETS: Final = {"lee": "옹기장이의 속내", "seo": "대장장이의 속내"}
"""What only the seller and who leads the seller read."""


def accounts(users: Mapping[str, User]) -> dict[str, User]:
    """Give those who have none an account: whoever leads and sells in the second team."""
    made = {"manager": users["manager"], "lee": users["rep"], "leader": users["leader"]}
    for person, role in (("han", Role.MANAGER), ("seo", Role.REP), ("nam", Role.REP)):
        name = homes.PEOPLE[person]
        made[person] = user_create(email=f"{person}@team.example", name=name, role=role, person_id=person)
    return made


def things(users: Mapping[str, User]) -> dict[str, tuple[str, ...]]:
    """Make of each kind of thing one of each team, and give the values of the arguments that lead to them."""
    people = accounts(users)
    found: dict[str, list[object]] = {}
    round_ = _round(people)
    found["round_id"] = [round_.pk]
    for team, person in SELLER.items():
        lead, seller = people[LED_BY[team]], people[person]
        for meeting in (_past(team, lead, seller), _live(team, lead, seller), _planned(team, lead)):
            found.setdefault("meeting_id", []).append(meeting.pk)
            seat = Participant.objects.get(meeting=meeting, user=seller)
            found.setdefault("participant_id", []).append(seat.pk)
            commitments = meeting.commitments.all()
            found.setdefault("commitment_id", []).append(commitments[0].pk if commitments else 0)
        for name, value in _coaching(lead, seller).items():
            found.setdefault(name, []).append(value)
        form = round_.evaluations.get(person_id=person)
        found.setdefault("evaluation_id", []).append(form.pk)
    # A case is told to everybody.
    told = learning.Told(title="데모가 정한 수주", ending="won", what_decided="데모")
    case = learning.case_tell(told=told, by=people["lee"], at=NOW, ended_on=homes.TODAY, person_id="lee")
    found["case_id"] = [case.pk]
    found["template_id"] = [templates.template_save(name="틀", criteria=default_criteria("AE"), by=people["leader"]).pk]
    return {name: tuple(map(str, values)) for name, values in found.items()}


def _round(people: Mapping[str, User]) -> Round:
    """Make a round in which both sellers take part and rate themselves."""
    made = rounds.round_create(
        name="3분기",
        start_on=date(2026, 7, 1),
        end_on=date(2026, 10, 1),
        participants=[rounds.Participant(person, "AE", people[LED_BY[team]]) for team, person in SELLER.items()],
        criteria={"AE": default_criteria("AE")},
        by=people["leader"],
    )
    for version in made.versions.all():
        rounds.criteria_publish(version=version, by=people["leader"])
    for form in made.evaluations.all():
        own = people[form.person_id]
        forms.criteria_acknowledge(evaluation=form, by=own)
        forms.self_save(evaluation=form, form=forms.Form({}, {"": WORDS[form.person_id]}), submit=True, by=own)
    return made


def _planned(team: str, by: User) -> Meeting:
    return planning.meeting_plan(team=team, on=date(2026, 12, 1), at=time(10), minutes=25, by=by)


def _live(team: str, lead: User, seller: User, on: date = homes.TODAY) -> Meeting:
    meeting = planning.meeting_plan(team=team, on=on, at=time(10), minutes=25, by=lead)
    words = WORDS[seller.person_id]
    seat = Participant.objects.get(meeting=meeting, user=seller)
    answers = {True: {"what_decided": words}, False: {}}
    preparing.preparation_save(
        participant=seat, help_wanted=words, answers=answers, done=True, version=0, by=seller, at=NOW
    )
    running.meeting_open(meeting_id=meeting.pk, by=lead, at=NOW)
    running.deal_discuss(meeting_id=meeting.pk, deal_id=f"{seller.person_id}-0", by=lead, at=NOW)
    for private in (False, True):
        text = (SECRETS if private else WORDS)[seller.person_id]
        new = writing.NewNote(key=uuid4(), text=text, part="execution", private=private, about=seat)
        writing.note_add(meeting_id=meeting.pk, new=new, by=lead, at=NOW)
    promised = writing.NewCommitment(
        key=uuid4(), participant=seat, what=words, due_on=date(2026, 11, 27), deal_id=f"{seller.person_id}-0"
    )
    writing.commitment_add(meeting_id=meeting.pk, new=promised, by=lead, at=NOW)
    meeting.refresh_from_db()
    return meeting


def _past(team: str, lead: User, seller: User) -> Meeting:
    meeting = _live(team, lead, seller)
    return closing.meeting_close(meeting_id=meeting.pk, by=lead, at=NOW)


def _coaching(coach: User, member: User) -> dict[str, object]:
    words, today = SECRETS[member.person_id], homes.TODAY
    pair = coaching.pair_begin(coach=coach, member=member, on=today)
    talk = coaching.one_on_one_plan(pair=pair, on=today, by=coach, today=today)
    paper = coaching.paper_write(
        one_on_one=talk, kind=PaperKind.NOTE, words={"words": words}, by=coach, at=NOW, today=today
    )
    plan = coaching.plan_propose(
        pair=pair,
        by=coach,
        behaviours=(words,),
        reason=words,
        support="",
        measure="meeting",
        cause="lead_handling",
        at=NOW,
        today=today,
    )
    return {"pair_id": pair.pk, "one_on_one_id": talk.pk, "paper_id": paper.pk, "plan_id": plan.pk}
