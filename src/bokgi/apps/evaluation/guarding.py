"""What the guard says of a form, in the words of the reader."""

from __future__ import annotations

from typing import Any

from bokgi.apps.evaluation import selectors
from bokgi.apps.evaluation.guard import MISTAKE_LABELS, Draft, findings
from bokgi.apps.evaluation.models import Evaluation
from bokgi.apps.evaluation.services.forms import Form
from bokgi.apps.evaluation.showing import part_name
from bokgi.apps.pipeline.selectors import Screen
from bokgi.questions.asked import Json


def guarded(
    screen: Screen,
    found: Evaluation,
    results: Json | None,
    *,
    closing: bool,
    form_given: Form | None = None,
) -> list[dict[str, Any]]:
    """Read a form (or what stands on the screen, `form_given`) and give what was found, with reasons of overruling."""
    draft = draft_read(found, results, closing=closing, form_given=form_given)
    reasons = {one.finding: one for one in found.overrulings.select_related("by")}
    speaker = screen.speaker
    return [
        {
            "key": one.key,
            "mistake": screen.say(MISTAKE_LABELS[one.mistake]),
            "message": speaker.message(one.message),
            "evidence": speaker.message(one.evidence),
            "resolve": speaker.message(one.resolve),
            "part": part_name(screen, draft.criteria, one.part),
            "reason": reasons[one.key].reason if one.key in reasons else None,
        }
        for one in findings(draft)
    ]


def draft_read(found: Evaluation, results: Json | None, *, closing: bool, form_given: Form | None = None) -> Draft:
    """Put together what the guard reads of a form."""
    return selectors.draft_of(
        found,
        results,
        closing=closing,
        ratings=None if form_given is None else dict(form_given.ratings),
        texts=None if form_given is None else dict(form_given.texts),
    )
