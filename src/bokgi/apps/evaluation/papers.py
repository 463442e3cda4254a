"""Papers: the form to sign as PDF, and everything that evaluations hold about one person."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from importlib.resources import files
from typing import Any, Final

from django.utils import timezone

from bokgi.apps.access.models import User
from bokgi.apps.coaching.selectors import OpenPlan
from bokgi.apps.evaluation.criteria import LOWEST, Criteria, said
from bokgi.apps.evaluation.default_criteria import ROLE_LABELS
from bokgi.apps.evaluation.guard import EVIDENCE_LABELS, EvidenceKind
from bokgi.apps.evaluation.models import Acknowledgement, DataNoticeReading, Evaluation
from bokgi.apps.evaluation.reading import Side, draft_is_shown, peer_inputs_shown
from bokgi.apps.evaluation.rules import ANSWER_LABELS, AnswerKind, total
from bokgi.apps.evaluation.selectors import anchors_of, criteria_of, evaluations_of, plans_of, version_of, versions_of
from bokgi.apps.evaluation.showing import Result, total_words
from bokgi.apps.pipeline.selectors import Screen
from bokgi.domain.messages import N_
from bokgi.domain.period import Period
from bokgi.ui.fonts import FAMILY, font_folder
from bokgi.ui.format import MINUS, span
from bokgi.ui.theme import over, palette

_TEMPLATE: Final = "form.typ"


def form_content(
    screen: Screen,
    found: Evaluation,
    *,
    name: str,
    result: Result | None,
    shows_draft: bool,
    shows_self: bool,
    findings: Sequence[Mapping[str, Any]],
    plans: Sequence[OpenPlan],
) -> dict[str, Any]:
    """Put together what stands on the form, in the language of the reader."""
    say, criteria = screen.say, criteria_of(found)
    summed = total(criteria, found.ratings) if shows_draft else None
    answer = getattr(found, "answer", None)
    manager = found.manager or found.round.owner
    version = version_of(found)
    self_ratings, self_texts = (found.self_ratings, found.self_texts) if shows_self else ({}, {})
    period = span(Period(found.round.start_on, found.round.end_on), screen.lang, year=True)
    parts = [
        {
            "name": said(part.name, screen.lang),
            "weight": f"{part.weight}%",
            "counts": said(part.counts, screen.lang),
            "self": _point(self_ratings.get(part.key)),
            "rating": _point(found.ratings.get(part.key)) if shows_draft else "–",
            "share": "–"
            if summed is None or part.key not in summed.shares
            else f"{float(summed.shares[part.key]):.0%}",
            "contribution": "–" if summed is None else str(summed.contributions.get(part.key, "–")),
            "text": found.texts.get(part.key, "") if shows_draft else "",
            "self-text": self_texts.get(part.key, ""),
            "evidence": [
                f"{say(EVIDENCE_LABELS[EvidenceKind(one.kind)])}: {one.text}"
                + (f" ({screen.speaker.day(one.seen_on.isoformat())})" if one.seen_on else "")
                for one in found.evidence.all()
                if one.part == part.key
            ],
        }
        for part in criteria.parts
    ]
    talk = [] if found.talked_on is None else [screen.speaker.day(found.talked_on.isoformat()), found.talk_text]
    answered = [] if answer is None else [say(ANSWER_LABELS[AnswerKind(answer.kind)]), answer.text]
    decided = [] if answer is None or answer.decided_at is None else [
        say(N_("The appeal was upheld.")) if answer.is_upheld else say(N_("The appeal was not upheld.")),
        answer.decision,
    ]  # fmt: skip
    return {
        "lang": screen.lang,
        "title": say(N_("Evaluation form")),
        "round": found.round.name,
        "facts": [
            [say(N_("Name")), name],
            [say(N_("Role")), say(ROLE_LABELS.get(found.role, found.role))],
            [say(N_("Manager")), "–" if manager is None else manager.name],
            [say(N_("Period")), period],
            [say(N_("Criteria")), say(N_("version {n}"), n=version.version)],
        ],
        "result-title": say(N_("Result beside what was to be expected")),
        "result": [] if result is None else [result.headline, *result.lines],
        "conditions": [] if result is None else list(result.conditions),
        "part-heads": [
            say(one)
            for one in (N_("Part of the criteria"), N_("Weight"), N_("Self"), N_("Rating"), N_("Counts"), N_("Points"))
        ],
        "parts": parts,
        "total-label": say(N_("Total")),
        "total": total_words(screen, summed) if shows_draft else say(N_("The draft cannot be read yet.")),
        "missing": say(N_("What is not rated re-weights the others; it does not count as zero."))
        if summed is not None and summed.missing
        else "",
        "scale": " · ".join(f"{point} {said(text, screen.lang)}" for point, text in enumerate(criteria.scale, LOWEST)),
        "whole-label": say(N_("The period as a whole")),
        "whole": found.texts.get("", "") if shows_draft else "",
        "self-whole": self_texts.get("", ""),
        "self-label": say(N_("Self evaluation")),
        "evidence-label": say(N_("Evidence")),
        "sections": [
            [title, lines]
            for title, lines in (
                (say(N_("Conversation")), talk),
                (say(N_("Answer of the person")), answered),
                (say(N_("Decision on the appeal")), decided),
                (
                    say(N_("Overruled findings")),
                    [f"{one['message']} {one['reason']}" for one in findings if one["reason"] is not None],
                ),
                (
                    say(N_("Growth plan")),
                    [text for one in plans for text in (*one.behaviours, one.support)],
                ),
            )
            if any(lines)
        ],
        "signatures": [
            [name, _signed(screen, found.person_signed_at)],
            ["–" if manager is None else manager.name, _signed(screen, found.manager_signed_at)],
        ],
        "signature-note": say(
            N_("The signature says that the form was read and talked about, not that one agrees with it.")
        ),
        "date-label": say(N_("Date")),
        "signature-label": say(N_("Signature")),
    }


def _point(rating: int | None) -> str:
    return "–" if rating is None else str(rating)


def _signed(screen: Screen, at: datetime | None) -> str:
    if at is None:
        return ""
    return screen.say(N_("signed on screen {day}"), day=timezone.localtime(at).date())


def form_pdf(content: Mapping[str, Any], *, at: datetime | None = None) -> bytes:
    """Set the form on A4. The same content and moment give the same bytes."""
    import typst  # noqa: PLC0415 - a typesetter, which only papers need

    surface = palette("light")["surface"]
    whole = {
        **content,
        "font": FAMILY,
        "colours": {name: over(value, surface) for name, value in palette("light").items()},
    }
    # The Korean type has no minus sign; the dash has its length.
    words = json.dumps(whole, ensure_ascii=False).replace(MINUS, "–")
    made = typst.compile(
        (files("bokgi.apps.evaluation") / _TEMPLATE).read_bytes(),
        format="pdf",
        font_paths=typst.Fonts(
            include_system_fonts=False, include_embedded_fonts=False, font_paths=[str(font_folder())]
        ),
        sys_inputs={"form": words},
        timestamp=at or datetime(1970, 1, 1, tzinfo=UTC),
    )
    return bytes(made)


def record_of(user: User, lang: str) -> dict[str, Any]:
    """Give everything that evaluations hold about the person who asks, as far as that person may read it on screen.

    What colleagues said without their names is in it under the same rule as on screen. Criteria are in `lang`.
    """
    return {
        "person_id": user.person_id,
        "name": user.name,
        "evaluations": [_form_record(user, one, lang) for one in evaluations_of(user)],
        "notices_read": [
            {"version": one.notice.version, "text": one.notice.text, "at": one.at}
            for one in DataNoticeReading.objects.filter(user=user).select_related("notice")
        ],
    }


def _form_record(user: User, found: Evaluation, lang: str) -> dict[str, Any]:
    criteria = criteria_of(found)
    side = frozenset({Side.PERSON})
    visible = draft_is_shown(found, side, criteria.showing)
    inputs = peer_inputs_shown(found, side, criteria, shown=visible) or []
    answer = getattr(found, "answer", None)
    draft = {
        "ratings": found.ratings,
        "texts": found.texts,
        "calibrations": list(found.calibrations.values("part", "before", "after", "reason", "at")),
        "overruled": list(found.overrulings.values("finding", "reason", "at")),
        "colleagues": [
            {"by": None if one.by is None else one.by.name, "ratings": one.ratings, "text": one.text} for one in inputs
        ],
    }
    return {
        "round": found.round.name,
        "period": {"start": found.round.start_on, "end": found.round.end_on},
        "role": found.role,
        "manager": None if found.manager is None else found.manager.name,
        "criteria": [
            {
                "version": one.version,
                "published_at": one.published_at,
                "reason": one.reason,
                "criteria": _criteria_told(one.criteria, lang),
            }
            for one in versions_of(found.round, found.role)
            if one.published_at is not None
        ],
        "acknowledged": list(
            Acknowledgement.objects.filter(evaluation=found).values("version__version", "at").order_by("at")
        ),
        "self": {"ratings": found.self_ratings, "texts": found.self_texts, "at": found.self_at},
        "draft": draft if visible else None,
        "evidence": list(found.evidence.values("part", "kind", "text", "subject", "seen_on", "at")),
        "conversation": {"on": found.talked_on, "text": found.talk_text},
        "answer": None
        if answer is None
        else {
            "kind": answer.kind,
            "text": answer.text,
            "at": answer.at,
            "is_upheld": answer.is_upheld,
            "decision": answer.decision,
        },
        "signed": {"person": found.person_signed_at, "manager": found.manager_signed_at},
        "growth": [
            {"behaviours": list(one.behaviours), "support": one.support, "begun_on": one.plan.begun_on}
            for one in plans_of(user, found)
        ],
        "results": found.results,
        "kept_until": found.round.kept_until,
    }


def _criteria_told(criteria: Criteria, lang: str) -> dict[str, Any]:
    """Write criteria out in a language, with the anchors of each part."""
    told = criteria.as_json() | {"scale": [said(text, lang) for text in criteria.scale]}
    told["parts"] = [
        {
            "key": part.key,
            "name": said(part.name, lang),
            "kind": part.kind.value,
            "counts": said(part.counts, lang),
            "weight": part.weight,
            "cap": part.cap,
            "anchors": [
                {"stage": one.stage, "skill": one.name, "version": one.version or None, "levels": one.anchors}
                for one in anchors_of(part, lang)
            ],
        }
        for part in criteria.parts
    ]
    return told
