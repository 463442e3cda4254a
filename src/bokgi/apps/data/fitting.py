"""What somebody typed for a field of a deal: read as a canonical value, or refused with the reason."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Final

from bokgi.apps.access.asking import answers
from bokgi.apps.access.requests import page_language
from bokgi.apps.data import labels
from bokgi.domain.errors import NotFoundError, UsageError
from bokgi.domain.labels import FORECAST_CATEGORIES, STANDINGS
from bokgi.domain.messages import LANGUAGES, N_, Message, translate
from bokgi.domain.stage import Outcome, StageKind
from bokgi.facts.schema import TABLES
from bokgi.intake.values.amounts import typed_amount
from bokgi.intake.writing.corrections import CORRECTABLE, NEXT_STEP
from bokgi.questions.choices import ask_choices

FIELDS: Final = (*CORRECTABLE, NEXT_STEP)
"""What of a deal can be corrected."""
ENDINGS: Final = (Outcome.WON, Outcome.LOST, Outcome.NO_DECISION)
NAMED: Final[Mapping[str, Mapping[str, str]]] = {
    "outcome": STANDINGS,
    "forecast_category": FORECAST_CATEGORIES,
}
"""Fields whose values are codes, with what people call these."""
_LARGEST: Final = Decimal(10) ** 13
_YEARS: Final = (1990, 2100)
_LONGEST: Final = 500
_CURRENCY: Final = 3


@dataclass(frozen=True)
class Step:
    """A stage as people choose it."""

    pipeline: str
    stage: str
    label: str
    kind: StageKind


@dataclass(frozen=True)
class Choices:
    """What a field of a deal may be: the stages in their order, the people of ours by name."""

    steps: tuple[Step, ...] = ()
    people: Mapping[str, str] = field(default_factory=dict)

    def open_steps(self, pipeline: str) -> list[Step]:
        """Give the open stages of a pipeline in their order."""
        return [step for step in self.steps if step.pipeline == pipeline and step.kind is StageKind.OPEN]

    def closing(self, pipeline: str, outcome: Outcome) -> str | None:
        """Give the stage in which a deal of this outcome stands; null where there is none, or several."""
        found = [step.stage for step in self.steps if step.pipeline == pipeline and step.kind == outcome.value]
        return found[0] if len(found) == 1 else None


def choices() -> Choices:
    """Read what can be chosen; nothing before the first import."""
    try:
        found = answers().ask(ask_choices)
    except NotFoundError:
        return Choices()
    steps = (Step(row["pipeline"], row["stage"], row["label"], StageKind(row["kind"])) for row in found["steps"])
    return Choices(tuple(steps), {row["person_id"]: row["name"] for row in found["people"]})


def canonical(value: object) -> str | None:
    """Write a cell of a deal as corrections hold it.

    >>> canonical(Decimal("1500.50")), canonical(date(2026, 11, 24)), canonical(None)
    ('1500.5', '2026-11-24', None)
    """
    if value is None:
        return None
    if isinstance(value, Decimal):
        return f"{value.normalize():f}"
    return value.isoformat() if isinstance(value, date) else str(value)


def readable(name: str, text: str) -> str | None:
    """Read what somebody typed for a field as canonical text; null empties it.

    Raises `UsageError` for a field that cannot be corrected and for text that is no value of it.

    >>> readable("amount", "2억 5천만"), readable("expected_close_on", " "), readable("product", " GTX ")
    ('250000000', None, 'GTX')
    >>> readable("outcome", "수주"), readable("outcome", "won"), readable("outcome", "Won")
    ('won', 'won', 'won')
    """
    if name not in FIELDS:
        raise UsageError(
            "field_not_correctable",
            Message(N_("{field} of a deal cannot be corrected."), {"field": name}),
            Message(N_("These can: {fields}."), {"fields": ", ".join(FIELDS)}),
        )
    given = " ".join(text.split())
    if not given:
        return None
    if name in NAMED:
        called = {translate(label, lang).casefold(): code for lang in LANGUAGES for code, label in NAMED[name].items()}
        return called.get(given.casefold(), given[:_LONGEST])
    kind = "string" if name == NEXT_STEP else TABLES["deals"].column(name).type
    readers = {"date": _day, "amount": _amount, "number": _share}
    return readers[kind](name, given) if kind in readers else given[:_LONGEST]


def _day(name: str, text: str) -> str:
    try:
        day = date.fromisoformat(text.replace(".", "-").strip("-"))
    except ValueError as error:
        raise _unfit(name, text, Message(N_("Write a day like 2026-11-24."))) from error
    if not _YEARS[0] <= day.year <= _YEARS[1]:
        raise _unfit(name, text, Message(N_("The year lies between {first} and {last}."), _between()))
    return day.isoformat()


def _between() -> dict[str, object]:
    return {"first": str(_YEARS[0]), "last": str(_YEARS[1])}


def _amount(name: str, text: str) -> str:
    amount = typed_amount(text)
    if amount is None or amount < 0 or amount >= _LARGEST:
        raise _unfit(name, text, Message(N_("Write an amount like 2500000, 250만 or 2억 5천만.")))
    return f"{amount.normalize():f}"


def _share(name: str, text: str) -> str:
    try:
        share = Decimal(text.removesuffix("%")) / (100 if text.endswith("%") else 1)
    except InvalidOperation as error:
        raise _unfit(name, text, Message(N_("Write a share like 0.6 or 60%."))) from error
    if not share.is_finite() or not 0 <= share <= 1:
        raise _unfit(name, text, Message(N_("Write a share like 0.6 or 60%.")))
    return f"{share.normalize():f}"


def _unfit(name: str, text: str, hint: Message) -> UsageError:
    said = Message(N_("“{text}” does not fit {field}."), {"text": text, "field": Message(labels.FIELDS[name])})
    return UsageError("value_unfit", said, hint)


def refuse_unchoosable(given: Mapping[str, str | None], pipeline: str, there: Choices, *, today: date) -> None:
    """Raise `UsageError` for a value that nobody can choose: a stage of another pipeline, a stranger."""
    stage = given.get("stage")
    known = [step for step in there.steps if step.pipeline == pipeline]
    if stage is not None and known and stage not in {step.stage for step in known}:
        labels = ", ".join(step.label for step in known)
        raise _unfit("stage", stage, Message(N_("Stages: {stages}"), {"stages": labels}))
    if "stage" in given and stage is None:
        raise _unfit("stage", "", Message(N_("Stages: {stages}"), {"stages": ", ".join(s.label for s in known)}))
    owner = given.get("owner_id")
    if owner is not None and owner not in there.people:
        raise _unfit("owner_id", owner, Message(N_("Choose one of the people in the list.")))
    outcome = given.get("outcome", Outcome.OPEN.value)
    if outcome not in {one.value for one in Outcome}:
        allowed = ", ".join(translate(NAMED["outcome"][one.value], page_language()) for one in Outcome)
        raise _unfit("outcome", outcome or "", Message(N_("It takes: {allowed}"), {"allowed": allowed}))
    closed = given.get("closed_on")
    if closed is not None and date.fromisoformat(closed) > today:
        raise _unfit("closed_on", closed, Message(N_("A deal closes today or before.")))
    currency = given.get("currency")
    if currency is not None and not (len(currency) == _CURRENCY and currency.isascii() and currency.isupper()):
        raise _unfit("currency", currency, Message(N_("Write a currency like KRW.")))
