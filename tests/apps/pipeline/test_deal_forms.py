"""A deal is corrected, closed and entered on its page: shown at once, in the facts within a minute, taken back."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from html import unescape
from pathlib import Path
from typing import Protocol

import pytest
from django.test import Client
from django.urls import reverse
from ibis import _
from pytest_django import Settings

from bokgi.apps.access.asking import answers
from bokgi.apps.data.models import Correction, EnteredDeal
from bokgi.apps.data.pending import write_pending
from bokgi.apps.data.standing import standing
from bokgi.domain.money import Money
from bokgi.facts.lake import Lake
from bokgi.ui.format import money
from tests import homes

AsRole = Callable[[str], Client]


class Answer(Protocol):
    """What a client gives."""

    @property
    def content(self) -> bytes:
        """The page."""

    def __getitem__(self, header: str) -> str:
        """Give a header."""

    @property
    def status_code(self) -> int:
        """The code."""


pytestmark = pytest.mark.usefixtures("own_home", "english")


@pytest.fixture
def own_home(tmp_path: Path, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Write a home that a test may write into, on its day; each look at the clock is a second later."""
    settings.HOME = homes.write_home(tmp_path / "home")
    monkeypatch.setenv("BOKGI_TODAY", homes.TODAY.isoformat())
    began, seconds = datetime.combine(homes.TODAY, time(3), UTC), itertools.count()
    monkeypatch.setattr("django.utils.timezone.now", lambda: began + timedelta(seconds=next(seconds)))
    return tmp_path / "home"


def won(amount: int) -> str:
    """Write an amount as a page has it."""
    return money(Money(Decimal(amount), "KRW"), "en")


def text(answer: Answer) -> str:
    return re.sub(r"\s+", " ", unescape(answer.content.decode()))


def page(client: Client, address: str) -> str:
    answer = client.get(address)
    assert answer.status_code == 200, (address, answer.status_code)
    return text(answer)


def open_deal(person: str = "lee") -> str:
    """Give the key of an open deal of a person."""
    deals = answers().facts().deals.filter((_.owner_id == person) & (_.outcome == "open")).order_by("deal_id")
    return str(deals.select("deal_id").limit(1).to_pyarrow()["deal_id"][0].as_py())


def row(deal_id: str) -> dict[str, object]:
    found: list[dict[str, object]] = answers().facts().deals.filter(_.deal_id == deal_id).to_pyarrow().to_pylist()
    return found[0]


def test_an_amount_is_corrected_in_one_step_and_shown_at_once(as_role: AsRole) -> None:
    rep, deal_id = as_role("rep"), open_deal()
    assert 'name="amount"' in page(rep, f"/deals/{deal_id}/?edit=amount")
    saved = rep.post(f"/deals/{deal_id}/correct/", {"edit": "amount", "amount": "2억 5천만", "reason": "계약서"})
    assert saved["Location"] == f"/deals/{deal_id}/"
    shown = page(rep, f"/deals/{deal_id}/")
    assert won(250_000_000) in shown
    assert "counts within a minute" in shown
    assert write_pending() == 1
    assert row(deal_id)["amount"] == 250_000_000
    shown = page(rep, f"/deals/{deal_id}/")
    assert won(250_000_000) in shown
    assert "the CRM shows" in shown
    key = Correction.objects.get().pk
    rep.post(f"/data/corrections/{key}/take-back/", {"next": f"/deals/{deal_id}/"})
    write_pending()
    assert "the CRM shows" not in page(rep, f"/deals/{deal_id}/")
    assert row(deal_id)["amount"] == homes.amount("lee", int(deal_id.split("-")[1]))


@pytest.mark.parametrize(
    ("edit", "given", "column", "value"),
    [
        ("expected_close_on", "2026-12-24", "expected_close_on", date(2026, 12, 24)),
        ("stage", "negotiation", "stage", "negotiation"),
        ("forecast_category", "commit", "forecast_category", "commit"),
    ],
)
def test_other_values_are_corrected_as_well(as_role: AsRole, edit: str, given: str, column: str, value: object) -> None:
    deal_id = open_deal()
    saved = as_role("rep").post(f"/deals/{deal_id}/correct/", {"edit": edit, edit: given})
    assert saved.status_code == 302
    write_pending()
    assert row(deal_id)[column] == value
    if edit == "stage":
        events = answers().facts().stage_events.filter((_.deal_id == deal_id) & (_.origin == "entered"))
        assert events.select("stage").to_pyarrow().to_pylist() == [{"stage": "negotiation"}]


def test_the_next_step_is_words_and_a_day(as_role: AsRole) -> None:
    rep, deal_id = as_role("rep"), open_deal()
    given = {"edit": "next_step", "next_step": "견적서 보내기", "next_step_on": "2026-11-30"}
    assert rep.post(f"/deals/{deal_id}/correct/", given).status_code == 302
    assert "견적서 보내기" in page(rep, f"/deals/{deal_id}/")
    write_pending()
    shown = page(rep, f"/deals/{deal_id}/")
    assert "견적서 보내기 · " in shown
    assert row(deal_id)["has_next_step"] is True
    assert "no next step" not in shown


@pytest.mark.parametrize(
    ("edit", "given", "said"),
    [
        ("amount", "a lot", "250만"),
        ("amount", "-5", "does not fit"),
        ("expected_close_on", "tomorrow", "2026-11-24"),
        ("stage", "won?", "Stages:"),
        ("expected_close_on", "9999-01-01", "between 1990 and 2100"),
    ],
)
def test_what_does_not_fit_is_refused_with_a_reason_and_kept_in_the_form(
    as_role: AsRole, edit: str, given: str, said: str
) -> None:
    answer = as_role("rep").post(f"/deals/{open_deal()}/correct/", {"edit": edit, edit: given})
    assert answer.status_code == 422
    assert said in text(answer)
    if edit != "expected_close_on":
        assert f'value="{given}"' in text(answer)
    assert not Correction.objects.exists()


def test_the_owner_is_corrected_by_who_leads(as_role: AsRole) -> None:
    deal_id = open_deal()
    assert 'name="owner_id"' not in page(as_role("rep"), f"/deals/{deal_id}/?edit=owner_id")
    refused = as_role("rep").post(f"/deals/{deal_id}/correct/", {"edit": "owner_id", "owner_id": "park"})
    assert refused.status_code == 400
    stranger = as_role("manager").post(f"/deals/{deal_id}/correct/", {"edit": "owner_id", "owner_id": "seo"})
    assert stranger.status_code == 422
    assert (
        as_role("manager").post(f"/deals/{deal_id}/correct/", {"edit": "owner_id", "owner_id": "park"}).status_code
        == 302
    )
    write_pending()
    assert row(deal_id)["owner_id"] == "park"


@pytest.mark.parametrize("what", ["correct", "close"])
def test_nobody_corrects_a_deal_of_somebody_else(as_role: AsRole, what: str) -> None:
    theirs = open_deal("seo")
    given = {"edit": "amount", "amount": "1", "outcome": "won"}
    assert as_role("rep").post(f"/deals/{theirs}/{what}/", given).status_code == 404
    assert as_role("viewer").post(f"/deals/{theirs}/{what}/", given).status_code == 403
    assert not Correction.objects.exists()


def test_a_deal_is_closed_with_a_reason_and_stands_in_the_stage_that_says_so(as_role: AsRole) -> None:
    rep, deal_id = as_role("rep"), open_deal()
    address = f"/deals/{deal_id}/close/"
    without = rep.post(address, {"outcome": "lost", "closed_on": "2026-11-23"})
    assert without.status_code == 422
    assert "Say why" in text(without)
    assert rep.post(address, {"outcome": "lost", "closed_on": "2026-12-01", "lost_reason": "가격"}).status_code == 422
    assert rep.post(address, {"outcome": "lost", "closed_on": "2026-11-23", "lost_reason": "가격"}).status_code == 302
    write_pending()
    now = row(deal_id)
    assert (now["outcome"], now["closed_on"], now["lost_reason"], now["stage"]) == (
        "lost",
        date(2026, 11, 23),
        "가격",
        "lost",
    )


def test_the_form_of_closing_asks_for_the_day_that_it_closed(as_role: AsRole) -> None:
    page = as_role("rep").get(f"/deals/{open_deal()}/?edit=close").content.decode()
    (field,) = re.findall(r'<div class="field">(?:(?!</div>).)*name="closed_on".*?</div>', page, re.DOTALL)
    assert "Closed on" in field
    assert "required" in field
    assert "optional" not in field


def test_a_correction_of_a_correction_still_knows_what_the_crm_shows(as_role: AsRole) -> None:
    rep, deal_id = as_role("rep"), open_deal()
    for amount in ("100", "200"):
        rep.post(f"/deals/{deal_id}/correct/", {"edit": "amount", "amount": amount})
        write_pending()
    last = Correction.objects.first()
    assert last is not None
    assert (last.seen, last.value) == (str(homes.amount("lee", int(deal_id.split("-")[1]))), "200")
    assert standing() == [last]


def enter(client: Client, **more: str) -> Answer:
    given = {"account": "새별전자", "name": "설비 예측", "stage": "qualified", "amount": "3천만"} | more
    return client.post("/deals/new/", given)


def test_a_deal_is_entered_shown_at_once_and_written_once(as_role: AsRole, own_home: Path) -> None:
    rep = as_role("rep")
    assert 'name="account"' in page(rep, "/deals/new/")
    made = enter(rep, next_step="첫 미팅", next_step_on="2026-11-27", expected_close_on="2027-02-01")
    deal_id = EnteredDeal.objects.get().deal_id
    assert made["Location"] == f"/deals/{deal_id}/"
    assert won(30_000_000) in page(rep, f"/deals/{deal_id}/")
    for part in (f"/reviews/commitments/on/{deal_id}/", reverse("reviews:alike", args=[deal_id])):
        assert "is being written" in page(rep, part)
        assert rep.get(part.replace(deal_id, "entered-0")).status_code == 404
    assert "새별전자" in page(rep, "/deals/")
    assert "새별전자" not in page(as_role("manager"), f"/deals/?find={homes.deal_name('park', 1)}").replace(
        "새별전자 설비 예측", ""
    )
    before = len(Lake.open(own_home).imports())
    assert write_pending() == 1
    assert write_pending() == 0
    assert len(Lake.open(own_home).imports()) == before + 1
    now = row(deal_id)
    assert (now["owner_id"], now["stage"], now["amount"], now["currency"]) == ("lee", "qualified", 30_000_000, "KRW")
    shown = page(rep, f"/deals/{deal_id}/")
    assert "새별전자 설비 예측" in shown
    assert "첫 미팅" in shown
    rep.post(f"/deals/{deal_id}/correct/", {"edit": "stage", "stage": "proposal"})
    write_pending()
    assert row(deal_id)["stage"] == "proposal"
    assert EnteredDeal.objects.get().account == ""


@pytest.mark.parametrize(
    "more", [{"account": " "}, {"stage": "won"}, {"stage": "nowhere"}, {"amount": "many"}, {"owner_id": "park"}]
)
def test_what_is_no_deal_is_refused(as_role: AsRole, more: dict[str, str]) -> None:
    assert enter(as_role("rep"), **more).status_code == 422
    assert not EnteredDeal.objects.exists()


def test_an_entered_deal_can_be_taken_back_until_it_is_written(as_role: AsRole) -> None:
    enter(as_role("rep"))
    deal_id = EnteredDeal.objects.get().deal_id
    assert as_role("leader").get(f"/deals/{deal_id}/").status_code == 200
    as_role("rep").post(f"/deals/{deal_id}/take-back/")
    assert write_pending() == 0
    assert as_role("rep").get(f"/deals/{deal_id}/").status_code == 404
    enter(as_role("rep"))
    write_pending()
    written = EnteredDeal.objects.first()
    assert written is not None
    assert as_role("rep").post(f"/deals/{written.deal_id}/take-back/").status_code == 409
    assert as_role("rep").post("/deals/entered-0/take-back/").status_code == 404


def test_a_team_without_a_crm_begins_with_a_first_ladder(as_role: AsRole, tmp_path: Path, settings: Settings) -> None:
    settings.HOME = tmp_path / "empty"
    leader = as_role("leader")
    assert "협상" in page(leader, "/deals/new/")
    assert enter(leader, stage="proposal").status_code == 302
    assert write_pending() == 1
    deal_id = EnteredDeal.objects.get().deal_id
    assert row(deal_id)["stage"] == "proposal"
    assert "새별전자" in page(leader, f"/deals/{deal_id}/")
    facts = answers().facts()
    assert facts.stages.count().to_pyarrow().as_py() == 7
    assert facts.calendar.count().to_pyarrow().as_py() > 365


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ("3억 2천", "320,000,000 KRW"),
        ("2억 5천만", "250,000,000 KRW"),
        ("1,500", "1,500 KRW"),
        ("", "2500000"),
    ],
)
@pytest.mark.usefixtures("home", "english")
def test_a_typed_amount_is_read_back(as_role: AsRole, typed: str, words: str) -> None:
    answer = as_role("rep").get("/deals/new/amount/", {"amount": typed})
    assert words in answer.content.decode()
    wrong = as_role("rep").get("/deals/new/amount/", {"amount": "<b>many"})
    assert wrong.status_code == 200
    assert "<b>" not in wrong.content.decode()
    assert as_role("viewer").get("/deals/new/amount/").status_code == 403
