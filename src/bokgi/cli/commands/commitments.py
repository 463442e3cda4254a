"""bokgi commitments: what was agreed in the weekly reviews, what became of it, how much is kept."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from bokgi.cli.answering import answer, asked_once, conclude, day, say_all, show_table
from bokgi.cli.database import open_database
from bokgi.cli.registry import Answer, command
from bokgi.cli.session import Session
from bokgi.domain.messages import N_, Message

_AS_OF = Annotated[
    str | None, typer.Option("--as-of", metavar=N_("DATE"), help=N_("Day as of whose end the facts are shown."))
]


@command(
    "commitments",
    N_("What was agreed in the weekly reviews, what became of it, how much is kept."),
    order=21,
    facts_only=False,
)
def commitments(
    session: Session,
    *,
    as_of: _AS_OF = None,
    team: Annotated[str | None, typer.Option(metavar=N_("TEAM"), help=N_("One team only."))] = None,
) -> Answer:
    """Read the commitments of half a year, put them before the facts, show."""
    open_database(session)
    from bokgi.apps.reviews.keeping.answering import commitments_answer

    with session.progress() as show:
        show(session.text(Message(N_("computing"))), None)
        told = answer(session, commitments_answer(as_of=day(session, as_of), team=team))
    return Answer(told, lambda shown: _show(shown, told))


def _show(session: Session, found: dict[str, Any]) -> None:
    from bokgi.apps.reviews.record import OWN_WORDS, VERDICTS
    from bokgi.ui.format import ABSENT, percent, plain

    def verdict(row: dict[str, Any]) -> str:
        return session.text(Message(VERDICTS[row["verdict"]] if row["verdict"] else N_("Waits for its day")))

    show_table(
        session,
        [
            (N_("Who"), "left"),
            (N_("What"), "left"),
            (N_("By"), "left"),
            (N_("Facts"), "left"),
            (N_("Own word"), "left"),
        ],
        [
            (
                row["name"] or row["person_id"],
                row["what"],
                row["due_on"],
                "\n".join([verdict(row), *(sentence["text"] for sentence in row["evidence"])]),
                session.text(Message(OWN_WORDS[row["said"]])) if row["said"] else ABSENT,
            )
            for row in found["commitments"]
        ],
    )
    rate = found["rates"]["whole"]
    values: dict[str, object] = {"kept": rate["kept"], "n": rate["judged"], "least": found["minimum_n"]}
    if rate["rate"] is None:
        shown = Message(N_("{kept} of {n} kept so far: too few for a rate, {least} are needed."), values)
    else:
        values |= {name: plain(percent(rate[name])) for name in ("rate", "low", "high")}
        shown = Message(N_("{rate} of what the data can judge was kept (n {n}, 95% interval {low} to {high})."), values)
    session.out.print(session.text(shown))


@command(
    "discussed-deals",
    N_("Whether deals that the weekly reviews discussed moved more than others alike."),
    order=22,
    method="discussed_deals",
    facts_only=False,
)
def discussed(session: Session, *, as_of: _AS_OF = None) -> Answer:
    """Take the meetings that were held, ask, show."""
    open_database(session)
    from bokgi.apps.reviews.keeping.checking import meeting_days
    from bokgi.questions.discussed import ask_discussed_deals

    told = answer(session, asked_once(session, ask_discussed_deals, as_of=day(session, as_of), meetings=meeting_days()))

    def screen(shown: Session) -> None:
        say_all(shown, told, "said")
        conclude(shown, told)

    return Answer(told, screen)
