"""The editors: what a change would do is shown, it is written as an import, figures follow from its day, undo."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from html import unescape
from pathlib import Path
from typing import Any
from urllib.parse import unquote_plus, urlencode

import pytest
from django.test import Client

from bokgi.apps.access.models import AuditEntry
from bokgi.apps.data.age import data_age
from bokgi.domain.period import Period
from bokgi.facts.lake import Lake
from bokgi.intake.entering import enter
from bokgi.intake.undoing import undo_import
from bokgi.intake.writing.home import days as home_days
from bokgi.questions.answers import Answers
from bokgi.questions.forecast import ask_forecast
from bokgi.questions.roster import ask_roster
from bokgi.questions.working_calendar import ask_working_calendar
from tests.homes import PEOPLE, TODAY

AsRole = Callable[[str], Client]
pytestmark = pytest.mark.usefixtures("own_home", "english")
TARGET = {
    "subject": "organisation:all",
    "metric": "won_amount",
    "period": "2026-Q4",
    "lead_source": "",
    "amount": "50억",
}


def content(client: Client, address: str, status: int = 200) -> str:
    answer = client.get(address)
    assert answer.status_code == status, (address, answer.status_code)
    return unescape(answer.content.decode())


def look(client: Client, table: str, **given: str) -> tuple[int, str]:
    answer = client.post(f"/settings/definitions/{table}/change/", {"step": "look", **given})
    return answer.status_code, unescape(answer.content.decode())


def save(client: Client, table: str, **given: str) -> int:
    status, shown = look(client, table, **given)
    assert status == 200, shown
    seen = re.search(r'name="seen" value="([^"]*)"', shown)
    assert seen is not None
    answer = client.post(f"/settings/definitions/{table}/change/", {"step": "save", "seen": seen[1], **given})
    return answer.status_code


def rows(home: Path, table: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = getattr(Answers(home).facts(), table).to_pyarrow().to_pylist()
    return found


def key_of(client: Client, table: str, words: str) -> str:
    shown = content(client, f"/settings/definitions/{table}/")
    row = next(part for part in shown.split("<tr") if words in part and "?key=" in part)
    found = re.search(r"\?key=([^\"]+)", row)
    assert found is not None
    return unquote_plus(found[1])


def test_a_target_is_looked_at_written_as_an_import_and_taken_back(as_role: AsRole, own_home: Path) -> None:
    leader = as_role("leader")
    before = len(Lake.open(own_home).imports())
    status, shown = look(leader, "targets", **TARGET)
    assert (status, len(Lake.open(own_home).imports())) == (200, before)
    assert "The target of everybody is then" in shown
    assert save(leader, "targets", **TARGET) == 302
    made = Lake.open(own_home).imports()[-1]
    assert (made.kind, made.source, made.by[:5]) == ("entered", "targets", "user ")
    assert AuditEntry.objects.filter(action="definitions_enter", subject=f"import {made.import_no}").exists()

    def goal() -> object:
        answer = Answers(own_home).ask(ask_forecast, as_of=TODAY, period=Period.quarter_of(TODAY), team=None)
        return answer["target"] and answer["target"]["amount"]["amount"]

    assert goal() == "5000000000"
    assert "Entered" in content(leader, "/data/imports/")
    entered = content(leader, f"/data/imports/{made.import_no}/")
    assert ("Sum of the rows" in entered, 'class="balance"' in entered) == (True, False)
    assert "What was entered no longer counts anywhere." in entered
    undo_import(Lake.open(own_home), made.import_no, by="tests", at=datetime(2026, 11, 24, 9, tzinfo=UTC))
    assert goal() != "5000000000"


def test_days_of_one_column_all_have_their_year(as_role: AsRole) -> None:
    leader = as_role("leader")
    key = key_of(leader, "memberships", PEOPLE["lee"])
    given = {"person_id": "lee", "team": "2팀", "role": "AE", "manager_id": "han", "share": "100", "started_on": ""}
    assert save(leader, "memberships", **given, left_on="", start="2026-12-01", key=key) == 302
    shown = content(leader, "/settings/definitions/memberships/").replace("\xa0", " ")
    assert "Dec 1, 2026</td>" in shown
    assert "Dec 1</td>" not in shown


def test_a_membership_changes_from_a_day_on_and_the_days_before_stay(as_role: AsRole, own_home: Path) -> None:
    leader = as_role("leader")
    key = key_of(leader, "memberships", PEOPLE["lee"])
    given = {"person_id": "lee", "team": "2팀", "role": "AE", "manager_id": "han", "share": "100", "started_on": ""}
    given |= {"left_on": "", "start": "2026-12-01", "key": key}
    status, shown = look(leader, "memberships", **given)
    assert status == 200
    assert ("stays with 1팀" in shown, "open deals go along" in shown) == (True, True)
    _, less = look(leader, "memberships", **{**given, "team": "1팀", "share": "50"})
    assert ("50%" in less, "open deals go along" in less) == (True, False)
    _, ended = look(leader, "memberships", **given, end="yes")
    assert ("open deals then leave the team" in ended, "on it holds" in ended) == (True, False)
    assert save(leader, "memberships", **given) == 302

    def team(on: date) -> str:
        people = Answers(own_home).ask(ask_roster, as_of=on)["people"]
        found = [row["team"] for row in people if row["person_id"] == "lee"]
        assert len(found) == 1
        return str(found[0])

    assert [team(date(2026, 11, 30)), team(date(2026, 12, 1))] == ["1팀", "2팀"]
    assert "coming" in content(leader, "/team/")


@pytest.mark.parametrize(
    ("table", "given", "says"),
    [
        ("targets", {**TARGET, "amount": "much"}, "is no amount. Write 260,000,000"),
        ("targets", {**TARGET, "period": "soon"}, "is no period"),
        ("targets", {**TARGET, "subject": "person:nobody"}, "cannot be read here"),
        ("targets", {**TARGET, "metric": ""}, "What is counted: This is needed."),
        ("rates", {"currency": "dollar", "month": "2026-12", "rate": "1400"}, "three letters, as USD"),
        ("rates", {"currency": "USD", "month": "2026-Q4", "rate": "1400"}, "is no month. Write it as 2026-12"),
        ("rates", {"currency": "USD", "month": "2026-12", "rate": "many"}, "Write it in digits"),
        ("rates", {"currency": "USD", "month": "2026-12", "rate": "0"}, "more than nothing"),
        ("calendar", {"day": "2060-01-04", "working": "no"}, "does not reach"),
        (
            "memberships",
            {"person_id": "lee", "team": "3팀", "role": "AE", "share": "50", "start": "2026-12-01"},
            "more than is left of the working time: 0%. Taken already: 1팀 100%.",
        ),
        (
            "standards",
            {"metric": "meeting", "per": "week", "amount": "-3", "start": "2026-12-01"},
            "must lie between",
        ),
        ("standards", {"metric": "meeting", "per": "week", "amount": "3", "start": "tomorrow"}, "is no date"),
    ],
)
def test_what_does_not_fit_is_refused_in_words(as_role: AsRole, table: str, given: dict[str, str], says: str) -> None:
    status, shown = look(as_role("leader"), table, **given)
    assert status == 422
    assert says in shown


def test_a_manager_below_oneself_is_refused(as_role: AsRole) -> None:
    leader = as_role("leader")
    key = key_of(leader, "memberships", PEOPLE["kim"])
    given = {"person_id": "kim", "team": "1팀", "role": "manager", "manager_id": "lee", "share": "100", "key": key}
    status, shown = look(leader, "memberships", **given, start="2026-12-01")
    assert (status, "Nobody can be above oneself" in shown) == (422, True)


def test_a_stage_is_renamed_from_a_day_on_and_ended(as_role: AsRole, own_home: Path) -> None:
    leader = as_role("leader")
    there = len(rows(own_home, "stages"))
    first = next(row for row in rows(own_home, "stages") if row["kind"] == "open")
    given = {
        "pipeline": first["pipeline"],
        "stage": first["stage"],
        "label": "새 이름",
        "stage_order": str(first["stage_order"]),
        "kind": "open",
        "probability": "15",
        "start": "2026-12-01",
        "key": key_of(leader, "stages", first["label"]),
    }
    assert save(leader, "stages", **given) == 302
    versions = [row for row in rows(own_home, "stages") if row["stage"] == first["stage"]]
    assert len(rows(own_home, "stages")) == there + 1
    spans = sorted((row["label"], row["valid_to"], row["probability"]) for row in versions if row["valid_to"])
    assert [span[1] for span in spans] == [date(2026, 12, 1)]
    newest = next(row for row in versions if row["valid_from"] == date(2026, 12, 1))
    assert (newest["label"], newest["probability"], newest["valid_to"]) == ("새 이름", 0.15, None)
    ending = {**given, "end": "yes", "start": "2026-12-15", "key": key_of(leader, "stages", "새 이름")}
    assert save(leader, "stages", **ending) == 302
    newest = next(row for row in rows(own_home, "stages") if row["valid_from"] == date(2026, 12, 1))
    assert newest["valid_to"] == date(2026, 12, 15)


def test_a_day_off_counts_and_the_calendar_adds_up(as_role: AsRole, own_home: Path) -> None:
    calendar = home_days(date(2026, 1, 1), date(2027, 1, 1), "KR", "ko")
    enter(Lake.open(own_home), {"calendar": calendar}, by="tests", at=datetime(2026, 11, 24, 8, tzinfo=UTC))
    days = {row["day"]: row for row in rows(own_home, "calendar")}
    day = next(on for on in sorted(days) if on > TODAY and days[on]["working"])
    leader = as_role("leader")
    assert save(leader, "calendar", day=day.isoformat(), working="no", holiday="창립 기념일") == 302
    after = sorted(rows(own_home, "calendar"), key=lambda row: row["day"])
    assert sum(row["working"] for row in after) == after[-1]["working_days"]
    assert next(row for row in after if row["day"] == day)["holiday"] == "창립 기념일"
    assert "창립 기념일" in content(leader, "/settings/definitions/calendar/")
    found = Answers(own_home).ask(ask_working_calendar, as_of=TODAY)
    assert (found["first"], found["last"]) == ("2026-01-01", "2026-12-31")
    assert found["days"][day.isoformat()] == {"working": False, "name": "창립 기념일"}
    assert found["days"]["2026-12-25"]["working"] is False
    assert "2026-12-28" not in found["days"]


def test_a_rate_of_a_month_is_replaced_and_the_old_one_is_shown_first(as_role: AsRole, own_home: Path) -> None:
    leader = as_role("leader")
    assert save(leader, "rates", currency="usd", month="2026-11", rate="1,400.5") == 302
    _, shown = look(leader, "rates", currency="USD", month="2026-11", rate="1380")
    assert "1,400.5" in shown
    assert "closed in Nov\xa02026" in shown
    assert save(leader, "rates", currency="USD", month="2026-11", rate="1380") == 302
    assert [row["rate"] for row in rows(own_home, "rates")] == [Decimal(1380)]


def test_what_somebody_changed_meanwhile_is_not_overwritten(as_role: AsRole) -> None:
    leader = as_role("leader")
    assert save(leader, "targets", **TARGET) == 302
    given = {**TARGET, "amount": "60억", "step": "save", "seen": "of before"}
    answer = leader.post("/settings/definitions/targets/change/", given)
    assert answer.status_code == 422
    assert "Somebody changed this meanwhile" in unescape(answer.content.decode())
    same = leader.post("/settings/definitions/targets/change/", {**TARGET, "step": "look"})
    assert "Nothing changes" in unescape(same.content.decode())


def test_a_form_that_was_open_while_the_stage_was_renamed_says_so(as_role: AsRole, own_home: Path) -> None:
    leader = as_role("leader")
    table = "/settings/definitions/stages/change/"
    key = key_of(leader, "stages", "?key=")
    page = content(leader, f"{table}?{urlencode({'key': key})}")
    stage = next(row for row in rows(own_home, "stages") if row["stage"] == json.loads(key)[1])
    given = {"key": key, "pipeline": stage["pipeline"], "stage": stage["stage"], "kind": stage["kind"]}
    given |= {"stage_order": str(stage["stage_order"] or ""), "start": TODAY.isoformat()}
    assert save(leader, "stages", **given, label="New name") == 302
    seen = re.search(r'name="seen" value="([^"]*)"', page)
    assert seen is not None
    for _ in range(2):
        status, shown = look(leader, "stages", **given, label="Other name", seen=seen[1])
        assert status == 422
        assert "Somebody changed this meanwhile" in shown
        assert "Another open stage has this place" not in shown
        seen = re.search(r'name="seen" value="([^"]*)"', shown)
        assert seen is not None


def test_where_nothing_changes_nothing_is_written(as_role: AsRole, own_home: Path) -> None:
    leader = as_role("leader")
    key = key_of(leader, "memberships", PEOPLE["park"])
    form = content(leader, f"/settings/definitions/memberships/change/?{urlencode({'key': key})}")
    given = {"person_id": "park", "manager_id": "kim", "share": "100", "start": "2026-12-01", "key": key}
    for name in ("team", "role", "started_on", "left_on"):
        typed = re.search(rf'<input[^>]*value="([^"]*)" id="{name}"', form)
        assert typed is not None, name
        given[name] = typed[1]
    status, shown = look(leader, "memberships", **given)
    assert (status, "Nothing changes" in shown, 'value="save"' in shown) == (200, True, False)
    imports = len(Lake.open(own_home).imports())
    assert save(leader, "memberships", **given) == 200
    assert len(Lake.open(own_home).imports()) == imports


def test_only_who_leads_sets_and_everybody_sees_what_is_theirs(as_role: AsRole) -> None:
    target = {**TARGET, "subject": "person:seo", "amount": "123,456,789"}
    assert save(as_role("leader"), "targets", **target) == 302
    rep = as_role("rep")
    assert rep.post("/settings/definitions/targets/change/", {**target, "step": "save"}).status_code == 403
    shown = content(rep, "/settings/definitions/targets/")
    assert PEOPLE["seo"] not in shown
    assert "1억 2,345" not in shown
    assert "123,456,789" not in shown
    assert "?key=" not in shown
    assert PEOPLE["seo"] not in content(rep, "/team/")


def test_a_definition_is_no_news_of_the_crm(as_role: AsRole, own_home: Path) -> None:
    def age() -> object:
        return data_age(own_home, today=TODAY, zone="Asia/Seoul")

    before = age()
    assert save(as_role("leader"), "targets", **TARGET) == 302
    assert age() == before


def test_an_unknown_table_and_a_row_that_is_gone_are_no_pages(as_role: AsRole) -> None:
    leader = as_role("leader")
    assert leader.get("/settings/definitions/deals/").status_code == 404
    assert leader.get("/settings/definitions/stages/change/?key=nothing").status_code == 404


def test_a_pipeline_without_a_name_is_called_by_its_label(as_role: AsRole, own_home: Path) -> None:
    leader = as_role("leader")
    assert "Default pipeline" in content(leader, "/settings/definitions/stages/")
    stage = {"label": "New", "stage": "new", "stage_order": "9", "kind": "open", "start": "2026-12-01"}
    assert save(leader, "stages", pipeline="Default pipeline", **stage) == 302
    (added,) = (row for row in rows(own_home, "stages") if row["stage"] == "new")
    assert added["pipeline"] == "default"
    form = content(
        leader, f"/settings/definitions/stages/change/?{urlencode({'key': key_of(leader, 'stages', 'New')})}"
    )
    assert 'value="Default pipeline"' in form
