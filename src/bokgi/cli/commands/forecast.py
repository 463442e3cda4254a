"""bokgi forecast: what will be won in a period; bokgi backtest: how good such forecasts have been."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Any

import typer

from bokgi.cli.answering import answer, asked_once, conclude, day, key_of, say_all, show_table
from bokgi.cli.registry import Answer, command
from bokgi.cli.session import Session
from bokgi.domain.labels import FORECAST_CHANGES, FORECAST_METHODS
from bokgi.domain.messages import N_, Message
from bokgi.domain.money import Money


@command("forecast", N_("What will be won in a period, with its range and what moves it."), order=42, method="forecast")
def forecast(
    session: Session,
    *,
    as_of: Annotated[
        str | None, typer.Option("--as-of", metavar=N_("DATE"), help=N_("Day as of whose end the facts are shown."))
    ] = None,
    period: Annotated[
        str | None, typer.Option(metavar="month|quarter|DATE..DATE", help=N_("What is forecast; the current quarter."))
    ] = None,
    team: Annotated[str | None, typer.Option(metavar=N_("TEAM"), help=N_("One team only."))] = None,
    person: Annotated[str | None, typer.Option(metavar=N_("NAME"), help=N_("Whose deals: name or person_id."))] = None,
    pipeline: Annotated[str | None, typer.Option(metavar=N_("PIPELINE"), help=N_("One pipeline only."))] = None,
) -> Answer:
    """Ask and show."""
    from bokgi.questions.forecast import ask_forecast, period_of

    on = day(session, as_of)
    scope = {"team": team, "pipeline": pipeline, "person": key_of(session, person, team)}
    found = asked_once(session, ask_forecast, as_of=on, period=period_of(period, on), **scope)
    told = answer(session, found)
    return Answer(told, lambda shown: _show_forecast(shown, told))


@command("backtest", N_("How good the forecast has been, made again from past days."), order=43, method="forecast")
def backtest(
    session: Session,
    *,
    as_of: Annotated[
        str | None, typer.Option("--as-of", metavar=N_("DATE"), help=N_("Day as of whose end the facts are shown."))
    ] = None,
    period: Annotated[str, typer.Option(metavar="month|quarter", help=N_("How long the periods are."))] = "month",
    team: Annotated[str | None, typer.Option(metavar=N_("TEAM"), help=N_("One team only."))] = None,
    person: Annotated[str | None, typer.Option(metavar=N_("NAME"), help=N_("Whose deals: name or person_id."))] = None,
    pipeline: Annotated[str | None, typer.Option(metavar=N_("PIPELINE"), help=N_("One pipeline only."))] = None,
) -> Answer:
    """Ask and show."""
    from bokgi.questions.backtest import ask_backtest

    scope = {"team": team, "pipeline": pipeline, "person": key_of(session, person, team)}
    found = asked_once(session, ask_backtest, as_of=day(session, as_of), period=period, **scope)
    told = answer(session, found)
    return Answer(told, lambda shown: _show_backtest(shown, told))


def _money(session: Session, found: dict[str, str] | None) -> str:
    from bokgi.ui.format import money_short, plain

    return (
        "–" if found is None else plain(money_short(Money(Decimal(found["amount"]), found["currency"]), session.lang))
    )


def _range(session: Session, found: dict[str, Any]) -> str:
    return f"{_money(session, found['low'])} ~ {_money(session, found['high'])}"


def _show_forecast(session: Session, found: dict[str, Any]) -> None:
    from bokgi.ui.format import percent

    say_all(session, found, "said")
    rows = [
        (session.text(Message(label)), _money(session, part["mean"]), _range(session, part))
        for label, part in ((N_("Open deals"), found["open"]), (N_("Business yet to come"), found["new"]))
        if part is not None
    ]
    rows += [
        (session.text(Message(FORECAST_METHODS[name])), _money(session, one["mean"]), _range(session, one))
        for name, one in found["benchmarks"].items()
    ]
    columns = [(N_("Part or method"), "left"), (N_("Expected"), "right"), (N_("80% range"), "right")]
    if rows:
        show_table(session, columns, rows)
    for key, label in (("teams", N_("Team")), ("people", N_("Name"))):
        _show_shares(session, found[key], label)
    if found["change"] is not None:
        show_table(
            session,
            [(N_("Change since last week"), "left"), (N_("Deals"), "right"), (N_("Amount"), "right")],
            [
                (
                    session.text(Message(FORECAST_CHANGES[part["code"]])),
                    "" if part["n"] is None else str(part["n"]),
                    _money(session, part["amount"]),
                )
                for part in found["change"]["parts"]
            ],
        )
    for key, label in (("at_risk", N_("Deals at risk")), ("range_deals", N_("Deals that decide the range"))):
        if found[key]:
            show_table(
                session,
                [
                    (label, "left"),
                    (N_("Name"), "left"),
                    (N_("Stage"), "left"),
                    (N_("Amount"), "right"),
                    (N_("Chance"), "right"),
                    (N_("Chance by stage"), "right"),
                    (N_("Notes"), "left"),
                ],
                [
                    (
                        deal["title"],
                        deal["name"] or "–",
                        deal["stage"],
                        _money(session, deal["amount"]),
                        percent(deal["chance"]),
                        percent(deal["stage_chance"]),
                        ", ".join(note["text"] for note in deal["notes"]),
                    )
                    for deal in found[key]
                ],
            )
    conclude(session, found)


def _show_shares(session: Session, shares: list[dict[str, Any]], label: str) -> None:
    if not shares:
        return
    show_table(
        session,
        [
            (label, "left"),
            (N_("Won"), "right"),
            (N_("Open deals"), "right"),
            (N_("Yet to come"), "right"),
            (N_("Expected"), "right"),
            (N_("80% range"), "right"),
        ],
        [
            (
                share.get("name") or share.get("team") or "–",
                *(_money(session, share[name]) for name in ("won_so_far", "open", "new", "mean")),
                _range(session, share),
            )
            for share in shares
        ],
    )


def _show_backtest(session: Session, found: dict[str, Any]) -> None:
    from datetime import date

    from bokgi.ui.format import day as day_text
    from bokgi.ui.format import percent, plain

    say_all(session, found, "said")
    if found["scores"]:
        show_table(
            session,
            [
                (N_("Method"), "left"),
                (N_("Periods"), "right"),
                (N_("Mean error (CRPS)"), "right"),
                (N_("Inside 80%"), "right"),
                (N_("Bias"), "right"),
            ],
            [
                (
                    session.text(Message(FORECAST_METHODS[name])),
                    str(score["n"]),
                    _money(session, score["crps"]),
                    percent(score["coverage80"]),
                    "–" if score["bias"] is None else percent(score["bias"]),
                )
                for name, score in found["scores"].items()
            ],
        )
        show_table(
            session,
            [(N_("Seen from"), "left"), (N_("Expected"), "right"), (N_("80% range"), "right"), (N_("Came"), "right")],
            [
                (
                    plain(day_text(date.fromisoformat(one["on"]), session.lang, year=True)),
                    _money(session, one["mean"]),
                    _range(session, one),
                    _money(session, one["came"]),
                )
                for one in found["origins"]
            ],
        )
    conclude(session, found)
