"""Write the sample company's files."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta, timezone
from pathlib import Path
from types import MappingProxyType
from typing import Final

import numpy as np

from bokgi.sample.activity_files import activity_sheet, content_sheet, exposure_sheet
from bokgi.sample.company import label
from bokgi.sample.customer_files import account_sheet, contact_sheet, deal_contact_sheet, lead_sheet, response_sheet
from bokgi.sample.deal_files import deals_sheet, field_history_sheet, next_step_days, stage_history_sheet
from bokgi.sample.dirt import spoil
from bokgi.sample.draws import Draws
from bokgi.sample.files import write_csv
from bokgi.sample.plan_files import people_sheet, stage_sheet, standard_sheet, write_targets
from bokgi.sample.simulation import run
from bokgi.sample.timeline import Timeline

DEFAULT_SEED: Final = 20260105
_SEOUL: Final = timezone(timedelta(hours=9))
_STREAM: Final = 25


@dataclass(frozen=True)
class SampleSummary:
    """What was written.

    `rows` counts the rows below the header of each file; `dirt` the rows of the deals file with each kind of dirt (see
    `truth.PLANTED_DIRT`), with what is untidy by itself: open deals without a next step (`no_next_step`), open deals
    whose expected close lies before `today` (`expected_close_past`), columns that look personal (`personal_column`).
    """

    folder: Path
    seed: int
    start: date
    today: date
    exported_at: datetime
    deals: int
    rows: Mapping[str, int]
    dirt: Mapping[str, int]

    @property
    def paths(self) -> tuple[Path, ...]:
        """The files in the order in which they were written."""
        return tuple(self.folder / name for name in self.rows)


def write_company(out: Path, *, seed: int = DEFAULT_SEED, today: date) -> SampleSummary:
    """Write the CRM exports of an invented Korean B2B software company whose two years end with `today`.

    Sixteen files, about 6,000 deals; `docs/reference/sample-company.md` says what stands in each, `truth` what is true
    of the company. The same seed and date give the same bytes on every platform. The files' time of change is the
    moment of export, half past six in the evening of `today` in Seoul. Files of the same name in `out` are replaced;
    the folder is made when it is missing. An `OSError` of the file system is passed on.

    Lunar holidays are known for 2020 to 2040; outside these years Seollal and Chuseok are ordinary days.

    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     summary = write_company(Path(folder), today=date(2026, 11, 23))
    >>> summary.start.isoformat(), len(summary.paths), summary.dirt["negative_amount"]
    ('2024-11-24', 16, 6)
    """
    out.mkdir(parents=True, exist_ok=True)
    timeline = Timeline(today)
    company = label(run(timeline, seed), seed)
    next_step_day = next_step_days(company, Draws(seed, _STREAM))
    dirty = spoil(company, deals_sheet(company, next_step_day))
    sheets = (
        dirty.sheet,
        stage_history_sheet(company),
        field_history_sheet(company, dirty.without_amount),
        account_sheet(company),
        contact_sheet(company),
        deal_contact_sheet(company),
        lead_sheet(company),
        activity_sheet(company, next_step_day),
        content_sheet(company),
        exposure_sheet(company),
        response_sheet(company),
        people_sheet(timeline),
        stage_sheet(timeline),
        standard_sheet(timeline),
    )
    rows = {}
    for sheet in sheets:
        write_csv(out, sheet)
        rows[sheet.name] = sheet.rows
    rows |= write_targets(out, company)
    exported_at = timeline.exported_at.replace(tzinfo=_SEOUL)
    for name in rows:
        os.utime(out / name, (exported_at.timestamp(), exported_at.timestamp()))
    return SampleSummary(
        folder=out,
        seed=seed,
        start=timeline.start,
        today=today,
        exported_at=exported_at,
        deals=len(np.unique(dirty.sheet.columns["영업기회 ID"])),
        rows=MappingProxyType(rows),
        dirt=MappingProxyType(dirty.counts),
    )
