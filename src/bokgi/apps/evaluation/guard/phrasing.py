"""Words that judge the person and not the behaviour, in Korean and English. Hints, not verdicts: a human reads them.

The lists are our own. A hint asks the same question each time: in which situation, what did the person do, with what
effect?
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

_PERSON: Final = (
    # Korean: character, will, talent.
    r"게으르\w*",
    r"게을러\w*",
    r"나태\w*",
    r"불성실\w*",
    r"성의(?:가|도)? ?없\w*",
    r"의욕(?:이|도)? ?(?:없|부족)\w*",
    r"열정(?:이|도)? ?(?:없|부족)\w*",
    r"근성(?:이|도)? ?(?:없|부족)\w*",
    r"책임감(?:이|도)? ?(?:없|부족)\w*",
    r"센스(?:가|도)? ?(?:없|부족)\w*",
    r"눈치(?:가|도)? ?(?:없|부족)\w*",
    r"끈기(?:가|도)? ?(?:없|부족)\w*",
    r"능력(?:이|도)? ?(?:없|부족|떨어)\w*",
    r"자질(?:이|도)? ?(?:없|부족|의심)\w*",
    r"멘탈(?:이|도)? ?(?:약|나가)\w*",
    r"태도(?:가|에)? ?(?:문제|불량|나쁘|안 ?좋)\w*",
    r"성격(?:이|상|적으로|도)?(?: \w+)? ?(?:문제|소극|내성|급|까칠|예민)\w*",
    r"소극적인 (?:사람|성격|편)\w*",
    r"(?:타고난|천성|천부적|원래 그런)\w*",
    r"영업 ?체질\w*",
    # English.
    r"\blaz(?:y|iness)\b",
    r"\bcareless\b",
    r"\bunmotivated\b",
    r"\bdisorganis?z?ed\b",
    r"\bunprofessional\b",
    r"\bincompetent\b",
    r"\b(?:bad|poor|wrong|negative) attitude\b",
    r"\battitude problem\b",
    r"\bnot a team player\b",
    r"\black(?:s|ing)? (?:drive|motivation|passion|commitment|talent|ambition)\b",
    r"\b(?:a )?(?:born|natural(?:-born)?) (?:seller|closer|salesperson|talent)\b",
    r"\b(?:his|her|their) (?:personality|character)\b",
    r"\btoo (?:shy|soft|emotional|aggressive|sensitive)\b",
)
_ABSOLUTE: Final = (
    r"(?:항상|언제나|늘|매번|절대로?|전혀|한 ?번도)",
    r"\b(?:always|never|constantly|every single time)\b",
)
_QUOTED: Final = re.compile(r"“[^”]*”|\"[^\"]*\"|「[^」]*」|'[^'\n]{8,}'")


@dataclass(frozen=True)
class Phrase:
    """Words found in a text: `about` is `person` (judges who somebody is) or `absolute` (no situation is left)."""

    words: str
    start: int
    about: str


def phrases(text: str) -> tuple[Phrase, ...]:
    """Find words that judge the person, and words that leave no situation, in the order of the text.

    What stands in quotation marks was said by somebody else and is passed over.

    >>> [(found.words, found.about) for found in phrases("Lee is lazy and never prepares.")]
    [('lazy', 'person'), ('never', 'absolute')]
    >>> [found.words for found in phrases("이준호는 책임감이 없고 제안이 늦는다.")]
    ['책임감이 없고']
    >>> phrases("In three of nine proposals the decision maker was not met before. The customer said: “never again”.")
    ()
    """
    readable = _QUOTED.sub(lambda found: " " * len(found.group()), text)
    found = [
        Phrase(match.group().strip(), match.start(), about)
        for about, patterns in (("person", _PERSON), ("absolute", _ABSOLUTE))
        for pattern in patterns
        for match in re.finditer(pattern, readable, re.IGNORECASE)
    ]
    return tuple(sorted(found, key=lambda phrase: (phrase.start, phrase.words)))
