"""bokgi funnel: the funnel in one of its four modes."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any

import typer

from bokgi.cli.answering import answer, asked_once, conclude, day, interval, key_of, names, say_all, show_table, window
from bokgi.cli.registry import Answer, command
from bokgi.cli.session import Session
from bokgi.domain.errors import UsageError
from bokgi.domain.messages import N_, Message


@command("funnel", N_("The funnel: conversion and time by stage, in one of four modes."), order=30, method="funnel")
def funnel(  # noqa: PLR0913 - what it is asked of
    session: Session,
    *,
    mode: Annotated[
        str,
        typer.Option(
            metavar="created_cohort|stage_entry_cohort|period_flow|snapshot", help=N_("Which question it answers.")
        ),
    ] = "stage_entry_cohort",
    by: Annotated[
        str, typer.Option(metavar="A,B,…", help=N_("Split by person, team, a condition or an attribute."))
    ] = "",
    person: Annotated[str | None, typer.Option(metavar=N_("NAME"), help=N_("Whose deals: name or person_id."))] = None,
    pipeline: Annotated[str | None, typer.Option(metavar=N_("PIPELINE"), help=N_("One pipeline only."))] = None,
    from_: Annotated[
        str | None, typer.Option("--from", metavar=N_("DATE"), help=N_("First day of the period."))
    ] = None,
    to: Annotated[str | None, typer.Option("--to", metavar=N_("DATE"), help=N_("Last day of the period."))] = None,
    compare: Annotated[
        str | None,
        typer.Option("--compare", metavar=N_("DATE..DATE"), help=N_("First and last day of a period to compare with.")),
    ] = None,
    as_of: Annotated[
        str | None, typer.Option("--as-of", metavar=N_("DATE"), help=N_("Day as of whose end the facts are shown."))
    ] = None,
) -> Answer:
    """Ask and show."""
    from bokgi.questions.funnel import ask_funnel

    start, end = window(from_, to)
    scope = {"pipeline": pipeline, "person": key_of(session, person)}
    if compare is not None:
        return _compared(session, compare, start, end, mode, by, scope, as_of)
    found = asked_once(
        session,
        ask_funnel,
        as_of=day(session, as_of),
        mode=mode,
        start=start,
        end=end,
        by=names(by),
        **scope,
    )
    told = answer(session, found)
    return Answer(told, lambda shown: _show(shown, told))


def _compared(
    session: Session,
    compare: str,
    start: date | None,
    end: date | None,
    mode: str,
    by: str,
    scope: dict[str, str | None],
    as_of: str | None,
) -> Answer:
    from bokgi.questions.funnel_compared import compare_funnel

    first, dots, last = compare.partition("..")
    if by:
        raise UsageError(
            "by_with_compare",
            Message(N_("--compare is not split by anything.")),
            Message(N_("Leave out --by, or ask for each period by itself.")),
        )
    past_start, past_end = window(first, last if dots else None)
    if past_start is None or past_end is None:
        raise UsageError(
            "period_unreadable",
            Message(N_("“{text}” is no period."), {"text": compare}),
            Message(N_("Write first and last day: 2026-01-01..2026-03-31.")),
        )
    found = asked_once(
        session,
        compare_funnel,
        as_of=day(session, as_of),
        past_start=past_start,
        past_end=past_end,
        start=start,
        end=end,
        mode=mode,
        **scope,
    )
    told = answer(session, found)
    return Answer(told, lambda shown: _show_compared(shown, told))


def _show_compared(session: Session, found: dict[str, Any]) -> None:
    from bokgi.ui.format import days, percent, points

    say_all(session, found, "said")
    verdicts = {"higher": N_("higher"), "lower": N_("lower"), "cannot_tell": N_("cannot tell")}

    def cells(there: dict[str, Any], *, share: bool) -> list[str]:
        def write(value: float) -> str:
            return points(value, session.lang) if share else days(value, session.lang)

        name, gap = "estimate" if share else "median", there["difference"]
        known = [
            "–" if one is None else f"{percent(one[name]) if share else days(one[name], session.lang)} (n {one['n']})"
            for one in (there["now"], there["before"])
        ]
        if gap is None:
            return [*known, "", ""]
        ends = interval(session, gap, lambda end: "?" if end is None else write(end))
        return [*known, f"{write(gap['estimate'])} ({ends})", session.text(Message(verdicts[gap["verdict"]]))]

    for heading, measure in ((N_("Conversion"), "conversion"), (N_("Days, median"), "time")):
        columns = [
            (N_("Stage"), "left"),
            (heading, "right"),
            (N_("Compared with"), "right"),
            (N_("Difference"), "right"),
            (N_("Verdict"), "left"),
        ]
        rows = [(stage["label"], *cells(stage[measure], share=measure == "conversion")) for stage in found["stages"]]
        show_table(session, columns, rows)
    conclude(session, found)


def _show(session: Session, found: dict[str, Any]) -> None:
    from bokgi.questions.asked import COLUMN_NAMES
    from bokgi.questions.funnel import VIEWS
    from bokgi.ui.format import days, percent

    say_all(session, found, "said")
    columns = [
        *((COLUMN_NAMES.get(VIEWS.get(name, name), name), "left") for name in found["by"]),
        (N_("Stage"), "left"),
        (N_("Entered"), "right"),
        (N_("Cases"), "right"),
        (N_("Conversion"), "right"),
        (N_("Interval"), "right"),
        (N_("Still open"), "right"),
        (N_("Days, median"), "right"),
        (N_("80th percentile"), "right"),
    ]
    rows = []
    for stage in found["stages"]:
        conversion, time = stage["conversion"], stage["time"]
        rows.append(
            (
                *("–" if value is None else str(value) for value in stage["groups"].values()),
                stage["label"],
                "" if stage["entered"] is None else str(stage["entered"]),
                str(stage["counts"].get("deals", stage["n_at_risk"] or "")),
                "" if conversion is None else percent(conversion["estimate"]),
                "" if conversion is None or conversion["low"] is None else interval(session, conversion, percent),
                "" if conversion is None else percent(conversion["undecided"]),
                "" if time is None or time["median"] is None else days(time["median"], session.lang),
                "" if time is None or time["p80"] is None else days(time["p80"], session.lang),
            )
        )
    show_table(session, columns, rows)
    conclude(session, found)
