"""A review in blocks, with what is hard to set: long names, brackets before particles, nothing, many rows."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

from bokgi.apps.reviews.rendering.blocks import Document, Item, Items, Section, Verdict
from bokgi.ui import marks
from bokgi.ui.blocks import Badge, Cell, Chart, Column, Figure, Table
from bokgi.ui.charts import Step, bridge, cumulative

STEPS = [
    Step("11월\u00a015일", Decimal(2_860_000_000), total=True),
    Step("새 기회", Decimal(190_000_000)),
    Step("밀림", Decimal(-270_000_000)),
    Step("11월\u00a022일", Decimal(2_780_000_000), total=True),
]
START = date(2026, 10, 1)
POINTS = [(START + timedelta(days=day), Decimal(day * 30_000_000)) for day in range(0, 53, 7)]
SCALE = marks.Scale(0.4, 0.95, 150)
PEOPLE = ["김서연", "이준호", "남궁빛나라솔", "황보아름별하늘", *(f"담당자{place:02d}" for place in range(20))]


def people() -> Table:
    return Table(
        caption="사람별 기회, 금액은 만원",
        columns=[Column("사람"), Column("수주", "right"), Column("만원", "right"), Column("실주", "right")],
        rows=[
            [Cell(name, sub="엔터프라이즈 1팀", strong=True), Cell("2"), Cell("32,000"), Cell("0", tone="dim")]
            for name in PEOPLE
        ],
        foot=[[Cell("모두", strong=True), Cell("48"), Cell("768,000"), Cell("0")]],
        note="금액을 모르는 기회 3건은 건수에만 들어 있습니다.",
    )


def stages() -> Table:
    return Table(
        caption="단계별 전환과 체류 기간",
        columns=[
            Column("단계"),
            Column("나아감·진행·끝남", drawn=True),
            Column("들어옴", "right"),
            Column("전환율", "right"),
            Column("구간", drawn=True),
            Column("직전"),
        ],
        rows=[
            [
                Cell("제안", sub="고객이 견적을 요청함", strong=True),
                Cell(mark=marks.parts_bar(74, 45, 52, largest=412, width=170)),
                Cell("171"),
                Cell("57%", sub="90% 구간 49~64%, n 171", strong=True),
                Cell(mark=marks.whisker(0.57, (0.49, 0.64), SCALE, reference=0.66, tone="bad")),
                Cell("66%, −9%p", badge=Badge("↓ 낮아짐", "bad")),
            ],
            [
                Cell("협상·계약", strong=True),
                Cell(mark=marks.parts_bar(4, 3, 2, largest=412, width=170)),
                Cell("9"),
                Cell("–"),
                Cell(),
                Cell("", badge=Badge("적음", "few")),
            ],
        ],
        flagged=0,
        legend=[("bar", "나아감"), ("hatch", "진행 중"), ("bar-0", "끝남"), ("tick", "직전 기간")],
    )


def example(lang: str = "ko") -> Document:
    chart_table = Table("표", [Column("변화"), Column("억원", "right")], [[Cell("새 기회"), Cell("+1.9")]])
    return Document(
        lang=lang,
        title="주간 리뷰" if lang == "ko" else "Weekly review",
        scope="하늘소프트 · 모든 팀 · 2026년\u00a047주",
        as_of="2026년 11월 22일 기준",
        state=["CRM 파일 16개를 11월 22일에 내보냈습니다."],
        warnings=["격리된 행 37개가 기다립니다."],
        figures=[
            Figure("이번 주 수주", "8건", "6.3억", "평소 2~9건, 8주", Badge("≈ 평소와 같음", "same")),
            Figure("이번 주 새 기회", "31건", "12.3억", "평소 40~61건, 8주", Badge("↓ 평소보다 적음", "bad")),
            Figure("열린 파이프라인", "27.8억", "412건", "11월 15일보다 −0.8억", Badge("금액 없음 12건", "warn")),
            Figure("2026년 4분기 진행", "54%", "24억 가운데 13억", "기간의 58%가 지났습니다"),
        ],
        sections=[
            Section("execution", "실행 점검", "단계마다 한 일", ["이번 주 수주는 8건(6.3억)입니다."], [people()]),
            Section(
                "bottleneck",
                "병목 탐색",
                "전환이 멈춘 곳",
                [
                    "제안에서 다음 단계로 가는 기회가 줄었습니다(66%에서 57%로).",
                    "17건 가운데 11건은 <b>기록이</b> 없습니다.",
                ],
                [
                    Verdict(
                        title="제안 → 다음 단계",
                        badge=Badge("↓ 병목", "bad"),
                        value="57%",
                        beside="직전 66%",
                        mark=marks.whisker(0.57, (0.49, 0.64), SCALE, reference=0.66, tone="bad", label="57%"),
                        lines=["전환율이 57%로 낮아졌습니다.", "45건이 이 단계에 있습니다."],
                        evidence="90% 구간 49~64% · n 171",
                    ),
                    stages(),
                    Chart(
                        title="열린 파이프라인",
                        unit="억원",
                        sentence="28.6억에서 27.8억으로 바뀌었습니다.",
                        wide=bridge(STEPS, "KRW", "ko", width=1140),
                        narrow=bridge(STEPS, "KRW", "ko", width=330, upright=False),
                        table=chart_table,
                        note="막대는 0에서 시작하지 않습니다.",
                    ),
                ],
            ),
            Section(
                "feedback",
                "피드백",
                "사람마다 두세 가지",
                [],
                [
                    Items(
                        "사람별",
                        [Item("이준호", "1팀", ["다음 단계가 없는 기회가 7건 있습니다."])],
                        note="나머지는 없음",
                    )
                ],
            ),
            Section(
                "learning",
                "학습 공유",
                "수주와 실주",
                ["수주 1건입니다."],
                [
                    Items(
                        "수주",
                        [Item("두레식품", "발주 | 자동화*", ["김서연 · 11월 20일"], "9,000만원", badge=Badge("실주"))],
                    ),
                    Items("실주", [], empty="이번 주에 실주한 기회가 없습니다."),
                ],
            ),
            Section(
                "motivation",
                "동기 부여",
                "목표까지",
                ["24억 가운데 13억입니다."],
                [
                    Chart(
                        title="4분기 수주",
                        unit="",
                        sentence="13억",
                        wide=_line(1140),
                        narrow=_line(330),
                        table=chart_table,
                    )
                ],
            ),
        ],
        foot=["구간에는 수준을 함께 적습니다."],
    )


def _line(width: int) -> dict[str, object]:
    return cumulative(
        tuple(POINTS),
        target=Decimal(2_400_000_000),
        period=(START, date(2026, 12, 31)),
        currency="KRW",
        lang="ko",
        width=width,
        words=("수주", "목표"),
    )
