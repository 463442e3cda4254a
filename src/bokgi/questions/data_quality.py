"""What each gap in the data does to the figures: bounds, and whose deals to mend."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any, Final

from ibis import _
from scipy import stats

from bokgi.analysis.data_gaps import GAPS, gap_owners, gap_sums, gaps, usual_amounts
from bokgi.analysis.progress import ALL, Subject, progress
from bokgi.domain.measures import Rate
from bokgi.domain.messages import N_, Message
from bokgi.domain.period import Period
from bokgi.domain.sentences import encoded
from bokgi.domain.stage import Outcome
from bokgi.facts.model import Facts
from bokgi.intake.importing import mappings_from
from bokgi.intake.mapping.model import Entity
from bokgi.intake.quarantine import mapped_as
from bokgi.questions.asked import Asked, Json, asked, waiting_for_rates
from bokgi.questions.newest import told_until
from bokgi.questions.titles import deal_names, title

FRESH_DAYS: Final = 7
"""An export so many days old is fresh."""
SHOWN_DEALS: Final = 50
_PAST_DAYS: Final = 91
_LEVEL: Final = 0.90
_NOTHING: Final = Decimal(0)
_LISTED: Final = ("no_rate", "no_owner", "unknown_stage")
"""Gaps whose deals no other list finds."""


@dataclass(frozen=True)
class _Bounds:
    """A figure as it stands and where it may lie; `unit` is money, ratio, share or count; null: it cannot be said."""

    figure: str
    unit: str
    value: Decimal | float | None
    low: Decimal | float | None
    high: Decimal | float | None
    exact: bool = True


def ask_data_quality(facts: Facts, *, as_of: date, period: Period | None = None) -> Json:
    """Ask what the gaps in the data do to the figures of a period (the quarter where none is given).

    Reads all facts of a lake version, cut to `as_of`. Gives `gaps[]{code, count, of, figure, unit, value, low, high,
    exact, sentence, deals[]}`, those that are there; `all` with what missing amounts and dates do to coverage together;
    `owners[]` with how many deals of each person lack what (`owner_id` null: of nobody).

    `low` and `high` are exact where `exact`: what the figure would be if each missing amount lay between `usual.low`
    and `usual.high` (the middle eighty of a hundred known amounts of open deals; null where fewer than `minimum_n` are
    known, and then so are the bounds that rest on it), and each deal without a close date, or with one that passed,
    closed in the period or did not. Else they are an estimate with an interval of `level`. Amounts without an exchange
    rate (`no_rate`) are known, but in no figure and in no range. Coverage needs a target; without one the open amount
    due stands in its place.
    """
    quarter = period or facts.settings.quarter_of(as_of)
    with asked(facts, as_of=as_of) as here:
        found = here.keep(
            gaps(waiting_for_rates(here.facts, here.deals), here.facts.stages, here.facts.activities, as_of=as_of)
        )
        sums = _row(gap_sums(found, period=quarter))
        usual = _usual(here, found)
        left = _left(here, quarter)
        told = [*_of_deals(here, sums, usual, left), *_of_files(here, sums, usual, left, quarter)]
        told[1:1] = _unrated(found, sums)
        listed = {code: _deals(here, found, code) for code in _LISTED}
        whole = _together(sums, usual, left)
        return {
            "as_of": as_of.isoformat(),
            "period": {"start": quarter.start.isoformat(), "end": quarter.end.isoformat()},
            "level": _LEVEL,
            "open": sums["open"],
            "usual": {name: _money(here, usual[name]) for name in ("low", "high")}
            | {"n": usual["n"], "minimum_n": here.facts.settings.minimum_n},
            "gaps": [
                {"code": code, "count": count, "of": of, **_json(here, bounds), "sentence": encoded(sentence)}
                | {"deals": listed.get(code, [])}
                for code, count, of, bounds, sentence in told
                if count
            ],
            "all": _json(here, whole) | {"sentence": encoded(_whole_sentence(here, whole))},
            "owners": [
                {"owner_id": row["owner_id"], "owner": None if row["owner_id"] is None else here.name(row["owner_id"])}
                | {name: row[name] for name in GAPS}
                for row in gap_owners(found).to_pyarrow().to_pylist()
                if any(row[name] for name in GAPS)
            ],
        }


def _row(table: Any) -> dict[str, Any]:  # noqa: ANN401 - an Ibis table of one row
    row: dict[str, Any] = table.to_pyarrow().to_pylist()[0]
    return row


def _usual(here: Asked, found: Any) -> dict[str, Any]:  # noqa: ANN401 - the table of gaps
    """Give between which amounts a missing one is taken to lie; null where too few are known to say."""
    usual = _row(usual_amounts(found))
    return usual if usual["n"] >= here.facts.settings.minimum_n else usual | {"low": None, "high": None}


def _left(here: Asked, period: Period) -> Decimal | None:
    """Give what of the organisation's target is still to be won; null without a target, or when it is reached."""
    told = progress(
        here.deals,
        here.facts.targets,
        here.facts.calendar,
        as_of=here.as_of,
        period=period,
        subject=Subject.ORGANISATION,
    )
    rows = told.filter(_.lead_source == ALL).select("left").to_pyarrow().to_pylist()
    left = rows[0]["left"] if rows else None
    return left if left is not None and left > 0 else None


_Told = tuple[str, int, int, _Bounds, Message]


def _of_deals(here: Asked, sums: Mapping[str, Any], usual: Mapping[str, Any], left: Decimal | None) -> list[_Told]:
    number, due = sums["open"], sums["due_amount"]
    low, high = usual["low"], usual["high"]
    missing = sums["due_amount_unknown"]
    covered = _covered(left)
    amount = covered(due, None if low is None else due + missing * low, None if high is None else due + missing * high)
    dated = covered(due, due, _plus(due, sums["no_close_date_amount"], sums["no_close_date_amount_unknown"], high))
    passed = covered(
        due,
        due - sums["due_passed_amount"],
        _plus(due, sums["before_amount"], sums["before_amount_unknown"], high),
    )
    owned = sums["open_amount"] - sums["no_owner_amount"]
    owner = _Bounds("open_by_person", "money", owned, owned, sums["open_amount"])
    staged = number - sums["unknown_stage"]
    stage = _Bounds("in_the_funnel", "count", staged, staged, number)
    with_step = number - sums["no_next_step"] - sums["next_step_unknown"]
    step = _shared("with_next_step", with_step, with_step + sums["no_next_step"], number)
    seen = sums["touch_known"] - sums["never_touched"]
    touch = _shared("in_touch", seen, seen + sums["never_touched"], sums["touch_known"])
    rows = (
        ("no_amount", missing, sums["due"], amount),
        ("no_close_date", sums["no_close_date"], number, dated),
        ("close_passed", sums["close_passed"], number, passed),
        ("no_owner", sums["no_owner"], number, owner),
        ("unknown_stage", sums["unknown_stage"], number, stage),
        ("no_next_step", sums["no_next_step"], number, step),
        ("never_touched", sums["never_touched"], sums["touch_known"], touch),
    )
    return [(code, count, of, bounds, _sentence(here, code, count, bounds)) for code, count, of, bounds in rows]


def _unrated(found: Any, sums: Mapping[str, Any]) -> list[_Told]:  # noqa: ANN401 - the table of gaps
    """Tell the deals whose amount no exchange rate converts: nothing bounds what they come to."""
    waiting = found.filter(_.no_rate).select("currency").distinct().order_by("currency")
    named = ", ".join(waiting.to_pyarrow()["currency"].to_pylist())
    text = N_(
        "{n} open {n:deal|deals} in {currency} {n:has|have} no exchange rate; "
        "{n:it stays|they stay} out of sums and of these ranges."
    )
    bounds = _Bounds("open_due", "money", sums["due_amount"], None, None)
    return [
        ("no_rate", sums["no_rate"], sums["open"], bounds, Message(text, {"n": sums["no_rate"], "currency": named}))
    ]


def _plus(base: Decimal, amount: Decimal, unknown: int, each: Decimal | None) -> Decimal | None:
    if unknown and each is None:
        return None
    return base + amount + (unknown * each if each is not None else _NOTHING)


def _covered(left: Decimal | None) -> Any:  # noqa: ANN401 - a function of three amounts
    """Give what writes three amounts due as coverage of what is left, or as they are where no target says what is."""

    def bounds(value: Decimal, low: Decimal | None, high: Decimal | None) -> _Bounds:
        if left is None:
            return _Bounds("open_due", "money", value, low, high)
        least, most = (None if end is None else float(end / left) for end in (low, high))
        return _Bounds("coverage", "ratio", float(value / left), least, most)

    return bounds


def _shared(figure: str, low: int, high: int, of: int) -> _Bounds:
    if not of:
        return _Bounds(figure, "share", None, None, None)
    return _Bounds(figure, "share", low / of, low / of, high / of)


def _of_files(
    here: Asked, sums: Mapping[str, Any], usual: Mapping[str, Any], left: Decimal | None, period: Period
) -> list[_Told]:
    """Bound what rows in quarantine, and the days since the last export, may change."""
    refused = _refused_deals(here.facts)
    due = sums["due_amount"]
    waiting = _covered(left)(due, due, _plus(due, _NOTHING, refused, usual["high"]))
    seen_on = told_until(here.read)
    age = 0 if seen_on is None else max((here.as_of - seen_on).days, 0)
    age = age if age > FRESH_DAYS else 0
    stale = _since(here, period, seen_on, age)
    return [
        ("quarantined", refused, refused, waiting, _sentence(here, "quarantined", refused, waiting)),
        ("stale", age, age, stale, _sentence(here, "stale", age, stale)),
    ]


def _refused_deals(facts: Facts) -> int:
    """Count the rows in quarantine that may be deals: those of files of deals, and of files nobody knows any more."""
    waiting = facts.waiting.group_by("import_no", "file").agg(n=_.count()).to_pyarrow().to_pylist()
    others = {
        (one.import_no, mapping.file)
        for one in facts.imports
        for mapping in mappings_from(one.mapping)
        if mapping.entity is not Entity.DEALS
    }
    return sum(row["n"] for row in waiting if (row["import_no"], mapped_as(row["file"])) not in others)


def _since(here: Asked, period: Period, seen_on: date | None, age: int) -> _Bounds:
    """Estimate the deals won in the period with those of the days that no export has seen: at the pace before."""
    won = here.deals.filter(_.outcome == Outcome.WON.value)
    inside = int(won.filter((_.closed_on >= period.start) & (_.closed_on < period.end)).count().to_pyarrow().as_py())
    if seen_on is None or not age:
        return _Bounds("won", "count", inside, inside, inside, exact=False)
    start = seen_on - timedelta(days=_PAST_DAYS)
    before = int(won.filter((_.closed_on > start) & (_.closed_on <= seen_on)).count().to_pyarrow().as_py())
    days = min(age, max((here.as_of - period.start).days + 1, 0))
    # What a Poisson process seen for a quarter brings in the days after it, the rate itself being unsure (Jeffreys).
    more = stats.nbinom(before + 0.5, _PAST_DAYS / (_PAST_DAYS + days))
    low, high = (int(more.ppf(share)) for share in ((1 - _LEVEL) / 2, (1 + _LEVEL) / 2))
    return _Bounds("won", "count", inside, inside + low, inside + high, exact=False)


def _together(sums: Mapping[str, Any], usual: Mapping[str, Any], left: Decimal | None) -> _Bounds:
    """Give what missing amounts and close dates, and those that passed, do to the amount due together."""
    due, low, high = sums["due_amount"], usual["low"], usual["high"]
    missing = sums["due_amount_unknown"]
    least = due - sums["due_passed_amount"] + (missing - sums["due_passed_amount_unknown"]) * (low or _NOTHING)
    unknown = missing + sums["no_close_date_amount_unknown"] + sums["before_amount_unknown"]
    most = _plus(due, sums["no_close_date_amount"] + sums["before_amount"], unknown, high)
    bounds: _Bounds = _covered(left)(due, least, most)
    return bounds


_MONEY: Final = {
    "no_amount": N_("The open amount due is {ends} because {n} {n:amount is|amounts are} missing."),
    "no_close_date": N_("The open amount due is {ends} because {n} {n:deal has|deals have} no close date."),
    "close_passed": N_("The open amount due is {ends} because {n} close dates have passed."),
    "quarantined": N_("The open amount due may be up to {high} because {n} {n:row waits|rows wait} in quarantine."),
    "all": N_(
        "Missing amounts, and close dates that are missing or have passed, together: "
        "the open amount due is {ends}; the pages show {value}."
    ),
}
_MONEY_SAME: Final = {
    "no_amount": N_("The open amount due stays {value}, whatever {n} missing {n:amount comes|amounts come} to."),
    "no_close_date": N_(
        "The open amount due stays {value}, whenever {n} {n:deal|deals} without a close date {n:closes|close}."
    ),
    "close_passed": N_(
        "The open amount due stays {value}, whenever {n} {n:deal|deals} whose close date has passed {n:closes|close}."
    ),
    "quarantined": N_(
        "The open amount due stays {value} with {n} {n:row|rows} that {n:waits|wait} in quarantine, too."
    ),
}
_RATIO: Final = {
    "no_amount": N_("Coverage is {ends} because {n} {n:amount is|amounts are} missing."),
    "no_close_date": N_("Coverage is {ends} because {n} {n:deal has|deals have} no close date."),
    "close_passed": N_("Coverage is {ends} because {n} close dates have passed."),
    "quarantined": N_("Coverage may be up to {high} because {n} {n:row waits|rows wait} in quarantine."),
    "all": N_(
        "Missing amounts, and close dates that are missing or have passed, together: "
        "coverage is {ends}; the pages show {value}."
    ),
}
_RATIO_SAME: Final = {
    "no_amount": N_("Coverage stays {value}, whatever {n} missing {n:amount comes|amounts come} to."),
    "no_close_date": N_("Coverage stays {value}, whenever {n} {n:deal|deals} without a close date {n:closes|close}."),
    "close_passed": N_(
        "Coverage stays {value}, whenever {n} {n:deal|deals} whose close date has passed {n:closes|close}."
    ),
    "quarantined": N_("Coverage stays {value} with {n} {n:row|rows} that {n:waits|wait} in quarantine, too."),
}
"""What is said of a gap that moves nothing: it is no cause."""
_ENDS: Final = N_("from {low} to {high}")
_OTHERS: Final = {
    "no_owner": N_(
        "{n} {n:deal has|deals have} no owner: the open amount of all people together is {low} instead of {high}."
    ),
    "unknown_stage": N_("The funnel counts {low} of {high} open deals: {n} stand in no stage of the list."),
    "no_next_step": N_("{low} of the open deals have a next step; {n} have none written down."),
    "never_touched": N_("{low} of the open deals were touched by a person; of {n} no activity is written down."),
    "stale": N_(
        "The last export is {n} {n:day|days} old: by now {low} to {high} deals may be won "
        "instead of {value} (estimate)."
    ),
}
_SAME: Final = {
    "no_owner": N_(
        "{n} {n:deal has|deals have} no owner and no amount: the open amount of all people together stays {high}."
    ),
    "stale": N_(
        "The last export is {n} {n:day|days} old: at the pace before it no more deals are likely to be won by now "
        "than {value} (estimate)."
    ),
}
"""Gaps that move nothing, of other figures."""
_UNSAID: Final = {
    "no_amount": N_(
        "{n} {n:deal has|deals have} no amount; fewer than {least} amounts are known, "
        "too few to say what {n:it|they} may be worth."
    ),
    "no_close_date": N_(
        "{n} {n:deal has|deals have} no close date; what {n:it|they} may add cannot be said: "
        "amounts are missing, and fewer than {least} are known."
    ),
    "close_passed": N_(
        "{n} close {n:date has|dates have} passed; what that changes cannot be said: "
        "amounts are missing, and fewer than {least} are known."
    ),
    "quarantined": N_(
        "{n} {n:row waits|rows wait} in quarantine; what {n:it|they} may add cannot be said: "
        "fewer than {least} amounts are known."
    ),
    "all": N_(
        "Fewer than {least} amounts of open deals are known, too few to bound what is missing; the pages show {value}."
    ),
}


def _sentence(here: Asked, code: str, count: int, bounds: _Bounds) -> Message:
    values = {"n": count, **_values(here, bounds)}
    if bounds.high is None and bounds.unit in {"money", "ratio"}:
        return Message(_UNSAID[code], {"n": count, "least": here.facts.settings.minimum_n})
    words = _OTHERS | {"money": _MONEY, "ratio": _RATIO}.get(bounds.unit, {})
    if values["low"] == values["high"]:
        words |= _SAME
    if values["low"] == values["value"] == values["high"]:
        # As it is written: what moves a figure by less than it shows is no cause to name.
        words |= {"money": _MONEY_SAME, "ratio": _RATIO_SAME}.get(bounds.unit, {})
    return Message(words[code], values)


def _whole_sentence(here: Asked, bounds: _Bounds) -> Message:
    if bounds.high is None:
        values = {"least": here.facts.settings.minimum_n, "value": _values(here, bounds)["value"]}
        return Message(_UNSAID["all"], values)
    return Message((_RATIO if bounds.unit == "ratio" else _MONEY)["all"], _values(here, bounds))


def _values(here: Asked, bounds: _Bounds) -> dict[str, object]:
    def written(value: Decimal | float | None) -> object:
        if value is None:
            return "–"
        if bounds.unit == "money":
            return here.worth(float(value))
        if bounds.unit == "ratio":
            return f"{value:.1f}×"
        return Rate(float(value)) if bounds.unit == "share" else int(value)

    low, high = written(bounds.low), written(bounds.high)
    ends = low if low == high else Message(_ENDS, {"low": low, "high": high})
    return {"value": written(bounds.value), "low": low, "high": high, "ends": ends}


def _money(here: Asked, value: Decimal | None) -> Json | None:
    return None if value is None else here.money(float(value))


def _json(here: Asked, bounds: _Bounds) -> Json:
    def written(value: Decimal | float | None) -> object:
        if value is None or bounds.unit == "count":
            return value
        return here.money(float(value)) if bounds.unit == "money" else float(value)

    return {
        "figure": bounds.figure,
        "unit": bounds.unit,
        "value": written(bounds.value),
        "low": written(bounds.low),
        "high": written(bounds.high),
        "exact": bounds.exact,
    }


def _deals(here: Asked, found: Any, code: str) -> list[Json]:  # noqa: ANN401 - the table of gaps
    """List deals that no other list finds, the largest first."""
    lacking = found.filter(found[code]).order_by([found.amount.desc(nulls_first=False), found.deal_id])
    rows = lacking.select("deal_id", "owner_id").limit(SHOWN_DEALS).to_pyarrow().to_pylist()
    names = deal_names(here.deals, here.facts, [row["deal_id"] for row in rows]) if rows else {}
    return [
        {"deal_id": row["deal_id"], "title": title(names.get(row["deal_id"], (None, None)), row["deal_id"])}
        | {"owner_id": row["owner_id"]}
        for row in rows
    ]
