"""How commands that ask a question of the facts read their dates, ask, and show what they heard."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import contextmanager
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any

from bokgi.cli.session import Session
from bokgi.domain.errors import UsageError
from bokgi.domain.messages import N_, Message
from bokgi.domain.period import Period, read_date

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bokgi.domain.findings import Finding
    from bokgi.facts.model import Facts
    from bokgi.questions.answers import Question


_ROWS_SHOWN = 3
_NARROWEST = 14
"""Cells that a column of texts has at least, if its texts are that long."""
_BETWEEN = 3
"""Cells between two columns of a table."""


@contextmanager
def facts_of(session: Session) -> Iterator[Facts]:
    """Open the facts of the home, with a bar while somebody waits."""
    with session.progress() as show:
        show(session.text(Message(N_("computing"))), None)
        yield _facts(session)


def _facts(session: Session) -> Facts:
    import ibis

    from bokgi.facts.engine import connect
    from bokgi.facts.read import facts

    return facts(ibis.duckdb.from_connection(connect()), session.lake(), version=session.version())


def asked_once(session: Session, question: Question, **parameters: object) -> dict[str, Any]:
    """Answer a question that takes seconds, with a bar meanwhile; see `asked`."""
    with session.progress() as show:
        show(session.text(Message(N_("computing"))), None)
        return asked(session, question, **parameters)


def asked(session: Session, question: Question, **parameters: object) -> dict[str, Any]:
    """Answer a question: what was asked of the same facts before, here or on a page, is read."""
    from bokgi.questions.answers import Answers, ask_of

    # What is loaded stays: garbage is not looked for in it.
    gc.freeze()
    home = session.lake().home
    if session.known_on is not None:
        return ask_of(_facts(session), question, **parameters)
    return Answers(home).ask(question, **parameters)


def day(session: Session, as_of: str | None) -> date:
    """Give the day asked for, today without one."""
    return session.today() if as_of is None else read_date(as_of)


def key_of(session: Session, who: str | None, team: str | None = None) -> str | None:
    """Give the key of a person by key, name or address, of a team where one is given, too; null for nobody."""
    if who is None:
        return None
    from bokgi.questions.people import person_id

    with facts_of(session) as facts:
        return person_id(facts, who, team)


def window(start: str | None, end: str | None) -> tuple[date | None, date | None]:
    """Read `--from` and `--to` (the last day that counts); gives start and end, the end excluded."""
    first, last = (None if text is None else read_date(text) for text in (start, end))
    if first is not None and last is not None:
        Period(first, last)
    return first, None if last is None else date.fromordinal(last.toordinal() + 1)


def names(text: str) -> list[str]:
    """Read names with commas between them, as `--by` and `--factors` take them."""
    return [name.strip() for name in text.split(",") if name.strip()]


def amount(text: str) -> Decimal:
    """Read an amount: `5000000` or `5,000,000`; `UsageError` (`amount_unreadable`) for anything else."""
    try:
        found = Decimal(text.replace(",", "").strip())
    except InvalidOperation as error:
        raise _unreadable(text) from error
    if not found.is_finite():
        raise _unreadable(text)
    return found


def _unreadable(text: str) -> UsageError:
    return UsageError(
        "amount_unreadable", Message(N_("“{text}” is no amount."), {"text": text}), Message(N_("Write 5000000."))
    )


def answer(session: Session, found: Mapping[str, Any]) -> dict[str, Any]:
    """Write the sentences of an answer out in the user's language."""
    from bokgi.ui.spoken import spoken

    return spoken(found, session.lang)


def say_all(session: Session, found: Mapping[str, Any], *names: str) -> None:
    """Print the sentences under some names of an answer, a blank line after each group."""
    for name in names:
        sentences = [_sentence(part) for part in found[name]]
        for sentence in sentences:
            session.out.print(sentence["text"])
        if sentences:
            session.out.print()


def _sentence(part: Mapping[str, Any]) -> Mapping[str, Any]:
    """Give the sentence of a refusal, or of what is one itself."""
    return part["message"] if "code" in part else part


def conclude(session: Session, found: Mapping[str, Any]) -> None:
    """Print what stands under the figures and was not said yet: refusals, caveats, what would change it, the method."""
    from bokgi.cli.layout import METHOD_PAGE, page_in

    said = {part["text"] for part in found.get("said", ())}
    names = [name for name in ("refusals", "caveats", "would_change") if name in found]
    left = {name: [part for part in found[name] if _sentence(part)["text"] not in said] for name in names}
    say_all(session, left, *names)
    page = page_in(METHOD_PAGE.format(name=found["method"]), session.lang)
    session.out.print(session.text(Message(N_("How it is found: {page}"), {"page": page})), style="dim")


def interval(session: Session, figure: Mapping[str, Any], write: Callable[[Any], str]) -> str:
    """Write the interval of a figure, from its `low` to its `high`, as the pages of the language do."""
    from bokgi.ui.format import ends

    return ends(write(figure["low"]), write(figure["high"]), session.lang)


def show_table(session: Session, columns: Sequence[tuple[str, str]], rows: Iterable[Sequence[str]]) -> None:
    """Print a table and a blank line; columns are (marked heading, `left` or `right`).

    Long texts are folded, figures never: where the screen is too narrow for that, each row is written as lines.
    """
    from rich import box
    from rich.cells import cell_len
    from rich.table import Table
    from rich.text import Text

    heads = [session.text(Message(heading)) for heading, _ in columns]
    lines = [list(row) for row in rows]
    least = []
    for place, (head, (_, side)) in enumerate(zip(heads, columns, strict=True)):
        longest = max((cell_len(row[place]) for row in lines), default=0)
        words = max(map(cell_len, head.split()), default=0)
        least.append(max(words, longest if side == "right" else min(longest, _NARROWEST)))
    if sum(least) + _BETWEEN * (len(least) - 1) > session.out.width:
        for row in lines:
            for place, (head, cell) in enumerate(zip(heads, row, strict=True)):
                if cell:
                    session.out.print(Text.assemble("  " * (place > 0), (f"{head}  ", "dim"), cell))
        session.out.print()
        return
    table = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False, header_style="dim")
    for head, (_, side), width in zip(heads, columns, least, strict=True):
        table.add_column(head, justify="right" if side == "right" else "left", overflow="fold", min_width=width)
    for row in lines:
        table.add_row(*(Text(cell) for cell in row))
    session.out.print(table)
    session.out.print()


def show_findings(session: Session, found: Iterable[Finding]) -> None:
    """Print what was found, a line each, and where the first of it stands: the file unless it was named, and rows."""
    from rich.text import Text

    for finding in found:
        sign, style = {"error": ("✗", "red"), "warning": ("△", "yellow"), "info": ("·", "dim")}[finding.severity.value]
        said = session.text(finding.message)
        session.out.print(Text.assemble((f"{sign} {said}", style), (_place(session, finding, said), "dim")))


def _place(session: Session, finding: Finding, said: str) -> str:
    there = [example for example in finding.examples if example.row is not None]
    if not there:
        return ""
    file = "" if there[0].file is None or there[0].file in said else f"{there[0].file}, "
    # Several columns of one header stand in the same row.
    rows = {example.row: f": {example.value} → {example.near}?" if example.near else "" for example in there}
    listed = ", ".join(
        session.text(Message(N_("row {row}"), {"row": f"{row:,}"})) + meant
        for row, meant in list(rows.items())[:_ROWS_SHOWN]
    )
    more = finding.count > len(there) or len(rows) > _ROWS_SHOWN
    return f" ({file}{listed}{', …' if more else ''})"
