"""Writes of who takes part in a round, in which role, and who writes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from django.db import transaction

from bokgi.apps.access.models import User
from bokgi.apps.access.services import audit
from bokgi.apps.evaluation.letters import tell
from bokgi.apps.evaluation.models import CriteriaVersion, Evaluation, Round
from bokgi.apps.evaluation.reading import round_led
from bokgi.apps.evaluation.rules import Step
from bokgi.apps.evaluation.selectors import criteria_to_begin, user_of
from bokgi.apps.evaluation.services.rounds import Participant, dues_create, writers_checked
from bokgi.domain.errors import ConflictError, UsageError
from bokgi.domain.messages import N_, Message

_OF_WRITER: Final = (Step.PEERS, Step.DRAFT, Step.CONVERSATION, Step.GROWTH)


@transaction.atomic
def participants_set(*, found: Round, wanted: Sequence[Participant], by: User) -> int:
    """Say who takes part, in which role, and who writes; gives how many forms came, changed or went.

    A form keeps what is written in it: with words in it it does not go, and after the draft its role stays. A role that
    is new in the round gets criteria of its own, to be published. Raises `ConflictError`: `form_written`,
    `form_drafted` or `round_closed`.
    """
    round_led(by, found)
    if found.closed_at is not None:
        raise ConflictError("round_closed", Message(N_("This round is closed.")))
    if not wanted:
        raise UsageError("round_empty", Message(N_("A round needs a name and at least one person.")))
    writers_checked(wanted, found.owner or by)
    there = {one.person_id: one for one in found.evaluations.select_for_update().select_related("round")}
    changed = 0
    for person in set(there) - {one.person_id for one in wanted}:
        if has_words(there[person]):
            raise ConflictError(
                "form_written", Message(N_("Something is written in a form that would go; it stays with the round."))
            )
        there[person].delete()
        changed += 1
    for one in wanted:
        _version_needed(found, one.role, by)
        form = there.get(one.person_id)
        if form is None:
            made = Evaluation.objects.create(round=found, person_id=one.person_id, role=one.role, manager=one.manager)
            dues_create(made, found.owner or by)
            changed += 1
        elif (form.role, form.manager_id) != (one.role, one.manager and one.manager.pk):
            changed += _participant_change(form, one)
    found.versions.filter(published_at=None).exclude(role__in=[one.role for one in wanted]).delete()
    audit(by=by, action="participants_set", subject=f"round {found.pk}", details={"changed": changed})
    return changed


def has_words(form: Evaluation) -> bool:
    """Say whether somebody has written anything in a form."""
    written = (form.self_at, form.drafted_at, form.ratings, form.texts, form.self_ratings, form.self_texts)
    return any(written) or form.evidence.exists() or form.peer_inputs.exists()


def _version_needed(found: Round, role: str, by: User) -> None:
    if not found.versions.filter(role=role).exists():
        body = criteria_to_begin(role).checked().as_json()
        CriteriaVersion.objects.create(round=found, role=role, version=1, body=body, by=by)


def _participant_change(form: Evaluation, wanted: Participant) -> bool:
    if form.closed_at is not None:
        return False
    if form.role != wanted.role and form.drafted_at is not None:
        raise ConflictError("form_drafted", Message(N_("After the draft a form keeps the criteria it was written by.")))
    before = form.manager or form.round.owner
    writer = wanted.manager or form.round.owner
    form.role, form.manager = wanted.role, wanted.manager
    form.save(update_fields=["role", "manager"])
    if writer is not None and before != writer:
        form.dues.filter(step__in=[step.value for step in _OF_WRITER]).update(owner=writer)
        tell("evaluation/handed_over", writer, round=form.round.name)
        person = user_of(form.person_id)
        if person is not None:
            tell("evaluation/new_writer", person, round=form.round.name, writer=writer.name)
    return True
