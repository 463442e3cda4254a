"""Writes of definitions: each is an import of kind `entered`, with who and when, that can be taken back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

import ibis
import pyarrow as pa
from django.conf import settings
from django.db import transaction

from bokgi.apps.access.first_run import IN_THE_FACTS
from bokgi.apps.access.models import Organisation, User
from bokgi.apps.access.services import audit
from bokgi.domain.errors import UsageError
from bokgi.domain.messages import N_, Message
from bokgi.facts.engine import connect
from bokgi.facts.lake import Lake
from bokgi.facts.read import facts
from bokgi.facts.schema import TABLES
from bokgi.facts.settings import Settings
from bokgi.intake.entering import enter
from bokgi.intake.writing.home import holidays_from, renewed_calendar


def definitions_enter(*, tables: Mapping[str, Sequence[Mapping[str, Any]]], by: User, at: datetime) -> int:
    """Write rows of definitions into the facts and give the number of the import.

    `tables`: table → rows with all columns. Raises `UsageError` (`nothing_changed`) where everything stands there
    already, and `ConflictError` (`lake_busy`) while an import is at work.
    """
    arrow = {name: _arrow(name, rows) for name, rows in tables.items() if rows}
    entered = enter(
        Lake.open(settings.HOME, create=True), arrow, by=f"user {by.pk}", at=at, source=next(iter(arrow), "settings")
    )
    if entered.import_no is None:
        raise UsageError("nothing_changed", Message(N_("That is what stands there already.")))
    details = {name: len(rows) for name, rows in tables.items()}
    audit(by=by, action="definitions_enter", subject=f"import {entered.import_no}", details=details)
    return entered.import_no


def _arrow(name: str, rows: Sequence[Mapping[str, Any]]) -> pa.Table:
    columns = TABLES[name].own_columns
    schema = pa.schema([pa.field(column.name, column.arrow().type) for column in columns])
    return pa.Table.from_pylist(
        [{column.name: row.get(column.name) for column in columns} for row in rows], schema=schema
    )


def calendar_rows(
    there: Sequence[Mapping[str, Any]], changes: Mapping[date, tuple[bool, str | None]]
) -> list[dict[str, Any]]:
    """Give the rows of the calendar that change with some days: each counts the working days before it.

    `there` is the whole calendar in the order of its days. Raises `UsageError` (`day_outside`) for a day that it does
    not reach.
    """
    days = {row["day"] for row in there}
    outside = sorted(set(changes) - days)
    if outside:
        raise UsageError(
            "day_outside",
            Message(N_("The calendar does not reach {day}."), {"day": outside[0]}),
            Message(N_("It grows with the data; enter the day when it comes nearer.")),
        )
    made = renewed_calendar([dict(row) for row in there], changes)
    return [row for row, old in zip(made, there, strict=True) if row != dict(old)]


def setting_rows(there: Settings, values: Mapping[str, str | None], start: date) -> list[dict[str, Any]]:
    """Give the rows of `settings` that make values hold from `start` on; the old ones end there. Null unsets a value.

    What holds already gives no row.
    """
    rows: list[dict[str, Any]] = []
    for name, value in values.items():
        now = [one for one in there.history if one.name == name and one.valid_from <= start < one.valid_to]
        last = now[-1] if now else None
        if value == (None if last is None else last.value):
            continue
        if last is not None and last.valid_from < start:
            begun = None if last.valid_from == date.min else last.valid_from
            rows.append({"name": name, "setting": last.value, "valid_from": begun, "valid_to": start})
        until = None if last is None or last.valid_to == date.max else last.valid_to
        rows.append({"name": name, "setting": value, "valid_from": start, "valid_to": until})
    return rows


@transaction.atomic
def organisation_change(
    *, organisation: Organisation, values: Mapping[str, Any], start: date, by: User, at: datetime
) -> int | None:
    """Change the settings of the organisation from a day on; gives the number of the import, null where none came.

    What figures depend on goes into the facts as one import; another country brings its holidays from that day on.
    Raises `ConflictError` (`lake_busy`) while an import is at work: nothing is changed then.
    """
    former = organisation.country
    columns = {field.name for field in Organisation._meta.get_fields()}  # noqa: SLF001 - Django's own name for it
    for name, value in values.items():
        if name in columns:
            setattr(organisation, name, value)
    organisation.full_clean()
    organisation.save()
    there = facts(ibis.duckdb.from_connection(connect()), Lake.open(settings.HOME, create=True))
    wanted = {name: str(values[name]) for name in (*IN_THE_FACTS, "untouched_days", "minimum_n")}
    standing = _standing(there.settings, start)
    wanted = {name: value for name, value in wanted.items() if standing.get(name) != value}
    tables: dict[str, list[dict[str, Any]]] = {
        "settings": setting_rows(there.settings, {"organisation": values["name"], **wanted}, start)
    }
    if values["country"] != former:
        names = [column.name for column in TABLES["calendar"].own_columns]
        days = there.calendar.select(names).order_by("day").to_pyarrow().to_pylist()
        tables["calendar"] = calendar_rows(days, holidays_from(days, values["country"], values["language"], start))
    if not any(tables.values()):
        audit(by=by, action="organisation_change", subject="organisation")
        return None
    return definitions_enter(tables=tables, by=by, at=at)


def _standing(there: Settings, on: date) -> dict[str, str]:
    """Give what holds on a day, defaults included: what nobody set need not be written to stay as it is."""
    now = there.on(on)
    plain = {
        "currency": now.currency,
        "time_zone": now.time_zone,
        "country": now.country,
        "language": now.language,
        "untouched_days": str(now.untouched_days),
        "minimum_n": str(now.minimum_n),
        "fiscal_year_starts": "1",
        "week_starts": "1",
    }
    return {**plain, **dict(now.others)}
