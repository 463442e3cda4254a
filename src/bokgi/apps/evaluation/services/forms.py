"""Writes of one form: acknowledging, rating oneself, colleagues, draft, evidence, conversation, answer, signature."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from django.db import transaction

from bokgi.apps.access.models import User
from bokgi.apps.access.services import audit
from bokgi.apps.evaluation.clock import now, today
from bokgi.apps.evaluation.criteria import HIGHEST, LOWEST, PeerInput
from bokgi.apps.evaluation.guard import EvidenceKind, Finding
from bokgi.apps.evaluation.letters import tell
from bokgi.apps.evaluation.models import (
    Acknowledgement,
    Answer,
    Calibration,
    Evaluation,
    EvidenceItem,
    Overruling,
    PeerInputItem,
    PeerRequest,
)
from bokgi.apps.evaluation.reading import Side, peer_inputs_shown, side_required, unknown
from bokgi.apps.evaluation.rules import AnswerKind, Step, refusal
from bokgi.apps.evaluation.selectors import criteria_of, person_is_waited_for, progress_of, user_of, version_of
from bokgi.apps.evaluation.services.rounds import reason_given
from bokgi.domain.errors import ConflictError, UsageError
from bokgi.domain.messages import N_, Message
from bokgi.questions.asked import Json

LONGEST = 4000


@dataclass(frozen=True)
class Form:
    """What somebody filled in: ratings by part (null: not rated) and texts by part (`""`: the whole)."""

    ratings: Mapping[str, int | None]
    texts: Mapping[str, str]


def _allowed(evaluation: Evaluation, step: Step, *, waits: bool = True) -> None:
    """Raise `ConflictError` (`step_closed`) with the reason where a step cannot be taken now."""
    message = refusal(step, progress_of(evaluation), on=today(), waits=waits)
    if message is not None:
        raise ConflictError("step_closed", message)


def _locked(evaluation: Evaluation) -> Evaluation:
    return Evaluation.objects.select_for_update(of=("self",)).select_related("round").get(pk=evaluation.pk)


def _ratings(evaluation: Evaluation, given: Mapping[str, int | None]) -> dict[str, int]:
    criteria = criteria_of(evaluation)
    known = {part.key for part in criteria.parts}
    if set(given) - known or any(one is not None and not LOWEST <= one <= HIGHEST for one in given.values()):
        raise UsageError(
            "rating_unfit",
            Message(N_("A rating is a whole number from 1 to 5, for a part of the criteria.")),
        )
    return {key: rating for key, rating in given.items() if rating is not None}


def _texts(given: Mapping[str, str]) -> dict[str, str]:
    return {key: text.strip()[:LONGEST] for key, text in given.items() if text.strip()}


@transaction.atomic
def criteria_acknowledge(*, evaluation: Evaluation, by: User) -> None:
    """Note that the person has read the version in force; the first time counts."""
    side_required(by, evaluation, Side.PERSON)
    _allowed(evaluation, Step.CRITERIA)
    _found, made = Acknowledgement.objects.get_or_create(
        evaluation=evaluation, version=version_of(evaluation), defaults={"at": now()}
    )
    if made:
        audit(by=by, action="criteria_acknowledge", subject=f"evaluation {evaluation.pk}")


@transaction.atomic
def self_save(*, evaluation: Evaluation, form: Form, submit: bool, by: User) -> None:
    """Save the self evaluation; handed in, the manager reads it."""
    side_required(by, evaluation, Side.PERSON)
    found = _locked(evaluation)
    _allowed(found, Step.SELF)
    if found.self_at is not None:
        raise ConflictError("self_given", Message(N_("The self evaluation is handed in already.")))
    found.self_ratings, found.self_texts = _ratings(found, form.ratings), _texts(form.texts)
    if submit and not found.self_texts:
        raise UsageError("text_missing", Message(N_("Write at least one sentence about your period.")))
    found.self_at = now() if submit else None
    found.save(update_fields=["self_ratings", "self_texts", "self_at"])
    if submit:
        writer = found.manager or found.round.owner
        if writer is not None:
            tell("evaluation/self_given", writer, round=found.round.name)
        audit(by=by, action="self_submit", subject=f"evaluation {found.pk}")


@transaction.atomic
def peers_ask(*, evaluation: Evaluation, peers: Sequence[User], by: User) -> int:
    """Ask colleagues in the same role; gives how many were newly asked.

    Raises `UsageError` where the criteria ask no colleagues, and for somebody who is not in the same role of the round.
    """
    side_required(by, evaluation, Side.MANAGER, Side.NEXT_LEVEL)
    _allowed(evaluation, Step.PEERS)
    if criteria_of(evaluation).peers is PeerInput.NONE:
        raise UsageError("peers_not_asked", Message(N_("These criteria ask no colleagues.")))
    same = set(
        Evaluation.objects.filter(round=evaluation.round, role=evaluation.role)
        .exclude(pk=evaluation.pk)
        .values_list("person_id", flat=True)
    )
    if any(peer.person_id not in same for peer in peers):
        raise UsageError("peer_unfit", Message(N_("Only colleagues in the same role are asked.")))
    shown = peer_inputs_shown(evaluation, frozenset({Side.MANAGER}), criteria_of(evaluation), shown=True)
    if peers and shown and criteria_of(evaluation).peers is PeerInput.UNNAMED:
        # Whoever answers after the others were read would be known by it.
        raise ConflictError("input_read", Message(N_("What colleagues said without names is open already.")))
    made = 0
    for peer in peers:
        _request, new = PeerRequest.objects.get_or_create(
            evaluation=evaluation, peer=peer, defaults={"asked_at": now()}
        )
        if new:
            made += 1
            tell("evaluation/peer", peer, round=evaluation.round.name)
    audit(by=by, action="peers_ask", subject=f"evaluation {evaluation.pk}", details={"n": made})
    return made


@transaction.atomic
def peer_give(*, request: PeerRequest, form: Form, by: User) -> None:
    """Take what a colleague says, once. Where names are not shown, nothing kept leads back to who wrote it."""
    if request.peer_id != by.pk:
        raise unknown()
    evaluation = request.evaluation
    _allowed(evaluation, Step.PEERS)
    ratings, texts = _ratings(evaluation, form.ratings), _texts(form.texts)
    if not ratings and not texts:
        raise UsageError("input_empty", Message(N_("Rate at least one part or write a sentence.")))
    if not PeerRequest.objects.filter(pk=request.pk, is_answered=False).update(is_answered=True):
        raise ConflictError("peer_given", Message(N_("You have answered already; thank you.")))
    named = criteria_of(evaluation).peers is PeerInput.NAMED
    PeerInputItem.objects.create(
        evaluation=evaluation, by=by if named else None, ratings=ratings, text="\n\n".join(texts.values())
    )
    if named:
        # Without a name there is no moment either: beside what else somebody did then, it would be one.
        audit(by=by, action="peer_give", subject=f"evaluation {evaluation.pk}")


@transaction.atomic
def draft_save(*, evaluation: Evaluation, form: Form, submit: bool, by: User) -> None:
    """Save the manager's draft; handed in, it goes to calibration. Until calibration ends it can be changed."""
    side_required(by, evaluation, Side.MANAGER)
    found = _locked(evaluation)
    _allowed(found, Step.DRAFT)
    ratings, texts = _ratings(found, form.ratings), _texts(form.texts)
    if submit and not ratings:
        raise UsageError("draft_empty", Message(N_("Rate at least one part before you hand it in.")))
    changed = [key for key in {**found.ratings, **ratings} if found.ratings.get(key) != ratings.get(key)]
    if found.drafted_at is not None and changed:
        # Handed in once, a change leaves its trace as one at the calibration table does.
        Calibration.objects.bulk_create(
            [
                Calibration(
                    evaluation=found,
                    part=key,
                    before=found.ratings.get(key),
                    after=ratings.get(key),
                    reason="",
                    by=by,
                    at=now(),
                )
                for key in changed
            ]
        )
    found.ratings, found.texts = ratings, texts
    if submit and found.drafted_at is None:
        found.drafted_at = now()
        audit(by=by, action="draft_submit", subject=f"evaluation {found.pk}")
    found.save(update_fields=["ratings", "texts", "drafted_at"])


@transaction.atomic
def evidence_add(
    *,
    evaluation: Evaluation,
    part: str,
    kind: EvidenceKind,
    text: str,
    seen_on: date | None,
    by: User,
    subject: str = "",
) -> EvidenceItem:
    """Attach evidence to a part, by the manager or by the person; both read it."""
    side_required(by, evaluation, Side.MANAGER, Side.PERSON)
    if evaluation.closed_at is not None:
        raise ConflictError("step_closed", Message(N_("This evaluation is closed.")))
    if criteria_of(evaluation).part(part) is None:
        raise UsageError("part_unknown", Message(N_("There is no such part in the criteria.")))
    if not text.strip():
        raise UsageError("text_missing", Message(N_("Write what happened.")))
    added = EvidenceItem.objects.create(
        evaluation=evaluation,
        part=part,
        kind=kind.value,
        text=text.strip()[:LONGEST],
        subject=subject.strip()[:120],
        seen_on=seen_on,
        by=by,
        at=now(),
    )
    audit(by=by, action="evidence_add", subject=f"evaluation {evaluation.pk}", details={"part": part})
    return added


@transaction.atomic
def evidence_remove(*, item: EvidenceItem, by: User) -> None:
    """Take back evidence that oneself attached, until the form is signed."""
    side_required(by, item.evaluation, Side.MANAGER, Side.PERSON)
    if item.by_id != by.pk or item.evaluation.person_signed_at is not None:
        raise ConflictError("evidence_kept", Message(N_("Only who attached it can take it back, before signing.")))
    audit(by=by, action="evidence_remove", subject=f"evaluation {item.evaluation_id}")
    item.delete()


@transaction.atomic
def finding_overrule(*, evaluation: Evaluation, finding: str, reason: str, by: User) -> Overruling:
    """Overrule a finding of the guard with a reason; the person and the next level read it."""
    side_required(by, evaluation, Side.MANAGER)
    why = reason_given(reason)
    if evaluation.closed_at is not None:
        raise ConflictError("step_closed", Message(N_("This evaluation is closed.")))
    made, _new = Overruling.objects.update_or_create(
        evaluation=evaluation, finding=finding[:80], defaults={"reason": why[:LONGEST], "by": by, "at": now()}
    )
    audit(by=by, action="finding_overrule", subject=f"evaluation {evaluation.pk}", details={"finding": finding[:80]})
    return made


@transaction.atomic
def evaluation_show(*, evaluation: Evaluation, by: User) -> None:
    """Note that the person has opened draft and evidence; the first time counts."""
    side_required(by, evaluation, Side.PERSON)
    moment = now()
    if Evaluation.objects.filter(pk=evaluation.pk, shown_at=None).update(shown_at=moment):
        evaluation.shown_at = moment
        audit(by=by, action="evaluation_open", subject=f"evaluation {evaluation.pk}")


@transaction.atomic
def conversation_record(*, evaluation: Evaluation, on: date, text: str, by: User) -> None:
    """Write down that the conversation was held, and what both said; the person reads it and answers."""
    side_required(by, evaluation, Side.MANAGER)
    found = _locked(evaluation)
    _allowed(found, Step.CONVERSATION)
    if on > today():
        raise UsageError("day_ahead", Message(N_("This day has not come yet.")))
    if found.person_signed_at is not None:
        raise ConflictError("step_closed", Message(N_("The form is signed already.")))
    found.talked_on, found.talk_text = on, text.strip()[:LONGEST]
    found.save(update_fields=["talked_on", "talk_text"])
    person = user_of(found.person_id)
    if person is not None:
        tell("evaluation/answer", person, round=found.round.name)
    audit(by=by, action="conversation_record", subject=f"evaluation {found.pk}")


@transaction.atomic
def answer_give(*, evaluation: Evaluation, kind: AnswerKind, text: str, by: User) -> Answer:
    """Take the person's answer. An appeal needs a reason and goes to the next level."""
    side_required(by, evaluation, Side.PERSON)
    found = _locked(evaluation)
    _allowed(found, Step.ANSWER)
    said = text.strip()[:LONGEST] if kind is AnswerKind.AGREES else reason_given(text)[:LONGEST]
    if Answer.objects.filter(evaluation=found, kind=AnswerKind.APPEALS.value).exists():
        raise ConflictError("appeal_given", Message(N_("The appeal is with the next level.")))
    made, _new = Answer.objects.update_or_create(
        evaluation=found, defaults={"kind": kind.value, "text": said, "at": now()}
    )
    told = found.round.owner if kind is AnswerKind.APPEALS else found.manager or found.round.owner
    if told is not None:
        tell(f"evaluation/{kind.value}", told, round=found.round.name)
    audit(by=by, action="answer_give", subject=f"evaluation {found.pk}", details={"kind": kind.value})
    return made


@transaction.atomic
def appeal_decide(
    *, evaluation: Evaluation, is_upheld: bool, decision: str, ratings: Mapping[str, int | None], by: User
) -> None:
    """Decide an appeal, with a reason that the person reads. Upheld, ratings may change; the values before stay.

    Who wrote the draft cannot decide, unless nobody stands above: then it is said in the audit trail.
    """
    stands = side_required(by, evaluation, Side.NEXT_LEVEL)
    found = _locked(evaluation)
    _allowed(found, Step.DECISION)
    why = reason_given(decision)
    if found.manager_id == by.pk and User.objects.filter(role="leader", is_active=True).exclude(pk=by.pk).exists():
        raise ConflictError("own_draft", Message(N_("Who wrote the draft does not decide the appeal against it.")))
    changed = _ratings(found, ratings) if is_upheld else {}
    for key, after in changed.items():
        if found.ratings.get(key) != after:
            Calibration.objects.create(
                evaluation=found,
                part=key,
                before=found.ratings.get(key),
                after=after,
                reason=why,
                by=by,
                at=now(),
            )
    found.ratings = found.ratings | changed
    found.save(update_fields=["ratings"])
    Answer.objects.filter(evaluation=found).update(
        is_upheld=is_upheld, decision=why[:LONGEST], decided_by=by, decided_at=now()
    )
    person = user_of(found.person_id)
    if person is not None:
        tell("evaluation/decided", person, round=found.round.name)
    details = {"upheld": is_upheld, "own_draft": Side.MANAGER in stands}
    audit(by=by, action="appeal_decide", subject=f"evaluation {found.pk}", details=details)


@transaction.atomic
def evaluation_sign(*, evaluation: Evaluation, by: User) -> None:
    """Sign the form: that it was read and talked about, not that one agrees.

    Who wrote it may sign without an answer once the person is not waited for any more.
    """
    stands = side_required(by, evaluation, Side.PERSON, Side.MANAGER)
    found = _locked(evaluation)
    _allowed(found, Step.SIGN_OFF, waits=Side.PERSON in stands or person_is_waited_for(found, today()))
    column = "person_signed_at" if Side.PERSON in stands else "manager_signed_at"
    if getattr(found, column) is None:
        setattr(found, column, now())
        found.save(update_fields=[column])
        audit(by=by, action="evaluation_sign", subject=f"evaluation {found.pk}", details={"column": column})


@transaction.atomic
def evaluation_close(*, evaluation: Evaluation, findings: Sequence[Finding], results: Json | None, by: User) -> None:
    """Close a form: both have signed, and every finding of the guard is resolved or overruled with a reason.

    Where the person is not waited for any more the missing signature is such a finding.
    `results` is what the fair result says now; it is kept with the form. Raises `ConflictError` (`findings_open`).
    """
    side_required(by, evaluation, Side.MANAGER)
    found = _locked(evaluation)
    _allowed(found, Step.CLOSED, waits=person_is_waited_for(found, today()))
    overruled = set(found.overrulings.values_list("finding", flat=True))
    left = [one for one in findings if one.key not in overruled]
    if left:
        raise ConflictError(
            "findings_open",
            Message(N_("{n} findings of the guard are open."), {"n": len(left)}),
            Message(N_("Resolve them, or overrule each with a reason.")),
        )
    found.closed_at, found.results = now(), results
    found.save(update_fields=["closed_at", "results"])
    audit(by=by, action="evaluation_close", subject=f"evaluation {found.pk}")
