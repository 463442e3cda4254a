"""Messages as JSON and back, so that a stored or exported text can still be read in either language.

A value keeps its kind: `{"amount", "currency"}` is money, `{"rate"}` a share, `{"points"}` a difference of shares,
`{"days"}`, `{"hours"}`, `{"score"}` points of a scale, `{"date"}`, `{"from", "to"}` a period (its end excluded),
`{"low", "high"}` an interval, `{"message"}` another message; text, whole and other numbers stand as they are.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from decimal import Decimal
from typing import Any, Final

from bokgi.domain.errors import InternalError
from bokgi.domain.measures import Between, Days, Hours, Points, Rate, Score
from bokgi.domain.messages import Message
from bokgi.domain.money import Money
from bokgi.domain.period import Period

Json = dict[str, Any]


def encoded(message: Message) -> Json:
    """Give a message as JSON: `{"message": template, "values": {…}}`, with `"plural"` where it has one.

    >>> encoded(Message("{share} of {n}", {"share": Rate(0.5), "n": 4}))
    {'message': '{share} of {n}', 'values': {'share': {'rate': 0.5}, 'n': 4}}
    """
    found: Json = {"message": message.msgid}
    if message.plural is not None:
        found["plural"] = message.plural
    return found | {"values": {name: _encoded(value) for name, value in message.values.items()}}


def decoded(found: Mapping[str, Any]) -> Message:
    """Read back what `encoded` gave; other keys beside it are passed over.

    >>> decoded({"message": "{n} deals", "values": {"n": 4}}).text("en")
    '4 deals'
    """
    values = {name: _decoded(value) for name, value in found["values"].items()}
    return Message(found["message"], values, plural=found.get("plural"))


_WRITERS: Final[dict[type, Callable[[Any], object]]] = {
    Money: lambda value: value.as_json(),
    Rate: lambda value: {"rate": value.share},
    Points: lambda value: {"points": value.difference},
    Days: lambda value: {"days": value.days},
    Hours: lambda value: {"hours": value.hours},
    Score: lambda value: {"score": value.score},
    Between: lambda value: {"low": _encoded(value.low), "high": _encoded(value.high)},
    Period: lambda value: {"from": value.start.isoformat(), "to": value.end.isoformat()},
    Message: encoded,
    date: lambda value: {"date": value.isoformat()},
    list: lambda value: [_encoded(part) for part in value],
    tuple: lambda value: [_encoded(part) for part in value],
}
_READERS: Final[dict[frozenset[str], Callable[[dict[str, Any]], object]]] = {
    frozenset(("amount", "currency")): lambda found: Money(Decimal(found["amount"]), found["currency"]),
    frozenset(("rate",)): lambda found: Rate(found["rate"]),
    frozenset(("points",)): lambda found: Points(found["points"]),
    frozenset(("days",)): lambda found: Days(found["days"]),
    frozenset(("hours",)): lambda found: Hours(found["hours"]),
    frozenset(("score",)): lambda found: Score(found["score"]),
    frozenset(("low", "high")): lambda found: Between(_decoded(found["low"]), _decoded(found["high"])),  # type: ignore[arg-type]  # what `encoded` wrote there
    frozenset(("from", "to")): lambda found: Period(date.fromisoformat(found["from"]), date.fromisoformat(found["to"])),
    frozenset(("date",)): lambda found: date.fromisoformat(found["date"]),
    frozenset(("message", "values")): decoded,
    frozenset(("message", "plural", "values")): decoded,
}


def _encoded(value: object) -> object:
    if value is None or isinstance(value, str | int | float):
        return value
    writer = _WRITERS.get(type(value))
    if writer is None:
        raise InternalError(f"a message cannot carry a {type(value).__name__}")
    return writer(value)


def _decoded(value: Any) -> object:  # noqa: ANN401 - any JSON
    if isinstance(value, list):
        return [_decoded(part) for part in value]
    if not isinstance(value, dict):
        return value
    reader = _READERS.get(frozenset(value))
    if reader is None:
        raise InternalError(f"no value of a message: {sorted(value)}")
    return reader(value)
