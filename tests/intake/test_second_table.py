"""Two tables on one sheet: the rows of the second are none of the first."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import pyarrow.parquet as pq
import pytest
from openpyxl import Workbook

from bokgi.domain.errors import RefusalError
from bokgi.facts.lake import Lake
from bokgi.intake import quarantine, sources
from bokgi.intake.importing import ImportResult, import_files
from bokgi.intake.mapping import saved
from bokgi.intake.mapping.model import Entity, FileMapping, Hints
from bokgi.intake.plan import PlanOptions, plan_import
from bokgi.intake.release import release_by_mapping, tell_one_table, what_became
from bokgi.intake.undoing import undo_import

AT: Final = datetime(2026, 11, 23, 9, tzinfo=UTC)
DEALS: Final = (
    ("기회 ID", "영업기회명", "담당자", "단계", "금액"),
    ("D1", "가온", "이서연", "제안", "100"),
    ("D2", "나래", "박민준", "협상", "200"),
)
ACTIVITIES: Final = (
    ("활동 ID", "활동 유형", "담당자", "제목", "메모"),
    ("A1", "통화", "이서연", "범위 확인", "내일"),
    ("A2", "미팅", "박민준", "견적", "다시, 합계"),
)


def written(path: Path, rows: tuple[tuple[str, ...], ...]) -> Path:
    if path.suffix == ".csv":
        path.write_text("".join(",".join(f'"{cell}"' for cell in row) + "\n" for row in rows), encoding="utf-8")
        return path
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    for row in rows:
        sheet.append(row)
    book.save(path)
    return path


def taken_in(path: Path, *, at: datetime = AT, complete: bool = False) -> tuple[Lake, ImportResult]:
    lake = Lake.open(path.parent / "home", create=True)
    with plan_import([path], lake=lake, options=PlanOptions(exported_at=at)) as plan:
        return lake, import_files(lake, plan, by="test", at=at, complete=complete)


def deals(lake: Lake) -> list[str]:
    return sorted(row for path in lake.state()["deals"] for row in pq.read_table(path)["deal_id"].to_pylist())


def stages(lake: Lake) -> set[str]:
    return {row for path in lake.state()["stages"] for row in pq.read_table(path)["stage"].to_pylist()}


@pytest.mark.parametrize("suffix", [".csv", ".xlsx"])
def test_rows_of_a_second_table_wait_in_quarantine(tmp_path: Path, suffix: str) -> None:
    lake, result = taken_in(written(tmp_path / f"both{suffix}", (*DEALS, *ACTIVITIES)))

    assert (result.read, result.accepted, result.quarantined) == (5, 2, 3)
    (found,) = [finding for finding in result.findings if finding.code == "header_within"]
    assert (found.count, found.examples[0].row) == (3, 4)
    assert deals(lake) == ["D1", "D2"]
    assert not stages(lake) & {"범위 확인", "제목", "견적"}, "the second table says nothing of stages"
    waiting = quarantine.quarantined(lake)
    assert [(row.place.row, row.codes) for row in waiting] == [(row, ("header_within",)) for row in (4, 5, 6)]
    separator = "," if suffix == ".csv" else "\t"
    assert waiting[2].cells == {"": separator.join(ACTIVITIES[2])}


def test_what_was_refused_for_other_reasons_waits_too(tmp_path: Path) -> None:
    path = written(tmp_path / "both.csv", (*DEALS, ("D3", "다온"), *ACTIVITIES))

    lake, result = taken_in(path)

    assert (result.read, result.accepted, result.quarantined) == (6, 2, 4)
    assert [row.codes for row in quarantine.quarantined(lake)] == [("too_few_cells",), *[("header_within",)] * 3]


@pytest.mark.parametrize("suffix", [".csv", ".xlsx"])
def test_files_put_one_behind_the_other_are_one_table(tmp_path: Path, suffix: str) -> None:
    more = (DEALS[0], ("D3", "다온", "이서연", "제안", "300"))
    lake, result = taken_in(written(tmp_path / f"deals{suffix}", (*DEALS, *more)))

    assert (result.read, result.accepted, result.quarantined) == (3, 3, 0)
    assert deals(lake) == ["D1", "D2", "D3"]
    assert [finding.count for finding in result.findings if finding.code == "header_repeated"] == [1]


def test_who_knows_better_says_that_it_is_a_row(tmp_path: Path) -> None:
    path = written(tmp_path / "deals.csv", (*DEALS, ("메모", "제품", "담당자", "단계", "")))
    taken_in(path)
    lake = Lake.open(tmp_path / "home")
    with plan_import([path], lake=lake, options=PlanOptions(exported_at=AT)) as plan:
        (question,) = [one for one in plan.questions if one.code == "second_table_unclear"]
        assert (plan.files[0].staged.rows, plan.files[0].staged.rejected) == (2, 1)
    hints = Hints(answers={question.key: "rows"})
    with plan_import([path], lake=lake, options=PlanOptions(exported_at=AT, hints=hints)) as plan:
        assert (plan.files[0].staged.rows, plan.files[0].staged.rejected) == (3, 0)
        assert import_files(lake, plan, by="test", at=AT).read == 3

    with plan_import([path], lake=lake, options=PlanOptions(exported_at=AT)) as plan:
        assert (plan.files[0].staged.rows, plan.files[0].staged.rejected) == (3, 0), "the saved mapping knows it"
        assert "second_table_unclear" not in [one.code for one in plan.questions]


MORE: Final = (("메모", "제품", "담당자", "단계", ""), ("D3", "다온, 2차", "이서연", "제안", "300"))


@pytest.mark.parametrize("suffix", [".csv", ".xlsx"])
def test_rows_that_waited_as_a_second_table_come_in_with_the_answer(tmp_path: Path, suffix: str) -> None:
    path = written(tmp_path / f"deals{suffix}", (*DEALS, *MORE))
    lake, before = taken_in(path)
    assert (deals(lake), before.quarantined) == (["D1", "D2"], 2)

    with plan_import([path], lake=lake, options=PlanOptions(exported_at=AT)) as plan:
        (question,) = [one for one in plan.questions if one.code == "second_table_unclear"]
    hints = Hints(answers={question.key: "rows"})
    with plan_import([path], lake=lake, options=PlanOptions(exported_at=AT, hints=hints)) as plan:
        import_files(lake, plan, by="test", at=AT)

    assert "D3" in deals(lake)
    # What is refused still, the row that reads like a header, waits once: with the import that read it as a row.
    assert "header_within" not in [code for row in quarantine.quarantined(lake) for code in row.codes]
    assert quarantine.count(lake, import_no=before.import_no) == 0


@pytest.mark.parametrize("suffix", [".csv", ".xlsx"])
def test_rows_that_wait_as_a_second_table_are_judged_again_once_somebody_says_so(tmp_path: Path, suffix: str) -> None:
    lake, before = taken_in(written(tmp_path / f"deals{suffix}", (*DEALS, *MORE)))
    assert before.import_no is not None
    assert release_by_mapping(lake, before.import_no, by="test", at=AT).import_no is None

    tell_one_table(lake, before.import_no)
    released = release_by_mapping(lake, before.import_no, by="test", at=AT)

    assert released.import_no is not None
    assert "D3" in deals(lake)
    assert "header_within" not in [code for row in quarantine.quarantined(lake) for code in row.codes]


def test_rows_whose_source_is_gone_wait_on_with_their_text(tmp_path: Path) -> None:
    lake, before = taken_in(written(tmp_path / "deals.csv", (*DEALS, *MORE)))
    assert before.import_no is not None
    waiting = quarantine.quarantined(lake)
    sources.drop(lake, before.import_no)

    tell_one_table(lake, before.import_no)

    released = release_by_mapping(lake, before.import_no, by="test", at=AT)
    assert (released.import_no, released.refused, released.sourceless) == (None, 2, 2)
    (said,) = what_became(released.released, released.refused, released.sourceless)
    assert said.text("en") == (
        "2 rows can only be read from their file, which is no longer kept. Import the file again."
    )
    assert quarantine.quarantined(lake) == waiting

    # The file given again is read as somebody said, and the rows wait no longer.
    taken_in(written(tmp_path / "deals.csv", (*DEALS, *MORE)))
    assert "D3" in deals(lake)
    assert "header_within" not in [code for row in quarantine.quarantined(lake) for code in row.codes]


def test_rows_below_another_header_are_no_rows_of_what_a_saved_mapping_reads_otherwise(tmp_path: Path) -> None:
    lake, before = taken_in(written(tmp_path / "deals.csv", (*DEALS, *MORE)))
    assert before.import_no is not None
    (path,) = (lake.home / "mappings").glob("*.toml")
    text = saved.write(FileMapping("deals.csv", Entity.IGNORE, (), "file", name=path.stem))
    path.write_text(text, encoding="utf-8")

    with pytest.raises(RefusalError) as raised:
        tell_one_table(lake, before.import_no)

    assert raised.value.code == "mapping_of_other_kind"
    assert path.read_text(encoding="utf-8") == text


def test_what_became_of_rows_counts_those_without_a_source_apart() -> None:
    said = [message.text("en") for message in what_became(1, 3, 2)]
    assert said[0] == "1 row was taken in, 3 of this import stays in quarantine."
    assert said[1].startswith("2 rows can only be read from their file")
    (refused, gone) = what_became(0, 3, 2)
    assert refused.text("en").startswith("1 row is refused as before.")
    assert gone.text("ko").startswith("2개 행은 원본 파일에서만")


def test_an_import_that_is_judged_again_keeps_the_second_table_out(tmp_path: Path) -> None:
    first = written(
        tmp_path / "first.csv",
        (DEALS[0], ("D8", "라온", "이서연", "제안", "50"), ("D9", "마루", "이서연", "협상", "60")),
    )
    lake, before = taken_in(first)
    taken_in(written(tmp_path / "both.csv", (*DEALS, *ACTIVITIES)))
    assert before.import_no is not None

    undo_import(lake, before.import_no, by="test", at=AT)

    assert deals(lake) == ["D1", "D2"]
    assert [row.codes for row in quarantine.quarantined(lake)] == [("header_within",)] * 3


@pytest.mark.parametrize(
    "unread", [("D2", "나래"), ("기회 ID", "영업기회명", "담당자", "단계", "메모")], ids=["short", "header"]
)
def test_a_complete_file_takes_no_deal_away_that_stands_in_what_could_not_be_read(
    tmp_path: Path, unread: tuple[str, ...]
) -> None:
    taken_in(written(tmp_path / "deals.csv", DEALS), complete=True)
    later = (*DEALS[:2], unread, *([DEALS[2]] if len(unread) > 2 else []))

    lake, _ = taken_in(written(tmp_path / "deals.csv", later), at=AT.replace(day=24), complete=True)

    rows = [row for path in lake.state()["deals"] for row in pq.read_table(path).to_pylist()]
    assert sorted((row["deal_id"], row["outcome"]) for row in rows) == [("D1", "open"), ("D2", "open")]
