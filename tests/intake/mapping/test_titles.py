"""Titles behind the names of our people."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from bokgi.facts.lake import Lake
from bokgi.intake.importing import import_files
from bokgi.intake.plan import PlanOptions, plan_import
from tests.intake.mapping.small_files import Bench, codes, table

AT = datetime(2026, 11, 24, 9, tzinfo=UTC)
HEADERS = ("딜ID", "딜명", "고객사", "담당자", "단계", "금액(원)")


def deals(*owners: str) -> str:
    return table(HEADERS, *((f"D{n}", "서버", "한빛전자", owner, "제안", "5000000") for n, owner in enumerate(owners)))


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    bench = Bench(tmp_path)
    yield bench
    bench.connection.close()


def test_a_person_stays_one_with_and_without_a_title(tmp_path: Path) -> None:
    lake = Lake.open(tmp_path / "home", create=True)
    for name, text in (("a.csv", deals("김민수 과장", "이지은 대리")), ("b.csv", deals("김민수 차장", "이지은"))):
        (tmp_path / name).write_text(text, encoding="utf-8")
        with plan_import([tmp_path / name], lake=lake, options=PlanOptions(exported_at=AT)) as plan:
            import_files(lake, plan, by="test", at=AT)
    names = [name for path in lake.state()["identities"] for name in pq.read_table(path)["name"].to_pylist()]
    assert sorted(name for name in names if name) == ["김민수", "이지은"]


def test_one_name_with_two_titles_may_be_two_people(bench: Bench) -> None:
    found = bench.map({"deals.csv": deals("김민수 과장", "김민수 대리", "이지은 대리")}, among=())
    column = found.mappings[0].of("deals.owner_name")
    assert column is not None
    assert column.format is None
    assert "names_with_titles" in codes(found)


def test_titles_that_a_saved_mapping_leaves_out_may_tell_two_people_apart(tmp_path: Path) -> None:
    lake = Lake.open(tmp_path / "home", create=True)
    plans = []
    for name, text in (("a.csv", deals("김민수 과장")), ("b.csv", deals("김민수 과장", "김민수 대리"))):
        (tmp_path / name).write_text(text, encoding="utf-8")
        with plan_import([tmp_path / name], lake=lake, options=PlanOptions(exported_at=AT)) as plan:
            import_files(lake, plan, by="test", at=AT)
            plans.append(plan)
    assert plans[-1].files[0].mapping.found_by.value == "saved"
    assert "names_with_titles" in {finding.code for finding in plans[-1].findings}
    owners = {one for path in lake.state()["deals"] for one in pq.read_table(path)["owner_id"].to_pylist()}
    assert len(owners) == 2


def test_names_without_titles_stay(bench: Bench) -> None:
    found = bench.map({"deals.csv": deals("김민수", "이수석", "박대리")}, among=())
    column = found.mappings[0].of("deals.owner_name")
    assert column is not None
    assert column.format is None
    assert not codes(found) & {"names_with_titles", "titles_left_out"}
