"""The commands on a small home: import, data, review, erase, doctor; and what they refuse."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import time_machine

from bokgi.cli.commands.data_quality import _show
from bokgi.cli.commands.sample import _exported_at
from bokgi.cli.program import run
from bokgi.cli.session import Session
from tests.facts.test_erasure import searched

DEALS = """Deal ID,Deal name,Owner,Stage,Amount,Created,Closed,Outcome
D1,Server,Lee Junho,Proposal,500,2026-10-05,,open
D2,Cloud,Lee Junho,Won,700,2026-10-06,2026-11-17,won
D3,Network,Park Minseo,Proposal,abc,2026-10-07,,open
D4,Storage,Park Minseo,Lost,900,2026-10-08,2026-11-18,lost
"""


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("commands")
    (folder / "deals.csv").write_text(DEALS, encoding="utf-8")
    found = folder / "home"
    exported = ["--exported-at", "2026-11-22T18:00"]
    assert run(["import", str(folder / "deals.csv"), *exported, "--home", str(found), "--lang", "en"]) == 0
    return found


def asked(capsys: pytest.CaptureFixture[str], home: Path, *words: str, code: int = 0) -> dict[str, Any]:
    capsys.readouterr()
    assert run([*words, "--home", str(home), "--format", "json", "--lang", "en"]) == code
    shown = capsys.readouterr()
    assert shown.err == ""
    found: dict[str, Any] = json.loads(shown.out)
    return found


def test_imports_are_listed_with_their_sum(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    first = asked(capsys, home, "data", "imports")["imports"][0]
    assert (first["import_no"], first["status"], first["read"]) == (1, "committed", 4)
    assert first["accepted"] + first["quarantined"] + first["known"] == first["read"]
    for lang in ("ko", "en"):
        assert run(["data", "imports", "--home", str(home), "--lang", lang]) == 0
        shown = capsys.readouterr().out
        assert "deals.csv" in shown
        assert "file" not in shown.split(), "the source is told in words"


@pytest.mark.parametrize(("lang", "words"), [("en", "There are no open deals"), ("ko", "진행 중인 기회가 없어")])
def test_where_no_deal_is_open_nothing_is_said_to_be_complete(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], lang: str, words: str
) -> None:
    _show(Session(lang=lang, format="text", home=tmp_path), {"gaps": [], "open": 0})
    assert capsys.readouterr().out.startswith(words)


def test_an_answer_as_on_an_earlier_day_leaves_out_what_was_imported_later(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    home = tmp_path / "home"
    for day, more in (("2026-11-20", ""), ("2026-11-24", "D5,Backup,Park Minseo,Proposal,400,2026-10-09,,open\n")):
        file = tmp_path / f"{day}.csv"
        file.write_text(DEALS.replace("abc", "300") + more, encoding="utf-8")
        with time_machine.travel(f"{day}T03:00:00Z", tick=False):
            assert run(["import", str(file), "--exported-at", f"{day}T09:00", "--home", str(home)]) == 0
    known = ("deals", "--outcome", "all", "--known-on")
    told = {day: asked(capsys, home, *known, day) for day in ("2026-11-20", "2026-11-23", "2026-11-24", "2100-01-01")}
    assert [found["total"]["count"] for found in told.values()] == [4, 4, 5, 5]
    assert told["2026-11-23"]["as_of"] == "2026-11-23"
    week = ("review", "--week", "2026-W47", "--known-on")
    reviews = [asked(capsys, home, *week, day) for day in ("2026-11-23", "2026-11-24")]
    assert [found["data"]["deals"] for found in reviews] == [4, 5]
    refused = asked(capsys, home, *known, "2026-11-19", code=6)["error"]
    assert refused["code"] == "nothing_known_yet"
    assert "Nov 20" in refused["hint"]


def test_the_months_of_a_person_are_written_as_on_the_page(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    capsys.readouterr()
    for lang, month in (("ko", "2026년 11월"), ("en", "Nov 2026")):
        assert run(["person", "Lee Junho", "--home", str(home), "--lang", lang, "--as-of", "2026-11-22"]) == 0
        assert month in capsys.readouterr().out


def test_a_funnel_is_headed_in_the_language_of_the_reader(
    home: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    for lang, words in (("ko", ("사람", "리드 출처")), ("en", ("person", "lead"))):
        capsys.readouterr()
        command = ["funnel", "--by", "person,source", "--home", str(home), "--lang", lang, "--as-of", "2026-11-22"]
        assert run(command) == 0
        shown = capsys.readouterr().out
        assert [word for word in words if word not in shown] == []


@pytest.mark.parametrize("option", ["--against=2026-Q3", "--target=5000"])
def test_a_gap_between_people_takes_no_other_side(home: Path, capsys: pytest.CaptureFixture[str], option: str) -> None:
    people = ["--person", "Lee Junho", "--other", "Park Minseo"]
    found = asked(capsys, home, "decompose", *people, option, code=2)["error"]
    assert found["code"] == "options_exclude"
    assert option.partition("=")[0] in found["message"]


def test_a_refused_row_is_shown_with_its_reason_and_text(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    found = asked(capsys, home, "data", "quarantine")
    assert found["waiting"] == found["shown"] == 1
    (row,) = found["rows"]
    assert (row["file"], row["row"], row["cells"]["Amount"]) == ("deals.csv", 4, "abc")
    assert run(["data", "quarantine", "--home", str(home), "--lang", "en"]) == 0
    shown = capsys.readouterr().out
    assert "deals.csv:4" in shown
    assert "abc" in shown
    assert "Amount cannot be read" in shown


def test_what_was_taken_for_granted_is_shown_with_how_to_answer(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Small amounts in won may be counted in ten thousands; nobody is asked, so it is said."""
    path = tmp_path / "deals.csv"
    path.write_text("딜ID,딜명,단계,예상금액,예상수주일\nD1,서버,제안,5000,2026-12-20\n", encoding="utf-8")
    command = ["import", str(path), "--home", str(tmp_path / "home"), "--lang", "ko"]
    assert run(command) == 0
    shown = capsys.readouterr().out
    assert "deals.csv:unit:예상금액" in shown
    assert "10000: 만원" in shown
    assert run([*command, "--answer", "deals.csv:unit:예상금액=10000"]) == 0
    assert "unit" not in capsys.readouterr().out


def test_a_finding_says_in_which_file_and_rows(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "deals.csv").write_text(DEALS + "D5,Cable,Park Minseo,Proposal,x,2026-10-07,,open\n", encoding="utf-8")
    accounts = "Account ID,Account name,Note,Note,Tag,Tag\nA1,Hanbit,a,b,c,d\n"
    (tmp_path / "accounts.csv").write_text(accounts, encoding="utf-8")
    paths = [str(tmp_path / name) for name in ("deals.csv", "accounts.csv")]
    home = ["--home", str(tmp_path / "home")]
    assert run(["import", *paths, "--exported-at", "2026-11-22T18:00", *home, "--lang", "en"]) == 0
    shown = " ".join(capsys.readouterr().out.split())
    assert "2 amounts in “Amount” cannot be read. (deals.csv, row 4, row 6)" in shown
    assert "Several columns are called Note, Tag; later ones got a number. (accounts.csv, row 1)" in shown
    assert run(["data", "imports", *home, "--lang", "ko"]) == 0


def test_saved_mappings_are_listed_and_shown(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    name = asked(capsys, home, "data", "mapping")["mappings"][0]
    assert asked(capsys, home, "data", "mapping", name)["entity"] == "deals"
    missing = asked(capsys, home, "data", "mapping", "nosuch", code=6)["error"]
    assert (missing["code"], name in missing["hint"]) == ("mapping_unknown", True)


def test_the_review_goes_to_the_screen_and_into_files(
    home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    week = ["--week", "2026-W47"]
    found = asked(capsys, home, "review", *week)
    assert found["execution_total"]["this_week"]["won"]["count"] == 1
    out = tmp_path / "deep" / "review.html"
    assert run(["review", *week, "--out", str(out), "--home", str(home), "--lang", "ko"]) == 0
    assert '<html lang="ko">' in out.read_text(encoding="utf-8")
    assert str(out) in capsys.readouterr().out.replace("\n", "")
    assert run(["review", *week, "--out", str(tmp_path / "review.docx"), "--home", str(home), "--lang", "en"]) == 2
    assert ".docx" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "code", "family"),
    [
        (("review", "--week", "2026-47"), "period_unreadable", 2),
        (("review", "--as-of", "yesterday"), "date_unreadable", 2),
        (("review", "--week", "2026-W47", "--as-of", "2026-11-01"), "week_ahead", 2),
        (("review", "--week", "2026-W47", "--team", "nosuch"), "team_unknown", 6),
        (("import", "nosuch.csv"), "file_missing", 3),
        (("deals", "--team", "nosuch"), "team_unknown", 6),
        (("deals", "--pipeline", "nosuch"), "pipeline_unknown", 6),
        (("deals", "--stage", "nosuch"), "stage_unknown", 6),
        (("data", "dismiss", "1"), "rows_unnamed", 2),
        (("data", "dismiss", "1", "--row", "deals.csv"), "row_unreadable", 2),
        (("data", "dismiss", "1", "--row", "deals.csv:99"), "row_not_in_quarantine", 6),
        (("data", "release", "1", "--row", "deals.csv:4"), "row_without_cells", 2),
        (("data", "release", "1", "--row", "deals.csv:4", "--set", "Amount"), "cell_unreadable", 2),
        (("data", "undo", "1"), "consent_missing", 2),
        (("data", "undo", "99"), "import_unknown", 6),
        (("erase", "Nobody"), "person_unknown", 6),
        (("erase", "Lee Junho"), "consent_missing", 2),
        (("import", "a.csv", "--exported-at", "soon"), "moment_unreadable", 2),
        (("import", "a.csv", "--exported-at", "0001-01-01"), "date_out_of_range", 2),
        (("import", "a.csv", "--answer", "yes"), "answer_unreadable", 2),
    ],
)
def test_what_cannot_be_done_is_refused_with_its_code(
    words: tuple[str, ...], code: str, family: int, home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert asked(capsys, home, *words, code=family)["error"]["code"] == code


def test_quarantine_says_when_it_shows_only_some(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "deals.csv"
    path.write_text(DEALS + "D5,Cable,Park Minseo,Proposal,x,2026-10-07,,open\n", encoding="utf-8")
    home = ["--home", str(tmp_path / "home"), "--lang", "en"]
    assert run(["import", str(path), *home]) == 0
    for limit, shown in (("1", True), ("2", False)):
        capsys.readouterr()
        assert run(["data", "quarantine", "--limit", limit, *home]) == 0
        assert ("1 row is shown; --limit shows more." in capsys.readouterr().out) == shown


def test_a_line_that_is_no_text_is_shown_as_it_stands(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "deals.csv"
    path.write_bytes(DEALS.encode() + b"D5,\xff,Park Minseo,Proposal,1,2026-10-07,,open\n")
    home = ["--home", str(tmp_path / "home"), "--lang", "en"]
    assert run(["import", str(path), "--encoding", "utf-8", *home]) == 0
    capsys.readouterr()
    assert run(["data", "quarantine", *home]) == 0
    assert "D5,\\xff,Park" in capsys.readouterr().out


def test_a_reader_who_has_gone_is_no_fault(home: Path) -> None:
    command = [sys.executable, "-m", "bokgi.cli", "deals", "--home", str(home), "--limit", "1000"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as gone:
        assert gone.stdout is not None
        gone.stdout.close()
        said = gone.stderr.read() if gone.stderr is not None else b""
    assert (gone.returncode, said) == (0, b"")


def test_a_home_without_facts_says_what_to_do(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    found = asked(capsys, tmp_path / "none", "review", code=6)["error"]
    assert found["code"] == "home_missing"
    assert found["hint"]


def test_a_dry_run_writes_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "deals.csv").write_text(DEALS, encoding="utf-8")
    new = tmp_path / "home"
    found = asked(capsys, new, "import", str(tmp_path / "deals.csv"), "--dry-run")
    assert (found["dry_run"], found["import_no"], found["read"]) == (True, None, 4)
    assert not new.exists()


@pytest.mark.parametrize(
    ("lang", "expected"),
    [
        ("en", ("Amount", "amount", "name of the column")),
        ("ko", ("Amount", "금액", "열 이름")),
    ],
)
def test_a_dry_run_lists_what_each_column_was_taken_for_by_what_and_how_sure(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, lang: str, expected: tuple[str]
) -> None:
    monkeypatch.setenv("COLUMNS", "160")
    (tmp_path / "deals.csv").write_text(DEALS, encoding="utf-8")
    command = ["import", str(tmp_path / "deals.csv"), "--home", str(tmp_path / "home"), "--lang", lang]
    (file,) = asked(capsys, tmp_path / "home", *command[:2], "--dry-run")["mapping"]
    told = {row["column"]: row for row in file["columns"]}
    assert list(told) == DEALS.splitlines()[0].split(",")
    assert run([*command, "--dry-run"]) == 0
    lines = capsys.readouterr().out.splitlines()
    for column, row in told.items():
        sure = f"{row['confidence']:.2f}"
        assert [line for line in lines if line.startswith(column) and line.endswith(sure)], column
    (amount,) = (line for line in lines if line.startswith("Amount"))
    assert all(part in amount for part in expected)


def test_the_doctor_finds_a_sound_home_sound(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    found = asked(capsys, home, "doctor")
    assert found["ok"]
    assert {check["code"] for check in found["checks"]} >= {"python", "packages", "font", "disk", "imports"}


def test_a_row_is_mended_then_its_import_taken_back(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "deals.csv").write_text(DEALS, encoding="utf-8")
    own = tmp_path / "home"
    asked(capsys, own, "import", str(tmp_path / "deals.csv"), "--exported-at", "2026-11-22")
    mended = asked(capsys, own, "data", "release", "1", "--row", "deals.csv:4", "--set", "Amount=1200")
    assert (mended["released"], mended["import_no"]) == (1, 2)
    assert asked(capsys, own, "data", "quarantine")["waiting"] == 0
    assert asked(capsys, own, "data", "undo", "2", "--yes")["import_no"] == 2
    assert asked(capsys, own, "data", "quarantine")["waiting"] == 1
    assert asked(capsys, own, "data", "dismiss", "1", "--all")["dismissed"] == 1
    assert asked(capsys, own, "data", "quarantine")["waiting"] == 0


def test_an_erased_name_is_gone_from_the_review(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "deals.csv").write_text(DEALS, encoding="utf-8")
    own = tmp_path / "home"
    asked(capsys, own, "import", str(tmp_path / "deals.csv"), "--exported-at", "2026-11-22")
    assert "Lee Junho" in json.dumps(asked(capsys, own, "review", "--week", "2026-W47"))
    key = asked(capsys, own, "erase", "lee junho", "--yes")["key"]
    after = json.dumps(asked(capsys, own, "review", "--week", "2026-W47"))
    assert "Lee Junho" not in after
    assert key in after


def test_an_erased_owner_whom_nobody_listed_is_in_no_byte_of_the_home(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "deals.csv").write_text(f"{DEALS}D5,Rack,Nobody Known,Proposal,-7,2026-10-08,,open\n", encoding="utf-8")
    (tmp_path / "people.csv").write_text("Name,Team\nLee Junho,A\nPark Minseo,A\n", encoding="utf-8")
    own = tmp_path / "home"
    files = [str(tmp_path / name) for name in ("deals.csv", "people.csv")]
    told = asked(capsys, own, "import", *files, "--exported-at", "2026-11-22")
    assert "owner_unknown" in {finding["code"] for finding in told["findings"]}
    assert len(searched(own, "Nobody Known")) > 1
    asked(capsys, own, "erase", "Nobody Known", "--yes")
    assert searched(own, "Nobody Known") == []


def test_the_sample_refuses_a_home_of_somebodys_own(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert asked(capsys, home, "sample", code=2)["error"]["code"] == "home_taken"


def test_what_is_entered_after_the_sample_was_made_counts_at_once() -> None:
    evening = datetime(2026, 11, 29, 18, 30, tzinfo=ZoneInfo("Asia/Seoul"))
    for now, expected in (
        (datetime(2026, 11, 28, 22, 0, tzinfo=UTC), "2026-11-28T22:00"),  # seven in the morning of that day in Seoul
        (datetime(2026, 11, 29, 12, 0, tzinfo=UTC), "2026-11-29T09:30"),
        (datetime(2026, 11, 20, 12, 0, tzinfo=UTC), "2026-11-29T09:30"),  # a day that was asked for
    ):
        with time_machine.travel(now, tick=False):
            assert _exported_at(evening).astimezone(UTC).isoformat(timespec="minutes") == f"{expected}+00:00"


def test_the_upkeep_says_what_went(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    found = asked(capsys, home, "data", "upkeep", "--days", "30")
    assert (found["days"], found["sources"], found["rows"]) == (30, [], 0)
    assert found["files_after"] <= found["files_before"]


@pytest.mark.parametrize(
    ("given", "said"),
    [("x", "--days에는 정수를 적어야 합니다."), ("0", "--days에는 1 이상을 적어야 합니다.")],
)
def test_a_number_that_cannot_be_is_refused_in_the_readers_language(
    home: Path, capsys: pytest.CaptureFixture[str], given: str, said: str
) -> None:
    error = asked(capsys, home, "data", "upkeep", "--days", given, "--lang", "ko", code=2)["error"]
    assert error["message"] == said


def at_a_terminal(typed: str, *command: str) -> tuple[int, str]:
    """Run a command at a terminal on which somebody types; give its exit code and what it printed."""
    keyboard, terminal = os.openpty()
    os.write(keyboard, typed.encode())
    running = [sys.executable, "-m", "bokgi.cli", *command, "--lang", "en"]
    done = subprocess.run(running, stdin=terminal, stderr=terminal, stdout=subprocess.PIPE, text=True, check=False)
    os.close(terminal)
    os.close(keyboard)
    return done.returncode, done.stdout


def test_columns_are_shown_before_an_import_and_asked_about_at_a_terminal_where_one_is_not_sure(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    sure, unsure = tmp_path / "sure.csv", tmp_path / "unsure.csv"
    sure.write_text(DEALS, encoding="utf-8")
    unsure.write_text(DEALS.replace(",Created", ",Made").replace("\nD", "\nE"), encoding="utf-8")
    exported = ("--exported-at", "2026-11-22T18:00", "--lang", "en")
    homes = [tmp_path / name for name in ("asked", "alone")]
    command = ("import", str(unsure), *exported, "--home")
    code, shown = at_a_terminal("n\n", *command, str(homes[0]))
    assert (code, homes[0].exists()) == (2, False)
    assert "Made: for example 2026-10-05" in shown
    assert at_a_terminal("y\n", *command, str(homes[0]))[0] == 0
    assert at_a_terminal("", "import", str(sure), *exported, "--home", str(homes[0]))[0] == 0
    assert at_a_terminal("", *command, str(homes[0]), "--yes")[0] == 0
    # Nobody is there: nothing is asked.
    assert run([*command, str(homes[1])]) == 0
    assert "Made: for example 2026-10-05" in capsys.readouterr().out
    assert run([*command, str(homes[1])]) == 0
    assert "as in the saved mapping “unsure”" in capsys.readouterr().out


def test_an_open_question_shows_what_the_columns_were_taken_for(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "deals.csv").write_text("Deal ID,Stage,Created\nD1,Offer,03/04/2026\nD2,Won,05/06/2026\n")
    assert run(["import", str(tmp_path / "deals.csv"), "--home", str(tmp_path / "home"), "--lang", "en"]) == 4
    shown = capsys.readouterr()
    assert "--answer" in shown.err
    assert [line for line in shown.out.splitlines() if line.startswith("Created") and line.endswith("0.95")]
    assert not (tmp_path / "home").exists()


def test_a_script_is_told_the_mapping_and_the_open_questions_and_can_answer_them(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "deals.csv").write_text("Deal ID,Stage,Created\nD1,Offer,03/04/2026\nD2,Won,05/06/2026\n")
    command = ["import", str(tmp_path / "deals.csv"), "--home", str(tmp_path / "home"), "--lang", "ko"]
    assert run([*command, "--format", "json"]) == 4
    error = json.loads(capsys.readouterr().out)["error"]
    assert error["code"] == "question_open"
    fields = {column["column"]: column["field"] for column in error["mapping"][0]["columns"]}
    assert fields["Created"] == "deals.created"
    wanted = [question for question in error["questions"] if question["suggestion"] is None]
    assert [one["columns"] for one in wanted] == [["Created"]]
    answers = [f"--answer={one['key']}={one['options'][0]['answer']}" for one in wanted]
    assert run([*command, *answers, "--format", "json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["accepted"] == 2
    assert {one["key"] for one in wanted}.isdisjoint(one["key"] for one in told["questions"] if not one["suggestion"])
