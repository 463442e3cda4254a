"""What follows a review, in browsers: its minutes, the export of the next week, the check, the page of the past."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path

from pypdf import PdfReader
from pytest_django.live_server_helper import LiveServer
from selenium.webdriver import Chrome
from selenium.webdriver.common.by import By

from bokgi.apps.access.models import User
from bokgi.apps.reviews import tasks
from bokgi.apps.reviews.keeping.tasks import check_commitments
from bokgi.apps.reviews.models import Commitment, Meeting
from bokgi.apps.reviews.telling.tasks import send_minutes
from tests import homes
from tests.apps.conftest import Caught, parts_of
from tests.apps.reviews.meeting.conftest import SignedIn
from tests.ui.browser import press, text, until, waiting

DEALS = f"""기회 ID,영업기회명,고객사,담당자,예상금액(원),진행단계,최초등록일,종료예정일,종료일
lee-1,{homes.deal_name("lee", 1)},,이준호,{homes.amount("lee", 1)},won,2026-07-04,2026-11-29,2026-08-13
lee-12,{homes.deal_name("lee", 12)},,이준호,{homes.amount("lee", 12)},qualified,2026-09-19,2026-12-31,
park-12,{homes.deal_name("park", 12)},,박민서,{homes.amount("park", 12)},prospecting,2026-09-19,2026-12-31,
choi-20,온누리 관제 도입,,최하나,88000000,prospecting,2026-12-01,2027-02-26,
choi-21,온누리 검수 도입,,최하나,54000000,prospecting,2026-12-02,2027-03-05,
"""
STAGES = """영업기회 ID,단계,진입일시,변경자
lee-12,qualified,2026-12-01 10:00:00,이준호
"""


def minutes_told(mails: Caught, team: dict[str, User], signed_in: SignedIn, meeting: Meeting) -> None:
    send_minutes.func()
    to = {str(found["To"]): parts_of(found) for found in mails.mails}
    assert set(to) == {team[who].email for who in ("leader", "manager", "rep", "park", "choi")}
    rep = to[team["rep"].email]
    body = rep["text/plain"].decode()
    assert body.index("내가 하기로 한 일") < body.index("심사본부장과 합의") < body.index("다른 사람이 하기로 한 일")
    assert "박민서: 계약서에 서명받기" in body
    by_page = signed_in(team["rep"]).get(f"/reviews/{meeting.pk}/minutes.pdf").content
    for given in (rep["application/pdf"], by_page):
        paper = "".join(page.extract_text() for page in PdfReader(BytesIO(given)).pages)
        assert "말을 조금 천천히" not in paper
        assert homes.deal_name("park", 12) not in paper
    assert "검증 기준을 심사본부장과 합의" in rep["text/calendar"].decode().replace("\r\n ", "")
    assert not any("말을 조금 천천히".encode() in part for one in to.values() for part in one.values())
    User.objects.update(language="ko")


def imported(leader: Chrome, live_server: LiveServer, folder: Path) -> str:
    """Import the export of next week; give the page of the import."""
    files = [folder / "영업기회_20261203.csv", folder / "단계이력_20261203.csv"]
    for path, rows in zip(files, (DEALS, STAGES), strict=True):
        path.write_text(rows, encoding="utf-8")
    leader.get(f"{live_server.url}/data/upload/")
    leader.find_element(By.ID, "files").send_keys("\n".join(map(str, files)))
    for step in ("try", "import"):
        press(leader, f'button[name="then"][value="{step}"]')
    until(leader, "반영되었습니다")
    return str(leader.find_element(By.CSS_SELECTOR, '.strip a[href^="/data/imports/"]').get_attribute("href"))


def checked_a_week_later(windows: dict[str, Chrome], live_server: LiveServer, before: Meeting) -> Meeting:
    tasks.advance_meetings.func()
    check_commitments.func()
    following = Meeting.objects.exclude(pk=before.pk).get()
    assert (following.on.isoformat(), following.week) == ("2026-12-04", "2026-W49")
    rep, leader = windows["rep"], windows["leader"]
    rep.get(f"{live_server.url}/reviews/{following.pk}/prepare/")
    until(rep, "데이터로 보면 지킴")
    press(rep, 'form.say input[value="kept"]')
    press(rep, "form.say .btn")
    leader.get(f"{live_server.url}/reviews/{following.pk}/")
    press(leader, f'form[action="/reviews/{following.pk}/open/"] .btn')
    until(leader, "지난번 약속")
    said = [one.text for one in leader.find_elements(By.CSS_SELECTOR, ".meet-main .commit")]
    lee, park, choi = (next(text for text in said if what in text) for what in ("합의", "서명", "새 기회"))
    assert "데이터로 보면 지킴" in lee
    assert "12월 1일 검증 단계로 넘어갔습니다" in lee
    assert "지켰다고 함" in lee
    assert "데이터로 보면 못 지킴" in park
    assert "발굴 단계에 있" in park
    assert "데이터로 보면 지킴" in choi
    assert "회의 뒤 5일 동안 새 기회 2건" in choi
    figure = Commitment.objects.get(person_id="choi").checked
    assert figure is not None
    assert (figure["figure"]["before"], round(figure["figure"]["after"], 6)) == (0, 2.8)
    press(leader, '[data-opens="close-meeting"]')
    press(leader, "#close-meeting .btn-primary")
    waiting(leader).until(lambda seen: seen.current_url.endswith("/past/"))
    return following


def past_as_it_was(
    leader: Chrome, live_server: LiveServer, meeting: Meeting, following: Meeting, kept: str, page_of_import: str
) -> None:
    """Open past meetings after the later import, and after it was taken back."""
    kept_after = text(leader, ".is-record")
    assert "데이터로 보면 지킴" in kept_after
    leader.get(f"{live_server.url}/reviews/{meeting.pk}/past/")
    until(leader, "그 뒤 가져오기 1건이 있었습니다")
    assert text(leader, ".is-record") == kept
    leader.get(page_of_import)
    press(leader, '[data-opens="undo"]')
    press(leader, "#undo .btn-danger")
    until(leader, "되돌린 가져오기입니다")
    check_commitments.func()
    assert set(Commitment.objects.values_list("verdict", flat=True)) == {"cannot_tell"}
    for one, page, word in (
        (meeting, kept, "있었으나 되돌렸습니다"),
        (following, kept_after, "그 뒤 가져오기 1건을 되돌렸습니다"),
    ):
        leader.get(f"{live_server.url}/reviews/{one.pk}/past/")
        until(leader, word)
        assert text(leader, ".is-record") == page
