"""The study's page and rows: what was found stays, and chance is told from a missed goal."""

from __future__ import annotations

import re

import numpy as np
import pytest

from benchmarks.study.__main__ import TOPICS, main
from benchmarks.study.comparison import calibration
from benchmarks.study.page import PAGE, Section, merged, sections, table
from benchmarks.study.rows import bootstrap_row, mean_row, share_row


def section(topic: str, scale: str, text: str) -> Section:
    return Section(topic, "2026-01-05", scale, 7, text)


def test_topics_stand_in_order_and_are_read_back() -> None:
    page = merged(merged("", section("funnel", "full", "| a |")), section("comparison", "small", "| b |"))
    assert list(sections(page)) == ["comparison", "funnel"]
    assert sections(page)["funnel"] == section("funnel", "full", "| a |")
    assert page.startswith("# The study of the statistics")


def test_a_smaller_run_replaces_no_larger_one() -> None:
    page = merged("", section("funnel", "medium", "| a |"))
    assert merged(page, section("funnel", "small", "| b |")) == page
    assert "| b |" in merged(page, section("funnel", "full", "| b |"))


def test_the_page_in_the_documents_is_one_that_is_written() -> None:
    text = PAGE.read_text(encoding="utf-8")
    written = ""
    for found in sections(text).values():
        written = merged(written, found)
    assert text == written
    assert {"bottleneck", "comparison", "concentration", "decomposition"} <= set(sections(text))


def test_a_goal_is_surely_missed_only_outside_the_interval() -> None:
    close = share_row("t", "covers", [True] * 17 + [False] * 3, least=0.87, most=0.93)
    far = share_row("t", "covers", [True] * 100 + [False] * 100, least=0.87, most=0.93)
    assert (close.met, close.surely_missed, far.surely_missed) == (False, False, True)
    assert mean_row("t", "bias", [0.5, 0.6, 0.7], most=0.02).surely_missed
    assert "| covers | ≥ 0.87 and ≤ 0.93 | 0.500 |" in table([far])


def test_calibration_is_the_mean_gap_of_ten_classes() -> None:
    sure = np.array([[0.95, 1.0]] * 19 + [[0.95, 0.0]])
    even = np.array([[0.55, 1.0]] * 10 + [[0.55, 0.0]] * 10)
    assert calibration([sure]) == pytest.approx(0.0, abs=1e-12)
    assert calibration([sure, even]) == pytest.approx(0.025)
    row = bootstrap_row("t", "calibration", [sure, even], calibration, most=0.02)
    assert row.low <= row.reached <= row.high
    assert not row.met


def test_every_referee_that_is_named_is_there() -> None:
    root = PAGE.parents[2]
    cited = re.compile(r"\btests/[\w/]+(?:\.py)?")
    texts = {path: path.read_text(encoding="utf-8") for path in (root / "src" / "bokgi" / "analysis").rglob("*.py")}
    texts[PAGE.with_name("referees.md")] = PAGE.with_name("referees.md").read_text(encoding="utf-8")
    missing = [
        f"{path.relative_to(root)}: {name}"
        for path, text in texts.items()
        for name in cited.findall(text)
        if not (root / name).exists()
    ]
    assert not missing
    assert len(set(cited.findall(texts[PAGE.with_name("referees.md")]))) > 30


def test_the_help_names_every_topic_and_a_slip_is_answered_with_it(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--help"]) == 0
    told = capsys.readouterr().out
    assert [topic for topic in TOPICS if f"\n  {topic} " not in told] == []
    assert main(["medium", "forcast"]) == 2
    assert "no size and no topic: forcast" in capsys.readouterr().err
