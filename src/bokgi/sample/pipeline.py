"""The state of every deal and account while the weeks pass, and the journals of what happened."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

import numpy as np

from bokgi.sample.draws import Flags, Floats, Ints, joined
from bokgi.sample.library import PLANTED
from bokgi.sample.truth import WON

NEVER: Final = 1 << 40
NOTHING: Final = -1


class Journal:
    """Rows of one kind, written in pieces and read at the end as columns."""

    def __init__(self, *columns: str) -> None:
        self._pieces: dict[str, list[Ints]] = {column: [] for column in columns}

    def write(self, **columns: Ints) -> None:
        """Add rows; every column is given, and all have the same length."""
        for name, pieces in self._pieces.items():
            pieces.append(columns[name].astype(np.int64))

    def read(self) -> dict[str, Ints]:
        """Give all rows in the order written."""
        return {name: joined(pieces) for name, pieces in self._pieces.items()}


def _ints(size: int, start: int = 0) -> Ints:
    return np.full(size, start, dtype=np.int64)


class Accounts:
    """Customers and prospects, by number; `n` are in use."""

    def __init__(self, capacity: int) -> None:
        self.n = 0
        self.industry = _ints(capacity)
        self.region = _ints(capacity)
        self.team = _ints(capacity)
        self.since = _ints(capacity)
        """Day on which the account was entered."""
        self.size: Floats = np.zeros(capacity)
        """Size within its team's customers, in standard deviations."""
        self.customer: Flags = np.zeros(capacity, dtype=np.bool_)

    def take(self, count: int) -> Ints:
        """Give the numbers of new accounts."""
        taken = np.arange(self.n, self.n + count, dtype=np.int64)
        self.n += count
        return taken


@dataclass
class Schedule:
    """Expansions and renewals that will be opened in a coming week."""

    week: list[Ints] = field(default_factory=list)
    account: list[Ints] = field(default_factory=list)
    owner: list[Ints] = field(default_factory=list)
    type: list[Ints] = field(default_factory=list)
    amount: list[Ints] = field(default_factory=list)

    def add(self, *, week: Ints, account: Ints, owner: Ints, kind: Ints, amount: Ints) -> None:
        """Plan deals; amounts in 만원."""
        self.week.append(week)
        self.account.append(account)
        self.owner.append(owner)
        self.type.append(kind)
        self.amount.append(amount)

    def of(self, week: int) -> dict[str, Ints]:
        """Give the deals planned for one week."""
        due = joined(self.week) == week
        columns = {"account": self.account, "owner": self.owner, "type": self.type, "amount": self.amount}
        return {name: joined(pieces)[due] for name, pieces in columns.items()}


class Pipeline:
    """Deals by number; `n` exist. Moments are those of `Timeline`, -1 is never."""

    def __init__(self, capacity: int) -> None:
        self.n = 0
        self.accounts = Accounts(capacity)
        self.schedule = Schedule()
        self.owner = _ints(capacity)
        self.first_owner = _ints(capacity)
        self.team = _ints(capacity)
        self.type = _ints(capacity)
        self.account = _ints(capacity)
        self.source = _ints(capacity, NOTHING)
        self.grade = _ints(capacity, NOTHING)
        self.amount = _ints(capacity)
        """Annual amount now, 만원."""
        self.created = _ints(capacity)
        self.assigned = _ints(capacity)
        self.stage = _ints(capacity)
        self.moved = _ints(capacity, NOTHING)
        """Moment of the last entry into a stage."""
        self.left_from = _ints(capacity)
        """Stage a closed deal was in."""
        self.entered_week = _ints(capacity)
        self.closed = _ints(capacity, NOTHING)
        self.closed_week = _ints(capacity, NEVER)
        self.lost_reason = _ints(capacity, NOTHING)
        self.expected = _ints(capacity)
        """Day on which it is expected to close."""
        self.next_step = _ints(capacity, NOTHING)
        self.first_step = _ints(capacity, NOTHING)
        self.held_week = _ints(capacity, -NEVER)
        """Last week in which a meeting was held."""
        self.touched_week = _ints(capacity, -NEVER)
        """Last week in which a person did anything on it."""
        self.seen_week = np.full((capacity, len(PLANTED)), NEVER, dtype=np.int64)
        """Week in which each of the planted items was first sent."""
        self.asleep: Flags = np.zeros(capacity, dtype=np.bool_)
        self.inherited: Flags = np.zeros(capacity, dtype=np.bool_)
        self.reopened: Flags = np.zeros(capacity, dtype=np.bool_)
        self.retried: Flags = np.zeros(capacity, dtype=np.bool_)
        """Its account was approached again after the loss."""
        self.stages = Journal("deal", "moment", "stage", "by")
        self.owners = Journal("deal", "moment", "old", "new")
        self.amounts = Journal("deal", "moment", "old", "new", "by")
        self.dates = Journal("deal", "moment", "old", "new", "by")
        self.steps = Journal("deal", "moment", "old", "new", "by")
        self.activities = Journal("deal", "moment", "kind", "owner", "held", "stage")
        self.sends = Journal("deal", "moment", "item", "owner")

    def take(self, count: int) -> Ints:
        """Give the numbers of new deals."""
        taken = np.arange(self.n, self.n + count, dtype=np.int64)
        self.n += count
        return taken

    def see(self, deals: Ints, items: Ints, week: int) -> None:
        """Note that items were sent."""
        for column, planted in enumerate(PLANTED):
            on = deals[items == planted]
            self.seen_week[on, column] = np.minimum(self.seen_week[on, column], week)

    def open_deals(self) -> Ints:
        """Give the numbers of the open deals."""
        return np.flatnonzero(self.stage[: self.n] < WON).astype(np.int64)
