"""Commitments checked against facts, and discussed deals: each verdict against a hand count, in both languages."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from bokgi.facts.ledger import Import
from bokgi.questions.asked import Json
from bokgi.questions.commitments import Promise, check_commitments
from bokgi.questions.discussed import MeetingDay, ask_discussed_deals
from bokgi.questions.newest import told_until
from bokgi.ui.spoken import spoken
from tests.cast import CAST, facts_of

ON, DUE, AS_OF = date(2026, 11, 9), date(2026, 11, 16), date(2026, 11, 20)
TABLES = CAST | {
    "deals": """
        deal_id | owner_id | stage       | outcome | amount | created_on | closed_on  | last_seen_on | known_at_creation
        moved   | lee      | proposal    | open    | 300    | 2026-09-01 |            | 2026-11-19 | ,owner_id,amount,
        still   | lee      | qualified   | open    | 200    | 2026-09-01 |            | 2026-11-19 | ,owner_id,amount,
        late    | park     | proposal    | open    | 100    | 2026-09-01 |            | 2026-11-19 | ,owner_id,amount,
        won     | park     | won         | won     | 500    | 2026-09-01 | 2026-11-12 | 2026-11-19 | ,owner_id,amount,
        new     | lee      | prospecting | open    | 100    | 2026-11-11 |            | 2026-11-19 | ,owner_id,amount,
    """,
    "stage_events": """
        deal_id | stage       | entered_on | seq
        moved   | qualified   | 2026-10-01 | 1
        moved   | proposal    | 2026-11-12 | 2
        still   | qualified   | 2026-10-01 | 1
        late    | qualified   | 2026-10-01 | 1
        late    | proposal    | 2026-11-18 | 2
        won     | negotiation | 2026-10-01 | 1
        new     | prospecting | 2026-11-11 | 1
    """,
    "activities": """
        activity_id | kind    | deal_id | happened_on
        m1          | meeting | moved   | 2026-11-11
        m2          | call    | late    | 2026-11-05
        m3          | meeting | still   | 2026-10-20
    """,
    "activity_people": """
        activity_id | person_id
        m1          | lee
        m2          | park
        m3          | lee
    """,
}

_DAYS = [date(2026, 7, 1) + timedelta(days=number) for number in range(160)]
CALENDAR = "day | working | week_start | iso_week | working_days\n" + "\n".join(
    f"{day} | {'true' if day.isoweekday() <= 5 else 'false'} | {day - timedelta(days=day.weekday())} | 2026-W01 | "
    f"{sum(other.isoweekday() <= 5 for other in _DAYS if other <= day)}"
    for day in _DAYS
)


def promise(key: str, **given: Any) -> Promise:  # noqa: ANN401 - of the promise
    told: dict[str, Any] = {"person_id": "lee", "made_on": ON, "due_on": DUE} | given
    return Promise(key=key, made_at=datetime(2026, 11, 9, 1, tzinfo=UTC), **told)


def checked(*promises: Promise, as_of: date = AS_OF, **tables: str) -> dict[str, Json]:
    answer = check_commitments(facts_of(None, **TABLES | tables), as_of=as_of, promises=promises)
    for lang in ("ko", "en"):
        told = spoken(answer, lang)
        assert all("{" not in line["text"] for row in told["commitments"] for line in row["evidence"])
    return {row["key"]: row for row in spoken(answer, "en")["commitments"]}


def words(row: Json) -> str:
    return " ".join(line["text"] for line in row["evidence"])


def test_promises_about_deals_are_kept_not_kept_or_late_as_a_hand_count_says() -> None:
    found = checked(
        promise("a", deal_id="moved", metric="moved"),
        promise("b", deal_id="still", metric="moved"),
        promise("c", deal_id="late", metric="moved"),
        promise("d", deal_id="won", metric="won"),
        promise("e", deal_id="moved", metric="touched"),
        promise("f", deal_id="late", metric="touched"),
        promise("g", deal_id="still"),
        promise("h", deal_id="moved"),
    )
    assert {key: row["verdict"] for key, row in found.items()} == {
        "a": "kept",
        "b": "not_kept",
        "c": "not_kept",
        "d": "kept",
        "e": "kept",
        "f": "not_kept",
        "g": "not_kept",
        "h": "kept",
    }
    assert found["a"]["fulfilled_on"] == "2026-11-12"
    assert found["h"]["fulfilled_on"] == "2026-11-11"
    assert "On the day agreed it still stood in 검증." in words(found["b"])
    assert "after the day agreed" in words(found["c"])
    assert "No contact with the customer from the meeting to the day agreed." in words(found["f"])


def test_what_cannot_be_known_is_said_to_be_so() -> None:
    found = checked(
        promise("words", metric=""),
        promise("nobody", deal_id="nowhere", metric="moved"),
        promise("steps", deal_id="moved", metric="next_step"),
    )
    assert {key: (row["verdict"], row["reason"]) for key, row in found.items()} == {
        "words": ("cannot_tell", "words_only"),
        "nobody": ("cannot_tell", "deal_unknown"),
        "steps": ("cannot_tell", "not_recorded"),
    }
    silent = checked(promise("t", deal_id="still", metric="touched"), activities="", activity_people="")
    assert silent["t"]["reason"] == "not_recorded"


def test_a_mail_is_a_contact_and_no_talk_and_that_is_said() -> None:
    mails = "activity_id | kind | deal_id | happened_on\nm1 | email | still | 2026-11-11"
    found = checked(
        promise("talk", deal_id="still", metric="touched"),
        activities=mails,
        activity_people="activity_id | person_id\nm1 | lee",
    )
    assert found["talk"]["verdict"] == "not_kept"
    assert "It was no meeting and no call." in words(found["talk"])


def test_before_the_day_nothing_is_judged_but_good_news_and_old_data_is_no_verdict() -> None:
    soon = date(2026, 11, 13)
    found = checked(
        promise("a", deal_id="moved", metric="moved"),
        promise("b", deal_id="still", metric="moved"),
        promise("w"),
        as_of=soon,
    )
    assert [found[key]["verdict"] for key in ("a", "b", "w")] == ["kept", None, None]
    old = TABLES["deals"].replace("2026-11-19", "2026-11-13")
    row = checked(promise("b", deal_id="still", metric="moved"), deals=old)["b"]
    assert (row["verdict"], row["reason"]) == ("cannot_tell", "data_old")
    assert "Nov" in words(row)


def test_a_correction_of_one_deal_is_no_news_of_the_others() -> None:
    deals = (
        TABLES["deals"]
        .replace("known_at_creation", "known_at_creation | import_no")
        .replace("amount,\n", "amount, | 1\n")
    )
    deals = deals.replace("2026-11-19", "2026-11-13").rstrip()
    deals += " | 1\nfixed | park | proposal | open | 100 | 2026-09-01 | | 2026-11-20 | ,owner_id,amount, | 2"
    moves = TABLES["stage_events"].rstrip() + "\nfixed | qualified | 2026-10-01 | 1\nfixed | proposal | 2026-11-15 | 2"
    facts = facts_of(None, **TABLES | {"deals": deals, "stage_events": moves})
    at = datetime(2026, 11, 13, tzinfo=UTC)
    came = [
        Import(kind=kind, source="x", by="x", at=at, import_no=number, version=number, status="committed")
        for number, kind in enumerate(("file", "entered"), 1)
    ]
    asked = (promise("b", deal_id="still", metric="moved"), promise("f", deal_id="fixed", metric="moved"))
    answer = check_commitments(replace(facts, imports=tuple(came)), as_of=AS_OF, promises=asked)
    assert answer["data_on"] == "2026-11-13"
    assert [(row["verdict"], row["reason"]) for row in answer["commitments"]] == [
        ("cannot_tell", "data_old"),
        ("kept", None),
    ]
    entered = replace(facts, deals=facts.deals.filter(facts.deals.import_no == 2), imports=tuple(came[1:]))
    assert told_until(entered) == AS_OF


def test_a_next_step_counts_where_changes_of_it_are_recorded() -> None:
    changes = """
        deal_id | field        | seq | new        | changed_on
        moved   | next_step_on | 1   | 2026-11-30 | 2026-11-13
    """
    found = checked(
        promise("a", deal_id="moved", metric="next_step"),
        promise("b", deal_id="still", metric="next_step"),
        deal_changes=changes,
    )
    assert [found[key]["verdict"] for key in ("a", "b")] == ["kept", "not_kept"]


def test_promised_figures_are_held_against_counts() -> None:
    found = checked(
        promise("one", metric="meetings", amount=0.5),
        promise("two", metric="meetings", amount=2),
        promise("any", metric="meetings"),
        promise("new", metric="new_deals", amount=1),
        promise("today", metric="new_deals", made_on=AS_OF, due_on=AS_OF + timedelta(days=7)),
        promise("rate", metric="conversion", stage="qualified"),
        promise("days", metric="days_in_stage", stage="qualified", rising=False),
        promise("idle", metric="untouched", rising=False, amount=1),
        promise("idle2", metric="untouched", rising=False, amount=2),
        calendar=CALENDAR,
    )
    # Of no day that has passed since nothing is said.
    assert "since the meeting" not in words(found.pop("today"))
    assert {key: row["verdict"] for key, row in found.items()} == {
        "one": "kept",
        "two": "not_kept",
        "any": "cannot_tell",
        "new": "kept",
        "rate": "cannot_tell",
        "days": "cannot_tell",
        "idle": "kept",
        "idle2": "not_kept",
    }
    # 1 meeting in the week; 1 in the eight weeks before.
    assert found["any"]["figure"] | {"low": None} == {
        "before": 0.125,
        "before_n": 8,
        "after": 1.0,
        "after_n": 1.0,
        "low": None,
        "high": None,
    }
    # Of lee's deals one left `검증` since the meeting, none in the weeks before.
    assert (found["rate"]["figure"]["after_n"], found["rate"]["figure"]["before_n"]) == (1, 0)
    assert "Too few" in words(found["rate"])


def test_discussed_deals_are_compared_over_meetings_whose_week_is_over() -> None:
    deals, events = [TABLES["deals"].rstrip()], [TABLES["stage_events"].rstrip()]
    for number in range(60):
        deals.append(f"x{number} | lee | qualified | open | 100 | 2026-09-01 | | 2026-11-19 | ,owner_id,amount,")
        events.append(f"x{number} | qualified | 2026-10-01 | 1")
        if number % 3 == 0:
            events.append(f"x{number} | proposal | 2026-11-12 | 2")
    facts = facts_of(None, **TABLES | {"deals": "\n".join(deals), "stage_events": "\n".join(events)})
    talked = tuple(f"x{number}" for number in range(20))
    day = MeetingDay(ON, ON + timedelta(days=7), "1팀", talked)
    young = MeetingDay(date(2026, 11, 16), date(2026, 11, 23), "1팀", talked)
    answer = ask_discussed_deals(facts, as_of=AS_OF, meetings=(day, young))
    assert answer["meetings"] == 1
    assert (answer["discussed"]["n"], answer["discussed"]["moved"]) == (20, 7)
    assert not answer["told_apart"]
    assert answer["difference"] == pytest.approx(0, abs=0.05)
    for lang, said in (("en", "no effect of the meeting"), ("ko", "효과가 아닙니다")):
        assert said in spoken(answer, lang)["caveats"][0]["text"]
    nothing = ask_discussed_deals(facts, as_of=AS_OF, meetings=())
    assert (nothing["reason"], nothing["discussed"]["n"]) == ("too_few", 0)
