"""Corrections: counted at once, written once, closed when the CRM agrees or says something else."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client

from bokgi.apps.access.models import User
from bokgi.apps.access.permissions import Role, Viewer
from bokgi.apps.data import correcting, pending
from bokgi.apps.data.models import Correction, CorrectionState
from bokgi.domain.errors import ConflictError, NotFoundError, UsageError
from tests.apps.data.conftest import ROWS, Give, deals_file, imported

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
    pending.corrections_close()


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


@pytest.mark.parametrize(
    ("amount", "state"),
    [
        ("320,000,000", CorrectionState.WRITTEN),
        ("350,000,000", CorrectionState.AGREED),
        ("100,000,000", CorrectionState.OVERTAKEN),
    ],
)
def test_it_is_listed_until_the_crm_shows_another_value(
    facts: Give, users: dict[str, User], amount: str, state: CorrectionState
) -> None:
    saved = save(users)
    pending.write_pending()
    next_week(facts, users, amount)
    saved.refresh_from_db()
    assert saved.state == state
    assert bool(correcting.corrections_open(LEADER)) is (state == CorrectionState.WRITTEN)


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
    assert "2027-01-15" not in client.get("/data/corrections/").content.decode()
    del facts
