"""Every figure of a page equals what the command answers as JSON to the same question: one walk over the pages.

What is compared is what a person reads: each cell of each table, each key figure, each sentence.
"""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from html.parser import HTMLParser
from pathlib import Path
from typing import Any, Final

import pytest
from django.test import Client
from pytest_django import Settings

from bokgi.apps.access.models import User
from bokgi.apps.evaluation.default_criteria import default_criteria
from bokgi.apps.evaluation.services import rounds
from bokgi.cli.__main__ import run
from bokgi.domain.labels import FORECAST_CATEGORIES, KPIS, PIPELINE_PARTS
from bokgi.domain.messages import N_
from bokgi.domain.period import Period
from bokgi.facts.lake import Lake
from bokgi.facts.ledger import Entry
from bokgi.questions.answers import Answers
from bokgi.questions.fair_result import fair_results
from bokgi.ui.format import ABSENT, NBSP, ends, period_name, points
from bokgi.ui.speaker import Speaker, amount_of, kpi_interval, kpi_value
from tests.cast import rows_of
from tests.homes import SELLERS, TODAY

AsRole = Callable[[str], Client]
Json = dict[str, Any]
Rows = list[list[str | None]]
pytestmark = pytest.mark.django_db
SAY: Final = Speaker("en", TODAY, "KRW")
QUARTER: Final = Period.quarter_of(TODAY)
LEVELS: Final = ("commit", "best_case")
ENDS: Final = ("low", "high")


def interval(low: str, high: str) -> str:
    """Write an interval as an English page does."""
    return ends(low, high, "en").replace(NBSP, " ")


@pytest.fixture(scope="module")
def fuller_home(written_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Add to the facts of `tests.homes` what they lack: a year of older deals, gaps, categories, a target."""
    home = tmp_path_factory.mktemp("fuller") / "home"
    shutil.copytree(written_home, home)
    deals = ["deal_id | owner_id | stage | outcome | amount | created_on | expected_close_on | closed_on | source"]
    events = ["deal_id | stage | entered_on | seq"]
    for number in range(40):
        person, outcome = SELLERS[number % 5], ("won", "lost")[number % 2]
        created = TODAY - timedelta(days=420 - 6 * number)
        closed = created + timedelta(days=30 + number % 7)
        deals.append(
            f"old-{number} | {person} | {outcome} | {outcome} | {40_000_000 + 1_000_000 * number} | {created} "
            f"| {closed} | {closed} | web"
        )
        events.append(f"old-{number} | prospecting | {created} | 1")
        events.append(f"old-{number} | proposal | {created + timedelta(days=9)} | 2")
    due = TODAY + timedelta(days=20)
    for number, (amount, close) in enumerate((("", due), ("", due), ("90000000", ""))):
        created = TODAY - timedelta(days=40)
        deals.append(f"gap-{number} | lee | proposal | open | {amount} | {created} | {close} | | web")
        events.append(f"gap-{number} | proposal | {created} | 1")
    categories = ["deal_id | owner_id | stage | outcome | amount | created_on | expected_close_on | forecast_category"]
    categories += [
        f"sure-{number} | park | negotiation | open | {55_000_000 + number} | {TODAY - timedelta(days=30)} | {due} "
        f"| {category}"
        for number, category in enumerate(("commit", "commit", "best_case", "pipeline"))
    ]
    targets = (
        "metric | subject_kind | subject_id | period_start | period_end | lead_source | amount | currency\n"
        f"won_amount | organisation | all | {QUARTER.start} | {QUARTER.end} | all | 3000000000 | KRW"
    )
    moment = datetime(2026, 11, 23, 19, tzinfo=UTC)
    tables = [("deals", "\n".join(deals)), ("stage_events", "\n".join(events)), ("targets", targets)]
    lake = Lake.open(home)
    for several in (tables, [("deals", "\n".join(categories))]):
        with lake.begin() as writing:
            for name, text in several:
                writing.write(name, rows_of(name, text).drop_columns(["import_no"]))
            writing.commit(Entry(kind="file", source="crm", by="tests", at=moment, exported_at=moment))
    return home


@dataclass
class Read(HTMLParser):
    """What a person reads of a page: tables by caption or label, key figures, and all words."""

    tables: dict[str, list[list[str]]] = field(default_factory=dict)
    figures: list[list[str]] = field(default_factory=list)
    words: str = ""
    _label: str = ""
    _rows: list[list[str]] = field(default_factory=list)
    _into: str = ""
    _skip: int = 0

    def __post_init__(self) -> None:
        super().__init__(convert_charrefs=True)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Begin a table, a row, a cell or a key figure."""
        given = dict(attrs)
        css = (given.get("class") or "").split()
        if given.get("role") == "region":
            self._label = given.get("aria-label") or ""
        if tag == "table":
            self._rows = []
        elif tag == "tr":
            self._rows.append([])
        elif tag in {"td", "th"} and self._rows:
            self._rows[-1].append("")
            self._into = "cell"
        elif tag == "p" and "fig-label" in css:
            self.figures.append([])
        if tag == "p" and any(name.startswith("fig-") for name in css) and self.figures:
            self.figures[-1].append("")
            self._into = "figure"
        self._skip += tag in {"svg", "script", "style"}
        self._put(" ")

    def handle_endtag(self, tag: str) -> None:
        """End one."""
        self._skip -= tag in {"svg", "script", "style"}
        if tag == "table":
            self.tables[self._label] = [[_plain(cell) for cell in row] for row in self._rows]
        if tag in {"td", "th", "p"}:
            self._into = ""
        self._put(" ")

    def handle_data(self, data: str) -> None:
        """Read words."""
        self._put(data)

    def _put(self, data: str) -> None:
        if self._skip:
            return
        self.words += data
        if self._into == "cell":
            self._rows[-1][-1] += data
        elif self._into == "figure":
            self.figures[-1][-1] += data


def _plain(text: str) -> str:
    return re.sub(r"\s+", " ", text.replace("\u2060", "")).strip()


@dataclass
class Expected:
    """What a page must say: rows of tables (null: a drawing, or words that are no figure), figures, sentences."""

    rows: Mapping[str, Rows] = field(default_factory=dict)
    figures: Sequence[Sequence[str]] = ()
    words: Sequence[str] = ()


def _texts(sentences: Sequence[Json]) -> list[str]:
    return [SAY.say(sentence) for sentence in sentences]


def _money(rows: Sequence[Json | None]) -> Callable[[Json | None], str]:
    unit = SAY.money_column(rows)
    return lambda found: unit.cell(amount_of(found))


def forecast(answer: Json) -> Expected:
    assert answer["people"], "the home must have a forecast by person"
    quantiles, target, categories = answer["quantiles"], answer["target"], answer["categories"]
    low, high = (SAY.money_short(quantiles[level]) for level in ("0.10", "0.90"))
    commit = next(part for part in categories["parts"] if part["code"] == "commit")
    levels = {row["person_id"]: row for row in categories["people"]}
    names = ("won_so_far", "open", "new", "mean")
    people = [row for row in answer["people"] if row["person_id"]]
    cell = _money([row[name] for row in people for name in ("won_so_far", "mean", "high")])
    parts = [part for part in categories["parts"] if part["n"]]
    worth = _money([part["amount"] for part in parts])
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
        words=_texts(answer["said"][:1]),
    )


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
    return Expected(rows={"Conversion and time by stage, two periods": rows}, words=_texts(answer["said"]))


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
            *_texts([gap["sentence"] for gap in answer["gaps"]]),
            SAY.say(answer["all"]["sentence"]),
            f"lie between {low} and {high}, as the middle eighty of a hundred known amounts do (n {usual['n']})",
        ],
    )


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
    return Expected(rows=rows, words=_texts([*answer["said"], *signals, *answer["caveats"]]))


def kpis(answer: Json) -> Expected:
    told = []
    for row in answer["kpis"]:
        ends = ""
        if row["low"] is not None:
            ends = kpi_interval(SAY, row, row["level"])
        told.append([kpi_value(SAY, row), ends, str(row["n"])])
    assert {row["key"] for row in answer["kpis"]} <= set(KPIS)
    return Expected(figures=told)


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
    cell = _money([row["won_amount"] for row in answer["months"]])
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
    return Expected(rows={"Month by month": rows}, words=_texts(answer["said"]))


def funnel(answer: Json) -> Expected:
    rows: Rows = []
    for stage in answer["stages"]:
        counts, conversion, spent = stage["counts"], stage["conversion"], stage["time"]
        rows.append(
            [
                stage["label"],
                None,
                str(counts["entered"]),
                str(counts["open"]),
                f"{SAY.percent(conversion['estimate'])} {_around(conversion, answer['level'])}",
                None,
                None,
                f"{SAY.days(spent['median'])} {_spent(spent, answer['level'])}80% within {SAY.days(spent['p80'])}",
            ]
        )
    assert rows
    return Expected(rows={"Conversion and time by stage": rows})


def _spent(found: Json, level: float) -> str:
    low, high = found["median_low"], found["median_high"]
    return "" if low is None else f"{SAY.days_interval(low, high, level)}, "


def _around(found: Json, level: float) -> str:
    return f"{SAY.interval({**found, 'level': level})}, n {found['n']}"


def change(answer: Json) -> Expected:
    levels: Rows = [[SAY.day(answer[end]["on"]), str(answer[end]["count"]), None] for end in ("start", "end")]
    parts: Rows = [[SAY.label(PIPELINE_PARTS, part["code"]), str(part["deals"]), None] for part in answer["parts"]]
    assert parts
    lists: dict[str, Rows] = {}
    for part in answer["parts"]:
        label = SAY.label(PIPELINE_PARTS, part["code"])
        title = SAY.text(N_("{part}: {n} deals"), part=label, n=part["deals"])
        lists[title] = [[None, deal["owner"] or ABSENT] for deal in answer["deals"][part["code"]]]
    said = _texts([answer["sentence"], *answer["said"]])
    return Expected(rows={"Open pipeline, part by part": levels + parts, **lists}, words=said)


def backtest(answer: Json) -> Expected:
    return Expected(words=_texts(answer["said"]))


DAYS: Final = ("2026-08-26", "2026-11-24", "2026-05-27", "2026-08-25")
WALK: Final[dict[str, tuple[list[str], Callable[[Json], Expected]]]] = {
    "/forecast/": (["forecast"], forecast),
    "/forecast/backtest/": (["backtest"], backtest),
    "/funnel/": (["funnel"], funnel),
    f"/funnel/compare/?from={DAYS[0]}&to={DAYS[1]}&past_from={DAYS[2]}&past_to={DAYS[3]}": (
        ["funnel", "--from", DAYS[0], "--to", DAYS[1], "--compare", f"{DAYS[2]}..{DAYS[3]}"],
        compared,
    ),
    "/funnel/change/": (["pipeline"], change),
    "/data/quality/": (["data", "quality"], quality),
    "/kpi/": (["kpis"], kpis),
    "/people/": (["compare"], people),
    "/people/park/": (["person", "park"], person),
    "/coaching/causes/park/": (["causes", "park"], causes),
}
"""Each page with the words of the command that answers the same question, and what of the answer it must say."""


@pytest.mark.usefixtures("english")
def test_every_figure_of_a_page_is_the_commands(
    fuller_home: Path,
    as_role: AsRole,
    users: dict[str, User],
    settings: Settings,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    settings.HOME = fuller_home
    monkeypatch.setenv("BOKGI_TODAY", TODAY.isoformat())
    client, wrong = as_role("leader"), {}
    for page, (words, expected) in WALK.items():
        wrong[page] = _missing(_read(client, page), expected(_asked(capsys, fuller_home, words)))
    form, found = _evaluation(users["leader"], fuller_home)
    wrong[form] = _missing(_read(client, form), found)
    assert {page: missing for page, missing in wrong.items() if missing} == {}


def _asked(capsys: pytest.CaptureFixture[str], home: Path, words: Sequence[str]) -> Json:
    capsys.readouterr()
    options = ["--as-of", TODAY.isoformat(), "--home", str(home), "--format", "json", "--lang", "en"]
    assert run([*words, *options]) == 0
    found: Json = json.loads(capsys.readouterr().out)
    return found


def _read(client: Client, page: str) -> Read:
    answer = client.get(page)
    assert answer.status_code == 200, page
    found = Read()
    found.feed(answer.content.decode())
    found.words = _plain(found.words)
    return found


def _missing(page: Read, expected: Expected) -> list[object]:
    """List what should stand on a page and does not; a row must stand in its table, cell by cell."""
    missing: list[object] = [words for words in expected.words if _plain(words) not in page.words]
    figures = [[_plain(part) for part in one] for one in page.figures]
    for wanted in expected.figures:
        parts = [_plain(part) for part in wanted]
        if not any(all(any(part in there for there in one) for part in parts) for one in figures):
            missing.append(parts)
    for caption, rows in expected.rows.items():
        there = page.tables.get(caption, [])
        for row in rows:
            cells = [None if cell is None else _plain(cell) for cell in row]
            if not any(_agrees(cells, one) for one in there):
                missing.append((caption, cells, there))
    return missing


def _agrees(wanted: Sequence[str | None], there: Sequence[str]) -> bool:
    return len(there) >= len(wanted) and all(
        cell is None or cell == found for cell, found in zip(wanted, there, strict=False)
    )


def _evaluation(leader: User, home: Path) -> tuple[str, Expected]:
    """Make a round with one person: the form shows the fair result, which no command but a question answers."""
    start, end = QUARTER.before().start, QUARTER.before().end
    found = rounds.round_create(
        name="Q3",
        start_on=start,
        end_on=end,
        participants=[rounds.Participant("lee", "AE", None)],
        criteria={"AE": default_criteria("AE")},
        by=leader,
    )
    answer = Answers(home).ask(fair_results, as_of=end - timedelta(days=1), start=start, end=end)
    row = next(one for one in answer["people"] if one["person_id"] == "lee")
    rate, percent = row["win_rate"], SAY.percent
    ratio = rate["ratio"]
    cells = [
        "Win rate",
        str(rate["n"]),
        percent(rate["raw"]),
        percent(rate["expected"]),
        f"{percent(ratio['estimate'])} {interval(percent(ratio['low']), percent(ratio['high']))}",
    ]
    page = f"/evaluation/forms/{found.evaluations.get().pk}/"
    return page, Expected(rows={"Beside what was to be expected": [list(cells)]}, words=_texts(row["said"]))
