"""Writes of a round: making it, criteria and their versions, calibration, closing, forgetting."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from django.db import transaction
from django.db.models import Q

from bokgi.apps.access.models import User
from bokgi.apps.access.permissions import SMALLEST_GROUP
from bokgi.apps.access.services import audit
from bokgi.apps.evaluation.clock import now, today
from bokgi.apps.evaluation.criteria import HIGHEST, LOWEST, Criteria
from bokgi.apps.evaluation.letters import tell
from bokgi.apps.evaluation.models import (
    BiasAttribute,
    Calibration,
    CriteriaVersion,
    Due,
    Evaluation,
    EvidenceItem,
    PeerInputItem,
    Round,
)
from bokgi.apps.evaluation.reading import Side, round_calibrated, round_led, side_required
from bokgi.apps.evaluation.rules import Step
from bokgi.apps.evaluation.selectors import criteria_of
from bokgi.domain.errors import ConflictError, UsageError
from bokgi.domain.messages import N_, Message

KEPT_YEARS: Final = 3
"""How long the texts of a closed round are kept unless the round says otherwise."""
_SHORTEST_REASON: Final = 5
"""Letters."""
_DAYS: Final = {
    Step.SELF: 7,
    Step.PEERS: 10,
    Step.DRAFT: 14,
    Step.CALIBRATION: 18,
    Step.CONVERSATION: 25,
    Step.ANSWER: 28,
    Step.SIGN_OFF: 32,
    Step.GROWTH: 35,
}
"""Days after the end of the period on which each step is due."""
_TO_READ: Final = timedelta(days=7)
"""How long people have to read and acknowledge criteria that were changed."""


@dataclass(frozen=True)
class Participant:
    """Who takes part: the person, the role whose criteria count, who writes the draft (null: the round's owner)."""

    person_id: str
    role: str
    manager: User | None


def writers_checked(participants: Sequence[Participant], owner: User) -> None:
    """Raise `UsageError` (`own_writer`) where somebody would write the own form: nobody then could."""
    own = [one for one in participants if (one.manager or owner).person_id == one.person_id]
    if own:
        raise UsageError(
            "own_writer",
            Message(N_("{writer} would write about their own work."), {"writer": (own[0].manager or owner).name}),
            Message(N_("Leave this person out, or name somebody else who writes under “Who takes part”.")),
        )


def reason_given(text: str) -> str:
    """Give a reason without space around it, or raise `UsageError` (`reason_missing`)."""
    found = text.strip()
    if sum(one.isalpha() for one in found) < _SHORTEST_REASON:
        raise UsageError(
            "reason_missing",
            Message(N_("A reason is needed.")),
            Message(N_("Write one sentence that those concerned will read.")),
        )
    return found


@transaction.atomic
def round_create(
    *,
    name: str,
    start_on: date,
    end_on: date,
    participants: Sequence[Participant],
    criteria: Mapping[str, Criteria],
    by: User,
) -> Round:
    """Make a round with unpublished criteria for each role. `end_on` is the first day after the period.

    Raises `UsageError` for a period without length, for nobody taking part, and for a role without criteria.
    """
    if end_on <= start_on:
        raise UsageError("period_empty", Message(N_("The period must end after it begins.")))
    if not participants or not name.strip():
        raise UsageError("round_empty", Message(N_("A round needs a name and at least one person.")))
    writers_checked(participants, by)
    made = Round.objects.create(
        name=name.strip()[:80],
        start_on=start_on,
        end_on=end_on,
        owner=by,
        created_at=now(),
        kept_until=date(end_on.year + KEPT_YEARS, end_on.month, min(end_on.day, 28)),
    )
    for role in sorted({one.role for one in participants}):
        CriteriaVersion.objects.create(round=made, role=role, version=1, body=criteria[role].checked().as_json(), by=by)
    for one in participants:
        found = Evaluation.objects.create(round=made, person_id=one.person_id, role=one.role, manager=one.manager)
        dues_create(found, by)
    audit(by=by, action="round_create", subject=f"round {made.pk}", details={"people": len(participants)})
    return made


def dues_create(found: Evaluation, owner: User) -> None:
    """Give each step of a form its owner and its day; inside the transaction of who calls."""
    person = User.objects.filter(person_id=found.person_id).first() if found.person_id else None
    writer = found.manager or owner
    owners = {
        Step.CRITERIA: person,
        Step.SELF: person,
        Step.PEERS: writer,
        Step.DRAFT: writer,
        Step.CALIBRATION: owner,
        Step.CONVERSATION: writer,
        Step.ANSWER: person,
        Step.SIGN_OFF: person,
        Step.GROWTH: writer,
    }
    days = {Step.CRITERIA: found.round.start_on - timedelta(days=1)}
    days |= {step: found.round.end_on + timedelta(days=after) for step, after in _DAYS.items()}
    Due.objects.bulk_create(
        [Due(evaluation=found, step=step.value, owner=owners[step], due_on=day) for step, day in days.items()]
    )


@transaction.atomic
def due_set(*, found: Round, step: Step, on: date, by: User) -> int:
    """Move the day of a step for all forms of a round that are not closed; a new day is reminded of anew."""
    round_led(by, found)
    dues = Due.objects.filter(evaluation__round=found, evaluation__closed_at=None, step=step.value).exclude(due_on=on)
    moved = dues.update(due_on=on, reminded_on=None)
    if moved:
        audit(by=by, action="due_set", subject=f"round {found.pk}", details={"step": step.value, "on": on.isoformat()})
    return moved


@transaction.atomic
def criteria_save(*, version: CriteriaVersion, criteria: Criteria, by: User) -> None:
    """Change criteria that are not published yet; published ones get a new version (`ConflictError`)."""
    round_led(by, version.round)
    body = criteria.checked().as_json()
    if not CriteriaVersion.objects.filter(pk=version.pk, published_at=None).update(body=body, by=by):
        raise ConflictError("criteria_published", Message(N_("These criteria are published; make a new version.")))
    audit(by=by, action="criteria_save", subject=f"criteria {version.pk}")


@transaction.atomic
def criteria_publish(*, version: CriteriaVersion, by: User) -> None:
    """Publish criteria: from now on the people of the role can read and acknowledge them, and are told so."""
    round_led(by, version.round)
    if not CriteriaVersion.objects.filter(pk=version.pk, published_at=None).update(published_at=now()):
        raise ConflictError("criteria_published", Message(N_("These criteria are published already.")))
    _notify(version, "evaluation/criteria")
    audit(by=by, action="criteria_publish", subject=f"criteria {version.pk}")


@transaction.atomic
def criteria_change(*, current: CriteriaVersion, criteria: Criteria, reason: str, by: User) -> CriteriaVersion:
    """Publish a new version in place of one: both stay, everybody concerned is told and asked to acknowledge it.

    Raises `UsageError` where nothing changed or no reason is given, `ConflictError` where it is not the newest.
    """
    round_led(by, current.round)
    why = reason_given(reason)
    if not current.criteria.changed(criteria) and current.criteria == criteria:
        raise UsageError("criteria_same", Message(N_("Nothing was changed.")))
    if current.published_at is None or _newest(current).pk != current.pk or current.round.closed_at is not None:
        raise ConflictError("criteria_moved", Message(N_("Somebody published another version in between.")))
    made = CriteriaVersion.objects.create(
        round=current.round,
        role=current.role,
        version=current.version + 1,
        body=criteria.checked().as_json(),
        reason=why,
        by=by,
        published_at=now(),
    )
    anew = Due.objects.filter(evaluation__round=made.round, evaluation__role=made.role, step=Step.CRITERIA.value)
    anew.update(due_on=today() + _TO_READ, reminded_on=None)
    _notify(made, "evaluation/criteria_changed")
    audit(by=by, action="criteria_change", subject=f"criteria {made.pk}", details={"version": made.version})
    return made


def _newest(version: CriteriaVersion) -> CriteriaVersion:
    return CriteriaVersion.objects.filter(round=version.round, role=version.role).latest("version")


def _notify(version: CriteriaVersion, kind: str) -> None:
    """Tell everybody whom criteria concern: who is judged by them, who judges, and who answers for the round."""
    forms = version.round.evaluations.filter(role=version.role)
    judged = Q(person_id__in=list(forms.values_list("person_id", flat=True))) & ~Q(person_id="")
    judging = Q(pk__in=list(forms.exclude(manager=None).values_list("manager_id", flat=True)))
    for user in User.objects.filter(judged | judging | Q(pk=version.round.owner_id), is_active=True):
        tell(kind, user, round=version.round.name)


@transaction.atomic
def rating_calibrate(*, evaluation: Evaluation, part: str, after: int | None, reason: str, by: User) -> Calibration:
    """Change one rating of a draft at the calibration table; the value before stays beside it, with the reason."""
    side_required(by, evaluation, Side.NEXT_LEVEL)
    why = reason_given(reason)
    if after is not None and not LOWEST <= after <= HIGHEST:
        raise UsageError("rating_unfit", Message(N_("A rating is a whole number from 1 to 5.")))
    found = Evaluation.objects.select_for_update().get(pk=evaluation.pk)
    if found.drafted_at is None or found.calibrated_at is not None:
        raise ConflictError("calibration_closed", Message(N_("Calibration has ended, or the draft is not handed in.")))
    if criteria_of(found).part(part) is None:
        raise UsageError("part_unknown", Message(N_("There is no such part in the criteria.")))
    before = found.ratings.get(part)
    if before == after:
        raise UsageError("rating_same", Message(N_("That is what stands there already.")))
    found.ratings = found.ratings | {part: after}
    found.save(update_fields=["ratings"])
    evaluation.ratings = found.ratings
    audit(by=by, action="rating_calibrate", subject=f"evaluation {found.pk}", details={"part": part})
    return Calibration.objects.create(
        evaluation=found, part=part, before=before, after=after, reason=why, by=by, at=now()
    )


@transaction.atomic
def calibration_end(*, found: Round, by: User) -> int:
    """End calibration: the drafts that are handed in stand and are opened to their persons; gives how many."""
    round_calibrated(by, found)
    moment = now()
    ended = found.evaluations.filter(drafted_at__isnull=False, calibrated_at=None)
    people = list(ended.values_list("person_id", flat=True))
    done = ended.update(calibrated_at=moment)
    if done:
        Round.objects.filter(pk=found.pk).update(calibrated_at=moment)
        for user in User.objects.filter(person_id__in=people, is_active=True).exclude(person_id=""):
            tell("evaluation/conversation", user, round=found.name)
    audit(by=by, action="calibration_end", subject=f"round {found.pk}", details={"forms": done})
    return done


@transaction.atomic
def bias_attributes_set(*, found: Round, name: str, values: Mapping[str, str], by: User) -> int:
    """Keep an attribute for the bias check only: person_id → value; replaces what was given under that name.

    Raises `UsageError` (`group_small`) where a group would have fewer than three people: it could not be shown anyway.
    """
    round_calibrated(by, found)
    people = {one.person_id: one for one in found.evaluations.all()}
    given = {person: value.strip()[:40] for person, value in values.items() if value.strip() and person in people}
    sizes = {value: list(given.values()).count(value) for value in given.values()}
    if given and min(sizes.values()) < SMALLEST_GROUP:
        raise UsageError(
            "group_small",
            Message(N_("A group with fewer than three people is not compared; nothing was kept.")),
        )
    BiasAttribute.objects.filter(evaluation__round=found, name=name).delete()
    BiasAttribute.objects.bulk_create(
        [BiasAttribute(evaluation=people[person], name=name[:40], value=value) for person, value in given.items()]
    )
    audit(by=by, action="bias_attributes_set", subject=f"round {found.pk}", details={"n": len(given)})
    return len(given)


@transaction.atomic
def round_close(*, found: Round, by: User) -> None:
    """Close a round when every form is closed; attributes given for the bias check go."""
    round_led(by, found)
    left = found.evaluations.filter(closed_at=None).count()
    if left:
        raise ConflictError("forms_open", Message(N_("{n} forms are not closed yet."), {"n": left}))
    Round.objects.filter(pk=found.pk, closed_at=None).update(closed_at=now())
    BiasAttribute.objects.filter(evaluation__round=found).delete()
    audit(by=by, action="round_close", subject=f"round {found.pk}")


@transaction.atomic
def retention_set(*, found: Round, until: date, by: User) -> None:
    """Say until when the texts of a round are kept.

    Raises `UsageError` (`kept_too_short`) for a day that is over, or lies before the period ends: what is forgotten
    does not come back.
    """
    round_led(by, found)
    if until < max(found.end_on, today()):
        raise UsageError(
            "kept_too_short",
            Message(N_("Texts are kept until today at least, and until the period is over.")),
        )
    Round.objects.filter(pk=found.pk).update(kept_until=until)
    audit(by=by, action="retention_set", subject=f"round {found.pk}", details={"until": until.isoformat()})


@transaction.atomic
def rounds_forget(*, on: date) -> int:
    """Forget the texts of rounds whose time is over; that there was a form, its days and versions stay.

    Gives how many rounds were forgotten. An open form is never forgotten.
    """
    over = Round.objects.filter(kept_until__lt=on, closed_at__isnull=False, forgotten_at=None)
    count = 0
    for found in over.select_for_update():
        forms = found.evaluations.all()
        for part in (EvidenceItem, PeerInputItem, Calibration):
            part.objects.filter(evaluation__in=forms).delete()
        for form in forms:
            form.overrulings.all().delete()
        texts_forget(list(forms))
        Round.objects.filter(pk=found.pk).update(forgotten_at=now())
        audit(by=None, action="round_forget", subject=f"round {found.pk}")
        count += 1
    return count


def texts_forget(forms: Sequence[Evaluation]) -> None:
    """Empty what was written and rated in some forms; inside the transaction of who calls."""
    for form in forms:
        form.ratings, form.texts, form.self_ratings, form.self_texts = {}, {}, {}, {}
        form.talk_text, form.results = "", None
        form.save(update_fields=["ratings", "texts", "self_ratings", "self_texts", "talk_text", "results"])
        if hasattr(form, "answer"):
            form.answer.text = form.answer.decision = ""
            form.answer.save(update_fields=["text", "decision"])
