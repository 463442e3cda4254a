"""Execution check: what each person did, at each stage of the funnel."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, Final

from bokgi.apps.reviews.rendering.blocks import Block, Item, Items, Section
from bokgi.apps.reviews.rendering.words import PARTS
from bokgi.domain.labels import ACTIVITIES
from bokgi.domain.messages import N_, Message
from bokgi.ui import marks
from bokgi.ui.blocks import Cell, Column, Table
from bokgi.ui.format import MoneyColumn
from bokgi.ui.speaker import Speaker, amount_of

Json = Mapping[str, Any]
_SHOWN_KINDS: Final = 3
_LEAST_WEEKS: Final = 3
"""Fewer weeks make no line."""
_FLOWS: Final = {
    N_("New"): ("created",),
    N_("Won"): ("won",),
    N_("Lost, no decision"): ("lost", "no_decision"),
    N_("Open now"): ("open",),
}
_CARE: Final = {
    "no_next_step": N_("No next step"),
    "close_date_passed": N_("Date passed"),
    "untouched": N_("Untouched"),
    "nothing_planned": N_("Nothing planned"),
}


def section(review: Json, speaker: Speaker) -> Section:
    """Write the part."""
    title, about = PARTS["execution"]
    blocks: list[Block] = []
    rows = review["execution"]
    if rows:
        blocks.append(_results(review, speaker))
        blocks += _work(review, speaker)
        blocks.append(_changes(review, speaker))
    return Section(
        key="execution",
        title=speaker.word(title),
        about=speaker.word(about),
        say=[speaker.say(sentence) for sentence in review["said"]["execution"]],
        blocks=blocks,
    )


def _results(review: Json, speaker: Speaker) -> Table:
    rows, total = review["execution"], review["execution_total"]["this_week"]
    everyone = [*rows, total]
    unit = speaker.money_column(
        [row[what]["amount"] for row in everyone for names in _FLOWS.values() for what in names]
    )
    columns = [Column(speaker.word(N_("Person")))]
    for label in _FLOWS:
        columns.append(Column(speaker.word(label), "right"))
        columns.append(Column(unit.label, "right"))
    return Table(
        caption=speaker.text(N_("Deals by person, amounts in {unit}"), unit=unit.label),
        columns=columns,
        rows=[[_person(row), *_deal_cells(row, unit, speaker)] for row in rows],
        foot=[[Cell(speaker.word(N_("Everyone")), strong=True), *_deal_cells(total, unit, speaker)]],
        note=_unknown_note(total, speaker),
    )


def _changes(review: Json, speaker: Speaker) -> Items:
    """List what changed beyond chance, first what became clear in this week."""
    return Items(
        title=speaker.word(N_("What changed")),
        items=[
            Item(
                title=speaker.say(found["sentence"]),
                sub="" if found["new"] else speaker.text(N_("noticed {day}"), day=speaker.day(found["week"])),
            )
            for found in review["changes"]
        ],
        note=speaker.word(
            N_("Ask before you judge: leave, another task, or another way of recording also show like this.")
        )
        if any(found["direction"] == "down" for found in review["changes"])
        else "",
        empty=speaker.word(N_("In no weekly count a change beyond chance became clear.")),
    )


def _unknown_note(total: Json, speaker: Speaker) -> str:
    missing = sum(total[what]["amount_unknown"] for names in _FLOWS.values() for what in names)
    if not missing:
        return ""
    return speaker.message(
        Message(
            N_("{n} deal has no known amount; it is counted, but not in the sums."),
            {"n": missing},
            plural=N_("{n} deals have no known amount; they are counted, but not in the sums."),
        )
    )


def _deal_cells(row: Json, unit: MoneyColumn, speaker: Speaker) -> list[Cell]:
    cells = []
    for names in _FLOWS.values():
        count = sum(row[name]["count"] for name in names)
        known = [
            amount for name in names if row[name]["count"] and (amount := amount_of(row[name]["amount"])) is not None
        ]
        cells.append(Cell(speaker.count(count), tone="" if count else "dim"))
        cells.append(Cell("" if not count else unit.cell(sum(known, Decimal(0)) if known else None)))
    return cells


def _person(row: Json) -> Cell:
    return Cell(row["name"], sub=row["team"] or "", strong=True)


def _work(review: Json, speaker: Speaker) -> list[Block]:
    """Show what each person did and has to care for; nothing where the data tell neither."""
    rows, total = review["execution"], review["execution_total"]["this_week"]
    kinds = _kinds(total)
    stages = [stage for stage in review["stages"] if total["entered"].get(stage["key"])]
    asked = any(row["standard"] for row in rows)
    weeks = max((len(row.get("weeks", ())) for row in rows), default=0)
    columns = [Column(speaker.word(N_("Person")))]
    columns += [Column(speaker.label(ACTIVITIES, kind), "right") for kind in kinds]
    columns += [Column(speaker.text(N_("Last {n} weeks"), n=weeks), drawn=True)] if weeks >= _LEAST_WEEKS else []
    care = _known_care(rows)
    columns += [Column(speaker.word(_CARE[what]), "right") for what in care]
    columns += [Column(f"→ {stage['label']}", "right") for stage in stages]
    if len(columns) == 1:
        return []
    note = speaker.text(
        N_(
            "Activities made by a system do not count. Untouched: no activity by a person in "
            "{days} working {days:day|days}."
        ),
        days=review["untouched_days"],
    )
    if asked:
        note = f"{speaker.word(N_('3 / 5: three done where the standard asks for five.'))} {note}"
    table = Table(
        caption=speaker.word(N_("Activities, open deals that need care, entries into stages (→)")),
        columns=columns,
        rows=[[_person(row), *_work_cells(row, kinds, care, stages, weeks, speaker)] for row in rows],
        foot=[
            [Cell(speaker.word(N_("Everyone")), strong=True), *_work_cells(total, kinds, care, stages, weeks, speaker)]
        ],
        note=note,
    )
    return [table]


def _known_care(rows: Sequence[Json]) -> list[str]:
    """Name what open deals lack as far as it is told; a review that was kept earlier may not tell all of it."""
    return [what for what in _CARE if any(row["care"].get(what) is not None for row in rows)]


def _kinds(total: Json) -> list[str]:
    done = {kind: count for kind, count in total["activities"].items() if count}
    named = [kind for kind in ACTIVITIES if kind in done]
    others = sorted((kind for kind in done if kind not in ACTIVITIES), key=lambda kind: (-done[kind], kind))
    return sorted([*named, *others], key=lambda kind: -done[kind])[: _SHOWN_KINDS + 1]


def _work_cells(
    row: Json, kinds: Sequence[str], care: Sequence[str], stages: Sequence[Json], weeks: int, speaker: Speaker
) -> list[Cell]:
    asked = {found["metric"]: found for found in row["standard"]}
    cells = [_done(row["activities"].get(kind, 0), asked.get(kind), speaker) for kind in kinds]
    cells += [_lately(row, weeks, speaker)] if weeks >= _LEAST_WEEKS else []
    cells += [_count(row["care"][what], speaker) for what in care]
    return cells + [_count(row["entered"].get(stage["key"], 0), speaker) for stage in stages]


def _lately(row: Json, weeks: int, speaker: Speaker) -> Cell:
    """Draw a person's activities week by week; the sums of everyone have no line, nor has a review kept earlier."""
    if row.get("weeks") is None:
        return Cell()
    counts = row["weeks"] or [0] * weeks
    told = ", ".join(map(speaker.count, counts))
    label = speaker.text(N_("activities by week, the oldest first: {counts}"), counts=told)
    return Cell(mark=marks.sparkline(counts, label=label, width=48))


def _count(number: int | None, speaker: Speaker) -> Cell:
    return Cell(speaker.count(number), tone="" if number else "dim")


def _done(number: int, standard: Json | None, speaker: Speaker) -> Cell:
    """Write how often something was done, and how often the standard asks for it."""
    if standard is None:
        return _count(number, speaker)
    return Cell(f"{speaker.count(number)} / {speaker.number(standard['required'])}", strong=not standard["met"])
