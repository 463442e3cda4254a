"""The settings in force: what the organisation set, and what holds where it set nothing."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Final

import pyarrow as pa

from bokgi.domain.period import Period

DEFAULT_TIME_ZONE: Final = "Asia/Seoul"
YEAR_STARTS: Final = "fiscal_year_starts"


@dataclass(frozen=True, order=True)
class Setting:
    """One value of a setting, from its first day to the first day on which it no longer holds."""

    valid_from: date
    name: str
    value: str
    valid_to: date


@dataclass(frozen=True)
class Settings:
    """The settings in force; what nobody set has the default of a Korean company.

    `untouched_days` are working days, `minimum_n` the number of cases from which a rate is shown. `year_starts` is the
    first month of the fiscal year as it is by now, on past days, too: quarters are compared with each other. `others`
    holds what else was set, `history` every value with its time.
    """

    currency: str = "KRW"
    time_zone: str = DEFAULT_TIME_ZONE
    country: str = "KR"
    language: str = "ko"
    organisation: str | None = None
    untouched_days: int = 10
    minimum_n: int = 10
    year_starts: int = 1
    others: tuple[tuple[str, str], ...] = ()
    history: tuple[Setting, ...] = ()

    @classmethod
    def of(cls, rows: pa.Table, on: date | None = None) -> Settings:
        """Read rows of the table `settings`, as they hold on a day or, when None, for good.

        >>> rows = {"name": ["currency", "currency"], "setting": ["USD", "KRW"]}
        >>> rows |= {"valid_from": [None, date(2026, 1, 1)], "valid_to": [date(2026, 1, 1), None]}
        >>> Settings.of(pa.table(rows)).currency, Settings.of(pa.table(rows), date(2025, 12, 31)).currency
        ('KRW', 'USD')
        """
        history = sorted(
            Setting(row["valid_from"] or date.min, row["name"], row["setting"], row["valid_to"] or date.max)
            for row in rows.to_pylist()
            if row["setting"] is not None
        )
        return cls(history=tuple(history)).on(on)

    def on(self, day: date | None) -> Settings:
        """Give the settings as they hold on another day; settings without history stay as they are."""
        if not self.history:
            return self
        found = {
            setting.name: setting.value
            for setting in self.history
            if (setting.valid_to == date.max if day is None else setting.valid_from <= day < setting.valid_to)
        }
        plain = Settings()
        lasting = {one.name: one.value for one in self.history if one.valid_to == date.max}
        return Settings(
            currency=found.pop("currency", plain.currency),
            time_zone=found.pop("time_zone", plain.time_zone),
            country=found.pop("country", plain.country),
            language=found.pop("language", plain.language),
            organisation=found.pop("organisation", plain.organisation),
            untouched_days=int(found.pop("untouched_days", plain.untouched_days)),
            minimum_n=int(found.pop("minimum_n", plain.minimum_n)),
            year_starts=int(lasting.get(YEAR_STARTS, plain.year_starts)),
            others=tuple(sorted(found.items())),
            history=self.history,
        )

    def quarter_of(self, on: date) -> Period:
        """Give the quarter of a day, of the organisation's fiscal year."""
        return Period.quarter_of(on, self.year_starts)
