"""A deal that was won on a day nobody knows is won in no period, wherever one looks."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path

import ibis

from bokgi.apps.reviews.pack import review_pack
from bokgi.domain.period import Period
from bokgi.facts.lake import Lake
from bokgi.facts.read import facts
from bokgi.intake.importing import import_files
from bokgi.intake.plan import PlanOptions, plan_import
from bokgi.questions.pipeline import tell_pipeline_change

DEALS = """기회 ID,고객사,담당자,단계,금액,생성일,종료일,결과
D1,한빛,김하늘,수주,100,2026-10-01,,수주
D2,대양,김하늘,수주,30,2026-10-01,2026-11-24,수주
"""
AS_OF = date(2026, 11, 29)


def test_change_and_review_of_the_week_count_the_same_deals_as_won(tmp_path: Path) -> None:
    (tmp_path / "deals.csv").write_text(DEALS, encoding="utf-8")
    lake, at = Lake.open(tmp_path / "home", create=True), datetime(2026, 11, 25, 9, tzinfo=UTC)
    with plan_import([tmp_path / "deals.csv"], lake=lake, options=PlanOptions(exported_at=at)) as plan:
        done = import_files(lake, plan, by="test", at=at)
    assert "won_without_close_date" in {finding.code for finding in done.findings}
    read = facts(ibis.duckdb.connect(), lake)

    told = tell_pipeline_change(read, as_of=AS_OF, start=date(2026, 11, 23))
    pack = review_pack(read, period=Period.week("2026-W48"), as_of=AS_OF)

    ended = {part["code"]: part["deals"] for part in told["parts"] if part["count"]}
    assert ended == {"won": 1, "closed_undated": 1}
    assert [deal["deal_id"] for deal in told["deals"]["won"]] == ["D2"]
    assert "counts as won or lost in no period" in told["caveats"][-1]["message"]
    assert {part["code"] for part in pack["pipeline_change"]["parts"] if part["count"]} == {"won", "closed_undated"}
    assert [deal["deal_id"] for deal in pack["learning"]["won"]] == ["D2"]
