"""bokgi data quarantine, release, dismiss: rows that were refused, and what to do about them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from bokgi.cli.answering import show_table
from bokgi.cli.commands.importing import who
from bokgi.cli.registry import Answer, command
from bokgi.cli.session import Session
from bokgi.domain.errors import UsageError
from bokgi.domain.messages import N_, Message

if TYPE_CHECKING:
    from bokgi.intake.quarantine import Place, RefusedRow
    from bokgi.intake.release import Released

_EXCERPT = 60
_ROW_HELP = N_("A row as FILE:ROW, as the list shows it; may be given more than once.")


@command("data quarantine", N_("List the rows that were refused, with the reason and the text."), order=31)
def quarantine(
    session: Session,
    *,
    import_no: Annotated[
        int | None, typer.Option("--import", metavar=N_("NUMBER"), help=N_("Of one import only."))
    ] = None,
    limit: Annotated[int, typer.Option(min=1, metavar=N_("COUNT"), help=N_("How many rows at most."))] = 50,
) -> Answer:
    """Show what waits, the sum of each reason first."""
    from bokgi.intake.quarantine import count, quarantined

    lake = session.lake()
    rows = quarantined(lake, import_no=import_no, limit=limit)
    waiting = count(lake)
    data = {"waiting": waiting, "shown": len(rows), "rows": [row.as_json() for row in rows]}
    return Answer(data, lambda shown: _show(shown, rows, waiting))


def _show(session: Session, rows: Sequence[RefusedRow], waiting: int) -> None:
    if not rows:
        session.say(N_("Nothing waits in quarantine."))
        return
    session.say(N_("{n} {n:row waits|rows wait} in quarantine."), n=waiting)
    if len(rows) < waiting:
        session.say(N_("{n} {n:row is|rows are} shown; --limit shows more."), n=len(rows))
    reasons = Counter((row.place.file, code) for row in rows for code in row.codes)
    show_table(
        session,
        [(N_("File"), "left"), (N_("Reason"), "left"), (N_("Rows shown"), "right")],
        ([file, _reason(session, code), f"{n:,}"] for (file, code), n in reasons.most_common()),
    )
    show_table(
        session,
        [
            (N_("Import"), "right"),
            (N_("Row"), "left"),
            (N_("Reason"), "left"),
            (N_("Column"), "left"),
            (N_("Text"), "left"),
        ],
        (
            [
                str(row.place.import_no),
                f"{row.place.file}:{row.place.row}",
                _reason(session, str(finding["code"])),
                finding.get("column") or "",
                finding.get("value") or (row.cells.get("", "") if row.is_unread else "")[:_EXCERPT],
            ]
            for row in rows
            for finding in row.findings
        ),
    )
    session.say(N_("Mend the mapping and run: bokgi data release NUMBER"))
    session.say(N_('Mend one row: bokgi data release NUMBER --row FILE:ROW --set "HEADER=TEXT"'))


def _reason(session: Session, code: str) -> str:
    from bokgi.intake.quarantine import REASONS

    return session.text(Message(REASONS.get(code, code)))


@command("data release", N_("Judge refused rows again: with a mended mapping, or one row with mended cells."), order=32)
def release(
    session: Session,
    import_no: Annotated[int, typer.Argument(metavar=N_("NUMBER"), help=N_("Number of the import that refused them."))],
    *,
    map_: Annotated[
        list[Path] | None,
        typer.Option("--map", metavar=N_("FILE"), help=N_("A saved mapping (TOML); may be given more than once.")),
    ] = None,
    row: Annotated[str | None, typer.Option(metavar=N_("FILE:ROW"), help=N_("The row to mend by hand."))] = None,
    set_: Annotated[
        list[str] | None,
        typer.Option(
            "--set", metavar=N_("HEADER=TEXT"), help=N_("A mended cell of that row; without text it is emptied.")
        ),
    ] = None,
) -> Answer:
    """Release by mapping, or by hand."""
    from bokgi.intake.mapping import saved
    from bokgi.intake.release import release_by_hand, release_by_mapping

    if (row is None) != (not set_):
        raise UsageError(
            "row_without_cells",
            Message(N_("A row is mended with --row and --set together.")),
            Message(N_('For example: --row deals.csv:17 --set "Amount=1200"')),
        )
    now = datetime.now(UTC)
    lake = session.lake()
    if row is None:
        mappings = [saved.read_file(path) for path in map_] if map_ else None
        found = release_by_mapping(lake, import_no, by=who(), at=now, mappings=mappings)
    else:
        found = release_by_hand(lake, _place(import_no, row), _cells(set_ or ()), by=who(), at=now)
    return Answer(_released(found, session), lambda shown: _show_released(shown, found))


def _released(found: Released, session: Session) -> dict[str, Any]:
    return {
        "import_no": found.import_no,
        "released": found.released,
        "sourceless": found.sourceless,
        "read": found.counts.read,
        "accepted": found.counts.accepted,
        "quarantined": found.counts.quarantined,
        "known": found.counts.known,
        "findings": [finding.as_json(session.lang) for finding in found.findings],
    }


def _show_released(session: Session, found: Released) -> None:
    from bokgi.cli.answering import show_findings
    from bokgi.intake.release import what_became

    show_findings(session, found.findings)
    for said in what_became(found.released, found.refused, found.sourceless):
        session.out.print(session.text(said))


@command("data dismiss", N_("Take rows out of quarantine without taking them in."), order=33)
def dismiss(
    session: Session,
    import_no: Annotated[int, typer.Argument(metavar=N_("NUMBER"), help=N_("Number of the import that refused them."))],
    *,
    row: Annotated[list[str] | None, typer.Option(metavar=N_("FILE:ROW"), help=_ROW_HELP)] = None,
    all_: Annotated[bool, typer.Option("--all", help=N_("All that wait of this import."))] = False,
) -> Answer:
    """Dismiss named rows, or all of an import."""
    from bokgi.intake.quarantine import dismiss as dismissed
    from bokgi.intake.quarantine import quarantined

    lake = session.lake()
    if all_ == bool(row):
        raise UsageError(
            "rows_unnamed",
            Message(N_("Which rows is not said.")),
            Message(N_("Name each with --row FILE:ROW, or take --all.")),
        )
    places = (
        [found.place for found in quarantined(lake, import_no=import_no, limit=1_000_000)]
        if all_
        else [_place(import_no, text) for text in row or ()]
    )
    if places:
        dismissed(lake, places, by=who(), at=datetime.now(UTC))
    return Answer(
        {"import_no": import_no, "dismissed": len(places)},
        lambda shown: shown.say(N_("{n} {n:row was|rows were} dismissed."), n=len(places)),
    )


def _place(import_no: int, text: str) -> Place:
    from bokgi.intake.quarantine import Place

    file, sign, row = text.rpartition(":")
    if not sign or not row.isdigit():
        raise UsageError(
            "row_unreadable", Message(N_("“{text}” is no row."), {"text": text}), Message(N_("Write FILE:ROW."))
        )
    return Place(import_no, file, int(row))


def _cells(pairs: Sequence[str]) -> dict[str, str | None]:
    found: dict[str, str | None] = {}
    for pair in pairs:
        header, sign, text = pair.partition("=")
        if not sign:
            raise UsageError(
                "cell_unreadable",
                Message(N_("“{text}” is no cell."), {"text": pair}),
                Message(N_("Write HEADER=TEXT.")),
            )
        found[header] = text or None
    return found
