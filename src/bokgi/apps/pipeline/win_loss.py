"""The page of wins and losses: week by week, the stages in which losses stood last, the reasons written down."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final

from bokgi.apps.pipeline.chosen_days import LABELS, chosen, field, period_of
from bokgi.apps.pipeline.funnel import deals_address
from bokgi.apps.pipeline.selectors import Screen
from bokgi.domain.errors import UsageError
from bokgi.domain.labels import NO_REASON, NO_STAGE, OUTCOMES, PIPELINES
from bokgi.domain.messages import N_, Message
from bokgi.domain.period import Period
from bokgi.questions.asked import Json
from bokgi.questions.deals import CLOSED_BY, ENDED_IN
from bokgi.questions.win_loss import ENDS, LEVEL, LOSSES, NOT_CAUSES, WEEKS, ask_win_loss
from bokgi.ui import marks
from bokgi.ui.blocks import Badge, Cell, Column, Field, Figure, Link, Table
from bokgi.ui.export import Value
from bokgi.ui.format import ABSENT
from bokgi.ui.format import n as cases
from bokgi.ui.listing import Sheet
from bokgi.ui.speaker import amount_of

WINDOWS: Final = {str(weeks): weeks for weeks in (WEEKS, 2 * WEEKS, 4 * WEEKS)}
"""How many complete weeks before the running one may be looked at."""
LONGEST: Final = 4 * WEEKS + 1
_MOST: Final = 16 * WEEKS
"""Weeks of a period of one's own, at most: each is a row."""
_REASONS: Final = {"lost": N_("Reasons of losses"), "no_decision": N_("Reasons of deals without a decision")}


@dataclass(frozen=True)
class Asked:
    """What the address asks: so many complete weeks and the running one, or (null) a period of one's own."""

    weeks: str | None
    period: Period


def read(screen: Screen) -> Asked:
    """Read the number of weeks (one that is not offered counts as the first), or the first and last day.

    Who sees sums only gets whole weeks: days that differ by one would tell which deal ended on it. Raises `UsageError`
    for a day that is none, and for a period that ends before it begins or is too long.
    """
    first, last = chosen(screen, "from"), chosen(screen, "to")
    if first or last:
        return Asked(None, _own(screen, first, last or screen.as_of))
    weeks = screen.request.GET.get("weeks") or str(WEEKS)
    weeks = weeks if weeks in WINDOWS else str(WEEKS)
    return Asked(weeks, weeks_up_to(screen.as_of, WINDOWS[weeks]))


def _own(screen: Screen, first: date | None, last: date) -> Period:
    asked = period_of(first or weeks_up_to(last).start, last)
    if screen.sums_only:
        asked = Period(Period.week_of(asked.start).start, Period.week_of(asked.last).end)
    if asked.days > 7 * _MOST:
        raise UsageError(
            "period_too_long",
            Message(N_("That is more than {n} weeks."), {"n": _MOST}),
            Message(N_("Choose days that lie closer together.")),
        )
    return asked


def windows(screen: Screen, asked: Asked) -> list[tuple[str, str, bool]]:
    """Offer the numbers of weeks and a period of one's own: what it is called, its address, whether it is shown."""
    no_days = {"from": None, "to": None}
    told = [
        (screen.say(N_("last {n} weeks"), n=weeks), screen.address(weeks=weeks, **no_days), weeks == asked.weeks)
        for weeks in WINDOWS
    ]
    days = {"from": asked.period.start.isoformat(), "to": min(asked.period.last, screen.as_of).isoformat()}
    return [*told, (screen.say(N_("chosen days")), screen.address(weeks=None, **days), asked.weeks is None)]


def fields(screen: Screen, asked: Asked) -> list[Field]:
    """Give the form in which the days are chosen; nothing where weeks are counted back."""
    if asked.weeks is not None:
        return []
    whole = screen.say(N_("Whole weeks are shown.")) if screen.sums_only else ""
    first, last = asked.period.start, asked.period.last
    return [field(screen, "from", LABELS["from"], first), field(screen, "to", LABELS["to"], last, whole)]


def weeks_up_to(on: date, weeks: int = WEEKS) -> Period:
    """Give so many complete weeks and the running one, up to a day."""
    return Period(Period.week_of(on).start - timedelta(weeks=weeks), on + timedelta(days=1))


def periods_of(screen: Screen) -> tuple[Period, ...]:
    """Give the period whose deals the page sums up."""
    return (read(screen).period,)


def answer(screen: Screen, asked: Asked) -> Json:
    """Ask, of what is looked at."""
    # The answer that is kept for everybody names no days.
    start = None if asked.weeks == str(WEEKS) else asked.period.start
    end = None if asked.weeks is not None else asked.period.end
    return screen.ask(
        ask_win_loss, start=start, end=end, team=screen.team, pipeline=screen.pipeline, person=screen.person
    )


def sees_all(screen: Screen, found: Json) -> bool:
    """Tell whether this person may see whosever deals are counted, and so amounts and reasons, which split them up."""
    return screen.owners is None or all(screen.viewer.sees_person(one["person_id"]) for one in found["people"])


def caveats(found: Json, *, reasons: bool) -> list[Json]:
    """Give what the answer does not say; of reasons only where they are shown."""
    return [sentence for sentence in found["caveats"] if reasons or sentence["message"] != NOT_CAUSES]


def _deals(screen: Screen, one: Json, outcome: str, **more: str | None) -> str:
    """Give the list of the deals that ended so in some days; a person's are those held when they closed."""
    figure = None if screen.person is None else CLOSED_BY
    wanted = {"outcome": outcome, "closed": f"{one['start']}..{one['end']}", "figure": figure, **more}
    return deals_address(screen, **wanted)


def _count(screen: Screen, number: int, address: str) -> Cell:
    return Cell(screen.speaker.count(number), href=address if number else "")


def figures(screen: Screen, found: Json, kpis: str) -> list[Figure]:
    """Give the win rate of the period, and the days to the win and to the loss; `kpis` is where they are defined.

    Nothing where nothing ended.
    """
    say, speaker, total, period = screen.say, screen.speaker, found["total"], found["period"]
    if not total["n"]:
        return []
    rate = total["win_rate"]
    definition = say(N_("How it is defined"))
    told = [
        Figure(
            say(N_("Win rate")),
            "" if rate is None else speaker.percent(rate["estimate"]),
            range=say(N_("from {n} {n:deal|deals} on"), n=found["minimum_n"])
            if rate is None
            else speaker.interval(rate),
            mark=None
            if rate is None
            else marks.whisker(rate["estimate"], (rate["low"], rate["high"]), marks.Scale(0.0, 1.0, 170)),
            n=cases(total["n"]),
            rows=_rows(screen, _deals(screen, period, "closed") if total["n"] else ""),
            definition=Link(definition, f"{kpis}#win-rate"),
        )
    ]
    labels = {
        "to_win": (N_("Days to the win, median"), f"{kpis}#sales-cycle"),
        "to_loss": (N_("Days to the loss or to no decision, median"), ""),
    }
    for name, (label, defined) in labels.items():
        one = total[name]
        told.append(
            Figure(
                say(label),
                "" if one["median"] is None else speaker.days(one["median"]),
                range=say(N_("from {n} {n:deal|deals} on"), n=found["minimum_n"])
                if one["median"] is None
                else _days_between(screen, one),
                n=cases(one["n"]),
                definition=Link(definition, defined) if defined else None,
            )
        )
    return told


def _days_between(screen: Screen, one: Json) -> str:
    if one["low"] is None:
        return ""
    level = screen.speaker.percent(one["level"])
    return screen.say(
        N_("{level} interval {ends}"), level=level, ends=screen.speaker.days_ends(one["low"], one["high"])
    )


def _rows(screen: Screen, address: str) -> Link | None:
    return Link(screen.say(N_("Deals")), address) if address else None


def _scale(shares: Sequence[Json | None]) -> marks.Scale:
    ends = [share[end] for share in shares if share is not None for end in ("low", "high")]
    low, high = (min(ends), max(ends)) if ends else (0.0, 1.0)
    return marks.Scale(max(low - 0.02, 0.0), min(high + 0.02, 1.0), 120)


def _share(screen: Screen, share: Json | None, scale: marks.Scale, n: int) -> list[Cell]:
    """Write a share with its interval, and draw it; of too few cases that is said, and nothing is drawn."""
    speaker = screen.speaker
    if share is None:
        return [Cell(badge=Badge(screen.say(N_("too few")), "few"), sub=cases(n)) if n else Cell(ABSENT), Cell()]
    ends = (share["low"], share["high"])
    words = f"{speaker.percent(share['estimate'])}, {speaker.interval(share)}"
    return [
        Cell(speaker.percent(share["estimate"]), sub=f"{speaker.share_ends(*ends)}, {cases(share['n'])}", strong=True),
        Cell(mark=marks.whisker(share["estimate"], ends, scale, label=words)),
    ]


def _share_columns(screen: Screen, label: str, scale: marks.Scale) -> list[Column]:
    words = screen.say(label, level=screen.speaker.percent(LEVEL))
    return [
        Column(words, "right", key="share", sortable=True),
        Column(screen.speaker.share_ends(scale.low, scale.high), drawn=True, key="drawn"),
    ]


def _values(share: Json | None) -> dict[str, Value]:
    return (
        {"share": None, "low": None, "high": None}
        if share is None
        else {"share": share["estimate"], "low": share["low"], "high": share["high"]}
    )


def _interval_heads(screen: Screen, share: str) -> dict[str, str]:
    ends = {"low": N_("Low end of the range"), "high": N_("High end of the range")}
    return {"share": screen.say(share), **{key: screen.say(label) for key, label in ends.items()}}


def weeks_sheet(screen: Screen, found: Json, *, amounts: bool) -> Sheet:
    """Draw a row a week, the oldest first, each count leading to its deals; the whole period stands at the foot."""
    say, speaker, total = screen.say, screen.speaker, found["total"]
    of = [*found["weeks"], total]
    scale = _scale([one["win_rate"] for one in of])
    largest = max((week["n"] for week in found["weeks"]), default=1)
    unit = speaker.money_column([one["won"]["amount"] for one in of])
    columns = [
        Column(say(N_("Week")), key="week", sortable=True),
        Column(say(N_("Won, no decision, lost")), drawn=True, key="bar", optional=True),
        *(Column(say(OUTCOMES[end]), "right", key=end, sortable=True, optional=True) for end in ENDS),
        *(
            [Column(say(N_("Won, {unit}"), unit=unit.label), "right", key="amount", sortable=True, optional=True)]
            if amounts
            else []
        ),
        *_share_columns(screen, N_("Win rate, {level} interval"), scale),
    ]

    def cells(one: Json, days: Json, head: Cell, bar: Cell) -> list[Cell]:
        unknown = one["won"]["amount_unknown"]
        missing = say(N_("{n} without an amount"), n=unknown) if unknown else ""
        worth = [Cell(unit.cell(amount_of(one["won"]["amount"])), sub=missing)] if amounts else []
        counts = [_count(screen, one[end]["count"], _deals(screen, days, end)) for end in ENDS]
        return [head, bar, *counts, *worth, *_share(screen, one["win_rate"], scale, one["n"])]

    rows, values = [], []
    for week in found["weeks"]:
        start, end = date.fromisoformat(week["start"]), date.fromisoformat(week["end"])
        last = (end - timedelta(days=1)).isoformat()
        words = say(
            N_("{won} won, {no_decision} without a decision, {lost} lost"),
            **{name: week[name]["count"] for name in ENDS},
        )
        bar = marks.parts_bar(
            *(week[name]["count"] for name in ("won", "no_decision", "lost")), largest=largest, width=150, label=words
        )
        name = speaker.day_short(week["start"])
        name = name if start == end - timedelta(days=1) else speaker.ends(name, speaker.day_short(last))
        head = Cell(name, sub="" if week["complete"] else say(N_("not a whole week")), strong=True)
        rows.append(cells(week, week, head, Cell(mark=bar)))
        worth = {"amount": amount_of(week["won"]["amount"]), "unknown": week["won"]["amount_unknown"]}
        counts = {name: week[name]["count"] for name in ENDS}
        values.append({"week": start, **counts, **(worth if amounts else {}), **_values(week["win_rate"])})
    table = Table(
        say(N_("Wins and losses by week")),
        columns,
        rows,
        foot=[cells(total, found["period"], Cell(say(N_("Whole period")), strong=True), Cell())],
        hidden_caption=True,
        legend=(("bar", say(N_("Won"))), ("hatch", say(N_("No decision"))), ("bar-0", say(N_("Lost")))),
    )
    worth_heads = {"amount": say(N_("Won amount")), "unknown": say(N_("Won without an amount"))}
    heads = {
        "week": say(N_("Weeks from")),
        **{end: say(OUTCOMES[end]) for end in ENDS},
        **(worth_heads if amounts else {}),
        **_interval_heads(screen, N_("Win rate")),
    }
    return Sheet(table, values, heads)


def reasons_sheets(screen: Screen, found: Json) -> dict[str, Sheet]:
    """Draw the reasons of each outcome, the most frequent first; without any deal of it there is no table."""
    made = {outcome: [row for row in found["reasons"] if row["outcome"] == outcome] for outcome in LOSSES}
    return {outcome: _reasons(screen, found, outcome, rows) for outcome, rows in made.items() if rows}


def _reasons(screen: Screen, found: Json, outcome: str, reasons: Sequence[Json]) -> Sheet:
    say, speaker = screen.say, screen.speaker
    scale, unit = _scale([row["share"] for row in reasons]), speaker.money_column([row["amount"] for row in reasons])
    columns = [
        Column(say(N_("Reason written down")), key="reason"),
        Column(say(N_("Deals")), "right", key="deals", sortable=True),
        Column(say(N_("Amount, {unit}"), unit=unit.label), "right", key="amount", sortable=True),
        *_share_columns(screen, N_("Share, {level} interval"), scale),
    ]
    rows, values = [], list[dict[str, Any]]()
    for row in reasons:
        where = f"lost_reason:{row['lost_reason'] or ''}"
        unknown = row["amount_unknown"]
        name = row["lost_reason"] or say(NO_REASON)
        rows.append(
            [
                Cell(name, strong=row["given"]),
                _count(screen, row["count"], _deals(screen, found["period"], outcome, where=where)),
                Cell(
                    unit.cell(amount_of(row["amount"])),
                    sub=say(N_("{n} without an amount"), n=unknown) if unknown else "",
                ),
                *_share(screen, row["share"], scale, row["n"]),
            ]
        )
        worth = {"amount": amount_of(row["amount"]), "unknown": unknown}
        values.append({"reason": name, "deals": row["count"], **worth, **_values(row["share"])})
    heads = {
        "reason": say(N_("Reason written down")),
        "deals": say(N_("Deals")),
        "amount": say(N_("Amount")),
        "unknown": say(N_("Without an amount")),
        **_interval_heads(screen, N_("Share")),
    }
    return Sheet(Table(say(_REASONS[outcome]), columns, rows, hidden_caption=True), values, heads)


def stages_sheet(screen: Screen, found: Json) -> Sheet:
    """Draw in which stages the losses stood last, each count leading to its deals; empty without any."""
    say, speaker = screen.say, screen.speaker
    stages: dict[tuple[str | None, str | None], dict[str, int]] = {}
    labels: dict[tuple[str | None, str | None], str] = {}
    for row in found["stages"]:
        key = (row["pipeline"], row["stage"])
        stages.setdefault(key, dict.fromkeys(LOSSES, 0))[row["outcome"]] += row["deals"]
        labels[key] = row["label"] if row["stage"] is not None else say(NO_STAGE)
    several = len({pipeline for pipeline, stage in stages if stage is not None}) > 1
    largest = max((sum(counts.values()) for counts in stages.values()), default=1)
    columns = [
        Column(say(N_("Stood last in")), key="stage"),
        Column(say(N_("No decision, lost")), drawn=True, key="bar"),
        *(Column(say(OUTCOMES[end]), "right", key=end, sortable=True) for end in LOSSES),
    ]
    rows, values = [], list[dict[str, Value]]()
    # Whose stage nobody knows comes last.
    for key in sorted(stages, key=lambda key: key[1] is None):
        pipeline, stage = key
        counts = stages[key]
        where = {"figure": ENDED_IN, "pipeline": pipeline, "stage": stage}
        words = say(N_("{no_decision} without a decision, {lost} lost"), **counts)
        bar = marks.parts_bar(0, counts["no_decision"], counts["lost"], largest=largest, width=150, label=words)
        name = speaker.label(PIPELINES, pipeline) if several and pipeline is not None else ""
        rows.append(
            [
                Cell(labels[key], sub=name, strong=stage is not None),
                Cell(mark=bar),
                *(
                    Cell(speaker.count(counts[end]))
                    if stage is None
                    else _count(screen, counts[end], _deals(screen, found["period"], end, **where))
                    for end in LOSSES
                ),
            ]
        )
        values.append({"stage": labels[key], "pipeline": name, **counts})
    heads = {
        "stage": say(N_("Stood last in")),
        **({"pipeline": say(N_("Pipeline"))} if several else {}),
        **{end: say(OUTCOMES[end]) for end in LOSSES},
    }
    table = Table(
        say(N_("Stages of losses")),
        columns,
        rows,
        hidden_caption=True,
        legend=(("hatch", say(N_("No decision"))), ("bar-0", say(N_("Lost")))),
    )
    return Sheet(table, values, heads)
