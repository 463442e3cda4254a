"""Reads of the learning library: the list with its filters, cases like a deal, reasons of a quarter."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from operator import or_
from typing import Final

from django.db.models import Count, Exists, OuterRef, Q, QuerySet

from bokgi.apps.access.models import User
from bokgi.apps.reviews.learning.similarity import LEAST, Likeness, likeness, words_of
from bokgi.apps.reviews.models import Case, CaseTag, CaseVote, Reason, TagKind, WinLossAnswer
from bokgi.domain.hangul import search_pattern
from bokgi.domain.period import Period
from bokgi.questions.asked import Json

MOST_ALIKE: Final = 3
MOST_DRAFTS: Final = 10
_TEXTS: Final = ("title", "situation", "what_we_did", "what_decided", "repeat_or_avoid", "buyer_words")
_LATEST: Final = 500
_LETTERS: Final = re.compile(r"[^\W_]", re.UNICODE)


def cases(reader: User) -> QuerySet[Case]:
    """Give the cases of the library with `useful` (votes) and `voted` (by the reader), the most useful first."""
    mine = CaseVote.objects.filter(case=OuterRef("pk"), by=reader)
    shown = Case.objects.filter(withdrawn_at=None).annotate(useful=Count("votes"), voted=Exists(mine))
    return shown.order_by("-useful", "-told_at", "-pk").select_related("told_by").prefetch_related("tags")


def library(reader: User, *, find: str = "", ending: str = "", tags: Iterable[tuple[str, str]] = ()) -> list[Case]:
    """Find cases by words (a syllable or initial consonants are enough), ending and tags; the most useful first."""
    found = cases(reader)
    if ending:
        found = found.filter(ending=ending)
    for kind, word in tags:
        found = found.filter(Exists(CaseTag.objects.filter(case=OuterRef("pk"), kind=kind, word=word)))
    listed = list(found)
    if not finds(find):
        return listed
    pattern = re.compile(search_pattern(find))
    return [case for case in listed if pattern.search(_whole(case))]


def finds(words: str) -> bool:
    """Tell whether words have a letter or digit, so that they can be looked for."""
    return _LETTERS.search(words) is not None


def _whole(case: Case) -> str:
    return "\n".join([*(getattr(case, name) for name in _TEXTS), *(tag.word for tag in case.tags.all())])


def tags_in_use() -> dict[str, list[tuple[str, int]]]:
    """Give the tags of the library by kind, the most frequent first."""
    rows = CaseTag.objects.filter(case__withdrawn_at=None).values("kind", "word").annotate(n=Count("pk"))
    told: dict[str, list[tuple[str, int]]] = {kind: [] for kind in TagKind.values}
    for row in rows.order_by("-n", "word"):
        told[row["kind"]].append((row["word"], row["n"]))
    return {kind: words for kind, words in told.items() if words}


def drafts(user: User) -> list[WinLossAnswer]:
    """Give what somebody prepared to tell and has not put into the library, the latest first."""
    own = WinLossAnswer.objects.filter(preparation__participant__user=user, case=None)
    told = own.exclude(situation="", what_we_did="", what_decided="", repeat_or_avoid="")
    return list(told.order_by("-pk")[:MOST_DRAFTS])


@dataclass(frozen=True)
class Alike:
    """A case with what it shares with a deal."""

    case: Case
    likeness: Likeness


def alike(library: QuerySet[Case], deal_id: str, kind: Mapping[str, str | None], *texts: str) -> list[Alike]:
    """Give the cases of a library most like a deal, of those that share enough: by what is shared, votes, the latest.

    `library` is of `cases`, `kind` has the deal's industry, stage, product, size and source, `texts` its words. The
    deal's own case is not like it, it is it.
    """
    asked = reduce(or_, (Q(tags__kind=name, tags__word=word) for name, word in kind.items() if word), Q(pk=None))
    by_tag = library.filter(pk__in=Case.objects.filter(asked).values("pk"))
    listed = list(by_tag.exclude(deal_id=deal_id).order_by("-told_at")[:_LATEST])
    own = words_of(*texts)
    told = [
        Alike(case, likeness([(tag.kind, tag.word) for tag in case.tags.all()], words_of(_whole(case)), kind, own))
        for case in listed
    ]
    enough = [one for one in told if one.likeness.score >= LEAST]
    enough.sort(key=lambda one: (-one.likeness.score, -one.case.useful, -one.case.pk))  # type: ignore[attr-defined]  # annotated in `cases`
    return enough[:MOST_ALIKE]


@dataclass(frozen=True)
class ReasonCount:
    """One reason: of how many cases the seller and the buyer name it; `both`: the same case by both."""

    reason: str
    seller: int
    buyer: int
    both: int


@dataclass(frozen=True)
class Reasons:
    """The reasons of one period and ending: `cases` told, those where the seller, the buyer, both named one; `same`."""

    cases: int
    seller_n: int
    buyer_n: int
    both_n: int
    same: int
    rows: Sequence[ReasonCount]


def reasons(period: Period, endings: Iterable[str]) -> Reasons:
    """Put the reasons of cases that ended in a period side by side: what the seller says and what the buyer says."""
    found = Case.objects.filter(
        withdrawn_at=None, ended_on__gte=period.start, ended_on__lt=period.end, ending__in=list(endings)
    )
    pairs = list(found.values_list("rep_reason", "buyer_reason"))
    rows = [
        ReasonCount(
            reason.value,
            sum(seller == reason for seller, _ in pairs),
            sum(buyer == reason for _, buyer in pairs),
            sum(seller == buyer == reason for seller, buyer in pairs),
        )
        for reason in Reason
    ]
    named = [row for row in rows if row.seller or row.buyer]
    named.sort(key=lambda row: (-row.buyer, -row.seller, row.reason))
    return Reasons(
        len(pairs),
        sum(bool(seller) for seller, _ in pairs),
        sum(bool(buyer) for _, buyer in pairs),
        sum(bool(seller and buyer) for seller, buyer in pairs),
        sum(bool(seller) and seller == buyer for seller, buyer in pairs),
        named,
    )


def names_known(roster: Sequence[Json], own: str, seen: Mapping[str, str]) -> dict[str, str]:
    """Give the names a person may read: of those whose rows are shown, and of the own team's.

    Thanks and cases are told to colleagues: within a team names are no secret. `roster` has `person_id, name, team`.
    """
    teams = {row["team"] for row in roster if row["person_id"] == own and row["team"]}
    team = {row["person_id"]: row["name"] or row["person_id"] for row in roster if row["team"] in teams}
    return team | dict(seen)
