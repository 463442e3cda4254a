"""Corrections: counted at once, written once, closed when the CRM agrees or says something else."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.conf import settings
from django.test import Client

from bokgi.apps.access.asking import answers, today
from bokgi.apps.access.models import User
from bokgi.apps.access.permissions import Role, Viewer
from bokgi.apps.data import correcting, pending, services
from bokgi.apps.data.age import data_age
from bokgi.apps.data.models import Correction, CorrectionState, WorkKind
from bokgi.domain.errors import ConflictError, NotFoundError, UsageError
from bokgi.facts.lake import Lake
from bokgi.questions.newest import told_until
from tests.apps.data.conftest import ROWS, Give, deals_file, done, imported
from tests.homes import TODAY

pytestmark = pytest.mark.django_db
AsRole = Callable[[str], Client]
LEADER = Viewer(Role.LEADER)


@pytest.fixture
def facts(give: Give, users: dict[str, User]) -> Give:
    """Import the deals."""
    imported(give(), users["admin"])
    return give


def save(users: dict[str, User], text: str = "350000000", field: str = "amount") -> Correction:
    return correcting.corrections_save(
        deal_id="D-1", given={field: text}, reason="계약서", by=users["leader"], viewer=LEADER
    )[0]


def next_week(give: Give, users: dict[str, User], amount: str) -> None:
    row = ROWS[0].replace("320,000,000", amount)
    imported(give(deals_file(row, *ROWS[2:], name="영업기회_20991201.csv")), users["admin"])


def listed() -> list[str | None]:
    return [one.value for one in correcting.corrections_open(LEADER)]


def undone(import_no: int, users: dict[str, User]) -> None:
    done(services.work_ask(kind=WorkKind.UNDO, import_no=import_no, by=users["admin"]))


def last_import() -> int:
    return max(one.import_no for one in Lake.open(settings.HOME).imports() if one.committed)


def test_a_correction_is_written_and_counts(facts: Give, users: dict[str, User]) -> None:
    saved = save(users)
    assert (saved.seen, saved.value) == ("320000000", "350000000")
    assert correcting.deal_now("D-1")["amount"] == "320000000"
    assert pending.write_pending() == 1
    assert correcting.deal_now("D-1")["amount"] == "350000000"
    saved.refresh_from_db()
    assert saved.state == CorrectionState.WRITTEN
    assert pending.write_pending() == 0
    del facts


@pytest.mark.usefixtures("facts")
def test_a_correction_makes_no_other_deal_newer(users: dict[str, User]) -> None:
    def seen() -> object:
        return data_age(settings.HOME, today=TODAY, zone="Asia/Seoul"), told_until(answers().facts())

    before = seen()
    save(users)
    assert pending.write_pending() == 1
    assert seen() == before


def test_what_was_written_before_the_worker_died_is_not_written_twice(facts: Give, users: dict[str, User]) -> None:
    saved = save(users)
    pending.write_pending()
    saved.refresh_from_db()
    number = saved.import_no
    Correction.objects.update(state=CorrectionState.PENDING, import_no=None)
    pending.write_pending()
    saved.refresh_from_db()
    assert saved.import_no == number
    del facts


@pytest.mark.parametrize(("amount", "stands"), [("320,000,000", True), ("350,000,000", False), ("100,000,000", False)])
def test_it_is_listed_until_the_crm_shows_another_value_and_again_after_an_undo(
    facts: Give, users: dict[str, User], amount: str, *, stands: bool
) -> None:
    save(users)
    pending.write_pending()
    next_week(facts, users, amount)
    assert listed() == (["350000000"] if stands else [])
    undone(last_import(), users)
    assert listed() == ["350000000"]
    assert correcting.deal_now("D-1")["amount"] == "350000000"
    next_week(facts, users, amount)
    assert listed() == (["350000000"] if stands else [])


def test_an_undo_of_the_second_of_three_imports(facts: Give, users: dict[str, User]) -> None:
    """The third import is judged again without the second, and says of the correction what it says by itself."""
    save(users)
    pending.write_pending()
    second = last_import() + 1
    agreed = ROWS[0].replace("320,000,000", "350,000,000")
    imported(facts(deals_file(agreed, *ROWS[2:], name="영업기회_20991201.csv")), users["admin"])
    assert listed() == []
    # The third file says nothing of the amount, which the second one had agreed with.
    imported(facts(deals_file(*ROWS[2:], name="영업기회_20991208.csv")), users["admin"])
    assert listed() == []
    undone(second, users)
    assert listed() == ["350000000"]
    imported(facts(deals_file(agreed, *ROWS[2:], name="영업기회_20991201.csv")), users["admin"])
    assert listed() == []


def test_a_corrected_deal_goes_with_its_import_and_comes_back_with_it(facts: Give, users: dict[str, User]) -> None:
    new = "D-9,새 기회,미르전자,최유나,50000000,제안,2026-11-20,2026-12-19,"
    imported(facts(deals_file(*ROWS, new, name="영업기회_20261125.csv")), users["admin"])
    given = {"amount": "60000000"}
    correcting.corrections_save(deal_id="D-9", given=given, reason="", by=users["leader"], viewer=LEADER)
    save(users)
    pending.write_pending()
    undone(last_import() - 1, users)
    with pytest.raises(NotFoundError):
        correcting.deal_now("D-9")
    assert (listed(), correcting.deal_now("D-1")["amount"]) == (["350000000"], "350000000")
    imported(facts(deals_file(*ROWS, new.replace("제안", "니즈 진단"), name="영업기회_20261125.csv")), users["admin"])
    assert sorted(filter(None, listed())) == ["350000000", "60000000"]
    now = correcting.deal_now("D-9")
    assert (now["amount"], now["stage"]) == ("60000000", "니즈 진단")


def test_an_undo_of_the_correction_itself_takes_it_off_the_list(facts: Give, users: dict[str, User]) -> None:
    save(users)
    pending.write_pending()
    undone(last_import(), users)
    assert (listed(), correcting.deal_now("D-1")["amount"]) == ([], "320000000")
    del facts


def test_a_later_correction_replaces_a_pending_one_and_a_pending_one_can_be_taken_back(
    facts: Give, users: dict[str, User]
) -> None:
    first, second = save(users), save(users, "360000000")
    first.refresh_from_db()
    assert first.state == CorrectionState.TAKEN_BACK
    correcting.correction_take_back(correction=second, by=users["leader"])
    assert pending.write_pending() == 0
    third = save(users)
    pending.write_pending()
    correcting.correction_take_back(correction=third, by=users["leader"])
    assert pending.write_pending() == 1
    assert correcting.deal_now("D-1")["amount"] == "320000000"
    assert correcting.corrections_open(LEADER) == []
    with pytest.raises(ConflictError):
        correcting.correction_take_back(correction=third, by=users["leader"])
    del facts


@pytest.mark.parametrize(
    ("field", "text"),
    [
        ("amount", "a lot"),
        ("amount", "NaN"),
        ("expected_close_on", "tomorrow"),
        ("deal_id", "x"),
        ("amount", "320000000"),
    ],
)
def test_what_is_no_correction_is_refused(facts: Give, users: dict[str, User], field: str, text: str) -> None:
    with pytest.raises(UsageError):
        save(users, text, field)
    del facts


def test_nobody_corrects_what_they_may_not_see(facts: Give, users: dict[str, User], as_role: AsRole) -> None:
    with pytest.raises(NotFoundError):
        correcting.corrections_save(
            deal_id="D-1", given={"amount": "1"}, reason="", by=users["rep"], viewer=Viewer(Role.REP, "lee")
        )
    refused = as_role("rep").post("/data/corrections/", {"deal_id": "D-1", "field": "amount", "value": "1"})
    assert refused.status_code == 422
    save(users)
    assert "350000000" not in as_role("rep").get("/data/corrections/").content.decode()
    assert as_role("viewer").get("/data/corrections/").status_code == 403
    del facts


def test_a_leader_corrects_by_the_page(facts: Give, as_role: AsRole) -> None:
    client = as_role("leader")
    given = {"deal_id": "D-1", "field": "expected_close_on", "value": "2027-01-15"}
    assert client.post("/data/corrections/", given).status_code == 302
    page = client.get("/data/corrections/").content.decode()
    assert "2027-01-15" in page
    assert "1분 안에 반영" in page
    key = Correction.objects.get().pk
    client.post(f"/data/corrections/{key}/take-back/")
    ended = {"deal_id": "D-1", "field": "outcome", "value": "끝남"}
    assert "진행 중, 수주, 실주" in client.post("/data/corrections/", ended).content.decode()
    assert client.post("/data/corrections/", ended | {"value": "실주"}).status_code == 302
    # Without a day it would count in no period.
    assert Correction.objects.get(field="closed_on").value == today().isoformat()
    page = client.get("/data/corrections/").content.decode()
    assert "2027-01-15" not in page
    assert ">open<" not in page
    assert ">진행 중<" in page
    del facts
