"""The rubric a new organisation begins with: for each stage of the funnel one skill, with what one sees at 1, 3 and 5.

Anchors say what somebody else in the room would see, never what kind of person it is. A leader changes them on screen.
The texts are content in both languages, kept as they are in the database; so they stand here and not in the catalogue.
"""

from __future__ import annotations

from typing import Final

LEVELS: Final = ("1", "3", "5")
"""Levels with an anchor; 2 and 4 lie between."""
LANGUAGES: Final = ("ko", "en")

Texts = dict[str, dict[str, str]]

DEFAULT: Final[dict[str, Texts]] = {
    "first-contact": {
        "ko": {
            "stage": "리드 접수",
            "name": "첫 응대",
            "1": "배정된 리드에 며칠 뒤에 연락하고, 문의 내용을 읽지 않은 채 회사 소개부터 보낸다.",
            "3": "정해 둔 응대 시간 안에 연락하고, 고객이 문의한 내용을 먼저 확인한 뒤 다음 일정을 잡는다.",
            "5": "첫 통화에서 문의한 계기와 시점을 알아내 기록하고, 답이 없으면 방법을 바꿔 세 번 이상 다시 연락한다.",
        },
        "en": {
            "stage": "Lead",
            "name": "First contact",
            "1": "Gets in touch days after the lead was assigned, and opens with a company brochure.",
            "3": "Gets in touch within the agreed time, refers to what the customer asked, and sets the next date.",
            "5": "Finds out in the first call what made them ask and by when, writes it down, and tries at least three "
            "more times, each in another way, when nobody answers.",
        },
    },
    "qualification": {
        "ko": {
            "stage": "자격 확인",
            "name": "기회 선별",
            "1": "예산, 결정권자, 시점을 묻지 않고 모든 기회를 다음 단계로 넘긴다.",
            "3": "결정 과정과 예산, 시점을 물어 기록하고, 조건에 맞지 않는 기회는 근거를 적어 정리한다.",
            "5": "누가 왜 지금 결정해야 하는지를 고객의 말로 확인하고, 맞지 않는 기회는 고객에게 먼저 솔직히 말한다.",
        },
        "en": {
            "stage": "Qualification",
            "name": "Choosing opportunities",
            "1": "Moves every opportunity on without asking about budget, decision makers or timing.",
            "3": "Asks and records how the customer decides, the budget and the timing; closes what does not fit, with "
            "the reason.",
            "5": "Has the customer say in their own words who must decide and why now, and is the first to say openly "
            "when it does not fit.",
        },
    },
    "discovery": {
        "ko": {
            "stage": "니즈 파악",
            "name": "문제 발견",
            "1": "제품 기능을 먼저 설명하고, 고객은 주로 듣기만 한다.",
            "3": "지금 일하는 방식과 불편한 점을 묻고, 들은 내용을 요약해 고객에게 맞는지 확인받는다.",
            "5": "문제로 생기는 비용을 고객과 함께 숫자로 계산하고, 현업과 결정권자 양쪽에서 같은 문제를 확인한다.",
        },
        "en": {
            "stage": "Discovery",
            "name": "Finding the problem",
            "1": "Explains features first; the customer mostly listens.",
            "3": "Asks how the work is done today and what gets in the way, sums it up and has the customer confirm.",
            "5": "Works out with the customer what the problem costs, and confirms it both with users and with who "
            "decides.",
        },
    },
    "validation": {
        "ko": {
            "stage": "솔루션 검증",
            "name": "가치 입증",
            "1": "모든 고객에게 같은 데모를 보여 주고, 무엇을 확인하려는 자리인지 정하지 않는다.",
            "3": "앞서 확인한 문제 두세 가지에 맞춰 데모를 준비하고, 끝난 뒤 고객의 판단을 물어 기록한다.",
            "5": "무엇이 확인되면 다음으로 갈지 먼저 합의하고, 결과를 고객이 보고에 쓸 자료로 남긴다.",
        },
        "en": {
            "stage": "Solution check",
            "name": "Showing the value",
            "1": "Shows everybody the same demo without agreeing what it is meant to prove.",
            "3": "Builds the demo on the two or three problems that were confirmed, and records the customer's "
            "judgement afterwards.",
            "5": "Agrees beforehand what must be shown to go on, and leaves the result as a paper the customer can "
            "present inside.",
        },
    },
    "proposal": {
        "ko": {
            "stage": "제안·견적",
            "name": "제안 설계",
            "1": "요청받은 견적만 메일로 보내고 답을 기다린다.",
            "3": "고객의 문제, 기대 효과, 일정이 담긴 제안서를 직접 설명하고 다음 결정 날짜를 받는다.",
            "5": "결정에 참여하는 사람마다 걱정하는 점을 미리 듣고 제안서에 답을 담아, 고객이 직접 설명하게 한다.",
        },
        "en": {
            "stage": "Proposal",
            "name": "Designing the proposal",
            "1": "Mails the quote that was asked for and waits.",
            "3": "Presents a proposal with the problem, the expected gain and a schedule, and gets a date for the "
            "decision.",
            "5": "Hears each decision maker's worry beforehand and answers it in the proposal, so that the customer "
            "can explain it without us.",
        },
    },
    "closing": {
        "ko": {
            "stage": "협상·계약",
            "name": "합의 이끌기",
            "1": "가격 이야기가 나오면 바로 할인을 제시하고, 계약까지 남은 절차를 모른다.",
            "3": "할인에는 조건을 주고받고, 법무·구매 절차와 날짜를 고객과 함께 적어 관리한다.",
            "5": "가격보다 먼저 합의할 가치와 범위를 확정하고, 막힌 절차는 고객사 담당자와 함께 날짜를 정해 푼다.",
        },
        "en": {
            "stage": "Negotiation",
            "name": "Reaching agreement",
            "1": "Offers a discount as soon as price comes up, and does not know what is left until the contract.",
            "3": "Gives a discount only for something in return, and keeps a written list of legal and purchasing "
            "steps with the customer.",
            "5": "Settles value and scope before price, and clears a stuck step together with the person in charge at "
            "the customer, with a date.",
        },
    },
    "retention": {
        "ko": {
            "stage": "유지·확장",
            "name": "고객 성공 확인",
            "1": "계약한 뒤에는 갱신 시점이 될 때까지 먼저 연락하지 않는다.",
            "3": "도입 목표가 지켜지는지 정해진 주기로 확인하고, 문제는 담당 부서에 넘겨 결과까지 알려 준다.",
            "5": "고객이 얻은 결과를 숫자로 함께 정리하고, 그 근거로 다음에 할 일을 고객이 먼저 말하게 한다.",
        },
        "en": {
            "stage": "Retention and expansion",
            "name": "Seeing that it works",
            "1": "Does not get in touch after the contract until the renewal is due.",
            "3": "Checks at agreed intervals whether the goals are met, hands problems on and reports back what became "
            "of them.",
            "5": "Writes down with the customer, in figures, what they gained; from there the customer names the next "
            "step.",
        },
    },
}
"""Texts by key of the skill, in the order of the funnel."""
