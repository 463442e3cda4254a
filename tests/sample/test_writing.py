"""The files: the same bytes every time, in their encodings, with exactly the dirt that is reported."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from bokgi.sample import SampleSummary, write_company
from bokgi.sample.truth import PERSONAL_COLUMN, PLANTED_DIRT, STAGE_VARIANT, STAGES, TEAM_LEADS, UNKNOWN_OWNER
from tests.sample.conftest import TODAY
from tests.sample.exports import ENCODINGS, OTHERS, Columns, dotted, is_date, manwon, read, rows_of

Table = Callable[[str], Columns]

DIGEST = "2d90d929bbde7a5bbecaf2ecce65a226dcc66acfb6b9e4e957ce40ba18537722"
"""Of all files in order, for the default seed and TODAY; changes only when the generator is changed on purpose."""


def digest(paths: tuple[Path, ...]) -> str:
    whole = hashlib.sha256()
    for path in paths:
        whole.update(path.read_bytes())
    return whole.hexdigest()


def test_the_same_seed_and_date_give_the_same_bytes_on_every_machine(sample: SampleSummary) -> None:
    assert digest(sample.paths) == DIGEST


def test_writing_again_over_the_files_changes_nothing(sample: SampleSummary, tmp_path: Path) -> None:
    first = write_company(tmp_path / "new" / "folder", today=TODAY)
    before = digest(first.paths)
    again = write_company(first.folder, today=TODAY)
    assert before == digest(again.paths) == digest(sample.paths)
    assert again.dirt == sample.dirt


def test_another_seed_gives_another_company_of_the_same_kind(sample: SampleSummary, tmp_path: Path) -> None:
    other = write_company(tmp_path, seed=1, today=TODAY)
    assert digest(other.paths) != digest(sample.paths)
    assert {kind: other.dirt[kind] for kind in PLANTED_DIRT} == PLANTED_DIRT
    assert abs(other.deals - sample.deals) < 500


@pytest.mark.parametrize("today", [date(2024, 2, 29), date(2025, 10, 8), date(2026, 2, 18), date(2027, 1, 1)])
def test_two_years_end_with_any_day_holiday_or_not(today: date, tmp_path: Path) -> None:
    summary = write_company(tmp_path, today=today)
    deals = read(tmp_path, "영업기회.csv")
    created = [dotted(text) for text in deals["생성일"]]
    assert summary.start <= min(created)
    assert max(created) <= today
    assert (today - summary.start).days in {729, 730}
    assert {kind: summary.dirt[kind] for kind in PLANTED_DIRT} == PLANTED_DIRT


def test_nothing_but_plans_lies_after_today(table: Table, sample: SampleSummary) -> None:
    tomorrow = (sample.today + timedelta(days=1)).isoformat()
    assert max(table("단계이력.csv")["진입일시"]) < tomorrow
    assert max(table("기회변경이력.csv")["변경일시"]) < tomorrow
    assert max(table("리드.csv")["배정일시"]) < tomorrow
    assert max(table("고객응답.csv")["응답일"]) <= f"{sample.today:%Y/%m/%d}"
    activities = rows_of(table("활동.csv"))
    assert {row["결과"] for row in activities if row["활동일시"] >= tomorrow} == {"예정"}
    assert max(table("활동.csv")["등록일시"]) < tomorrow
    exported = sample.exported_at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    assert max(table("콘텐츠노출.csv")["발생 시각(UTC)"]) < exported


def test_the_time_of_every_file_is_the_moment_of_export(sample: SampleSummary) -> None:
    assert sample.exported_at.astimezone(UTC) == datetime(2026, 11, 23, 9, 30, tzinfo=UTC)
    assert {path.stat().st_mtime for path in sample.paths} == {sample.exported_at.timestamp()}


def test_each_file_decodes_by_its_encoding_and_korean_excel_by_no_other(sample: SampleSummary) -> None:
    for path in sample.paths:
        if path.suffix == ".csv":
            encoding, _ = ENCODINGS.get(path.name, OTHERS)
            raw = path.read_bytes()
            assert raw.decode(encoding)
            assert raw.startswith(b"\xef\xbb\xbf") == (encoding == "utf-8-sig"), path.name
            assert (b"\r\n" in raw) == (encoding != "utf-8"), path.name
            if encoding == "cp949":
                with pytest.raises(UnicodeDecodeError):
                    raw.decode("utf-8")


def test_the_summary_counts_the_rows_of_each_file(sample: SampleSummary, table: Table) -> None:
    for path in sample.paths:
        if path.suffix == ".csv":
            assert len(next(iter(table(path.name).values()))) == sample.rows[path.name], path.name
    assert 5_500 <= sample.deals <= 6_500
    assert 60_000 <= sample.rows["활동.csv"] <= 80_000
    assert sample.rows["구성원.csv"] == 27


def test_the_dirt_reported_is_the_dirt_in_the_file(sample: SampleSummary, table: Table) -> None:
    rows = rows_of(table("영업기회.csv"))
    people = set(table("구성원.csv")["이름"])
    accounts = set(table("고객사.csv")["고객사명"])
    once = [dict(pairs) for pairs in dict.fromkeys(tuple(row.items()) for row in rows)]
    by_id = Counter(row["영업기회 ID"] for row in once)
    first = list({row["영업기회 ID"]: row for row in reversed(rows)}.values())
    still_open = [row for row in first if row["상태"] == "진행 중"]
    found = {
        "missing_amount": sum(row["금액(만원)"] == "" for row in rows),
        "malformed_date": sum(not is_date(row["예상 종료일"]) for row in rows),
        "exact_duplicate": len(rows) - len(once),
        "conflicting_duplicate": sum(count - 1 for count in by_id.values()),
        "unknown_owner": sum(row["담당자"].strip() not in people for row in rows),
        "closed_before_created": sum(
            row["종료일"] != "" and dotted(row["종료일"]) < dotted(row["생성일"]) for row in rows
        ),
        "negative_amount": sum(row["금액(만원)"].startswith("-") for row in rows),
        "owner_trailing_space": sum(row["담당자"] != row["담당자"].strip() for row in rows),
        "stage_variant": sum(row["영업단계"] not in STAGES for row in rows),
        "account_spelling": sum(row["고객사"] not in accounts for row in rows),
        "no_next_step": sum(row["다음 단계"] == "" for row in still_open),
        "expected_close_past": sum(
            is_date(row["예상 종료일"]) and dotted(row["예상 종료일"]) < sample.today for row in still_open
        ),
        "personal_column": int(PERSONAL_COLUMN in rows[0]),
    }
    assert found == dict(sample.dirt)
    assert found["no_next_step"] > 0
    assert found["expected_close_past"] > 0


def test_dirt_is_what_it_is_called(table: Table) -> None:
    deals = table("영업기회.csv")
    assert {stage for stage in deals["영업단계"] if stage not in STAGES} == {STAGE_VARIANT[1]}
    assert UNKNOWN_OWNER in deals["담당자"]
    assert UNKNOWN_OWNER not in {*table("구성원.csv")["이름"], *TEAM_LEADS}
    phones = {phone for phone in deals[PERSONAL_COLUMN] if phone}
    assert all(phone.startswith("010-0000-") for phone in phones), "no number that could be somebody's"


def test_amounts_of_new_business_lie_between_ten_million_and_five_hundred_million_won(table: Table) -> None:
    amounts = [
        manwon(row["금액(만원)"])
        for row in rows_of(table("영업기회.csv"))
        if row["유형"] == "신규" and row["금액(만원)"] != "" and not row["금액(만원)"].startswith("-")
    ]
    assert min(amounts) >= 1_000
    assert max(amounts) <= 50_000
    assert sorted(amounts)[len(amounts) // 2] * 1.4 < sum(amounts) / len(amounts), "a heavy upper tail"


def test_deal_names_come_in_the_awkward_lengths(table: Table) -> None:
    assert max(len(name) for name in table("영업기회.csv")["영업기회명"]) >= 30
    names = table("연락처.csv")["이름"] + table("구성원.csv")["이름"]
    assert {len(name) for name in names} >= {2, 3, 4, 5}
    assert any(name.startswith(("남궁", "선우")) for name in table("구성원.csv")["이름"])
