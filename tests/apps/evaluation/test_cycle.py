"""What a round keeps from whom: drafts, names, texts whose time is over; whom it reminds; what calibration holds."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import date
from html import unescape
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.test import Client
from django.urls import reverse

from bokgi.apps.access.erasing import person_erase
from bokgi.apps.access.models import AuditEntry, User
from bokgi.apps.access.permissions import Role
from bokgi.apps.access.services import user_create
from bokgi.apps.evaluation import papers, tasks
from bokgi.apps.evaluation.models import Due, Evaluation, PeerInputItem, PeerRequest, Round, Template
from bokgi.apps.evaluation.services import rounds
from tests import homes
from tests.apps.evaluation.rounds import AFTER, BEFORE, END, PARTS, START, TAKING, Go


@pytest.fixture
def clients(users: dict[str, User]) -> dict[str, Client]:
    """Sign everybody of the round in; they read Korean."""
    everybody = {"lee": users["rep"], "kim": users["manager"], "leader": users["leader"], "admin": users["admin"]}
    for person in ("park", "choi", "seo", "nam", "han"):
        role = Role.MANAGER if person == "han" else Role.REP
        everybody[person] = user_create(
            email=f"{person}@team.example", name=homes.PEOPLE[person], role=role, person_id=person
        )
    made = {}
    for key, user in everybody.items():
        made[key] = Client()
        made[key].force_login(user, backend=django_settings.AUTHENTICATION_BACKENDS[0])
    return made


def text(answer: Any) -> str:  # noqa: ANN401 - a response
    assert answer.status_code == 200, answer.status_code
    return unescape(answer.content.decode())


def post(client: Client, name: str, given: dict[str, Any], **where: object) -> str:
    answer = client.post(reverse(f"evaluation:{name}", kwargs=where), given, follow=True)
    return text(answer)


def begin(clients: dict[str, Client], go: Go) -> Round:
    """Make a round before its period and publish the criteria of all roles."""
    go(BEFORE)
    page = text(clients["leader"].get(reverse("evaluation:round_new")))
    offered = set(re.findall(r'name="role-(\w+)"', page))
    assert set(TAKING) <= offered
    given = {f"role-{person}": TAKING.get(person, "-") for person in offered}
    given |= {"name": "2026년 3분기 평가", "start_on": START.isoformat(), "end_on": END.isoformat()}
    assert "2026년 3분기 평가" in post(clients["leader"], "round_new", given)
    found = Round.objects.get()
    for version in found.versions.all():
        post(clients["leader"], "round_act", {"version": version.pk}, round_id=found.pk, deed="publish")
    return found


def form_of(found: Round, person: str) -> Evaluation:
    return found.evaluations.get(person_id=person)


def act(client: Client, form: Evaluation, deed: str, **given: object) -> str:
    return post(client, "form_act", given, evaluation_id=form.pk, deed=deed)


def draft_given(results: int = 3, **texts: str) -> dict[str, Any]:
    given: dict[str, Any] = {f"rating-{part}": 3 for part in PARTS} | {"rating-results": results, "deed": "submit"}
    given |= {"text-": "제안 9건 중 7건에서 결정권자를 먼저 만났습니다."}
    return given | {f"text-{part}": words for part, words in texts.items()}


def to_draft(clients: dict[str, Client], go: Go, found: Round) -> None:
    """Everybody acknowledges and rates the own period; managers hand in their drafts with evidence."""
    go(date(2026, 6, 25))
    for person in TAKING:
        act(clients[person], form_of(found, person), "acknowledge")
    go(date(2026, 10, 5))
    for person in TAKING:
        given = {"rating-execution": 4, "text-": "약속 12건 중 11건을 지켰습니다.", "deed": "submit"}
        assert "제출했습니다" in post(clients[person], "self", given, evaluation_id=form_of(found, person).pk)
    go(date(2026, 10, 12))
    for person in TAKING:
        writer = clients[{"seo": "han", "nam": "han", "kim": "leader", "han": "leader"}.get(person, "kim")]
        form = form_of(found, person)
        for number, part in enumerate(PARTS):
            day = f"2026-0{7 + number % 3}-15"
            act(
                writer,
                form,
                "evidence",
                part=part,
                kind="observation",
                text=f"{part}: 고객 미팅에 함께 들어가 {number + 2}가지를 보았습니다.",
                seen_on=day,
            )
        assert "제출했습니다" in post(writer, "draft", draft_given(), evaluation_id=form.pk)


def to_talk(clients: dict[str, Client], go: Go, found: Round, person: str = "lee") -> Evaluation:
    to_draft(clients, go, found)
    go(date(2026, 10, 15))
    post(clients["leader"], "round_act", {}, round_id=found.pk, deed="calibrated")
    form = form_of(found, person)
    assert "직접 본 일" in text(clients[person].get(reverse("evaluation:form", kwargs={"evaluation_id": form.pk})))
    act(clients["kim"], form, "conversation", on="2026-10-15", text="협상 단계의 어려움을 함께 살폈습니다.")
    return form


def test_nobody_else_finds_a_form(clients: dict[str, Client], go: Go) -> None:
    found = begin(clients, go)
    to_draft(clients, go, found)
    form = form_of(found, "lee")
    pages = [
        reverse(f"evaluation:{name}", kwargs={"evaluation_id": form.pk})
        for name in ("form", "self", "draft", "form_pdf")
    ]
    for other in ("park", "seo", "han", "admin"):
        assert {clients[other].get(page).status_code for page in pages} == {404}
        assert (
            clients[other]
            .post(reverse("evaluation:form_act", kwargs={"evaluation_id": form.pk, "deed": "sign"}))
            .status_code
            == 404
        )
        assert clients[other].get(reverse("evaluation:calibration", kwargs={"round_id": found.pk})).status_code in (
            403,
            404,
        )
    own = text(clients["lee"].get(pages[0]))
    assert "조율이 끝나면" in own
    assert "결정권자를 먼저 만났습니다" not in own
    assert clients["lee"].get(pages[2]).status_code == 404
    assert clients["kim"].get(pages[1]).status_code == 404
    record = json.loads(clients["lee"].get(reverse("evaluation:record")).content)
    assert record["evaluations"][0]["draft"] is None
    kim = form_of(found, "kim")
    assert clients["kim"].get(reverse("evaluation:draft", kwargs={"evaluation_id": kim.pk})).status_code == 404


def test_unnamed_input_stays_unnamed(clients: dict[str, Client], go: Go) -> None:
    found = begin(clients, go)
    go(BEFORE)
    where = {"round_id": found.pk, "of_role": "CSM"}
    post(clients["leader"], "criteria", {"peers": "unnamed", "reason": "동료 의견도 듣습니다."}, **where)
    go(date(2026, 10, 2))
    form = form_of(found, "nam")
    seo = User.objects.get(person_id="seo")
    act(clients["han"], form, "peers", peer=seo.pk)
    request = PeerRequest.objects.get(evaluation=form)
    assert homes.PEOPLE["nam"] in text(
        clients["seo"].get(reverse("evaluation:peer", kwargs={"request_id": request.pk}))
    )
    assert clients["lee"].get(reverse("evaluation:peer", kwargs={"request_id": request.pk})).status_code == 404
    post(clients["seo"], "peer", {"rating-execution": 4, "text-": "인계 자료가 빠짐없었습니다."}, request_id=request.pk)
    kept = PeerInputItem.objects.get()
    assert kept.by is None
    assert not AuditEntry.objects.filter(action="peer_give").exclude(user=None).exists()
    # One answer would be guessed: it is not shown, to nobody.
    for reader in ("han", "leader"):
        assert "빠짐없었습니다" not in text(
            clients[reader].get(reverse("evaluation:form", kwargs={"evaluation_id": form.pk}))
        )
    for _ in range(2):
        PeerInputItem.objects.create(evaluation=form, text="약속을 지킵니다.")
    page = text(clients["han"].get(reverse("evaluation:form", kwargs={"evaluation_id": form.pk})))
    assert "빠짐없었습니다" in page
    # Whoever is asked after that would be known by what comes.
    assert "이미 공개되었습니다" in act(clients["han"], form, "peers", peer=seo.pk)
    PeerRequest.objects.create(evaluation=form, peer=User.objects.get(person_id="park"), asked_at=request.asked_at)
    page_before = text(clients["han"].get(reverse("evaluation:form", kwargs={"evaluation_id": form.pk})))
    assert "빠짐없었습니다" not in page_before
    assert homes.PEOPLE["seo"] not in page.split("동료 의견")[-1]


def test_steps_that_are_due_are_reminded_of_once(
    clients: dict[str, Client],
    go: Go,
    django_capture_on_commit_callbacks: Any,  # noqa: ANN401 - of pytest-django
) -> None:
    begin(clients, go)
    go(date(2026, 6, 28))
    with django_capture_on_commit_callbacks(execute=True):
        written = tasks.remind.func()
    assert written == len(TAKING)
    assert set(Due.objects.exclude(reminded_on=None).values_list("step", flat=True)) == {"criteria"}
    assert tasks.remind.func() == 0
    go(date(2026, 7, 6))
    assert tasks.remind.func() == len(TAKING)


def test_calibration_shows_all_managers_and_keeps_both_values(clients: dict[str, Client], go: Go) -> None:
    found = begin(clients, go)
    to_draft(clients, go, found)
    page = text(clients["leader"].get(reverse("evaluation:calibration", kwargs={"round_id": found.pk})))
    assert all(homes.PEOPLE[person] in page for person in TAKING)
    form = form_of(found, "seo")
    given = {"evaluation": form.pk, "part": "skill", "after": "4", "reason": "다른 팀의 3점과 견주면 더 높습니다."}
    post(clients["leader"], "calibration", given, round_id=found.pk)
    form.refresh_from_db()
    assert form.ratings["skill"] == 4
    assert form.calibrations.get().before == 3
    post(
        clients["leader"],
        "round_act",
        {"name": "고용", "values": "이준호, 시간제"},
        round_id=found.pk,
        deed="attributes",
    )
    assert not form.bias_attributes.exists()


def test_texts_go_when_their_time_is_over(clients: dict[str, Client], go: Go) -> None:
    found = begin(clients, go)
    to_talk(clients, go, found)
    Evaluation.objects.update(closed_at="2026-10-20T00:00Z")
    rounds.round_close(found=found, by=User.objects.get(role="leader"))
    Round.objects.update(kept_until=date(2026, 11, 1))
    assert rounds.rounds_forget(on=date(2026, 11, 1)) == 0
    assert rounds.rounds_forget(on=date(2026, 11, 2)) == 1
    form = form_of(found, "lee")
    assert (form.ratings, form.texts, form.talk_text) == ({}, {}, "")
    assert not form.evidence.exists()
    assert form.talked_on is not None


def test_an_erasure_reaches_the_forms(clients: dict[str, Client], go: Go) -> None:
    found = begin(clients, go)
    form = to_talk(clients, go, found)
    other = form_of(found, "park")
    act(
        clients["kim"],
        other,
        "evidence",
        part="collaboration",
        kind="observation",
        text="이준호와 함께 제안을 고쳤습니다.",
    )
    person_erase(person_id="lee", words=["이준호", "junho.lee@example.com"])
    form.refresh_from_db()
    assert form.texts == {}
    assert not form.evidence.exists()
    assert "이준호" not in "".join(other.evidence.values_list("text", flat=True))
    assert not User.objects.filter(name="이준호").exists()


def test_what_staff_were_told_is_kept_with_who_read_it(clients: dict[str, Client], go: Go) -> None:
    go(AFTER)
    post(clients["leader"], "notices", {"text": "영업 기록은 평가와 코칭에 씁니다. 3년 보관합니다."})
    page = text(clients["lee"].get(reverse("evaluation:index")))
    assert "새 안내" in page
    post(clients["lee"], "notices", {"deed": "read"})
    assert "새 안내" not in text(clients["lee"].get(reverse("evaluation:index")))
    assert "이준호" in text(clients["leader"].get(reverse("evaluation:notices")))
    assert "이준호" not in text(clients["park"].get(reverse("evaluation:notices")))


def test_people_come_go_and_change_hands(clients: dict[str, Client], go: Go) -> None:
    found = begin(clients, go)
    nam = form_of(found, "nam")
    go(AFTER)  # choi has come meanwhile
    writers = {user.person_id: user.pk for user in User.objects.exclude(person_id="")}
    given: dict[str, Any] = {f"role-{person}": role for person, role in TAKING.items()}
    given |= {"manager-lee": writers["kim"], "manager-park": writers["kim"], "manager-seo": writers["han"]}
    post(
        clients["leader"], "round_people", given | {"role-choi": "AE", "manager-nam": writers["kim"]}, round_id=found.pk
    )
    assert form_of(found, "choi").dues.count() == nam.dues.count() == 9
    pages = reverse("evaluation:form", kwargs={"evaluation_id": nam.pk})
    assert (clients["han"].get(pages).status_code, clients["kim"].get(pages).status_code) == (404, 200)
    assert {due.owner_id for due in nam.dues.filter(step__in=("draft", "conversation"))} == {writers["kim"]}
    post(clients["leader"], "round_people", given | {"manager-nam": writers["kim"]}, round_id=found.pk)
    assert not found.evaluations.filter(person_id="choi").exists()
    act(clients["kim"], nam, "evidence", part="skill", kind="observation", text="고객 미팅에 함께 들어가 보았습니다.")
    answer = clients["leader"].post(
        reverse("evaluation:round_people", kwargs={"round_id": found.pk}), given | {"role-nam": "-"}
    )
    assert answer.status_code == 422
    assert "이미 적은 내용이 있어" in unescape(answer.content.decode())
    for other in ("kim", "lee"):
        assert clients[other].get(reverse("evaluation:round_people", kwargs={"round_id": found.pk})).status_code == 403


def test_rounds_begin_with_the_criteria_and_the_roles_of_the_organisation(clients: dict[str, Client], go: Go) -> None:
    go(BEFORE)
    page = post(clients["leader"], "role_default", {"weight-results": "30", "weight-skill": "15"}, of_role="AE")
    assert "성과 30%" in page
    assert "처음 기준으로 되돌리기" in text(
        clients["leader"].get(reverse("evaluation:role_default", kwargs={"of_role": "AE"}))
    )
    assert "기준: 기술 영업" in post(clients["leader"], "templates", {"role": "기술 영업"})
    for taken in ("ae", "기술 영업", "a/b", ""):
        post(clients["leader"], "templates", {"role": taken})
    assert list(Template.objects.values_list("name", flat=True)) == ["AE", "기술 영업"]
    given = {"role-lee": "AE", "role-park": "기술 영업", "name": "시험", "start_on": START, "end_on": END}
    post(clients["leader"], "round_new", given)
    versions = {one.role: one.criteria for one in Round.objects.get().versions.all()}
    assert {role: one.results_weight for role, one in versions.items()} == {"AE": 30, "기술 영업": 35}
    skill = versions["AE"].part("skill")
    assert skill is not None
    assert skill.skills[0] == ("qualification", 1)
    assert "자격 확인 · 기회 선별" in text(
        clients["leader"].get(
            reverse("evaluation:criteria", kwargs={"round_id": Round.objects.get().pk, "of_role": "AE"})
        )
    )
    post(clients["leader"], "role_default", {"deed": "remove"}, of_role="AE")
    assert list(Template.objects.values_list("name", flat=True)) == ["기술 영업"]
    assert clients["kim"].get(reverse("evaluation:templates")).status_code == 403


def test_a_day_is_moved_for_the_forms_that_are_not_closed(clients: dict[str, Client], go: Go) -> None:
    found = begin(clients, go)
    post(clients["leader"], "round_act", {"step": "draft", "on": "2026-10-20"}, round_id=found.pk, deed="due")
    assert set(Due.objects.filter(step="draft").values_list("due_on", flat=True)) == {date(2026, 10, 20)}
    post(clients["kim"], "round_act", {"step": "draft", "on": "2026-12-01"}, round_id=found.pk, deed="due")
    assert not Due.objects.filter(due_on=date(2026, 12, 1)).exists()


def test_a_self_evaluation_that_is_not_handed_in_stands_on_nobody_elses_paper(
    clients: dict[str, Client], go: Go, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = begin(clients, go)
    form = form_of(found, "lee")
    act(clients["lee"], form, "acknowledge")
    go(date(2026, 10, 5))
    given = {"rating-execution": 4, "text-": "아직 다듬는 글입니다.", "text-skill": "여기도 다듬습니다."}
    post(clients["lee"], "self", given, evaluation_id=form.pk)
    printed: list[dict[str, Any]] = []

    def set_on_paper(content: Mapping[str, Any]) -> bytes:
        printed.append(dict(content))
        return b""

    monkeypatch.setattr(papers, "form_pdf", set_on_paper)
    for reader in ("kim", "leader", "lee"):
        clients[reader].get(reverse("evaluation:form_pdf", kwargs={"evaluation_id": form.pk}))
    assert [one["self-whole"] for one in printed] == ["", "", "아직 다듬는 글입니다."]
    assert [{part["self"] for part in one["parts"]} for one in printed] == [{"–"}, {"–"}, {"–", "4"}]
    assert [any(part["self-text"] for part in one["parts"]) for one in printed] == [False, False, True]


def test_how_colleagues_rated_is_shown_with_what_they_said(clients: dict[str, Client], go: Go) -> None:
    found = begin(clients, go)
    go(date(2026, 10, 5))
    form = form_of(found, "seo")
    PeerInputItem.objects.create(evaluation=form, by=None, ratings={"collaboration": 4}, text="")
    version = found.versions.get(role="CSM")
    version.body |= {"peers": "named"}
    version.save()
    PeerInputItem.objects.update(by=User.objects.get(person_id="nam"))
    for page in ("form", "draft"):
        shown = text(clients["han"].get(reverse(f"evaluation:{page}", kwargs={"evaluation_id": form.pk})))
        assert "합의한 수준을 넘음" in shown.partition("동료 의견")[2]


def test_keys_and_ratings_that_are_none_are_refused(clients: dict[str, Client], go: Go) -> None:
    found = begin(clients, go)
    to_draft(clients, go, found)
    form, key = form_of(found, "seo"), "evaluation"
    for odd in ("", "x", "9" * 40, "²"):
        given: dict[str, Any] = {
            key: odd,
            "part": "skill",
            "after": "4",
            "reason": "다른 팀의 3점과 견주면 더 높습니다.",
        }
        post(clients["leader"], "calibration", given, round_id=found.pk)
        act(clients["han"], form, "evidence-remove", item=odd)
        act(clients["han"], form, "peers", peer=odd)
        post(clients["leader"], "round_act", {"version": odd}, round_id=found.pk, deed="publish")
        clients["han"].post(
            reverse("evaluation:draft", kwargs={"evaluation_id": form.pk}), draft_given() | {"rating-skill": odd}
        )
    given = {key: form.pk, "part": "skill", "after": "4", "reason": "다른 팀의 3점과 견주면 더 높습니다."}
    page = post(clients["leader"], "calibration", given, round_id=found.pk)
    assert "역량: – → 4" in page or "역량: 3 → 4" in page


def test_a_form_is_closed_without_somebody_who_never_signs_and_says_why(clients: dict[str, Client], go: Go) -> None:
    found = begin(clients, go)
    form = to_talk(clients, go, found)
    go(date(2026, 11, 2))  # the day of the signature
    assert "아직 답하지 않았습니다" in act(clients["kim"], form, "sign")
    go(date(2026, 11, 3))
    assert "더는 기다리지 않습니다" in act(clients["kim"], form, "sign")
    assert "본인이 서명하지 않았습니다" in act(clients["kim"], form, "close")
    for finding in ("no_growth_plan", "no_self_evaluation", "not_signed"):
        act(clients["kim"], form, "overrule", finding=finding, reason="휴직 중이라 서명을 받지 못했습니다.")
    page = act(clients["kim"], form, "close")
    form.refresh_from_db()
    assert form.closed_at is not None, page
    read = text(clients["lee"].get(reverse("evaluation:form", kwargs={"evaluation_id": form.pk})))
    assert "서명을 받지 못했습니다" in read


def test_nobody_writes_about_the_own_work(clients: dict[str, Client], go: Go) -> None:
    found = begin(clients, go)
    writers = {user.person_id: user.pk for user in User.objects.exclude(person_id="")}
    given: dict[str, Any] = {f"role-{person}": role for person, role in TAKING.items()}
    given |= {f"manager-{person}": writers["kim"] for person in TAKING}
    answer = clients["leader"].post(reverse("evaluation:round_people", kwargs={"round_id": found.pk}), given)
    assert answer.status_code == 422
    assert "본인의 일을 평가하게 됩니다" in unescape(answer.content.decode())


def test_sales_operations_neither_ends_calibration_nor_shortens_what_is_kept(
    clients: dict[str, Client], go: Go
) -> None:
    found = begin(clients, go)
    to_draft(clients, go, found)
    where = {"round_id": found.pk}
    assert "볼 수 있는 평가 회차가 없습니다" in post(clients["admin"], "round_act", {}, **where, deed="calibrated")
    values = {"name": "고용", "values": "이준호, 시간제"}
    address = reverse("evaluation:round_act", kwargs=where | {"deed": "attributes"})
    assert clients["admin"].post(address, values, follow=True).status_code == 404
    assert "오늘까지" in post(clients["leader"], "round_act", {"until": "2026-10-02"}, **where, deed="keep")
    assert "저장했습니다" in post(clients["leader"], "round_act", {"until": "2027-10-02"}, **where, deed="keep")
    found.refresh_from_db()
    assert (found.calibrated_at, found.kept_until) == (None, date(2027, 10, 2))
