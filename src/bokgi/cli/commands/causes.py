"""bokgi causes: what may stand behind one person's low or falling result."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from bokgi.cli.answering import answer, conclude, day, facts_of, say_all, show_table
from bokgi.cli.registry import Answer, command
from bokgi.cli.session import Session
from bokgi.domain.messages import N_, Message


@command(
    "causes",
    N_("What may stand behind one person's low or falling result, with the evidence for and against."),
    order=56,
    method="causes",
)
def causes(
    session: Session,
    *,
    who: Annotated[str, typer.Argument(metavar=N_("NAME"), help=N_("Name, address or person_id."))],
    as_of: Annotated[
        str | None, typer.Option("--as-of", metavar=N_("DATE"), help=N_("Day as of whose end the facts are shown."))
    ] = None,
) -> Answer:
    """Ask and show."""
    from bokgi.questions.answers import ask_of
    from bokgi.questions.causes import ask_causes
    from bokgi.questions.people import person_id

    with facts_of(session) as facts:
        found = ask_of(facts, ask_causes, as_of=day(session, as_of), person_id=person_id(facts, who))
    told = answer(session, found)
    return Answer(told, lambda shown: _show(shown, told))


def _show(session: Session, found: dict[str, Any]) -> None:
    from bokgi.questions.causes_told import STATE_NAMES

    say_all(session, found, "said")
    rows = [
        (
            cause["label"]["text"] if place == 0 else "",
            session.text(Message(STATE_NAMES[signal["state"]])),
            signal["sentence"]["text"],
        )
        for cause in found["causes"]
        for place, signal in enumerate(cause["signals"])
    ]
    if rows:
        show_table(session, [(N_("Cause"), "left"), (N_("Shows"), "left"), (N_("Evidence"), "left")], rows)
    session.out.print(session.text(Message(N_("Open questions"))), style="bold")
    say_all(session, found, "open_questions")
    conclude(session, found)
