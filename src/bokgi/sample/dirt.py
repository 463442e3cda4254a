"""The usual dirt in the deals file, counted, and what is untidy by itself."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from bokgi.sample.company import Company, grouped
from bokgi.sample.deal_files import KOREAN_DATE, OPEN_STATUS
from bokgi.sample.draws import Draws, Flags, Ints, Texts
from bokgi.sample.files import Sheet
from bokgi.sample.truth import (
    FIRST_STAGE,
    LOST,
    MALFORMED_DATES,
    PERSONAL_COLUMN,
    PLANTED_DIRT,
    PROPOSAL,
    STAGE_VARIANT,
    UNKNOWN_OWNER,
    WON,
)

_STREAM: Final = 31
_TYPED_WRONG_DAYS: Final = (5, 300)
_CONFLICTING_FACTOR: Final = 1.1


@dataclass(frozen=True)
class Dirty:
    """The deals file with its dirt, and how many rows have each kind; deals by number that lost their amount."""

    sheet: Sheet
    counts: dict[str, int]
    without_amount: Flags


class _Rows:
    """Rows of the clean file that nothing was done to yet."""

    def __init__(self, draws: Draws, n: int) -> None:
        self._draws = draws
        self._free = np.ones(n, dtype=np.bool_)

    def take(self, kind: str, eligible: Flags) -> Ints:
        """Draw as many free eligible rows as the kind wants."""
        pool = np.flatnonzero(self._free & eligible)
        taken = np.sort(pool[self._draws.order(len(pool))][: PLANTED_DIRT[kind]])
        self._free[taken] = False
        return taken.astype(np.int64)


def spoil(company: Company, clean: Sheet) -> Dirty:
    """Put the dirt of `PLANTED_DIRT` into the deals file, each kind into other rows, and count the rest."""
    draws, timeline, pipeline = Draws(company.seed, _STREAM), company.world.timeline, company.world.pipeline
    order = company.deal_order
    stage, created = pipeline.stage[order], timeline.day_of(pipeline.created[order])
    everywhere = np.ones(len(order), dtype=np.bool_)
    is_open, closed = stage < WON, (stage >= WON) & ~pipeline.reopened[order]
    early_or_lost = np.isin(stage, (*FIRST_STAGE, FIRST_STAGE[0] + 1)) | (stage == LOST)
    columns = {name: column.copy() for name, column in clean.columns.items()}
    rows = _Rows(draws, len(order))

    variant = rows.take("stage_variant", stage == PROPOSAL)
    columns["영업단계"][variant] = STAGE_VARIANT[1]
    unpriced = rows.take("missing_amount", early_or_lost)
    columns["금액(만원)"][unpriced] = ""
    malformed = rows.take("malformed_date", is_open)
    columns["예상 종료일"][malformed] = np.array(MALFORMED_DATES, dtype=object)
    unknown = rows.take("unknown_owner", everywhere)
    columns["담당자"][unknown] = UNKNOWN_OWNER
    reversed_ = rows.take("closed_before_created", closed)
    before = created[reversed_] - draws.between(*_TYPED_WRONG_DAYS, len(reversed_))
    columns["종료일"][reversed_] = timeline.date_texts(before, KOREAN_DATE)
    negative = rows.take("negative_amount", everywhere)
    columns["금액(만원)"][negative] = "-" + columns["금액(만원)"][negative]
    spaced = rows.take("owner_trailing_space", everywhere)
    columns["담당자"][spaced] = columns["담당자"][spaced] + " "
    respelt = rows.take("account_spelling", everywhere)
    columns["고객사"][respelt] = _other_spelling(columns["고객사"][respelt])
    repeated, conflicting = rows.take("exact_duplicate", closed), rows.take("conflicting_duplicate", closed)

    without_amount = np.zeros(pipeline.n, dtype=np.bool_)
    without_amount[order[unpriced]] = True
    overdue = is_open & (pipeline.expected[order] < timeline.today_day)
    overdue[malformed] = False
    counts = PLANTED_DIRT | {
        "no_next_step": int(((columns["상태"] == OPEN_STATUS) & (columns["다음 단계"] == "")).sum()),
        "expected_close_past": int(overdue.sum()),
        "personal_column": int(PERSONAL_COLUMN in columns),
    }
    spoilt = _with_duplicates(draws, columns, repeated, conflicting, pipeline.amount[order])
    return Dirty(Sheet(clean.name, clean.encoding, spoilt), counts, without_amount)


def _other_spelling(names: Texts) -> Texts:
    """Spell names as somebody else in the office would: ㈜ left out, or (주) put in front."""
    return np.array([name[1:] if name.startswith("㈜") else f"(주){name}" for name in names.tolist()], dtype=object)


def _with_duplicates(
    draws: Draws, columns: dict[str, Texts], repeated: Ints, conflicting: Ints, amount: Ints
) -> dict[str, Texts]:
    """Repeat rows further down the file; the conflicting ones come with another amount."""
    n = len(amount)
    again = np.concatenate([repeated, conflicting])
    place = again + draws.below(n - again)
    source = np.concatenate([np.arange(n), again])
    order = np.lexsort((np.arange(len(source)), np.concatenate([np.arange(n), place])))
    changed = np.floor(amount[conflicting] * _CONFLICTING_FACTOR).astype(np.int64)
    written = {name: column[source] for name, column in columns.items()}
    written["금액(만원)"][n + len(repeated) :] = grouped(changed)
    return {name: column[order] for name, column in written.items()}
