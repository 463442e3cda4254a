"""Reads of evaluations."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date, datetime, timedelta
from typing import Any, Final

from django.db.models import Q
from django.utils import timezone

from bokgi.apps.access.models import User
from bokgi.apps.access.permissions import Role
from bokgi.apps.coaching.selectors import OpenPlan, RubricSkill, growth_plans_of, has_growth_plan, rubric, rubric_skill
from bokgi.apps.evaluation.criteria import Criteria, Part, said
from bokgi.apps.evaluation.default_criteria import ROLES, default_criteria
from bokgi.apps.evaluation.guard import Draft, Evidence, EvidenceKind, Standing
from bokgi.apps.evaluation.models import (
    CriteriaVersion,
    DataNotice,
    Evaluation,
    PeerRequest,
    Round,
    Template,
)
from bokgi.apps.evaluation.reading import LEADS_ROUNDS, side_required, unknown
from bokgi.apps.evaluation.rules import AnswerKind, Progress, Step
from bokgi.domain.messages import LANGUAGES
from bokgi.questions.answers import Question
from bokgi.questions.asked import Json
from bokgi.questions.fair_result import fair_results
from bokgi.questions.roster import ask_roster


def user_of(person_id: str) -> User | None:
    """Give the user that a person signs in as; null where there is none."""
    return User.objects.filter(person_id=person_id, is_active=True).first() if person_id else None


def evaluation_for(user: User, evaluation_id: int) -> Evaluation:
    """Give an evaluation to who stands somewhere to it; raises `NotFoundError` for everybody else."""
    found = Evaluation.objects.select_related("round", "round__owner", "manager").filter(pk=evaluation_id).first()
    if found is None:
        raise unknown()
    side_required(user, found)
    return found


def rounds_of(user: User) -> list[Round]:
    """List the rounds that a user leads, or in which the user writes."""
    if Role(user.role) in LEADS_ROUNDS:
        return list(Round.objects.all())
    return list(Round.objects.filter(Q(owner=user) | Q(evaluations__manager=user)).distinct())


def evaluations_of(user: User) -> list[Evaluation]:
    """List the user's own evaluations, newest first."""
    if not user.person_id:
        return []
    mine = Evaluation.objects.filter(person_id=user.person_id).select_related("round", "round__owner", "manager")
    return list(mine.order_by("-round__start_on", "-pk"))


def evaluations_written_by(user: User, found: Round) -> list[Evaluation]:
    """List the evaluations of a round that a user writes; all of them for who owns it or leads."""
    forms = found.evaluations.select_related("round", "round__owner", "manager").prefetch_related(
        "acknowledgements", "peer_requests"
    )
    if found.owner_id == user.pk or Role(user.role) in LEADS_ROUNDS:
        return list(forms)
    return list(forms.filter(manager=user).exclude(person_id=user.person_id or "-"))


def peer_requests_of(user: User) -> list[PeerRequest]:
    """List whom this user is asked about and has not answered yet."""
    waiting = PeerRequest.objects.filter(peer=user, is_answered=False, evaluation__drafted_at=None)
    return list(waiting.select_related("evaluation", "evaluation__round").order_by("asked_at", "pk"))


def criteria_to_begin(role: str) -> Criteria:
    """Give the criteria that rounds of a role begin with: the organisation's own default, else ours."""
    return criteria_of_roles([role])[role]


def criteria_of_roles(roles: Collection[str]) -> dict[str, Criteria]:
    """Give what `criteria_to_begin` gives, of several roles at once."""
    kept = {one.name: one.criteria for one in Template.objects.filter(name__in=roles, is_default=True)}
    skills = {} if kept.keys() >= set(roles) else dict(skills_now())
    return {role: kept[role] if role in kept else default_criteria(role, skills) for role in roles}


def roles_known() -> list[str]:
    """List the roles there are criteria for: ours, then the organisation's own."""
    own = Template.objects.filter(is_default=True).exclude(name__in=ROLES).values_list("name", flat=True)
    return [*ROLES, *own]


def skills_now() -> list[tuple[str, int]]:
    """Give the skills of coaching's rubric that count now, with their versions, in the order of the funnel."""
    return [(one.key, one.version) for one in rubric(LANGUAGES[0])]


def anchors_of(part: Part, lang: str) -> list[RubricSkill]:
    """Give what one sees at 1, 3 and 5 of a part: of each skill it names, in the version it names, or its own."""
    if part.skills:
        found = [rubric_skill(key, version, lang) for key, version in part.skills]
        return [one for one in found if one is not None]
    own = {level: said(text, lang) for level, text in zip((1, 3, 5), (part.low, part.middle, part.high), strict=True)}
    return [RubricSkill(part.key, 0, "", "", own)] if any(own.values()) else []


def versions_of(found: Round, role: str) -> list[CriteriaVersion]:
    """List the versions of a role's criteria, newest first."""
    return list(found.versions.filter(role=role).order_by("-version"))


def version_of(evaluation: Evaluation) -> CriteriaVersion:
    """Give the version in force: the newest published, before the first publication the one being written."""
    versions = versions_of(evaluation.round, evaluation.role)
    return next((one for one in versions if one.published_at is not None), versions[-1])


def criteria_of(evaluation: Evaluation) -> Criteria:
    """Give the criteria in force for an evaluation."""
    return version_of(evaluation).criteria


def notice_waiting(user: User) -> DataNotice | None:
    """Give the newest notice about data when this user has not read it yet."""
    newest = DataNotice.objects.first()
    return None if newest is None or newest.readings.filter(user=user).exists() else newest


def _day(at: datetime | None) -> date | None:
    return None if at is None else timezone.localtime(at).date()


def progress_of(evaluation: Evaluation) -> Progress:
    """Tell how far an evaluation is."""
    versions = versions_of(evaluation.round, evaluation.role)
    published = [one for one in versions if one.published_at is not None]
    answer = getattr(evaluation, "answer", None)
    read = {one.version_id: one.at for one in evaluation.acknowledgements.all()}
    asked = list(evaluation.peer_requests.all())
    return Progress(
        period_start=evaluation.round.start_on,
        period_end=evaluation.round.end_on,
        published_on=_day(published[-1].published_at) if published else None,
        acknowledged_on=_day(read.get(published[0].pk)) if published else None,
        self_on=_day(evaluation.self_at),
        peers_asked=len(asked),
        peers_answered=sum(one.is_answered for one in asked),
        drafted_on=_day(evaluation.drafted_at),
        calibrated_on=_day(evaluation.calibrated_at),
        talked_on=evaluation.talked_on,
        answer=None if answer is None else AnswerKind(answer.kind),
        decided_on=None if answer is None else _day(answer.decided_at),
        person_signed_on=_day(evaluation.person_signed_at),
        manager_signed_on=_day(evaluation.manager_signed_at),
        has_plan=_has_plan(evaluation),
        closed_on=_day(evaluation.closed_at),
    )


def is_closing(evaluation: Evaluation) -> bool:
    """Say whether a form nears its end, so that the guard asks for what belongs there, too."""
    return evaluation.talked_on is not None or evaluation.manager_signed_at is not None


def person_is_waited_for(evaluation: Evaluation, on: date) -> bool:
    """Say whether answer and signature of the person are waited for: the person signs in, and their day is not over."""
    if user_of(evaluation.person_id) is None:
        return False
    over = evaluation.dues.filter(step=Step.SIGN_OFF.value, due_on__lt=on)
    return evaluation.calibrated_at is None or not over.exists()


def _has_plan(evaluation: Evaluation) -> bool:
    """Say whether a plan of coaching that both agreed on runs, or ran after the period; asked once there was a talk."""
    if evaluation.talked_on is None or not evaluation.person_id:
        return False
    return has_growth_plan(evaluation.person_id, since=evaluation.round.end_on)


def plans_of(reader: User, evaluation: Evaluation) -> list[OpenPlan]:
    """Give the plans of coaching that are the growth plan of a form, as far as the reader is one of the two."""
    if evaluation.talked_on is None or not evaluation.person_id:
        return []
    found = growth_plans_of(reader, evaluation.person_id)
    return [one for one in found if one.plan.ended_on is None or one.plan.ended_on >= evaluation.round.end_on]


def result_of(results: Json | None, person_id: str) -> Json | None:
    """Give one person's fair result; null where there is none."""
    people: Sequence[Json] = () if results is None else results["people"]
    return next((row for row in people if row["person_id"] == person_id), None)


def standing_of(results: Json | None, person_id: str) -> Standing | None:
    """Give what the guard reads of a person's fair result; null where there is none."""
    row = result_of(results, person_id)
    if row is None or results is None:
        return None
    rate, won = row["win_rate"] or {}, row["won"] or {}
    ratio = rate.get("ratio") or {}
    return Standing(
        n=rate.get("n", 0),
        won=won.get("deals", 0),
        raw=rate.get("raw"),
        everybody=results["everybody"],
        ratio=ratio.get("estimate"),
        low=ratio.get("low"),
        high=ratio.get("high"),
        verdict=rate.get("verdict", "cannot_tell"),
        largest_share=won.get("largest_share"),
        last_share=won.get("last_share"),
        still_new=row["still_new"],
        alone_in_territory=row["alone_in_territory"],
        changed_team=row["changed_team"],
    )


def _roles_in_facts(evaluation: Evaluation, results: Json | None) -> frozenset[str]:
    """Give the roles that the facts know of the people held to the same criteria, as far as they are roles of ours."""
    known = {role.casefold(): role for role in ROLES}
    found = set()
    for person in evaluation.round.evaluations.filter(role=evaluation.role).values_list("person_id", flat=True):
        row = result_of(results, person)
        told = [one["role"] for one in row["memberships"] if one["role"]] if row is not None else []
        if told and told[-1].casefold() in known:
            found.add(known[told[-1].casefold()])
    return frozenset(found)


def _also_said(evaluation: Evaluation) -> dict[str, str]:
    """Give what the writer wrote besides the draft: evidence by part (not what customers said), reasons, the talk."""
    writers = {evaluation.manager_id, evaluation.round.owner_id}
    said_by_part: dict[str, list[str]] = {"": [evaluation.talk_text]}
    for item in evaluation.evidence.all():
        if item.by_id in writers and item.kind != EvidenceKind.CUSTOMER.value:
            said_by_part.setdefault(item.part, []).append(item.text)
    said_by_part[""] += [one.reason for one in evaluation.overrulings.all()]
    return {part: "\n".join(filter(None, lines)) for part, lines in said_by_part.items() if any(lines)}


def draft_of(
    evaluation: Evaluation,
    results: Json | None,
    *,
    closing: bool,
    ratings: dict[str, int | None] | None = None,
    texts: dict[str, str] | None = None,
) -> Draft:
    """Put together what the guard reads; `ratings` and `texts` are those on the screen where they are not saved yet."""
    version, progress = version_of(evaluation), progress_of(evaluation)
    first = evaluation.round.versions.filter(role=evaluation.role, version=1).first()
    changed = version.published_at if version.version > 1 else None
    return Draft(
        criteria=version.criteria,
        period_start=evaluation.round.start_on,
        period_end=evaluation.round.end_on,
        ratings=evaluation.ratings if ratings is None else ratings,
        texts=evaluation.texts if texts is None else texts,
        evidence=tuple(
            Evidence(item.part, EvidenceKind(item.kind), item.seen_on, item.text) for item in evaluation.evidence.all()
        ),
        standing=standing_of(results, evaluation.person_id),
        published_on=None if first is None else _day(first.published_at),
        acknowledged_on=progress.acknowledged_on,
        changed_on=_day(changed),
        compared_roles=_roles_in_facts(evaluation, results),
        talk_text=evaluation.talk_text,
        also_said=_also_said(evaluation),
        self_on=progress.self_on,
        talked_on=progress.talked_on,
        shown_on=_day(evaluation.shown_at),
        has_plan=progress.has_plan,
        lacks_signature=evaluation.manager_signed_at is not None and evaluation.person_signed_at is None,
        closing=closing,
    )


def results_as_of(found: Round, on: date) -> date:
    """Give the day as of which a round's results are read: its last one, today while it is not over."""
    return min(on, found.end_on - timedelta(days=1))


def questions_open(on: date) -> list[tuple[Question, dict[str, Any]]]:
    """Give what forms ask of the facts, so that the worker answers it before somebody opens one.

    Those are the forms of the rounds at work, and of the last ones that were closed, which people look at again.
    """
    begun = Round.objects.filter(start_on__lte=on).order_by("-end_on", "-pk")
    opened = [*begun.filter(closed_at=None), *begun.exclude(closed_at=None)[:_CLOSED]]
    asked: list[tuple[Question, dict[str, Any]]] = []
    for one in opened:
        results = {"as_of": results_as_of(one, on), "start": one.start_on, "end": one.end_on}
        asked += [(fair_results, results), (ask_roster, {"as_of": one.start_on})]
    return asked


_CLOSED: Final = 2
"""So many closed rounds are asked for beforehand."""
