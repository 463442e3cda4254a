"""How much a case is like a deal, and in what: a sum of what both share, so that anybody can see why it was found."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

WEIGHTS: Final = {"industry": 3, "stage": 3, "product": 2, "size": 2, "source": 1}
"""How much each kind of tag counts when it is the same."""
MOST_WORDS: Final = 3
LEAST: Final = 3
"""What shares less than this is not called alike: a lead source or two words alone say nothing."""

_WORD: Final = re.compile(r"[가-힣]{2,}|[a-z][a-z0-9]{2,}")
_PARTICLES: Final = re.compile(
    r"(?:에서는|으로는|에게서|이라는|까지|부터|에서|에게|으로|라는|이나|하는|했다|합니다|입니다|은|는|이|가|을|를|의|에|로|와|과|도|만)$"
)
_COMMON: Final = frozenset(
    [
        "고객",
        "기회",
        "제안",
        "도입",
        "검토",
        "미팅",
        "우리",
        "회사",
        "담당자",
        "담당",
        "진행",
        "경우",
        "때문",
        "그리고",
        "하지만",
        "결정",
        "내용",
        "관련",
        "the",
        "and",
        "for",
        "with",
        "was",
        "were",
        "that",
        "this",
        "our",
        "not",
        "but",
        "had",
        "has",
        "have",
        "customer",
        "deal",
        "they",
        "from",
    ]
)


@dataclass(frozen=True)
class Likeness:
    """How much is shared, and what: the same tags by kind, and words that stand in both."""

    score: int
    same: tuple[tuple[str, str], ...]
    words: tuple[str, ...]


def words_of(*texts: str) -> frozenset[str]:
    """Give the words of texts that can be compared: without Korean particles and without what stands everywhere.

    >>> sorted(words_of("가격이 비싸다고", "가격을 Salesforce와 비교"))
    ['salesforce', '가격', '비교', '비싸다고']
    """
    found = set()
    for word in _WORD.findall(" ".join(texts).lower()):
        bare = _PARTICLES.sub("", word)
        kept = bare if len(bare) > 1 else word
        if kept not in _COMMON:
            found.add(kept)
    return frozenset(found)


def likeness(
    tags: Iterable[tuple[str, str]], words: frozenset[str], deal: Mapping[str, str | None], deal_words: frozenset[str]
) -> Likeness:
    """Compare a case (its tags and words) with a deal (industry, stage, product, size, source, and its words).

    >>> found = likeness([("industry", "제조"), ("source", "web")], frozenset(), {"industry": "제조"}, frozenset())
    >>> found.score, found.same
    (3, (('industry', '제조'),))
    """
    same = tuple((kind, word) for kind, word in tags if kind in WEIGHTS and word and deal.get(kind) == word)
    shared = tuple(sorted(words & deal_words, key=lambda word: (-len(word), word))[:MOST_WORDS])
    return Likeness(sum(WEIGHTS[kind] for kind, _ in same) + len(shared), same, shared)
