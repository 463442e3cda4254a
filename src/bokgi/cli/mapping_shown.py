"""What files were taken for, shown before anything of them is written."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from bokgi.cli.session import Session
from bokgi.domain.messages import N_, Message

if TYPE_CHECKING:
    from bokgi.intake.mapping.describe import ColumnRow
    from bokgi.intake.mapping.model import ColumnMapping, FileMapping, Question
    from bokgi.intake.plan import ImportPlan

_NAMED: Final = 12


def unsure(plan: ImportPlan) -> bool:
    """Tell whether a person should look before it is written.

    A column or a file may be something else, or a question was answered by what is likely.
    """
    from bokgi.intake.mapping.model import ATTRIBUTES, LEAVE_OUT, is_sure

    if any(question.suggestion is not None for question in plan.questions):
        return True
    parts: list[FileMapping | ColumnMapping] = []
    for file in plan.taken:
        parts += [file.mapping, *(one for one in file.mapping.columns if one.field not in {ATTRIBUTES, LEAVE_OUT})]
    return not all(is_sure(part.confidence, part.found_by) for part in parts)


def show_mapping(session: Session, plan: ImportPlan, *, whole: bool) -> None:
    """Show what each column was taken for, by what, and how sure that is, and what was taken for granted.

    Unless it is wanted `whole`, columns as in a saved mapping are only counted, and those that feed nothing only named.
    """
    for file in plan.files:
        if file.mapping.columns:
            _show_file(session, file.mapping, whole=whole)
    _show_taken(session, plan.questions)


def _show_file(session: Session, mapping: FileMapping, *, whole: bool) -> None:
    from bokgi.cli.answering import show_table
    from bokgi.intake.mapping.describe import ENTITY_LABELS, describe
    from bokgi.intake.mapping.model import ATTRIBUTES, LEAVE_OUT

    what = session.text(Message(ENTITY_LABELS[mapping.entity]))
    session.out.print(f"{mapping.file}: {what}", markup=False, highlight=False)
    told: dict[str, list[ColumnRow]] = {"shown": [], "saved": [], ATTRIBUTES: [], LEAVE_OUT: []}
    for one in describe(mapping, session.lang):
        aside = "saved" if one.found_by == "saved" else one.field
        told["shown" if whole or aside not in told else aside].append(one)
    shown, saved, kept, left = told.values()
    if shown:
        heads = [(head, "left") for head in (N_("Column"), N_("Meaning here"), N_("Read as"), N_("Found by"))]
        rows = [[one.column, one.label, one.format, one.found_by_label, f"{one.confidence:.2f}"] for one in shown]
        show_table(session, [*heads, (N_("How sure, 0 to 1"), "right")], rows)
    for msgid, some in (
        (N_("{n} {n:column|columns} as in the saved mapping “{name}”."), saved),
        (N_("Kept as they are: {columns}"), kept),
        (N_("Left out: {columns}"), left),
    ):
        if some:
            session.say(msgid, n=len(some), name=mapping.name, columns=_named(some))
    if saved or kept or left:
        session.out.print()


def _named(columns: Sequence[ColumnRow]) -> str:
    listed = ", ".join(one.column for one in columns[:_NAMED])
    return listed if len(columns) <= _NAMED else f"{listed} … (+{len(columns) - _NAMED:,})"


def question_lines(session: Session, question: Question) -> str:
    """Write a question with the answers it takes."""
    options = [f"    {option.answer}: {session.text(option.meaning)}" for option in question.options]
    return "\n".join([f"  {question.key}: {session.text(question.message)}", *options])


def _show_taken(session: Session, questions: Sequence[Question]) -> None:
    """Show what was decided where only a person can be sure, and how to decide otherwise."""
    doubtful = [question for question in questions if question.suggestion is not None]
    if not doubtful:
        return
    session.say(N_("Taken for granted; answer otherwise with --answer KEY=ANSWER:"))
    for question in doubtful:
        session.out.print(question_lines(session, question), markup=False, highlight=False)
        session.out.print(f"    → {question.suggestion}", markup=False, highlight=False)
    session.out.print()
