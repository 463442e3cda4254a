"""Targets of somebody, or of a team, that nothing else names: one letter too many makes a person of nobody."""

from __future__ import annotations

import unicodedata
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import pyarrow.parquet as pq
import pytest

from bokgi.facts.lake import Lake
from bokgi.intake import quarantine
from bokgi.intake.importing import ImportResult, import_files
from bokgi.intake.plan import PlanOptions, plan_import
from bokgi.intake.release import release_by_hand

AT: Final = datetime(2026, 11, 23, 9, tzinfo=UTC)
DEALS: Final = "영업기회 ID,영업기회명,고객사,담당자,단계,금액,생성일\nD1,도입,한빛,김민수,제안,100,2026-10-01\n"
PEOPLE: Final = "이름,이메일,팀\n김민수,kim@bokgi.test,영업1팀\n이서연,lee@bokgi.test,영업2팀\n"
NAMESAKES: Final = PEOPLE + "김민수,kim2@bokgi.test,영업2팀\n"


def table(lake: Lake, name: str) -> list[dict[str, Any]]:
    return [row for path in lake.state()[name] for row in pq.read_table(path).to_pylist()]


def taken_in(folder: Path, files: dict[str, str]) -> tuple[Lake, ImportResult]:
    for name, text in files.items():
        (folder / name).write_text(text, encoding="utf-8")
    lake = Lake.open(folder / "home", create=True)
    with plan_import([folder / name for name in files], lake=lake, options=PlanOptions(exported_at=AT)) as plan:
        return lake, import_files(lake, plan, by="test", at=AT)


def said(result: ImportResult) -> list[tuple[str, str | None, str | None]]:
    """Give code, name and nearest known name of every target of somebody new."""
    return [
        (finding.code, example.value, example.near)
        for finding in result.findings
        if finding.code.startswith("target_of_")
        for example in finding.examples
    ]


def goals(*names: str, head: str = "담당자") -> dict[str, str]:
    return {"2026 목표.csv": "\n".join([f"{head},1월,2월", *(f"{name},5,6" for name in names)]) + "\n"}


def test_a_misspelt_name_is_said_with_the_one_that_is_known(tmp_path: Path) -> None:
    taken_in(tmp_path, {"영업기회.csv": DEALS})
    lake, result = taken_in(tmp_path, goals("김민수", "김민스", "박서준"))
    expected = [("target_of_someone_new", "김민스", "김민수"), ("target_of_someone_new", "박서준", None)]
    assert said(result) == expected
    assert "김민" not in lake.imports()[-1].findings
    assert said(taken_in(tmp_path, goals("김민수", "박서준"))[1]) == []


def test_files_of_one_import_know_each_others_names(tmp_path: Path) -> None:
    _, result = taken_in(tmp_path, {"영업기회.csv": DEALS} | goals(unicodedata.normalize("NFD", "김민수"), "김민스"))
    assert said(result) == [("target_of_someone_new", "김민스", "김민수")]


def test_a_name_that_two_people_have_is_known(tmp_path: Path) -> None:
    taken_in(tmp_path, {"영업사원.csv": NAMESAKES})
    _, result = taken_in(tmp_path, goals("김민수", "이서엔"))
    assert said(result) == [("target_of_someone_new", "이서엔", "이서연")]


@pytest.mark.parametrize("head", ["담당자", "구분"])
@pytest.mark.parametrize("before", [(), ("영업사원.csv",)])
def test_a_target_of_one_of_two_people_of_that_name_waits_until_somebody_says_of_whom(
    tmp_path: Path, head: str, before: tuple[str, ...]
) -> None:
    files = {"영업사원.csv": NAMESAKES} | goals("김민수 과장", "이서연", head=head)
    for name in before:
        taken_in(tmp_path, {name: files.pop(name)})
    lake, result = taken_in(tmp_path, files)
    [finding] = [finding for finding in result.findings if finding.code == "name_shared"]
    assert [(one.row, one.near) for one in finding.examples] == [(2, "kim2@bokgi.test / kim@bokgi.test")]
    [waiting] = quarantine.quarantined(lake)
    assert quarantine.namesakes(lake, waiting) == {head: "kim2@bokgi.test / kim@bokgi.test"}
    refused = release_by_hand(lake, waiting.place, {"1월": "9"}, by="test", at=AT)
    assert (refused.released, [finding.code for finding in refused.findings]) == (0, ["name_shared"])
    assert release_by_hand(lake, waiting.place, {head: "Kim2@bokgi.test"}, by="test", at=AT).released == 1
    [second] = [row["key"] for row in table(lake, "identities") if row["email"] == "kim2@bokgi.test"]
    assert [row["subject_kind"] for row in table(lake, "targets") if row["subject_id"] == second] == ["person"] * 2
    assert {row["name"] for row in table(lake, "identities")} == {"김민수", "이서연"}


def test_a_membership_by_a_name_of_two_people_waits(tmp_path: Path) -> None:
    taken_in(tmp_path, {"영업사원.csv": NAMESAKES})
    lake, result = taken_in(tmp_path, {"팀.csv": "팀,담당자,역할\n영업3팀,김민수,팀장\n영업3팀,이서연,팀원\n"})
    assert [waiting.codes for waiting in quarantine.quarantined(lake)] == [("name_shared",)]
    assert (result.accepted, {row["team"] for row in table(lake, "memberships")}) == (
        1,
        {"영업1팀", "영업2팀", "영업3팀"},
    )


def test_a_deal_of_a_name_that_several_have_stays_with_whom_it_was(tmp_path: Path) -> None:
    taken_in(tmp_path, {"영업사원.csv": NAMESAKES})
    _, result = taken_in(tmp_path, {"영업기회.csv": DEALS})
    assert "person_ambiguous" in {finding.code for finding in result.findings}
    lake, again = taken_in(tmp_path, {"영업기회.csv": DEALS.replace("100", "200")})
    assert "person_ambiguous" in {finding.code for finding in again.findings}
    assert [row["name"] for row in table(lake, "identities")].count("김민수") == 3
    assert {row["field"] for row in table(lake, "deal_changes")} == {"amount"}


@pytest.mark.parametrize("names", [(unicodedata.normalize("NFD", "김민수"),), ("김민수님", "김민수 과장")])
def test_a_person_in_a_column_of_teams_or_people_is_that_however_written(
    tmp_path: Path, names: tuple[str, ...]
) -> None:
    taken_in(tmp_path, {"영업사원.csv": PEOPLE})
    lake, _ = taken_in(tmp_path, goals(*names, head="구분"))
    rows = table(lake, "targets")
    assert {row["subject_kind"] for row in rows} == {"person"}
    assert len({row["subject_id"] for row in rows}) == 1


def test_a_name_in_a_column_of_teams_or_people_is_said_where_no_team_is_known_either(tmp_path: Path) -> None:
    taken_in(tmp_path, {"영업기회.csv": DEALS})
    assert said(taken_in(tmp_path, goals("김민수", "김민스", head="구분"))[1]) == [
        ("target_of_team_new", "김민스", "김민수")
    ]


def test_where_nobody_is_known_yet_nobody_is_pointed_out(tmp_path: Path) -> None:
    assert said(taken_in(tmp_path, goals("김민수", "이서연"))[1]) == []


@pytest.mark.parametrize(
    ("head", "names", "expected"),
    [
        ("팀", ("영업1팀", "영업1팅"), [("target_of_team_new", "영업1팅", "영업1팀")]),
        ("구분", ("김민수", "이서엔", "영업2팀"), [("target_of_team_new", "이서엔", "이서연")]),
    ],
)
def test_a_team_that_nobody_is_in_is_said_once(
    tmp_path: Path, head: str, names: tuple[str, ...], expected: list[tuple[str, str, str]]
) -> None:
    taken_in(tmp_path, {"영업사원.csv": PEOPLE})
    assert said(taken_in(tmp_path, goals(*names, head=head))[1]) == expected
    assert said(taken_in(tmp_path, goals(*names, head=head))[1]) == []


@pytest.mark.parametrize("head", ["담당자", "구분"])
@pytest.mark.parametrize("before", [(), ("김민수 과장", "이서연 대리")])
def test_one_name_with_two_titles_waits_and_is_nobody_elses_target(
    tmp_path: Path, head: str, before: tuple[str, ...]
) -> None:
    taken_in(tmp_path, {"영업기회.csv": DEALS})
    if before:
        taken_in(tmp_path, goals(*before, head=head))
    lake, result = taken_in(tmp_path, goals("김민수 과장", "김민수 대리님", "이서연 과장", head=head))
    assert (result.read, result.quarantined) == (3, 2)
    assert [f.code for f in result.findings if f.severity.value == "error"] == ["name_with_titles"]
    [first, _] = quarantine.quarantined(lake)
    done = release_by_hand(lake, first.place, {head: "김민수", "1월": "9"}, by="test", at=AT)
    assert done.released == 1
    assert quarantine.count(lake) == 1
