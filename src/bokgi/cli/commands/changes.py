"""bokgi changes: what changed in what people and teams do, beyond chance."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from bokgi.cli.answering import answer, asked_once, conclude, day, interval, say_all, show_table
from bokgi.cli.registry import Answer, command
from bokgi.cli.session import Session
from bokgi.domain.messages import N_, Message


@command(
    "changes",
    N_("What changed in what people and teams do in a week, beyond chance."),
    order=52,
    method="change_detection",
)
def changes(
    session: Session,
    *,
    weeks: Annotated[int, typer.Option(metavar=N_("COUNT"), help=N_("Alerts of so many last weeks."))] = 8,
    team: Annotated[str | None, typer.Option(metavar=N_("TEAM"), help=N_("One team only."))] = None,
    false_alarms: Annotated[
        float, typer.Option("--false-alarms", metavar="0…1", help=N_("Share of a team's weeks with a false alarm."))
    ] = 0.05,
    as_of: Annotated[
        str | None, typer.Option("--as-of", metavar=N_("DATE"), help=N_("Day as of whose end the facts are shown."))
    ] = None,
) -> Answer:
    """Ask and show."""
    from bokgi.questions.changes import ask_changes

    found = asked_once(
        session, ask_changes, as_of=day(session, as_of), weeks=weeks, team=team, false_alarms=false_alarms
    )
    told = answer(session, found)
    return Answer(told, lambda shown: _show(shown, told))


def _show(session: Session, found: dict[str, Any]) -> None:
    from bokgi.questions.changes import METRICS
    from bokgi.ui.format import number, percent

    say_all(session, found, "said")
    columns = [
        (N_("Who"), "left"),
        (N_("What"), "left"),
        (N_("Noticed"), "left"),
        (N_("Since"), "left"),
        (N_("Before"), "right"),
        (N_("After"), "right"),
        (N_("After ÷ before"), "right"),
    ]

    def level(alert: dict[str, Any], name: str) -> str:
        return percent(alert[name]) if alert["metric"] == "win_rate" else number(alert[name])

    rows = [
        (
            alert["name"] or session.text(Message(N_("Organisation"))),
            session.text(METRICS[alert["metric"]]),
            alert["week"],
            alert["since"],
            level(alert, "before"),
            level(alert, "after"),
            interval(session, alert["ratio"], percent),
        )
        for alert in found["alerts"]
    ]
    if rows:
        show_table(session, columns, rows)
    conclude(session, found)
