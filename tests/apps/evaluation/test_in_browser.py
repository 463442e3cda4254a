"""A whole round in a real browser, in Korean: six people in four roles, a change midway, an overruling, an appeal."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date

import pytest
from django.conf import settings
from django.test import Client
from pytest_django.live_server_helper import LiveServer
from selenium.webdriver import Chrome
from selenium.webdriver.common.by import By
from selenium.webdriver.support import expected_conditions

from bokgi.apps.access.models import AuditEntry, User
from bokgi.apps.access.permissions import Role
from bokgi.apps.access.services import user_create
from bokgi.apps.coaching.models import Plan
from bokgi.apps.evaluation.guard import EvidenceKind
from bokgi.apps.evaluation.models import Evaluation, Round
from bokgi.apps.evaluation.services.forms import evidence_add
from tests import homes
from tests.apps.evaluation.rounds import BEFORE, END, MIDWAY, PARTS, START, TAKING, Go
from tests.ui.browser import browser, chromium, complaints, faults, text, too_wide, until, waiting

pytestmark = [
    pytest.mark.browser,
    pytest.mark.slow,
    pytest.mark.usefixtures("home"),
    pytest.mark.skipif(chromium() is None, reason="needs Chromium and its driver"),
    pytest.mark.django_db(transaction=True),
]
WRITERS = {"lee": "kim", "park": "kim", "seo": "han", "nam": "han", "kim": "leader", "han": "leader"}


class Screen:
    """One window that people take turns at."""

    def __init__(self, driver: Chrome, server: LiveServer, people: dict[str, User]) -> None:
        self.driver, self.url = driver, server.url
        self.sessions = {}
        for key, user in people.items():
            client = Client()
            client.force_login(user, backend=settings.AUTHENTICATION_BACKENDS[0])
            self.sessions[key] = client.cookies[settings.SESSION_COOKIE_NAME].value
        driver.get(f"{self.url}/health/")

    def as_(self, who: str, path: str) -> str:
        """Open a page as somebody."""
        name = settings.SESSION_COOKIE_NAME
        self.driver.add_cookie({"name": name, "value": self.sessions[who], "path": "/"})
        self.driver.get(f"{self.url}/evaluation/{path}")
        return self.text

    @property
    def text(self) -> str:
        """Read what the page says."""
        return text(self.driver)

    def press(self, words: str, form: str = "") -> str:
        """Press a button by its words, in the form that goes to an address, and read what comes."""
        where = f"//form[contains(@action, '{form}')]" if form else "//main"
        button = self.driver.find_element(By.XPATH, f"{where}//button[normalize-space(.)='{words}']")
        page = self.driver.find_element(By.TAG_NAME, "html")
        self.driver.execute_script("arguments[0].click()", button)
        waiting(self.driver).until(expected_conditions.staleness_of(page))
        return self.text

    def fill(self, given: Mapping[str, object], form: str = "") -> None:
        """Fill fields by name; days and choices, too."""
        where = f"form[action*='{form}'] " if form else "main "
        fields = [self.driver.find_element(By.CSS_SELECTOR, f"{where}[name='{name}']") for name in given]
        self.driver.execute_script(
            "const [fields, values] = arguments; fields.forEach((field, place) => { field.value = values[place]; });"
            "fields[0].dispatchEvent(new Event('change', {bubbles: true}))",
            fields,
            [str(value) for value in given.values()],
        )


@pytest.fixture
def screen(users: dict[str, User], live_server: LiveServer) -> Iterator[Screen]:
    """Sign everybody in; they read Korean."""
    people = {"lee": users["rep"], "kim": users["manager"], "leader": users["leader"]}
    for person in ("park", "seo", "nam", "han"):
        role = Role.MANAGER if person == "han" else Role.REP
        people[person] = user_create(
            email=f"{person}@team.example", name=homes.PEOPLE[person], role=role, person_id=person
        )
    with browser() as driver:
        yield Screen(driver, live_server, people)


def form_path(found: Round, person: str, page: str = "") -> str:
    return f"forms/{found.evaluations.get(person_id=person).pk}/{page}"


def begun(screen: Screen, go: Go) -> Round:
    """Make the round before its period, and publish the criteria of its four roles."""
    go(BEFORE)
    screen.as_("leader", "rounds/new/")
    screen.fill({"name": "2026년 3분기 평가", "start_on": START, "end_on": END})
    for choice in screen.driver.find_elements(By.CSS_SELECTOR, "select[name^='role-']"):
        name = choice.get_attribute("name") or ""
        screen.fill({name: TAKING.get(name.removeprefix("role-"), "-")})
    screen.press("회차 만들기")
    found = Round.objects.get()
    for _version in found.versions.all():
        screen.press("알리기", "/do/publish/")
    assert not found.versions.filter(published_at=None).exists()
    return found


def changed_midway(screen: Screen, go: Go, found: Round) -> None:
    """Change the criteria of a role in the middle: told with the reason, acknowledged anew, both versions stay."""
    go(MIDWAY)
    screen.as_("leader", f"rounds/{found.pk}/criteria/AE/")
    screen.fill({"weight-results": 25, "weight-execution": 25, "counts-execution": "약속과 응대, 신규 시장"})
    assert "까닭이 필요합니다" in screen.press("새 판 알리기")
    screen.fill({"reason": "신규 시장 진입에 맞춰 실행을 더 봅니다."})
    assert "성과 35% → 25%" in screen.press("새 판 알리기")
    assert faults(screen.driver) == []
    page = screen.as_("lee", f"rounds/{found.pk}/criteria/AE/?version=1")
    assert "이전 판입니다" in page
    assert "신규 시장 진입에 맞춰 실행을 더 봅니다." in screen.as_("lee", form_path(found, "lee"))
    screen.press("기준을 읽었습니다")


def rated(screen: Screen, found: Round, person: str, results: int) -> None:
    """Write a draft and hand it in."""
    screen.as_(WRITERS[person], form_path(found, person, "draft/"))
    ratings = {f"rating-{part}": str(results if part == "results" else 3) for part in PARTS}
    screen.fill(ratings | {"text-": "제안 9건 중 7건에서 결정권자를 먼저 만났습니다."})
    assert "제출했습니다" in screen.press("제출")


def seen(found: Round, person: str, writer: User) -> None:
    """Attach evidence to each part, each of its own."""
    for number, part in enumerate(PARTS):
        evidence_add(
            evaluation=found.evaluations.get(person_id=person),
            part=part,
            kind=EvidenceKind.OBSERVATION,
            text=f"고객 미팅에 {number + 2}번 함께 들어가 준비한 질문을 들었습니다.",
            seen_on=date(2026, 7 + number % 3, 15),
            by=writer,
        )


def overruled(screen: Screen, found: Round, person: str, reason: str) -> None:
    """Overrule what the guard still finds, with a reason."""
    screen.as_(WRITERS[person], form_path(found, person))
    while screen.driver.find_elements(By.CSS_SELECTOR, "form[action*='/do/overrule/']"):
        screen.fill({"reason": reason}, "/do/overrule/")
        screen.press("넘어가기", "/do/overrule/")


def guard_reads_along(screen: Screen, found: Round) -> None:
    """The guard reads what is being written, and saves nothing."""
    screen.as_("kim", form_path(found, "lee", "draft/"))
    screen.fill({"text-skill": "책임감이 부족하다."})
    # The answer takes the place of what is being read.
    until(screen.driver, "사람을 판단합니다", "#guard")
    until(screen.driver, "기간 중에 기준이 바뀌었습니다", "#guard")
    assert Evaluation.objects.get(person_id="lee").texts == {}


def calibrated(screen: Screen, go: Go, found: Round) -> None:
    """Overrule with a reason that the person and the next level read; all drafts at one table."""
    why = "기간 전부터 이어 온 대형 계약도 함께 보았습니다."
    overruled(screen, found, "park", why)
    assert "결정권자를 먼저 만났습니다" not in screen.as_("park", form_path(found, "park"))
    go(date(2026, 10, 15))
    page = screen.as_("leader", f"rounds/{found.pk}/calibration/")
    assert all(homes.PEOPLE[person] in page for person in TAKING)
    screen.as_("leader", f"rounds/{found.pk}/")
    screen.press("조율 끝내기", "/do/calibrated/")
    for reader in ("park", "leader"):
        assert why in screen.as_(reader, form_path(found, "park"))


def appealed(screen: Screen, found: Round) -> None:
    """Hold the conversation; the person appeals, somebody else decides with a reason; both sign."""
    assert "직접 본 일" in screen.as_("lee", form_path(found, "lee"))
    screen.as_("kim", form_path(found, "lee"))
    talk = {"on": "2026-10-15", "text": "협상 단계의 어려움과 도움이 될 일을 함께 살폈습니다."}
    screen.fill(talk, "/do/conversation/")
    screen.press("남기기", "/do/conversation/")
    screen.as_("lee", form_path(found, "lee"))
    screen.fill({"kind": "appeals", "text": "인계받은 기회 5건은 이미 멈춰 있었습니다."}, "/do/answer/")
    screen.press("답하기", "/do/answer/")
    assert not screen.driver.find_elements(By.CSS_SELECTOR, "form[action*='/do/sign/']")
    screen.as_("kim", form_path(found, "lee"))
    assert not screen.driver.find_elements(By.CSS_SELECTOR, "form[action*='/do/decide/']")
    screen.as_("leader", form_path(found, "lee"))
    decision = {"is_upheld": "yes", "decision": "인계 시점의 기록이 맞습니다.", "rating-quality": 4}
    screen.fill(decision, "/do/decide/")
    assert "인계 시점의 기록이 맞습니다." in screen.press("결정하기", "/do/decide/")
    form = found.evaluations.get(person_id="lee")
    change = form.calibrations.get(part="quality")
    assert (form.ratings["quality"], change.before, change.after) == (4, 3, 4)
    for reader in ("lee", "kim"):
        assert "인계 시점의 기록이 맞습니다." in screen.as_(reader, form_path(found, "lee"))
        screen.press("서명", "/do/sign/")


def closed_with_a_plan(screen: Screen, found: Round) -> None:
    """Agree on a growth plan of coaching that only the two read; then the form closes."""
    form = found.evaluations.get(person_id="lee")
    overruled(screen, found, "lee", "바뀐 기준 전의 기간은 이전 기준으로 보았습니다.")
    screen.as_("kim", form_path(found, "lee"))
    screen.press("계획 제안하기", "/do/plan/")
    screen.fill({"behaviour_1": "제안 전에 먼저 결정권자를 만난다"})
    screen.press("제안하기")
    plan = Plan.objects.get()
    screen.as_("lee", f"../coaching/plans/{plan.pk}/")
    screen.press("동의하기")
    assert "먼저 결정권자를 만난다" in screen.as_("lee", form_path(found, "lee"))
    page = screen.as_("leader", form_path(found, "lee"))
    assert "먼저 결정권자를 만난다" not in page
    assert "내용은 두 사람만 볼 수 있습니다" in page
    screen.as_("kim", form_path(found, "lee"))
    assert "종료" in screen.press("평가표 마치기", "/do/close/")
    form.refresh_from_db()
    assert form.closed_at is not None
    assert form.results["person_id"] == "lee"
    assert faults(screen.driver) == []


def test_a_whole_round_in_korean(screen: Screen, go: Go, users: dict[str, User]) -> None:
    found = begun(screen, go)
    go(date(2026, 6, 25))
    for person in TAKING:
        screen.as_(person, form_path(found, person))
        screen.press("기준을 읽었습니다")
    changed_midway(screen, go, found)
    go(date(2026, 10, 5))
    for person in TAKING:
        screen.as_(person, form_path(found, person, "self/"))
        screen.fill({"rating-execution": 4, "text-": "약속 12건 중 11건을 지켰습니다."})
        assert "제출했습니다" in screen.press("제출")
    go(date(2026, 10, 12))
    writers = {"kim": users["manager"], "leader": users["leader"], "han": User.objects.get(person_id="han")}
    for person in TAKING:
        seen(found, person, writers[WRITERS[person]])
    guard_reads_along(screen, found)
    for person in TAKING:
        rated(screen, found, person, 5 if person == "park" else 3)
    screen.as_("leader", "")
    round_pages = [f"rounds/{found.pk}/", f"rounds/{found.pk}/calibration/", f"rounds/{found.pk}/criteria/AE/"]
    forms = [form_path(found, "park"), form_path(found, "kim", "draft/")]
    assert too_wide(screen.driver, [f"{screen.url}/evaluation/{page}" for page in ("", *round_pages, *forms)]) == []
    calibrated(screen, go, found)
    appealed(screen, found)
    closed_with_a_plan(screen, found)
    # Refused once on purpose; a request of the guard ends where the next one, or another page, takes its place.
    expected = ("422", "htmx:sendAbort")
    assert [one for one in complaints(screen.driver) if not any(words in one for words in expected)] == []
    assert {
        "round_create", "criteria_publish", "criteria_acknowledge", "criteria_change", "self_submit", "draft_submit",
        "finding_overrule", "calibration_end", "evaluation_open", "conversation_record", "answer_give",
        "appeal_decide", "evaluation_sign", "plan_agree", "evaluation_close",
    } <= set(AuditEntry.objects.values_list("action", flat=True))  # fmt: skip
