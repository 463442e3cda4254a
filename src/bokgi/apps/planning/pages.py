"""What the pages of definitions show: lists, forms, and what a change would do."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any, Final
from urllib.parse import urlencode

from django.urls import reverse

from bokgi.apps.access.requests import organisation_of
from bokgi.apps.pipeline.selectors import Screen
from bokgi.apps.planning import selectors
from bokgi.apps.planning.editors import Editor, Input
from bokgi.apps.planning.rules import ALL, Row, holds, holiday_name
from bokgi.domain.labels import PIPELINES
from bokgi.domain.messages import N_, Message
from bokgi.domain.money import Money
from bokgi.domain.period import Period
from bokgi.ui.blocks import Badge, Cell, Column, Control, Field, Table
from bokgi.ui.format import ABSENT, NBSP, day, money, number, period_name
from bokgi.ui.listing import Listing

_CONTROLS: Final[Mapping[str, Control]] = {
    "long": "textarea",
    "select": "select",
    "date": "date",
    "amount": "money",
    "integer": "number",
    "number": "number",
    "share": "number",
    "rate": "number",
}
_RIGHT: Final = {"integer", "number", "share", "amount", "rate"}


def columns(screen: Screen, editor: Editor) -> tuple[Column, ...]:
    """Give the columns of a list."""
    told = []
    for name in editor.listed:
        one = editor.input(name)
        told.append(Column(screen.say(one.label), "right" if one.kind in _RIGHT else "left", key=name))
    if editor.dated:
        told += [Column(screen.say(N_("From")), key="valid_from"), Column(screen.say(N_("Until")), key="valid_to")]
    if selectors.may_edit(screen):
        told.append(Column(screen.say(N_("Set")), key="change", acts=True))
    return tuple(told)


def texts(screen: Screen, editor: Editor, row: Row, people: Mapping[str, str]) -> dict[str, str]:
    """Write the cells of a row by column."""
    cells = {name: text(screen, editor.input(name), _value(editor, row, name), people, row) for name in editor.listed}
    return cells if "holiday" not in cells else cells | {"holiday": holiday_of(screen, row) or ABSENT}


def holiday_of(screen: Screen, row: Mapping[str, Any]) -> str:
    """Name a day of the calendar in the reader's language; empty where it has no name."""
    company = organisation_of(screen.request)
    name = row["holiday"] or ""
    return holiday_name(row["day"], name, company.country, screen.lang) if name and company else name


def _value(editor: Editor, row: Row, name: str) -> Any:  # noqa: ANN401 - any cell
    if editor.table == "targets" and name == "subject":
        return f"{row['subject_kind']}:{row['subject_id']}"
    if editor.table == "targets" and name == "period":
        return Period(row["period_start"], row["period_end"])
    if editor.table == "calendar" and name == "working":
        return "yes" if row["working"] else "no"
    return row[name]


def text(screen: Screen, one: Input, value: Any, people: Mapping[str, str], row: Row) -> str:  # noqa: ANN401 - any cell
    """Write one cell in words."""
    if value is None:
        return ABSENT
    if one.name == "subject":
        kind, _, key = str(value).partition(":")
        return screen.say(N_("Everybody")) if kind == "organisation" else people.get(key, key)
    if one.name in {"person_id", "manager_id"}:
        return people.get(value, value)
    if value == ALL and one.kind == "text":
        return screen.say(N_("all"))
    if one.kind == "select" or one.name == "pipeline":
        return screen.speaker.label(dict(one.choices) or PIPELINES, str(value))
    return _written(screen, one, value, row)


def _written(screen: Screen, one: Input, value: Any, row: Row) -> str:  # noqa: ANN401 - any cell
    if one.kind == "month":
        value = Period.month_of(value)
    if isinstance(value, Period):
        return period_name(value, screen.lang)
    if isinstance(value, date):
        return day(value, screen.lang, year=True)
    if one.kind == "amount" and row["currency"] is not None:
        return money(Money(value, row["currency"]), screen.lang)
    if one.kind == "share":
        return screen.speaker.percent(value)
    return _figure(value) if one.kind in _RIGHT else str(value)


def _figure(value: Any) -> str:  # noqa: ANN401 - any number
    return f"{value.normalize():,f}" if isinstance(value, Decimal) else number(float(value))


def state(editor: Editor, row: Row, today: date) -> str:
    """Say whether a row holds now, is coming or is past."""
    if editor.dated:
        if holds(row, today):
            return "now"
        return "coming" if row["valid_from"] is not None and row["valid_from"] > today else "past"
    if editor.table == "targets":
        return "past" if row["period_end"] <= today else "coming" if row["period_start"] > today else "now"
    if editor.table == "calendar":
        return "past" if row["day"] < today else "now"
    return "now"


def table(
    screen: Screen, editor: Editor, listing: Listing, rows: Sequence[Row], people: Mapping[str, str], caption: str
) -> Table:
    """Draw rows of definitions."""
    cells = []
    for row in rows:
        written: dict[str, Cell] = {name: Cell(words) for name, words in texts(screen, editor, row, people).items()}
        first = editor.listed[0]
        badge = _badge(screen, state(editor, row, screen.as_of)) if editor.dated else None
        written[first] = Cell(written[first].text, badge=badge)
        if editor.dated:
            for name in ("valid_from", "valid_to"):
                words = (
                    screen.say(N_("always"))
                    if name == "valid_from"
                    else screen.say(N_("further on")).replace(" ", NBSP)
                )
                written[name] = Cell(
                    day(row[name], screen.lang, year=True) if row[name] else words, tone="" if row[name] else "dim"
                )
        if selectors.may_edit(screen):
            written["change"] = Cell(screen.say(N_("change")), href=change_address(editor, row))
        cells.append([written[column.key] for column in listing.visible])
    return Table(caption, listing.visible, cells, hidden_caption=True, empty=screen.say(N_("Nothing is set.")))


def _badge(screen: Screen, found: str) -> Badge | None:
    words = {"coming": N_("coming"), "past": N_("past")}
    return Badge(screen.say(words[found]), "same", "clock") if found in words else None


def change_address(editor: Editor, row: Row | None = None) -> str:
    """Give where a row is changed, or a new one is added."""
    query = "" if row is None else f"?{urlencode({'key': selectors.key_of(editor, row)})}"
    return f"{reverse('settings:definition_change', args=[editor.table])}{query}"


def fields(
    screen: Screen,
    editor: Editor,
    given: Mapping[str, str],
    wrong: Mapping[str, Message],
    options: Mapping[str, Sequence[tuple[str, str]]],
    *,
    fixed: bool,
    start: str,
) -> list[Field]:
    """Give the fields of a form; `fixed`: what names the row stays as it is."""
    say = screen.say
    told = []
    for one in editor.inputs:
        kept = fixed and one.key
        listed = list(options.get(one.name) or [(code, say(label)) for code, label in one.choices])
        if one.kind == "select" and not one.required:
            listed = [("", "–"), *listed]
        if one.kind == "select" and kept:
            listed = [pair for pair in listed if pair[0] == given.get(one.name)] or [(given.get(one.name, ""),) * 2]
        attributes = {"readonly": "readonly"} if kept and one.kind != "select" else {}
        value = given.get(one.name, "")
        if one.name == "pipeline":
            value = screen.speaker.label(PIPELINES, value)
        if one.kind != "select" and one.name in _LISTED.get(editor.table, ()):
            attributes["list"] = f"known-{one.name}"
        error = wrong.get(one.name)
        told.append(
            Field(
                one.name,
                say(one.label),
                _CONTROLS.get(one.kind, "text"),
                value,
                options=listed,
                hint=say(one.hint) if one.hint else "",
                error="" if error is None else screen.speaker.message(error),
                required=one.required,
                unit="%" if one.kind == "share" else "",
                attributes=attributes,
            )
        )
    if editor.dated:
        error = wrong.get("start")
        hint = say(N_("First day on which it holds; figures of the days before stay as they are."))
        words = "" if error is None else screen.speaker.message(error)
        told.append(Field("start", say(N_("Holds from")), "date", start, hint=hint, error=words, required=True))
    return told


_LISTED: Final[Mapping[str, tuple[str, ...]]] = {
    "stages": ("pipeline",),
    "targets": ("lead_source",),
    "standards": ("role", "stage"),
    "memberships": ("team", "role"),
    "rates": ("currency",),
}


def differences(
    screen: Screen, editor: Editor, before: Row | None, after: Row, people: Mapping[str, str]
) -> list[tuple[str, str, str]]:
    """List what a change changes: column, what stands there, what will."""
    told = []
    for one in editor.inputs:
        now = _value(editor, after, one.name)
        was = None if before is None else _value(editor, before, one.name)
        if now != was:
            old = ABSENT if before is None else text(screen, one, was, people, before)
            told.append((screen.say(one.label), old, text(screen, one, now, people, after)))
    return told
