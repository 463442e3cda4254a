"""bokgi win-loss: what was won and lost week by week, and which reasons were written down for the losses."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from bokgi.cli.answering import answer, asked_once, conclude, day, interval, key_of, say_all, show_table, window
from bokgi.cli.registry import Answer, command
from bokgi.cli.session import Session
from bokgi.domain.labels import NO_REASON, NO_STAGE, OUTCOMES, PIPELINES
from bokgi.domain.messages import N_, Message


@command(
    "win-loss",
    N_("What was won and lost week by week, and the reasons written down for losses."),
    order=32,
    method="win_loss",
)
def win_loss(
    session: Session,
    *,
    from_: Annotated[
        str | None, typer.Option("--from", metavar=N_("DATE"), help=N_("First day of the period."))
    ] = None,
    to: Annotated[str | None, typer.Option("--to", metavar=N_("DATE"), help=N_("Last day of the period."))] = None,
    team: Annotated[str | None, typer.Option(metavar=N_("TEAM"), help=N_("One team only."))] = None,
    person: Annotated[str | None, typer.Option(metavar=N_("NAME"), help=N_("Whose deals: name or person_id."))] = None,
    pipeline: Annotated[str | None, typer.Option(metavar=N_("PIPELINE"), help=N_("One pipeline only."))] = None,
    as_of: Annotated[
        str | None, typer.Option("--as-of", metavar=N_("DATE"), help=N_("Day as of whose end the facts are shown."))
    ] = None,
) -> Answer:
    """Ask and show."""
    from bokgi.questions.win_loss import ask_win_loss

    start, end = window(from_, to)
    scope = {"team": team, "pipeline": pipeline, "person": key_of(session, person, team)}
    found = asked_once(session, ask_win_loss, as_of=day(session, as_of), start=start, end=end, **scope)
    told = answer(session, found)
    return Answer(told, lambda shown: _show(shown, told))


def _show(session: Session, found: dict[str, Any]) -> None:
    from datetime import date

    from bokgi.ui.format import percent
    from bokgi.ui.speaker import Speaker, amount_of

    say_all(session, found, "said")
    total = found["total"]
    amounts = [row["won"]["amount"] for row in (*found["weeks"], total)]
    amounts += [row["amount"] for row in found["reasons"]]
    currency = next((amount["currency"] for amount in amounts if amount is not None), "KRW")
    speaker = Speaker(session.lang, date.fromisoformat(found["as_of"]), currency)
    unit = speaker.money_column(amounts)

    def share(figure: dict[str, Any] | None) -> tuple[str, str]:
        if figure is None:
            return session.word(N_("too few")), ""
        return percent(figure["estimate"]), interval(session, figure, percent)

    def row(name: str, of: dict[str, Any]) -> list[str]:
        counts = [speaker.count(of[end]["count"]) for end in ("won", "lost", "no_decision")]
        return [name, *counts, unit.cell(amount_of(of["won"]["amount"])), *share(of["win_rate"])]

    if total["n"]:
        show_table(
            session,
            [
                (N_("Weeks from"), "left"),
                (N_("Won"), "right"),
                (N_("Lost"), "right"),
                (N_("No decision"), "right"),
                (session.text(Message(N_("Won, {unit}"), {"unit": unit.label})), "right"),
                (N_("Win rate"), "right"),
                (N_("Interval"), "right"),
            ],
            [
                *(row(speaker.day_short(week["start"]), week) for week in found["weeks"]),
                row(session.word(N_("Whole period")), total),
            ],
        )
        medians = ((N_("Won"), total["to_win"]), (N_("Lost or without decision"), total["to_loss"]))
        show_table(
            session,
            [
                (N_("Days from creation"), "left"),
                (N_("Median"), "right"),
                (N_("Interval"), "right"),
                (N_("Rests on"), "right"),
            ],
            [
                (
                    session.word(name),
                    session.word(N_("too few")) if one["median"] is None else speaker.days(one["median"]),
                    "" if one["low"] is None else speaker.days_ends(one["low"], one["high"]),
                    speaker.text(N_("{n} {n:deal|deals}"), n=one["n"]),
                )
                for name, one in medians
            ],
        )
    if found["reasons"]:
        show_table(
            session,
            [
                (N_("Reason written down"), "left"),
                (N_("Outcome"), "left"),
                (N_("Deals"), "right"),
                (session.text(Message(N_("Amount, {unit}"), {"unit": unit.label})), "right"),
                (N_("Share"), "right"),
                (N_("Interval"), "right"),
            ],
            [
                (
                    one["lost_reason"] or session.word(NO_REASON),
                    session.word(OUTCOMES[one["outcome"]]),
                    speaker.count(one["count"]),
                    unit.cell(amount_of(one["amount"])),
                    *share(one["share"]),
                )
                for one in found["reasons"]
            ],
        )
    if found["stages"]:
        several = len({one["pipeline"] for one in found["stages"] if one["pipeline"]}) > 1
        show_table(
            session,
            [(N_("Stood last in"), "left"), (N_("Outcome"), "left"), (N_("Deals"), "right")],
            [
                (
                    session.word(NO_STAGE)
                    if one["stage"] is None
                    else f"{speaker.label(PIPELINES, one['pipeline'])}: {one['label']}"
                    if several
                    else one["label"],
                    session.word(OUTCOMES[one["outcome"]]),
                    speaker.count(one["deals"]),
                )
                for one in found["stages"]
            ],
        )
    conclude(session, found)
