"""Pages of coaching: two people through a 1:1 and a plan, and nothing of it for anybody else."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from html import unescape
from io import BytesIO

import pytest
from django.core import mail
from django.test import Client
from django.urls import reverse

from bokgi.apps.access.models import User
from bokgi.apps.coaching import services
from bokgi.apps.coaching.models import OneOnOne, Pair, Paper, PaperKind, Plan, PlanCheck, PlanState
from bokgi.apps.coaching.tasks import checks_make
from tests.apps.coaching.papers import AT, SECRET, note, proposed
from tests.homes import PEOPLE, TODAY

AsRole = Callable[[str], Client]
pytestmark = pytest.mark.usefixtures("home", "english")


def page(client: Client, address: str, status: int = 200) -> str:
    answer = client.get(address)
    assert answer.status_code == status, (address, answer.status_code)
    return unescape(answer.content.decode())


def post(client: Client, name: str, given: dict[str, str] | None = None, /, **arguments: object) -> str:
    answer = client.post(reverse(f"coaching:{name}", kwargs=arguments or None), given or {}, follow=True)
    assert answer.status_code == 200, (name, answer.status_code)
    return unescape(answer.content.decode())


def test_a_manager_begins_and_both_bring_what_they_want_to_talk_about(as_role: AsRole, users: dict[str, User]) -> None:
    manager, rep = as_role("manager"), as_role("rep")
    assert "No 1:1s yet" in page(rep, "/coaching/")
    assert PEOPLE["lee"] in page(manager, "/coaching/")
    post(manager, "pair_begin", {"member": str(users["rep"].pk)})
    pair = Pair.objects.get()
    shown = post(manager, "one_on_one_plan", {"on": TODAY.isoformat()}, pair_id=pair.pk)
    assert "Which step was hardest for you lately" in shown
    talk = OneOnOne.objects.get()
    write = {"one_on_one_id": talk.pk}
    post(rep, "paper_write", {"kind": "agenda", "words": "제안서가 자꾸 늦어집니다"}, **write)
    post(manager, "paper_write", {"kind": "agenda", "words": "<b>첫 통화</b> 이야기"}, **write)
    post(manager, "paper_write", {"kind": "own_note", "words": "다음 달 교육 자리 알아보기"}, **write)
    feedback = {
        "kind": "feedback",
        "situation": "화요일 데모",
        "behaviour": "먼저 물었다",
        "effect": "고객이 길게 말했다",
    }
    post(manager, "paper_write", feedback, **write)
    seen = page(rep, f"/coaching/1-1/{talk.pk}/")
    for words in ("제안서가 자꾸 늦어집니다", "첫 통화", "화요일 데모", "고객이 길게 말했다"):
        assert words in seen
    assert "다음 달 교육 자리" not in seen
    assert "<b>첫 통화</b>" not in rep.get(f"/coaching/1-1/{talk.pk}/").content.decode()
    follow = {"kind": "follow_up", "words": "금요일까지 제안서 틀 만들기", "due_on": "2026-11-27"}
    post(manager, "paper_write", follow, **write)
    paper = Paper.objects.get(kind=PaperKind.FOLLOW_UP)
    assert "both agree" in post(rep, "follow_up_agree", paper_id=paper.pk)
    assert "took place" in post(rep, "one_on_one_close", **write)
    assert "제안서가 자꾸 늦어집니다" in rep.get("/coaching/record/").content.decode()
    assert "다음 달 교육 자리" not in rep.get("/coaching/record/").content.decode()
    assert "다음 달 교육 자리" in manager.get("/coaching/record/").content.decode()


def test_a_plan_is_proposed_agreed_checked_and_ended(as_role: AsRole, pair: Pair) -> None:
    manager, rep = as_role("manager"), as_role("rep")
    assert "Behaviour that" in page(manager, f"/coaching/pairs/{pair.pk}/plan/")
    given = {
        "behaviour_1": "첫 통화에서 다음 약속을 잡는다",
        "measure": "meeting",
        "cause": "skill",
        "reason": "단계가 멈춘다",
    }
    post(manager, "plan_new", given, pair_id=pair.pk)
    plan = Plan.objects.get()
    assert "Waits for your yes" in page(rep, f"/coaching/plans/{plan.pk}/")
    assert "waits for your yes" in page(rep, "/coaching/")
    assert "running" in post(rep, "plan_agree", plan_id=plan.pk)
    plan.refresh_from_db()
    assert (plan.state, plan.begun_on) == (PlanState.RUNNING, date(2026, 11, 30))
    assert plan.begun_on is not None
    assert checks_make(on=plan.begun_on + timedelta(weeks=3)) == 0
    assert checks_make(on=plan.begun_on + timedelta(weeks=9)) == 2
    assert checks_make(on=plan.begun_on + timedelta(weeks=9)) == 0
    assert {check.weeks for check in PlanCheck.objects.all()} == {4, 8}
    assert sorted(one.to[0] for one in mail.outbox) == ["manager@team.example"] * 2 + ["rep@team.example"] * 2
    assert all("첫 통화" not in one.body for one in mail.outbox)
    assert "too few to compare" in page(rep, f"/coaching/plans/{plan.pk}/")
    assert "too few to sum up" not in page(as_role("leader"), "/coaching/ledger/")
    post(rep, "plan_end", {"learned": "먼저 물으니 쉬웠다"}, plan_id=plan.pk)
    assert "먼저 물으니 쉬웠다" in page(manager, "/coaching/ledger/")
    answer = rep.get(f"/coaching/plans/{plan.pk}/pdf/")
    assert answer["Content-Type"] == "application/pdf"
    assert BytesIO(answer.content).read(5) == b"%PDF-"


def test_three_behaviours_are_refused_and_what_was_typed_stays(as_role: AsRole, pair: Pair) -> None:
    client = as_role("manager")
    answer = client.post(
        f"/coaching/pairs/{pair.pk}/plan/", {"behaviour_1": " ", "measure": "meeting", "reason": "남는 글"}
    )
    assert answer.status_code == 422
    assert "남는 글" in answer.content.decode()
    wrong = client.post(f"/coaching/pairs/{pair.pk}/plan/", {"behaviour_1": "하나", "measure": "mood"})
    assert wrong.status_code == 422
    assert not Plan.objects.exists()


@pytest.mark.parametrize("role", ["leader", "admin", "viewer"])
def test_nobody_else_finds_anything(as_role: AsRole, pair: Pair, talk: OneOnOne, role: str) -> None:
    paper, plan = note(talk, pair.member), proposed(pair, behaviours=[SECRET])
    services.plan_agree(plan=plan, by=pair.member, baseline={"sentence": None}, at=AT, today=TODAY)
    client = as_role(role)
    closed = 404 if role == "leader" else 403
    for address in (f"pairs/{pair.pk}/", f"1-1/{talk.pk}/", f"plans/{plan.pk}/", f"plans/{plan.pk}/pdf/"):
        assert SECRET not in page(client, f"/coaching/{address}", closed)
    posts = (f"pairs/{pair.pk}/1-1/", f"1-1/{talk.pk}/write/", f"papers/{paper.pk}/remove/", f"plans/{plan.pk}/end/")
    for address in posts:
        assert client.post(f"/coaching/{address}", {"on": "2026-12-01", "kind": "note"}).status_code == closed
    if role == "leader":
        for address in ("", "ledger/", "record/"):
            assert SECRET not in page(client, f"/coaching/{address}")
    assert Paper.objects.count() == 1


def test_the_cause_page_is_for_whom_one_may_see(as_role: AsRole) -> None:
    assert "Open questions" in page(as_role("leader"), "/coaching/causes/lee/")
    assert "Open questions" in page(as_role("rep"), "/coaching/causes/lee/")
    for person in ("seo", "nobody"):
        assert "Open questions" not in page(as_role("rep"), f"/coaching/causes/{person}/", 404)
    page(as_role("leader"), "/coaching/causes/nobody/", 404)


def test_a_leader_changes_the_rubric_and_a_manager_reads_it(as_role: AsRole) -> None:
    leader, manager = as_role("leader"), as_role("manager")
    assert "Finding the problem" in page(manager, "/coaching/skills/")
    page(manager, "/coaching/skills/discovery/", 403)
    assert "What one sees at 5" in page(leader, "/coaching/skills/discovery/")
    texts = {f"{lang}-{part}": f"{lang} {part}" for lang in ("ko", "en") for part in ("stage", "name", "1", "3", "5")}
    assert "en name" in post(leader, "skill", texts, skill_key="discovery")
    assert leader.post("/coaching/skills/discovery/", texts | {"ko-5": ""}).status_code == 422


def test_one_text_that_was_changed_closes_no_other(as_role: AsRole, pair: Pair, talk: OneOnOne) -> None:
    kept, hurt = note(talk, pair.coach), note(talk, pair.coach)
    services.paper_write(
        one_on_one=talk,
        kind=PaperKind.FEEDBACK,
        words=dict.fromkeys(services.FEEDBACK_PARTS, SECRET),
        by=pair.coach,
        at=AT,
        today=TODAY,
    )
    plan = proposed(pair)
    services.plan_agree(plan=plan, by=pair.member, baseline={}, at=AT, today=TODAY)
    Paper.objects.exclude(pk=kept.pk).update(sealed=hurt.sealed[:-8] + "AAAAAAA=")
    Plan.objects.update(sealed="nobody.AAAA")
    rep = as_role("rep")
    shown = page(rep, f"/coaching/1-1/{talk.pk}/")
    assert (shown.count("does not open"), shown.count(SECRET)) == (2, 1)
    assert "does not open" in page(rep, f"/coaching/pairs/{pair.pk}/")
    assert "does not open" in page(rep, f"/coaching/plans/{plan.pk}/")
    assert "does not open" in page(rep, "/coaching/ledger/")
    assert rep.get(reverse("coaching:plan_pdf", args=[plan.pk])).status_code == 200
    taken = page(rep, reverse("coaching:record"))
    assert (taken.count("does not open"), taken.count(SECRET)) == (3, 1)


def test_a_key_that_is_none_begins_nothing(as_role: AsRole, pair: Pair) -> None:
    for member in ("", "x", "9" * 40, "²"):
        assert as_role("manager").post(reverse("coaching:pair_begin"), {"member": member}).status_code < 500
        assert as_role("rep").post(reverse("coaching:papers_pass_on", args=[pair.pk]), {"to": member}).status_code < 500


def test_on_a_persons_page_the_two_find_their_talks_and_plans_and_nobody_else(talk: OneOnOne, as_role: AsRole) -> None:
    proposed(talk.pair, behaviours=[SECRET])
    assert 'hx-get="/coaching/with/lee/"' in page(as_role("manager"), "/people/lee/")
    for role, other in (("manager", "rep"), ("rep", "manager")):
        shown = page(as_role(role), "/coaching/with/lee/")
        assert f"/coaching/1-1/{talk.pk}/" in shown, other
        assert SECRET in shown
        assert f"/coaching/pairs/{talk.pair_id}/" in shown
    assert page(as_role("leader"), "/coaching/with/lee/").strip() == ""
    assert page(as_role("manager"), "/coaching/with/park/").strip() == ""
    # An administrator has no part in it, and the page does not ask.
    assert "/coaching/with/" not in page(as_role("admin"), "/people/lee/")
    page(as_role("admin"), "/coaching/with/lee/", 403)
