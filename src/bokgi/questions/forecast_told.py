"""What a forecast says: in sentences, with the caveats that matter and what would change it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from decimal import Decimal
from typing import Final

from bokgi.analysis.forecast import Forecast, Scope
from bokgi.analysis.forecast.result import NOTHING_SAID, Calibration, DealOutlook
from bokgi.analysis.forecast.scoring import judged, separate, usual_hits
from bokgi.analysis.forecast.windows import in_months
from bokgi.domain.measures import Between, Rate
from bokgi.domain.messages import N_, Message
from bokgi.questions.asked import Asked, Json, column_name

LEVEL: Final = 0.80
WIDER: Final = 1.05
"""So many times as wide is told as wider; of less the first decimal says nothing."""
_MANY_UNKNOWN: Final = 0.05
_FEW_PERIODS: Final = 5
"""Of fewer past periods nobody can tell whether a range of 80 % is right: all of them fall into it by chance."""

_NONE: Final = 0.005
"""So few wins expected are none."""
_MOVES: Final = {
    "won": Message(N_("deals won beyond what was expected of them")),
    "lost": Message(N_("deals lost")),
    "entered": Message(N_("deals that came in or were first imported since")),
    "moved_in": Message(N_("deals that came from elsewhere")),
    "owner_filled": Message(N_("deals whose owner a week ago is not known")),
    "moved_out": Message(N_("deals that went elsewhere")),
    "moved_on": Message(N_("deals that moved on")),
    "moved_back": Message(N_("deals that moved back")),
    "amount": Message(N_("changed amounts")),
    "close_date": Message(N_("changed close dates")),
    "filled_in": Message(N_("amounts and close dates that are not known of a week ago")),
    "waited": Message(N_("deals that stood still")),
    "to_come": Message(N_("business yet to come")),
}


NOTHING: Final = {
    ("no_won_deals", True): N_("No deal has been won yet, so there is nothing to forecast from."),
    ("no_won_deals", False): N_("None of these deals has been won yet, so there is nothing to forecast from."),
    ("too_few_wins", True): N_("Fewer than five deals have been won so far: too few to forecast from."),
    ("too_few_wins", False): N_("Fewer than five of these deals have been won so far: too few to forecast from."),
    ("no_won_amounts", True): N_("No won deal has an amount, so there is nothing to forecast from."),
    ("no_won_amounts", False): N_("None of these won deals has an amount, so there is nothing to forecast from."),
}
"""Why nothing is said, of all deals or not."""
HOW_OWNERS_COME: Final = N_(
    "Import the field history with the owners, or the list of deals every week: then the forecast looks at each "
    "person's open deals."
)


def said(here: Asked, found: Forecast, target: Json | None, change: Json | None, scope: Scope) -> list[Message]:
    """Say the forecast in a sentence, then what moved it, then what would change it."""
    values: dict[str, object] = {"period": found.period, "won": here.worth(found.won_so_far), "last": found.period.last}
    if found.reason in NOTHING_SAID:
        return [Message(NOTHING[found.reason, scope == Scope()])]
    if found.mean is None:
        return []
    values["mean"] = here.worth(found.mean)
    if found.reason == "period_over":
        return [Message(N_("The period is over: {won} were won."), values)]
    low, high = found.quantiles[0.10], found.quantiles[0.90]
    values["ends"] = Between(here.worth(low), here.worth(high))
    lead = N_("By {last} about {mean} will be won; eight of ten such periods end within {ends}. {won} of it is won.")
    if found.open is not None and found.new is not None and found.open.n + found.new.n < _NONE:
        lead = N_(
            "Nothing more is expected by {last}: hardly any deal that is open or comes in will be won by then. "
            "{won} is won."
        )
    elif found.mean > high:
        lead = N_(
            "By {last} mostly little is won, rarely much: {mean} on average, while eight of ten such periods end "
            "within {ends}. {won} of it is won."
        )
    told = [Message(lead, values)]
    if target is not None and target["probability"] is not None:
        goal = {"target": here.worth(float(target["amount"]["amount"])), "chance": Rate(target["probability"])}
        told.append(Message(N_("The goal of {target} is reached with a chance of {chance}."), goal))
    told += _moved(here, change)
    return told


def would_change(found: Forecast) -> list[Message]:
    """Say what would make the forecast surer, or possible at all."""
    if found.reason in NOTHING_SAID:
        return [Message(N_("From five won deals with their amounts on there is a forecast."))]
    if found.reason == "too_little_history":
        return [Message(N_("With 26 weeks of history the forecast looks at each open deal."))]
    if found.reason == "only_won_deals":
        return [Message(N_("Import lost deals, too: then the forecast looks at each open deal."))]
    if found.reason == "owners_unknown":
        return [Message(HOW_OWNERS_COME)]
    few = found.range_deals[:3]
    if not any(deal.share for deal in few):
        return []
    return [
        Message(
            N_("{share} of what is uncertain about the open deals hangs on {n} of them; settle {n:it|those} first."),
            {"share": Rate(sum(deal.share for deal in few)), "n": len(few)},
        )
    ]


def _moved(here: Asked, change: Json | None) -> list[Message]:
    if change is None or not change["parts"]:
        return []
    amount = {name: Decimal(change[name]["amount"]) for name in ("before", "now")}
    difference = amount["now"] - amount["before"]
    sign = 1 if difference >= 0 else -1
    leading = max(change["parts"], key=lambda part: sign * Decimal(part["amount"]["amount"]))
    values = {
        "since": date.fromisoformat(change["since"]),
        "amount": here.worth(float(abs(difference))),
        "what": _MOVES[leading["code"]],
        "part": here.worth(float(abs(Decimal(leading["amount"]["amount"])))),
    }
    if not round(difference):
        return [Message(N_("Since {since} the forecast has not changed."), values)]
    if sign > 0:
        return [Message(N_("Since {since} the forecast rose by {amount}; most came from {what} ({part})."), values)]
    return [Message(N_("Since {since} the forecast fell by {amount}; most was lost to {what} ({part})."), values)]


def caveats(found: Forecast, left_out: Sequence[str], scope: Scope, minimum_n: int) -> list[Message]:
    """Say what a reader has to know of the forecast: what it rests on, how it did before, what was left out."""
    told = []
    if found.reason == "too_little_history":
        told.append(
            Message(
                N_(
                    "The history has {weeks} {weeks:week|weeks}. Below 26 the forecast only carries on "
                    "at the pace of late, "
                    "and does not look at the open deals."
                ),
                {"weeks": found.history_days // 7},
            )
        )
    if found.reason == "only_won_deals":
        told.append(
            Message(
                N_(
                    "Only won deals are known, none that was lost, so the chance of an open deal cannot be told; the "
                    "forecast carries on at the pace of late."
                )
            )
        )
    if found.reason == "owners_unknown":
        told.append(
            Message(
                N_(
                    "Who owned the deals a week ago and before is not known, so nobody can tell how such deals of one "
                    "person turned out; the forecast carries on at the pace of late."
                )
            )
        )
    if found.reason is None:
        told += _experience(found)
    if scope != Scope() and found.reason is None:
        told += _of_a_part(found, minimum_n)
    if found.outsized:
        told.append(
            Message(
                N_(
                    "{n} open {n:deal is|deals are} more than twice as large as any won so far and counted as twice "
                    "the largest; check the amount."
                ),
                {"n": found.outsized},
            )
        )
    if found.reason is None and found.unknown_amounts > _MANY_UNKNOWN * max(found.open_deals, 1):
        told.append(
            Message(
                N_(
                    "{n} of {all} open {all:deal has|deals have} no amount known on that day; won deals "
                    "like them stand in for it."
                ),
                {"n": found.unknown_amounts, "all": found.open_deals},
            )
        )
    told += [
        Message(
            N_("Left out: {factor}, which is filled in when the outcome is known."), {"factor": column_name(factor)}
        )
        for factor in left_out
    ]
    return told


def _of_a_part(found: Forecast, minimum_n: int) -> list[Message]:
    """Say from how few wins a part is told, and that it is no slice of the whole forecast."""
    few = N_("Only {n} of these deals {n:was|were} won so far: take the forecast as rough.")
    told = [Message(few, {"n": found.wins})] if found.wins < minimum_n else []
    text = N_(
        "Chances are learnt from everybody's deals, and how they turn out from these; parts of the forecast of all "
        "deals add up to that one and may differ."
    )
    return [*told, Message(text)]


def tried(n: int, months: int) -> Message:
    """Say how many of some past periods a right range holds, as chance has it; overlapping ones count as fewer."""
    apart = separate(n, months)
    low, high = usual_hits(apart, LEVEL)
    if apart < n:
        text = N_(
            "These {n} {n:period|periods} overlap and tell as much as {apart} apart. Of so few a right range holds "
            "{ends}; within that, chance decides."
        )
        return Message(text, {"n": n, "apart": apart, "ends": Between(Rate(low / apart), Rate(high / apart))})
    return Message(
        N_("A right range holds {low} to {high} of {n} {n:period|periods}; within that, chance decides."),
        {"low": low, "high": high, "n": n},
    )


def _experience(found: Forecast) -> list[Message]:
    """Say how such forecasts did before, and whether the weighted pipeline can be trusted."""
    past = found.calibration
    if past.n == 0 or past.coverage80 is None:
        told = [Message(N_("No past period like this one could be tried, so whether the range is right is not known."))]
    elif past.n < _FEW_PERIODS:
        few = N_("Only {n} past {n:period|periods} could be tried: too few to tell whether the range is right.")
        told = [Message(few, {"n": past.n})]
    else:
        # A past period counts from where it stood as today's does: of a quarter of which a month is left, months apart.
        left = (found.period.end - max(found.period.start, found.as_of + timedelta(days=1))).days
        months = round(in_months(left))
        told = [
            Message(
                N_(
                    "Tried on {n} past {n:period|periods}, seen with as many days left as now, {share} ended within "
                    "the range; about {level} is right."
                ),
                {"n": past.n, "share": Rate(past.coverage80), "level": Rate(LEVEL)},
            ),
            tried(past.n, months),
            *_learnt(past, months),
        ]
    if found.pipeline_calibrated is False:
        told.append(
            Message(
                N_(
                    "The weighted pipeline is not calibrated: on past days it said clearly more or less than came. "
                    "Do not plan with it."
                )
            )
        )
    return told


def _learnt(past: Calibration, months: int) -> list[Message]:
    """Say what follows for this range where the past ones were not right beyond chance."""
    found = judged(past.coverage80 or 0.0, separate(past.n, months), LEVEL)
    times = {"times": past.scale}
    if found == "too_narrow" and past.scale >= WIDER:
        text = N_(
            "Past ranges were too narrow, more than chance explains. This one is therefore {times} times as wide as it "
            "would be by itself; it may still be too narrow."
        )
        return [Message(text, times)]
    if found == "too_narrow":
        return [
            Message(N_("Past ranges were too narrow, more than chance explains: take this one as too narrow, too."))
        ]
    if found == "too_wide":
        return [Message(N_("Past ranges were wider than they had to be, more than chance explains."))]
    return []


def notes(deal: DealOutlook) -> list[Message]:
    """Say what is special about an open deal."""
    told = []
    if deal.due_in is not None and deal.due_in <= 0:
        told.append(Message(N_("close date has passed")))
    if deal.stands_long:
        told.append(Message(N_("stands long in its stage")))
    if not deal.amount_known:
        told.append(Message(N_("amount estimated")))
    return told
