"""One way in for all kinds of value: a kind and a format as they stand in a mapping, and the reading they ask for."""

from __future__ import annotations

from enum import StrEnum

from bokgi.domain.errors import MappingError
from bokgi.domain.messages import N_, Message
from bokgi.intake.values.amounts import AmountFormat, amount
from bokgi.intake.values.moments import MomentFormat, moment
from bokgi.intake.values.reading import Reading
from bokgi.intake.values.scalars import ProbabilityScale, boolean, duration, integer, number, probability
from bokgi.intake.values.text import text


class ValueKind(StrEnum):
    """What a text column is read as."""

    TEXT = "text"
    MOMENT = "moment"
    AMOUNT = "amount"
    NUMBER = "number"
    INTEGER = "integer"
    PROBABILITY = "probability"
    BOOLEAN = "boolean"
    DURATION = "duration"


def read(  # noqa: PLR0911 - one return per kind
    sql: str, kind: ValueKind, form: str = "", *, name: str, file_zone: str, organisation_zone: str
) -> Reading:
    """Read the text column `sql` (a quoted identifier) as `kind`, in the format `form` (empty: the usual one).

    Results: `at` and `on` of a moment; `value` and `currency` of an amount; `value` of the others; `malformed` of all.
    A format that cannot be understood is a MappingError.

    >>> sorted(read("c1", ValueKind.MOMENT, name="m", file_zone="UTC", organisation_zone="Asia/Seoul").results)
    ['at', 'malformed', 'on']
    """
    try:
        match kind:
            case ValueKind.MOMENT:
                moment_format = MomentFormat.of(form or "%Y-%m-%d | %Y-%m-%d %H:%M:%S")
                return moment(sql, moment_format, name=name, file_zone=file_zone, organisation_zone=organisation_zone)
            case ValueKind.AMOUNT:
                return amount(sql, _amount_format(form), name=name)
            case ValueKind.NUMBER:
                return number(sql, _amount_format(form), name=name)
            case ValueKind.INTEGER:
                return integer(sql, _amount_format(form), name=name)
            case ValueKind.PROBABILITY:
                return probability(sql, ProbabilityScale(form or "0-1"), name=name)
            case ValueKind.BOOLEAN:
                return boolean(sql)
            case ValueKind.DURATION:
                return duration(sql, name=name)
            case ValueKind.TEXT:
                return text(sql)
    except ValueError as error:
        message = Message(N_("The format {format} cannot be understood."), {"format": form})
        hint = Message(N_("Formats look like %Y-%m-%d, 1,234.56 or 0-100."))
        raise MappingError("format_unknown", message, hint) from error


def _amount_format(form: str) -> AmountFormat:
    return AmountFormat.of(form) if form else AmountFormat()
