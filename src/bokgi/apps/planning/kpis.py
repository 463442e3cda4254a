"""The KPI dictionary: what each figure means, from which tables, how it is misread, what it stands at."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from django.urls import resolve, reverse

from bokgi.apps.access.permitting import is_permitted
from bokgi.apps.pipeline.selectors import Screen
from bokgi.domain.labels import KPI_COUNTS, KPI_REASONS
from bokgi.domain.labels import KPIS as LABELS
from bokgi.domain.messages import N_
from bokgi.domain.period import Period
from bokgi.questions.asked import Json
from bokgi.questions.concentration import WINDOW_DAYS as CONCENTRATION_DAYS
from bokgi.questions.funnel import WINDOW_DAYS
from bokgi.ui import marks
from bokgi.ui.blocks import Cell, Column, Figure, Table
from bokgi.ui.format import ABSENT
from bokgi.ui.speaker import kpi_interval, kpi_value


@dataclass(frozen=True)
class Kpi:
    """One entry: `key` is its place on the page, `formula` the definition, `misread` the wrong reading to avoid.

    `tables` are tables of the facts, `page` the name of the page whose figures it is, `leading` says that it moves
    before the result does.
    """

    key: str
    formula: str
    misread: str
    tables: tuple[str, ...]
    page: str = ""
    leading: bool = False

    @property
    def name(self) -> str:
        """Give the marked name."""
        return LABELS[self.key]


KPIS: Final = (
    Kpi(
        "win-rate",
        N_(
            "New business: won ÷ (won + lost + no decision), by close date in the period; also by value. Narrow: "
            "without no decision."
        ),
        N_(
            "Not for comparing people who were handed different deals, and not for young cohorts: losses come later "
            "than wins."
        ),
        ("deals",),
        "people:index",
    ),
    Kpi(
        "cohort-close-rate",
        N_(
            "Of deals created in the period: won, as the Aalen–Johansen estimate at an age of 60, 90 or 180 days; "
            "open deals count as not decided yet."
        ),
        N_("A young cohort looks bad or good by its age alone; immature ones are marked."),
        ("deals",),
        "funnel:index",
    ),
    Kpi(
        "stage-conversion",
        N_(
            "Of entries into a stage in the period: the share that reaches a later open stage or is won; open deals "
            "are censored."
        ),
        N_("A product of conversions is no win rate where stages are skipped or deals move back."),
        ("deals", "stage_events", "stages"),
        "funnel:index",
        leading=True,
    ),
    Kpi(
        "time-in-stage",
        N_(
            "Median and 80th percentile of days in a stage (Kaplan–Meier), deals that still stand there included as "
            "censored."
        ),
        N_("The mean of deals that have left is too short: the slow ones are still there."),
        ("deals", "stage_events", "stages"),
        "funnel:index",
        leading=True,
    ),
    Kpi(
        "sales-cycle",
        N_("Median days from creation to the win; the time to the loss stands beside it."),
        N_("Shorter is not better when it comes from many small deals."),
        ("deals",),
        "funnel:win_loss",
    ),
    Kpi(
        "velocity",
        N_("Open deals × win rate × mean won amount ÷ cycle in days: money a day."),
        N_("No forecast: its four parts move together, and a pipeline full of dead deals looks fast."),
        ("deals",),
    ),
    Kpi(
        "coverage",
        N_(
            "Open amount expected to close in the period ÷ (target − won so far). What is needed is 1 ÷ pipeline "
            "conversion."
        ),
        N_(
            "Three times is no law, and 1 ÷ win rate is not the need: deals slip and others are created and won "
            "meanwhile."
        ),
        ("deals", "targets"),
        "forecast:index",
        leading=True,
    ),
    Kpi(
        "pipeline-conversion",
        N_(
            "Of the amount open and due when the period began: the part won in the period; pulled in and "
            "created-and-won beside it."
        ),
        N_("The need of a whole period is not that of its last weeks."),
        ("deals", "deal_changes"),
        "funnel:change",
    ),
    Kpi(
        "attainment",
        N_("Won amount ÷ target of the period."),
        N_("Says nothing about the hand that was dealt, and the mean of a team hides who carries it."),
        ("deals", "targets"),
        "forecast:index",
    ),
    Kpi(
        "slippage",
        N_("Deals due in the period whose expected close moved past it ÷ deals due when it began."),
        N_("A close date nobody keeps up to date never slips; look at untouched deals, too."),
        ("deals", "deal_changes"),
        "funnel:change",
        leading=True,
    ),
    Kpi(
        "untouched",
        N_("Open deals without an activity by a person in so many working days and none planned ÷ open deals."),
        N_(
            "Where activities are not written down, silence in the data is not silence. Who inherited much shows "
            "more of it."
        ),
        ("deals", "activities", "calendar", "settings"),
        "deals:index",
        leading=True,
    ),
    Kpi(
        "lead-response",
        N_(
            "From assignment to the first activity by a person, median in hours of working days; leads still "
            "waiting count as censored."
        ),
        N_("Leads nobody answered must not make the median look short: they are in it."),
        ("leads", "activities", "calendar"),
        leading=True,
    ),
    Kpi(
        "activity",
        N_("Meetings held, calls connected, replies, next steps set. What the system made by itself never counts."),
        N_("A means, no score: more calls for the same conversion is more work, not more success."),
        ("activities", "activity_people", "standards"),
        "people:index",
        leading=True,
    ),
    Kpi(
        "star-dependency",
        N_(
            "Share of the top person and Gini of won amounts, each beside the band that equal people would give by "
            "luck; chance of the target without the top person."
        ),
        N_("Somebody is always first: a share inside the band says nothing about anybody."),
        ("deals", "memberships", "targets"),
    ),
    Kpi(
        "won",
        N_(
            "Amount of the deals won, by close date, in the organisation's currency at the rate of the month they "
            "closed in."
        ),
        N_(
            "Not invoiced and not collected: those are other measures. Deals without a known amount stay out of the "
            "sum."
        ),
        ("deals", "rates"),
        "forecast:index",
    ),
    Kpi(
        "forecast",
        N_(
            "What is won plus what open deals like these brought by the day, plus new business, as a distribution; "
            "the range holds eight of ten such periods."
        ),
        N_("The middle is no promise and the low end no commitment: two of ten periods end outside."),
        ("deals", "stage_events", "deal_changes", "stages"),
        "forecast:index",
    ),
    Kpi(
        "forecast-categories",
        N_(
            "Won so far plus open deals due in the period by the category set in the CRM: commit; with best case; "
            "with pipeline and deals without a category."
        ),
        N_("Sums of full amounts, not weighed by a chance: best case is no middle."),
        ("deals",),
        "forecast:index",
    ),
)
"""The dictionary, in the order of the page."""

_TOO_FEW: Final = N_("too few")
_DRAWN: Final = 320
"""Width of what is drawn beside a stage."""
_PAGES: Final = {
    "people:index": N_("People"),
    "funnel:index": N_("Funnel"),
    "funnel:change": N_("Pipeline change"),
    "funnel:win_loss": N_("Wins and losses"),
    "forecast:index": N_("Forecast"),
    "deals:index": N_("Deals"),
}


def page_label(screen: Screen, kpi: Kpi) -> str:
    """Name the page whose figures a KPI is; empty for none, and for who may not open it."""
    opens = kpi.page and is_permitted(resolve(reverse(kpi.page)).func, screen.request.user)
    return screen.say(_PAGES[kpi.page]) if opens else ""


def figure(screen: Screen, row: Json | None) -> Figure | None:
    """Write what a KPI stands at: value, interval, period and n; null for one without a value of its own."""
    if row is None:
        return None
    say, speaker = screen.say, screen.speaker
    if row["n"] is None:
        return Figure("", ABSENT, range=say(KPI_REASONS[row["reason"]]))
    span = row["period"]
    period = say(N_("now")) if span is None else _period(screen, span)
    value = kpi_value(speaker, row)
    ends = "" if row["level"] is None else kpi_interval(speaker, row, row["level"])
    reason = "" if row["reason"] is None else say(KPI_REASONS[row["reason"]])
    return Figure(
        period,
        value,
        range=ends or reason,
        comparison=_undecided(screen, row),
        n=say(KPI_COUNTS[row["n_of"]], n=row["n"]),
    )


def not_told(screen: Screen, *, narrowed: bool) -> Figure:
    """Say why the share of the top person has no value: there is none of one person or pipeline, or who may see it."""
    if not narrowed:
        return Figure("", ABSENT, range=screen.say(N_("the result of one person: sales leaders see it")))
    return Figure("", ABSENT, range=screen.say(KPI_REASONS["not_of_person" if screen.person else "not_of_pipeline"]))


def _undecided(screen: Screen, row: Json) -> str:
    """Say of a cohort how much of it is open still: a young one is read with care."""
    share = row.get("undecided")
    if share is None:
        return ""
    return screen.say(N_("by the age of 90 days; {share} still open then"), share=screen.speaker.percent(share))


def of_stages(screen: Screen, stages: Sequence[Json], level: float, key: str) -> Table:
    """List conversion (`stage-conversion`) or time (`time-in-stage`) of each stage, drawn, with its interval and n."""
    say, is_share = screen.say, key == "stage-conversion"
    found = [(stage["label"], stage["conversion" if is_share else "time"]) for stage in stages]
    note = say(N_("Deals that entered the stage in the last {n} weeks."), n=WINDOW_DAYS // 7)
    columns = [
        Column(say(N_("Stage"))),
        Column(say(LABELS[key]), "right"),
        Column(
            say(N_("{level} interval"), level=screen.speaker.percent(level)) if is_share else say(N_("80% within")),
            "right",
        ),
        Column("n", "right"),
        Column(say(N_("From 0% to 100%")) if is_share else say(N_("Bar: median, tick: 80% of the deals")), drawn=True),
    ]
    longest = max((one["p80"] or one["median"] or 0 for _, one in found if one and not is_share), default=0) or 1
    rows = [[Cell(label), *(_share(screen, one) if is_share else _stay(screen, one, longest))] for label, one in found]
    return Table(say(LABELS[key]), columns, rows, hidden_caption=True, note=note)


def _share(screen: Screen, found: Json | None) -> list[Cell]:
    """Write the conversion of a stage: whisker, share, interval, n."""
    speaker = screen.speaker
    if found is None:
        return [Cell(ABSENT, tone="dim"), Cell(screen.say(_TOO_FEW), tone="dim"), Cell(ABSENT, tone="dim"), Cell()]
    estimate, low, high = found["estimate"], found["low"], found["high"]
    around = (estimate, estimate) if low is None else (low, high)
    return [
        Cell(speaker.percent(estimate), strong=True),
        Cell(ABSENT if low is None else speaker.ends(speaker.percent(low), speaker.percent(high))),
        Cell(speaker.count(found["n"])),
        Cell(mark=marks.whisker(estimate, around, marks.Scale(0.0, 1.0, _DRAWN))),
    ]


def _stay(screen: Screen, found: Json | None, longest: float) -> list[Cell]:
    """Write the time in a stage: bar to the median with a tick at the 80th percentile, both in days, n."""
    speaker = screen.speaker
    if found is None or found["median"] is None:
        return [Cell(ABSENT, tone="dim"), Cell(screen.say(_TOO_FEW), tone="dim"), Cell(ABSENT, tone="dim"), Cell()]
    median, late = found["median"], found["p80"]
    tick = None if late is None else late / longest
    return [
        Cell(speaker.days(median), strong=True),
        Cell(speaker.days(late)),
        Cell(speaker.count(found["n"])),
        Cell(mark=marks.progress_bar(median / longest, expected=tick, width=_DRAWN)),
    ]


def of_stars(screen: Screen, answer: Json) -> Figure:
    """Write the share of the top person beside what luck alone would give among equals."""
    say, percent = screen.say, screen.speaker.percent
    weeks = say(N_("last {n} weeks"), n=CONCENTRATION_DAYS // 7)
    band = answer["top_share_luck_band"]
    if answer["top_share"] is None or band is None:
        return Figure(weeks, ABSENT, range=say(KPI_REASONS["too_few"]), n=say(KPI_COUNTS["won"], n=answer["n"]))
    return Figure(
        weeks,
        percent(answer["top_share"]),
        range=say(N_("among equals luck gives {low} to {high}"), low=percent(band["low"]), high=percent(band["high"])),
        n=say(KPI_COUNTS["won"], n=answer["n"]),
    )


def _period(screen: Screen, span: Mapping[str, str]) -> str:
    period = Period.parse(f"{span['start']}..{span['end']}")
    return screen.say(N_("last {n} weeks"), n=period.days // 7) if period.days % 7 == 0 else screen.period_name(period)
