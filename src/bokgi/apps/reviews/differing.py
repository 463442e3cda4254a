"""Why a past meeting's figures are different today: what came into the facts since, and what that made of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any, Final

from bokgi.apps.reviews.models import Snapshot
from bokgi.apps.reviews.pack import SCHEMA_VERSION
from bokgi.domain.measures import Rate
from bokgi.domain.messages import N_, Message
from bokgi.domain.money import Money
from bokgi.facts.ledger import Import

Json = Mapping[str, Any]


def _week(what: str, value: str) -> Callable[[Json], object]:
    def read(pack: Json) -> object:
        found = pack["execution_total"]["this_week"][what][value]
        return _worth(found) if value == "amount" else found

    return read


def _worth(found: Json | None) -> Money | None:
    return None if found is None else Money(Decimal(found["amount"]), found["currency"])


def _bottleneck(pack: Json) -> object:
    found = pack["bottlenecks"]
    if not found:
        return None
    return " · ".join(part for part in (found[0]["team"], found[0]["label"]) if part)


def _target(pack: Json) -> object:
    found = pack["progress"]["targets"]
    return None if not found or found[0]["share"] is None else Rate(found[0]["share"])


FIGURES: Final[tuple[tuple[str, Callable[[Json], object]], ...]] = (
    (N_("Deals won in the week"), _week("won", "count")),
    (N_("Amount won in the week"), _week("won", "amount")),
    (N_("Deals lost in the week"), _week("lost", "count")),
    (N_("New deals in the week"), _week("created", "count")),
    (N_("Open deals"), _week("open", "count")),
    (N_("Amount of open deals"), _week("open", "amount")),
    (N_("Progress to the goal"), _target),
    (N_("Bottleneck"), _bottleneck),
    (N_("Activities in the week"), lambda pack: sum(pack["execution_total"]["this_week"]["activities"].values())),
)
"""The main figures of a review: name, and how it is read from a pack."""


def differences(then: Json, now: Json) -> list[Message]:
    """Say which main figures differ, each in a sentence; both packs are as of the same day.

    >>> def pack(won: int) -> dict[str, Any]:
    ...     flow = {"count": won, "amount": None}
    ...     week = {name: flow for name in ("won", "lost", "created", "open")} | {"activities": {}}
    ...     return {"execution_total": {"this_week": week}, "progress": {"targets": []}, "bottlenecks": []}
    >>> [message.text("en") for message in differences(pack(3), pack(3))]
    []
    >>> differences(pack(3), pack(4))[0].text("en")
    'Deals won in the week: 3 then, 4 today.'
    """
    told = []
    for name, read in FIGURES:
        try:
            before, after = read(then), read(now)
        except KeyError:  # a review of another form does not have this figure
            continue
        if before != after:
            nothing = Message(N_("none"))
            values = {"figure": Message(name), "before": before or _zero(before, nothing)}
            told.append(
                Message(
                    N_("{figure}: {before} then, {after} today."), values | {"after": after or _zero(after, nothing)}
                )
            )
    return told


def _zero(value: object, nothing: Message) -> object:
    return nothing if value is None else value


_NOTHING: Final[tuple[Import | None, bool]] = (None, False)


def _counting(imports: tuple[Import, ...]) -> dict[int, tuple[Import, bool]]:
    """Give each import, and whether it counts: one that an undo judged again is the same, under another number."""
    known = {one.import_no: one for one in imports}
    found: dict[int, tuple[Import, bool]] = {}
    for one in imports:
        first = one
        while first.replays is not None:
            first = known[first.replays]
        found[first.import_no] = (first, one.committed or found.get(first.import_no, _NOTHING)[1])
    return found


def causes(then: tuple[Import, ...], now: tuple[Import, ...], snapshot: Snapshot) -> list[Message]:
    """Say what happened to the facts since a meeting: imports, undone ones, corrections, another form of the review."""
    before, after = _counting(then), _counting(now)
    new = [one.kind for one, counts in after.values() if counts and not before.get(one.import_no, _NOTHING)[1]]
    gone = [number for number, (_one, counts) in before.items() if counts and not after[number][1]]
    passed = [
        one for one, counts in after.values() if one.kind == "file" and not counts and one.import_no not in before
    ]
    files = new.count("file")
    entered = sum(1 for kind in new if kind not in {"file", "setup", "erasure"})
    told = []
    if files:
        told.append(Message(N_("{n} import came in since."), {"n": files}, plural=N_("{n} imports came in since.")))
    if entered:
        told.append(
            Message(
                N_("Corrections were written {n} time since."),
                {"n": entered},
                plural=N_("Corrections were written {n} times since."),
            )
        )
    if gone:
        told.append(
            Message(
                N_("{n} import was taken back since."),
                {"n": len(gone)},
                plural=N_("{n} imports were taken back since."),
            )
        )
    if passed:
        told.append(
            Message(
                N_("{n} import came in since and was taken back."),
                {"n": len(passed)},
                plural=N_("{n} imports came in since and were taken back."),
            )
        )
    if "erasure" in new:
        told.append(Message(N_("Somebody's data was erased since.")))
    if snapshot.schema_version != SCHEMA_VERSION:
        told.append(Message(N_("The review is made in another way since.")))
    return told
