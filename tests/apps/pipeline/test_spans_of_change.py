"""The pipeline's change over several spans that end alike: what lies between two of them is not one person's."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta

import pytest
from django.http import QueryDict

from bokgi.apps.access.permissions import Role, Viewer
from bokgi.apps.pipeline.bottleneck import nothing_flagged
from bokgi.apps.pipeline.change import FEW, part_lists, seen
from bokgi.apps.pipeline.selectors import Screen
from bokgi.questions.answers import Question
from bokgi.questions.asked import Json
from bokgi.questions.pipeline import tell_pipeline_change
from tests.apps.pipeline.test_few_winners import Company, screen

PEOPLE = ("lee", "park", "choi", "kim", "seo", "nam")


def change(weeks: int, before: Sequence[str]) -> Json:
    """Give a change in which everybody has something new, three lost in the last week, and others the week before."""
    lost = ["lee", "park", "choi", *(before if weeks > 1 else ())]

    def part(code: str, people: Sequence[str], each: int) -> Json:
        money = {"amount": str(each), "currency": "KRW"}
        whose = [{"person_id": one, "team": None, "deals": weeks, "amount": money} for one in people]
        deals = {"deals": len(people), "count": len(people), "amount_unknown": 0}
        return {"code": code, "amount": money, "people": whose, **deals}

    shared = [row | {"deals": 1} for row in part("lost", lost, 7)["people"]]
    return {"parts": [part("new", PEOPLE, weeks), part("lost", lost, 7) | {"people": shared}]}


@pytest.mark.parametrize(("before", "hides"), [(("kim",), True), (("kim", "seo"), False), ((), False)])
def test_what_one_person_has_between_two_spans_is_not_told(
    monkeypatch: pytest.MonkeyPatch, before: Sequence[str], *, hides: bool
) -> None:
    company = Company(dict.fromkeys(PEOPLE), {})

    def ask(asked: Screen, question: Question, /, **parameters: date) -> Json:
        if question is tell_pipeline_change:
            return change(((asked.as_of - parameters["start"]) // timedelta(days=7)) + 1, before)
        if "also" in parameters:
            sellers = company.ask(question)
            return sellers | {"moments": sellers["moments"] * 5}
        return company.ask(question)

    told: dict[int, list[str]] = {}
    for weeks in (1, 2):
        looked_at = screen(monkeypatch, company)
        monkeypatch.setattr(Screen, "ask", ask)
        looked_at.request.GET = QueryDict(f"weeks={weeks}")
        found = seen(looked_at, change(weeks, before))
        assert found is not None
        told[weeks] = [part["code"] for part in found["parts"]]
    assert told[2] == ["new", "lost"]
    # Of the last week less is told, so that two weeks less that one are not kim's alone.
    assert told[1] == ([FEW] if hides else ["new", "lost"])


def test_a_part_of_one_deal_is_told_in_the_singular(monkeypatch: pytest.MonkeyPatch) -> None:
    deal: Json = dict.fromkeys(("account", "owner", "stage_label", "expected_close_on", "amount", "change"))
    deal |= {"deal_id": "one", "name": "One"}
    told: Json = {"as_of": "2026-11-24", "period": {"start": "2026-11-18", "end": "2026-11-25"}}
    told |= {"deals": {"won": [deal]}, "parts": [{"code": "won", "deals": 1}]}
    (shown,) = part_lists(screen(monkeypatch, Company(dict.fromkeys(PEOPLE), {})), told)
    assert shown.title.endswith(": 1 deal")


def test_a_manager_who_looks_at_one_pipeline_reads_of_that_pipeline(monkeypatch: pytest.MonkeyPatch) -> None:
    looked_at = screen(monkeypatch, Company(dict.fromkeys(PEOPLE), {}), pipeline="a")
    found: Json = {"units": [{"flagged": True}]}
    manager = replace(looked_at, viewer=Viewer(Role.MANAGER, "lee"))
    assert nothing_flagged(manager, found).startswith("In this pipeline no stage differs")
    assert "of all deals together" in nothing_flagged(replace(manager, pipeline=None), found)
