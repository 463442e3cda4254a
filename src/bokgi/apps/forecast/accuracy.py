"""The page of submissions: who said what when, what came, and how far off both people and model were."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from bokgi.analysis.submissions import SubmissionAccuracy, submission_accuracy
from bokgi.apps.access.asking import answers
from bokgi.apps.forecast.models import Submission
from bokgi.apps.forecast.rules import Subject, early_day, periods_over, stood_on
from bokgi.apps.forecast.selectors import may_see, note_of, subject_name
from bokgi.apps.pipeline.few_winners import told_of
from bokgi.apps.pipeline.funnel import deals_address
from bokgi.apps.pipeline.selectors import WHOLE, Screen
from bokgi.domain.messages import N_
from bokgi.domain.period import Period
from bokgi.questions.asked import Json
from bokgi.questions.people import ask_names
from bokgi.questions.won import ask_won
from bokgi.ui.blocks import Cell, Column, Table
from bokgi.ui.export import Value
from bokgi.ui.format import ABSENT, signed
from bokgi.ui.speaker import amount_of

MOST_PERIODS: Final = 24
WAYS: Final = {"own": N_("own number"), "override": N_("override")}


@dataclass(frozen=True)
class Past:
    """One period that is over: what stood after its first third, what stood at its end, what came."""

    period: Period
    early: Submission | None
    last: Submission | None
    came: Decimal


def visible(screen: Screen, rows: Sequence[Submission]) -> list[Submission]:
    """Keep the submissions that the person who looks may see."""
    return [one for one in rows if may_see(screen, Subject(one.subject_kind, one.subject_id))]


def past(screen: Screen, subject: Subject, rows: Sequence[Submission]) -> list[Past]:
    """Give the periods that are over for which something was submitted for a subject, the newest first."""
    own = [one for one in rows if (one.subject_kind, one.subject_id) == (subject.kind, subject.id)]
    periods = periods_over((one.period for one in own), screen.as_of)[:MOST_PERIODS]
    if not periods:
        return []
    answer = screen.ask(ask_won, periods=tuple(periods))
    told = []
    for period, won in zip(periods, answer["periods"], strict=True):
        of_period = [one for one in own if one.period == period]
        last = stood_on(of_period, period.last)
        if last is not None:
            told.append(Past(period, stood_on(of_period, early_day(period)), last, _came(won, subject)))
    return told


def seen(screen: Screen, subject: Subject, found: Sequence[Past]) -> list[Past]:
    """Keep the periods in which enough people sold and won for what came to be told; of a person all."""
    if subject.kind == "person":
        return list(found)
    scope = WHOLE if subject.kind == "organisation" else subject.id
    told = told_of(screen, [one.period for one in found], scope)
    return [one for one, may in zip(found, told, strict=True) if may]


def _came(won: Json, subject: Subject) -> Decimal:
    if subject.kind == "organisation":
        found = won["all"]
    else:
        found = won["people" if subject.kind == "person" else "teams"].get(subject.id)
    return amount_of(found) or Decimal(0)


def _of_kind(found: Sequence[Past], *, quarters: bool) -> list[Past]:
    """Months and quarters overlap; only periods of one length are counted together."""
    return [one for one in found if (one.period.days > 45) is quarters]  # noqa: PLR2004 - between a month and a quarter


@dataclass(frozen=True)
class Judged:
    """How right people and model were over periods of one length; both at the moment that counts."""

    quarters: bool
    people: SubmissionAccuracy
    model: SubmissionAccuracy
    periods: int


def judged(found: Sequence[Past]) -> list[Judged]:
    """Judge what stood after a third of each period beside the model's word then, months and quarters apart."""
    told = []
    for quarters in (False, True):
        rows = _of_kind(found, quarters=quarters)
        if not rows:
            continue
        early = [(one.early, one.came) for one in rows if one.early is not None]
        beside = [(one.model_mean, came) for one, came in early if one.model_mean is not None]
        told.append(
            Judged(
                quarters,
                submission_accuracy([float(one.amount) for one, _ in early], [float(came) for _, came in early]),
                submission_accuracy([float(mean) for mean, _ in beside], [float(came) for _, came in beside]),
                len(rows),
            )
        )
    return told


def judged_table(screen: Screen, rows: Sequence[Judged]) -> Table:
    """Show error and bias with their intervals and n; thin data is said."""
    say = screen.say
    columns = [
        Column(say(N_("Whose number"))),
        Column("n", "right"),
        Column(say(N_("Off by")), "right"),
        Column(say(N_("Leans")), "right"),
    ]
    cells = []
    for one in rows:
        length = say(N_("quarters")) if one.quarters else say(N_("months"))
        for name, found in ((say(N_("Submitted")), one.people), (say(N_("Model at that moment")), one.model)):
            cells.append([Cell(name, sub=length), Cell(screen.speaker.count(found.n)), *_estimates(screen, found)])
    return Table(say(N_("How right both were")), columns, cells, hidden_caption=True)


def _estimates(screen: Screen, found: SubmissionAccuracy) -> list[Cell]:
    say, percent = screen.say, screen.speaker.percent
    if found.error is None or found.bias is None:
        few = say(N_("from 4 periods on")) if found.reason == "few" else say(N_("nothing was won"))
        return [Cell(say(N_("Too few")), sub=few, tone="dim"), Cell(ABSENT, tone="dim")]
    error, bias, join = found.error, found.bias, screen.speaker.ends
    return [
        Cell(percent(error.value), sub=join(percent(error.low), percent(error.high))),
        Cell(signed(percent(bias.value)), sub=join(signed(percent(bias.low)), signed(percent(bias.high)))),
    ]


def sentence(screen: Screen, rows: Sequence[Judged]) -> str:
    """Say in one sentence whether the numbers lean to one side."""
    found = max(rows, key=lambda one: one.people.n, default=None)
    if found is None:
        return screen.say(N_("No period for which something was submitted is over yet."))
    bias = found.people.bias
    if bias is None:
        return screen.say(
            N_("{n} of at least 4 periods are over; until then nobody can say how right the numbers are."),
            n=found.people.n,
        )
    values = {"share": screen.speaker.percent(abs(bias.value)), "n": found.people.n}
    if bias.low > 0:
        return screen.say(
            N_("Submitted numbers were {share} too high over {n} periods, more than chance explains."), **values
        )
    if bias.high < 0:
        return screen.say(
            N_("Submitted numbers were {share} too low over {n} periods, more than chance explains."), **values
        )
    return screen.say(
        N_("Over {n} periods submitted numbers lean to neither side by more than chance."), n=found.people.n
    )


def past_table(screen: Screen, subject: Subject, found: Sequence[Past]) -> Table:
    """List the periods that are over: what stood early and last, what came (it opens its deals), how far off."""
    say, speaker = screen.say, screen.speaker
    amounts = [
        amount for one in found for amount in (one.came, one.early and one.early.amount, one.last and one.last.amount)
    ]
    unit = speaker.money_column(
        [None if one is None else {"amount": str(one), "currency": screen.currency} for one in amounts]
    )
    columns = [
        Column(say(N_("Period"))),
        Column(say(N_("After a third, {unit}"), unit=unit.label), "right"),
        Column(say(N_("Model then")), "right"),
        Column(say(N_("Last")), "right"),
        Column(say(N_("Came")), "right"),
        Column(say(N_("Off")), "right"),
    ]
    rows = []
    for one in found:
        early, model = one.early, None if one.early is None else one.early.model_mean
        off = None if early is None or not one.came else float((early.amount - one.came) / one.came)
        rows.append(
            [
                Cell(screen.period_name(one.period)),
                Cell(ABSENT if early is None else unit.cell(early.amount)),
                Cell(ABSENT if model is None else unit.cell(model), tone="dim"),
                Cell(ABSENT if one.last is None else unit.cell(one.last.amount)),
                Cell(unit.cell(one.came), href=won_deals(screen, subject, one.period) if one.came else "", strong=True),
                Cell(ABSENT if off is None else signed(speaker.percent(off))),
            ]
        )
    return Table(say(N_("Periods that are over")), columns, rows, hidden_caption=True)


def won_deals(screen: Screen, subject: Subject, period: Period) -> str:
    """Give the list of what a person, a team or everybody won in a period."""
    whose: dict[str, str | None] = {} if subject.kind == "organisation" else {subject.kind: subject.id}
    return deals_address(screen, outcome="won", closed=f"{period.start}..{period.end}", **whose)


def as_rows(screen: Screen, rows: Sequence[Submission]) -> tuple[list[str], list[list[Value]]]:
    """Give header and rows of the file: everything submitted that may be seen, amounts and dates as they are."""
    say = screen.say
    heads = (
        *(
            N_("Period"),
            N_("For"),
            N_("Key"),
            N_("Submitted on"),
            N_("By"),
            N_("Kind"),
            N_("Submitted number"),
            N_("Commit amount"),
        ),
        *(N_("Best-case amount"), N_("Currency"), N_("Note"), N_("Reason"), N_("Model")),
    )
    body: list[list[Value]] = [
        [
            one.period.key,
            _name(screen, one),
            one.subject_id,
            one.on,
            None if one.by is None else one.by.name,
            say(WAYS["override" if one.is_override else "own"]),
            one.amount,
            one.commit,
            one.best_case,
            one.currency,
            note_of(screen, one),
            one.reason,
            one.model_mean,
        ]
        for one in rows
    ]
    return [say(head) for head in heads], body


def _name(screen: Screen, one: Submission) -> str:
    subject = Subject(one.subject_kind, one.subject_id)
    if subject.kind == "person":
        # Who has left stands in no team any more, and is still called something.
        return screen.people.get(subject.id) or answers().ask(ask_names)["names"].get(subject.id, subject.id)
    return subject_name(screen, subject) if subject.kind == "organisation" else subject.id


def history_table(screen: Screen, columns: Sequence[Column], rows: Sequence[Submission]) -> Table:
    """List what was submitted, the newest first."""
    say, speaker = screen.say, screen.speaker
    unit = speaker.money_column([{"amount": str(one.amount), "currency": one.currency} for one in rows])
    shown = [
        Column(f"{column.label}, {unit.label}", column.align, key=column.key) if column.key == "amount" else column
        for column in columns
    ]
    cells = []
    for one in rows:
        by = ABSENT if one.by is None else one.by.name
        written = {
            "period": Cell(screen.period_name(one.period)),
            "for": Cell(_name(screen, one)),
            "on": Cell(speaker.day_short(one.on.isoformat()), sub=by),
            "amount": Cell(unit.cell(one.amount), strong=True),
            "commit": Cell(ABSENT if one.commit is None else unit.cell(one.commit)),
            "best": Cell(ABSENT if one.best_case is None else unit.cell(one.best_case)),
            "model": Cell(ABSENT if one.model_mean is None else unit.cell(one.model_mean), tone="dim"),
            "note": Cell(
                note_of(screen, one) or (ABSENT if not one.reason else ""),
                sub=say(N_("override: {reason}"), reason=one.reason) if one.is_override else "",
            ),
        }
        cells.append([written[column.key] for column in columns])
    return Table(say(N_("Submitted")), shown, cells, hidden_caption=True, empty=say(N_("Nothing was submitted yet.")))
