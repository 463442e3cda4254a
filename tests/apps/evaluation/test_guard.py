"""Every rule of the guard: a draft that trips it, and one that does not."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from bokgi.apps.evaluation.default_criteria import default_criteria
from bokgi.apps.evaluation.guard import Draft, Evidence, EvidenceKind, Mistake, Standing, findings, phrases
from bokgi.domain.messages import LANGUAGES
from bokgi.ui.format import show

START, END = date(2026, 7, 1), date(2026, 10, 1)
PARTS = [part.key for part in default_criteria("AE").parts]

FAIR = Standing(
    n=60,
    won=24,
    raw=0.40,
    everybody=0.35,
    ratio=1.30,
    low=1.08,
    high=1.55,
    verdict="above",
    largest_share=0.15,
    last_share=0.2,
)
GOOD = Draft(
    criteria=default_criteria("AE"),
    period_start=START,
    period_end=END,
    ratings={"results": 4, "quality": 3, "execution": 4, "customer": 3, "skill": 3, "collaboration": 3},
    texts={"": "9건 중 7건에서 제안 전에 결정권자를 만났고, 그 7건 가운데 5건을 수주했습니다."},
    evidence=tuple(
        Evidence(part, EvidenceKind.OBSERVATION, date(2026, 7 + number % 3, 14)) for number, part in enumerate(PARTS)
    ),
    standing=FAIR,
    published_on=date(2026, 6, 20),
    acknowledged_on=date(2026, 6, 22),
    compared_roles=frozenset({"AE"}),
    self_on=date(2026, 10, 5),
    talked_on=date(2026, 10, 20),
    shown_on=date(2026, 10, 19),
    growth_steps=1,
    closing=True,
)


def codes(draft: Draft) -> set[str]:
    return {found.code for found in findings(draft)}


def test_a_fair_draft_has_no_finding() -> None:
    assert findings(GOOD) == []


HIGH_WEIGHT = replace(GOOD.criteria, most_results=30)
FOREIGN = {**GOOD.ratings, "charm": 5}
LOW = {**GOOD.ratings, "results": 2}
BELOW = replace(FAIR, raw=0.2, ratio=0.7, low=0.5, high=0.93, verdict="below")
FIGURES = tuple(replace(one, kind=EvidenceKind.FIGURE) if one.part == "skill" else one for one in GOOD.evidence)
LATE = tuple(replace(one, seen_on=date(2026, 9, 25)) for one in GOOD.evidence)

CASES = {
    "no_qualitative_evidence": (replace(GOOD, evidence=FIGURES), GOOD),
    "results_weigh_too_much": (replace(GOOD, criteria=HIGH_WEIGHT), GOOD),
    "follows_raw": (replace(GOOD, standing=replace(FAIR, ratio=0.9, low=0.7, high=1.1, verdict="cannot_tell")), GOOD),
    "different_roles": (replace(GOOD, compared_roles=frozenset({"AE", "SDR"})), GOOD),
    "still_new": (
        replace(GOOD, ratings=LOW, standing=replace(BELOW, still_new=True)),
        replace(GOOD, standing=replace(FAIR, still_new=True)),
    ),
    "alone_in_territory": (
        replace(GOOD, standing=replace(FAIR, alone_in_territory=True)),
        replace(GOOD, ratings={**GOOD.ratings, "results": 3}, standing=replace(FAIR, alone_in_territory=True)),
    ),
    "changed_team": (
        replace(GOOD, ratings=LOW, standing=replace(BELOW, changed_team=True)),
        replace(GOOD, ratings=LOW, standing=BELOW),
    ),
    "too_few_cases": (
        replace(GOOD, standing=replace(FAIR, n=9)),
        replace(GOOD, ratings={**GOOD.ratings, "results": 3}, standing=replace(FAIR, n=9)),
    ),
    "chance_explains": (
        replace(GOOD, standing=replace(FAIR, ratio=1.1, low=0.9, high=1.3, verdict="cannot_tell")),
        replace(GOOD, ratings=LOW, standing=BELOW),
    ),
    "one_deal": (
        replace(GOOD, standing=replace(FAIR, largest_share=0.55)),
        replace(GOOD, ratings=LOW, standing=replace(BELOW, largest_share=0.55)),
    ),
    "last_weeks": (
        replace(GOOD, standing=replace(FAIR, last_share=0.6)),
        replace(GOOD, ratings=LOW, standing=replace(BELOW, last_share=0.6)),
    ),
    "late_evidence": (replace(GOOD, evidence=LATE), replace(GOOD, evidence=(*GOOD.evidence, *LATE[:2]))),
    "published_late": (
        replace(GOOD, published_on=date(2026, 7, 2)),
        replace(GOOD, published_on=START),
    ),
    "not_acknowledged": (replace(GOOD, acknowledged_on=None), GOOD),
    "changed_midway": (replace(GOOD, changed_on=date(2026, 8, 3)), replace(GOOD, changed_on=date(2026, 6, 25))),
    "part_not_in_criteria": (replace(GOOD, ratings=FOREIGN), replace(GOOD, ratings={**GOOD.ratings, "charm": None})),
    "no_self_evaluation": (replace(GOOD, self_on=None), GOOD),
    "no_conversation": (replace(GOOD, talked_on=None), replace(GOOD, talked_on=None, closing=False)),
    "evidence_not_shown": (replace(GOOD, shown_on=None), replace(GOOD, shown_on=None, closing=False)),
    "no_growth_plan": (replace(GOOD, growth_steps=0), replace(GOOD, growth_steps=0, closing=False)),
    "judges_the_person": (
        replace(GOOD, texts={"skill": "책임감이 부족하고 게으르다."}),
        replace(GOOD, texts={"skill": "제안 9건 중 4건에서 약속한 날을 넘겼습니다. 고객은 “성의가 없다”고 했습니다."}),
    ),
    "no_situation": (
        replace(GOOD, texts={"execution": "He never prepares his meetings."}),
        replace(GOOD, texts={"execution": "He prepared 3 of 11 meetings with an agenda."}),
    ),
}


@pytest.mark.parametrize("code", CASES)
def test_a_rule_finds_its_mistake_and_leaves_a_draft_without_it_alone(code: str) -> None:
    trips, does_not = CASES[code]
    assert code in codes(trips)
    assert code not in codes(does_not)


def test_every_rule_has_a_case_and_all_five_mistakes_are_covered() -> None:
    found = [one for trips, _ in CASES.values() for one in findings(trips)]
    assert {one.code for one in found} == set(CASES)
    assert {one.mistake for one in found} == set(Mistake)


@pytest.mark.parametrize("lang", LANGUAGES)
def test_a_finding_says_what_it_rests_on_and_what_would_resolve_it_in_both_languages(lang: str) -> None:
    for trips, _ in CASES.values():
        for found in findings(trips):
            texts = [one.text(lang, show) for one in (found.message, found.evidence, found.resolve)]
            assert all(texts)
            assert not any("{" in text for text in texts)


def test_findings_come_in_the_order_of_the_mistakes() -> None:
    found = findings(replace(GOOD, self_on=None, evidence=(), standing=replace(FAIR, n=3)))
    places = [list(Mistake).index(one.mistake) for one in found]
    assert places == sorted(places)


def test_without_results_the_guard_still_reads_the_rest() -> None:
    assert codes(replace(GOOD, standing=None)) == set()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("영업 센스가 없습니다.", ["센스가 없습니다"]),
        ("태도가 문제입니다. 원래 그런 사람입니다.", ["태도가 문제입니다", "원래 그런"]),
        ("성격이 소극적이라 협상에서 밀립니다.", ["성격이 소극적이라"]),
        ("She lacks motivation and is unprofessional.", ["lacks motivation", "unprofessional"]),
        ("회의 시간에 매번 늦었습니다.", ["매번"]),
        ("제안서를 보내기 전 결정권자를 9건 중 4건에서 만났습니다.", []),
        ("고객의 태도가 바뀌어 3주가 걸렸고, 다음 단계는 8건 중 6건에서 잡았습니다.", []),
        ("The customer wrote “you are careless”; she called back the same day.", []),
        ("Laziness of the pipeline is no term; ablaze is no laziness either", ["Laziness", "laziness"]),
    ],
)
def test_words_about_the_person_are_found_and_words_about_behaviour_are_not(text: str, words: list[str]) -> None:
    assert [found.words for found in phrases(text)] == words
