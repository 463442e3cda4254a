"""The fair comparison as a page: raw, expected and adjusted, with intervals; no order where none can be told."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from django.urls import reverse
from markupsafe import Markup

from bokgi.apps.people.colleagues import averages
from bokgi.apps.pipeline.selectors import Screen
from bokgi.domain.messages import N_
from bokgi.questions.asked import COLUMN_NAMES, Json
from bokgi.ui import marks
from bokgi.ui.blocks import Badge, Cell, Column, Figure, Link, Table
from bokgi.ui.format import n as cases
from bokgi.ui.format import points
from bokgi.ui.listing import Sheet

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


class Lineup:
    """Draws the adjusted rates of people on one line of numbers, beside the average of who can be compared.

    What was to be expected of a person's own deals has no place on it: adjusted is on everybody's deals.
    """

    def __init__(self, screen: Screen, answer: Json, rows: Sequence[Json], width: int = 200) -> None:
        """Find the averages of the people in `rows` of `compare`, and the ends of the line."""
        self._screen, self._answer = screen, answer
        self._averages = averages(screen, answer, rows)
        shown = [*self._averages.values(), *(row[end] for row in rows for end in ("low", "high"))]
        ends = [value for value in shown if value is not None]
        low, high = (min(ends), max(ends)) if ends else (0.0, 1.0)
        self._line = marks.Scale(max(low - 0.02, 0.0), min(high + 0.02, 1.0), width)

    def ends(self) -> str:
        """Name the ends of the line, for the head above the drawings."""
        return self._screen.speaker.share_ends(self._line.low, self._line.high)

    def mark(self, row: Json) -> Markup | None:
        """Draw the adjusted rate of a person with its interval; null where there is none."""
        if row["adjusted"] is None or row["low"] is None:
            return None
        say, percent = self._screen.say, self._screen.speaker.percent
        words = say(
            N_("{adjusted}, interval {low} to {high}"),
            adjusted=percent(row["adjusted"]),
            low=percent(row["low"]),
            high=percent(row["high"]),
        )
        usual = self._averages.get(row["component"])
        if usual is not None:
            words += f", {say(N_('average {share}'), share=percent(usual))}"
        tone, interval = tone_of(self._answer, row), (row["low"], row["high"])
        return marks.whisker(row["adjusted"], interval, self._line, reference=usual, tone=tone, label=words)

    def legend(self) -> tuple[tuple[str, str], ...]:
        """Say what the tick is; nothing where no average may be shown."""
        if all(usual is None for usual in self._averages.values()):
            return ()
        return (("tick", self._screen.say(N_("average of the people who can be compared"))),)


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
        mark=Lineup(screen, answer, [row], 240).mark(row) if known else None,
        range=screen.speaker.interval({**row, "level": answer["level"]}) if known else "",
        comparison=say(
            N_("raw {raw}, expected {expected}"), raw=percent(row["raw"]), expected=percent(row["expected"])
        ),
        badge=badge(screen, answer, row),
        n=cases(row["n"]),
        rows=Link(say(N_("My page")), reverse("people:person", args=[row["person_id"]])),
    )


def columns(screen: Screen, answer: Json, ends: str = "") -> tuple[Column, ...]:
    """Give the columns of people; `ends` are those of the line of numbers. An order by result would be a ranking."""
    say, percent = screen.say, screen.speaker.percent
    return (
        Column(say(N_("Person")), key="person", sortable=True),
        Column("n", "right", key="n", sortable=True, optional=True),
        Column(say(N_("Raw")), "right", key="raw", optional=True),
        Column(say(N_("Expected")), "right", key="expected", optional=True),
        Column(say(N_("Adjusted, {level} interval"), level=percent(answer["level"])), "right", key="adjusted"),
        Column(ends or say(N_("On one line")), drawn=True, key="line", optional=True, called=say(N_("On one line"))),
        Column(say(N_("Verdict")), key="verdict"),
        Column(say(N_("Won, 12 months")), "right", key="won", optional=True),
        Column(say(N_("By month")), drawn=True, key="months", optional=True),
    )


def sheet(screen: Screen, answer: Json, won: Json) -> Sheet:
    """List people with what was reached, what was to be expected, and what they won by month (`ask_won_by_month`)."""
    say, percent = screen.say, screen.speaker.percent
    rows = seen(screen, answer)
    lineup = Lineup(screen, answer, rows)
    by_month = {one["person_id"]: one["won"] for one in won["people"]}
    none = [0] * len(won["months"])
    cells = [
        [
            Cell(row["name"] or row["person_id"], href=f"/people/{row['person_id']}/", strong=True),
            Cell(screen.speaker.count(row["n"])),
            Cell(percent(row["raw"])),
            Cell(percent(row["expected"])),
            Cell(
                percent(row["adjusted"]),
                sub="" if row["low"] is None else screen.speaker.share_ends(row["low"], row["high"]),
                strong=True,
            ),
            Cell(mark=lineup.mark(row)),
            Cell(badge=badge(screen, answer, row)),
            Cell(screen.speaker.count(sum(by_month.get(row["person_id"], none)))),
            Cell(mark=months_mark(screen, by_month.get(row["person_id"], none))),
        ]
        for row in rows
    ]
    names = ("n", "raw", "expected", "adjusted", "low", "high")
    values = [
        {
            "person": row["name"] or row["person_id"],
            **{name: row[name] for name in names},
            "verdict": badge(screen, answer, row).text,
            "won": sum(by_month.get(row["person_id"], none)),
        }
        for row in rows
    ]
    drawn = Table(
        say(N_("Raw, expected and adjusted win rate")),
        columns(screen, answer, lineup.ends()),
        cells,
        hidden_caption=True,
        legend=lineup.legend(),
        empty=say(N_("There is nobody here whose results you may see.")),
    )
    heads = {
        "person": say(N_("Person")),
        "n": "n",
        "raw": say(N_("Raw")),
        "expected": say(N_("Expected")),
        "adjusted": say(N_("Adjusted")),
        "low": say(N_("Low end of the range")),
        "high": say(N_("High end of the range")),
        "verdict": say(N_("Verdict")),
        "won": say(N_("Won, 12 months")),
    }
    return Sheet(drawn, values, heads)


def months_mark(screen: Screen, won: Sequence[int]) -> Markup:
    """Draw how many deals somebody won month by month."""
    told = ", ".join(map(screen.speaker.count, won))
    return marks.sparkline(won, label=screen.say(N_("deals won by month, the oldest first: {counts}"), counts=told))


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
SEASONS: Final = {
    "Q1": N_("created January to March"),
    "Q2": N_("created April to June"),
    "Q3": N_("created July to September"),
    "Q4": N_("created October to December"),
}


def _level(screen: Screen, condition: Json) -> str:
    words = LEVELS | SEASONS if condition["factor"] == "season" else LEVELS
    return screen.speaker.label(words, condition["level"] or "(unknown)")


def _named(screen: Screen, condition: Json) -> str:
    """Name the column of a condition to stand first: our own words begin large, a column of the source as it does."""
    column = condition["factor"]
    return screen.say(COLUMN_NAMES[column]).capitalize() if column in COLUMN_NAMES else column


def conditions(screen: Screen, row: Json) -> list[str]:
    """Name the conditions that moved the expectation most: how many of the deals had them, and what that does."""
    percent = screen.speaker.percent
    return [
        screen.say(
            N_("{factor} ({level}): {share} of the deals, {all} of everybody's; {effect} on what is expected"),
            factor=_named(screen, one),
            level=_level(screen, one),
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
                f"{_named(screen, one)}: {_level(screen, one)}",
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
