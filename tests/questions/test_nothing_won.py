"""Where nobody has won anything yet, each question says so, in Korean and in English."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta

import pytest

from bokgi.domain.period import Period
from bokgi.facts.model import Facts
from bokgi.questions.asked import Json
from bokgi.questions.bottlenecks import find_bottlenecks
from bokgi.questions.causes import ask_causes
from bokgi.questions.compare import compare
from bokgi.questions.concentration import ask_concentration
from bokgi.questions.decompose import decompose
from bokgi.questions.forecast import ask_forecast
from bokgi.questions.win_loss import ask_win_loss
from bokgi.ui.spoken import spoken
from tests.cast import CAST, facts_of

AS_OF = date(2026, 11, 24)
QUARTER = Period(date(2026, 10, 1), date(2027, 1, 1))


@pytest.fixture(scope="module")
def facts() -> Facts:
    """Give twenty deals of two people: five are open, the others were lost."""
    deals = ["deal_id | owner_id | stage | outcome | amount | created_on | closed_on"]
    events = ["deal_id | stage | entered_on | seq"]
    for number in range(20):
        person, created = ("lee", "park")[number % 2], AS_OF - timedelta(days=150 - number)
        ended = f"lost | lost | {100 + number} | {created} | {AS_OF - timedelta(days=40 - number)}"
        stands = f"proposal | open | {100 + number} | {created} |"
        deals.append(f"d{number} | {person} | {ended if number % 4 else stands}")
        events += [f"d{number} | qualified | {created} | 1", f"d{number} | proposal | {created} | 2"]
    return facts_of(None, **CAST, deals="\n".join(deals), stage_events="\n".join(events))


SAID: dict[str, tuple[Callable[[Facts], Json], str, str]] = {
    "bottlenecks": (
        lambda facts: find_bottlenecks(facts, as_of=AS_OF),
        "There are too few deals with stage history to look for a bottleneck.",
        "단계 이력이 있는 기회가 적어 병목을 찾을 수 없습니다.",
    ),
    "concentration": (
        lambda facts: ask_concentration(facts, as_of=AS_OF),
        "No deal was won, so it cannot be said whether results hang on one person.",
        "수주한 기회가 없어 실적이 한 사람에게 몰려 있는지 말할 수 없습니다.",
    ),
    "decompose": (
        lambda facts: decompose(facts, as_of=AS_OF),
        "No deal was won in Oct 1 – Nov 24 or in Jul 1 – Aug 24.",
        "10월 1일~11월 24일에도 7월 1일~8월 24일에도 수주한 기회가 없습니다.",
    ),
    "two people": (
        lambda facts: decompose(facts, as_of=AS_OF, period=QUARTER, people=("lee", "park")),
        "No deal of 이준호 or 박민서 was won in Q4 2026.",
        "2026년 4분기에 이준호와 박민서 모두 수주한 기회가 없습니다.",
    ),
    "forecast": (
        lambda facts: ask_forecast(facts, as_of=AS_OF),
        "No deal has been won yet, so there is nothing to forecast from.",
        "아직 수주한 기회가 없어 예측할 근거가 없습니다.",
    ),
    "compare": (
        lambda facts: compare(facts, as_of=AS_OF),
        "None of the 15 cases is won, so there is nothing to compare.",
        "15건 가운데 성공한 건이 없어 비교할 것이 없습니다.",
    ),
    "win-loss": (
        lambda facts: ask_win_loss(facts, as_of=AS_OF),
        "From Aug 24 to Nov 24 15 deals ended: 0 won, 15 lost, 0 without a decision. The win rate is 0%",
        "8월 24일부터 11월 24일까지 기회 15건이 끝났습니다: 수주 0건, 실주 15건, 무결정 0건. 수주율은 0%입니다",
    ),
    "causes": (
        lambda facts: ask_causes(facts, as_of=AS_OF, person_id="lee"),
        "In the last 26 weeks neither 이준호 nor any colleague won a deal with an amount: there is no result",
        "지난 26주 동안 이준호와 동료 모두 금액이 있는 수주가 없어 견줄 실적이 없습니다.",
    ),
}


@pytest.mark.parametrize("question", SAID)
def test_that_nothing_was_won_is_said_in_both_languages(facts: Facts, question: str) -> None:
    ask, english, korean = SAID[question]
    found = ask(facts)
    for lang, sentence in (("en", english), ("ko", korean)):
        assert spoken(found, lang)["said"][0]["text"].startswith(sentence)
