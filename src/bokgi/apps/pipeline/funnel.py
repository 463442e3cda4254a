"""The funnel's page: one of four modes, split and compared, the bottleneck with what it costs, stage × person."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from itertools import groupby
from typing import Any, Final
from urllib.parse import urlencode

from markupsafe import Markup

from bokgi.analysis.funnel import FunnelMode
from bokgi.apps.access.permissions import Role
from bokgi.apps.pipeline.deal_list import DEALS
from bokgi.apps.pipeline.few_people import shown_amounts
from bokgi.apps.pipeline.figures import COUNTS, MODES
from bokgi.apps.pipeline.selectors import Screen
from bokgi.domain.errors import UsageError
from bokgi.domain.labels import OUTCOMES, PIPELINES
from bokgi.domain.messages import N_, Message
from bokgi.domain.period import Period
from bokgi.questions.asked import Json
from bokgi.questions.attributes import ask_attributes
from bokgi.questions.funnel import LEVEL, WINDOW_DAYS, ask_funnel
from bokgi.ui import marks
from bokgi.ui.blocks import Badge, Cell, Column, Table
from bokgi.ui.format import ABSENT, points
from bokgi.ui.format import n as cases

SPLITS: Final = {
    "team": N_("Team"),
    "source": N_("Source"),
    "segment": N_("Segment"),
    "industry": N_("Industry"),
    "product": N_("Product"),
    "type": N_("Type"),
    "size": N_("Size"),
    "region": N_("Region"),
    "lead_grade": N_("Lead grade"),
}
WINDOWS: Final = {"13": 91, "26": WINDOW_DAYS, "52": 364}
FREE: Final = frozenset({Role.ADMIN, Role.LEADER})
"""Who may split by anything: to others a split may show a single colleague's share."""


@dataclass(frozen=True)
class Asked:
    """What the address asks of the funnel."""

    mode: str
    period: Period
    weeks: str
    split: str | None

    @property
    def span(self) -> str:
        """Write the period as the list of deals reads it."""
        return f"{self.period.start.isoformat()}..{self.period.end.isoformat()}"


def read(screen: Screen) -> Asked:
    """Read mode, period and split from the address. Raises `UsageError` for what is not offered."""
    query = screen.request.GET
    mode = query.get("mode") or FunnelMode.STAGE_ENTRY_COHORT.value
    _offered("mode", mode, MODES)
    weeks = query.get("weeks") or "26"
    _offered("weeks", weeks, WINDOWS)
    split = query.get("by") or None
    if split is not None:
        allowed = SPLITS if screen.viewer.role in FREE else {"team": SPLITS["team"]}
        if split not in allowed and screen.viewer.role not in FREE:
            _offered("by", split, allowed)
    end = screen.as_of + timedelta(days=1)
    return Asked(mode, Period(end - timedelta(days=WINDOWS[weeks]), end), weeks, split)


def periods_of(screen: Screen) -> tuple[Period, ...]:
    """Give the periods whose deals the page sums up."""
    now = read(screen).period
    return now, now.previous()


def _offered(name: str, given: str, offered: Mapping[str, object]) -> None:
    if given not in offered:
        raise UsageError(
            "choice_unknown",
            Message(N_("{option} does not take “{given}”."), {"option": name, "given": given}),
            Message(N_("It takes: {allowed}"), {"allowed": ", ".join(offered)}),
        )


def splits(screen: Screen) -> dict[str, str]:
    """Give what this person may split by, with their names."""
    return SPLITS if screen.viewer.role in FREE else {"team": SPLITS["team"]}


def attributes(screen: Screen) -> list[str]:
    """Give the attributes of the source that this person may split by; they have their own names."""
    if screen.viewer.role not in FREE:
        return []
    return [one["name"] for one in screen.ask(ask_attributes)["attributes"] if one["name"] not in SPLITS]


def stages(screen: Screen, asked: Asked, *, before: bool = False, split: str | None = None) -> list[Json]:
    """Ask for the stages of team, person and pipeline that are looked at, or of all; `split` gives groups instead.

    Groups of which this person may not see the sum are left out.
    """
    if screen.stages_hidden:
        return []
    found: list[Json] = _answer(screen, asked, asked.period.previous() if before else asked.period, split)["stages"]
    # What `pipeline` of the question would leave: the answer of all of them is there already.
    found = [stage for stage in found if screen.pipeline in {None, stage["pipeline"]}]
    if screen.team is not None:
        found = [stage for stage in found if stage["groups"]["team"] == screen.team]
    if split == "team" and screen.viewer.role not in FREE:
        found = [stage for stage in found if stage["groups"]["team"] in screen.shown]
    return found


def _answer(screen: Screen, asked: Asked, period: Period, split: str | None) -> Json:
    by = dict.fromkeys((*(["team"] if screen.team is not None else []), *([split] if split is not None else [])))
    options: dict[str, Any] = {"mode": asked.mode, "start": period.start, "end": period.end, "by": tuple(by)}
    return screen.ask(ask_funnel, **options, person=screen.person)


def not_split(screen: Screen, asked: Asked) -> list[str]:
    """Say why there are no conversions by the column that was asked for; nothing where there are some, or too few."""
    if asked.split is None or screen.stages_hidden:
        return []
    found = _answer(screen, asked, asked.period, asked.split)
    # The first sentence says what the figures are.
    return [screen.speaker.say(sentence) for sentence in found["said"][1:]] if found["refusals"] else []


def _options(asked: Asked) -> dict[str, Any]:
    return {"mode": asked.mode, "start": asked.period.start, "end": asked.period.end}


def stage_key(stage: Json) -> tuple[str, str]:
    """Give what names a stage of a funnel: its pipeline and itself."""
    return stage["pipeline"], stage["stage"]


def deals_address(screen: Screen, **wanted: str | Sequence[str] | None) -> str:
    """Give the list of the deals behind a figure, several values as a list; empty for who may not see lists."""
    if screen.viewer.role is Role.VIEWER:
        return ""
    asked: dict[str, str | Sequence[str] | None] = {
        "team": screen.team,
        "person": screen.person,
        "pipeline": screen.pipeline,
        "as_of": screen.request.GET.get("as_of"),
    }
    return f"{DEALS}?{deals_query(**asked | wanted)}"


def deals_query(**wanted: str | Sequence[str] | None) -> str:
    """Write what is wanted of the list of deals, as an address does; what is empty is left out."""
    return urlencode({name: value for name, value in wanted.items() if value}, doseq=True)


def stage_names(screen: Screen, found: Sequence[Json]) -> dict[tuple[str, str], str]:
    """Name each stage."""
    # The win above the stages of a created cohort is no stage of the source: it has no label of its own.
    return {stage_key(stage): screen.speaker.label(OUTCOMES, stage["label"]) for stage in found}


def pipeline_names(screen: Screen, found: Sequence[Json]) -> dict[str, str]:
    """Name each pipeline, to stand below its stages; with one pipeline there is nothing to tell apart."""
    pipelines = dict.fromkeys(stage["pipeline"] for stage in found)
    several = len(pipelines) > 1
    return {name: screen.speaker.label(PIPELINES, name) if several else "" for name in pipelines}


def heads(pipelines: Sequence[str], names: Mapping[str, str]) -> list[tuple[str, int]]:
    """Name the pipeline over its columns: each run of one pipeline with how many columns it spans.

    >>> heads(["renewal", "renewal", "new"], {"new": "New business", "renewal": "Renewals"})
    [('Renewals', 2), ('New business', 1)]
    """
    return [(names[pipeline], len(list(run))) for pipeline, run in groupby(pipelines) if names[pipeline]]


def table(
    screen: Screen, asked: Asked, now: Sequence[Json], before: Sequence[Json], flagged: set[tuple[str, str]]
) -> Table:
    """Draw the stages of one mode, each figure leading to its deals."""
    if asked.mode == FunnelMode.STAGE_ENTRY_COHORT.value:
        return _cohort_table(screen, asked, now, before, flagged)
    return _counts_table(screen, asked, now)


def _scale(found: Sequence[Json], width: int = 150) -> marks.Scale:
    ends = [
        share
        for stage in found
        if stage["conversion"] is not None and stage["conversion"]["low"] is not None
        for share in (stage["conversion"]["low"], stage["conversion"]["high"])
    ]
    low, high = (min(ends), max(ends)) if ends else (0.0, 1.0)
    return marks.Scale(max(low - 0.02, 0.0), min(high + 0.02, 1.0), width)


def _cohort_table(
    screen: Screen, asked: Asked, now: Sequence[Json], before: Sequence[Json], flagged: set[tuple[str, str]]
) -> Table:
    say = screen.say
    earlier = {stage_key(stage): stage["conversion"] for stage in before}
    largest = max((stage["counts"].get("entered", 0) for stage in now), default=1) or 1
    scale, names, pipelines = _scale([*now, *before]), stage_names(screen, now), pipeline_names(screen, now)
    conversion, days = _heads(screen)
    columns = [
        Column(say(N_("Stage"))),
        Column(say(N_("Moved on, open, ended")), drawn=True, key="bar", optional=True),
        Column(say(N_("Entered")), "right", key="entered", optional=True),
        Column(say(N_("Still open")), "right", key="open", optional=True),
        conversion,
        Column(
            screen.speaker.share_ends(scale.low, scale.high),
            drawn=True,
            key="line",
            optional=True,
            called=say(N_("On one line")),
        ),
        Column(say(N_("Against the period before")), key="before", optional=True),
        days,
    ]
    rows = []
    for stage in now:
        counts, found = stage["counts"], stage["conversion"]
        moved, still_open = counts.get("reached", 0), counts.get("open", 0)
        ended = counts.get("lost", 0) + counts.get("no_decision", 0) + counts.get("removed", 0)
        words = say(N_("{moved} moved on, {open} are open, {ended} ended"), moved=moved, open=still_open, ended=ended)
        past = earlier.get(stage_key(stage))
        rows.append(
            [
                Cell(
                    names[stage_key(stage)],
                    sub=pipelines[stage["pipeline"]],
                    strong=True,
                    badge=Badge(say(N_("bottleneck")), "bad", "fell") if stage_key(stage) in flagged else None,
                ),
                Cell(
                    mark=marks.parts_bar(
                        moved, still_open, ended, largest=largest, width=190, numbers=True, label=words
                    )
                ),
                _count(screen, asked, stage, "entered"),
                _count(screen, asked, stage, "open"),
                *_conversion(screen, found, past, scale, stage["reason"]),
                _time(screen, stage["time"]),
            ]
        )
    return Table(
        say(N_("Conversion and time by stage")),
        columns,
        rows,
        flagged=next((place for place, stage in enumerate(now) if stage_key(stage) in flagged), None),
        hidden_caption=True,
        legend=(
            ("bar", say(N_("moved on"))),
            ("hatch", say(N_("still open, not known yet"))),
            ("bar-0", say(N_("ended"))),
            ("tick", say(N_("the period before"))),
        ),
        empty=say(N_("No deal entered a stage in this period.")),
    )


def _heads(screen: Screen) -> tuple[Column, Column]:
    """Name the columns of conversion and time with the level of their intervals, which then stands in no row."""
    level = screen.speaker.percent(LEVEL)
    return (
        Column(screen.say(N_("Conversion, {level} interval"), level=level), "right", key="conversion", optional=True),
        Column(screen.say(N_("Days, median and {level} interval"), level=level), "right", key="days", optional=True),
    )


def _conversion(
    screen: Screen, found: Json | None, past: Json | None, scale: marks.Scale, reason: str | None
) -> list[Cell]:
    speaker = screen.speaker
    if found is None:
        words = screen.say(N_("too few")) if reason == "too_few" else ABSENT
        return [Cell(ABSENT), Cell(), Cell(badge=Badge(words, "few"))]
    if found["low"] is None:
        # All of them, or none: the estimate stands at the edge, and the method gives no interval there.
        return [Cell(speaker.percent(found["estimate"]), sub=cases(found["n"]), strong=True), Cell(), Cell(ABSENT)]
    estimate, interval = found["estimate"], (found["low"], found["high"])
    label = f"{speaker.percent(estimate)}, {speaker.interval({**found, 'level': LEVEL})}"
    reference = None if past is None or past["low"] is None else past["estimate"]
    mark: Markup = marks.whisker(estimate, interval, scale, reference=reference, label=label)
    return [
        Cell(speaker.percent(estimate), sub=f"{speaker.share_ends(*interval)}, {cases(found['n'])}", strong=True),
        Cell(mark=mark),
        _against(screen, found, past),
    ]


def _against(screen: Screen, now: Json, past: Json | None) -> Cell:
    """Say whether two intervals are apart; where they overlap, that nothing can be told."""
    if past is None or past["low"] is None:
        return Cell(badge=Badge(screen.say(N_("too few before")), "few"))
    difference = points(now["estimate"] - past["estimate"], screen.lang)
    if now["high"] < past["low"]:
        return Cell(badge=Badge(f"{difference} {screen.say(N_('lower'))}", "bad", "fell"))
    if now["low"] > past["high"]:
        return Cell(badge=Badge(f"{difference} {screen.say(N_('higher'))}", "good", "rose"))
    return Cell(badge=Badge(difference, "same", "same"))


def _time(screen: Screen, time: Json | None) -> Cell:
    if time is None or time["median"] is None:
        return Cell(ABSENT)
    low, high, late = time["median_low"], time["median_high"], time["p80"]
    sub = [] if low is None else [screen.speaker.days_ends(low, high)]
    sub += [] if late is None else [screen.say(N_("80% within {days}"), days=screen.speaker.days(late))]
    return Cell(screen.speaker.days(time["median"]), sub=", ".join(sub))


def _count(screen: Screen, asked: Asked, stage: Json, name: str) -> Cell:
    """Write a count of the mode that leads to the deals it counts; none has no deals to show."""
    number = stage["counts"].get(name, 0)
    where = {"pipeline": stage["pipeline"], "stage": stage["stage"], "outcome": "all"}
    address = deals_address(screen, **where, figure=f"{asked.mode}.{name}", within=asked.span) if number else ""
    return Cell(screen.speaker.count(number), href=address)


def _counts_table(screen: Screen, asked: Asked, now: Sequence[Json]) -> Table:
    say, speaker, names, pipelines = screen.say, screen.speaker, stage_names(screen, now), pipeline_names(screen, now)
    amounts: dict[str, str] = {
        FunnelMode.SNAPSHOT.value: "deals_amount",
        FunnelMode.PERIOD_FLOW.value: "at_end_amount",
        FunnelMode.CREATED_COHORT.value: "at_least_amount",
    }
    told = amounts[asked.mode]
    shown = shown_amounts(screen, {stage_key(stage) for stage in now}, told, _options(asked))
    sums = [{"amount": stage["counts"].get(told) or "0"} if stage_key(stage) in shown else None for stage in now]
    unit = speaker.money_column(sums)
    columns = [Column(say(N_("Stage")))]
    columns += [Column(say(label), "right", key=name, optional=True) for label, name in COUNTS[asked.mode]]
    columns += [Column(say(N_("Amount, {unit}"), unit=unit.label), "right", key="amount", optional=True)]
    columns += _heads(screen)
    rows = []
    for stage, amount in zip(now, sums, strict=True):
        found = stage["conversion"]
        rows.append(
            [
                Cell(names[stage_key(stage)], sub=pipelines[stage["pipeline"]], strong=True),
                *(_count(screen, asked, stage, name) for _label, name in COUNTS[asked.mode]),
                Cell(ABSENT, sub=say(N_("few people")), tone="dim")
                if amount is None
                else Cell(unit.cell(Decimal(amount["amount"]))),
                Cell(
                    ABSENT if found is None or found["low"] is None else speaker.percent(found["estimate"]),
                    sub=""
                    if found is None or found["low"] is None
                    else f"{speaker.share_ends(found['low'], found['high'])}, {cases(found['n'])}",
                ),
                _time(screen, stage["time"]),
            ]
        )
    empty = say(N_("No deal stands in a stage in this period."))
    return Table(say(N_("Stages")), columns, rows, hidden_caption=True, empty=empty)
