"""Invented names and wordings. Companies are two native words and a trade; people are a surname and a given name."""

from __future__ import annotations

from typing import Final

import numpy as np

from bokgi.sample.draws import Draws, Ints, Texts

SURNAMES: Final = (
    "김", "이", "박", "최", "정", "강", "조", "윤", "장", "임", "한", "오", "서", "신", "권", "황", "안", "송",
    "류", "홍", "문", "양", "손", "배", "백", "허", "노", "남궁", "선우", "제갈",
)  # fmt: skip
_SURNAME_WEIGHTS: Final = (
    21, 15, 8.5, 4.7, 4.3, 2.3, 2.1, 2.1, 2.0, 1.7, 1.5, 1.5, 1.4, 1.9, 1.5, 1.4, 1.4, 1.4,
    1.3, 1.1, 0.9, 0.9, 0.9, 0.8, 0.8, 0.7, 0.7, 0.4, 0.3, 0.2,
)  # fmt: skip
GIVEN_NAMES: Final = (
    "가람", "가온", "나래", "나린", "다솜", "다온", "도담", "도란", "라온", "로운", "루다", "마루", "미르", "바다",
    "보람", "보미", "빛나", "새롬", "새봄", "샘이", "서리", "슬기", "시내", "아람", "아라", "여울", "예슬", "우람",
    "윤슬", "은결", "이든", "이룸", "잔디", "지음", "찬솔", "초롱", "큰별", "푸름", "하늘", "하람", "한결", "한울",
    "해든", "해솔", "현결", "환희", "늘봄", "단비", "별하늘", "빛가람", "하늘누리", "참",
)  # fmt: skip

_FIRST_WORDS: Final = (
    "맑은", "너른", "고운", "푸른", "하얀", "새벽", "아침", "별빛", "달빛", "물빛", "햇살", "봄날", "여름", "가을",
    "겨울", "바람", "구름", "안개", "이슬", "노을", "무지개", "산들", "강물", "들꽃", "솔잎", "은빛", "금빛", "높은",
    "깊은", "둥근",
)  # fmt: skip
_SECOND_WORDS: Final = (
    "나루", "마루", "고을", "들녘", "여울", "가람", "솔숲", "언덕", "둥지", "바위", "샘터", "누리", "마을", "다리",
    "등대", "돌담", "오름", "물결", "갯골", "뜨락", "길목", "너울", "기슭", "터전",
)  # fmt: skip
_TRADES: Final = (
    ("정밀", "전자", "화학", "기계", "소재"),
    ("금융", "캐피탈", "저축금고", "자산관리", "보험중개"),
    ("유통", "물류", "식품", "상사", "로지스"),
    ("소프트", "시스템즈", "데이터", "커머스", "미디어랩"),
    ("제약", "바이오", "의료원", "메디텍", "헬스케어"),
    ("진흥원", "교육원", "재단", "연수원", "공단"),
)
_INCORPORATED: Final = 0.12

TOPICS: Final = (
    ("품질 데이터 통합", "설비 예지보전", "생산 계획 자동화", "공정 이력 추적", "자재 소요 예측", "현장 안전 관제"),
    ("심사 업무 자동화", "상담 분석", "민원 처리 통합", "준법 점검 자동화", "여신 서류 디지털화", "고객 데이터 통합"),
    ("발주 자동화", "배차 최적화", "재고 예측", "매장 데이터 통합", "반품 처리 자동화", "입출고 추적"),
    ("과금 연동", "운영 지표 통합", "고객 지원 자동화", "사용자 분석", "배포 이력 관리", "데이터 파이프라인 구축"),
    ("임상 자료 통합", "물류 온도 추적", "검사 결과 연동", "예약 업무 자동화", "품질 문서 관리", "연구 데이터 통합"),
    ("민원 업무 자동화", "교육 이력 통합", "예산 집행 관리", "시설 예약 통합", "기록물 디지털화", "성과 지표 통합"),
)
LONG_TOPIC: Final = "전사 데이터 통합과 부서별 업무 자동화 1단계 구축 및 운영"
LONG_TOPIC_SHARE: Final = 0.02
EXPANSION_TOPICS: Final = ("사용자 추가", "부서 확장", "분석 기능 추가", "보안 기능 추가")
RENEWAL_TOPIC: Final = "재계약"

PRODUCTS: Final = ("플랫폼 기본", "플랫폼 프로", "분석 추가 기능", "보안 추가 기능")
COMPETITORS: Final = ("", "타사 A", "타사 B", "자체 개발")

NEXT_STEPS: Final = (
    ("담당 부서와 첫 미팅", "현황 질문지 보내기", "담당 임원 확인"),
    ("현황 자료 받기", "요구 사항 정리 미팅", "실무자 인터뷰"),
    ("시연 일정 잡기", "성공 기준 합의", "시범 적용 범위 정하기"),
    ("의사결정자와 견적 검토", "투자 효과 계산표 함께 보기", "제안 발표 일정 잡기"),
    ("법무 검토 의견 받기", "계약 조건 확정", "서명 일정 확인"),
    ("이용 현황 점검 미팅", "사용 부서 의견 듣기", "추가 요구 확인"),
    ("갱신 제안서 설명", "확장 범위 정하기", "예산 담당자 확인"),
    ("갱신 조건 합의", "계약서 회신 받기", "발주 일정 확인"),
)
"""Next steps by open stage and wording."""
STAGE_WORDS: Final = ("첫 상담", "니즈 파악", "솔루션 검증", "제안", "계약", "이용 점검", "갱신 제안", "조건 협의")


def person_names(draws: Draws, n: int) -> Texts:
    """Draw names of people at customers; the same name may come twice, as it does in life."""
    surnames = np.array(SURNAMES, dtype=object)[draws.choose(_SURNAME_WEIGHTS, n)]
    given = np.array(GIVEN_NAMES, dtype=object)[draws.between(0, len(GIVEN_NAMES) - 1, n)]
    names: Texts = surnames + given
    return names


def company_names(draws: Draws, industry: Ints) -> Texts:
    """Draw a different company name for each account, with a trade of its industry; some carry ㈜."""
    first = np.array(_FIRST_WORDS, dtype=object)
    second = np.array(_SECOND_WORDS, dtype=object)
    names: Texts = np.empty(len(industry), dtype=object)
    for number, trades in enumerate(_TRADES):
        wanting = np.flatnonzero(industry == number)
        drawn = draws.order(len(first) * len(second) * len(trades))[: len(wanting)]
        words, trade = np.divmod(drawn, len(trades))
        names[wanting] = (
            first[words // len(second)] + second[words % len(second)] + np.array(trades, dtype=object)[trade]
        )
    incorporated = draws.flags(_INCORPORATED, len(names))
    names[incorporated] = "㈜" + names[incorporated]
    return names
