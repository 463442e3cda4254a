"""Promises about a figure: of a stage, or of a person's own work."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, timedelta
from typing import Any, Final

import ibis.expr.types as ir
from ibis import _

from bokgi.analysis.activity import held
from bokgi.analysis.commitments import FigureChange, count_reached, days_changed, share_changed
from bokgi.domain.measures import Between, Days, Points, Rate
from bokgi.domain.messages import N_, Message
from bokgi.facts.read import facts_on
from bokgi.questions.asked import Asked, care_of
from bokgi.questions.commitments.promise import CANNOT_TELL, KEPT, NOT_KEPT, Found, Promise

USUAL_WEEKS: Final = 8
_BEFORE_WEEKS: Final = 13
_WEEK: Final = 7
_VERDICTS: Final = {"reached": KEPT, "missed": NOT_KEPT, "cannot_tell": CANNOT_TELL}


def checked_figures(here: Asked, promises: Sequence[Promise], *, data_on: date) -> dict[str, Found]:
    """Check promises about figures, each up to its day or as far as the data reach."""
    return {one.key: FIGURES[one.metric](here, one, min(one.due_on, data_on)) for one in promises}


def _found(change: FigureChange, evidence: Sequence[Message]) -> Found:
    verdict = _VERDICTS[change.verdict]
    figure = {name: getattr(change, name) for name in ("before", "before_n", "after", "after_n", "low", "high")}
    reason = "chance" if verdict == CANNOT_TELL else None
    return Found(verdict, reason, evidence=tuple(evidence), figure=figure)


def _too_early() -> Found:
    return Found(CANNOT_TELL, "not_recorded", evidence=(Message(N_("The data do not record this.")),))


def _counted(one: Promise, until: date, rows: ir.Table, on: ir.DateValue, what: str) -> Found:
    """Compare a count a week after the meeting with the weeks before, and with what was promised."""
    days = (until - one.made_on).days
    start = one.made_on - timedelta(weeks=USUAL_WEEKS)
    counts = rows.agg(
        after=_.count(where=(on > one.made_on) & (on <= until)),
        usual=_.count(where=(on > start) & (on <= one.made_on)),
    )
    row = counts.to_pyarrow().to_pylist()[0]
    weeks = max(days, 0) / _WEEK
    change = count_reached(
        row["after"], weeks, usual=row["usual"], usual_weeks=USUAL_WEEKS, by=one.amount, rising=one.rising
    )
    # On the day of the meeting itself no day has passed of which anything could be said.
    evidence = [Message(what, {"n": row["after"], "days": Days(days)})] if days > 0 else []
    evidence.append(
        Message(
            N_("In the {weeks} {weeks:week|weeks} before there were {usual} a week."),
            {"weeks": USUAL_WEEKS, "usual": row["usual"] / USUAL_WEEKS},
        )
    )
    return _found(change, evidence)


def _meetings(here: Asked, one: Promise, until: date) -> Found:
    rows = held(here.facts.activities, as_of=here.as_of).filter(_.kind == "meeting")
    if not rows.count().to_pyarrow().as_py():
        return _too_early()
    if one.person_id:
        who = here.facts.activity_people.filter(_.person_id == one.person_id)
        rows = rows.semi_join(who, "activity_id")
    return _counted(one, until, rows, _.happened_on, N_("{n} {n:meeting|meetings} in {days} since the meeting."))


def _new_deals(here: Asked, one: Promise, until: date) -> Found:
    rows = here.facts.deals
    if one.person_id:
        rows = rows.filter(_.owner_id == one.person_id)
    return _counted(one, until, rows, _.created_on, N_("{n} new {n:deal|deals} in {days} since the meeting."))


def _left(here: Asked, one: Promise, until: date) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Give the visits to the stage that ended since the meeting, and those of the thirteen weeks before."""
    start = one.made_on - timedelta(weeks=_BEFORE_WEEKS)
    rows = here.visits().filter((_.stage == one.stage) & (_.left_on > start) & (_.left_on <= until))
    rows = rows.filter(~_.exit.isin(["open", "removed"]))
    if one.pipeline:
        rows = rows.filter(_.pipeline == one.pipeline)
    if one.person_id:
        rows = rows.filter(_.owner_id == one.person_id)
    found = rows.select("deal_id", "visit", "entered_on", "left_on", "exit").order_by("deal_id", "visit")
    listed = found.to_pyarrow().to_pylist()
    later = [row for row in listed if row["left_on"] > one.made_on]
    return later, [row for row in listed if row["left_on"] <= one.made_on]


def _conversion(here: Asked, one: Promise, until: date) -> Found:
    later, before = _left(here, one, until)
    went = [sum(row["exit"] in {"advanced", "won"} for row in rows) for rows in (later, before)]
    change = share_changed(
        went[0], len(later), went[1], len(before), rising=one.rising, minimum_n=here.facts.settings.minimum_n
    )
    evidence = [
        Message(
            N_(
                "{went} of {n} {n:deal|deals} that left {stage} since went on; in the {weeks} "
                "{weeks:week|weeks} before {went_before} of {m}."
            ),
            {
                "went": went[0],
                "n": len(later),
                "stage": here.stage_label(one.stage),
                "weeks": _BEFORE_WEEKS,
                "went_before": went[1],
                "m": len(before),
            },
        )
    ]
    if change.low is not None and change.high is not None:
        evidence.append(
            Message(
                N_("The difference lies within {interval} ({level} interval)."),
                {"interval": Between(Points(change.low), Points(change.high)), "level": Rate(0.95)},
            )
        )
    else:
        evidence.append(_too_few(here))
    return _found(change, evidence)


def _too_few(here: Asked) -> Message:
    return Message(
        N_("Too few to tell a difference: {n} on each side are needed."), {"n": here.facts.settings.minimum_n}
    )


def _days_in_stage(here: Asked, one: Promise, until: date) -> Found:
    groups = [[(row["left_on"] - row["entered_on"]).days for row in rows] for rows in _left(here, one, until)]
    change = days_changed(*groups, rising=one.rising, minimum_n=here.facts.settings.minimum_n)
    evidence = []
    if change.before is not None and change.after is not None:
        evidence.append(
            Message(
                N_(
                    "Deals that left {stage} since had stayed {days} (median, {n} {n:deal|deals}); "
                    "in the {weeks} {weeks:week|weeks} before {days_before} ({m} {m:deal|deals})."
                ),
                {
                    "stage": here.stage_label(one.stage),
                    "days": Days(change.after),
                    "n": int(change.after_n),
                    "weeks": _BEFORE_WEEKS,
                    "days_before": Days(change.before),
                    "m": int(change.before_n),
                },
            )
        )
    if change.low is not None and change.high is not None:
        evidence.append(
            Message(
                N_("The difference lies within {interval} ({level} interval)."),
                {"interval": Between(Days(change.low), Days(change.high)), "level": Rate(0.95)},
            )
        )
    else:
        evidence.append(_too_few(here))
    return _found(change, evidence)


def _untouched(here: Asked, one: Promise, until: date) -> Found:
    then, now = (_untouched_on(here, one, on) for on in (one.made_on, until))
    if then is None or now is None:
        return _too_early()
    least = 1 if one.amount is None else one.amount
    reached = now >= then + least if one.rising else now <= then - least
    change = FigureChange(then, 1, now, 1, None, None, "reached" if reached else "missed")
    values = {"then": then, "n": now}
    return _found(change, [Message(N_("Deals without contact: {then} at the meeting, {n} at the end."), values)])


def _untouched_on(here: Asked, one: Promise, on: date) -> int | None:
    """Count the open deals without contact on a day; null where the source records no contacts."""
    facts = facts_on(here.read, on)
    deals = here.keep(facts.deals.filter(_.outcome == "open"))
    if one.person_id:
        deals = deals.filter(_.owner_id == one.person_id)
    if one.stage:
        deals = deals.filter(_.stage == one.stage)
    found = care_of(facts, deals)
    row = found.agg(n=_.untouched.sum(), known=_.untouched.count(), deals=_.count()).to_pyarrow().to_pylist()[0]
    return None if row["deals"] and not row["known"] else int(row["n"] or 0)


FIGURES: Final[dict[str, Callable[[Asked, Promise, date], Found]]] = {
    "conversion": _conversion,
    "days_in_stage": _days_in_stage,
    "meetings": _meetings,
    "new_deals": _new_deals,
    "untouched": _untouched,
}
"""How each figure is checked."""
