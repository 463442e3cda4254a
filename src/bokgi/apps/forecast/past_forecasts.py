"""The page of the backtest: what the forecast said of past periods, and how simple methods did."""

from __future__ import annotations

from bokgi.apps.forecast.few_people import period_of
from bokgi.apps.forecast.outlook import line_of
from bokgi.apps.pipeline.few_winners import told_of
from bokgi.apps.pipeline.selectors import WHOLE, Screen
from bokgi.domain.labels import FORECAST_METHODS
from bokgi.domain.messages import N_
from bokgi.questions.asked import Json
from bokgi.ui import marks
from bokgi.ui.blocks import Cell, Column, Table
from bokgi.ui.format import ABSENT, signed
from bokgi.ui.speaker import amount_of


def seen(screen: Screen, answer: Json) -> Json:
    """Give the trial as this person may see it: without the periods in which few people won or sold.

    Where one is left out the scores are, too, and what is said of errors: less those of the other periods they would
    tell what came in it.
    """
    told = told_of(screen, [period_of(one) for one in answer["origins"]], screen.team or WHOLE)
    if all(told):
        return answer
    origins = [one for one, may in zip(answer["origins"], told, strict=True) if may]
    return answer | {"origins": origins, "scores": {}, "said": answer["said"][:1]}


def scores_table(screen: Screen, answer: Json) -> Table:
    """Put the errors of the forecast and of simple methods beside each other."""
    say, speaker = screen.say, screen.speaker
    rows = list(answer["scores"].items())
    unit = speaker.money_column([score["crps"] for _, score in rows])
    columns = [
        Column(say(N_("Method"))),
        Column(say(N_("Periods")), "right"),
        Column(say(N_("Mean error (CRPS), {unit}"), unit=unit.label), "right"),
        Column(say(N_("Inside 80%")), "right"),
        Column(say(N_("Bias")), "right"),
    ]
    cells = [
        [
            Cell(speaker.label(FORECAST_METHODS, name), strong=name == "forecast"),
            Cell(speaker.count(score["n"])),
            Cell(unit.cell(amount_of(score["crps"]))),
            Cell(speaker.percent(score["coverage80"])),
            Cell(ABSENT if score["bias"] is None else signed(speaker.percent(score["bias"]))),
        ]
        for name, score in rows
    ]
    return Table(say(N_("How the methods did")), columns, cells, hidden_caption=True)


def origins_table(screen: Screen, answer: Json) -> Table:
    """List the past periods: what was said before, what came; the tick is what came."""
    say, speaker = screen.say, screen.speaker
    rows = list(reversed(answer["origins"]))
    unit = speaker.money_column([one["mean"] for one in rows])
    line = line_of([amount_of(one[name]) for one in rows for name in ("low", "high", "came")])
    columns = [
        Column(say(N_("Seen from"))),
        Column(say(N_("Expected, {unit}"), unit=unit.label), "right"),
        Column(say(N_("80% range; the tick is what came")), drawn=True),
        Column(say(N_("Came")), "right"),
        Column(say(N_("Off")), "right"),
    ]
    cells = []
    for one in rows:
        mean, low, high, came = (float(amount_of(one[name]) or 0) for name in ("mean", "low", "high", "came"))
        inside = low <= came <= high
        cells.append(
            [
                Cell(speaker.day(one["on"])),
                Cell(unit.cell(amount_of(one["mean"]))),
                Cell(mark=marks.whisker(mean, (low, high), line, reference=came)),
                Cell(
                    unit.cell(amount_of(one["came"])), strong=True, sub="" if inside else say(N_("outside the range"))
                ),
                Cell(signed(speaker.percent((mean - came) / came)) if came else ABSENT),
            ]
        )
    return Table(say(N_("Past periods")), columns, cells, hidden_caption=True)
