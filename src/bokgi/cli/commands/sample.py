"""bokgi sample: an invented company from its CRM exports to this week's review, in one go."""

from __future__ import annotations

import json
import shutil
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from bokgi.cli.commands.importing import run_import, show_result
from bokgi.cli.commands.review import chosen, pack, save, show_review
from bokgi.cli.registry import Answer, command
from bokgi.cli.session import Session
from bokgi.domain.errors import UsageError
from bokgi.domain.messages import N_, Message

_FILES: Final = "sample-exports"
_REVIEW: Final = "review"
MARK: Final = "sample.json"
"""File that marks a home as made by this command."""


@command("sample", N_("Make a sample company, import its exports, show this week's review."), order=5)
def sample(
    session: Session,
    *,
    out: Annotated[
        Path | None,
        typer.Option(metavar=N_("FOLDER"), help=N_("Where the exports are written; otherwise into the home.")),
    ] = None,
) -> Answer:
    """Write the files, import them like any others, make the review in every form."""
    from bokgi.apps.reviews.rendering import rendered
    from bokgi.intake.plan import PlanOptions
    from bokgi.sample import write_company
    from bokgi.ui.spoken import spoken

    today = session.today()
    before = _prepare(session, today)
    folder = out or session.home / _FILES
    with session.progress() as show:
        show(session.text(Message(N_("writing the exports of the sample company"))), None)
        summary = write_company(folder, today=today)
    exported_at = datetime.fromisoformat(before) if before else _exported_at(summary.exported_at)
    mark = {
        "made_on": today.isoformat(),
        "exported_at": exported_at.isoformat(),
        "files": [path.name for path in summary.paths],
    }
    save(session.home / MARK, json.dumps(mark, ensure_ascii=False).encode())
    options = PlanOptions(exported_at=exported_at, language=session.lang)
    result = run_import(session, summary.paths, options)
    with session.progress() as show:
        show(session.text(Message(N_("computing the review"))), None)
        period, on = chosen(session, None, None)
        found = pack(session, period, on, None)
        files = {form: session.home / f"{_REVIEW}.{form}" for form in ("html", "pdf")}
        for form, path in files.items():
            save(path, rendered(found, form, session.lang))
    data = {
        "home": str(session.home),
        "files": [str(path) for path in summary.paths],
        "import": result.as_json(session.lang),
        "review": spoken(found, session.lang),
        "written": {form: str(path) for form, path in files.items()},
    }

    def screen(shown: Session) -> None:
        shown.say(
            N_("The exports of the sample company are in {path}: {n} {n:file|files}."),
            path=str(folder),
            n=len(summary.paths),
        )
        shown.out.print()
        show_result(shown, result)
        shown.out.print()
        show_review(shown, found)
        shown.out.print()
        _next(shown, files, found)

    return Answer(data, screen)


def _exported_at(evening: datetime) -> datetime:
    """Give the moment of the export: this evening, but not later than now.

    What is entered in the hours before an export would give way to it.
    """
    now = datetime.now(UTC).replace(microsecond=0)
    return now if now < evening and now.astimezone(evening.tzinfo).date() == evening.date() else evening


def _prepare(session: Session, today: date) -> str:
    """Refuse a home with anybody's own facts; empty one that a sample made on another day.

    The company's two years end with today, so that yesterday's company cannot be continued. Gives the moment of the
    export that was made of today's company already; empty where there is none.
    """
    if not (session.home / "lake").is_dir():
        return ""
    mark = session.home / MARK
    made = json.loads(mark.read_text(encoding="utf-8")) if mark.is_file() else None
    if made is None or not _imported(session) <= set(made["files"]):
        raise UsageError(
            "home_taken",
            Message(N_("{path} holds facts that no sample made."), {"path": str(session.home)}),
            Message(N_("Name another folder with --home.")),
        )
    if made["made_on"] != today.isoformat():
        for name in ("lake", "sources", "mappings", _FILES):
            shutil.rmtree(session.home / name, ignore_errors=True)
        return ""
    return str(made.get("exported_at", ""))


def _imported(session: Session) -> set[str]:
    """Give the names of all files that were ever imported into the home."""
    return {file["name"].partition("#")[0] for one in session.lake().imports() for file in json.loads(one.files)}


def _next(session: Session, files: dict[str, Path], found: dict[str, Any]) -> None:
    """Say what to try next."""
    home = f"--home {session.home}"
    week = session.today() - timedelta(weeks=4)
    year, number, _ = week.isocalendar()
    teams = sorted({person["team"] for person in found["execution"] if person["team"]})
    team = teams[0] if teams else "TEAM"
    session.say(N_("Open {html} in a browser, {pdf} for printing."), html=str(files["html"]), pdf=str(files["pdf"]))
    session.say(N_("What to try next:"))
    lines = (
        (f'bokgi review {home} --team "{team}"', N_("one team")),
        (f"bokgi review {home} --week {year}-W{number:02d}", N_("an earlier week, as it stood then")),
        (f"bokgi funnel {home} --by team", N_("the funnel by team")),
        (f"bokgi data quarantine {home}", N_("the rows that were refused")),
        (f"bokgi import deals.csv {home}-of-ours --dry-run", N_("your own export, nothing written yet")),
    )
    for line, words in lines:
        session.write(f"  {line}")
        session.write(f"      {session.text(Message(words))}")
