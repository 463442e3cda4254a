"""What judging needs to know besides the rows: the home, the ladder of stages, who and what exists already."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import pyarrow as pa

from bokgi.domain.findings import Finding, Severity
from bokgi.domain.messages import N_, Message
from bokgi.domain.stage import StageKind
from bokgi.intake.files.staged import StagedFile
from bokgi.intake.judging.ladder import Ladder, Rung
from bokgi.intake.judging.mentions import BY_NAME
from bokgi.intake.judging.readings import Reading
from bokgi.intake.judging.typed import kept_with
from bokgi.intake.mapping.model import Entity, FileMapping
from bokgi.intake.sql import literal
from bokgi.intake.workbench import Workbench
from bokgi.intake.writing.held import Held
from bokgi.intake.writing.home import Home, span
from bokgi.intake.writing.home import calendar as home_calendar
from bokgi.intake.writing.people import existing_people
from bokgi.intake.writing.references import shared_names


@dataclass(frozen=True)
class Known:
    """Which lists there are to look references up in, and which names say nobody: names → who has them."""

    people: bool
    deals: bool
    shared_names: Mapping[str, str]


def home(
    bench: Workbench,
    files: Sequence[tuple[StagedFile, FileMapping]],
    held: Held,
    currency: str | None,
    time_zone: str | None,
    language: str,
) -> Home:
    """Read the home's settings; a new one takes its currency from the data where they have one."""
    return Home.of(bench, held, currency=currency or _currency(bench, files), time_zone=time_zone, language=language)


def _currency(bench: Workbench, files: Sequence[tuple[StagedFile, FileMapping]]) -> str | None:
    """Give the commonest currency of the deals; null where they name none."""
    for staged, mapping in files:
        if mapping.entity is not Entity.DEALS:
            continue
        column = mapping.of("deals.currency")
        if column is not None:
            text = staged.column(column.column).sql
            rows = bench.rows(
                f"""WITH texts AS (SELECT {text} AS text, count(*) AS n FROM {staged.relation} GROUP BY {text})
                    SELECT upper(trim(text)) AS currency, sum(n) AS n FROM texts
                    WHERE regexp_full_match(upper(trim(text)), '[A-Z]{{3}}')
                    GROUP BY ALL ORDER BY n DESC, currency LIMIT 1"""
            )
            if rows:
                return str(rows[0][0])
        if mapping.currency is not None:
            return mapping.currency
    return None


def ladder(bench: Workbench, readings: Sequence[Reading], held: Held) -> Ladder:
    """Join the stages of the mappings with those of the lake."""
    said = [reading.mapping.stages for reading in readings]
    kept = []
    if "stages" in held.now:
        kept = [
            Rung(pipeline, stage, order, StageKind(kind))
            for pipeline, stage, order, kind in bench.rows(
                f"SELECT pipeline, stage, stage_order, kind FROM {held.now['stages']} ORDER BY ALL"
            )
        ]
    return Ladder.of(*said, kept)


def references_known(bench: Workbench, readings: Sequence[Reading], held: Held) -> Known:
    """List the people and the deals that references are looked up in: tables `listed_people`, `listed_deals`."""
    people = _people(bench, readings, held)
    needs_deals = any(
        reading.entity
        in {Entity.STAGE_HISTORY, Entity.DEAL_HISTORY, Entity.ACTIVITIES, Entity.DEAL_CONTACTS, Entity.CONTENT_EVENTS}
        for reading in readings
    )
    deals = needs_deals and _deals(bench, readings, held)
    shared: Mapping[str, str] = {}
    if any(reading.says(*BY_NAME) for reading in readings):
        shared = shared_names(bench, readings, existing_people(held))
    return Known(people, deals, shared)


def _people(bench: Workbench, readings: Sequence[Reading], held: Held) -> bool:
    parts = []
    for reading in readings:
        if reading.entity is Entity.PEOPLE:
            name = '"people.name"' if reading.says("people.name", "people.first_name", "people.last_name") else "NULL"
            parts.append(
                f"""SELECT {reading.sql("people.person_id")} AS id, lower({reading.sql("people.email")}) AS email,
                    {name} AS name FROM {reading.typed}"""
            )
    if "memberships" in held.now and "identities" in held.now:
        parts.append(
            f"""SELECT p.source_id AS id, lower(i.email) AS email, i.name AS name FROM {held.now["people"]} AS p
                LEFT JOIN {held.now["identities"]} AS i ON i.kind = 'person' AND i.key = p.person_id"""
        )
    if not parts:
        return False
    listed = f"SELECT id, email, nfc_normalize(name) AS name FROM ({' UNION ALL '.join(parts)})"
    bench.run(f"CREATE TEMP TABLE listed_people AS {listed}")
    return bench.number("SELECT count(*) FROM listed_people") > 0


def _deals(bench: Workbench, readings: Sequence[Reading], held: Held) -> bool:
    parts = [
        f"SELECT {reading.sql('deals.deal_id')} AS deal_id FROM {reading.typed}"
        for reading in readings
        if reading.entity is Entity.DEALS and reading.says("deals.deal_id")
    ]
    parts += [
        f"SELECT {reading.sql('stage_history.deal_id')} AS deal_id FROM {reading.typed}"
        for reading in readings
        if reading.entity is Entity.STAGE_HISTORY and reading.mapping.derived_deals
    ]
    if "deals" in held.now:
        parts.append(f"SELECT deal_id FROM {held.now['deals']}")
    if not parts:
        return False
    bench.run(
        f"""CREATE TEMP TABLE listed_deals AS
            SELECT DISTINCT deal_id FROM ({" UNION ALL ".join(parts)}) WHERE deal_id IS NOT NULL"""
    )
    return True


def _foreign(bench: Workbench, reading: Reading, home: Home) -> bool:
    """Tell whether a deals file names other currencies at all; column by column, which of a large file costs least."""
    columns = [
        (kept_with(reading, said), said) for said in (reading.sql("deals.currency"),) if reading.says("deals.currency")
    ]
    columns.append((reading.kept_values, reading.sql("deals.amount", "currency")))
    return reading.mapping.currency not in {None, home.currency} or any(
        bench.rows(f"SELECT 1 FROM {rows} WHERE {said} <> ? LIMIT 1", [home.currency]) for rows, said in columns
    )


def _maybe_foreign(bench: Workbench, reading: Reading, home: Home) -> str:
    """Give the rows of a deals file whose column of currencies does not name the organisation's, with their amounts.

    They are mostly few and collected first: joined at once, all values would be put into a table to find a few in it.
    """
    if not reading.says("deals.currency"):
        return reading.kept_values
    said, rows = reading.sql("deals.currency"), f"foreign_{reading.place}"
    bench.run(
        f"""CREATE TEMP TABLE {rows} AS SELECT _row, {said} FROM {kept_with(reading, said)}
            WHERE {said} IS DISTINCT FROM {literal(home.currency)}"""
    )
    amounts = f"SELECT _row, {reading.sql('deals.amount')}, {reading.sql('deals.amount', 'currency')}"
    return f"{rows} JOIN ({amounts} FROM {reading.kept_values}) USING (_row)"


def currencies(bench: Workbench, readings: Sequence[Reading], held: Held, home: Home) -> list[Finding]:
    """Say which currencies other than the organisation's have no exchange rate."""
    parts = [
        f"""SELECT {reading.deal_currency()} AS currency FROM {_maybe_foreign(bench, reading, home)}
            WHERE {reading.sql("deals.amount")} IS NOT NULL"""
        for reading in readings
        if reading.entity is Entity.DEALS and reading.says("deals.amount") and _foreign(bench, reading, home)
    ]
    if not parts:
        return []
    rates = [f"SELECT {r.sql('rates.currency')} FROM {r.kept}" for r in readings if r.entity is Entity.RATES]
    if "rates" in held.now:
        rates.append(f"SELECT currency FROM {held.now['rates']}")
    unrated = f"AND currency NOT IN ({' UNION ALL '.join(rates)})" if rates else ""
    rows = bench.rows(
        f"""SELECT currency, count(*) FROM ({" UNION ALL ".join(parts)})
            WHERE currency IS NOT NULL AND currency <> ? {unrated} GROUP BY ALL ORDER BY ALL""",
        [home.currency],
    )
    if not rows:
        return []
    count = sum(n for _, n in rows)
    message = Message(
        N_(
            "{n} {n:deal is|deals are} in {currencies}, without an exchange rate to {currency}; "
            "{n:it stays|they stay} out of sums."
        ),
        {"n": count, "currencies": ", ".join(name for name, _ in rows), "currency": home.currency},
    )
    return [Finding("currency_mixed", Severity.WARNING, message, count)]


def calendar(
    bench: Workbench, readings: Sequence[Reading], home: Home, held: Held, exported_on: date
) -> pa.Table | None:
    """Give the calendar that the data need; None where the lake has it."""
    return home_calendar(bench, home, held, span(bench, readings, exported_on))
