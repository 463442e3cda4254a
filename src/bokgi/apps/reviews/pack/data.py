"""The head of the review: what was imported, how old it is, what waits in quarantine, what is not known."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import date
from typing import Any, Final
from zoneinfo import ZoneInfo

import ibis.expr.types as ir
from ibis import _

from bokgi.analysis.visits import off_ladder
from bokgi.apps.reviews.pack.scope import Scope, rows
from bokgi.domain.findings import Severity
from bokgi.domain.messages import N_, Message
from bokgi.domain.sentences import encoded
from bokgi.domain.stage import Outcome
from bokgi.facts.ledger import Import
from bokgi.questions.newest import QUIET_DAYS, newest_day

_STALE_DAYS: Final = 7
_SHOWN_NAMES: Final = 3
_MATTERS: Final = ("amount", "owner_id", "expected_close_on", "has_next_step")


def data(scope: Scope) -> dict[str, Any]:
    """Tell the state of the data as of the review's day."""
    facts = scope.facts
    is_open = _.outcome == Outcome.OPEN.value
    counted = scope.deals.agg(
        deals=_.count(),
        open=_.count(where=is_open),
        no_owner=_.count(where=is_open & _.owner_id.isnull()),
        no_stage=_.count(where=is_open & _.stage.isnull()),
        created_on=_.created_on.max(),
        closed_on=_.closed_on.max(),
        **{name: _.count(where=is_open & _.unknown_then.contains(f",{name},")) for name in _MATTERS},
    )
    numbers = rows(counted)[0]
    zone = ZoneInfo(facts.settings.time_zone)
    committed = [found for found in scope.read.imports if found.kind != "setup"]
    told = [_import(found, zone) for found in committed]
    days = [row["exported_on"] for row in told if row["exported_on"] is not None]
    exported_on = max(days, default=None)
    age = None if exported_on is None else (scope.as_of - date.fromisoformat(exported_on)).days
    quarantined = _count(facts.waiting)
    unknown = {name: numbers[name] for name in _MATTERS}
    found = _findings(scope, numbers, age, quarantined, unknown)
    found += _ended(scope, numbers)
    return {
        "deals": numbers["deals"],
        "open": numbers["open"],
        "imports": told,
        "exported_on": exported_on,
        "age_days": age,
        "quarantined": quarantined,
        "unknown_then": {name: count for name, count in unknown.items() if count},
        "state": [encoded(message) for message in _state(told, numbers, exported_on)],
        "findings": found,
    }


def _count(table: ir.Table) -> int:
    return int(table.count().to_pyarrow().as_py())


def _import(found: Import, zone: ZoneInfo) -> dict[str, Any]:
    exported = found.exported_at
    return {
        "import_no": found.import_no,
        "source": found.source,
        "kind": found.kind,
        "files": [file["name"] for file in json.loads(found.files)],
        "exported_on": None if exported is None else exported.astimezone(zone).date().isoformat(),
        "exported_at_origin": found.exported_at_origin,
        "read": found.read,
        "accepted": found.accepted,
        "quarantined": found.quarantined,
        "known": found.known,
    }


def _state(imports: Sequence[dict[str, Any]], numbers: dict[str, int], exported_on: str | None) -> list[Message]:
    deals = Message(
        N_("{deals} deals are known, {open} of them open."), {"deals": numbers["deals"], "open": numbers["open"]}
    )
    if not imports:
        return [deals]
    names = sorted({name for found in imports for name in found["files"]})
    files: dict[str, object] = {"n": len(names)}
    if exported_on is None:
        return [Message(N_("{n} file was imported."), files, plural=N_("{n} files were imported.")), deals]
    files["day"] = date.fromisoformat(exported_on)
    exported = Message(N_("{n} file, exported on {day}."), files, plural=N_("{n} files, the last exported on {day}."))
    return [exported, deals]


def _findings(
    scope: Scope, numbers: dict[str, int], age: int | None, quarantined: int, unknown: dict[str, int]
) -> list[dict[str, Any]]:
    """Say what changes how the figures read."""
    found: list[tuple[str, Severity, int, Message]] = []

    def add(code: str, count: int, msgid: str, severity: Severity = Severity.WARNING, **values: object) -> None:
        found.append((code, severity, count, Message(msgid, {"n": count, **values})))

    if age is not None and age > _STALE_DAYS:
        add("data_old", age, N_("The last export is {n} {n:day|days} old; what happened since is missing."))
    if age is not None and age < 0:
        add(
            "as_of_past",
            -age,
            N_("The facts are shown as they had happened by then; values that were edited later are left out."),
            Severity.INFO,
        )
    if quarantined:
        add(
            "quarantined",
            quarantined,
            N_("{n} {n:row waits|rows wait} in quarantine and {n:counts|count} nowhere."),
        )
    if numbers["no_owner"]:
        add("owner_missing", numbers["no_owner"], N_("{n} open {n:deal has|deals have} no owner."))
    if numbers["no_stage"]:
        add(
            "stage_missing",
            numbers["no_stage"],
            N_(
                "{n} open {n:deal stands|deals stand} in no stage and {n:is|are} missing from the funnel; export the "
                "column with the stage (in HubSpot: Deal Stage) and import again, or set the stage on the deal."
            ),
        )
    if unknown["amount"]:
        add(
            "amount_unknown_then",
            unknown["amount"],
            N_("{n} of {open} open deals have no amount known on that date."),
            open=numbers["open"],
        )
    for currency, count in scope.without_rate.items():
        add(
            "rate_missing",
            count,
            N_("{n} {n:deal|deals} in {currency} {n:has|have} no exchange rate; {n:it stays|they stay} out of sums."),
            currency=currency,
        )
    lost = rows(off_ladder(scope.facts.stage_events, scope.facts.stages).limit(_SHOWN_NAMES))
    if lost:
        names = ", ".join(row["stage"] for row in lost)
        add(
            "stage_unknown",
            sum(row["events"] for row in lost),
            N_("{n} {n:entry|entries} into unknown stages {n:is|are} passed over: {names}"),
            names=names,
        )
    return [_finding(code, severity, count, message) for code, severity, count, message in found]


def _ended(scope: Scope, numbers: dict[str, Any]) -> list[dict[str, Any]]:
    """Say that there are no deals at all, or that the data end long before the review's day."""
    if not numbers["deals"]:
        return [_finding("no_deals", Severity.WARNING, 0, _without_deals(scope))]
    last = _last_day(scope, [numbers["created_on"], numbers["closed_on"]])
    if last is None or (scope.as_of - last).days <= QUIET_DAYS:
        return []
    text = N_(
        "The last thing that these data tell of happened on {day}; nothing is known of the {n} days since. "
        "A review of that day's week has more to say."
    )
    days = (scope.as_of - last).days
    return [_finding("data_end", Severity.WARNING, days, Message(text, {"day": last, "n": days}))]


def _without_deals(scope: Scope) -> Message:
    """Say why there is no deal to review: the team has none, there were none yet on that day, or none was imported."""
    if _count(scope.facts.deals):
        return Message(N_("{team} has no deals as of {day}."), {"team": scope.team, "day": scope.as_of})
    if not _count(scope.read.deals):
        return Message(N_("There are no deals yet. A review is about deals: import the deals that the CRM exports."))
    first = scope.read.deals.created_on.min().to_pyarrow().as_py()
    if first is None:
        return Message(N_("As of {day} no deal was known yet."), {"day": scope.as_of})
    text = N_("As of {day} no deal was known yet: the first was created on {first}. Name a later week.")
    return Message(text, {"day": scope.as_of, "first": first})


def _last_day(scope: Scope, of_deals: Sequence[date | None]) -> date | None:
    """Find the last day on which anything happened; histories are asked only where deals do not show it."""
    last = max((on for on in of_deals if on is not None), default=None)
    if last is not None and (scope.as_of - last).days <= QUIET_DAYS:
        return last
    return newest_day(scope.facts, scope.as_of)


def _finding(code: str, severity: Severity, count: int, message: Message) -> dict[str, Any]:
    return {"code": code, "severity": severity.value, "count": count, "sentence": encoded(message)}
