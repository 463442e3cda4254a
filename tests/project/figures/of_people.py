"""What the pages of people, KPIs and data quality must say, from the answers of the commands."""

from __future__ import annotations

from decimal import Decimal

from bokgi.domain.labels import KPIS
from bokgi.domain.period import Period
from bokgi.ui.format import period_name
from bokgi.ui.speaker import amount_of, kpi_interval, kpi_value
from tests.project.figures.reading import Expected, Rows
from tests.project.figures.writing import ENDS, SAY, Json, interval, money_cells, texts


def people(answer: Json) -> Expected:
    percent = SAY.percent
    rows: Rows = [
        [
            row["name"],
            str(row["n"]),
            percent(row["raw"]),
            percent(row["expected"]),
            f"{percent(row['adjusted'])} {interval(percent(row['low']), percent(row['high']))}",
        ]
        for row in answer["people"]
    ]
    assert rows
    return Expected(rows={"Raw, expected and adjusted win rate": rows})


def person(answer: Json) -> Expected:
    cell = money_cells([row["won_amount"] for row in answer["months"]])
    rows: Rows = [
        [
            period_name(Period.parse(row["month"][:7]), "en"),
            str(row["created"]),
            str(row["won"]),
            cell(row["won_amount"]),
            str(row["lost"]),
            str(row["no_decision"]),
        ]
        for row in answer["months"]
    ]
    return Expected(rows={"Month by month": rows}, words=texts(answer["said"]))


def kpis(answer: Json) -> Expected:
    told = []
    for row in answer["kpis"]:
        ends = ""
        if row["low"] is not None:
            ends = kpi_interval(SAY, row, row["level"])
        told.append([kpi_value(SAY, row), ends, str(row["n"])])
    assert {row["key"] for row in answer["kpis"]} <= set(KPIS)
    return Expected(figures=told)


def causes(answer: Json) -> Expected:
    rows = {}
    for key, caption in (
        ("against_colleagues", "Beside the average colleague"),
        ("against_before", "Beside the half year before"),
    ):
        found = answer[key]
        assert found is not None
        unit = SAY.money_column([part["amount"] for part in found["parts"]] + [found["whole"]])
        listed: Rows = []
        for part in found["parts"]:
            value = Decimal(part["amount"]["amount"])
            if not value:
                continue
            between = ""
            if part["low"] is not None:
                between = f" {interval(*(unit.cell(amount_of(part[end])) for end in ENDS))}"
            text = ("+" if value > 0 else "") + unit.cell(value) + between
            label = SAY.say(part["label"])
            listed.append([label[:1].upper() + label[1:], text, "chance" if part["by_chance"] else ""])
        whole = amount_of(found["whole"]) or Decimal(0)
        listed.append(["Difference", ("+" if whole > 0 else "") + unit.cell(whole), ""])
        rows[caption] = listed
    signals = [one["sentence"] for cause in answer["causes"] for one in cause["signals"]]
    return Expected(rows=rows, words=texts([*answer["said"], *signals, *answer["caveats"]]))


def quality(answer: Json) -> Expected:
    assert {gap["code"] for gap in answer["gaps"]} >= {"no_amount", "no_close_date"}
    usual = answer["usual"]
    low, high = (SAY.money(usual[end]) for end in ("low", "high"))
    owners: Rows = [
        [row["owner"] or "Nobody", *(str(row[code]) for code in ("no_amount", "no_close_date"))]
        for row in answer["owners"]
    ]
    return Expected(
        rows={"What to mend, by owner": owners},
        words=[
            *texts([gap["sentence"] for gap in answer["gaps"]]),
            SAY.say(answer["all"]["sentence"]),
            f"lie between {low} and {high}, as the middle eighty of a hundred known amounts do (n {usual['n']})",
        ],
    )
