"""bokgi trends: how KPIs went over the last two years."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from bokgi.cli.answering import answer, asked_once, day, facts_of, show_table
from bokgi.cli.registry import Answer, command
from bokgi.cli.session import Session
from bokgi.domain.labels import KPI_COUNTS, KPI_REASONS, TRENDS
from bokgi.domain.messages import N_, Message


@command("trends", N_("How KPIs went over the last two years, of everybody, a team or one person."), order=37)
def trends(
    session: Session,
    *,
    as_of: Annotated[
        str | None, typer.Option("--as-of", metavar=N_("DATE"), help=N_("Day as of whose end the facts are shown."))
    ] = None,
    team: Annotated[str | None, typer.Option(metavar=N_("TEAM"), help=N_("One team only."))] = None,
    person: Annotated[
        str | None, typer.Option(metavar=N_("NAME"), help=N_("One person only: name, address or person_id."))
    ] = None,
) -> Answer:
    """Ask and show."""
    from bokgi.questions.people import person_id
    from bokgi.questions.trends import ask_trends

    asked: dict[str, Any] = {"team": team}
    if person is not None:
        with facts_of(session) as facts:
            asked = {"person_id": person_id(facts, person, team)}
    found = asked_once(session, ask_trends, as_of=day(session, as_of), **asked)
    told = answer(session, found)
    return Answer(told, lambda shown: _show(shown, told))


def _show(session: Session, found: dict[str, Any]) -> None:
    from datetime import date

    from bokgi.ui.format import plain
    from bokgi.ui.speaker import Speaker, kpi_interval, kpi_value

    speaker = Speaker(session.lang, date.fromisoformat(found["as_of"]), "KRW")
    rows = []
    for one in found["series"]:
        for window, point in zip(found["windows"], one["points"], strict=True):
            row = {"kind": one["kind"], **point}
            reason = None if point["reason"] is None else session.text(Message(KPI_REASONS[point["reason"]]))
            rows.append(
                (
                    session.text(Message(TRENDS[one["key"]])),
                    window["start"],
                    plain(kpi_value(speaker, row)),
                    plain(reason or kpi_interval(speaker, row, one["level"] or 0.0)),
                    plain(speaker.text(KPI_COUNTS[one["n_of"]], n=point["n"])),
                )
            )
    show_table(
        session,
        [
            (N_("KPI"), "left"),
            (N_("Weeks from"), "left"),
            (N_("Value"), "right"),
            (N_("Interval"), "left"),
            (N_("Rests on"), "left"),
        ],
        rows,
    )
