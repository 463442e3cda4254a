"""How the open pipeline changed between two days, in parts that add up exactly, with the deals of each part."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any, Final

import ibis.expr.types as ir
from ibis import _

from bokgi.analysis.due_deals import FATES, due_deals
from bokgi.analysis.pipeline_change import pipeline_change
from bokgi.domain.measures import Rate
from bokgi.domain.messages import N_, Message
from bokgi.domain.money import Money
from bokgi.domain.period import read_date
from bokgi.domain.sentences import encoded
from bokgi.facts.model import Facts
from bokgi.questions.asked import Asked, Json, asked
from bokgi.questions.deals import ALL, Where, amount, listed
from bokgi.questions.moved import Inside, moves_of, on_the_eve, shifted, state_on, states

ADDS: Final = ("in", "change", "out")
MOVED: Final = ("stage_forward", "stage_back", "close_later", "close_sooner")
LEAST_KNOWN: Final = 0.1
"""Above this share of deals without a known amount, two sums are not compared."""
PUSHED: Final = "close_later"
"""What `pipeline_moves` calls a close date that was put off."""
_LEFT: Final = ("moved_out", "removed")
"""Parts of deals that are whose they were before."""
_SHOWN_DEALS: Final = 50
_ENOUGH_MOVES: Final = 10


@dataclass(frozen=True)
class Bridge:
    """Two states of the deals (`analysis.deal_traits`, amounts in one currency) and the days by whose end they held."""

    before: ir.Table
    after: ir.Table
    stages: ir.Table
    start_on: date
    end_on: date
    currency: str

    def money(self, amount: Decimal | None) -> Json | None:
        """Write an amount in the organisation's currency; null where none is known."""
        return None if amount is None else Money(Decimal(amount), self.currency).as_json()

    def told(self) -> Json:
        """Tell start, parts and end. The parts' amounts and counts add up to the difference.

        Keys: `start`, `end` `{on, count, amount, amount_unknown}`, `parts[]{code, count, deals, amount,
        amount_unknown}`, `difference` (null with `reason` where too many amounts or owners are unknown), `moved{}`,
        `sentence`.
        """
        rows = pipeline_change(self.before, self.after, self.stages).to_pyarrow().to_pylist()
        found = {row["part"]: row for row in rows}
        start, end = self._level(found.get("start")), self._level(found.get("end"))
        filled = found["owner_filled"]["deals"] if found else 0
        reason = "owners_unknown" if filled > LEAST_KNOWN * end["count"] else None
        if reason is None and not (_mostly_known(start) and _mostly_known(end)):
            reason = "amounts_unknown"
        comparable = reason is None
        said = self._sentence(start, end, comparable=comparable)
        if reason == "owners_unknown":
            said = self._unowned(end, filled)
        difference = Decimal(end["amount"]["amount"]) - Decimal(start["amount"]["amount"]) if comparable else None
        parts = [
            {
                "code": name,
                "count": row["deals_change"],
                "deals": row["deals"],
                "amount": self.money(row["amount_change"]),
                "amount_unknown": row["amount_unknown"],
            }
            for name, row in found.items()
            if row["kind"] in ADDS and row["deals"]
        ]
        return {
            "start": {"on": self.start_on.isoformat(), **start},
            "parts": parts,
            "end": {"on": self.end_on.isoformat(), **end},
            "difference": self.money(difference),
            "reason": reason,
            "moved": {name: found[name]["deals"] for name in MOVED if name in found},
            "sentence": encoded(said),
        }

    def _unowned(self, end: Json, unknown: int) -> Message:
        text = N_(
            "There are {end} open deals. Sums are not compared: the owners of {unknown} are not known as of {day}. "
            "Regular imports build this history."
        )
        return Message(text, {"end": end["count"], "unknown": unknown, "day": self.start_on})

    def _level(self, row: Mapping[str, Any] | None) -> Json:
        count, unknown, amount = (
            (0, 0, Decimal(0))
            if row is None
            else (row["deals_change"], row["amount_unknown"], Decimal(row["amount_change"]))
        )
        known = count == 0 or unknown < count
        return {"count": count, "amount": self.money(amount) if known else None, "amount_unknown": unknown}

    def _sentence(self, start: Json, end: Json, *, comparable: bool) -> Message:
        if comparable:
            values = {name: _worth(level["amount"]) for name, level in (("start", start), ("end", end))}
            if values["start"] == values["end"]:
                return Message(N_("The open pipeline is what it was: {end}."), values)
            return Message(N_("The open pipeline went from {start} to {end}."), values)
        counts = {"start": start["count"], "end": end["count"]}
        text = N_(
            "There were {start} open deals and are {end}. Sums are not compared: {unknown} "
            "{unknown:amount is|amounts are} not known as of {day}. Regular imports build this history."
        )
        if counts["start"] == counts["end"]:
            text = N_(
                "There are {end} open deals, as many as before. Sums are not compared: {unknown} "
                "{unknown:amount is|amounts are} not known as of {day}. Regular imports build this history."
            )
        level, day = (end, self.end_on) if _mostly_known(start) else (start, self.start_on)
        return Message(text, {**counts, "unknown": level["amount_unknown"], "day": day})


def _mostly_known(level: Json) -> bool:
    return level["amount"] is not None and level["amount_unknown"] <= LEAST_KNOWN * level["count"]


def _worth(amount: Mapping[str, str]) -> Money:
    return Money(Decimal(amount["amount"]), amount["currency"])


def tell_pipeline_change(
    facts: Facts,
    *,
    as_of: date,
    start: date | None = None,
    team: str | None = None,
    pipeline: str | None = None,
    person: str | None = None,
    owners: tuple[str, ...] | None = None,
) -> Json:
    """Tell what made the open pipeline grow or shrink from the day before `start` to the end of `as_of`.

    Reads all facts of a lake version. `start` is the first day of the change (seven days without one). With `team`
    the deals that are the team's on each of the two days, with `pipeline` those in that pipeline, with `person` the
    person's; what went over to others, or came from them, is a part of its own. With `owners` only deals of these
    people, and no other is listed, wherever it went.

    Gives the bridge (`Bridge.told`) with `people[]{person_id, team, deals, amount}` of each part (who has how many of
    its deals, in which team they count, what they add; of what went to others and of what is gone, who had them),
    `deals{part: [rows]}` (the largest
    first, at most 50; `change` is what the deal adds to the part), `pushed[]` (rows of deals whose close date was
    put off, from `due_before`), `eve{on, count, of, deals[]}` (the last day on which stages or dates moved, how
    many of the moves were made on it, and of which deals: rows with `stage_before`, `due_before`, null where that
    did not move), `due{period, due, won, slipped …, slippage, reason}` (what became of the deals due in this
    quarter since it began), `said[]`, `caveats[]`; see
    `docs/reference/pipeline.schema.json`. Raises `NotFoundError` for an unknown team or pipeline.
    """
    first = start or as_of - timedelta(days=6)
    with asked(facts, as_of=as_of) as here:
        inside = Inside(team=team, pipeline=pipeline, person=person, owners=owners)
        inside.check(here)
        before, after = states(here, first, inside)
        day_before = first - timedelta(days=1)
        bridge = Bridge(before, after, here.facts.stages, day_before, as_of, here.facts.settings.currency)
        told = bridge.told()
        moves = moves_of(here, before, after)
        moved = shifted(here, moves)
        pushed = [row for row in moved if row["date_moved"] == PUSHED][:_SHOWN_DEALS]
        on, eve = on_the_eve(moved)
        parts = _largest(moves, [part["code"] for part in told["parts"]])
        people = _people(here, moves, before, after)
        shown = [deal_id for pairs in parts.values() for deal_id, _change in pairs]
        shown += [row["deal_id"] for row in (*pushed, *eve[:_SHOWN_DEALS])]
        known = _known(here, shown, owners)
        last = {
            "on": None if on is None else on.isoformat(),
            "count": len(eve),
            "of": sum(row["on"] is not None for row in moved),
            "deals": [
                known[key] | _before(here, row) for row in eve[:_SHOWN_DEALS] if (key := row["deal_id"]) in known
            ],
        }
        due = _due(here, inside)
        return {
            "as_of": as_of.isoformat(),
            "period": {"start": first.isoformat(), "end": (as_of + timedelta(days=1)).isoformat()},
            "team": team,
            "pipeline": pipeline,
            "person": person,
            **told,
            "parts": [part | {"people": people.get(part["code"], [])} for part in told["parts"]],
            "deals": {
                part: [known[key] | {"change": amount(here, change)} for key, change in pairs if key in known]
                for part, pairs in parts.items()
            },
            "pushed": [
                known[key] | {"due_before": row["due_before"].isoformat()}
                for row in pushed
                if (key := row["deal_id"]) in known
            ],
            "eve": last,
            "due": due,
            "said": [told["sentence"], *[encoded(message) for message in (*_eve_said(last), *_due_said(due))]],
            "caveats": [encoded(message) for message in _caveats(told["parts"])],
        }


def _caveats(parts: Iterable[Json]) -> list[Message]:
    """Say what a part may be mistaken for."""
    there = {part["code"] for part in parts}
    found = []
    if "amount_filled" in there:
        found.append(Message(N_("An amount that was filled in is no growth: it was there, but unknown.")))
    if "closed_undated" in there:
        text = N_(
            "A deal that closed on an unknown day leaves the open pipeline when an export first shows it closed; "
            "it counts as won or lost in no period."
        )
        found.append(Message(text))
    return found


def _largest(moves: ir.Table, parts: Iterable[str]) -> dict[str, list[tuple[str, Decimal | None]]]:
    """Choose the deals of each part to list, with what each adds to it: the largest first."""
    columns = ["deal_id", "came", "changed", "went", "amount_before", "amount_after"]
    rows = moves.select(*columns).to_pyarrow()
    by_part: dict[str, list[tuple[str, Decimal | None]]] = {}
    for deal_id, came, changed, went, old, new in zip(*(rows[name].to_pylist() for name in columns), strict=True):
        latest = new if new is not None else old
        if came is not None:
            by_part.setdefault(came, []).append((deal_id, latest))
        if changed is not None:
            by_part.setdefault(changed, []).append((deal_id, (new or Decimal(0)) - (old or Decimal(0))))
        if went is not None:
            by_part.setdefault(went, []).append((deal_id, None if latest is None else -latest))
    return {
        part: sorted(by_part.get(part, []), key=lambda pair: (-abs(pair[1] or Decimal(0)), pair[0]))[:_SHOWN_DEALS]
        for part in parts
    }


def _people(here: Asked, moves: ir.Table, before: ir.Table, after: ir.Table) -> dict[str, list[Json]]:
    """Give by part who has how many of its deals, in which team, and what they add; deals of nobody are left out."""
    states = [
        deals.select("deal_id", **{f"owner_{name}": deals.owner_id, f"team_{name}": deals.team})
        for name, deals in (("before", before), ("after", after))
    ]
    owned = moves.select("deal_id", "came", "changed", "went", "amount_before", "amount_after")
    for state in states:
        owned = owned.left_join(state, "deal_id", rname="of_{name}").drop("of_deal_id")
    found: dict[str, dict[tuple[str, str | None], tuple[int, Decimal]]] = {}
    for row in owned.drop("deal_id").to_pyarrow().to_pylist():
        old, new = row["amount_before"], row["amount_after"]
        latest = new if new is not None else old or Decimal(0)
        adds = {"came": latest, "changed": (new or Decimal(0)) - (old or Decimal(0)), "went": -latest}
        for way, added in adds.items():
            first, second = ("before", "after") if row[way] in _LEFT else ("after", "before")
            day = first if row[f"owner_{first}"] is not None else second
            if row[way] is not None and row[f"owner_{day}"] is not None:
                whose = found.setdefault(row[way], {})
                deals, so_far = whose.get(who := (row[f"owner_{day}"], row[f"team_{day}"]), (0, Decimal(0)))
                whose[who] = (deals + 1, so_far + added)
    return {
        part: [
            {"person_id": person, "team": team, "deals": deals, "amount": here.money(float(added))}
            for (person, team), (deals, added) in sorted(whose.items(), key=lambda one: str(one[0]))
        ]
        for part, whose in found.items()
    }


def _known(here: Asked, deal_ids: Iterable[str], owners: tuple[str, ...] | None) -> dict[str, Json]:
    """Give the rows of deals by their keys; a deal that went to somebody else since is not among those of `owners`."""
    keys = tuple(sorted(set(deal_ids)))
    where = Where(outcome=ALL, deal_ids=keys, owners=owners)
    return {row["deal_id"]: row for row in listed(here, where, limit=len(keys))["deals"]} if keys else {}


def _before(here: Asked, row: Mapping[str, Any]) -> Json:
    """Tell what moved, as it was before."""
    return {
        "stage_before": None if row["stage_moved"] is None else here.stage_label(row["stage_before"]),
        "due_before": None if row["date_moved"] is None else row["due_before"].isoformat(),
    }


def _eve_said(eve: Json) -> list[Message]:
    """Mention moves on one day only where they are more than half of ten or more."""
    if eve["of"] < _ENOUGH_MOVES or 2 * eve["count"] <= eve["of"]:
        return []
    values = {"n": eve["count"], "of": eve["of"], "day": read_date(eve["on"])}
    return [Message(N_("{n} of {of} moves of stage or close date were made on {day} alone."), values)]


def _due(here: Asked, inside: Inside) -> Json:
    """Tell what became of the deals that were due in this quarter when it began, whoever has them now."""
    quarter = here.facts.settings.quarter_of(here.as_of)
    before = inside.of(state_on(here, quarter.start - timedelta(days=1)))
    before = before.filter(_.inside) if "inside" in before.columns else before
    minimum = here.facts.settings.minimum_n
    rows = due_deals(before, here.deals, period=quarter, minimum_n=minimum).to_pyarrow().to_pylist()
    told: Json = {"period": {"start": quarter.start.isoformat(), "end": quarter.end.isoformat()}}
    found = rows[0] if rows else {}
    counts = {name: found.get(name, 0) for name in ("due", *FATES)}
    return told | counts | {"slippage": found.get("slippage"), "reason": found.get("reason", "too_few")}


def _due_said(due: Json) -> list[Message]:
    if due["slippage"] is None:
        return []
    values = {"n": due["slipped"], "due": due["due"], "share": Rate(due["slippage"])}
    return [
        Message(
            N_("Of {due} {due:deal|deals} due this quarter when it began, {n} ({share}) are now due after it."), values
        )
    ]
