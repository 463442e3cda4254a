"""Criteria as they are typed: what is left as it reads stays in both languages, the rest is what was typed."""

from __future__ import annotations

from urllib.parse import urlencode

import pytest
from django.http import QueryDict

from bokgi.apps.evaluation.criteria import Criteria, InputReader, Kind, PeerInput, said
from bokgi.apps.evaluation.default_criteria import default_criteria
from bokgi.apps.evaluation.editing import CriteriaFields, criteria_typed, fields_given, fields_of, new_part
from bokgi.domain.errors import UsageError
from bokgi.domain.messages import LANGUAGES

SKILLS = [("discovery", 1), ("proposal", 2)]
AE = default_criteria("AE", dict(SKILLS))


def posted(fields: CriteriaFields, **given: object) -> QueryDict:
    """Give what a browser sends of these fields, with what somebody changed; null: the box is not ticked."""
    sent: list[tuple[str, object]] = []
    for part in fields.parts:
        sent.append(("part", part.key))
        sent += [(f"{name}-{part.key}", text) for name, text in part.texts.items()]
        sent += [(f"{name}-{part.key}", getattr(part, name)) for name in ("kind", "weight", "cap")]
        sent += [(f"skills-{part.key}", one) for one in sorted(part.skills)]
        sent += [(f"asks-{part.key}", "1")] if part.asks_colleagues else []
    sent += [(f"scale-{place}", text) for place, text in enumerate(fields.scale, 1)]
    sent += [(name, getattr(fields, name)) for name in ("most_results", "peers", "showing", "input_reader")]
    sent += [(f"limit-{name}", text) for name, text in fields.limits.items()]
    changed = {name.replace("__", "-"): value for name, value in given.items()}
    kept = [one for one in sent if one[0] not in changed]
    return QueryDict(urlencode([*kept, *((name, value) for name, value in changed.items() if value is not None)]))


def typed(before: Criteria, lang: str = "ko", **given: object) -> Criteria:
    fields = fields_of(before, lang)
    return criteria_typed(fields_given(posted(fields, **given), fields), before, lang, SKILLS)


@pytest.mark.parametrize("lang", LANGUAGES)
def test_what_is_left_as_it_reads_changes_nothing(lang: str) -> None:
    assert typed(AE, lang) == AE
    fields = fields_of(AE, lang)
    assert criteria_typed(fields_given(QueryDict(""), fields), AE, lang, SKILLS) == AE


def test_every_field_can_be_changed() -> None:
    found = typed(
        AE,
        name__execution="약속 지키기",
        kind__execution="collaboration",
        weight__execution="20",
        cap__execution="30",
        counts__execution="주간 리뷰의 약속",
        low__execution="대부분 지키지 않음",
        middle__execution="대부분 지킴",
        high__execution="먼저 알리고 고침",
        asks__execution=None,
        weight__results="30",
        scale__3="합의한 만큼",
        most_results="40",
        peers="unnamed",
        input_reader="manager",
        showing="at_once",
        limit__fewest_cases="15",
    )
    part = found.part("execution")
    assert part is not None
    assert found.faults() == []
    assert (part.kind, part.weight, part.cap, part.asks_colleagues) == (Kind.COLLABORATION, 20, 30, False)
    assert part.texts == ("약속 지키기", "주간 리뷰의 약속", "대부분 지키지 않음", "대부분 지킴", "먼저 알리고 고침")
    assert (found.scale[2], found.scale[3]) == ("합의한 만큼", AE.scale[3])
    assert (found.most_results, found.limits.fewest_cases) == (40, 15)
    assert (found.peers, found.input_reader) == (PeerInput.UNNAMED, InputReader.MANAGER)
    assert Criteria.read(found.as_json()) == found


def test_parts_come_and_go_and_a_new_one_is_no_old_one() -> None:
    fields = fields_of(AE, "ko")
    fresh, other = new_part(), new_part()
    assert fresh.key != other.key
    given = posted(fields, drop__collaboration="1").copy()
    given.update({"part": fresh.key, f"name-{fresh.key}": "제품 지식", f"weight-{fresh.key}": "10"})
    for name in ("low", "middle", "high"):
        given[f"{name}-{fresh.key}"] = "본 것"
    given.update({"part": "results-of-others"})
    found = criteria_typed(fields_given(given, fields), AE, "ko", SKILLS)
    assert [part.key for part in found.parts][-2:] == ["skill", fresh.key]
    assert found.faults() == []
    assert set(AE.changed(found)) == {"collaboration", fresh.key}


def test_braces_are_read_as_they_were_typed() -> None:
    found = typed(AE, counts__skill="{n} %s {")
    part = found.part("skill")
    assert part is not None
    assert said(part.counts, "ko") == "{n} %s {"
    assert typed(found) == found


def test_skills_are_those_of_the_rubric_in_its_order() -> None:
    part = typed(AE, skills__skill="proposal:2").part("skill")
    assert part is not None
    assert part.skills == (("proposal", 2),)
    for unknown in ("proposal:9", "charm:1", "proposal:", "proposal:99999999999999999999"):
        part = typed(AE, skills__skill=unknown).part("skill")
        assert part is not None
        assert part.skills == ()


@pytest.mark.parametrize("number", ["", "abc", "-5", "1.5", "1000", "१٢"])
def test_what_is_no_number_is_refused(number: str) -> None:
    if number == "१٢":
        assert typed(AE, weight__skill=number).faults()
    else:
        with pytest.raises(UsageError, match="no whole number"):
            typed(AE, weight__skill=number)


def test_a_choice_that_nobody_offers_is_refused() -> None:
    for name in ("peers", "showing", "input_reader", "kind__skill"):
        with pytest.raises(UsageError, match="does not take"):
            typed(AE, **{name: "everybody"})
