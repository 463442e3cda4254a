"""bokgi kpis: what each KPI of the dictionary stands at."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from bokgi.cli.answering import answer, asked_once, day, key_of, show_table
from bokgi.cli.registry import Answer, command
from bokgi.cli.session import Session
from bokgi.domain.labels import KPI_COUNTS, KPI_REASONS, KPIS
from bokgi.domain.messages import N_, Message


@command("kpis", N_("What each KPI stands at, with its interval and how many deals it rests on."), order=36)
def kpis(
    session: Session,
    *,
    as_of: Annotated[
        str | None, typer.Option("--as-of", metavar=N_("DATE"), help=N_("Day as of whose end the facts are shown."))
    ] = None,
    team: Annotated[str | None, typer.Option(metavar=N_("TEAM"), help=N_("One team only."))] = None,
    person: Annotated[str | None, typer.Option(metavar=N_("NAME"), help=N_("Whose deals: name or person_id."))] = None,
    pipeline: Annotated[str | None, typer.Option(metavar=N_("PIPELINE"), help=N_("One pipeline only."))] = None,
) -> Answer:
    """Ask and show."""
    from bokgi.questions.kpis import ask_kpis

    scope = {"team": team, "pipeline": pipeline, "person": key_of(session, person, team)}
    found = asked_once(session, ask_kpis, as_of=day(session, as_of), **scope)
    told = answer(session, found)
    return Answer(told, lambda shown: _show(shown, told))


def _show(session: Session, found: dict[str, Any]) -> None:
    from datetime import date

    from bokgi.ui.format import plain
    from bokgi.ui.speaker import Speaker, kpi_interval, kpi_value

    speaker = Speaker(session.lang, date.fromisoformat(found["as_of"]), "KRW")

    def interval(row: dict[str, Any]) -> str:
        if row["reason"] is not None:
            return session.text(Message(KPI_REASONS[row["reason"]]))
        return "" if row["level"] is None else kpi_interval(speaker, row, row["level"])

    show_table(
        session,
        [(N_("KPI"), "left"), (N_("Value"), "right"), (N_("Interval"), "left"), (N_("Rests on"), "left")],
        [
            (
                session.text(Message(KPIS[row["key"]])),
                plain(kpi_value(speaker, row)),
                plain(interval(row)),
                "" if row["n"] is None else plain(speaker.text(KPI_COUNTS[row["n_of"]], n=row["n"])),
            )
            for row in found["kpis"]
        ],
    )
