"""What a row of a deals file yields: the deal, entries into stages from date columns, its name and other texts."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from bokgi.domain.stage import StageKind
from bokgi.intake.judging import outcome
from bokgi.intake.judging.ladder import Ladder
from bokgi.intake.judging.readings import Reading
from bokgi.intake.mapping.model import STAGE_ENTERED
from bokgi.intake.sql import literal
from bokgi.intake.writing.deal_keys import DealKeys
from bokgi.intake.writing.yields import Yield, attributes_of

_PLAIN: Final = (
    "stage",
    "type",
    "product",
    "source",
    "lead_id",
    "lead_grade",
    "lost_reason",
    "forecast_category",
    "probability",
)
_TEXTS: Final = {
    "deal_name": "deals.name",
    "next_step": "deals.next_step",
    "note": "deals.note",
    "lost_comment": "deals.lost_comment",
}


@dataclass(frozen=True)
class DealRows:
    """A deals file with the joins to its keys: who owns a deal, which account, which deal it is."""

    reading: Reading
    ladder: Ladder
    keys: DealKeys
    account: tuple[str, str]
    owner: tuple[str, str]

    @property
    def relation(self) -> str:
        """Give the rows with `deal_id`, `account_id` and `owner_id`."""
        return f"""SELECT r.*, {self.keys.key} AS deal_id, {self.account[1]} AS account_id, {self.owner[1]} AS owner_id
            FROM {self.reading.kept} AS r {self.account[0]} {self.owner[0]} {self.keys.join}"""


def yields(rows: DealRows) -> Iterator[Yield]:
    """Give everything that a deals file yields but its accounts, people and contacts."""
    yield _deal(rows)
    yield from _texts(rows)
    events = _events(rows)
    if events is not None:
        yield events


def _deal(rows: DealRows) -> Yield:
    reading = rows.reading
    said = {"deal_id": "deal_id", "outcome": "outcome"}
    otherwise = {"known_at_creation": literal("," + "".join(f"{name}," for name in reading.mapping.known_at_creation))}
    sticky: set[str] = set()
    if reading.mapping.known_at_creation:
        said["known_at_creation"] = otherwise.pop("known_at_creation")
    references = {
        "account_id": ("deals.account_id", "deals.account_name"),
        "owner_id": ("deals.owner_id", "deals.owner_name", "deals.owner_email"),
    }
    said |= {column: column for column, fields in references.items() if reading.says(*fields)}
    if reading.says("deals.pipeline"):
        said["pipeline"] = outcome.PIPELINE
    else:
        otherwise["pipeline"] = outcome.pipeline(reading)
    said |= {name: reading.sql(f"deals.{name}") for name in _PLAIN if reading.says(f"deals.{name}")}
    if reading.says("deals.created"):
        said["created_at"], said["created_on"] = (reading.sql("deals.created", part) for part in ("at", "on"))
    for column, field in {"assigned_on": "assigned", "next_step_on": "next_step_on"}.items():
        if reading.says(f"deals.{field}"):
            said[column] = reading.sql(f"deals.{field}")
    if reading.says("deals.next_step"):
        said["has_next_step"] = f"{reading.sql('deals.next_step')} IS NOT NULL"
    _money(reading, said)
    _closing(reading, said, sticky)
    return Yield(
        "deals",
        reading.place,
        rows.relation,
        said=said,
        otherwise=otherwise,
        sticky=frozenset(sticky),
        words={outcome.OUTCOME: outcome.OUTCOMES},
        main=True,
        **attributes_of(reading),
    )


def _money(reading: Reading, said: dict[str, str]) -> None:
    if not reading.says("deals.amount"):
        return
    amount = reading.sql("deals.amount")
    said["amount"] = amount
    said["currency"] = f"CASE WHEN {amount} IS NOT NULL THEN {reading.deal_currency()} END"
    for name in ("amount_kind", "vat"):
        if reading.says(f"deals.{name}"):
            said[name] = reading.sql(f"deals.{name}")


def _closing(reading: Reading, said: dict[str, str], sticky: set[str]) -> None:
    """Say when a deal closed, or should close. One column may say both: expected while open, actual once closed."""
    if reading.says("deals.closed", "deals.close", "deals.won", "deals.lost"):
        for part in ("at", "on"):
            said[f"closed_{part}"] = f"CASE WHEN outcome <> 'open' THEN {outcome.closed(reading, part)} END"
    if reading.says("deals.expected_close"):
        said["expected_close_on"] = reading.sql("deals.expected_close")
    elif reading.says("deals.close"):
        said["expected_close_on"] = f"CASE WHEN outcome = 'open' THEN {reading.sql('deals.close', 'on')} END"
        sticky.add("expected_close_on")


def _texts(rows: DealRows) -> Iterator[Yield]:
    reading = rows.reading
    for kind, field in _TEXTS.items():
        if reading.says(field):
            relation = f"SELECT r.*, {rows.keys.key} AS deal_id FROM {reading.kept} AS r {rows.keys.join}"
            said = {"kind": literal(kind), "key": "deal_id", "text": reading.sql(field)}
            filled = None if field in reading.mapping.values else f"({reading.has_text(field)})"
            yield Yield("texts", reading.place, relation, said, filled=filled)


@dataclass(frozen=True)
class _Entered:
    """One column that says when a deal entered a stage: SQL of stage, pipeline, instant, day; place in the funnel."""

    stage: str
    pipeline: str
    at: str
    on: str
    order: int


def _entered(rows: DealRows) -> list[_Entered]:
    reading, ladder = rows.reading, rows.ladder
    columns = []
    for number, column in enumerate(reading.mapping.stage_columns(STAGE_ENTERED)):
        stage = column.stage or ""
        pipeline = "pipeline" if column.pipeline is None else literal(column.pipeline)
        at, on = (f'"entered.{number}.{part}"' for part in ("at", "on"))
        columns.append(_Entered(literal(stage), pipeline, at, on, ladder.order_of(stage)))
    if not columns and reading.says("deals.stage_changed") and reading.says("deals.stage"):
        at, on = (reading.sql("deals.stage_changed", part) for part in ("at", "on"))
        columns.append(_Entered(reading.sql("deals.stage"), "pipeline", at, on, 0))
    for kind in (StageKind.WON, StageKind.LOST):
        closing = ladder.closing(None, kind)
        if reading.says(f"deals.{kind.value}") and closing is not None:
            at, on = (reading.sql(f"deals.{kind.value}", part) for part in ("at", "on"))
            columns.append(_Entered(literal(closing), "pipeline", at, on, 1 << 30))
    return sorted(columns, key=lambda column: column.order)


def _events(rows: DealRows) -> Yield | None:
    """Give the entries into stages that date columns say.

    Entries of a deal on one day and instant are counted in the order of the funnel, within the row: `seq`.
    """
    columns = _entered(rows)
    if not columns:
        return None
    reading = rows.reading
    parts = []
    for number, column in enumerate(columns):
        before = " + ".join(
            f"coalesce({earlier.on} = {column.on} AND {earlier.at} IS NOT DISTINCT FROM {column.at}, false)::BIGINT"
            for earlier in columns[:number]
        )
        parts.append(
            f"""SELECT _row, {number} AS _part, deal_id, {column.pipeline} AS pipeline, {column.stage} AS stage,
                {column.at} AS entered_at, {column.on} AS entered_on, 1 + {before or 0} AS seq
                FROM deal_rows WHERE {column.on} IS NOT NULL AND {column.stage} IS NOT NULL"""
        )
    names = ("deal_id", "seq", "pipeline", "stage", "entered_at", "entered_on")
    return Yield(
        "stage_events",
        reading.place,
        f"WITH deal_rows AS ({rows.relation}) {' UNION ALL '.join(parts)}",
        said={**{name: name for name in names}, "origin": "'column'"},
    )
