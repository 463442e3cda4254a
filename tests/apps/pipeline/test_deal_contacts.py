"""Who takes part in a deal is corrected on its page: shown at once, in the facts within a minute, taken back."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from django.test import Client
from django.utils import timezone

from bokgi.apps.access.asking import answers
from bokgi.apps.access.erasing import person_erase
from bokgi.apps.data.models import Correction, CorrectionState, EnteredContact
from bokgi.apps.data.pending import write_pending
from bokgi.apps.data.standing import standing
from bokgi.apps.data.tasks import write_corrections
from bokgi.facts.erasure import erase, traces_of
from bokgi.facts.lake import Lake
from bokgi.facts.ledger import Entry
from bokgi.questions.deal_contacts import contacts_of
from tests.apps.pipeline.test_deal_forms import open_deal, own_home, page
from tests.cast import rows_of

AsRole = Callable[[str], Client]
pytestmark = pytest.mark.usefixtures("own_home", "english")
__all__ = ["own_home"]

NAME = "정다은"


@pytest.fixture
def deal(own_home: Path) -> str:
    """Give the key of a deal in which the CRM shows one contact; another one of the customer takes no part."""
    deal_id = open_deal()
    tables = {
        "contacts": "contact_id | title\nC1 | 팀장",
        "identities": "kind | key | source | source_key | name\ncontact | C1 | crm | C1 | 윤아라",
        "deal_contacts": f"deal_id | contact_id | role\n{deal_id} | C1 | user",
    }
    moment = datetime(2026, 11, 23, 20, tzinfo=UTC)
    with Lake.open(own_home).begin() as given:
        for name, text in tables.items():
            given.write(name, rows_of(name, text).drop_columns(["import_no"]))
        given.commit(Entry(kind="file", source="crm", by="tests", at=moment, exported_at=moment))
    return deal_id


def pairs(deal_id: str) -> set[tuple[str, str | None]]:
    """Give who takes part according to the facts, with the role."""
    return {(who["name"], who["role"]) for who in contacts_of(answers().facts(), [deal_id]).get(deal_id, [])}


def test_a_role_and_somebody_new_are_entered_in_one_step(as_role: AsRole, deal: str) -> None:
    rep = as_role("rep")
    assert 'value="user"' in page(rep, f"/deals/{deal}/?edit=contacts")
    sent = {"edit": "contacts", "contact": "C1", "role": "decider", "was-role": "user", "reason": "통화"}
    sent |= {"new-name": f" {NAME} ", "new-title": "부장", "new-role": "buyer"}
    assert rep.post(f"/deals/{deal}/correct/", sent)["Location"] == f"/deals/{deal}/"
    shown = page(rep, f"/deals/{deal}/")
    assert NAME in shown
    assert "counts within a minute" in shown
    assert pairs(deal) == {("윤아라", "user")}
    assert write_pending() == 2
    assert pairs(deal) == {("윤아라", "decider"), (NAME, "buyer")}
    listed = page(rep, "/data/corrections/")
    assert f"Contact {NAME}" in listed
    assert "takes no part" in listed
    assert EnteredContact.objects.get().name == ""
    # The same name again is the same person, not a second one.
    rep.post(f"/deals/{deal}/correct/", {"edit": "contacts", "new-name": "정 다은", "new-role": "decider"})
    write_pending()
    assert pairs(deal) == {("윤아라", "decider"), (NAME, "decider")}


def test_who_left_is_taken_out_and_brought_back(as_role: AsRole, deal: str) -> None:
    rep = as_role("rep")
    sent = {"edit": "contacts", "contact": "C1", "role": "user", "was-role": "user", "left": "C1"}
    rep.post(f"/deals/{deal}/correct/", sent)
    assert "takes no part; counts within a minute" in page(rep, f"/deals/{deal}/")
    write_pending()
    assert pairs(deal) == set()
    key = Correction.objects.get().pk
    rep.post(f"/data/corrections/{key}/take-back/", {"next": f"/deals/{deal}/"})
    write_pending()
    assert pairs(deal) == {("윤아라", "user")}
    assert standing() == []


def test_somebody_entered_and_taken_back_at_once_never_was(as_role: AsRole, deal: str) -> None:
    rep = as_role("rep")
    rep.post(f"/deals/{deal}/correct/", {"edit": "contacts", "new-name": NAME})
    rep.post(f"/data/corrections/{Correction.objects.get().pk}/take-back/")
    assert NAME not in page(rep, f"/deals/{deal}/")
    assert EnteredContact.objects.get().name == ""
    assert write_pending() == 0


def test_the_crms_own_without_a_role_takes_the_role_over(as_role: AsRole, own_home: Path, deal: str) -> None:
    rep = as_role("rep")
    rep.post(f"/deals/{deal}/correct/", {"edit": "contacts", "new-name": NAME, "new-role": "buyer"})
    write_pending()
    entered = Correction.objects.get()
    # What an import of the CRM writes when it meets somebody of the name, see tests/intake/test_entered_contacts.py.
    tables = {
        "contacts": "contact_id\nC7",
        "identities": f"kind | key | source | source_key | name\ncontact | C7 | crm | C7 | {NAME}",
    }
    moment = timezone.now()
    with Lake.open(own_home).begin() as given:
        for name, text in tables.items():
            given.write(name, rows_of(name, text).drop_columns(["import_no"]))
        pair = (
            f"deal_id | contact_id | involved\n{deal} | C7 |\n{deal} | {entered.field.removeprefix('contact:')} | false"
        )
        given.write("deal_contacts", rows_of("deal_contacts", pair).drop_columns(["import_no"]))
        head = "deal_id | field | seq | old | changed_on | origin"
        change = f"{head}\n{deal} | {entered.field} | 1 | buyer | 2026-11-24 | entered"
        closed = rows_of("deal_changes", change).drop_columns(["import_no"])
        closed = closed.set_column(closed.column_names.index("new"), "new", [[""]])
        given.write("deal_changes", closed)
        given.commit(Entry(kind="file", source="crm", by="tests", at=moment, exported_at=moment))
    rep.post(f"/deals/{deal}/correct/", {"edit": "contacts", "contact": "C1", "role": "x", "was-role": "user"})
    write_corrections.call()
    assert pairs(deal) == {("윤아라", "x"), (NAME, "buyer")}
    assert entered not in standing()
    assert Correction.objects.get(field="contact:C7").state == CorrectionState.WRITTEN


@pytest.mark.parametrize(
    "sent",
    [
        {"new-title": "부장"},
        {"contact": "C9", "role": "x", "was-role": ""},
        {"left": "C9"},
        {},
    ],
)
def test_what_is_no_correction_is_refused_beside_the_form(as_role: AsRole, deal: str, sent: dict[str, str]) -> None:
    answer = as_role("rep").post(f"/deals/{deal}/correct/", {"edit": "contacts", **sent})
    assert answer.status_code == 422
    assert 'name="new-name"' in answer.content.decode()
    assert not Correction.objects.exists()


def test_nobody_corrects_contacts_of_others_deals(as_role: AsRole, deal: str) -> None:
    del deal
    other = open_deal("seo")
    sent = {"edit": "contacts", "new-name": NAME}
    assert as_role("rep").post(f"/deals/{other}/correct/", sent).status_code == 404
    assert as_role("viewer").post(f"/deals/{other}/correct/", sent).status_code == 403
    assert not EnteredContact.objects.exists()


def test_an_erasure_reaches_somebody_entered_and_the_crms_own_of_that_name(
    as_role: AsRole, own_home: Path, deal: str
) -> None:
    rep = as_role("rep")
    rep.post(f"/deals/{deal}/correct/", {"edit": "contacts", "new-name": "윤 아라", "new-role": "buyer"})
    assert Correction.objects.get().field == "contact:C1"
    rep.post(f"/deals/{deal}/correct/", {"edit": "contacts", "new-name": NAME, "new-role": f"{NAME} 대신"})
    waiting = EnteredContact.objects.get()
    person_erase(person_id="", words=[NAME], label="contact-9")
    waiting.refresh_from_db()
    assert waiting.name == "contact-9"
    assert NAME not in str(list(Correction.objects.values()))
    rep.post(f"/deals/{deal}/correct/", {"edit": "contacts", "new-name": NAME, "new-role": "buyer"})
    write_pending()
    key = Correction.objects.filter(value="buyer", state=CorrectionState.WRITTEN).first()
    assert key is not None
    contact = key.field.removeprefix("contact:")
    lake, moment = Lake.open(own_home), timezone.now()
    rows = {
        "identities": f"kind | key | source | source_key | name\ncontact | C7 | crm | C7 | {NAME}",
        "deal_contacts": f"deal_id | contact_id\n{deal} | C7",
    }
    with lake.begin() as given:
        for name, text in rows.items():
            given.write(name, rows_of(name, text).drop_columns(["import_no"]))
        given.commit(Entry(kind="file", source="crm", by="tests", at=moment, exported_at=moment))
    assert set(traces_of(lake, "contact", "C7")[0]) == {"C7", contact}
    erase(lake, "contact", "C7", by="test", at=moment + timedelta(hours=1))
    found = [path for path in own_home.rglob("*") if path.is_file() and NAME.encode() in path.read_bytes()]
    assert found == []


def test_a_past_day_shows_what_was_known_then_and_nothing_of_today(as_role: AsRole, deal: str) -> None:
    rep = as_role("rep")
    rep.post(f"/deals/{deal}/correct/", {"edit": "contacts", "contact": "C1", "role": "decider", "was-role": "user"})
    assert "decider" in page(rep, f"/deals/{deal}/")
    before = page(as_role("leader"), f"/deals/{deal}/?as_of=2026-11-22")
    assert "윤아라" not in before
    assert "decider" not in before
    assert "Who took part then is not known; the data tell it from Nov 24 on." in before.replace("\xa0", " ")
