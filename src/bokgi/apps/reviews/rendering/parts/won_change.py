"""Why more or less was won than in the period before, and what the goal asks beyond that."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any

from bokgi.domain.messages import N_
from bokgi.domain.period import Period
from bokgi.ui import format as written
from bokgi.ui import marks
from bokgi.ui.blocks import Badge, Cell, Column, Table
from bokgi.ui.format import ABSENT, MoneyColumn, plain
from bokgi.ui.speaker import Speaker, amount_of

Json = Mapping[str, Any]


def change_table(review: Json, speaker: Speaker) -> Table | None:
    """Lay out the parts of the change, which add up to it, and what the target asks for beyond that."""
    found, gap = review["won_change"], review["target_gap"]
    if found is None or found["reason"] is not None:
        return None
    parts = [part for part in found["parts"] if amount_of(part["amount"]) or not part["by_chance"]]
    ends = [float(amount_of(part[end]) or 0) for part in parts for end in ("low", "high", "amount")]
    unit = speaker.money_column([*(part["amount"] for part in parts), found["whole"]])
    scale = marks.Scale(min([*ends, 0.0]), max([*ends, 0.0]), 190)
    foot = [_given(N_("Together"), found["whole"], unit, speaker)]
    said = list(found["said"][1:])
    if gap is not None and gap["reason"] is None:
        ambition = next(part for part in gap["parts"] if part["name"] == "ambition")
        foot.append(_given(N_("What was won before, less the target by now"), ambition["amount"], unit, speaker))
        foot.append(_given(N_("Won against the target by now"), gap["whole"], unit, speaker))
        said.append(gap["said"][0])
    return Table(
        caption=speaker.text(
            N_("Won in {after} against {before}: where the difference stands, {unit}"),
            after=_span(found["after"], speaker),
            before=_span(found["before"], speaker),
            unit=unit.label,
        ),
        columns=[
            Column(speaker.word(N_("Part"))),
            Column(speaker.word(N_("Amount")), "right"),
            Column(speaker.text(N_("{level} interval"), level=speaker.percent(found["level"])), "right"),
            Column(speaker.word(N_("Against no change")), drawn=True),
            Column(speaker.word(N_("Verdict"))),
        ],
        rows=[_row(part, unit, scale, speaker) for part in parts],
        foot=foot,
        note=_note(found["said"][:1] + said + found["caveats"], speaker),
    )


def _row(part: Json, unit: MoneyColumn, scale: marks.Scale, speaker: Speaker) -> list[Cell]:
    amount, low, high = (amount_of(part[name]) for name in ("amount", "low", "high"))
    chance = part["by_chance"]
    drawn = None
    if amount is not None and low is not None and high is not None:
        tone: marks.Tone = "plain" if chance else "good" if amount > 0 else "bad"
        drawn = marks.whisker(float(amount), (float(low), float(high)), scale, reference=0.0, tone=tone)
    ends = ABSENT if low is None or high is None else speaker.ends(unit.cell(low), unit.cell(high))
    return [
        Cell(speaker.say(part["label"]), strong=not chance),
        Cell(unit.change(amount), strong=not chance),
        Cell(ends),
        Cell(mark=drawn),
        Cell(badge=_badge(part, speaker)),
    ]


def _badge(part: Json, speaker: Speaker) -> Badge:
    if part["by_chance"] is not False:
        return Badge(f"≈ {speaker.word(N_('may be chance'))}", "same")
    if (amount_of(part["amount"]) or 0) > 0:
        return Badge(f"↑ {speaker.word(N_('more'))}", "good")
    return Badge(f"↓ {speaker.word(N_('less'))}", "bad")


def _given(label: str, amount: Json, unit: MoneyColumn, speaker: Speaker) -> list[Cell]:
    value = unit.change(amount_of(amount))
    return [Cell(speaker.word(label), strong=True), Cell(value, strong=True), Cell(), Cell(), Cell()]


def _span(side: Json, speaker: Speaker) -> str:
    start, end = (date.fromisoformat(side["period"][edge]) for edge in ("start", "end"))
    return written.span(Period(start, max(end, start + timedelta(days=1))), speaker.lang)


def _note(sentences: Sequence[Json], speaker: Speaker) -> str:
    return " ".join(plain(speaker.say(sentence)) for sentence in sentences)
