"""Reads of definitions: the rows of a table, who may see which, and what a change would touch."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from decimal import Decimal
from typing import Any, Final

from ibis import _

from bokgi.apps.access.asking import answers
from bokgi.apps.access.permissions import Role
from bokgi.apps.pipeline.selectors import WHOLE, Screen
from bokgi.apps.planning.editors import Editor
from bokgi.apps.planning.rules import ALL, Row, holds
from bokgi.domain.errors import NotFoundError
from bokgi.domain.messages import N_, Message
from bokgi.domain.money import Money
from bokgi.domain.period import Period
from bokgi.facts.model import Facts
from bokgi.facts.schema import TABLES
from bokgi.questions.people import people_by_name

KEEPERS: Final = frozenset({Role.ADMIN, Role.LEADER})


def facts() -> Facts | None:
    """Give the facts of this home; null before the first import."""
    try:
        return answers().facts()
    except NotFoundError:
        return None


def rows_of(found: Facts, editor: Editor) -> list[Row]:
    """List all rows of a table of definitions, in the order of their keys; calendar days only those with a name."""
    table = getattr(found, editor.table)
    if editor.table == "calendar":
        weekend = _.day.day_of_week.index() >= 5  # noqa: PLR2004 - Saturday
        table = table.filter(_.holiday.notnull() | (_.working == weekend))
    columns = [column.name for column in TABLES[editor.table].own_columns]
    order = dict.fromkeys(_ORDERS.get(editor.table, ()) + TABLES[editor.table].key)
    rows: list[Row] = table.select(columns).order_by(*order).to_pyarrow().to_pylist()
    return rows


def days_between(found: Facts, start: date, end: date) -> list[Row]:
    """List the days of the calendar from `start` up to but not including `end`, in their order."""
    columns = [column.name for column in TABLES["calendar"].own_columns]
    shown = found.calendar.filter((_.day >= start) & (_.day < end)).select(columns).order_by("day")
    rows: list[Row] = shown.to_pyarrow().to_pylist()
    return rows


_ORDERS: Final[Mapping[str, tuple[str, ...]]] = {
    "stages": ("pipeline", "stage_order"),
    "targets": ("period_start", "period_end", "subject_kind"),
    "memberships": ("team", "role"),
}
"""How lists of a table begin, before its key."""


def key_of(editor: Editor, row: Row) -> str:
    """Write the key of a row for an address."""
    values = [row[name] for name in TABLES[editor.table].key]
    return json.dumps([one.isoformat() if isinstance(one, date) else one for one in values], ensure_ascii=False)


def row_of(editor: Editor, rows: Sequence[Row], key: str) -> Row:
    """Find a row by its key. Raises `NotFoundError` (`definition_unknown`) where it is gone."""
    found = next((row for row in rows if key_of(editor, row) == key), None)
    if found is None:
        raise NotFoundError("definition_unknown", Message(N_("What you want to change is not there any more.")))
    return found


def digest(row: Row | None) -> str:
    """Give a mark of a row, to see whether it changed between looking and saving."""
    return hashlib.sha256(json.dumps(row, default=str, sort_keys=True).encode()).hexdigest()[:16]


def may_edit(screen: Screen) -> bool:
    """Say whether the person who looks may set definitions."""
    return screen.viewer.role in KEEPERS


def seen(screen: Screen, editor: Editor, rows: Sequence[Row]) -> list[Row]:
    """Keep the rows that the person who looks may see: those about a person only where that person's rows are shown."""
    if editor.table == "memberships":
        return [row for row in rows if screen.viewer.sees_person(row["person_id"])]
    if editor.table == "targets":
        return [row for row in rows if _sees_target(screen, row)]
    return list(rows)


def hides_people(screen: Screen, editor: Editor) -> bool:
    """Tell whether a table holds rows of people that the person who looks may not see."""
    return editor.table in {"memberships", "targets"} and len(screen.people) < len(screen.roster)


def _sees_target(screen: Screen, row: Row) -> bool:
    if row["subject_kind"] == "person":
        return screen.viewer.sees_person(row["subject_id"])
    return (WHOLE if row["subject_kind"] == "organisation" else row["subject_id"]) in screen.shown


def choices(screen: Screen, found: Facts, editor: Editor) -> dict[str, list[tuple[str, str]]]:
    """Give what the selects of a form take, where it is not fixed."""
    if editor.table == "memberships":
        people = list(people_by_name(found).items())
        return {"person_id": people, "manager_id": people}
    if editor.table == "targets":
        told = [("organisation:all", screen.say(N_("Everybody")))]
        told += [(f"team:{team}", team) for team in teams(found)]
        told += [(f"person:{key}", name) for key, name in people_by_name(found).items()]
        return {"subject": told}
    return {}


def teams(found: Facts) -> list[str]:
    """List the teams that ever were."""
    return sorted(found.memberships.filter(_.team.notnull()).select("team").distinct().to_pyarrow()["team"].to_pylist())


def suggestions(found: Facts, editor: Editor) -> dict[str, list[str]]:
    """Give texts that are used already, for fields that take any text."""
    listed: dict[str, list[str]] = {}
    for name, table in _SUGGESTED.get(editor.table, {}).items():
        column = getattr(found, table[0])[table[1]]
        rows = getattr(found, table[0]).filter(column.notnull()).select(value=column).distinct().to_pyarrow()
        listed[name] = sorted(value for value in rows["value"].to_pylist() if value != ALL)
    return listed


_SUGGESTED: Final[Mapping[str, Mapping[str, tuple[str, str]]]] = {
    "stages": {"pipeline": ("stages", "pipeline")},
    "targets": {"lead_source": ("deals", "source")},
    "standards": {"role": ("memberships", "role"), "stage": ("stages", "stage")},
    "memberships": {"team": ("memberships", "team"), "role": ("memberships", "role")},
    "rates": {"currency": ("deals", "currency")},
}


# ---------------------------------------------------------------- what a change would touch


def touched(
    found: Facts, editor: Editor, before: Row | None, after: Row, start: date, today: date, *, ending: bool = False
) -> list[Message]:
    """Say what a change, or the end of what is set, does: to which figures, from when on, and what stays."""
    told = []
    if ending:
        told.append(Message(N_("Figures of the days before {day} stay as they are."), {"day": start}))
    elif editor.dated:
        told.append(Message(N_("From {day} on it holds; figures of the days before stay as they are."), {"day": start}))
    if editor.dated and start <= today:
        told.append(Message(N_("Figures that look at the days since {day} are computed anew."), {"day": start}))
    said = _ENDED.get(editor.table) if ending else None
    told += (said or _TOUCHED[editor.table])(found, before, after, start)
    return told


def _stage(found: Facts, before: Row | None, after: Row, start: date) -> list[Message]:
    del start
    n = _count(
        found.deals.filter((_.outcome == "open") & (_.pipeline == after["pipeline"]) & (_.stage == after["stage"]))
    )
    told = [Message(N_("{n} open deals stand in this stage now."), {"n": n})]
    if before is not None and (before["stage_order"], before["kind"]) != (after["stage_order"], after["kind"]):
        told.append(Message(N_("Funnels of past and present are read on the newest order of stages.")))
    return told


def _target(found: Facts, before: Row | None, after: Row, start: date) -> list[Message]:
    del start
    currency = found.settings.currency
    same = [
        row
        for row in found.targets.filter(
            (_.metric == after["metric"])
            & (_.period_start == after["period_start"])
            & (_.period_end == after["period_end"])
            & (_.lead_source == after["lead_source"])
        )
        .to_pyarrow()
        .to_pylist()
        if before is None or (row["subject_kind"], row["subject_id"]) != (before["subject_kind"], before["subject_id"])
    ]
    told = []
    if after["currency"] is not None:
        sums = {
            kind: sum((row["amount"] for row in [*same, after] if row["subject_kind"] == kind), Decimal(0))
            for kind in ("organisation", "team", "person")
        }
        for kind, text in _SUMS.items():
            if sums[kind]:
                told.append(Message(text, {"amount": Money(sums[kind], currency).rounded()}))
    if before is not None:
        told.append(
            Message(
                N_(
                    "The target of this period is replaced, in what has passed of it, too; the old one stays in the "
                    "imports."
                )
            )
        )
    return told


_SUMS: Final = {
    "organisation": N_("The target of everybody is then {amount}."),
    "team": N_("The targets of the teams then add up to {amount}."),
    "person": N_("The targets of the people then add up to {amount}."),
}


def _standard(found: Facts, before: Row | None, after: Row, start: date) -> list[Message]:
    del before
    return [Message(N_("It asks {n} people."), {"n": _asked_of(found, after, start)})]


def _standard_ended(found: Facts, before: Row | None, after: Row, start: date) -> list[Message]:
    del before
    return [Message(N_("It asks {n} people no more."), {"n": _asked_of(found, after, start)})]


def _asked_of(found: Facts, standard: Row, start: date) -> int:
    held = found.memberships.to_pyarrow().to_pylist()
    return len({row["person_id"] for row in held if holds(row, start) and standard["role"] in {ALL, row["role"]}})


def _membership(found: Facts, before: Row | None, after: Row, start: date) -> list[Message]:
    told = []
    if before is not None and before["team"] != after["team"]:
        last = start - timedelta(days=1)
        told.append(
            Message(N_("What closed up to {day} stays with {team}."), {"day": last, "team": before["team"] or "–"})
        )
    if before is None or before["team"] != after["team"]:
        told.append(Message(N_("{n} open deals go along."), {"n": _open_of(found, after)}))
    if after["left_on"] is not None:
        told.append(Message(N_("The open deals keep their owner until the CRM gives them another one.")))
    return told


def _membership_ended(found: Facts, before: Row | None, after: Row, start: date) -> list[Message]:
    del before, start
    return [Message(N_("{n} open deals then leave the team."), {"n": _open_of(found, after)})]


def _open_of(found: Facts, membership: Row) -> int:
    return _count(found.deals.filter((_.owner_id == membership["person_id"]) & (_.outcome == "open")))


def _calendar(found: Facts, before: Row | None, after: Row, start: date) -> list[Message]:
    del start
    month = Period.month_of(after["day"])
    days = found.calendar.filter((_.day >= month.start) & (_.day < month.end))
    there = {row["day"]: row["working"] for row in days.select("day", "working").to_pyarrow().to_pylist()}
    was = sum(there.values())
    now = sum({**there, after["day"]: after["working"]}.values())
    del before
    return [
        Message(N_("{month} then has {now} working days; it had {was}."), {"month": month, "now": now, "was": was}),
        Message(N_("Progress, standards and days without a touch count with it, in what has passed, too.")),
        Message(N_("The weekly reviews that are planned follow it, too; those whose day somebody chose stay.")),
    ]


def _rate(found: Facts, before: Row | None, after: Row, start: date) -> list[Message]:
    del before, start
    month = Period.month_of(after["month"])
    deals = found.deals.filter(_.amount.notnull() & (_.currency == after["currency"]))
    closed = deals.filter((_.closed_on >= month.start) & (_.closed_on < month.end))
    values = {"n": _count(closed), "open": _count(deals.filter(_.outcome == "open")), "currency": after["currency"]}
    values |= {"month": month}
    return [
        Message(
            N_(
                "{n} deals in {currency} closed in {month}; {open} are open and count at the rate of the month "
                "one looks at."
            ),
            values,
        )
    ]


_TOUCHED: Final = {
    "stages": _stage,
    "targets": _target,
    "standards": _standard,
    "memberships": _membership,
    "calendar": _calendar,
    "rates": _rate,
}
_ENDED: Final = {"standards": _standard_ended, "memberships": _membership_ended}


def _count(table: Any) -> int:  # noqa: ANN401 - any Ibis table
    return int(table.count().to_pyarrow().as_py())
