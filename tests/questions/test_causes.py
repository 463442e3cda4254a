"""Causes and checks as questions: schema, sentences in both languages, parts that add up, planted causes told."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import ibis
import pytest

from benchmarks.in_memory import facts_of_tables
from benchmarks.simulator.causes import Causes, cause_tables
from bokgi.domain.errors import UsageError
from bokgi.facts.model import Facts
from bokgi.questions.causes import ask_causes
from bokgi.questions.coaching import ask_baseline, ask_coaching_check, ask_measures, monday_of
from bokgi.ui.spoken import spoken
from tests.cast import facts_of
from tests.questions.schemas import fits

World = tuple[Facts, date]


@pytest.fixture(scope="module")
def world() -> World:
    """Give an organisation in which five people have a cause each; see `benchmarks.simulator.causes`."""
    found, tables = cause_tables(Causes(seed=2, people=12, deals=2_400))
    return facts_of_tables(tables), found.organisation.end - timedelta(days=1)


def test_late_answers_are_told_in_both_languages(world: World) -> None:
    facts, as_of = world
    found = fits(ask_causes(facts, as_of=as_of, person_id="p001"), "causes")
    assert "lead_handling" in found["found"]
    assert found["suggested_measure"] == "lead_response"
    told = {lang: json.dumps(spoken(found, lang), ensure_ascii=False) for lang in ("ko", "en")}
    assert "늦게 답했거나 답하지 않았습니다" in told["ko"]
    assert "answered late or not at all" in told["en"]
    assert "What keeps a new lead waiting" in told["en"]


def test_a_fall_shows_although_the_weeks_since_are_few(world: World) -> None:
    facts, as_of = world
    found = fits(ask_causes(facts, as_of=as_of, person_id="p003"), "causes")
    assert found["found"] == ["motivation"]
    signal = next(cause["signals"][0] for cause in found["causes"] if cause["cause"] == "motivation")
    assert signal["n"] < 12
    assert signal["value"] < 0.7 * signal["usual"]
    assert "Activities fell to about" in json.dumps(spoken(found, "en"))


def test_what_the_data_do_not_hold_is_no_share_of_nothing(world: World) -> None:
    facts, as_of = world
    undated = replace(facts, deals=facts.deals.mutate(next_step_on=ibis.null("date")))
    found = fits(ask_causes(undated, as_of=as_of, person_id="p001"), "causes")
    signals = {one["code"]: one for cause in spoken(found, "en")["causes"] for one in cause["signals"]}
    steps = signals["next_step_passed"]
    assert (steps["value"], steps["usual"], steps["n"], steps["reason"]) == (None, None, 0, "not_recorded")
    assert "hold no dates of next steps" in steps["sentence"]["text"]
    assert signals["response"]["reason"] is None


def test_who_began_lately_is_new(world: World) -> None:
    facts, as_of = world
    assert "ramp" in fits(ask_causes(facts, as_of=as_of, person_id="p004"), "causes")["found"]


def test_the_parts_add_up_exactly(world: World) -> None:
    facts, as_of = world
    for person in ("p000", "p002", "p007"):
        found = fits(ask_causes(facts, as_of=as_of, person_id=person), "causes")
        for name in ("against_colleagues", "against_before"):
            parts = [Decimal(part["amount"]["amount"]) for part in found[name]["parts"]]
            assert sum(parts, Decimal(0)) == Decimal(found[name]["whole"]["amount"])


def test_without_deals_there_is_nothing_to_compare() -> None:
    found = fits(ask_causes(facts_of(), as_of=date(2026, 11, 24), person_id="lee"), "causes")
    assert found["result"]["reason"] == "too_few"
    assert found["found"] == []
    assert {cause["state"] for cause in found["causes"]} <= {"too_few"}


def test_a_measure_has_a_baseline_and_a_check(world: World) -> None:
    facts, as_of = world
    begun = monday_of(as_of - timedelta(weeks=9))
    base = ask_baseline(facts, as_of=begun - timedelta(days=3), person_id="p001", measure="lead_response")
    assert base["kind"] == "share"
    assert 0 < base["value"] < 0.8
    for measure in ("activities", "call", "lead_response", "next_step", "win_rate", "created", "stage:proposal"):
        then = begun + timedelta(weeks=8)
        asked = ask_coaching_check(facts, as_of=then, person_id="p006", measure=measure, begun_on=begun, weeks=8)
        found = fits(asked, "coaching-check")
        assert spoken(found, "ko")["said"][0]["text"]
        if measure == "activities":
            assert found["colleagues"]["n"] >= 4
            assert found["beside"]["low"] < found["beside"]["estimate"] < found["beside"]["high"]
    labels = [one["measure"] for one in ask_measures(facts, as_of=as_of)["measures"]]
    assert "stage:proposal" in labels
    with pytest.raises(UsageError, match="no measure"):
        ask_baseline(facts, as_of=as_of, person_id="p001", measure="mood")
