"""Every rule of the guard: a draft that trips it, and one that does not."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from bokgi.apps.evaluation.criteria import Limits
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
        Evidence(
            part,
            EvidenceKind.OBSERVATION,
            date(2026, 7 + number % 3, 14),
            f"{number}번째 미팅에 함께 들어가 보았습니다",
        )
        for number, part in enumerate(PARTS)
    ),
    standing=FAIR,
    published_on=date(2026, 6, 20),
    acknowledged_on=date(2026, 6, 22),
    compared_roles=frozenset({"AE"}),
    self_on=date(2026, 10, 5),
    talked_on=date(2026, 10, 20),
    shown_on=date(2026, 10, 19),
    has_plan=True,
    talk_text="협상 단계에서 무엇이 가장 어려웠는지 이야기했습니다.",
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
    "copied_evidence": (
        replace(GOOD, evidence=tuple(replace(one, text="함께 미팅에 들어가 보았습니다") for one in GOOD.evidence)),
        replace(GOOD, evidence=tuple(replace(one, text="") for one in GOOD.evidence[:1]) + GOOD.evidence[1:]),
    ),
    "results_alone": (replace(GOOD, ratings={"results": 4}), GOOD),
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
    "conversation_empty": (replace(GOOD, talk_text="면담함"), replace(GOOD, talk_text="", closing=False)),
    "evidence_not_shown": (replace(GOOD, shown_on=None), replace(GOOD, shown_on=None, closing=False)),
    "no_growth_plan": (replace(GOOD, has_plan=False), replace(GOOD, has_plan=False, closing=False)),
    "not_signed": (replace(GOOD, lacks_signature=True), replace(GOOD, lacks_signature=True, closing=False)),
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


JUDGING = """
책임감이 전혀 없습니다.
책임감 없음
책임감도 부족하십니다.
의욕이 별로 없고
주인 의식이 부족합니다.
오너십이 좀 부족해 보입니다.
간절함이 느껴지지 않습니다.
게으르십니다.
무책임하게 처리했습니다.
영업에 안 맞는 성향입니다.
영업이 적성에 맞지 않습니다.
성실하지 않습니다.
적극적이지 못한 편입니다.
성격이 소극적이라 협상에서 밀립니다.
태도가 문제입니다.
원래 그런 사람입니다.
영업 센스가 없습니다.
여자라서 협상이 약합니다.
애 엄마라 출장이 어렵습니다.
나이가 많아서 배우기 어렵습니다.
능력이 부족합니다.
성실하고 책임감이 강합니다.
타고난 영업인입니다.
‘게으른’ 편이라고 봅니다.
그는 "게으르다"고 생각합니다.
멘탈이 약해 흔들립니다.
주변에서 게으르다고 합니다.
동료들이 책임감이 없다고 합니다.
마인드가 문제입니다.
이기적인 편입니다.
She lacks motivation.
He is unprofessional.
He isn't motivated.
He is not a team player.
He is not particularly committed.
Lacks the drive.
Has no drive.
He is too soft in negotiations.
Too aggressive with colleagues.
A natural closer.
Great results for a woman.
She doesn't care.
Kim is “lazy”.
Very passive.
It is his personality.
Not cut out for sales.
"""
NOT_JUDGING = """
게으르지 않습니다.
책임감이 없지 않습니다.
책임감이 부족하다고 볼 수 없습니다.
책임감이 없는 것은 아닙니다.
고객사의 도입 의지가 없었습니다.
생산 능력이 부족한 고객사라 납기가 밀렸습니다.
고객의 태도가 나쁘지 않았습니다.
거래 성격상 급한 일정이었습니다.
오늘 미팅 수가 늘었습니다.
활동이 늘어 수주가 늘고 있습니다.
수주율이 떨어졌습니다.
성실하게 기록했고 9건 중 8건의 금액이 맞았습니다.
고객은 “성의가 없다”고 했습니다.
고객이 성의가 없다고 했습니다.
고객 담당자가 “다음에 무엇을 할지 늘 먼저 알려 주었다”고 했습니다.
절대 평가로 봅니다.
결정권자의 의지가 없어 멈춘 기회입니다.
11번의 미팅에서 한 번도 안건을 보내지 않았습니다.
구매 의지가 약한 기회를 일찍 정리했습니다.
원래 그런 일정이 아니었습니다.
육아휴직 후 복귀해 2개월 동안 6건을 맡았습니다.
나이가 많은 고객층입니다.
영업 체질 개선 과제를 맡았습니다.
고객의 태도가 바뀌어 3주가 걸렸고, 다음 단계는 8건 중 6건에서 잡았습니다.
만날 약속을 3건 잡았습니다.
He is not lazy.
The client lacks commitment to a date.
The customer wrote “you are careless”; she called back the same day.
A too aggressive discount.
The buyer's bad attitude cost a week.
Always-on monitoring.
In 3 of 9 deals nobody was ever met, never.
A disorganised account.
Customers call her reliable.
He lacks two of nine exit criteria.
He was proactive in 5 of 6 renewals.
"""


def sentences(listed: str) -> list[str]:
    return listed.strip().splitlines()


def test_words_about_the_person_are_found_however_they_are_put() -> None:
    assert [text for text in sentences(JUDGING) if "person" not in {found.about for found in phrases(text)}] == []


def test_words_about_behaviour_about_others_and_denied_ones_are_not() -> None:
    assert [text for text in sentences(NOT_JUDGING) if phrases(text)] == []


@pytest.mark.parametrize(
    "text", ["회의 시간에 매번 늦었습니다.", "늘 먼저 알립니다.", "절대로 미루지 않습니다.", "He never prepares."]
)
def test_always_and_never_are_found_where_nothing_is_counted(text: str) -> None:
    assert [found.about for found in phrases(text)] == ["absolute"]
    assert phrases(text.rstrip(".") + ", 9건 중 4건.") == ()


def test_a_judgement_moved_into_evidence_or_a_reason_is_read_too() -> None:
    assert "judges_the_person" in codes(replace(GOOD, also_said={"skill": "끈기가 부족해 보였습니다."}))


def test_an_overruling_does_not_cover_other_words() -> None:
    keys = {
        one.key
        for words in ("책임감이 없다.", "책임감이 없다. 게으르다.", "게으르다.")
        for one in findings(replace(GOOD, texts={"": words}))
    }
    assert len(keys) == 3


def test_a_figure_called_something_seen_is_still_a_figure() -> None:
    figure = replace(GOOD.evidence[4], text="수주 12건 3.4억")
    assert "no_qualitative_evidence" in codes(replace(GOOD, evidence=(*GOOD.evidence[:4], figure, GOOD.evidence[5])))


def test_results_that_come_to_weigh_too_much_because_parts_are_left_out_are_found() -> None:
    parts = tuple(replace(part, cap=100) if part.key == "results" else part for part in default_criteria("AE").parts)
    draft = replace(GOOD, criteria=replace(GOOD.criteria, parts=parts))
    assert "results_weigh_too_much" not in codes(draft)
    assert "results_weigh_too_much" in codes(replace(draft, ratings={"results": 4, "quality": 3}))


def test_the_limits_of_the_criteria_count() -> None:
    strict = replace(GOOD, criteria=replace(GOOD.criteria, limits=Limits(fewest_cases=80, one_deal=20, last_weeks=30)))
    assert "too_few_cases" in codes(strict)
    assert "one_deal" in codes(replace(strict, standing=replace(FAIR, largest_share=0.25)))
    assert "last_weeks" in codes(replace(strict, standing=replace(FAIR, last_share=0.35)))
