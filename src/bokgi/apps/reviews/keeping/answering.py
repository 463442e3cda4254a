"""Commitments as JSON: the figures of the page, for machines (`docs/reference/commitments.schema.json`)."""

from __future__ import annotations

from dataclasses import asdict
from datetime import date

from bokgi.apps.reviews.keeping.checking import promise
from bokgi.apps.reviews.keeping.rates import MINIMUM_N, KeptRate
from bokgi.apps.reviews.keeping.selectors import Kept, commitments_of, rates
from bokgi.apps.reviews.selectors import names
from bokgi.questions.asked import Json


def commitments_answer(*, as_of: date, team: str | None = None) -> Json:
    """Give the commitments of half a year with what the facts say, and how much is kept.

    `commitments[]`, the latest due first: `key, meeting_on, team, person_id, name, made_on, what, due_on, deal_id,
    pipeline, stage, metric, rising, amount, said, said_note`, and of the facts `verdict` (null: the day has not come),
    `reason`, `fulfilled_on`, `evidence[]`, `figure`. `rates`: `whole`, and by `teams`, `people`, `months`, each
    `kept, not_kept, cannot_tell, waiting, judged, rate, low, high`; `rate` is null below `minimum_n` judged ones.
    """
    known = names()
    listed = [one for one in commitments_of(None, as_of=as_of) if team is None or one.commitment.meeting.team == team]
    counted = rates(listed, minimum_n=MINIMUM_N)
    return {
        "as_of": as_of.isoformat(),
        "team": team,
        "minimum_n": MINIMUM_N,
        "commitments": [_row(one) | {"name": known.get(one.commitment.person_id)} for one in listed],
        "rates": {
            "whole": _rate(counted.whole),
            "teams": {name: _rate(rate) for name, rate in counted.teams.items()},
            "people": {name: _rate(rate) for name, rate in counted.people.items()},
            "months": {f"{month.start:%Y-%m}": _rate(rate) for month, rate in counted.months},
        },
    }


_NOTHING_FOUND: Json = {"verdict": None, "reason": None, "fulfilled_on": None, "evidence": [], "figure": None}


def _row(one: Kept) -> Json:
    found, asked = one.commitment, promise(one.commitment)
    facts = {name: (one.found or _NOTHING_FOUND)[name] for name in _NOTHING_FOUND}
    return {
        "key": asked.key,
        "meeting_on": found.meeting.on.isoformat(),
        "team": found.meeting.team,
        "person_id": found.person_id,
        "made_on": asked.made_on.isoformat(),
        "what": found.what,
        "due_on": found.due_on.isoformat(),
        **{name: getattr(found, name) or None for name in ("deal_id", "pipeline", "stage", "metric")},
        "rising": found.rising,
        "amount": None if found.amount is None else str(found.amount.normalize()),
        "said": found.said or None,
        "said_note": found.said_note,
        **facts,
    }


def _rate(rate: KeptRate) -> Json:
    return {**asdict(rate), "judged": rate.judged}
