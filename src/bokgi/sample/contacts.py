"""People at customers: who they are, and which of them take part in a deal."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from bokgi.sample.draws import Draws, Ints, Texts
from bokgi.sample.words import person_names
from bokgi.sample.world import World

ROLES: Final = ("의사결정자", "추진자", "실무 사용자", "기술 검토자", "구매·법무")
TITLES: Final = ("본부장", "팀장", "매니저", "수석", "과장")
DEPARTMENTS: Final = ("경영지원", "사업기획", "현업 운영", "정보기술", "구매")
"""Title and department follow the role that fits them."""
_STREAM: Final = 12
_MOST: Final = (4, 3, 2)
"""Most contacts of an account, by team; those without a deal have one."""
_ROLE_WEIGHTS: Final = (
    (0.15, 0.45, 0.30, 0.08, 0.02),
    (0.55, 0.10, 0.15, 0.15, 0.05),
    (0.20, 0.05, 0.20, 0.35, 0.20),
    (0.10, 0.05, 0.15, 0.30, 0.40),
)
"""By place among an account's contacts: the first is who the seller talks to most."""


@dataclass(frozen=True)
class Contacts:
    """Contacts ordered by account: `count` of each from number `first` on; a deal takes `per_deal` of them."""

    account: Ints
    name: Texts
    role: Ints
    first: Ints
    count: Ints
    per_deal: Ints

    def of_deals(self, draws: Draws, deals: Ints, accounts: Ints) -> Ints:
        """Draw one contact who takes part, for each deal with its account."""
        return self.first[accounts] + draws.below(self.per_deal[deals])


def make_contacts(world: World, seed: int) -> Contacts:
    """Draw the contacts of every account and how many of them take part in each deal."""
    draws, pipeline = Draws(seed, _STREAM), world.pipeline
    accounts = pipeline.accounts
    n = accounts.n
    most = np.array(_MOST)[accounts.team[:n]]
    has_deal = np.zeros(n, dtype=np.bool_)
    has_deal[pipeline.account[: pipeline.n]] = True
    count = np.where(has_deal, 1 + draws.below(most), 1)
    account = np.repeat(np.arange(n), count).astype(np.int64)
    first = np.concatenate([np.zeros(1, dtype=np.int64), np.cumsum(count)[:-1]])
    place = np.arange(len(account)) - first[account]
    deal_account = pipeline.account[: pipeline.n]
    return Contacts(
        account=account,
        name=person_names(draws, len(account)),
        role=draws.choose(np.array(_ROLE_WEIGHTS)[place], len(account)),
        first=first,
        count=count,
        per_deal=1 + draws.below(count[deal_account]),
    )
