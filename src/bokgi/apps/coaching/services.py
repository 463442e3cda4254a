"""Writes of coaching. Each is one transaction; the audit trail holds keys, never words.

Who writes must be one of the two, and the coach must still coach the person: what was written before stays to be read.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any, Final

from django.db import transaction
from django.db.models import Max, Q

from bokgi.apps.access.models import User
from bokgi.apps.access.permissions import Role
from bokgi.apps.access.sealing import keys, seal
from bokgi.apps.access.services import audit
from bokgi.apps.coaching import rules
from bokgi.apps.coaching.models import (
    OneOnOne,
    Pair,
    Paper,
    PaperKind,
    PassedOn,
    Plan,
    PlanCheck,
    PlanState,
    Skill,
)
from bokgi.apps.coaching.rubric import LANGUAGES, LEVELS
from bokgi.apps.coaching.selectors import is_live, is_party, skill_texts, unknown, viewer_on
from bokgi.domain.errors import ConflictError, UsageError
from bokgi.domain.messages import N_, Message
from bokgi.questions.coaching import monday_of

FEEDBACK_PARTS: Final = ("situation", "behaviour", "effect")


def _refuse_stranger(by: User, pair: Pair, on: date) -> None:
    """Refuse who is none of the two, and a pair whose coach does not coach the person any more."""
    if not is_party(by, pair):
        raise unknown()
    if not is_live(pair, on):
        raise ConflictError(
            "pair_over",
            Message(N_("{coach} does not coach {member} any more."), {"coach": pair.coach, "member": pair.member}),
            Message(N_("What the two wrote stays theirs to read; new talks are with the new manager.")),
        )


def _seal(pair: Pair, words: Mapping[str, Any]) -> str:
    return seal(json.dumps(dict(words), ensure_ascii=False), to=f"pair {pair.pk}")


def _text(given: str, *, required: bool = True) -> str:
    """Refuse an empty or endless text."""
    text = given.strip()
    if required and not text:
        raise UsageError("words_missing", Message(N_("Write something first.")))
    if len(text) > rules.LONGEST:
        raise UsageError(
            "words_too_long",
            Message(N_("At most {n} characters fit; these are {given}."), {"n": rules.LONGEST, "given": len(text)}),
        )
    return text


# ---------------------------------------------------------------- pairs


@transaction.atomic
def pair_begin(*, coach: User, member: User, on: date) -> Pair:
    """Let somebody coach a person; the same two are one pair, also when they come together again.

    Raises `UsageError` (`not_coached`) for a person who is not theirs to coach.
    """
    if not member.is_active or not rules.may_coach(viewer_on(coach, on), member.person_id):
        raise UsageError("not_coached", Message(N_("This is nobody you coach.")))
    pair, made = Pair.objects.get_or_create(coach=coach, member=member, defaults={"begun_on": on})
    if made:
        audit(by=coach, action="pair_begin", subject=f"pair {pair.pk}")
    return pair


@transaction.atomic
def papers_pass_on(*, pair: Pair, to: User, by: User, at: datetime, today: date) -> None:
    """Let another coach read the papers of a pair; only the person coached decides that.

    Raises `NotFoundError` for anybody else, `UsageError` (`not_a_coach`) when `to` does not coach the person.
    """
    if by.pk != pair.member_id:
        raise unknown()
    if to.pk == pair.coach_id or not rules.may_coach(viewer_on(to, today), pair.member.person_id):
        raise UsageError("not_a_coach", Message(N_("Papers are passed on to who coaches you now.")))
    PassedOn.objects.get_or_create(pair=pair, to=to, defaults={"at": at})
    audit(by=by, action="papers_pass_on", subject=f"pair {pair.pk}", details={"to": to.pk})


@transaction.atomic
def papers_take_back(*, pair: Pair, to: User, by: User) -> None:
    """End that another coach reads the papers of a pair."""
    if by.pk != pair.member_id:
        raise unknown()
    if PassedOn.objects.filter(pair=pair, to=to).delete()[0]:
        audit(by=by, action="papers_take_back", subject=f"pair {pair.pk}", details={"to": to.pk})


# ---------------------------------------------------------------- 1:1s


@transaction.atomic
def one_on_one_plan(*, pair: Pair, on: date, by: User, today: date) -> OneOnOne:
    """Fix the day of a 1:1; one that is there is given back."""
    _refuse_stranger(by, pair, today)
    found, made = OneOnOne.objects.get_or_create(pair=pair, on=on)
    if made:
        audit(by=by, action="one_on_one_plan", subject=f"1:1 {found.pk}")
    return found


@transaction.atomic
def one_on_one_close(*, one_on_one: OneOnOne, by: User, at: datetime, today: date) -> None:
    """Say that the talk took place; it may still be read and added to.

    Raises `ConflictError` (`not_yet`) before its day.
    """
    _refuse_stranger(by, one_on_one.pair, today)
    if one_on_one.on > today:
        raise ConflictError("not_yet", Message(N_("This 1:1 is on {day}."), {"day": one_on_one.on}))
    if one_on_one.closed_at is None:
        one_on_one.closed_at = at
        one_on_one.save(update_fields=["closed_at"])
        audit(by=by, action="one_on_one_close", subject=f"1:1 {one_on_one.pk}")


@transaction.atomic
def paper_write(
    *,
    one_on_one: OneOnOne,
    kind: PaperKind,
    words: Mapping[str, str],
    by: User,
    at: datetime,
    today: date,
    due_on: date | None = None,
) -> Paper:
    """Write an agenda point, a note, feedback or a follow-up for a 1:1.

    `words` holds `words`, for feedback situation, behaviour and effect. A follow-up has the writer's yes from the
    beginning. Raises `UsageError` for a part that is missing, `ConflictError` (`pair_over`).
    """
    pair = one_on_one.pair
    _refuse_stranger(by, pair, today)
    parts = FEEDBACK_PARTS if kind == PaperKind.FEEDBACK else ("words",)
    kept = {part: _text(words.get(part, "")) for part in parts}
    paper = Paper(one_on_one=one_on_one, author=by, kind=kind, sealed=_seal(pair, kept), written_at=at, due_on=due_on)
    if kind == PaperKind.FOLLOW_UP:
        _agree(paper, by, pair, at)
    paper.save(force_insert=True)
    audit(by=by, action=f"{kind}_write", subject=f"paper {paper.pk}")
    return paper


@transaction.atomic
def paper_remove(*, paper: Paper, by: User) -> None:
    """Take back what one wrote oneself; a follow-up that is in the review stays there."""
    if paper.author_id != by.pk:
        raise unknown()
    key = paper.pk
    paper.delete()
    audit(by=by, action="paper_remove", subject=f"paper {key}")


@transaction.atomic
def paper_done(*, paper: Paper, done: bool, by: User, at: datetime) -> None:
    """Tick an agenda point or a follow-up off, or take that back."""
    if not is_party(by, paper.one_on_one.pair):
        raise unknown()
    paper.done_at = at if done else None
    paper.save(update_fields=["done_at"])


@transaction.atomic
def follow_up_agree(*, paper: Paper, by: User, at: datetime, today: date) -> bool:
    """Agree that a follow-up is told in the weekly review; say whether both have."""
    pair = paper.one_on_one.pair
    _refuse_stranger(by, pair, today)
    if paper.kind != PaperKind.FOLLOW_UP:
        raise unknown()
    paper = Paper.objects.select_for_update().get(pk=paper.pk)
    _agree(paper, by, pair, at)
    paper.save(update_fields=["coach_agreed_at", "member_agreed_at"])
    audit(by=by, action="follow_up_agree", subject=f"paper {paper.pk}")
    return paper.coach_agreed_at is not None and paper.member_agreed_at is not None


@transaction.atomic
def follow_up_told(*, paper: Paper, commitment: str) -> bool:
    """Note that a follow-up stands in a weekly review; false when it did before."""
    done = Paper.objects.filter(pk=paper.pk, commitment="").update(commitment=commitment)
    if done:
        audit(by=None, action="follow_up_told", subject=f"paper {paper.pk}")
    return bool(done)


def _agree(found: Paper | Plan, by: User, pair: Pair, at: datetime) -> None:
    if by.pk == pair.coach_id:
        found.coach_agreed_at = found.coach_agreed_at or at
    else:
        found.member_agreed_at = found.member_agreed_at or at


# ---------------------------------------------------------------- plans


@transaction.atomic
def plan_propose(  # noqa: PLR0913 - a plan has that many sides
    *,
    pair: Pair,
    by: User,
    behaviours: Sequence[str],
    reason: str,
    support: str,
    measure: str,
    cause: str,
    at: datetime,
    today: date,
) -> Plan:
    """Propose one or two behaviours and the measure that is to tell; it runs when the other agrees.

    Raises `UsageError` (`too_many_behaviours`) for more than two, `ConflictError` (`plan_runs`) while another plan of
    the two is proposed or runs: small steps, one after the other.
    """
    _refuse_stranger(by, pair, today)
    kept = [_text(one) for one in behaviours if one.strip()]
    if not 1 <= len(kept) <= rules.MOST_BEHAVIOURS:
        raise UsageError(
            "too_many_behaviours",
            Message(N_("A plan has one or two behaviours; {n} are given."), {"n": len(kept)}),
            Message(N_("Choose what the person can do differently next week.")),
        )
    Pair.objects.select_for_update().get(pk=pair.pk)
    if Plan.objects.filter(pair=pair, state__in=[PlanState.PROPOSED, PlanState.RUNNING]).exists():
        raise ConflictError(
            "plan_runs",
            Message(N_("There is a plan already that is proposed or runs.")),
            Message(N_("Bring it to an end first: one small plan after the other.")),
        )
    words = {"behaviours": kept, "reason": _text(reason, required=False), "support": _text(support, required=False)}
    plan = Plan(
        pair=pair,
        proposed_by=by,
        sealed=_seal(pair, words),
        measure=measure,
        cause=cause,
        proposed_at=at,
    )
    _agree(plan, by, pair, at)
    plan.save(force_insert=True)
    audit(by=by, action="plan_propose", subject=f"plan {plan.pk}")
    return plan


@transaction.atomic
def plan_agree(*, plan: Plan, by: User, baseline: Mapping[str, Any], at: datetime, today: date) -> Plan:
    """Agree to a plan; with the yes of both it runs from the next Monday on, measured against `baseline`."""
    pair = plan.pair
    _refuse_stranger(by, pair, today)
    plan = Plan.objects.select_for_update().get(pk=plan.pk)
    if plan.state != PlanState.PROPOSED:
        raise _plan_moved()
    _agree(plan, by, pair, at)
    if plan.coach_agreed_at and plan.member_agreed_at:
        plan.state, plan.begun_on, plan.baseline = PlanState.RUNNING, monday_of(today), dict(baseline)
    plan.save()
    audit(by=by, action="plan_agree", subject=f"plan {plan.pk}", details={"state": plan.state})
    return plan


@transaction.atomic
def plan_decline(*, plan: Plan, by: User) -> None:
    """Say no to a proposed plan, or take one's own proposal back."""
    if not is_party(by, plan.pair):
        raise unknown()
    changed = Plan.objects.filter(pk=plan.pk, state=PlanState.PROPOSED).update(state=PlanState.DECLINED)
    if not changed:
        raise _plan_moved()
    audit(by=by, action="plan_decline", subject=f"plan {plan.pk}")


@transaction.atomic
def plan_end(*, plan: Plan, by: User, learned: str, today: date) -> None:
    """Bring a running plan to an end with what was learned; checks that are still due are made all the same."""
    if not is_party(by, plan.pair):
        raise unknown()
    plan = Plan.objects.select_for_update().get(pk=plan.pk)
    if plan.state != PlanState.RUNNING:
        raise _plan_moved()
    words = json.loads(keys().unseal(plan.sealed, to=f"pair {plan.pair_id}"))
    plan.sealed = _seal(plan.pair, words | {"learned": _text(learned)})
    plan.state, plan.ended_on = PlanState.ENDED, today
    plan.save()
    audit(by=by, action="plan_end", subject=f"plan {plan.pk}")


def _plan_moved() -> ConflictError:
    return ConflictError(
        "plan_moved",
        Message(N_("This plan is not where it was when you opened the page.")),
        Message(N_("Reload the page and look at it again.")),
    )


@transaction.atomic
def plan_check_keep(*, plan: Plan, weeks: int, on: date, result: Mapping[str, Any], at: datetime) -> bool:
    """Keep the result of a check; false when it was kept before."""
    _, made = PlanCheck.objects.get_or_create(
        plan=plan, weeks=weeks, defaults={"on": on, "result": dict(result), "made_at": at}
    )
    if made:
        audit(by=None, action="plan_check_keep", subject=f"plan {plan.pk}", details={"weeks": weeks})
    return made


# ---------------------------------------------------------------- rubric


@transaction.atomic
def skill_change(
    *, key: str, texts: Mapping[str, Mapping[str, str]], by: User, at: datetime, retired: bool = False
) -> Skill:
    """Keep a new version of a skill, or retire it; the versions before stay. Raises `UsageError` for a missing text."""
    if Role(by.role) is not Role.LEADER:
        raise unknown()
    version, position, _ = skill_texts(key)
    kept = {
        lang: {part: _text(texts.get(lang, {}).get(part, "")) for part in ("stage", "name", *LEVELS)}
        for lang in LANGUAGES
    }
    number = 1 + (Skill.objects.filter(key=key).aggregate(highest=Max("version"))["highest"] or version)
    made = Skill.objects.create(
        key=key, version=number, position=position, texts=kept, by=by, made_at=at, retired=retired
    )
    audit(by=by, action="skill_change", subject=f"skill {key}", details={"version": number})
    return made


# ---------------------------------------------------------------- erasure


@transaction.atomic
def person_erase(*, person_id: str) -> int:
    """Delete everything about and by a person: pairs with all papers, plans and checks; give how many pairs."""
    pairs = Pair.objects.filter(Q(coach__person_id=person_id) | Q(member__person_id=person_id))
    number = pairs.count()
    pairs.delete()
    audit(by=None, action="coaching_erase", subject="person", details={"pairs": number})
    return number
