"""bokgi content-effect: which content helps deals move on, and which figures are associations only."""

from __future__ import annotations

from math import expm1
from typing import Annotated, Any

import typer

from bokgi.cli.answering import answer, asked_once, conclude, day, interval, say_all, show_table
from bokgi.cli.registry import Answer, command
from bokgi.cli.session import Session
from bokgi.domain.errors import UsageError
from bokgi.domain.messages import N_, Message


@command(
    "content-effect",
    N_("Which content helps deals move on, as far as data can tell."),
    order=54,
    method="content_effect",
)
def content_effect(
    session: Session,
    *,
    lag: Annotated[
        int, typer.Option(metavar=N_("WEEKS"), help=N_("Weeks from being sent to when it may act, at least 1."))
    ] = 1,
    randomised: Annotated[
        list[str] | None,
        typer.Option(
            "--randomised",
            metavar=N_("ID=HEADER"),
            help=N_("An item given by lot and the deal attribute that says to whom; may be given more than once."),
        ),
    ] = None,
    as_of: Annotated[
        str | None, typer.Option("--as-of", metavar=N_("DATE"), help=N_("Day as of whose end the facts are shown."))
    ] = None,
) -> Answer:
    """Ask and show."""
    from bokgi.questions.content_effect import ask_content_effect

    lots = dict(_lot(text) for text in randomised or [])
    found = asked_once(session, ask_content_effect, as_of=day(session, as_of), lag=lag, randomised=lots or None)
    told = answer(session, found)
    return Answer(told, lambda shown: _show(shown, told))


def _lot(text: str) -> tuple[str, str]:
    content_id, equals, header = text.partition("=")
    if not (content_id and equals and header):
        raise UsageError(
            "lot_unreadable",
            Message(N_("“{text}” does not name an item and an attribute."), {"text": text}),
            Message(N_("Write it as ID=HEADER.")),
        )
    return content_id, header


def _show(session: Session, found: dict[str, Any]) -> None:
    from bokgi.questions.content_effect import GRADES
    from bokgi.ui.format import ABSENT, number, percent, signed

    say_all(session, found, "said")
    columns = [
        (N_("Content"), "left"),
        (N_("Deals"), "right"),
        (N_("Moves on, a week"), "right"),
        (N_("Interval"), "right"),
        (N_("Control z"), "right"),
        (N_("What it is"), "left"),
    ]
    rows = []
    for item in sorted(found["items"], key=lambda item: (item["grade"], item["content_id"])):
        figure = item["effect"]
        z = item["control"]["z"]
        rows.append(
            (
                f"{item['content_id']} {item['title']}",
                str(item["n_exposed"]),
                signed(percent(expm1(figure["estimate"]))) if figure else ABSENT,
                interval(session, figure, lambda end: percent(expm1(end))) if figure else ABSENT,
                ABSENT if z is None else number(z),
                f"{item['grade']} {session.text(Message(GRADES[item['grade']]))}",
            )
        )
    if rows:
        show_table(session, columns, rows)
    conclude(session, found)
