"""How much of what was agreed is kept: counts, and a rate with its interval once there are enough."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from bokgi.analysis.proportions import wilson
from bokgi.apps.reviews.models import Verdict

MINIMUM_N: Final = 10


@dataclass(frozen=True)
class KeptRate:
    """Commitments by what the facts say. `rate` is kept ÷ (kept + not kept); null below the minimum of judged ones."""

    kept: int
    not_kept: int
    cannot_tell: int
    waiting: int
    rate: float | None
    low: float | None
    high: float | None

    @property
    def judged(self) -> int:
        """How many the facts could judge: the n of the rate."""
        return self.kept + self.not_kept


def kept_rate(verdicts: Iterable[str | None], *, minimum_n: int = MINIMUM_N) -> KeptRate:
    """Count verdicts; what cannot be told, and what waits for its day, is in no rate.

    >>> found = kept_rate(["kept"] * 8 + ["not_kept"] * 4 + ["cannot_tell", None])
    >>> found.judged, round(found.rate, 2), round(found.low, 2), round(found.high, 2)
    (12, 0.67, 0.39, 0.86)
    >>> kept_rate(["kept"] * 3).rate is None
    True
    """
    counts = Counter(verdicts)
    kept, not_kept = counts[Verdict.KEPT], counts[Verdict.NOT_KEPT]
    told = (counts[Verdict.CANNOT_TELL], counts[None] + counts[""])
    judged = kept + not_kept
    if judged < max(minimum_n, 1):
        return KeptRate(kept, not_kept, *told, rate=None, low=None, high=None)
    low, high = wilson(kept / judged, judged)
    return KeptRate(kept, not_kept, *told, rate=kept / judged, low=low, high=high)
