"""The learning library: found by likeness and by words, useful once a person, reasons side by side, rights."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, date, datetime
from html import unescape
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from django.conf import settings
from django.test import Client
from django.urls import reverse

from bokgi.apps.access.models import User
from bokgi.apps.reviews.learning import selectors, services
from bokgi.apps.reviews.learning.similarity import likeness, words_of
from bokgi.apps.reviews.learning.views import REASONS
from bokgi.apps.reviews.models import Case, CaseVote, Reason
from bokgi.domain.errors import ConflictError, UsageError
from bokgi.domain.period import Period
from bokgi.questions.answers import Answers
from bokgi.questions.deal_kinds import ask_deal_kinds
from tests.homes import TODAY, deal_name

AsRole = Callable[[str], Client]
pytestmark = [pytest.mark.django_db]
AT = datetime(2026, 11, 20, tzinfo=UTC)


def tell(by: User, title: str = "제조 · 제안 · 수주", **given: Any) -> Case:  # noqa: ANN401 - of the case
    tags = given.pop("tags", {})
    ended_on = given.pop("ended_on", date(2026, 11, 18))
    deal_id = given.pop("deal_id", "")
    told = services.Told(title=title, tags=tags, **{"ending": "won", "what_decided": "데모가 결정했다"} | given)
    return services.case_tell(told=told, by=by, at=AT, ended_on=ended_on, deal_id=deal_id, person_id=by.person_id)


def test_every_reason_is_offered_once_by_what_it_speaks_for(users: dict[str, User], as_role: AsRole) -> None:
    assert sorted(reason for listed in REASONS.values() for reason in listed) == sorted(Reason)
    case = tell(users["rep"], rep_reason=Reason.TRUST)
    page = unescape(as_role("rep").get(f"/reviews/learning/{case.pk}/change/").content.decode())
    assert page.count("<optgroup") == 2 * len(REASONS)
    assert page.count('<option value="trust" selected>') == 1


def test_likeness_is_a_sum_that_names_its_parts() -> None:
    deal: dict[str, str | None] = {"industry": "제조", "stage": "제안", "size": None, "source": "web", "product": "A"}
    tags = [("industry", "제조"), ("stage", "협상"), ("source", "web"), ("competitor", "가나다")]
    found = likeness(tags, words_of("물류 창고를 자동화"), deal, words_of("창고가 좁다", "물류 도입"))
    assert found.score == 3 + 1 + 2
    assert found.same == (("industry", "제조"), ("source", "web"))
    assert found.words == ("물류", "창고")
    assert likeness(tags, frozenset(), {"industry": "금융"}, frozenset()).score == 0


def test_cases_like_a_deal_come_in_the_order_of_what_they_share(users: dict[str, User]) -> None:
    rep = users["rep"]
    near = tell(rep, "near", tags={"industry": ["제조"], "stage": ["제안"]})
    tell(rep, "far", tags={"source": ["web"]})
    middle = tell(rep, "middle", tags={"industry": ["제조"]})
    own = tell(rep, "own", tags={"industry": ["제조"], "stage": ["제안"]}, deal_id="d")
    kind = {"industry": "제조", "stage": "제안", "size": None, "source": "web", "product": None}
    found = selectors.alike(selectors.cases(rep), "d", kind)
    assert [one.case.pk for one in found] == [near.pk, middle.pk]
    assert own.pk not in {one.case.pk for one in found}
    services.case_withdraw(case=near, by=rep, at=AT)
    assert [one.case.pk for one in selectors.alike(selectors.cases(rep), "d", kind)] == [middle.pk]


def test_words_tags_and_endings_find_cases_and_useful_ones_come_first(users: dict[str, User]) -> None:
    first = tell(users["rep"], "첫 사례", situation="창고 자동화")
    second = tell(users["rep"], "둘째 사례", ending="lost", tags={"competitor": ["가나다"]})
    services.vote_set(case=second, by=users["leader"], useful=True, at=AT)
    reader = users["manager"]
    assert [case.pk for case in selectors.library(reader)] == [second.pk, first.pk]
    assert [case.pk for case in selectors.library(reader, find="ㅊㄱ")] == [first.pk]
    assert [case.pk for case in selectors.library(reader, find="가나")] == [second.pk]
    assert [case.pk for case in selectors.library(reader, ending="lost")] == [second.pk]
    assert [case.pk for case in selectors.library(reader, tags=[("competitor", "가나다")])] == [second.pk]


def test_a_vote_counts_once_a_person(users: dict[str, User]) -> None:
    case = tell(users["rep"])
    for _ in range(3):
        services.vote_set(case=case, by=users["leader"], useful=True, at=AT)
    services.vote_set(case=case, by=users["manager"], useful=True, at=AT)
    assert CaseVote.objects.filter(case=case).count() == 2
    services.vote_set(case=case, by=users["leader"], useful=False, at=AT)
    assert CaseVote.objects.filter(case=case).count() == 1


def test_nobody_votes_for_the_own_case_and_no_case_is_without_end(users: dict[str, User]) -> None:
    case = tell(
        users["rep"], "제" * 500, situation="긴\x00 글 " * 5000, tags={"objection": ["가" * 300, *"abcdefghijklmn"]}
    )
    with pytest.raises(UsageError):
        services.vote_set(case=case, by=users["rep"], useful=True, at=AT)
    assert not CaseVote.objects.exists()
    assert (len(case.title), len(case.situation), case.tags.count()) == (120, 4000, 12)
    assert "\x00" not in case.situation


@pytest.mark.usefixtures("home")
def test_addresses_that_nobody_offers_are_answered_in_peace(users: dict[str, User], as_role: AsRole) -> None:
    case, rep = tell(users["leader"]), as_role("rep")
    many = "&".join(f"tag=stage:{number}" for number in range(400))
    for address, status in (
        (f"?{many}", 200),
        ("?tag=nothing:x&tag=x&ending=x&find=((((*", 200),
        ("reasons/?period=letzthin", 400),
        ("new/?answer=99999999999999999999&deal=seo-0", 200),
        ("9999999999999999999999/", 404),
        (f"{case.pk}/change/", 404),
    ):
        answer = rep.get(f"/reviews/learning/{address}")
        assert answer.status_code == status, address
        assert deal_name("seo", 0) not in answer.content.decode()
    assert rep.post(f"/reviews/learning/{case.pk}/withdraw/").status_code == 404
    assert as_role("viewer").post("/reviews/learning/new/", {"title": "x", "situation": "x"}).status_code == 403


def test_an_empty_case_is_refused_and_a_change_over_somebody_elses_is_told(users: dict[str, User]) -> None:
    with pytest.raises(UsageError):
        tell(users["rep"], "x", what_decided="")
    with pytest.raises(UsageError):
        tell(users["rep"], " ")
    case = tell(users["rep"])
    told = services.Told(title="새 제목", ending="lost", situation="다시")
    services.case_change(case=case, told=told, version=1, by=users["rep"])
    with pytest.raises(ConflictError):
        services.case_change(case=case, told=told, version=1, by=users["leader"])
    case.refresh_from_db()
    assert (case.title, case.version) == ("새 제목", 2)


def test_reasons_of_a_quarter_stand_side_by_side_with_their_n(users: dict[str, User]) -> None:
    rep = users["rep"]
    tell(rep, ending="lost", rep_reason="price", buyer_reason="trust")
    tell(rep, ending="lost", rep_reason="price", buyer_reason="price")
    tell(rep, ending="no_decision", rep_reason="timing")
    tell(rep, ending="lost", rep_reason="price", ended_on=date(2026, 9, 30))
    tell(rep, ending="won", rep_reason="value", buyer_reason="value")
    found = selectors.reasons(Period.parse("2026-Q4"), ["lost", "no_decision"])
    assert (found.cases, found.seller_n, found.buyer_n, found.both_n, found.same) == (3, 3, 2, 2, 1)
    assert [(row.reason, row.seller, row.buyer, row.both) for row in found.rows] == [
        ("price", 2, 1, 1),
        ("trust", 0, 1, 0),
        ("timing", 1, 0, 0),
    ]


def page(client: Client, address: str) -> str:
    answer = client.get(address)
    assert answer.status_code == 200, (address, answer.status_code)
    return unescape(answer.content.decode())


@pytest.mark.usefixtures("home", "english")
def test_a_rep_tells_a_case_of_an_own_deal_and_finds_it_again(as_role: AsRole) -> None:
    client = as_role("rep")
    form = page(client, "/reviews/learning/new/?deal=lee-1")
    assert deal_name("lee", 1) in form
    given = {
        "deal_id": "lee-1",
        "title": "발주 · 수주",
        "ending": "won",
        "what_decided": "현장 데모",
        "objection": "가격, 보안",
    }
    made = client.post("/reviews/learning/new/", given)
    assert made.status_code == 302
    told = page(client, made["Location"])
    assert "현장 데모" in told
    assert deal_name("lee", 1) in told
    assert {tag.word for tag in Case.objects.get().tags.all()} >= {"가격", "보안", "web", "협상"}
    assert "발주 · 수주" in page(client, "/reviews/learning/?find=ㅂㅈ")
    assert "발주 · 수주" in page(client, "/reviews/learning/like/lee-10/")


@pytest.mark.usefixtures("home", "english")
def test_a_case_is_for_all_but_its_deal_only_for_whom_its_rows_are(as_role: AsRole, users: dict[str, User]) -> None:
    case = tell(users["leader"], "서가람의 방식", deal_id="seo-1")
    shown = page(as_role("rep"), f"/reviews/learning/{case.pk}/")
    assert "서가람의 방식" in shown
    assert deal_name("seo", 1) not in shown
    assert "seo-1" not in shown
    assert deal_name("seo", 1) in page(as_role("leader"), f"/reviews/learning/{case.pk}/")


@pytest.mark.usefixtures("home", "english")
def test_nobody_tells_of_a_deal_they_may_not_see_and_others_cases_stay(as_role: AsRole, users: dict[str, User]) -> None:
    client = as_role("rep")
    given = {"deal_id": "seo-1", "title": "t", "ending": "won", "situation": "s"}
    client.post("/reviews/learning/new/", given)
    assert Case.objects.get().deal_id == ""
    theirs = tell(users["leader"])
    assert client.get(f"/reviews/learning/{theirs.pk}/change/").status_code == 404
    assert client.post(f"/reviews/learning/{theirs.pk}/withdraw/").status_code == 404
    assert client.get("/reviews/learning/like/seo-1/").status_code == 404
    assert as_role("viewer").get("/reviews/learning/new/").status_code == 403


@pytest.mark.usefixtures("home", "english")
def test_what_was_typed_stays_when_it_is_refused(as_role: AsRole) -> None:
    answer = as_role("rep").post("/reviews/learning/new/", {"title": "제목만", "ending": "won"})
    assert answer.status_code == 422
    assert "제목만" in answer.content.decode()


@pytest.mark.usefixtures("home", "english")
def test_the_reasons_have_a_page_for_each_quarter(as_role: AsRole, users: dict[str, User]) -> None:
    tell(users["rep"], ending="lost", rep_reason="price", buyer_reason="trust")
    shown = page(as_role("viewer"), "/reviews/learning/reasons/?period=2026-Q4")
    assert "trust in people" in shown
    assert "same reason in 0 of 1" in shown
    assert "No case of this quarter" in page(as_role("viewer"), "/reviews/learning/reasons/?period=2026-Q1")


@pytest.mark.usefixtures("home", "english")
def test_a_persons_page_shows_the_cases_that_this_person_told(users: dict[str, User], as_role: AsRole) -> None:
    assert as_role("rep").get("/reviews/learning/of/lee/").content.decode().strip() == ""
    tell(users["rep"], "own case")
    services.case_withdraw(case=tell(users["rep"], "withdrawn case"), by=users["rep"], at=AT)
    tell(users["manager"], "another case")
    assert 'hx-get="/reviews/learning/of/lee/"' in as_role("leader").get("/people/lee/").content.decode()
    shown = as_role("leader").get("/reviews/learning/of/lee/").content.decode()
    assert "Learning shared" in shown
    assert "own case" in shown
    assert "withdrawn case" not in shown
    assert "another case" not in shown
    assert as_role("rep").get("/reviews/learning/of/seo/").status_code == 404


@pytest.mark.usefixtures("home", "english")
def test_search_finds_cases_too_by_a_syllable_or_initial_consonants(users: dict[str, User], as_role: AsRole) -> None:
    case = tell(users["rep"], "첫 사례", situation="창고 자동화")
    services.case_withdraw(case=tell(users["rep"], "거둔 사례", situation="창고"), by=users["rep"], at=AT)
    address = quote("/reviews/learning/found/?q=창고", safe="/?=")
    assert f'hx-get="{address}"' in as_role("viewer").get("/search/", {"q": "창고"}).content.decode()
    for words in ("창고", "ㅊㄱ", "첫"):
        shown = as_role("viewer").get("/reviews/learning/found/", {"q": words}).content.decode()
        assert f'href="/reviews/learning/{case.pk}/"' in shown, words
        assert "거둔" not in shown
    for words in ("", "…", "없는 말"):
        assert as_role("viewer").get("/reviews/learning/found/", {"q": words}).content.decode().strip() == "", words
    for number in range(6):
        tell(users["rep"], f"사례 {number}", situation="창고")
    many = as_role("rep").get("/reviews/learning/found/", {"q": "창고"}).content.decode()
    assert f'href="/reviews/learning/?find={quote("창고")}"' in many
    assert many.count("<li>") == 6


def test_a_deal_of_a_past_day_is_beside_the_cases_of_that_day(
    as_role: AsRole, users: dict[str, User], home: Path
) -> None:
    del home
    leader = as_role("leader")
    page = leader.get("/deals/lee-0/?as_of=2026-11-19").content.decode()
    parts = re.findall(r'hx-get="([^"]+)"', page)
    assert len(parts) == 2
    assert all(part.endswith("?as_of=2026-11-19") for part in parts)
    kind = Answers(settings.HOME).ask(ask_deal_kinds, as_of=TODAY, deal_ids=("lee-0",))["deals"]["lee-0"]
    tags = {name: [kind[name]] for name in ("industry", "stage", "product", "size", "source") if kind[name]}
    tell(users["rep"], "이야기", tags=tags)
    alike = reverse("reviews:alike", args=["lee-0"])
    assert "이야기" in leader.get(f"{alike}?as_of=2026-11-20").content.decode()
    assert "이야기" in leader.get(alike).content.decode()
    assert "이야기" not in leader.get(f"{alike}?as_of=2026-11-19").content.decode()


def test_the_own_case_of_a_deal_that_is_open_again_is_still_one_click_away(
    as_role: AsRole, users: dict[str, User], home: Path
) -> None:
    kind = Answers(home).ask(ask_deal_kinds, as_of=TODAY, deal_ids=("lee-0",))["deals"]["lee-0"]
    assert kind["outcome"] == "open"
    own = tell(users["rep"], deal_id="lee-0")
    shown = as_role("leader").get(reverse("reviews:alike", args=["lee-0"])).content.decode()
    assert reverse("reviews:case", args=[own.pk]) in shown
    assert reverse("reviews:case_new") not in shown
