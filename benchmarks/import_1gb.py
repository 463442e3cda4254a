"""Import of a large deals CSV, with mapping, judging and quarantine, against DuckDB's own CSV → Parquet copy of it.

    python3 run.py bench import_1gb --folder bench-files --keep

Both sides run as processes of their own, one after the other, on the same file with as many threads as there are
cores; CPU seconds, seconds and peak memory are those of the whole process, from the start of Python to its end, as the
system counted them. Python finds its bytecode, as in an installation. The peer is
`COPY (FROM read_csv(…)) TO … (FORMAT parquet)` with DuckDB's defaults, once with the types that DuckDB finds, which is
what such a copy does by itself, and once with texts throughout, which types nothing and is the least that any import
must do. Ours is what `bokgi import` does, into a new home: staging, mapping, judging, quarantine, the Delta tables, the
kept source file, the commit and the derived state; where its CPU seconds went is shown step by step.

The file is made up: an export of deals with Korean names, amounts and dates as people write them, cells with commas,
quotes and line breaks, and about one row in a hundred that belongs in quarantine. Prints JSON, then a Markdown table.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import duckdb

from bokgi.cli.lighter import without_unused
from bokgi.facts import state
from bokgi.facts.lake import Lake
from bokgi.intake import attempt, importing, plan, sources
from bokgi.intake.writing import everything

MEBIBYTE: Final = 1 << 20
_BYTES_A_ROW: Final = 334
_EXPORTED_AT: Final = datetime(2026, 11, 23, 9, tzinfo=UTC)

PEERS: Final = {
    "copy": "read_csv({file}, ignore_errors = true)",
    "copy of texts": "read_csv({file}, all_varchar = true, ignore_errors = true)",
}
"""Ways in which DuckDB copies the file; a few records of it are short, which stops a copy that ignores no errors."""

_CALLED: Final = {"copy": "DuckDB's copy", "copy of texts": "DuckDB's copy, all texts", "bokgi": "import"}

_WORDS: Final = {
    "family": "김 이 박 최 정 강 조 윤 장 임 한 오 서 신 권 황 안 송 전 홍",
    "given": "민준 서연 도윤 지우 하준 서윤 시우 지민 예준 하은 주원 수아 지호 다은 준서 채원 건우 지유 현우 소율",
    "company": "한빛 새롬 가온 누리 다온 미래 대한 동방 삼우 세종 우진 태성 하나로 현암 청솔 아라 바른 늘봄 해찬",
    "trade": "전자 물산 테크 시스템 바이오 로지스틱스 에너지 소프트 건설 유통 화학 정밀 식품 미디어 금속 네트웍스",
    "stage": "리드확인 니즈파악 솔루션제안 견적제출 협상 계약검토 수주 수주 실주 실주",
    "source": "홈페이지 전시회 소개 콜드콜 세미나 광고 파트너",
    "type": "신규 신규 신규 확장 갱신",
    "product": "스탠다드 프로 엔터프라이즈 애드온 컨설팅",
    "reason": "가격 시기 경쟁사 예산 무응답",
    "industry": "제조 유통 금융 공공 의료 IT서비스 교육",
    "region": "서울 경기 부산 대구 대전 광주 인천",
    "partner": "직판 총판A 총판B 리셀러 SI",
    "project": "차세대 전사 본사 생산 물류 고객센터 인사 재무 품질 연구 영업 구매 해외법인 데이터 보안 클라우드 모바일",
    "system": "통합 고도화 전환 구축 재구축 표준화 이관 자동화 도입 확장 개편 연동 증설 교체 시범 운영",
    "doing": "일정을_조율 견적을_발송 자료를_보완 결재선을_확인 데모를_준비 계약서를_검토 예산을_확인 사례를_공유",
    "whom": "구매팀장 정보화팀 현업부서 본부장 대표이사 재무팀 보안담당 실무자 기획실 연구소장 공장장",
}

_ROWS: Final = """
    WITH deal AS (
        SELECT i, hash(i, 1) AS h1, hash(i, 2) AS h2, hash(i, 3) AS h3, hash(i, 4) AS h4,
            hash(i // 9, 5) % {accounts} AS account, hash(i, 6) % {people} AS person,
            DATE '2023-01-02' + (hash(i, 7) % 1400)::INTEGER AS created,
            (1 + hash(i, 8) % 4000) * 50000 AS won, hash(i, 9) % 1000 AS dirt
        FROM range({rows}) AS numbers(i)
    ), said AS (
        SELECT *, {stage}[1 + (h1 % 10)::INTEGER] AS stage,
            {company}[1 + (account % 19)::INTEGER] || {trade}[1 + (account // 19 % 16)::INTEGER]
                || CASE WHEN account >= 304 THEN ' ' || (account // 304) ELSE '' END AS company,
            {family}[1 + (person % 20)::INTEGER] || {given}[1 + (person // 20 % 20)::INTEGER] AS owner,
            created + (10 + h2 % 120)::INTEGER AS due
        FROM deal
    )
    SELECT
        'OPP-' || lpad((CASE WHEN dirt = 7 THEN i - 1 ELSE i END)::VARCHAR, 8, '0') AS "영업기회번호",
        company || ' ' || {project}[1 + (h2 % 17)::INTEGER] || ' ' || {product}[1 + (h3 % 5)::INTEGER] || ' '
            || {system}[1 + (h4 % 17)::INTEGER]
            || CASE h3 % 20 WHEN 0 THEN ' "긴급", 2차' WHEN 1 THEN ' (본사, 지사)' ELSE ' ' || h1 % 9 || '단계' END
            AS "영업기회명",
        company AS "고객사", owner AS "담당자", 'rep' || person || '@example.co.kr' AS "담당자 이메일",
        stage AS "영업단계",
        CASE WHEN dirt < 4 THEN '협의 후 결정' WHEN dirt = 4 THEN '-' || won WHEN h4 % 40 = 0 THEN NULL
             WHEN h4 % 20 = 1 THEN (won // 10000) || '만원'
             WHEN h4 % 33 = 2 THEN '₩' || (won // 10000) || '만'
             WHEN h4 % 50 = 3 THEN '1억 ' || (1 + won % 9) || '천만원'
             WHEN h4 % 5 = 4 THEN '₩' || format('{{:,}}', won) ELSE format('{{:,}}', won) END AS "예상매출",
        CASE WHEN h4 % 100 = 5 THEN 'USD' ELSE 'KRW' END AS "통화",
        ((h1 % 10) * 10) || '%' AS "수주확률",
        strftime(created, '%Y-%m-%d ') || lpad((9 + h2 % 9)::VARCHAR, 2, '0') || ':' || lpad((h3 % 60)::VARCHAR, 2, '0')
            AS "생성일시",
        CASE WHEN dirt = 5 THEN '내년 상반기' WHEN h2 % 50 = 0 THEN '미정' ELSE strftime(due, '%Y-%m-%d') END
            AS "예상마감일",
        CASE WHEN stage IN ('수주', '실주') THEN
            strftime(CASE WHEN dirt = 6 THEN created - 30 ELSE due + (h3 % 20)::INTEGER END, '%Y. %-m. %-d.') END
            AS "종료일",
        {source}[1 + (h2 % 7)::INTEGER] AS "유입경로", {type}[1 + (h3 % 5)::INTEGER] AS "사업유형",
        {product}[1 + (h3 % 5)::INTEGER] AS "제품",
        CASE WHEN stage = '실주' THEN {reason}[1 + (h4 % 5)::INTEGER] END AS "실주사유",
        CASE WHEN h2 % 8 > 0 THEN {whom}[1 + (h3 % 10)::INTEGER] || '과 ' || (1 + h1 % 12) || '월 ' || (1 + h4 % 28)
            || '일까지 ' || replace({doing}[1 + (h4 % 8)::INTEGER], '_', ' ') || '하고 '
            || {family}[1 + (h1 % 20)::INTEGER] || {given}[1 + (h2 % 20)::INTEGER] || '님에게 회신'
            || CASE h2 % 9 WHEN 0 THEN ', 참조: 임원' WHEN 1 THEN chr(10) || '(재방문)' ELSE '' END END AS "다음단계",
        {industry}[1 + (account % 7)::INTEGER] AS "업종", {region}[1 + (account % 11 % 7)::INTEGER] AS "지역",
        {partner}[1 + (h1 % 5)::INTEGER] AS "판매 채널", (12 * (1 + h1 % 3)) || '개월' AS "계약 기간",
        CASE WHEN h4 % 3 > 0 THEN '경쟁 ' || (h4 % 17) || '사' END AS "경쟁 현황"
    FROM said ORDER BY i
"""


def make(path: Path, megabytes: int) -> None:
    """Write a deals file of about this size, the same for the same size; a few of its records are short."""
    rows = megabytes * MEBIBYTE // _BYTES_A_ROW
    lists = {name: "[" + ", ".join(f"'{word}'" for word in words.split()) + "]" for name, words in _WORDS.items()}
    query = _ROWS.format(rows=rows, accounts=max(rows // 40, 50), people=200, **lists)
    part = path.with_suffix(".part")
    duckdb.connect().execute(f"COPY ({query}) TO '{part}' (FORMAT csv, HEADER)")
    with part.open("a", encoding="utf-8") as stream:
        stream.writelines(f"OPP-9{number:07},짧은 행,한빛전자\n" for number in range(37))
    part.replace(path)


@dataclass(frozen=True)
class Cost:
    """What a process took: CPU seconds, seconds, peak resident memory in MiB; and what it printed."""

    cpu: float
    wall: float
    peak: float
    said: dict[str, Any]


_COPY: Final = """
import json, sys
import duckdb
source, target = sys.argv[1:]
connection = duckdb.connect()
rows = connection.execute(f"COPY (FROM {source}) TO '{target}' (FORMAT parquet)").fetchall()[0][0]
print(json.dumps({"rows": rows}))
"""
"""The peer: a process that loads nothing but DuckDB."""


def measured(*arguments: str, bytecode: Path) -> Cost:
    """Run Python in a process of its own and ask the system what it took, from its start to its end."""
    environment = {name: text for name, text in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    environment["PYTHONPYCACHEPREFIX"] = str(bytecode)
    begun = time.perf_counter()
    command = [sys.executable, *arguments]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as process:
        assert process.stdout is not None  # noqa: S101 - asked for in the line above
        text = process.stdout.read()
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"{' '.join(arguments)} ended with {process.returncode}")
    kibibytes = usage.ru_maxrss / (1024 if sys.platform == "darwin" else 1)
    said = json.loads(text.splitlines()[-1])
    return Cost(usage.ru_utime + usage.ru_stime, time.perf_counter() - begun, kibibytes / 1024, said)


_STEPS: Final = (
    (plan, "stage_files", "read the texts, count and hash them"),
    (plan, "map_files", "find what the columns are"),
    (attempt, "_judge", "read amounts and dates, judge"),
    (everything, "yields", "find out who and what is meant"),
    (attempt, "_write", "write the rows of the tables"),
    (importing, "attempt", "collect what was refused, count"),
    (sources, "keep", "keep the source file"),
    (state, "build", "derive the state"),
)
"""Functions whose CPU seconds are told apart; what a function calls among them is not counted twice."""


def take_in(file: Path, home: Path) -> dict[str, Any]:
    """Import the file as the command does, and tell the CPU seconds of each step."""
    without_unused()
    steps = {"start Python, load the modules": time.process_time()}
    open_steps: list[float] = []

    def told_apart(function: Callable[..., Any], step: str) -> Callable[..., Any]:
        def told(*arguments: Any, **named: Any) -> Any:  # noqa: ANN401 - whatever the step takes and gives
            begun = time.process_time()
            open_steps.append(0.0)
            try:
                return function(*arguments, **named)
            finally:
                took = time.process_time() - begun
                steps[step] = steps.get(step, 0.0) + took - open_steps.pop()
                if open_steps:
                    open_steps[-1] += took

        return told

    for module, name, step in _STEPS:
        setattr(module, name, told_apart(getattr(module, name), step))
    lake = Lake.open(home, create=True)
    with plan.plan_import([file], lake=lake, options=plan.PlanOptions(exported_at=_EXPORTED_AT)) as planned:
        result = importing.import_files(lake, planned, by="benchmark", at=datetime.now(UTC))
    steps["commit, and the rest"] = time.process_time() - sum(steps.values())
    counts = {name: getattr(result, name) for name in ("read", "accepted", "quarantined", "known")}
    found = {"tables": dict(result.tables), "findings": {one.code: one.count for one in result.findings}}
    return {**counts, **found, "steps": steps}


def compare(megabytes: int, folder: Path, times: int) -> dict[str, Any]:
    """Measure both sides on a file of this size; the least of the runs counts, CPU and wall each for itself."""
    folder.mkdir(parents=True, exist_ok=True)
    file, bytecode = folder / f"deals-{megabytes}.csv", folder / "bytecode"
    if not file.exists():
        given = ("--make", "--megabytes", str(megabytes), "--file", str(file))
        measured("-m", "benchmarks.import_1gb", *given, bytecode=bytecode)
    target, home = folder / "copy.parquet", folder / "home"
    few = folder / "deals-1.csv"
    make(few, 1)
    measured("-m", "benchmarks.import_1gb", "--import", "--file", str(few), "--to", str(home), bytecode=bytecode)
    shutil.rmtree(home)
    runs: dict[str, list[Cost]] = {name: [] for name in (*PEERS, "bokgi")}
    for _ in range(times):
        for way in PEERS:
            source = PEERS[way].format(file=f"'{file}'")
            runs[way].append(measured("-c", _COPY, source, str(target), bytecode=bytecode))
            target.unlink()
        shutil.rmtree(home, ignore_errors=True)
        given = ("--import", "--file", str(file), "--to", str(home))
        runs["bokgi"].append(measured("-m", "benchmarks.import_1gb", *given, bytecode=bytecode))
        shutil.rmtree(home)
    least = {
        name: Cost(min(c.cpu for c in costs), min(c.wall for c in costs), max(c.peak for c in costs), costs[0].said)
        for name, costs in runs.items()
    }
    ours = least["bokgi"]
    return {
        "megabytes": round(file.stat().st_size / MEBIBYTE),
        "cores": os.cpu_count(),
        "duckdb": duckdb.__version__,
        "cpu_ratio": {way: ours.cpu / least[way].cpu for way in PEERS},
        "wall_ratio": {way: ours.wall / least[way].wall for way in PEERS},
        "runs": {name: vars(cost) for name, cost in least.items()},
    }


def rows(found: dict[str, Any]) -> list[dict[str, Any]]:
    """Give what was measured as rows of docs/reference/benchmarks.md; steps have CPU seconds alone, ratios no peak."""
    cost = found["runs"]
    told: list[tuple[str, float, float | None, float | None]] = [
        (_CALLED[name], one["cpu"], one["wall"], one["peak"]) for name, one in cost.items()
    ]
    told += [(f"… {step}", cpu, None, None) for step, cpu in cost["bokgi"]["said"]["steps"].items()]
    for way, ratio in found["cpu_ratio"].items():
        told.append((f"import ÷ {_CALLED[way]}", ratio, found["wall_ratio"][way], None))
    return [
        {
            "what": what,
            "megabytes": found["megabytes"],
            "order": order,
            "cpu_seconds": cpu,
            "seconds": wall,
            "peak_mib": mib,
        }
        for order, (what, cpu, wall, mib) in enumerate(told)
    ]


def main() -> None:
    """Measure and print, or be one of the processes that are measured."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--megabytes", type=int, default=1024)
    parser.add_argument("--folder", type=Path, help="where the generated file is kept")
    parser.add_argument("--times", type=int, default=1)
    parser.add_argument("--keep", action="store_true", help="put the figures into docs/reference/benchmarks.md")
    parser.add_argument("--make", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--import", dest="take_in", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--file", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--to", type=Path, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.make:
        make(given.file, given.megabytes)
        print("{}")
    elif given.take_in:
        print(json.dumps(take_in(given.file, given.to), ensure_ascii=False))
    elif given.folder is None:
        parser.error("name a --folder for the generated file")
    else:
        found = compare(given.megabytes, given.folder, given.times)
        from benchmarks import results  # noqa: PLC0415 - the processes that are measured need no charts

        print(json.dumps(found, indent=1, ensure_ascii=False))
        print(results.imports(rows(found)))
        if given.keep:
            results.keep("imports", rows(found), key=("what", "megabytes"))


if __name__ == "__main__":
    main()
