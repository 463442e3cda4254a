"""What became of commitments: each one checked against the facts, with the evidence for the verdict."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Final

from bokgi.domain.messages import N_, Message
from bokgi.domain.sentences import encoded
from bokgi.facts.model import Facts
from bokgi.questions.asked import Json, asked
from bokgi.questions.commitments.figures import FIGURES, checked_figures
from bokgi.questions.commitments.on_deals import checked_deals
from bokgi.questions.commitments.promise import CANNOT_TELL, KEPT, NOT_KEPT, Found, Promise
from bokgi.questions.newest import told_until

__all__ = ["CANNOT_TELL", "KEPT", "NOT_KEPT", "Promise", "check_commitments"]

_LATE_DAYS: Final = 28


def check_commitments(facts: Facts, *, as_of: date, promises: Sequence[Promise]) -> Json:
    """Check what was promised in meetings against the facts.

    Reads all facts of a lake version. Gives `data_on` (up to which day the data reach) and `commitments[]`, one for
    each promise in their order: `key`; `verdict` (`kept`, `not_kept`, `cannot_tell`; null: the day has not come);
    `reason` of a verdict that cannot be given; `fulfilled_on`; `evidence[]`: sentences; `figure{before, before_n,
    after, after_n, low, high}` where a figure was promised.

    A promise about a deal is kept when what was promised of it happened after the meeting and not after the day agreed:
    it moved, was won, was talked about with the customer, got a next step; without any of these named, any of them. A
    promise about a count of a person is kept when it rose or fell by the number promised; one about an estimate (a
    conversion, days in a stage), or without a number, when it changed as promised beyond chance; where chance
    explains the change, it cannot be told. A promise in words only cannot be told from facts at all; the owner's own
    word stands beside.
    """
    with asked(facts, as_of=as_of) as here:
        newest = told_until(facts)
        data_on = as_of if newest is None else min(as_of, newest)
        on_deals = [one for one in promises if one.deal_id and one.metric not in FIGURES]
        on_figures = [one for one in promises if one.metric in FIGURES]
        # What was entered on screen after the newest file is good news, too.
        found = checked_deals(here, on_deals, until={one.key: min(one.due_on, as_of) for one in on_deals})
        found |= checked_figures(here, on_figures, data_on=data_on)
        late = [one for one in on_deals if found[one.key].verdict == NOT_KEPT and one.due_on < data_on]
        until = {one.key: min(one.due_on + timedelta(days=_LATE_DAYS), data_on) for one in late}
        later = checked_deals(here, late, until=until)
    return {
        "as_of": as_of.isoformat(),
        "data_on": data_on.isoformat(),
        "commitments": [
            _told(one, found.get(one.key, _WORDS_ONLY), later.get(one.key), as_of=as_of, data_on=data_on)
            for one in promises
        ],
    }


_WORDS_ONLY: Final = Found(
    CANNOT_TELL, "words_only", evidence=(Message(N_("Only words were agreed; the data cannot tell.")),)
)


def _told(one: Promise, found: Found, later: Found | None, *, as_of: date, data_on: date) -> Json:
    verdict: str | None = found.verdict
    reason, evidence = found.reason, list(found.evidence)
    # A day that is not over, or that the data do not reach, takes only the good news.
    if verdict != KEPT and reason != "words_only" and one.due_on > data_on:
        waiting = one.due_on >= as_of
        verdict, reason = (None, None) if waiting else (CANNOT_TELL, "data_old")
        if not waiting:
            evidence.append(Message(N_("The data reach only to {day}."), {"day": data_on}))
    elif reason == "words_only" and one.due_on >= as_of:
        verdict, reason, evidence = None, None, []
    if later is not None and later.verdict == KEPT and later.fulfilled_on is not None:
        evidence.append(Message(N_("It was done on {day}, after the day agreed."), {"day": later.fulfilled_on}))
    return {
        "key": one.key,
        "verdict": verdict,
        "reason": reason,
        "fulfilled_on": None if found.fulfilled_on is None else found.fulfilled_on.isoformat(),
        "evidence": [encoded(message) for message in evidence],
        "figure": found.figure,
    }
