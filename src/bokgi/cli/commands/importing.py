"""bokgi import: from files to facts, with everything that was found out said before and after."""

from __future__ import annotations

import getpass
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from bokgi.cli.confirming import confirmed, somebody_is_there
from bokgi.cli.mapping_shown import question_lines, show_mapping, unsure
from bokgi.cli.registry import Answer, command
from bokgi.cli.session import Progress, Session
from bokgi.domain.errors import MappingError, UsageError
from bokgi.domain.messages import N_, Message
from bokgi.domain.period import read_moment

if TYPE_CHECKING:
    from collections.abc import Callable

    from bokgi.facts.lake import Lake
    from bokgi.intake.importing import ImportResult
    from bokgi.intake.mapping.model import Question
    from bokgi.intake.plan import ImportPlan, PlanOptions


@command("import", N_("Import files of a CRM: deals, history, activities, people, targets."), order=10)
def import_files(  # noqa: PLR0913 - each is an option of the command
    session: Session,
    paths: Annotated[
        list[Path], typer.Argument(metavar=N_("FILES"), help=N_("Files or folders (CSV, Excel, gzip)."), readable=False)
    ],
    *,
    preset: Annotated[str | None, typer.Option(metavar=N_("NAME"), help=N_("The CRM: salesforce, hubspot …"))] = None,
    map_: Annotated[
        list[Path] | None,
        typer.Option("--map", metavar=N_("FILE"), help=N_("A saved mapping (TOML); may be given more than once.")),
    ] = None,
    answer: Annotated[
        list[str] | None,
        typer.Option(metavar=N_("KEY=ANSWER"), help=N_("Answer a question; may be given more than once.")),
    ] = None,
    exported_at: Annotated[
        str | None, typer.Option(metavar=N_("MOMENT"), help=N_("When the files were exported, as 2026-11-23T18:30."))
    ] = None,
    complete: Annotated[
        bool, typer.Option("--complete", help=N_("The files hold every deal; what is missing leaves the pipeline."))
    ] = False,
    time_zone: Annotated[
        str | None, typer.Option(metavar=N_("ZONE"), help=N_("Time zone of the files, as Asia/Seoul."))
    ] = None,
    currency: Annotated[
        str | None, typer.Option(metavar=N_("CODE"), help=N_("Currency of amounts without one, as KRW."))
    ] = None,
    encoding: Annotated[str | None, typer.Option(metavar=N_("NAME"), help=N_("Encoding of the files."))] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help=N_("Show all of it and write nothing."))] = False,
    yes: Annotated[bool, typer.Option("--yes", help=N_("Do not ask."))] = False,
) -> Answer:
    """Plan, ask what only a person can decide, show what the columns were taken for, judge, write."""
    from bokgi.intake.plan import PlanOptions

    options = PlanOptions(
        preset=preset,
        mappings=_mappings(map_ or ()),
        exported_at=None if exported_at is None else read_moment(exported_at),
        time_zone=time_zone,
        currency=currency,
        encoding=encoding,
        language=session.lang,
    )

    def look(plan: ImportPlan) -> None:
        if session.format == "json":
            return
        show_mapping(session, plan, whole=dry_run)
        if not (dry_run or plan.open_questions) and unsure(plan) and somebody_is_there(session):
            instead = N_("Answer otherwise with --answer KEY=ANSWER, or say what the columns are with --map FILE.")
            confirmed(session, Message(N_("Import the files as shown?")), yes=yes, hint=Message(instead))

    result = run_import(
        session, paths, options, answers=_answers(answer or ()), complete=complete, dry_run=dry_run, look=look
    )
    return Answer(result.as_json(session.lang), lambda shown: show_result(shown, result))


def run_import(
    session: Session,
    paths: Sequence[Path],
    options: PlanOptions,
    *,
    answers: dict[str, str] | None = None,
    complete: bool = False,
    dry_run: bool = False,
    look: Callable[[ImportPlan], None] | None = None,
) -> ImportResult:
    """Import files into the session's home; questions are asked where somebody can answer.

    `look` is given the plan before a question is asked and before anything is written; what it raises stops the import.
    """
    from dataclasses import replace

    from bokgi.intake.importing import import_files as write_facts
    from bokgi.intake.plan import refuse_open_questions

    given = dict(answers or {})
    with _lake(session, dry_run=dry_run) as lake:
        while True:
            asked = replace(options, hints=replace(options.hints, answers={**options.hints.answers, **given}))
            with session.progress() as show:
                plan = _plan(paths, lake, asked, _told(session, show))
            with plan:
                questions = plan.open_questions
                if not questions:
                    refuse_open_questions(plan)  # before a home is made for nothing
                if look is not None:
                    look(plan)
                if not questions:
                    with session.progress() as show:
                        return write_facts(
                            lake if dry_run else _made(session.home),
                            plan,
                            by=who(),
                            at=datetime.now(UTC),
                            dry_run=dry_run,
                            complete=complete,
                            progress=_told(session, show),
                        )
            given |= _asked(session, plan)


def _told(session: Session, show: Progress) -> Callable[[str, int, int], None]:
    def told(step: str, done: int, of: int) -> None:
        show(session.text(Message(STEPS.get(step, step))), done / of if of else None)

    return told


@contextmanager
def _lake(session: Session, *, dry_run: bool) -> Iterator[Lake]:
    """Open the home's facts; where there is no home yet, looking at files must not make one."""
    from bokgi.facts.lake import Lake
    from bokgi.intake.workbench import told_apart

    with told_apart():
        is_there = (session.home / "lake").is_dir()
    if dry_run and not is_there:
        with TemporaryDirectory(prefix="bokgi-") as folder:
            yield Lake.open(Path(folder), create=True)
    else:
        yield Lake(session.home)


def _made(home: Path) -> Lake:
    """Open the facts of a home, and make it where it is not there yet."""
    from bokgi.facts.lake import Lake
    from bokgi.intake.workbench import told_apart

    with told_apart():
        return Lake.open(home, create=True)


def _plan(paths: Sequence[Path], lake: Lake, options: PlanOptions, told: Callable[[str, int, int], None]) -> ImportPlan:
    from bokgi.intake.plan import plan_import

    return plan_import(paths, lake=lake, options=options, progress=told)


STEPS: Final = {
    "judging": N_("judging"),
    "comparing": N_("comparing"),
    "writing": N_("writing"),
}


def who() -> str:
    """Give the name of the user of this machine, for the ledger."""
    try:
        return getpass.getuser()
    except (OSError, KeyError):
        return "command line"


def _asked(session: Session, plan: ImportPlan) -> dict[str, str]:
    """Ask at the terminal; where nobody is there, say which answers are wanted, and what else was found out."""
    questions = plan.open_questions
    if not somebody_is_there(session):
        lines = [question_lines(session, question) for question in questions]
        raise MappingError(
            "question_open",
            Message(
                N_("{n} {n:question is|questions are} open:\n{questions}"),
                {"n": len(questions), "questions": "\n".join(lines)},
            ),
            Message(N_("Answer each with --answer KEY=ANSWER.")),
            told=plan.mapping_as_json(session.lang),
        )
    return {question.key: _ask(session, question) for question in questions}


def _ask(session: Session, question: Question) -> str:
    session.err.print(session.text(question.message))
    for number, option in enumerate(question.options, 1):
        session.err.print(f"  {number}. {session.text(option.meaning)} ({option.answer})")
    wanted = session.text(Message(N_("Number")))
    while True:
        given = session.err.input(f"{wanted} 1–{len(question.options)}: ").strip()
        if given.isdigit() and 1 <= int(given) <= len(question.options):
            return question.options[int(given) - 1].answer


def _mappings(paths: Sequence[Path]) -> tuple[Any, ...]:
    from bokgi.intake.mapping import saved

    return tuple(saved.read_file(path) for path in paths)


def _answers(pairs: Sequence[str]) -> dict[str, str]:
    found = {}
    for pair in pairs:
        key, sign, value = pair.rpartition("=")
        if not sign or not key:
            raise UsageError(
                "answer_unreadable",
                Message(N_("“{text}” is no answer."), {"text": pair}),
                Message(N_("Write KEY=ANSWER.")),
            )
        found[key] = value
    return found


def show_result(session: Session, result: ImportResult) -> None:
    """Print what the import did: each file, what is worth knowing, and the sum that must hold."""
    from bokgi.cli.answering import show_findings, show_table
    from bokgi.intake.mapping.describe import ENTITY_LABELS, preset_label

    texts = [(head, "left") for head in (N_("File"), N_("What it is"))]
    numbers = [(head, "right") for head in (N_("Columns"), N_("Read"), N_("Accepted"), N_("Quarantined"), N_("Known"))]
    rows = []
    for file, counts in result.of_each_file():
        what = session.text(Message(ENTITY_LABELS[file.mapping.entity]))
        crm = preset_label(file.mapping)
        if crm is not None:
            what = session.text(Message(N_("{what} (preset: {crm})"), {"what": what, "crm": crm}))
        each = () if counts is None else (counts.read, counts.accepted, counts.quarantined, counts.known)
        cells = [f"{n:,}" for n in each] or [""] * 4
        rows.append([file.staged.name, what, str(len(file.mapping.columns)), *cells])
    show_table(session, [*texts, *numbers], rows)
    show_findings(session, result.findings)
    session.out.print()
    values = {
        "read": result.read,
        "accepted": result.accepted,
        "quarantined": result.quarantined,
        "known": result.known,
    }
    session.say(
        N_("{read} {read:row|rows} read = {accepted} accepted + {quarantined} quarantined + {known} known."), **values
    )
    if result.dry_run:
        session.say(N_("Nothing was written (--dry-run)."))
    elif result.import_no is None:
        session.say(N_("Nothing is new, so nothing was written."))
    else:
        session.say(N_("Import {number} is in {home}."), number=result.import_no, home=str(session.home))
        if result.quarantined:
            session.say(N_("bokgi data quarantine shows the rows that were refused, with the reason."))
