"""The fair comparison as a page: raw, expected and adjusted, with intervals; no order where none can be told."""

from __future__ import annotations

from typing import Any, Final

from django.urls import reverse

from bokgi.apps.pipeline.selectors import Screen
from bokgi.domain.messages import N_
from bokgi.questions.asked import COLUMN_NAMES, Json
from bokgi.ui import marks
from bokgi.ui.blocks import Badge, Cell, Column, Figure, Link, Table
from bokgi.ui.format import n as cases
from bokgi.ui.format import points

VERDICTS: Final = {
    "above": (N_("above"), "good", "rose"),
    "below": (N_("below"), "bad", "fell"),
    "cannot_tell": (N_("cannot tell"), "same", "same"),
}


def seen(screen: Screen, answer: Json) -> list[Json]:
    """Keep the people whose rows this person may see, by name: an order by result would be a ranking."""
    rows = [row for row in answer["people"] if screen.viewer.sees_person(row["person_id"])]
    if screen.team is not None:
        rows = [row for row in rows if row["person_id"] in screen.teams.get(screen.team, frozenset())]
    return sorted(rows, key=lambda row: (row["name"] or "", row["person_id"]))


def badge(screen: Screen, answer: Json, row: Json) -> Badge:
    """Give the verdict; only where people can be told apart at all does one have a colour."""
    verdict = row["verdict"] if answer["heterogeneity"]["detectable"] else "cannot_tell"
    text, tone, sign = VERDICTS[verdict]
    return Badge(screen.say(text), tone, sign)  # type: ignore[arg-type]  # tones of VERDICTS are Badge's


def tone_of(answer: Json, row: Json) -> marks.Tone:
    """Give the colour of a verdict, plain where people cannot be told apart."""
    tones: dict[str, marks.Tone] = {"above": "good", "below": "bad"}
    return tones.get(row["verdict"], "plain") if answer["heterogeneity"]["detectable"] else "plain"


def scale(rows: list[Json], width: int = 200) -> marks.Scale:
    """Give one line of numbers for all rows."""
    ends = [
        value for row in rows for value in (row["low"], row["high"], row["raw"], row["expected"]) if value is not None
    ]
    low, high = (min(ends), max(ends)) if ends else (0.0, 1.0)
    return marks.Scale(max(low - 0.02, 0.0), min(high + 0.02, 1.0), width)


def mark(screen: Screen, answer: Json, row: Json, line: marks.Scale) -> Any:  # noqa: ANN401 - markup or nothing
    """Draw the adjusted rate with its interval, and what was expected as a tick."""
    if row["adjusted"] is None or row["low"] is None:
        return None
    percent = screen.speaker.percent
    words = screen.say(
        N_("{adjusted}, interval {low} to {high}, expected {expected}"),
        adjusted=percent(row["adjusted"]),
        low=percent(row["low"]),
        high=percent(row["high"]),
        expected=percent(row["expected"]),
    )
    return marks.whisker(
        row["adjusted"],
        (row["low"], row["high"]),
        line,
        reference=row["expected"],
        tone=tone_of(answer, row),
        label=words,
    )


HEADLINES: Final = {
    "above": N_("Higher than everybody's average, all else equal"),
    "below": N_("Lower than everybody's average, all else equal"),
    "cannot_tell": N_("Cannot be told from everybody's average"),
}


def headline(screen: Screen, answer: Json, row: Json) -> str:
    """Say the verdict on a person in a sentence."""
    told = row["adjusted"] is not None and answer["heterogeneity"]["detectable"]
    return screen.say(HEADLINES[row["verdict"] if told else "cannot_tell"])


def counted(screen: Screen, answer: Json, row: Json) -> str:
    """Say from how many ended deals a person's rates are, and how sure their interval is."""
    return f"{cases(row['n'])} · {screen.say(N_('{level} interval'), level=screen.speaker.percent(answer['level']))}"


def figure(screen: Screen, answer: Json, row: Json) -> Figure:
    """Give a person's adjusted win rate as a figure: interval, what was reached and to be expected, verdict, n."""
    say, percent = screen.say, screen.speaker.percent
    known = row["adjusted"] is not None and row["low"] is not None
    return Figure(
        label=say(N_("Adjusted win rate")),
        value=percent(row["adjusted"]) if known else "",
        mark=mark(screen, answer, row, scale([row], 240)) if known else None,
        range=screen.speaker.interval({**row, "level": answer["level"]}) if known else "",
        comparison=say(
            N_("raw {raw}, expected {expected}"), raw=percent(row["raw"]), expected=percent(row["expected"])
        ),
        badge=badge(screen, answer, row),
        n=cases(row["n"]),
        rows=Link(say(N_("My page")), reverse("people:person", args=[row["person_id"]])),
    )


def table(screen: Screen, answer: Json) -> Table:
    """List people with what was reached and what was to be expected."""
    say, percent = screen.say, screen.speaker.percent
    rows = seen(screen, answer)
    line = scale(rows)
    columns = [
        Column(say(N_("Person"))),
        Column("n", "right"),
        Column(say(N_("Raw")), "right"),
        Column(say(N_("Expected")), "right"),
        Column(say(N_("Adjusted")), "right"),
        Column(say(N_("Interval")), drawn=True),
        Column(say(N_("Verdict"))),
    ]
    cells = [
        [
            Cell(row["name"] or row["person_id"], href=f"/people/{row['person_id']}/", strong=True),
            Cell(screen.speaker.count(row["n"])),
            Cell(percent(row["raw"])),
            Cell(percent(row["expected"])),
            Cell(
                percent(row["adjusted"]),
                sub="" if row["low"] is None else screen.speaker.ends(percent(row["low"]), percent(row["high"])),
                strong=True,
            ),
            Cell(mark=mark(screen, answer, row, line)),
            Cell(badge=badge(screen, answer, row)),
        ]
        for row in rows
    ]
    return Table(
        say(N_("Raw, expected and adjusted win rate")),
        columns,
        cells,
        hidden_caption=True,
        legend=(("tick", say(N_("what was to be expected of the same deals"))),),
        empty=say(N_("There is nobody here whose results you may see.")),
    )


def own(answer: Json, person_id: str) -> Json | None:
    """Give the row of one person; null where there is none."""
    return next((row for row in answer["people"] if row["person_id"] == person_id), None)


LEVELS: Final = {
    "new": N_("new business"),
    "expansion": N_("expansion"),
    "renewal": N_("renewal"),
    "(unknown)": N_("not known"),
    "true": N_("yes"),
    "false": N_("no"),
}
"""Levels that are our own words; everything else is the source's."""


def conditions(screen: Screen, row: Json) -> list[str]:
    """Name the conditions that moved the expectation most: how many of the deals had them, and what that does."""
    percent = screen.speaker.percent
    return [
        screen.say(
            N_("{factor} {level}: {share} of the deals, {all} of everybody's; {effect} on what is expected"),
            factor=screen.speaker.label(COLUMN_NAMES, one["factor"]),
            level=screen.speaker.label(LEVELS, one["level"] or "(unknown)"),
            share=percent(one["share"]),
            all=percent(one["share_of_all"]),
            effect=points(one["effect"], screen.lang),
        )
        for one in row["conditions"]
    ]


def conditions_table(screen: Screen, row: Json) -> Table | None:
    """List the conditions that moved the expectation most: how many of the deals had them, and what that does."""
    say, speaker = screen.say, screen.speaker
    largest = max((abs(one["effect"]) for one in row["conditions"]), default=0.0) or 1.0
    rows = [
        [
            Cell(
                f"{speaker.label(COLUMN_NAMES, one['factor'])}: {speaker.label(LEVELS, one['level'] or '(unknown)')}",
                sub=say(
                    N_("{share} of the deals, {all} of everybody's"),
                    share=speaker.percent(one["share"]),
                    all=speaker.percent(one["share_of_all"]),
                ),
            ),
            Cell(
                points(one["effect"], screen.lang), mark_below=marks.size_bar(abs(one["effect"]) / largest), strong=True
            ),
        ]
        for one in row["conditions"]
    ]
    columns = [Column(say(N_("Condition"))), Column(say(N_("On what is expected")), "right")]
    return Table(say(N_("What moved the expectation most")), columns, rows, hidden_caption=True) if rows else None
