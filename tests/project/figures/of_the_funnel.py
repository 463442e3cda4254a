"""What the pages of the funnel and of deals must say, from the answers of the commands."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Final

from bokgi.domain.labels import OUTCOMES, PIPELINE_PARTS
from bokgi.domain.messages import N_
from bokgi.ui.format import ABSENT, points
from bokgi.ui.speaker import amount_of
from tests.project.figures.reading import Expected, Rows
from tests.project.figures.writing import SAY, Json, texts


def stage_entry_cohort(answer: Json) -> Expected:
    rows: Rows = []
    for stage in answer["stages"]:
        counts, conversion = stage["counts"], stage["conversion"]
        cells = [stage["label"], None, str(counts["entered"]), str(counts["open"])]
        rows.append([*cells, _conversion(conversion), None, None, _time(stage["time"])])
    assert rows
    return Expected(rows={"Conversion and time by stage": rows})


def created_cohort(answer: Json) -> Expected:
    return _counted(answer, ("deals", "at_least", "skipped"), "at_least_amount")


def period_flow(answer: Json) -> Expected:
    moves = ("at_start", "entered", "advanced", "back", "won", "lost", "no_decision", "at_end")
    return _counted(answer, moves, "at_end_amount")


def snapshot(answer: Json) -> Expected:
    return _counted(answer, ("deals",), "deals_amount")


def _counted(answer: Json, counts: Sequence[str], amount: str) -> Expected:
    """Give the rows of a mode that counts what stands or moved: counts, the amount, conversion, time."""
    unit = SAY.money_column([{"amount": stage["counts"][amount], "currency": "KRW"} for stage in answer["stages"]])
    rows: Rows = [
        [
            stage["label"],
            *(str(stage["counts"][name]) for name in counts),
            unit.cell(Decimal(stage["counts"][amount])),
            ABSENT if stage["conversion"] is None else _conversion(stage["conversion"]),
            ABSENT if stage["time"] is None else _time(stage["time"]),
        ]
        for stage in answer["stages"]
    ]
    assert rows
    return Expected(rows={"Stages": rows})


def heat_map(answer: Json) -> Expected:
    """A person whose cases are too few has no figure in the answer, and none on the page."""
    cells: dict[str, list[str | None]] = {}
    for stage in answer["stages"]:
        found = stage["conversion"]
        text = (
            f"too few n {stage['n_at_risk']}" if found is None else f"{SAY.percent(found['estimate'])} n {found['n']}"
        )
        cells.setdefault(stage["groups"]["person"], []).append(text)
    assert any("too few" in str(cell) for row in cells.values() for cell in row)
    return Expected(rows={"Conversion by group and stage": [[name, *row] for name, row in cells.items()]})


def _conversion(found: Json) -> str:
    return f"{SAY.percent(found['estimate'])} {_around(found)}"


def _time(found: Json) -> str:
    return f"{SAY.days(found['median'])} {_spent(found)}80% within {SAY.days(found['p80'])}"


def _spent(found: Json) -> str:
    low, high = found["median_low"], found["median_high"]
    return "" if low is None else f"{SAY.days_ends(low, high)}, "


def _around(found: Json) -> str:
    return f"{SAY.share_ends(found['low'], found['high'])}, n {found['n']}"


def compared(answer: Json) -> Expected:
    rows: Rows = []
    for stage in answer["stages"]:
        row: list[str | None] = [stage["label"]]
        for name in ("conversion", "time"):
            found = stage[name]
            for one in (found["now"], found["before"]):
                value = None if one is None else one["estimate"] if name == "conversion" else one["median"]
                write = SAY.percent if name == "conversion" else SAY.days
                row.append(f"{ABSENT} too few" if one is None else f"{write(value)} n {one['n']}")
            told = found["difference"]
            row.append(None if name == "time" or told is None else _difference(told))
            row.append("too few" if told is None else VERDICTS[name, told["verdict"]])
        rows.append(row)
    assert rows
    return Expected(rows={"Conversion and time by stage, two periods": rows}, words=texts(answer["said"]))


VERDICTS: Final = {
    ("conversion", "cannot_tell"): "cannot tell",
    ("conversion", "higher"): "higher",
    ("conversion", "lower"): "lower",
    ("time", "cannot_tell"): "cannot tell",
    ("time", "higher"): "longer",
    ("time", "lower"): "shorter",
}


def _difference(found: Json) -> str:
    def write(value: float | None) -> str:
        return "?" if value is None else points(value, "en")

    return f"{write(found['estimate'])} {write(found['low'])} to {write(found['high'])}"


def change(answer: Json) -> Expected:
    levels: Rows = [[SAY.day(answer[end]["on"]), str(answer[end]["count"]), None] for end in ("start", "end")]
    parts: Rows = [[SAY.label(PIPELINE_PARTS, part["code"]), str(part["deals"]), None] for part in answer["parts"]]
    assert parts
    lists: dict[str, Rows] = {}
    for part in answer["parts"]:
        label = SAY.label(PIPELINE_PARTS, part["code"])
        title = SAY.text(N_("{part}: {n} deals"), part=label, n=part["deals"])
        lists[title] = [[None, deal["owner"] or ABSENT] for deal in answer["deals"][part["code"]]]
    said = texts([answer["sentence"], *answer["said"]])
    return Expected(rows={"Open pipeline, part by part": levels + parts, **lists}, words=said)


def deals(answer: Json) -> Expected:
    unit = SAY.money_column([row["amount"] for row in answer["deals"]])
    rows: Rows = [
        [
            row["title"],
            row["owner"] or ABSENT,
            unit.cell(amount_of(row["amount"])),
            row["stage_label"] if row["outcome"] == "open" else SAY.label(OUTCOMES, row["outcome"]),
        ]
        for row in answer["deals"]
    ]
    assert rows
    count = answer["total"]["count"]
    shown = min(count, len(rows))
    return Expected(rows={"Deals": rows}, words=[f"1–{shown} of {count}"])


def deal(answer: Json) -> Expected:
    found = answer["deal"]
    return Expected(
        words=[
            f"Amount {SAY.money(found['amount'])}",
            f"Stage {found['stage_label']}",
            f"Expected close {SAY.day(found['expected_close_on'])}",
            f"Owner {found['owner']}",
            f"Created {SAY.day(found['created_on'])}",
            f"Days here {SAY.days(found['days_in_stage'])}",
            *(f"{SAY.day(event['on'])} {SAY.say(event['sentence'])}" for event in answer["events"]),
        ]
    )


def no_bottleneck(answer: Json) -> Expected:
    assert not [unit for unit in answer["units"] if unit["flagged"]]
    return Expected(words=texts(answer["said"][:1]))


def bottleneck(answer: Json) -> dict[str, Expected]:
    """Give what the funnel and Today must say of the flagged unit that costs most."""
    flagged = [unit for unit in answer["units"] if unit["flagged"]]
    first = max(flagged, key=lambda unit: Decimal(unit["gain"]["amount"]))
    gain = first["gain"]
    cost, mean = (SAY.money_short({"amount": gain[key], "currency": "KRW"}) for key in ("amount", "mean_amount"))
    low, high = (SAY.money({"amount": gain[key], "currency": "KRW"}) for key in ("low", "high"))
    title = first["label"] if first["by"] == "stage" else f"{first['name']} · {first['label']}"
    moved = (
        f"{SAY.percent(first['conversion'])} moved on where {SAY.percent(first['expected'])} could be expected, "
        f"in {first['n']} deals that left the stage."
    )
    funnel = [
        f"bottleneck {title} +{cost} a month {SAY.percent(answer['level'])} interval {low} to {high} a month",
        f"Deals a month {gain['arrivals_a_month']:.1f}",
        f"Chance of a win that is missing {100 * gain['chance_missing']:.1f} pp",
        f"Mean amount {mean}",
        f"Gain a month {cost}",
        moved,
        *texts(answer["caveats"][:2]),
    ]
    return {"/funnel/": Expected(words=funnel), "/today/": Expected(words=[title, f"+{cost}", moved])}


def win_loss(answer: Json) -> Expected:
    """Expect a row a week and one for each reason."""
    total = answer["total"]
    unit = SAY.money_column([one["won"]["amount"] for one in (*answer["weeks"], total)])
    rows: Rows = [
        [
            None,
            None,
            *(str(one[end]["count"]) for end in ("won", "lost", "no_decision")),
            None if one["won"]["amount_unknown"] else unit.cell(amount_of(one["won"]["amount"])),
            None if one["win_rate"] is None else _conversion(one["win_rate"]),
        ]
        for one in (*answer["weeks"], total)
    ]
    lost = [one for one in answer["reasons"] if one["outcome"] == "lost"]
    reasons: Rows = [
        [
            one["lost_reason"] or "No reason given",
            str(one["count"]),
            None,
            None if one["share"] is None else _conversion(one["share"]),
        ]
        for one in lost
    ]
    assert lost
    stages: dict[str, dict[str, int]] = {}
    for one in answer["stages"]:
        counts = stages.setdefault(one["label"] or "No stage on record", {"lost": 0, "no_decision": 0})
        counts[one["outcome"]] += one["deals"]
    stood: Rows = [[label, None, str(of["lost"]), str(of["no_decision"])] for label, of in stages.items()]
    assert stood
    return Expected(
        rows={"Wins and losses by week": rows, "Stages of losses": stood, "Reasons of losses": reasons},
        words=texts([*answer["said"], *answer["caveats"], *answer["would_change"]]),
    )
