"""Answers are kept under what they depend on, computed once, and gone with the facts."""

from __future__ import annotations

import shutil
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from bokgi.domain.errors import NotFoundError, SetupError
from bokgi.facts import state
from bokgi.facts.engine import memory_given
from bokgi.facts.lake import Lake
from bokgi.facts.ledger import Entry
from bokgi.facts.model import Facts
from bokgi.questions import answers as module
from bokgi.questions.answers import Answers
from tests.cast import rows_of

DAY = date(2026, 11, 24)
AT = datetime(2026, 11, 24, tzinfo=UTC)
asked: list[int] = []


def ask_deals(facts: Facts, *, as_of: date, extra: tuple[str, ...] = ()) -> dict[str, Any]:
    found = int(facts.deals.count().execute())
    asked.append(found)
    return {"as_of": as_of, "deals": found, "extra": extra}


def enter(home: Path, *deals: str) -> None:
    lake = Lake.open(home, create=True)
    with lake.begin() as writing:
        text = "deal_id | created_on\n" + "\n".join(f"{deal} | 2026-11-01" for deal in deals)
        writing.write("deals", rows_of("deals", text).drop_columns(["import_no"]))
        writing.commit(Entry(kind="file", source="crm", by="tests", at=AT, exported_at=AT))


@pytest.fixture
def home(tmp_path: Path) -> Path:
    enter(tmp_path, "d1", "d2")
    asked.clear()
    return tmp_path


def test_the_second_time_it_is_read_also_by_another_process(home: Path) -> None:
    given = Answers(home).ask(ask_deals, as_of=DAY, extra=("x",))
    assert given == {"as_of": "2026-11-24", "deals": 2, "extra": ["x"]}
    assert Answers(home).ask(ask_deals, as_of=DAY, extra=("x",)) == given
    assert asked == [2]


def test_other_parameters_are_another_question(home: Path) -> None:
    found = Answers(home)
    found.ask(ask_deals, as_of=DAY)
    found.ask(ask_deals, as_of=DAY, extra=("a",))
    found.ask(ask_deals, as_of=date(2026, 11, 23))
    assert len(asked) == 3


def test_new_facts_and_new_code_are_asked_anew(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = Answers(home)
    assert found.ask(ask_deals, as_of=DAY)["deals"] == 2
    enter(home, "d3")
    assert found.version() == 2
    assert found.ask(ask_deals, as_of=DAY)["deals"] == 3
    monkeypatch.setattr(module, "code_version", lambda: "another")
    found.ask(ask_deals, as_of=DAY)
    assert asked == [2, 3, 3]


def test_threads_that_ask_at_once_wait_for_one_computation(home: Path) -> None:
    found = Answers(home)
    begin = threading.Barrier(6)

    def ask(_: int) -> int:
        begin.wait()
        return int(found.ask(ask_deals, as_of=DAY)["deals"])

    with ThreadPoolExecutor(6) as pool:
        assert list(pool.map(ask, range(6))) == [2] * 6
    assert asked == [2]


def test_what_an_erasure_takes_away_is_not_kept(home: Path) -> None:
    found = Answers(home)
    found.ask(ask_deals, as_of=DAY)
    kept = list(home.rglob("answers/*.json"))
    assert len(kept) == 1
    shutil.rmtree(home / "lake" / "state")
    assert found.ask(ask_deals, as_of=DAY)["deals"] == 2
    assert asked == [2, 2]


def test_an_answer_that_comes_after_an_erasure_is_not_written(home: Path) -> None:
    def ask_slowly(facts: Facts, *, as_of: date) -> dict[str, Any]:
        del facts
        shutil.rmtree(home / "lake" / "state")
        return {"as_of": as_of}

    Answers(home).ask(ask_slowly, as_of=DAY)
    assert list(home.rglob("answers/*.json")) == []


def test_a_broken_file_is_no_answer(home: Path) -> None:
    found = Answers(home)
    found.ask(ask_deals, as_of=DAY)
    (kept,) = home.rglob("answers/*.json")
    kept.write_text('{"deals": 2', encoding="utf-8")
    assert found.ask(ask_deals, as_of=DAY)["deals"] == 2
    assert asked == [2, 2]


def test_errors_are_not_kept(home: Path) -> None:
    def ask_fault(facts: Facts, *, as_of: date) -> dict[str, Any]:
        del facts, as_of
        asked.append(0)
        raise ZeroDivisionError

    found = Answers(home)
    for _ in range(2):
        with pytest.raises(ZeroDivisionError):
            found.ask(ask_fault, as_of=DAY)
    assert asked == [0, 0]
    assert list(home.rglob("answers/making-*")) == []


def test_only_so_many_stay(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "KEPT", 3)
    found = Answers(home)
    for number in range(5):
        found.ask(ask_deals, as_of=DAY, extra=(str(number),))
    assert len(list(home.rglob("answers/*.json"))) == 3


def test_without_facts_it_says_so(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError) as caught:
        Answers(tmp_path / "nowhere").ask(ask_deals, as_of=DAY)
    assert caught.value.code == "home_missing"


@pytest.mark.parametrize("name", ["asked.py", "drawn.jinja", "said.mo"])
def test_what_an_answer_is_made_and_drawn_with_decides_whether_it_is_made_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setattr(state, "files", lambda _package: tmp_path)
    made = tmp_path / "questions" / name
    made.parent.mkdir()
    digests = set()
    for text in ("one", "other"):
        made.write_text(text)
        digests.add(state.code_digest.__wrapped__("questions"))
    assert len(digests) == 2


def ask_too_much(facts: Facts, *, as_of: date) -> dict[str, Any]:
    """Hold more at once than 64 MB, which cannot be put aside."""
    many = "SELECT list(range::VARCHAR || repeat('x', 100)) AS held FROM range(2_000_000)"
    return {"as_of": as_of, "n": len(facts.deals.get_backend().raw_sql(many).fetchall())}


def test_a_question_that_needs_more_memory_than_is_allowed_says_which_variable_allows_more(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BOKGI_MEMORY", "64MB")
    with pytest.raises(SetupError) as caught:
        Answers(home).ask(ask_too_much, as_of=DAY)
    assert caught.value.code == "memory_short"
    assert caught.value.hint is not None
    assert "BOKGI_MEMORY" in caught.value.hint.text("en")
    monkeypatch.setenv("BOKGI_MEMORY", "2GB")
    assert Answers(home).ask(ask_too_much, as_of=DAY)["n"] == 1


def test_an_amount_of_memory_that_is_none_is_refused() -> None:
    assert [memory_given({"BOKGI_MEMORY": given}) for given in ("4GB", "512mb", " 1.5 GB ")] == [
        "4GB",
        "512MB",
        "1.5GB",
    ]
    for given in ("0GB", "4", "80%", "much", "-1GB"):
        with pytest.raises(SetupError) as caught:
            memory_given({"BOKGI_MEMORY": given})
        assert caught.value.code == "setting_unreadable"
