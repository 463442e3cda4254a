"""The content library: 24 invented items along the customer's journey."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from bokgi.sample.draws import Floats
from bokgi.sample.truth import CONTENT_EFFECTS, FIRST_STAGE, NEGOTIATION, WON

JOURNEY: Final = ("인식", "관심", "고려", "의사결정", "유지·확장")
AWARENESS, INTEREST, CONSIDERATION, DECISION, RETENTION = range(5)
JOURNEY_OF_STAGE: Final = (
    INTEREST,
    INTEREST,
    CONSIDERATION,
    DECISION,
    DECISION,
    RETENTION,
    RETENTION,
    RETENTION,
    RETENTION,
    DECISION,
    DECISION,
)
"""Journey stage of each stage of the funnel."""


@dataclass(frozen=True, slots=True)
class Item:
    """One item: id, title, journey stage, format, the customer's question, purpose, call to action, next item."""

    content_id: str
    title: str
    journey: int
    kind: str
    question: str
    purpose: str
    action: str
    next_id: str
    industry: str = "전체"


_INTEREST_QUESTION: Final = "왜 지금, 왜 이 방식인가?"
_FIT_QUESTION: Final = "우리 업무에 맞을까?"
_CHOICE_QUESTION: Final = "무엇을 고를까?"
_DEFENCE_QUESTION: Final = "사내에서 설명할 수 있을까?"
_AFTER_QUESTION: Final = "도입한 효과가 있었나, 다음은?"
_PROBLEM_QUESTION: Final = "이것이 우리 문제인가?"

ITEMS: Final = (
    Item(
        "CNT-01",
        "현장 데이터가 흩어지는 다섯 가지 이유",
        0,
        "글",
        _PROBLEM_QUESTION,
        "문제 인식",
        "진단표 받기",
        "CNT-04",
    ),
    Item(
        "CNT-02", "업종별 업무 자동화 현황 보고서", 0, "보고서", _PROBLEM_QUESTION, "문제 인식", "웨비나 신청", "CNT-05"
    ),
    Item("CNT-03", "3분으로 보는 데이터 통합", 0, "영상", _PROBLEM_QUESTION, "문제 인식", "진단표 받기", "CNT-04"),
    Item("CNT-04", "우리 회사 데이터 성숙도 진단표", 1, "진단", _INTEREST_QUESTION, "필요 확인", "상담 신청", "CNT-06"),
    Item("CNT-05", "업무 자동화 시작하기 웨비나", 1, "웨비나", _INTEREST_QUESTION, "방식 이해", "데모 신청", "CNT-06"),
    Item("CNT-06", "도입 준비 안내서", 1, "안내서", _INTEREST_QUESTION, "방식 이해", "데모 신청", "CNT-07"),
    Item("CNT-07", "업종별 도입 사례집", 2, "사례", _FIT_QUESTION, "적합성 확신", "검증 일정 잡기", "CNT-13"),
    Item("CNT-08", "제품 소개 웨비나 다시 보기", 2, "영상", _FIT_QUESTION, "기능 이해", "데모 신청", "CNT-07"),
    Item("CNT-09", "전체 기능 설명서", 2, "설명서", _FIT_QUESTION, "기능 이해", "질문 보내기", "CNT-10"),
    Item("CNT-10", "방식 비교표: 직접 개발과 구독", 2, "비교표", _CHOICE_QUESTION, "대안 비교", "견적 요청", "CNT-13"),
    Item("CNT-11", "투자 효과 계산표", 2, "계산표", _CHOICE_QUESTION, "가치 계산", "견적 요청", "CNT-13"),
    Item("CNT-12", "제조 품질 통합 사례", 2, "사례", _FIT_QUESTION, "적합성 확신", "검증 일정 잡기", "CNT-11", "제조"),
    Item("CNT-13", "경영진 보고용 요약본", 3, "요약본", _DEFENCE_QUESTION, "내부 설득", "결재 일정 확인", "CNT-14"),
    Item("CNT-14", "보안·법무 검토 자료", 3, "자료집", _DEFENCE_QUESTION, "위험 해소", "법무 검토 시작", "CNT-15"),
    Item("CNT-15", "도입 일정과 역할 안내", 3, "안내서", _DEFENCE_QUESTION, "실행 확신", "계약 일정 확인", "CNT-17"),
    Item("CNT-16", "참고 고객 통화 안내", 3, "안내서", _DEFENCE_QUESTION, "신뢰", "통화 잡기", "CNT-13"),
    Item("CNT-17", "첫 30일 온보딩 안내", 4, "안내서", _AFTER_QUESTION, "첫 성과", "점검 회의", "CNT-18"),
    Item("CNT-18", "분기 성과 점검 양식", 4, "양식", _AFTER_QUESTION, "성과 확인", "성과 점검 회의", "CNT-19"),
    Item("CNT-19", "부서 확장 사례", 4, "사례", _AFTER_QUESTION, "확장", "확장 상담", "CNT-20"),
    Item("CNT-20", "재계약 안내", 4, "안내서", _AFTER_QUESTION, "재계약", "갱신 조건 확인", ""),
    Item(
        "CNT-21", "금융권 심사 자동화 사례", 2, "사례", _FIT_QUESTION, "적합성 확신", "검증 일정 잡기", "CNT-14", "금융"
    ),
    Item(
        "CNT-22",
        "유통·물류 발주 예측 사례",
        2,
        "사례",
        _FIT_QUESTION,
        "적합성 확신",
        "검증 일정 잡기",
        "CNT-11",
        "유통·물류",
    ),
    Item(
        "CNT-23", "공공 조달 절차 안내", 3, "안내서", _DEFENCE_QUESTION, "위험 해소", "조달 일정 확인", "", "공공·교육"
    ),
    Item("CNT-24", "관리자 기능 활용 모음", 4, "글", _AFTER_QUESTION, "활용 확대", "교육 신청", "CNT-19"),
)

PLANTED: Final = tuple(
    next(index for index, item in enumerate(ITEMS) if item.content_id == content_id) for content_id in CONTENT_EFFECTS
)
"""Positions of the items whose effect is known, in the order of `CONTENT_EFFECTS`."""

_NEIGHBOUR: Final = 0.15
_PLANTED_WEIGHT: Final = 4.0


def stage_weights() -> Floats:
    """Give how often each item is sent in each open stage: most in its own journey stage, the planted ones in all.

    Shape (open stages, items); rows are weights, not shares.
    """
    journey = np.array([item.journey for item in ITEMS])
    stages = np.array(JOURNEY_OF_STAGE[:WON])
    distance = np.abs(stages[:, None] - journey[None, :])
    weights: Floats = np.where(distance == 0, 1.0, np.where(distance == 1, _NEIGHBOUR, 0.0))
    kept = FIRST_STAGE[1]
    weights[kept:, journey != RETENTION] = 0.0
    weights[1 : NEGOTIATION + 1, list(PLANTED)] = _PLANTED_WEIGHT
    return weights
