"""The page of the forecast: what each says on one line of numbers, by team and by person."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from urllib.parse import urlencode

from django.urls import reverse

from bokgi.apps.forecast.accuracy import won_deals
from bokgi.apps.forecast.evidence import category_address
from bokgi.apps.forecast.models import Submission
from bokgi.apps.forecast.rules import Subject, Way
from bokgi.apps.forecast.selectors import (
    may_see,
    members_of,
    sees_all,
    sellers_of,
    subject_of,
    way_of,
)
from bokgi.apps.pipeline.funnel import deals_address
from bokgi.apps.pipeline.selectors import Screen
from bokgi.domain.messages import N_
from bokgi.domain.period import Period
from bokgi.questions.asked import Json
from bokgi.ui import marks
from bokgi.ui.blocks import Badge, Cell, Column, Figure, Link, Table
from bokgi.ui.format import ABSENT, MoneyColumn
from bokgi.ui.listing import Sheet
from bokgi.ui.speaker import amount_of

Submitted = Mapping[Subject, Sequence[Submission]]
_LEVEL_NAMES = {"commit": N_("Won and commit"), "best_case": N_("With best case"), "pipeline": N_("With pipeline")}
_LEVELS = ("commit", "best_case")
_WIDTH = 220
_FIGURE_WIDTH = 170


@dataclass(frozen=True)
class Outlook:
    """A forecast with what was submitted, for one screen."""

    screen: Screen
    period: Period
    answer: Json
    submitted: Submitted

    def newest(self, subject: Subject) -> Submission | None:
        """Give the submission that counts, as far as it may be seen; null with one pipeline: nobody submits for one."""
        if self.screen.pipeline is not None:
            return None
        found = self.submitted.get(subject, ())
        return found[0] if found and may_see(self.screen, subject) else None

    def goal(self) -> Decimal | None:
        """Give the target."""
        target = self.answer["target"]
        return None if target is None else amount_of(target["amount"])

    @property
    def span(self) -> str:
        """Write the period as the list of deals reads it."""
        return f"{self.period.start}..{self.period.end}"


def submit_address(subject: Subject, period: Period) -> str:
    """Give where a number is submitted for a subject."""
    return f"{reverse('forecast:submit')}?{urlencode({'subject': subject.key, 'period': period.key})}"


def figures(found: Outlook) -> list[Figure]:
    """Give the row of figures: what is expected, what is won, what the CRM's categories and the target say.

    They stand on one line of numbers, on which the tick is the target.
    """
    screen, answer = found.screen, found.answer
    say, speaker = screen.say, screen.speaker
    quantiles, levels, goal = answer["quantiles"], answer["categories"], found.goal()
    ends, around = "", None
    if {"0.10", "0.90"} <= set(quantiles):
        low, high = (speaker.money_short(quantiles[level]) for level in ("0.10", "0.90"))
        ends = say(N_("{level} range {low} to {high}"), level=speaker.percent(answer["level"]), low=low, high=high)
        around = (Decimal(quantiles["0.10"]["amount"]), Decimal(quantiles["0.90"]["amount"]))
    won, mean = amount_of(answer["won_so_far"]), amount_of(answer["mean"])
    commit, best = (amount_of(levels[name]) if levels["used"] else None for name in ("commit", "best_case"))
    line = line_of([won, mean, commit, best, goal, *(around or ())], _FIGURE_WIDTH)
    told = [
        Figure(
            say(N_("Expected")),
            speaker.money_short(answer["mean"]),
            mark=_drawn(mean, around, line, goal).mark if around else None,
            range=ends,
            n=say(N_("{n} open {n:deal|deals}"), n=answer["open_deals"]),
            rows=_rows(screen, outcome="open", sort="-amount"),
            definition=_definition(screen, "forecast"),
        ),
        Figure(
            say(N_("Won so far")),
            "",
            range=say(N_("won by fewer than three people, or what is left would show one")),
        )
        if answer["won_so_far"] is None
        else Figure(
            say(N_("Won so far")),
            speaker.money_short(answer["won_so_far"]),
            mark=_drawn(won, None, line, goal, quiet=True).mark if around else None,
            n=say(N_("{n} {n:deal|deals}"), n=answer["won_so_far_n"]),
            rows=_rows(screen, outcome="won", closed=found.span),
            definition=_definition(screen, "won"),
        ),
    ]
    if levels["used"] and levels["commit"] is not None:
        part = next(part for part in levels["parts"] if part["code"] == "commit")
        told.append(
            Figure(
                say(N_("Won and commit")),
                speaker.money_short(levels["commit"]),
                mark=_drawn(commit, None, line, goal, quiet=True).mark if around else None,
                comparison=""
                if best is None
                else say(N_("with best case {amount}"), amount=speaker.money_short(levels["best_case"])),
                n=say(N_("{n} {n:deal|deals} in commit"), n=part["n"]),
                rows=_link(screen, category_address(screen, found.period, part["code"])),
                definition=_definition(screen, "forecast-categories"),
            )
        )
    target = answer["target"]
    if target is not None:
        chance = target["probability"]
        told.append(
            Figure(
                say(N_("Target")),
                speaker.money_short(target["amount"]),
                comparison="" if chance is None else say(N_("reached with a chance of {p}"), p=speaker.percent(chance)),
                definition=_definition(screen, "attainment"),
            )
        )
    return told


def _rows(screen: Screen, **wanted: str) -> Link | None:
    """Give the way to the deals behind a figure; null for who may not see lists."""
    return _link(screen, deals_address(screen, **wanted))


def _link(screen: Screen, address: str) -> Link | None:
    return Link(screen.say(N_("Show the deals")), address) if address else None


def _definition(screen: Screen, key: str) -> Link:
    return Link(screen.say(N_("Definition")), f"{reverse('kpi:index')}#{key}")


def line_of(amounts: Iterable[Decimal | None], width: int = _WIDTH) -> marks.Scale:
    """Give one line of numbers for all rows of a table."""
    known = [float(amount) for amount in amounts if amount is not None]
    low, high = (min(known), max(known)) if known else (0.0, 1.0)
    spread = max(high - low, 1.0)
    return marks.Scale(low - 0.06 * spread, high + 0.06 * spread, width)


def sayings(found: Outlook) -> Table:
    """Put beside each other what model, CRM categories, leader and people say, on one line of numbers."""
    screen, answer = found.screen, found.answer
    say, speaker = screen.say, screen.speaker
    rows: list[tuple[str, str, Decimal | None, tuple[Decimal, Decimal] | None]] = []
    quantiles = answer["quantiles"]
    ends = None
    if {"0.10", "0.90"} <= set(quantiles):
        ends = (Decimal(quantiles["0.10"]["amount"]), Decimal(quantiles["0.90"]["amount"]))
    rows.append((say(N_("Model")), say(N_("80% range")), amount_of(answer["mean"]), ends))
    levels = answer["categories"]
    if levels["used"]:
        rows += [
            (say(label), say(N_("categories of the CRM")), amount_of(levels[name]), None)
            for name, label in _LEVEL_NAMES.items()
            if levels[name] is not None
        ]
    subject = subject_of(screen)
    own = found.newest(subject)
    if own is not None:
        rows.append((say(N_("Submitted")), _who_when(screen, own), own.amount, None))
    people = _sum_of_people(found, subject)
    if people is not None:
        amount, n, of = people
        # A sum over a few says nothing about the whole.
        summed = amount if 2 * n >= of else None
        rows.append((say(N_("Sum of the people")), say(N_("{n} of {of} submitted"), n=n, of=of), summed, None))
    goal = found.goal()
    line = line_of([*(row[2] for row in rows), *(ends or ()), goal])
    unit = speaker.money_column([_json(screen, row[2]) for row in rows])
    columns = [
        Column(say(N_("Who says it"))),
        Column(say(N_("Amount, {unit}"), unit=unit.label), "right"),
        Column(
            say(N_("On one line; the tick is the target")) if goal is not None else say(N_("On one line")), drawn=True
        ),
    ]
    cells = [
        [
            Cell(name, sub=sub),
            Cell(unit.cell(amount), strong=bool(around)),
            _drawn(amount, around, line, goal, quiet=not around),
        ]
        for name, sub, amount, around in rows
    ]
    return Table(say(N_("What each says of the period")), columns, cells, hidden_caption=True)


def _json(screen: Screen, amount: Decimal | None) -> dict[str, str] | None:
    return None if amount is None else {"amount": str(amount), "currency": screen.currency}


def _drawn(
    amount: Decimal | None,
    around: tuple[Decimal, Decimal] | None,
    line: marks.Scale,
    goal: Decimal | None,
    *,
    quiet: bool = False,
) -> Cell:
    if amount is None:
        return Cell()
    low, high = around or (amount, amount)
    reference = None if goal is None else float(goal)
    tone: marks.Tone = "quiet" if quiet else "plain"
    return Cell(mark=marks.whisker(float(amount), (float(low), float(high)), line, reference=reference, tone=tone))


def _who_when(screen: Screen, one: Submission) -> str:
    by = ABSENT if one.by is None else one.by.name
    return f"{by}, {screen.speaker.day_short(one.on.isoformat())}"


def _sum_of_people(found: Outlook, subject: Subject) -> tuple[Decimal, int, int] | None:
    """Add the people's numbers up; null where not everybody's may be seen, or nobody submitted."""
    if not sees_all(found.screen, subject):
        return None
    sellers = sellers_of(found.screen, subject)
    newest = [found.newest(Subject("person", person)) for person in members_of(found.screen, subject)]
    given = [one.amount for one in newest if one is not None]
    return (sum(given, Decimal(0)), len(given), max(len(sellers), len(given))) if given else None


def people_sheet(found: Outlook) -> Sheet | None:
    """List the people whose rows may be seen: won, expected, range, categories, what was submitted.

    Null for one person, whose the figures of the page are.
    """
    screen, answer = found.screen, found.answer
    if screen.person is not None:
        return None
    rows = [row for row in answer["people"] if row["person_id"] and screen.viewer.sees_person(row["person_id"])]
    levels = {row["person_id"]: row for row in answer["categories"]["people"]}
    if not rows:
        return None
    told = [(Subject("person", row["person_id"]), row["name"], row, levels.get(row["person_id"])) for row in rows]
    return _shares(found, screen.say(N_("Person")), told, caption=screen.say(N_("By person")))


def teams_sheet(found: Outlook) -> Sheet | None:
    """List the teams whose sums may be seen."""
    screen, answer = found.screen, found.answer
    rows = [row for row in answer["teams"] if row["team"] in screen.shown]
    levels = {row["team"]: row for row in answer["categories"]["teams"]}
    if screen.team is not None or screen.person is not None or not rows:
        return None
    told = [(Subject("team", row["team"]), row["team"], row, levels.get(row["team"])) for row in rows]
    return _shares(found, screen.say(N_("Team")), told, caption=screen.say(N_("By team")))


def _shares(
    found: Outlook, head: str, rows: Sequence[tuple[Subject, str, Json, Json | None]], *, caption: str
) -> Sheet:
    screen = found.screen
    say, speaker = screen.say, screen.speaker
    used, submits = found.answer["categories"]["used"], screen.pipeline is None
    newest = {subject: found.newest(subject) for subject, *_ in rows}
    unit = speaker.money_column([row[name] for _, _, row, _ in rows for name in ("won_so_far", "mean", "high")])
    ends = [amount_of(row[name]) for _, _, row, _ in rows for name in ("low", "high")]
    line = line_of([*ends, *(one.amount for one in newest.values() if one is not None)], 140)
    act = Column(say(N_("Submit")), unseen=True, acts=True)
    heads = {
        "who": head,
        "won": say(N_("Won")),
        "open": say(N_("Open")),
        "new": say(N_("To come")),
        "mean": say(N_("Expected")),
        "low": say(N_("Low end of the range")),
        "high": say(N_("High end of the range")),
        **({key: say(_LEVEL_NAMES[key]) for key in _LEVELS} if used else {}),
        **({"submitted": say(N_("Submitted"))} if submits else {}),
    }

    def summed(key: str, label: str = "") -> Column:
        return Column(label or heads[key], "right", key=key, sortable=True, optional=key != "mean")

    columns = [
        Column(head, key="who", sortable=True),
        summed("won", say(N_("Won, {unit}"), unit=unit.label)),
        *map(summed, ("open", "new", "mean")),
        Column(
            say(N_("80% range; the tick is what was submitted")) if submits else say(N_("80% range")),
            drawn=True,
            key="range",
            optional=True,
        ),
        *(map(summed, _LEVELS) if used else ()),
        *([summed("submitted"), act] if submits else []),
    ]
    cells, values = [], []
    for subject, name, row, levels in rows:
        mean, low, high = (amount_of(row[key]) for key in ("mean", "low", "high"))
        one = newest[subject]
        goal, won = None if one is None else one.amount, amount_of(row["won_so_far"])
        cells.append(
            [
                Cell(name, href=screen.address(**_whose(subject))),
                Cell(unit.cell(won), href=won_deals(screen, subject, found.period))
                if won
                else _amount(screen, unit, row["won_so_far"]),
                _amount(screen, unit, row["open"], href=_open_deals(screen, subject)),
                _amount(screen, unit, row["new"]),
                _amount(screen, unit, row["mean"], strong=True),
                _drawn(mean, None if low is None or high is None else (low, high), line, goal),
                *([_level(screen, unit, levels, key) for key in _LEVELS] if used else []),
                *([_submitted(found, subject, unit), _submit_cell(found, subject)] if submits else []),
            ]
        )
        values.append(
            {
                "who": name,
                "won": won,
                **{key: amount_of(row[key]) for key in ("open", "new", "mean", "low", "high")},
                **{key: None if levels is None else amount_of(levels[key]) for key in _LEVELS},
                "submitted": goal,
            }
        )
    return Sheet(Table(caption, columns, cells, hidden_caption=True), values, heads)


def _whose(subject: Subject) -> dict[str, str | None]:
    """Give what narrows a page or a list to a person or a team."""
    return {subject.kind: subject.id}


def _submitted(found: Outlook, subject: Subject, unit: MoneyColumn) -> Cell:
    """Write what was submitted by whom when; it leads to what stood there before."""
    one = found.newest(subject)
    if one is None:
        return Cell(ABSENT)
    badge = Badge(found.screen.say(N_("override")), "same", "edit") if one.is_override else None
    history = f"{reverse('forecast:submissions')}?{urlencode(_whose(subject))}"
    return Cell(unit.cell(one.amount), href=history, badge=badge, sub=_who_when(found.screen, one))


def _open_deals(screen: Screen, subject: Subject) -> str:
    """Give the list of the open deals of a person or a team."""
    return deals_address(screen, outcome="open", sort="-amount", **_whose(subject))


def _amount(screen: Screen, unit: MoneyColumn, amount: Json | None, *, strong: bool = False, href: str = "") -> Cell:
    """Write an amount that opens the deals behind it, where there are any; one that is not shown says why."""
    if amount is None:
        return Cell(ABSENT, sub=screen.say(N_("few people")), tone="dim")
    worth = amount_of(amount)
    return Cell(unit.cell(worth), strong=strong, href=href if worth else "")


def _level(screen: Screen, unit: MoneyColumn, levels: Json | None, key: str) -> Cell:
    """Write what a level comes to; somebody without a win and without an open deal that is due has none.

    A level is a sum of won deals and several categories, so that no one list holds its deals.
    """
    return Cell(ABSENT) if levels is None else _amount(screen, unit, levels[key])


def _submit_cell(found: Outlook, subject: Subject) -> Cell:
    way = way_of(found.screen, subject)
    if way is None or found.screen.as_of >= found.period.end:
        return Cell()
    words = N_("Submit") if way is Way.OWN else N_("Override")
    return Cell(found.screen.say(words), href=submit_address(subject, found.period))
