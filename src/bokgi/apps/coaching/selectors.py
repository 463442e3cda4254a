"""Reads of coaching. What is sealed is opened here, and only for the two people it belongs to.

Each function takes the user who looks; what belongs to others looks as if it were not there.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from typing import Any
from uuid import UUID

from django.db.models import Q, QuerySet

from bokgi.apps.access.asking import answers
from bokgi.apps.access.models import User
from bokgi.apps.access.permissions import Role, Viewer, managed_by
from bokgi.apps.access.sealing import Keys, keys
from bokgi.apps.coaching import rules
from bokgi.apps.coaching.models import OneOnOne, Pair, Paper, PaperKind, PassedOn, Plan, PlanState, Skill
from bokgi.apps.coaching.rubric import DEFAULT
from bokgi.domain.errors import NotFoundError, SetupError
from bokgi.domain.messages import N_, Message
from bokgi.questions.roster import ask_roster


@dataclass(frozen=True)
class Words:
    """A paper with its words opened; one that was changed from outside has none (`opens` is false)."""

    paper: Paper
    words: dict[str, str]
    opens: bool = True

    @property
    def text(self) -> str:
        """Give the words of a paper that has one text."""
        return self.words.get("words", "")


@dataclass(frozen=True)
class OpenPlan:
    """A plan with its words opened; one that was changed from outside has none (`opens` is false)."""

    plan: Plan
    behaviours: tuple[str, ...]
    reason: str = ""
    support: str = ""
    learned: str = ""
    opens: bool = True


@dataclass(frozen=True)
class Record:
    """Everything of one pair that somebody may read."""

    pair: Pair
    papers: tuple[Words, ...] = ()
    plans: tuple[OpenPlan, ...] = field(default=())


def viewer_on(user: User, on: date) -> Viewer:
    """Say who somebody is on a day, as `access.asking.viewer_of` does for who looks."""
    role = Role(user.role)
    if role is not Role.MANAGER or not user.person_id:
        return Viewer(role, user.person_id)
    try:
        people = answers().ask(ask_roster, as_of=on)["people"]
    except NotFoundError:
        people = []
    return Viewer(role, user.person_id, managed_by(user.person_id, [(p["person_id"], p["manager_id"]) for p in people]))


def is_live(pair: Pair, on: date) -> bool:
    """Say whether the coach still coaches the person; papers of a pair that is not are read and no more written."""
    if not (pair.coach.is_active and pair.member.is_active):
        return False
    return rules.may_coach(viewer_on(pair.coach, on), pair.member.person_id)


def may_be_coached(coach: User, on: date) -> list[User]:
    """List the users somebody may coach, by name."""
    viewer = viewer_on(coach, on)
    found = User.objects.filter(is_active=True).exclude(pk=coach.pk).exclude(person_id="").order_by("name", "pk")
    return [user for user in found if rules.may_coach(viewer, user.person_id)]


# ---------------------------------------------------------------- pairs


def _of(user: User) -> Q:
    return Q(coach=user) | Q(member=user)


def pairs_of(user: User) -> QuerySet[Pair]:
    """Give the pairs somebody is one of, by the names of the two."""
    found = Pair.objects.filter(_of(user)).select_related("coach", "member")
    return found.order_by("member__name", "coach__name", "pk")


def pairs_passed_to(user: User) -> QuerySet[Pair]:
    """Give the pairs whose person lets somebody read the papers."""
    found = Pair.objects.filter(passed_on__to=user).exclude(_of(user)).select_related("coach", "member")
    return found.order_by("member__name", "pk")


def unknown() -> NotFoundError:
    """Give the one answer for what is not there and what belongs to others."""
    return NotFoundError("paper_unknown", Message(N_("There is nothing here that is yours to read.")))


def pair_of(user: User, pair_id: UUID, *, writes: bool = False) -> Pair:
    """Give a pair for one of the two; for reading also for whom the papers were passed on to.

    Raises `NotFoundError` (`paper_unknown`) for everybody else.
    """
    pair = Pair.objects.select_related("coach", "member").filter(pk=pair_id).first()
    if pair is None or not (is_party(user, pair) or (not writes and _reads(user, pair))):
        raise unknown()
    return pair


def is_party(user: User, pair: Pair) -> bool:
    """Say whether somebody is one of the two."""
    return user.pk in {pair.coach_id, pair.member_id}


def _reads(user: User, pair: Pair) -> bool:
    return PassedOn.objects.filter(pair=pair, to=user).exists()


def other_of(user: User, pair: Pair) -> User:
    """Give the other of the two."""
    return pair.member if user.pk == pair.coach_id else pair.coach


def one_on_one_of(user: User, one_on_one_id: UUID, *, writes: bool = False) -> OneOnOne:
    """Give a 1:1 for who may read (or write) it; `NotFoundError` for everybody else."""
    found = OneOnOne.objects.select_related("pair__coach", "pair__member").filter(pk=one_on_one_id).first()
    if found is None:
        raise unknown()
    pair_of(user, found.pair_id, writes=writes)
    return found


def paper_of(user: User, paper_id: UUID) -> Paper:
    """Give a paper for one of the two; an own note for its author only."""
    found = (
        Paper.objects.select_related("one_on_one__pair__coach", "one_on_one__pair__member").filter(pk=paper_id).first()
    )
    if found is None or (found.kind == PaperKind.OWN_NOTE and found.author_id != user.pk):
        raise unknown()
    pair_of(user, found.one_on_one.pair_id, writes=True)
    return found


def plan_of(user: User, plan_id: UUID, *, writes: bool = False) -> Plan:
    """Give a plan for who may read (or write) it; `NotFoundError` for everybody else."""
    found = Plan.objects.select_related("pair__coach", "pair__member").filter(pk=plan_id).first()
    if found is None:
        raise unknown()
    pair_of(user, found.pair_id, writes=writes)
    return found


# ---------------------------------------------------------------- opened


def papers_read(user: User, papers: Iterable[Paper], pair: Pair) -> list[Words]:
    """Open the papers of a pair that somebody may read: own notes only by their author.

    A follow-up or an agenda that was passed on is read, too; the caller has asked `pair_of` first.
    """
    with_keys, read = keys(), []
    for paper in papers:
        if paper.kind != PaperKind.OWN_NOTE or paper.author_id == user.pk:
            words = _opened(with_keys, paper.sealed, pair.pk)
            read.append(Words(paper, words or {}, opens=words is not None))
    return read


def _opened(with_keys: Keys, sealed: str, pair_id: UUID) -> dict[str, Any] | None:
    """Open words of a pair; null for one text that does not open, so that it does not close all others.

    Raises `SetupError` (`notes_key_missing`) where there is no key at all.
    """
    try:
        words: dict[str, Any] = json.loads(with_keys.unseal(sealed, to=f"pair {pair_id}"))
    except SetupError:
        if not with_keys.keys:
            raise
        return None
    return words


def plan_read(plan: Plan) -> OpenPlan:
    """Open a plan; the caller has asked `plan_of` or `pair_of` first."""
    words = _opened(keys(), plan.sealed, plan.pair_id)
    if words is None:
        return OpenPlan(plan, (), opens=False)
    behaviours = tuple(words.pop("behaviours"))
    return OpenPlan(plan, behaviours, **words)


def record_of(user: User) -> list[Record]:
    """Give everything somebody may take along: all pairs one is (or was) part of, with what one may read of them."""
    out = []
    for pair in pairs_of(user):
        papers = Paper.objects.filter(one_on_one__pair=pair).order_by("one_on_one__on", "written_at", "pk")
        papers = papers.select_related("one_on_one", "author")
        plans = Plan.objects.filter(pair=pair).prefetch_related("checks")
        out.append(Record(pair, tuple(papers_read(user, papers, pair)), tuple(plan_read(plan) for plan in plans)))
    return out


# ---------------------------------------------------------------- for other apps


def growth_plans_of(reader: User, person_id: str) -> list[OpenPlan]:
    """Give the plans of a person that a reader may open, newest first; none for who is not one of the two.

    Evaluation shows them as the growth plan of the round.
    """
    plans = Plan.objects.filter(pair__member__person_id=person_id).exclude(state=PlanState.DECLINED)
    mine = plans.filter(Q(pair__coach=reader) | Q(pair__member=reader) | Q(pair__passed_on__to=reader))
    return [plan_read(plan) for plan in mine.select_related("pair__coach", "pair__member").distinct()]


def has_growth_plan(person_id: str, *, since: date) -> bool:
    """Say whether a plan that both agreed on has run since a day; nothing of what it says."""
    ran = Q(state=PlanState.RUNNING) | Q(state=PlanState.ENDED, ended_on__gte=since)
    return Plan.objects.filter(ran, pair__member__person_id=person_id, begun_on__isnull=False).exists()


def one_on_ones_held(person_id: str, *, start: date, end: date) -> int:
    """Count the 1:1s of a person as the one coached from `start` up to but not including `end`; only the number."""
    return OneOnOne.objects.filter(
        pair__member__person_id=person_id, on__gte=start, on__lt=end, closed_at__isnull=False
    ).count()


# ---------------------------------------------------------------- rubric


@dataclass(frozen=True)
class RubricSkill:
    """A skill of the rubric in one language; `anchors` maps the levels 1, 3 and 5 to what one sees."""

    key: str
    version: int
    stage: str
    name: str
    anchors: dict[int, str]


def rubric(lang: str) -> list[RubricSkill]:
    """Give the skills that count now, in the order of the funnel; the default set until a leader changes one."""
    kept = {skill.key: skill for skill in Skill.objects.order_by("version")}
    found = []
    for place, (key, texts) in enumerate(DEFAULT.items()):
        if key not in kept:
            found.append((place * 10, key, 1, texts))
    found += [(skill.position, key, skill.version, skill.texts) for key, skill in kept.items() if not skill.retired]
    return [_skill(key, version, texts[lang]) for _, key, version, texts in sorted(found, key=lambda one: one[:2])]


def rubric_skill(key: str, version: int, lang: str) -> RubricSkill | None:
    """Give one version of a skill, as an evaluation of then names it; null where there was none."""
    kept = Skill.objects.filter(key=key, version=version).first()
    if kept is not None:
        return _skill(key, version, kept.texts[lang])
    if version == 1 and key in DEFAULT:
        return _skill(key, 1, DEFAULT[key][lang])
    return None


def _skill(key: str, version: int, texts: dict[str, str]) -> RubricSkill:
    anchors = {int(level): texts[level] for level in ("1", "3", "5")}
    return RubricSkill(key, version, texts["stage"], texts["name"], anchors)


def skill_texts(key: str) -> tuple[int, int, dict[str, dict[str, str]]]:
    """Give version, position and texts of a skill in both languages; `NotFoundError` (`skill_unknown`) without one."""
    kept = Skill.objects.filter(key=key).order_by("-version").first()
    if kept is not None:
        return kept.version, kept.position, kept.texts
    if key in DEFAULT:
        return 1, list(DEFAULT).index(key) * 10, DEFAULT[key]
    raise NotFoundError("skill_unknown", Message(N_("There is no skill “{key}”."), {"key": key}))
