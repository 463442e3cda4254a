"""What a meeting shows: the pack of its week, and the deals to talk about in their order, as of a day."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from bokgi.apps.access.asking import answers, today
from bokgi.apps.data.pending import write_pending
from bokgi.apps.reviews.models import Meeting
from bokgi.apps.reviews.pack import order, review_pack
from bokgi.apps.reviews.selectors import answers_told, commitments_to_check
from bokgi.domain.period import Period
from bokgi.questions.asked import Json
from bokgi.questions.deals import ALL, Where, list_deals

DEALS: Final = "deals"
TITLES: Final = "titles"
VERSIONS: Final = {DEALS: 1, TITLES: 1}
"""Blocks that stand beside the pack, with the version of their schema."""
SHOWN_DEALS: Final = 12
_LOOKED_AT: Final = 200


@dataclass(frozen=True)
class Shown:
    """What a meeting shows on a day: `pack` as documented by `review.schema.json`, `deals` as of `list_deals`.

    `titles` name the deals of what was agreed the time before, and of the wins and losses to tell.
    """

    as_of: date
    pack: Json
    deals: list[Json]
    titles: dict[str, str]

    @property
    def blocks(self) -> list[Json]:
        """Give what stands beside the pack, as a snapshot keeps it."""
        return [block(DEALS, self.deals), block(TITLES, self.titles)]


def block(name: str, result: Any) -> Json:  # noqa: ANN401 - any result
    """Give a block of a snapshot: name, version of its schema, result."""
    return {"name": name, "schema_version": VERSIONS[name], "result": result}


def pack_of(*, week: str, as_of: date, team: str = "") -> Json:
    """Give the pack of a week as of a day, of a team or everybody.

    Raises `NotFoundError` before the first import and for a team that is not there.
    """
    return answers().ask(review_pack, period=Period.week(week), as_of=as_of, team=team or None)


def pack_kept(*, week: str, as_of: date, team: str = "") -> bool:
    """Tell whether a pack is there already; else it takes as long as its data are large."""
    return answers().kept(review_pack, period=Period.week(week), as_of=as_of, team=team or None) is not None


def deals_of(pack: Json) -> list[Json]:
    """List the deals to talk about in the meeting: those of the stages that the pack points at, in their order.

    Without such a stage all open deals; `can_change` is 3 (much), 2 or 1 (little), see `pack.order.can_change`.
    """
    as_of, team = date.fromisoformat(pack["as_of"]), pack["team"]
    places = list(dict.fromkeys((stage["pipeline"], stage["stage"]) for stage in pack["standing"]))
    wheres = [Where(team=team, pipeline=pipeline, stage=stage) for pipeline, stage in places] or [Where(team=team)]
    found = []
    for where in wheres:
        answer = answers().ask(list_deals, as_of=as_of, where=where, order="attention", limit=_LOOKED_AT)
        found += answer["deals"]
    ordered = sorted(found, key=order.talked_about_first)
    return [deal | {"can_change": order.can_change(deal["reasons"])} for deal in ordered[:SHOWN_DEALS]]


def shown_now(meeting: Meeting, on: date | None = None) -> Shown:
    """Make what a meeting shows, as of a day or of today; corrections that wait are written into the facts first."""
    write_pending()
    on = on or today()
    pack = pack_of(week=meeting.week, as_of=on, team=meeting.team)
    named = {one.deal_id for one in commitments_to_check(meeting)} | {one.deal_id for _, one in answers_told(meeting)}
    return Shown(on, pack, deals_of(pack), _titles(named - {""}, on))


def _titles(deal_ids: set[str], on: date) -> dict[str, str]:
    if not deal_ids:
        return {}
    where = Where(outcome=ALL, deal_ids=tuple(sorted(deal_ids)))
    found = answers().ask(list_deals, as_of=on, where=where, limit=len(deal_ids))
    return {deal["deal_id"]: deal["title"] for deal in found["deals"]}
