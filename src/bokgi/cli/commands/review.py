"""bokgi review: the weekly review of a team, on screen or as a file."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from bokgi.cli.answering import asked
from bokgi.cli.registry import Answer, command
from bokgi.cli.session import Session
from bokgi.domain.errors import SetupError, UsageError
from bokgi.domain.messages import N_, Message
from bokgi.domain.period import Period, read_date

if TYPE_CHECKING:
    from collections.abc import Mapping

FORMATS = ("text", "json", "html", "pdf", "md")


@command(
    "review", N_("The weekly review: what happened, where it stops, what to talk about."), order=20, formats=FORMATS
)
def review(
    session: Session,
    *,
    week: Annotated[
        str | None,
        typer.Option(
            metavar=N_("WEEK"), help=N_("ISO week, as 2026-W47; otherwise the latest that is over or nearly so.")
        ),
    ] = None,
    as_of: Annotated[
        str | None, typer.Option("--as-of", metavar=N_("DATE"), help=N_("Day as of whose end the facts are shown."))
    ] = None,
    team: Annotated[str | None, typer.Option(metavar=N_("TEAM"), help=N_("One team only."))] = None,
    out: Annotated[
        Path | None,
        typer.Option("--out", metavar=N_("FILE"), help=N_("Write into a file; its ending says the format.")),
    ] = None,
) -> Answer:
    """Make the review and write it in the format asked for."""
    from bokgi.apps.reviews.rendering import rendered
    from bokgi.ui.spoken import spoken

    form = _form(session.format, out)
    period, on = chosen(session, week, as_of)
    with session.progress() as show:
        show(session.text(Message(N_("computing the review"))), None)
        found = pack(session, period, on, team)
        made = None if form == "text" and out is None else rendered(found, form, session.lang)

    def screen(shown: Session) -> None:
        if out is not None and made is not None:
            save(out, made)
            shown.say(N_("The review is in {path}."), path=str(out))
        elif form == "text":
            show_review(shown, found)
        elif made is not None:
            shown.write_bytes(made)

    if out is not None and session.format == "json":
        save(out, made or b"")
    return Answer(spoken(found, session.lang), screen)


def _form(form: str, out: Path | None) -> str:
    """Let the file's ending choose the format where none was given."""
    if out is None or form != "text":
        return form
    ending = out.suffix.lower().removeprefix(".")
    known = {"html": "html", "htm": "html", "pdf": "pdf", "md": "md", "json": "json", "txt": "text"}
    if ending not in known:
        raise UsageError(
            "ending_unknown",
            Message(N_("No format is known for files ending in “{ending}”."), {"ending": f".{ending}"}),
            Message(N_("It takes: {allowed}"), {"allowed": ", ".join(f".{name}" for name in known)}),
        )
    return known[ending]


def chosen(session: Session, week: str | None, as_of: str | None) -> tuple[Period, date]:
    """Say which week is reviewed, as of which day.

    A week named is shown as of its last day, or of today while it lasts. With `as_of` alone it is the week of that day.
    With neither it is this week from Thursday on and the last one before that (a Monday meeting looks back), as things
    stand today.
    """
    today = session.today()
    on = None if as_of is None else read_date(as_of)
    if week is not None:
        period = Period.week(week)
    elif on is not None:
        period = Period.week_of(on)
    else:
        period, on = Period.week_of(today - timedelta(days=3)), today
    last = min(period.last, today) if on is None else on
    return period, last


def pack(session: Session, period: Period, as_of: date, team: str | None) -> dict[str, Any]:
    """Give the content of the review, computed from this home's facts where it is not kept."""
    from bokgi.apps.reviews.pack import review_pack

    return asked(session, review_pack, period=period, as_of=as_of, team=team)


def show_review(session: Session, found: Mapping[str, Any]) -> None:
    """Print a review on the screen."""
    from bokgi.apps.reviews.rendering import document, renderable

    session.out.print(renderable(document(found, session.lang), width=session.out.width))


def save(path: Path, made: bytes) -> None:
    """Write a file; `SetupError` where that cannot be."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(made)
    except OSError as error:
        raise SetupError(
            "cannot_write",
            Message(
                N_("{path} cannot be written: {reason}."), {"path": str(path), "reason": error.strerror or str(error)}
            ),
        ) from error
