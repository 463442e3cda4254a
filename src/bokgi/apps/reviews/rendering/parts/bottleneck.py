"""Bottleneck search: where deals stopped, which of them to talk about, how the pipeline changed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from bokgi.apps.pipeline.standing import standing_table
from bokgi.apps.reviews.rendering.blocks import Block, Section, Verdict
from bokgi.apps.reviews.rendering.words import PARTS
from bokgi.domain.labels import PIPELINE_PARTS
from bokgi.domain.messages import N_
from bokgi.domain.money import Money
from bokgi.ui import marks
from bokgi.ui.blocks import Badge, Cell, Chart, Column, Table
from bokgi.ui.charts import Step, bridge, bridge_base
from bokgi.ui.format import ABSENT, MoneyColumn, chart_column, number, plain, points, signed
from bokgi.ui.format import n as cases
from bokgi.ui.speaker import Speaker, amount_of

Json = Mapping[str, Any]


def section(review: Json, speaker: Speaker) -> Section:
    """Write the part."""
    title, about = PARTS["bottleneck"]
    blocks: list[Block] = [_verdict(found, review, speaker) for found in review["bottlenecks"]]
    if any(stage["entered"] for stage in review["stages"]):
        blocks.append(_stages(review, speaker))
    blocks += [_deals(found, speaker) for found in review["standing"] if found["deals"]]
    change = review["pipeline_change"]
    if change["difference"] is not None and change["parts"]:
        blocks.append(_bridge(review, speaker))
    return Section(
        key="bottleneck",
        title=speaker.word(title),
        about=speaker.word(about),
        say=[speaker.say(sentence) for sentence in (*review["said"]["bottleneck"], change["sentence"])],
        blocks=blocks,
    )


def _scale(review: Json, more: Sequence[float] = ()) -> marks.Scale:
    ends = [
        share
        for stage in review["stages"]
        for found in (stage["conversion"], stage["before"])
        if found is not None
        for share in (found["low"], found["high"])
    ] + list(more)
    low, high = (min(ends), max(ends)) if ends else (0.0, 1.0)
    return marks.Scale(max(low - 0.02, 0.0), min(high + 0.02, 1.0), 150)


def verdict_badge(verdict: str | None, speaker: Speaker) -> Badge:
    """Write what a comparison of two conversions came to."""
    match verdict:
        case "lower":
            return Badge(f"↓ {speaker.word(N_('lower'))}", "bad")
        case "higher":
            return Badge(f"↑ {speaker.word(N_('higher'))}", "good")
        case "same":
            return Badge(f"≈ {speaker.word(N_('cannot tell apart'))}", "same")
        case _:
            return Badge(speaker.word(N_("too few")), "few")


def _verdict(found: Json, review: Json, speaker: Speaker) -> Verdict:
    # A pack kept from a past meeting may not have it.
    now, gain, in_deals = found["conversion"], found["gain"], found.get("gain_in_deals")
    where = found["label"] if found["against"] == "past" else f"{found['team']} · {found['label']}"
    sentence = speaker.say(found["sentence"])
    return Verdict(
        title=speaker.text(N_("{stage} → next stage"), stage=where),
        badge=Badge(f"↓ {speaker.word(N_('bottleneck'))}", "bad"),
        value=(
            f"+{speaker.money_short(gain['amount'])}"
            if gain is not None
            else speaker.percent(now["estimate"])
            if in_deals is None
            else speaker.text(N_("+{n} {n:deal|deals}"), n=number(in_deals["n"]))
        ),
        beside=(
            speaker.text(N_("expected {share}"), share=speaker.percent(found["expected"]))
            if gain is None and in_deals is None
            else speaker.word(N_("a month"))
        ),
        mark=marks.whisker(
            now["estimate"],
            (now["low"], now["high"]),
            _scale(review, (now["low"], now["high"], found["expected"])),
            reference=found["expected"],
            tone="bad",
            label=plain(sentence),
        ),
        lines=[sentence, *(speaker.say(line) for line in found["evidence"])],
        evidence=f"{speaker.percent(now['estimate'])}, {speaker.interval(now)}, {cases(now['n'])}",
    )


def _stages(review: Json, speaker: Speaker) -> Table:
    stages = review["stages"]
    largest = max(stage["entered"] for stage in stages)
    scale = _scale(review)
    window = speaker.text(
        N_("Entries from {first} to {last}"),
        first=speaker.day(review["window"]["start"]),
        last=speaker.day(review["window"]["last"]),
    )
    flagged = {found["key"] for found in review["bottlenecks"] if found["against"] == "past"}
    columns = [
        Column(speaker.word(N_("Stage"))),
        Column(speaker.word(N_("Moved on, open, ended")), drawn=True),
        Column(speaker.word(N_("Entered")), "right"),
        Column(speaker.word(N_("Moved on")), "right"),
        Column(speaker.word(N_("Still open")), "right"),
        Column(_conversion_head(stages, speaker), "right"),
        Column(speaker.word(N_("Interval")), drawn=True),
        Column(speaker.word(N_("Before"))),
        Column(speaker.word(N_("Days, median")), "right"),
    ]
    return Table(
        caption=f"{speaker.word(N_('Conversion and time by stage'))} · {window}",
        columns=columns,
        rows=[_stage_cells(stage, largest, scale, speaker) for stage in stages],
        flagged=next((place for place, stage in enumerate(stages) if stage["key"] in flagged), None),
        note=speaker.say(review["window"]["note"]),
        legend=(
            ("bar", speaker.word(N_("moved on"))),
            ("hatch", speaker.word(N_("still open, not known yet"))),
            ("bar-0", speaker.word(N_("ended"))),
            ("tick", speaker.word(N_("the period before"))),
        ),
    )


def _conversion_head(stages: Sequence[Json], speaker: Speaker) -> str:
    """Name the column with the level of its intervals, which then need not stand in each row."""
    level = next((stage["conversion"]["level"] for stage in stages if stage["conversion"] is not None), None)
    if level is None:
        return speaker.word(N_("Conversion"))
    return speaker.text(N_("Conversion, {level} interval"), level=speaker.percent(level))


def _stage_cells(stage: Json, largest: int, scale: marks.Scale, speaker: Speaker) -> list[Cell]:
    now, before, days = stage["conversion"], stage["before"], stage["days"]
    bar = marks.parts_bar(stage["moved"], stage["still_open"], stage["ended"], largest=largest, width=170)
    tone: marks.Tone = "bad" if stage["verdict"] == "lower" else "good" if stage["verdict"] == "higher" else "plain"
    whisker = (
        None
        if now is None
        else marks.whisker(
            now["estimate"],
            (now["low"], now["high"]),
            scale,
            reference=None if before is None else before["estimate"],
            tone=tone,
        )
    )
    ends = "" if now is None else speaker.ends(speaker.percent(now["low"]), speaker.percent(now["high"]))
    beside = "" if now is None else f"{ends}, {cases(now['n'])}"
    change = (
        ""
        if now is None or before is None
        else f"{speaker.percent(before['estimate'])}, {points(now['estimate'] - before['estimate'], speaker.lang)}"
    )
    return [
        Cell(stage["label"], sub=stage["exit_criterion"] or "", strong=True),
        Cell(mark=bar),
        Cell(speaker.count(stage["entered"])),
        Cell(speaker.count(stage["moved"])),
        Cell(speaker.count(stage["still_open"])),
        Cell(ABSENT if now is None else speaker.percent(now["estimate"]), sub=beside, strong=now is not None),
        Cell(mark=whisker),
        Cell(change, badge=verdict_badge(stage["verdict"], speaker)),
        Cell(
            ABSENT if days is None or days["median"] is None else speaker.days(days["median"]),
            sub=""
            if days is None or days["late"] is None
            else speaker.text(N_("80% within {days}"), days=speaker.days(days["late"])),
        ),
    ]


def _deals(found: Json, speaker: Speaker) -> Table:
    deals, days = found["deals"], found["days"]
    median, late = (None, None) if days is None else (days["median"], days["late"])
    caption = speaker.text(
        N_("Deals that stand in {stage}: {shown} of {n}, largest amount × waiting time first"),
        stage=found["label"],
        shown=len(deals),
        n=found["open"]["count"],
    )
    return standing_table(speaker, deals, caption=caption, median=median, late=late)


def _bridge(review: Json, speaker: Speaker) -> Chart:
    change = review["pipeline_change"]
    start, end = change["start"], change["end"]
    steps = [
        Step(speaker.day(start["on"]), _decimal(start["amount"]), total=True),
        *(
            Step(speaker.label(PIPELINE_PARTS, part["code"]), _decimal(part["amount"]))
            for part in change["parts"]
            if _decimal(part["amount"])
        ),
        Step(speaker.day(end["on"]), _decimal(end["amount"]), total=True),
    ]
    currency, lang = review["currency"], speaker.lang
    column = chart_column([step.amount for step in steps], currency, lang)
    base = bridge_base(steps)
    note = speaker.text(N_("The bars start at {base}, not at zero."), base=Money(base, currency)) if base else ""
    return Chart(
        title=speaker.word(N_("Open pipeline since the last review")),
        unit=column.label,
        sentence=plain(speaker.say(change["sentence"])),
        wide=bridge(steps, currency, lang, width=1140),
        narrow=bridge(steps, currency, lang, width=330, upright=False),
        table=Table(
            caption=speaker.word(N_("Open pipeline since the last review")),
            columns=[
                Column(speaker.word(N_("Change"))),
                Column(speaker.word(N_("Deals")), "right"),
                Column(column.label, "right"),
            ],
            rows=_change_rows(change, column, speaker),
            hidden_caption=True,
        ),
        note=note,
    )


def _change_rows(change: Json, column: MoneyColumn, speaker: Speaker) -> list[list[Cell]]:
    def total(end: Json) -> list[Cell]:
        amount = amount_of(end["amount"])
        return [
            Cell(speaker.day(end["on"]), strong=True),
            Cell(speaker.count(end["count"])),
            Cell(column.cell(amount), strong=True),
        ]

    parts = [
        [
            Cell(speaker.label(PIPELINE_PARTS, part["code"])),
            Cell(signed(speaker.count(part["count"])) if part["count"] is not None else ABSENT),
            Cell(column.change(amount_of(part["amount"]))),
        ]
        for part in change["parts"]
        if amount_of(part["amount"]) or part["count"]
    ]
    return [total(change["start"]), *parts, total(change["end"])]


def _decimal(amount: Mapping[str, str] | None) -> Decimal:
    return amount_of(amount) or Decimal(0)
