"""What Today, the forecast and the review must say, from the answers of the commands."""

from __future__ import annotations

from typing import Final

from bokgi.domain.labels import FORECAST_CATEGORIES
from bokgi.ui.format import ABSENT, period_name
from bokgi.ui.speaker import amount_of
from tests.project.figures.reading import Expected, Rows
from tests.project.figures.writing import QUARTER, SAY, Json, money_cells, texts

LEVELS: Final = ("commit", "best_case")


def today(answer: Json) -> Expected:
    assert answer["won_by_day"], "the home must have wins in the quarter"
    quantiles, categories, target = answer["quantiles"], answer["categories"], answer["target"]
    low, high = (SAY.money_short(quantiles[level]) for level in ("0.10", "0.90"))
    commit = next(part for part in categories["parts"] if part["code"] == "commit")
    unit = SAY.money_column([day["amount"] for day in answer["won_by_day"]])
    days: Rows = [[SAY.day(day["on"]), unit.cell(amount_of(day["amount"]))] for day in answer["won_by_day"]]
    chance = f"reached with a chance of {SAY.percent(target['probability'])}"
    return Expected(
        figures=[
            ["Expected", SAY.money_short(answer["mean"]), f"80% range {low} to {high}", f"{answer['open_deals']} open"],
            ["Won so far", SAY.money_short(answer["won_so_far"]), f"{answer['won_so_far_n']} deals"],
            [
                "Won and commit",
                SAY.money_short(categories["commit"]),
                f"with best case {SAY.money_short(categories['best_case'])}",
                f"{commit['n']} deals in commit",
            ],
            ["Target", SAY.money_short(target["amount"]), chance],
        ],
        rows={f"Won and forecast, {period_name(QUARTER, 'en')}": days},
        words=texts(answer["said"]),
    )


def to_see_to(answer: Json) -> Expected:
    """What each of the deals lacks stands with it."""
    found = answer["deals"][:7]
    assert found
    unit = SAY.money_column([row["amount"] for row in found])
    rows: Rows = [
        [
            row["title"],
            row["owner"],
            unit.cell(amount_of(row["amount"])),
            " ".join(texts(row["notes"])),
            row["stage_label"],
            str(row["days_in_stage"]),
        ]
        for row in found
    ]
    return Expected(rows={"Deals to see to": rows})


def forecast(answer: Json) -> Expected:
    assert answer["people"], "the home must have a forecast by person"
    quantiles, target, categories = answer["quantiles"], answer["target"], answer["categories"]
    low, high = (SAY.money_short(quantiles[level]) for level in ("0.10", "0.90"))
    commit = next(part for part in categories["parts"] if part["code"] == "commit")
    levels = {row["person_id"]: row for row in categories["people"]}
    names = ("won_so_far", "open", "new", "mean")
    people = [row for row in answer["people"] if row["person_id"]]
    cell = money_cells([row[name] for row in people for name in ("won_so_far", "mean", "high")])
    parts = [part for part in categories["parts"] if part["n"]]
    worth = money_cells([part["amount"] for part in parts])
    return Expected(
        figures=[
            ["Expected", SAY.money_short(answer["mean"]), f"80% range {low} to {high}"],
            ["Won so far", SAY.money_short(answer["won_so_far"]), f"{answer['won_so_far_n']} deals"],
            ["Won and commit", SAY.money_short(categories["commit"]), f"{commit['n']} deals in commit"],
            [
                "Target",
                SAY.money_short(target["amount"]),
                f"reached with a chance of {SAY.percent(target['probability'])}",
            ],
        ],
        rows={
            "By person": [
                [
                    row["name"],
                    *(cell(row[name]) for name in names),
                    None,
                    *(
                        cell(levels[row["person_id"]][name]) if row["person_id"] in levels else ABSENT
                        for name in LEVELS
                    ),
                ]
                for row in people
            ],
            "Open deals due, by category": [
                [
                    SAY.label(FORECAST_CATEGORIES, part["code"]),
                    str(part["n"]),
                    worth(part["amount"])
                    + (f" {part['amount_unknown']} without an amount" if part["amount_unknown"] else ""),
                ]
                for part in parts
            ],
        },
        words=texts(answer["said"][:1]),
    )


def narrowed(answer: Json) -> Expected:
    """What stands on the page of a person or a pipeline: no shares, but how far to trust it."""
    quantiles = answer["quantiles"]
    low, high = (SAY.money_short(quantiles[level]) for level in ("0.10", "0.90"))
    return Expected(
        figures=[
            ["Expected", SAY.money_short(answer["mean"]), f"80% range {low} to {high}", f"{answer['open_deals']} open"],
            ["Won so far", SAY.money_short(answer["won_so_far"]), f"{answer['won_so_far_n']} deals"],
        ],
        words=[*texts(answer["said"]), *texts(answer["caveats"])],
    )


def sentences(answer: Json) -> Expected:
    assert answer["said"]
    return Expected(words=texts(answer["said"]))


def pack(answer: Json) -> Expected:
    """Key figures and targets; execution person by person; sentences of the five parts; conversion of each stage."""
    week, forecast_ = answer["execution_total"]["this_week"], answer["progress"]["forecast"]
    target = answer["progress"]["targets"][0]
    unit = SAY.money_column([row["open"]["amount"] for row in answer["execution"]])
    counted = ("created", "won")
    people = []
    for row in answer["execution"]:
        cells = [row["name"], row["team"]]
        for name in counted:
            assert not row[name]["count"], "a sum beside no deal is left empty"
            cells.append(0)
        cells.append(row["lost"]["count"] + row["no_decision"]["count"])
        cells += [row["open"]["count"], unit.cell(amount_of(row["open"]["amount"]))]
        people.append(" ".join(map(str, cells)))
    stages = [
        f"{row['label']} {row['entered']} {row['moved']} {row['still_open']} "
        f"{SAY.percent(row['conversion']['estimate'])} {_ends(row['conversion'])}"
        for row in answer["stages"]
    ]
    assert people
    assert stages
    share = SAY.percent(target["share"])
    reached, whole = (SAY.money_short(target[name]) for name in ("reached", "target"))
    return Expected(
        figures=[
            ["Won this week", f"{week['won']['count']} deals", SAY.money_short(week["won"]["amount"])],
            ["New deals this week", f"{week['created']['count']} deals"],
            ["Open pipeline", SAY.money_short(week["open"]["amount"]), f"{week['open']['count']} deals"],
            [f"Progress, {period_name(QUARTER, 'en')}", share, f"{reached} of {whole}"],
        ],
        words=[
            *people,
            *stages,
            *(text for part in answer["said"].values() for text in texts(part)),
            *texts(answer["data"]["state"]),
            *texts(forecast_["said"][1:]),
            *texts(forecast_["caveats"]),
            SAY.say(answer["pipeline_change"]["sentence"]),
        ],
    )


def _ends(found: Json) -> str:
    return f"{SAY.interval(found).partition('interval ')[2]}, n {found['n']}"
