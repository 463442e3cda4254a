"""Whether the deals that the weekly review discussed moved more than those alike that it did not discuss."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from datetime import date
from typing import Final

import ibis
import pyarrow as pa
from ibis import _

from bokgi.analysis.deal_traits import deal_traits
from bokgi.analysis.discussed_deals import DiscussedDeals, discussed_deals, open_at_meeting
from bokgi.domain.measures import Between, Points, Rate
from bokgi.domain.messages import N_, Message
from bokgi.facts.currency import in_one_currency
from bokgi.facts.model import Facts
from bokgi.facts.read import facts_on
from bokgi.questions.asked import Json, visits_on
from bokgi.questions.explained import explained
from bokgi.questions.newest import told_until

MOST_MEETINGS: Final = 26


@dataclass(frozen=True)
class MeetingDay:
    """One meeting that took place: its day, the last day that counts as after it, its team, the deals discussed."""

    on: date
    until: date
    team: str | None
    deal_ids: tuple[str, ...]


def ask_discussed_deals(facts: Facts, *, as_of: date, meetings: Sequence[MeetingDay]) -> Json:
    """Compare discussed deals with others alike, over the latest meetings whose time has passed in the data.

    Reads all facts of a lake version. Gives `meetings` (how many count), `discussed` and `others` (`n, moved, matched,
    share`), `difference`, `low`, `high` at `level`, `told_apart`, `cases_needed`, `reason`
    (`analysis.discussed_deals`), and its sentences. Of a team's meeting the team's deals are compared.
    """
    newest = told_until(facts)
    data_on = as_of if newest is None else min(as_of, newest)
    over = sorted((one for one in meetings if one.until <= data_on), key=lambda one: (one.on, one.team or ""))
    counted = over[-MOST_MEETINGS:]
    tables = [_cases(facts, meeting, data_on) for meeting in counted]
    told = ibis.memtable(pa.concat_tables(tables)) if tables else _none()
    found = discussed_deals(told, minimum_n=facts.settings.minimum_n)
    return {
        "as_of": as_of.isoformat(),
        "data_on": data_on.isoformat(),
        "meetings": len(counted),
        **asdict(found),
        **explained(
            "discussed_deals",
            said=[_said(found, facts.settings.minimum_n)],
            caveats=_caveats(found),
            would_change=_would_change(found),
        ),
    }


def _none() -> ibis.Table:
    kinds = {name: pa.string() for name in ("team", "pipeline", "stage")}
    kinds |= {"days_in_stage": pa.int64(), "amount": pa.float64(), "discussed": pa.bool_(), "moved": pa.bool_()}
    return ibis.memtable(pa.schema(list(kinds.items())).empty_table())


def _cases(facts: Facts, meeting: MeetingDay, data_on: date) -> pa.Table:
    """Run one meeting: its open deals with what became of them."""
    with ExitStack() as kept:
        then = in_one_currency(facts_on(facts, meeting.on), meeting.on)
        traits = deal_traits(then.deals, then.accounts, then.memberships, on=meeting.on)
        if meeting.team:
            traits = traits.filter(_.team == meeting.team)
        deals = kept.enter_context(traits.cache())
        later = facts_on(facts, min(meeting.until, data_on))
        found = open_at_meeting(
            deals,
            visits_on(facts, then, deals),
            visits_on(facts, later, later.deals.semi_join(deals, "deal_id")),
            on=meeting.on,
            until=meeting.until,
            discussed=meeting.deal_ids,
        )
        return found.to_pyarrow()


def _said(found: DiscussedDeals, minimum_n: int) -> Message:
    if found.difference is None or found.low is None or found.high is None:
        return Message(
            N_(
                "{n} discussed {n:deal has|deals have} a like that was not discussed: too few to "
                "compare, {least} are needed."
            ),
            {"n": found.discussed.matched, "least": minimum_n},
        )
    values = {
        "share": Rate(found.discussed.share or 0.0),
        "n": found.discussed.matched,
        "others": Rate(found.others.share or 0.0),
        "m": found.others.matched,
        "interval": Between(Points(found.low), Points(found.high)),
        "level": Rate(found.level),
    }
    if not found.told_apart:
        return Message(
            N_(
                "Discussed deals cannot be told apart from others alike: weighted to be alike, {share} of them "
                "moved on by the next meeting (n {n}) and of the others {others} (n {m}; "
                "{level} interval of the difference {interval})."
            ),
            values,
        )
    more = N_(
        "Discussed deals moved on more often than others alike: weighted to be alike, {share} of them "
        "by the next meeting (n {n}) and of the others {others} (n {m}; {level} interval of the difference {interval})."
    )
    less = N_(
        "Discussed deals moved on less often than others alike: weighted to be alike, {share} of them "
        "by the next meeting (n {n}) and of the others {others} (n {m}; {level} interval of the difference {interval})."
    )
    return Message(more if found.difference > 0 else less, values)


def _caveats(found: DiscussedDeals) -> list[Message]:
    said = [
        Message(
            N_(
                "This is no effect of the meeting: deals are discussed because they are at risk or about to close. "
                "Alike means the same team, stage, time in the stage and amount, and nothing more."
            )
        )
    ]
    alone = found.discussed.n - found.discussed.matched
    if alone:
        said.append(Message(N_("{n} discussed {n:deal has|deals have} no like and are left out."), {"n": alone}))
    return said


def _would_change(found: DiscussedDeals) -> list[Message]:
    if found.cases_needed is not None:
        return [
            Message(
                N_("If the difference stays as it is, {n} more discussed {n:deal|deals} would tell it from chance."),
                {"n": found.cases_needed},
            )
        ]
    return [] if found.told_apart else [Message(N_("More meetings may show a difference."))]
