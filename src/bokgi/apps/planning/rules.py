"""Decisions about definitions as pure functions: what was typed, what fits, which rows a change writes."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from decimal import Decimal
from functools import cache
from typing import Any, Final

import holidays

from bokgi.apps.planning.editors import Editor, Input
from bokgi.domain.errors import BokgiError, UsageError
from bokgi.domain.labels import PIPELINES
from bokgi.domain.measures import Rate
from bokgi.domain.messages import N_, Message, translate
from bokgi.domain.period import Period
from bokgi.intake.values.amounts import read_amount

Row = dict[str, Any]
ALL: Final = "all"
_CURRENCY: Final = re.compile(r"[A-Z]{3}")
_LONGEST: Final = {"long": 500}


def holiday_name(on: date, name: str, country: str, lang: str) -> str:
    """Give the name of a day in a language: what the country's calendar calls it there; the organisation's own stays.

    >>> (
    ...     holiday_name(date(2026, 12, 25), "기독탄신일", "KR", "en"),
    ...     holiday_name(date(2026, 12, 25), "창립일", "KR", "en"),
    ... )
    ('Christmas Day', '창립일')
    """
    spoken = holidays.country_holidays(country).supported_languages
    tongue = next((one for one in spoken if one.split("_")[0] == lang), None)
    if tongue is None or all(_holidays(country, on.year, one).get(on) != name for one in spoken):
        return name
    return _holidays(country, on.year, tongue).get(on, name)


@cache
def _holidays(country: str, year: int, tongue: str) -> Mapping[date, str]:
    return dict(holidays.country_holidays(country, years=year, language=tongue))


def read(
    editor: Editor, given: Mapping[str, str], choices: Mapping[str, Sequence[str]]
) -> tuple[Row, dict[str, Message]]:
    """Read what somebody typed: values by column, and what is wrong by column.

    `choices` are the codes that a select takes, where they are not fixed. An empty optional field is null.
    """
    values: Row = {}
    wrong: dict[str, Message] = {}
    for one in editor.inputs:
        text = given.get(one.name, "").strip()
        values[one.name] = None
        if not text:
            if one.required:
                wrong[one.name] = Message(N_("This is needed."))
            continue
        try:
            values[one.name] = _value(one, text, choices.get(one.name) or [code for code, _ in one.choices])
        except BokgiError as error:
            told = {"what": error.message, "how": error.hint}
            wrong[one.name] = error.message if error.hint is None else Message("{what} {how}", told)
        except ValueError:
            wrong[one.name] = Message(_UNREADABLE.get(one.kind, N_("“{text}” cannot be read here.")), {"text": text})
    return values, wrong


def _value(one: Input, text: str, choices: Sequence[str]) -> Any:  # noqa: ANN401 - any cell
    if one.kind == "select" and text not in choices:
        raise ValueError(text)
    if one.kind in _READERS:
        return _READERS[one.kind](text)
    if one.name == "pipeline":
        return _pipeline(text)
    if len(text) > _LONGEST.get(one.kind, 200):
        raise UsageError("text_too_long", Message(N_("That is too long.")))
    return text


def _pipeline(text: str) -> str:
    """Give the key of a pipeline that is called by its label.

    >>> _pipeline("기본 파이프라인"), _pipeline("갱신")
    ('default', '갱신')
    """
    called = {translate(label, lang): key for key, label in PIPELINES.items() for lang in ("ko", "en")}
    return called.get(text, text)


def _number(text: str) -> float:
    return float(text.replace(",", ""))


def _rate(text: str) -> Decimal:
    found = Decimal(str(_between(_number(text), 0, 10**9)))
    if found == 0:
        raise UsageError("rate_not_positive", Message(N_("A rate is more than nothing.")))
    return found


def _month(text: str) -> date:
    try:
        period = Period.parse(text)
    except BokgiError as error:
        raise ValueError(text) from error
    if Period.month_of(period.start) != period:
        raise ValueError(text)
    return period.start


def _currency(text: str) -> str:
    found = text.upper()
    if not _CURRENCY.fullmatch(found):
        raise UsageError("currency_unfit", Message(N_("A currency has three letters, as USD.")))
    return found


_READERS: Final[Mapping[str, Callable[[str], Any]]] = {
    "integer": lambda text: _between(int(text.replace(",", "")), 1, 10_000),
    "number": lambda text: _between(_number(text), 0, 1_000_000),
    "share": lambda text: _between(_number(text.removesuffix("%").strip()), 0, 100) / 100,
    "amount": read_amount,
    "rate": _rate,
    "currency": _currency,
    "date": date.fromisoformat,
    "month": _month,
    "period": Period.parse,
}


_NO_NUMBER: Final = N_("“{text}” is no number. Write it in digits, as 1,200 or 12.5.")
_UNREADABLE: Final = {
    "integer": N_("“{text}” is no whole number. Write it in digits, as 12."),
    "number": _NO_NUMBER,
    "share": _NO_NUMBER,
    "rate": _NO_NUMBER,
    "month": N_("“{text}” is no month. Write it as 2026-12."),
}


def _between(number: Any, low: float, high: float) -> Any:  # noqa: ANN401 - a whole number stays one
    if not math.isfinite(number) or not low <= number <= high:
        raise UsageError(
            "number_out_of_range", Message(N_("It must lie between {low} and {high}."), {"low": low, "high": high})
        )
    return number


def holds(row: Mapping[str, Any], on: date) -> bool:
    """Say whether a dated row holds on a day.

    >>> holds({"valid_from": None, "valid_to": date(2026, 12, 1)}, date(2026, 12, 1))
    False
    """
    begun = row["valid_from"] is None or row["valid_from"] <= on
    return begun and (row["valid_to"] is None or on < row["valid_to"])


def changed(before: Row | None, after: Row, key: Sequence[str], start: date) -> list[Row]:
    """Give the rows to write so that from `start` on another row holds; `before` is the one in force, null for none.

    The old row ends where the new one begins, and the new one ends where the old one would have: what is set for later
    stays. A row that begins on the same day is replaced. `key` is the table's key. Raises `UsageError` for a day before
    the old row begins or after it has ended.

    >>> old = {"role": "AE", "amount": 5.0, "valid_from": None, "valid_to": None}
    >>> rows = changed(old, {"role": "AE", "amount": 6.0}, ("role", "valid_from"), date(2026, 12, 1))
    >>> [(row["amount"], str(row["valid_from"]), str(row["valid_to"])) for row in rows]
    [(5.0, 'None', '2026-12-01'), (6.0, '2026-12-01', 'None')]
    """
    if before is None:
        return [{**after, "valid_from": start, "valid_to": None}]
    _refuse_outside(before, start)
    fresh = {**before, **after, "valid_from": start, "valid_to": before["valid_to"]}
    if all(before[name] == fresh[name] for name in key):
        return [fresh]
    return [{**before, "valid_to": start}, fresh]


def ended(before: Row, start: date) -> list[Row]:
    """Give the row to write so that a definition no longer holds from `start` on."""
    _refuse_outside(before, start)
    return [{**before, "valid_to": start}]


def _refuse_outside(before: Row, start: date) -> None:
    if before["valid_from"] is not None and start < before["valid_from"]:
        raise UsageError(
            "start_too_early",
            Message(
                N_("What is set now has held since {day}; a change begins on that day or later."),
                {"day": before["valid_from"]},
            ),
        )
    if before["valid_to"] is not None and start >= before["valid_to"]:
        raise UsageError(
            "start_too_late",
            Message(N_("What is set now ends on {day}; change what comes after it."), {"day": before["valid_to"]}),
        )


def refuse_unfit(
    editor: Editor, values: Row, rows: Sequence[Row], before: Row | None, start: date
) -> dict[str, Message]:
    """Say what of a change contradicts what else is set; `rows` are all rows of the table."""
    others = [row for row in rows if row is not before and (not editor.dated or holds(row, start))]
    wrong: dict[str, Message] = {}
    if editor.table == "stages":
        same = [row for row in others if row["pipeline"] == values["pipeline"]]
        if before is None and any(row["stage"] == values["stage"] for row in same):
            wrong["stage"] = Message(N_("This stage is there already; change it in the list."))
        if values["kind"] == "open" and any(
            row["stage_order"] == values["stage_order"] and row["kind"] == "open" for row in same
        ):
            wrong["stage_order"] = Message(N_("Another open stage has this place."))
    if editor.table == "standards" and before is None:
        names = ("role", "metric", "stage")
        if any(all(row[name] == (values[name] or ALL) for name in names) for row in others):
            wrong["metric"] = Message(N_("This standard is there already; change it in the list."))
    if editor.table == "memberships":
        wrong |= _unfit_membership(values, others, before)
    if editor.table == "targets" and values["amount"] is not None and values["amount"] < 0:
        wrong["amount"] = Message(N_("An amount cannot be less than nothing."))
    return wrong


def _unfit_membership(values: Row, others: Sequence[Row], before: Row | None) -> dict[str, Message]:
    person, manager = values["person_id"], values["manager_id"]
    above = {row["person_id"]: row["manager_id"] for row in others if row["manager_id"]}
    seen, boss = set(), manager
    while boss and boss not in seen and boss != person:
        seen.add(boss)
        boss = above.get(boss)
    if manager and boss == person:
        return {"manager_id": Message(N_("Nobody can be above oneself: this manager stands below the person."))}
    same = [row for row in others if row["person_id"] == person]
    taken = sum(row["share"] for row in same)
    if taken + (values["share"] or 0) > 1 + 1e-9:
        text = N_("That is more than is left of the working time: {left}. Taken already: {teams}.")
        teams = ", ".join(f"{row['team'] or row['role']} {row['share'] * 100:g}%" for row in same)
        return {"share": Message(text, {"teams": teams, "left": Rate(max(1 - taken, 0))})}
    if before is None and any((row["team"], row["role"]) == (values["team"], values["role"]) for row in same):
        return {"team": Message(N_("The person is in this team already; change it in the list."))}
    started, left = values["started_on"], values["left_on"]
    if started and left and left <= started:
        return {"left_on": Message(N_("This day lies before the first working day."))}
    return {}


def to_row(editor: Editor, values: Row, currency: str) -> Row:
    """Turn what a form gave into columns of the table; `currency` is the organisation's."""
    if editor.table == "targets":
        kind, _, key = values["subject"].partition(":")
        period = values["period"]
        return {
            "subject_kind": kind,
            "subject_id": key,
            "metric": values["metric"],
            "period_start": period.start,
            "period_end": period.end,
            "lead_source": values["lead_source"] or ALL,
            "amount": values["amount"],
            "currency": currency if values["metric"].endswith("amount") else None,
        }
    if editor.table == "standards":
        return {**values, "role": values["role"] or ALL, "stage": values["stage"] or ALL}
    if editor.table == "stages":
        return {**values, "origin": "given"}
    if editor.table == "calendar":
        return {**values, "working": values["working"] == "yes"}
    return dict(values)


def to_form(editor: Editor, row: Row | None) -> dict[str, str]:
    """Write a row as a form shows it; null is an empty form."""
    if row is None:
        return {"share": "100"} if editor.table == "memberships" else {}
    values: Row = dict(row)
    if editor.table == "targets":
        values["subject"] = f"{row['subject_kind']}:{row['subject_id']}"
        values["period"] = Period(row["period_start"], row["period_end"]).key
    if editor.table == "calendar":
        values["working"] = "yes" if row["working"] else "no"
    return {one.name: _text(one, values[one.name]) for one in editor.inputs}


def _text(one: Input, value: Any) -> str:  # noqa: ANN401 - any cell
    if value is None or (value == ALL and one.kind == "text"):
        return ""
    if one.kind == "share":
        return f"{value * 100:g}"
    if one.kind == "month":
        return f"{value:%Y-%m}"
    if one.kind in {"amount", "rate"}:
        return f"{value.normalize():f}"
    if one.kind == "number":
        return f"{value:g}"
    return value.isoformat() if isinstance(value, date) else str(value)
