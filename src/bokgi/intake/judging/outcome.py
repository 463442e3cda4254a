"""How a deal's row says that it ended, and when."""

from __future__ import annotations

from bokgi.domain.stage import Outcome
from bokgi.intake.judging.ladder import Ladder
from bokgi.intake.judging.readings import Reading
from bokgi.intake.mapping.ladders.evidence import DEFAULT_PIPELINE
from bokgi.intake.sql import literal, one_of

PIPELINE = "pipeline"
STAGE_KIND = "stage_kind"
OUTCOME = "outcome"
"""Columns that the typed view of a deals file has beside those of its fields."""
OUTCOMES = tuple(outcome.value for outcome in Outcome)
"""All that the column of that name may hold."""


def pipeline(reading: Reading) -> str:
    """Give the SQL of a deal's pipeline."""
    said = reading.sql("deals.pipeline")
    return (
        f"coalesce({said}, {literal(DEFAULT_PIPELINE)})"
        if reading.says("deals.pipeline")
        else literal(DEFAULT_PIPELINE)
    )


def derived(reading: Reading, ladder: Ladder) -> tuple[dict[str, str], ...]:
    """Give what the typed view of a deals file says of each row beside its fields, level by level: name → SQL.

    `pipeline`; `stage_kind`, the kind of the stage, null where the ladder does not know it; `outcome`. They are
    computed once here, for rules and writing alike.
    """
    kind = ladder.kind(reading.sql("deals.stage"), PIPELINE)
    return {PIPELINE: pipeline(reading)}, {STAGE_KIND: kind}, {OUTCOME: _outcome(reading, ladder)}


def _outcome(reading: Reading, ladder: Ladder) -> str:
    """Give the SQL of a deal's outcome.

    The first that speaks decides: deleted in the source, the outcome column, the flags, the moments of winning and
    losing, the kind of the stage; nothing of all that is an open deal.
    """
    branches = []
    if reading.says("row.deleted"):
        branches.append((reading.sql("row.deleted"), "'removed'"))
    if reading.says("deals.outcome"):
        said = reading.sql("deals.outcome")
        branches.append((one_of(said, OUTCOMES), said))
    ended = f"CASE WHEN {STAGE_KIND} IN ('lost', 'no_decision') THEN {STAGE_KIND} ELSE 'lost' END"
    won, lost, closed = (reading.sql(f"deals.is_{what}") for what in ("won", "lost", "closed"))
    if reading.says("deals.is_won"):
        branches.append((won, "'won'"))
    if reading.says("deals.is_lost"):
        branches.append((lost, ended))
    if reading.says("deals.is_closed"):
        if reading.says("deals.is_won"):
            branches.append((f"{closed} AND NOT {won}", ended))
        branches.append((f"NOT {closed}", "'open'"))
    branches += [
        (f"{reading.sql(f'deals.{name}', 'on')} IS NOT NULL", literal(name))
        for name in ("won", "lost")
        if reading.says(f"deals.{name}")
    ]
    if ladder:
        branches.append((f"{STAGE_KIND} IS NOT NULL", STAGE_KIND))
    listed = " ".join(f"WHEN {condition} THEN {value}" for condition, value in branches)
    return f"CASE {listed} ELSE 'open' END" if branches else "'open'"


def closed(reading: Reading, part: str) -> str:
    """Give the SQL of the moment at which the row says that the deal closed, whatever its outcome.

    `part` is `at` or `on`. A column that is the expected date of open deals (`deals.close`) speaks as well: ask the
    outcome first.
    """
    names = [name for name in ("deals.closed", "deals.won", "deals.lost", "deals.close") if reading.says(name)]
    if not names:
        return reading.sql("deals.closed", part)
    if len(names) == 1:
        return reading.sql(names[0], part)
    if part == "on":
        return f"coalesce({', '.join(reading.sql(name, 'on') for name in names)})"
    branches = " ".join(f"WHEN {reading.sql(name, 'on')} IS NOT NULL THEN {reading.sql(name, 'at')}" for name in names)
    return f"CASE {branches} END"
