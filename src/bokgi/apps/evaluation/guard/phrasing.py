"""Words that judge the person and not the behaviour, in Korean and English. Hints, not verdicts: a human reads them.

The lists are our own. A hint asks the same question each time: in which situation, what did the person do, with what
effect? Passed over are what a customer or colleague is quoted with, what is denied, and what is said of somebody or
something else (a customer's attitude, the capacity of a plant).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

_TRAITS: Final = (
    "성의|의욕|열정|열의|근성|책임감|책임 ?의식|주인 ?의식|오너십|프로 ?의식|센스|눈치|끈기|인내심|의지|간절함|절실함|"
    "절박함|자신감|욕심|사명감|성실성|성실함|적극성|진정성|리더십|사회성|정신력|멘탈|마인드|"
    "(?<!생산)(?<!생산 )(?<!공급)(?<!공급 )(?<!처리)(?<!처리 )(?<!지급)(?<!지급 )(?<!결제)(?<!결제 )능력|자질|그릇"
)
_SOMEWHAT: Final = "(?:전혀|별로|좀|조금|많이|너무|다소|아주|매우|상당히|항상|늘|거의|아직|여전히|영|크게|눈에 띄게)"
_LACK: Final = (
    r"(?:없|부족|모자라|모자란|모자랍|떨어(?!져 ?있)|약하|약한|약합|약해|약함|결여|미흡|의심|작|작은|나가|해이|문제|"
    r"안 ?보|보이지 ?않|느껴지지 ?않|찾아보기)\w*"
)
_KIND_OF_PERSON: Final = "(?:사람|성격|편|타입|스타일|직원|팀원|친구|성향)"
_NATURE: Final = "(?:성격|성향|기질|인성)(?:이|상|적으로|은|는|도|에)?"
_FITTING: Final = "(?:적성|체질|성향)"
_HARDLY: Final = "(?:exactly|particularly|really|very|especially|all that|the most)"
_VIRTUES: Final = (
    "motivated|committed|driven|passionate|organi[sz]ed|reliable|professional|ambitious|hungry|engaged|proactive"
)
_SPIRIT: Final = "drive|motivation|passion|ambition|grit|hunger|work ethic|backbone"
_STRENGTHS: Final = "commitment|talent|energy|initiative|confidence|ownership|leadership|charisma"
_PERSON: Final = (
    rf"(?:{_TRAITS})(?:이|가|은|는|도|을|를|마저|조차|에|면에서)?(?: {_SOMEWHAT})* ?{_LACK}",
    r"책임감(?:이|은|도)? ?(?:강|투철|남다)\w*",
    r"게(?:으르|으른|으름|을러)\w*",
    r"(?:나태|태만|불성실|무책임|무성의|무능력?|이기적|우유부단|고집불통|안하무인)(?:하|한|합|해|함|이|인|입|스)\w*",
    r"(?:소심|나약|거만|오만|교만|건방|뻔뻔)(?:하|한|합|해|함|지|진)\w*",
    r"(?:성실|적극적|부지런|꼼꼼|열정적|헌신적|협조적|긍정적|주도적)(?:이|하)지 ?(?:도 ?)?(?:않|못)\w*",
    rf"(?:소극적|내성적|수동적|부정적|감정적|예민|까칠|급|게으르|무뚝뚝)(?:인|한|은)? {_KIND_OF_PERSON}\w*",
    rf"(?:성실|적극적|열정적|부지런|꼼꼼|똑똑|유능)(?:인|한) {_KIND_OF_PERSON}\w*",
    r"성실(?:합니다|하십니다|하고|하며|하시고|하다(?!고))",
    r"노력(?:을|은|도)? ?(?:하지|안) ?(?:않|하)\w* (?:사람|편|타입|스타일|성격)\w*",
    r"태도(?:가|에|는|도)?(?: \w+)? ?(?:문제|불량|나쁘|나쁜|나쁩|안 ?좋|좋지 ?않|건방|불손)\w*",
    rf"{_NATURE}(?: \w+)? ?(?:문제|소극|내성|급|까칠|예민|안 ?맞|맞지|별로|나쁘|약)\w*",
    r"(?:타고난|타고나|천성|천부적)\w*",
    rf"원래 그런(?= {_KIND_OF_PERSON})",
    r"영업 ?체질(?! ?(?:개선|을 ?(?:개선|바꾸)))\w*",
    rf"(?:영업|이 일|이 직무)(?:이|에|과|은|는|하고)?(?: \w+)? ?{_FITTING}?(?:이|에|은)? ?(?:안 ?맞|맞지 ?않)\w*",
    r"(?:여자|여성|남자|남성)(?:라서|이라서|이라|라 |치고|답지|인데도|답게)\w*",
    r"(?:애|아이) ?(?:엄마|아빠)\w*",
    r"(?:육아|출산|임신|결혼|가정|나이)(?:이|가|를|을)? ?(?:때문|탓|많아서|어려서|들어서|하느라)\w*",
    # English.
    r"\blaz(?:y|iness)\b",
    r"\b(?:careless|unmotivated|unprofessional|incompetent|unreliable|immature|arrogant|selfish|sloppy|half-?hearted)\b",
    r"\bdisorgani[sz]ed\b(?! (?:account|customer|process|pipeline|buying|committee|data))",
    r"\b(?:bossy|abrasive|clueless|stubborn|gutless|spineless)\b",
    r"\b(?:bad|poor|wrong|negative|terrible) attitude\b",
    r"\battitude problem\b",
    r"\bnot (?:a |an )?(?:team player|cut out for|sales material|salesperson|good fit|culture fit|hungry)\b",
    rf"\b(?:is|are|was|were|seems?|am)(?: not|n['’]t) (?:{_HARDLY} )*(?:{_VIRTUES})\b",
    r"\b(?:does|do|did)(?: not|n['’]t) (?:really |seem to )?care\b(?! (?:about|for|of) (?:the )?(?:price|logo))",
    rf"\black(?:s|ed|ing)?(?: in| the| any| all)* (?:{_SPIRIT}|{_STRENGTHS})\b",
    rf"\b(?:no|low|little|zero) (?:{_SPIRIT})\b",
    r"\b(?:a )?(?:born|natural(?:-born)?) (?:seller|closer|salesperson|saleswoman|salesman|talent|leader)\b",
    r"\b(?:his|her|their) (?:personality|character|nature)\b(?! (?:reference|set|of))",
    r"\btoo (?:shy|soft|emotional|sensitive|nice|timid|introverted)\b(?! (?:to|on) pric)",
    r"\btoo aggressive\b(?!,? (?:a )?(?:discount|pric|target|timeline|schedule|forecast|goal|plan|deadline|close))",
    r"\b(?:difficult|negative|weak|passive|aggressive|emotional) (?:person|character|personality|type|individual)\b",
    r"\bdifficult to work with\b",
    r"\b(?:too|very|so|rather) passive\b",
    r"\bfor (?:a|his|her) (?:woman|girl|man|guy|age)\b",
    r"\b(?:as a|being a|new) (?:mother|mom|mum|father|dad)\b",
    r"\btoo (?:old|young) (?:for|to)\b",
)
_ABSOLUTE: Final = (
    r"(?<!\w)(?:항상(?!성)|언제나|늘(?=[ ,])|매번|맨날|만날(?= \w+(?:지|고|서))|허구한 ?날|전혀|한 ?번도)",
    r"(?<!\w)절대(?:로|(?=[ ,])(?! ?(?:평가|값|량|금액|규모|다수|강자|기준)))",
    r"\b(?:always(?!-)|never|constantly|every single time)\b",
)
_QUOTED: Final = re.compile(r"“[^”]*”|\"[^\"]*\"|「[^」]*」|‘[^’\n]*’(?!\w{1,2}\b(?<=s))|'[^'\n]{8,}'")
_QUOTE_SAID_AFTER: Final = re.compile(
    r"\s*(?:이?라고|다고|고|라며|라는|이라는|는|란)(?! ?(?:봅|본다|보이|보여|생각|판단|느|평가합|평가한|해도|할 만))"
    r"|\s*,? ?(?:he|she|they|the \w+|\w+) (?:said|wrote|told|asked|answered)",
    re.IGNORECASE,
)
_QUOTE_SAID_BEFORE: Final = re.compile(
    r"(?:said|wrote|told|asked|answered|replied|commented|called|quote|feedback|mail|메일|답변|말|의견|피드백|후기|고객|:)"
    r"[^.!?\n“\"]{0,25}$",
    re.IGNORECASE,
)
_OF_OTHERS: Final = re.compile(
    r"(?:고객|고객사|거래처|상대|상대방|경쟁사|협력사|구매|도입|계약|투자|결제|시장|제품|시스템|서버|담당자|결정권자|실무자|현업|거래|기회|딜|"
    r"사업|프로젝트|업무|과제|발주처|기관)(?:들|님|측|사)?(?:의|은|는|이|가|과의|와의)? ?(?:내부 |측 |쪽 )?$"
    r"|\b(?:customer|client|buyer|prospect|account|champion|sponsor|competitor|vendor|market|committee|company)s?"
    r"(?:['’]s?)? (?:\w+ ){0,2}$",
    re.IGNORECASE,
)
_SAID_BY_OTHERS: Final = re.compile(r"(?:고객|거래처|담당자|구매팀|대표|임원)[^.!?\n]{0,40}$")
_DENIED_BEFORE: Final = re.compile(
    r"(?:\bnot|n['’]t|\bnever|\bnor|\bhardly|\bno longer|\bwithout|\brather than|\binstead of)"
    r"(?: (?:at all|being|been|be|a|an|because|to|seem|look))* $",
    re.IGNORECASE,
)
_DENIED_AFTER: Final = re.compile(
    r"\s*(?:도 |는 |은 )?(?:않|못하지 ?않)|\s*(?:할|볼) 수(?:는)? ?없|\s*(?:보기|하기)(?:는)? ?(?:어렵|힘)"
    r"|\s*(?:것|게|건|탓|때문)(?:은|이)? ?아니|\s*(?:것|게|건)(?:은|이)? ?아닙"
)
_REPORTED: Final = re.compile(r"(?:다고|라고) ?(?:\w+ )?$")
_COUNTED: Final = re.compile(
    r"\d|(?:두|세|네|다섯|여섯|일곱|여덟|아홉|열) ?(?:건|번|차례|곳)|\b(?:once|twice|two|three|four)\b", re.IGNORECASE
)
_SENTENCE: Final = re.compile(r"[^.!?\n]+")


@dataclass(frozen=True)
class Phrase:
    """Words found in a text: `about` is `person` (judges who somebody is) or `absolute` (no situation is left)."""

    words: str
    start: int
    about: str


def phrases(text: str) -> tuple[Phrase, ...]:
    """Find words that judge the person, and words that leave no situation, in the order of the text.

    What somebody else is quoted with is passed over; words that are only set in quotation marks are not. “Always” and
    “never” are passed over in a sentence that counts.

    >>> [(found.words, found.about) for found in phrases("Lee is lazy and never prepares.")]
    [('lazy', 'person'), ('never', 'absolute')]
    >>> [found.words for found in phrases("이준호는 책임감이 없고 제안이 늦는다.")]
    ['책임감이 없고']
    >>> phrases("In three of nine proposals the decision maker was not met before. The customer said: “never again”.")
    ()
    >>> phrases("책임감이 없지 않습니다. 고객사의 도입 의지가 약했습니다. 오늘 활동이 늘었습니다.")
    ()
    """
    readable = _QUOTED.sub(lambda found: _read_quote(found, text), text)
    found = [*_about_persons(readable), *_absolute(readable)]
    return tuple(sorted(found, key=lambda phrase: (phrase.start, phrase.words)))


def _read_quote(found: re.Match[str], text: str) -> str:
    """Blank out what somebody was quoted with; words that are only set in quotation marks stay."""
    spoken = _QUOTE_SAID_AFTER.match(text, found.end()) or _QUOTE_SAID_BEFORE.search(text[: found.start()])
    return " " * len(found.group()) if spoken else f" {found.group()[1:-1]} "


def _about_persons(text: str) -> Iterator[Phrase]:
    taken: list[tuple[int, int]] = []
    for pattern in _PERSON:
        for match in re.finditer(pattern, text, re.IGNORECASE):
            start, end = match.span()
            if any(start < there_end and there_start < end for there_start, there_end in taken):
                continue
            if not _excused(text, start, end):
                taken.append((start, end))
                yield Phrase(match.group().strip(), start, "person")


def _excused(text: str, start: int, end: int) -> bool:
    """Say whether the words are denied, are about somebody else, or are what a customer said."""
    before, after = text[max(0, start - 45) : start], text[end : end + 20]
    if _OF_OTHERS.search(before) or _DENIED_BEFORE.search(before) or _DENIED_AFTER.match(after):
        return True
    return bool(_REPORTED.search(text[start:end] + after[:4])) and bool(_SAID_BY_OTHERS.search(before))


def _absolute(text: str) -> Iterator[Phrase]:
    for sentence in _SENTENCE.finditer(text):
        if not _COUNTED.search(sentence.group()):
            for pattern in _ABSOLUTE:
                for match in re.finditer(pattern, sentence.group(), re.IGNORECASE):
                    yield Phrase(match.group().strip(), sentence.start() + match.start(), "absolute")
