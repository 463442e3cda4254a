"""Writes what an answer holds (codes, amounts, dates, sentences) for one page in one language."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from bokgi.domain.messages import N_, Message, translate
from bokgi.domain.money import Money
from bokgi.domain.sentences import decoded
from bokgi.ui import format as written


class Speaker:
    """Writes the values of one answer in one language, as a page of it has them.

    >>> Speaker("en", date(2026, 11, 24), "KRW").text("{n} deals", n=4)
    '4 deals'
    """

    def __init__(self, lang: str, as_of: date, currency: str) -> None:
        self.lang = lang
        self.as_of = as_of
        self.currency = currency
        self._show = written.shower(as_of)

    def word(self, msgid: str) -> str:
        """Translate a marked text."""
        return translate(msgid, self.lang)

    def text(self, msgid: str, /, **values: object) -> str:
        """Write a marked text with values."""
        return Message(msgid, values).text(self.lang, self._show)

    def message(self, message: Message) -> str:
        """Write a message."""
        return message.text(self.lang, self._show)

    def say(self, sentence: Mapping[str, Any] | None) -> str:
        """Write a sentence of the pack."""
        return "" if sentence is None else decoded(sentence).text(self.lang, self._show)

    def label(self, words: Mapping[str, str], code: str) -> str:
        """Translate a code; one that has no words here stays as it is."""
        return self.word(words[code]) if code in words else code

    def money(self, amount: Mapping[str, str] | None) -> str:
        """Write an amount in a sentence."""
        return written.ABSENT if amount is None else written.money(_money(amount), self.lang)

    def worth(self, deal: Mapping[str, Any]) -> str:
        """Write a deal's amount; one that no exchange rate converts in its own currency, and says so.

        >>> deal = {"amount": None, "unconverted": {"amount": "7.00", "currency": "USD"}}
        >>> Speaker("en", date(2026, 11, 24), "KRW").worth(deal)
        '$7 (no exchange rate)'
        """
        # A review that was kept before deals told it has no such key.
        own = deal.get("unconverted")
        if own is None:
            return self.money(deal["amount"])
        return f"{self.money(own)} ({self.word(N_('no exchange rate'))})"

    def money_short(self, amount: Mapping[str, str] | None) -> str:
        """Write an amount in a headline."""
        return written.ABSENT if amount is None else written.money_short(_money(amount), self.lang)

    def money_column(self, amounts: Iterable[Mapping[str, str] | None]) -> written.MoneyColumn:
        """Choose the unit of a column of amounts."""
        return written.money_column([amount_of(amount) for amount in amounts], self.currency, self.lang)

    def day(self, on: str | None) -> str:
        """Write an ISO date in a sentence."""
        return written.ABSENT if on is None else self._show(date.fromisoformat(on), self.lang)

    def day_short(self, on: str | None) -> str:
        """Write an ISO date in a table, with the year where it is not the review's."""
        if on is None:
            return written.ABSENT
        found = date.fromisoformat(on)
        return written.day_short(found, self.lang, year=found.year != self.as_of.year)

    def days(self, number: float | None) -> str:
        """Write a number of days."""
        return written.ABSENT if number is None else written.days(number, self.lang)

    def percent(self, share: float | None) -> str:
        """Write a share."""
        return written.ABSENT if share is None else written.percent(share)

    def interval(self, found: Mapping[str, Any]) -> str:
        """Write an interval of shares with its level: `90% 구간 49~64%`."""
        ends = self.ends(self.percent(found["low"]), self.percent(found["high"]))
        return self.text(N_("{level} interval {ends}"), level=self.percent(found["level"]), ends=ends)

    def days_ends(self, low: float, high: float | None) -> str:
        """Write an interval of days whose level stands elsewhere, its upper end left open where it is not known.

        >>> Speaker("en", date(2026, 11, 24), "KRW").days_ends(15, None).replace("\u00a0", " ")
        'from 15 days on'
        """
        if high is None:
            return self.text(N_("from {low} on"), low=self.days(low))
        return self.ends(self.days(low), self.days(high))

    def share_ends(self, low: float, high: float) -> str:
        """Write an interval of shares, or a scale, without a level.

        >>> Speaker("en", date(2026, 11, 24), "KRW").share_ends(0.5, 0.75)
        '50–75%'
        """
        return self.ends(self.percent(low), self.percent(high))

    def ends(self, low: str, high: str) -> str:
        """Join the two ends of a range that are written already."""
        return written.ends(low, high, self.lang)

    def number(self, number: float) -> str:
        """Write a number without a unit."""
        return written.number(number)

    def count(self, number: int | None) -> str:
        """Write a count; null is written as absent, zero as zero."""
        return written.ABSENT if number is None else written.count(number)


def kpi_value(speaker: Speaker, row: Mapping[str, Any]) -> str:
    """Write what a KPI stands at (a row of `questions.kpis`) in its unit.

    >>> speaker = Speaker("en", date(2026, 11, 24), "KRW")
    >>> kpi_value(speaker, {"kind": "rate", "value": 0.25}), kpi_value(speaker, {"kind": "times", "value": 2.63})
    ('25%', '2.6 times')
    """
    value = row["value"]
    if value is None:
        return written.ABSENT
    if row["kind"] == "rate":
        return speaker.percent(value)
    if row["kind"] == "money_a_day":
        return speaker.text(N_("{amount} a day"), amount=speaker.money_short(value))
    if row["kind"] == "days":
        return speaker.days(value)
    if row["kind"] == "per_week":
        return speaker.text(N_("{n} a week"), n=speaker.number(value))
    unit = N_("{n} hours") if row["kind"] == "hours" else N_("{n} times")
    return speaker.text(unit, n=speaker.number(value))


def kpi_interval(speaker: Speaker, row: Mapping[str, Any], level: float) -> str:
    """Write the interval of a KPI in its unit, with its level; empty where it has none.

    >>> speaker = Speaker("en", date(2026, 11, 24), "KRW")
    >>> kpi_interval(speaker, {"kind": "days", "low": 60.0, "high": 71.0}, 0.95).replace("\u00a0", " ")
    '95% interval 60–71 days'
    """
    if row["low"] is None or row["high"] is None:
        return ""
    low, high = (kpi_value(speaker, {"kind": row["kind"], "value": row[end]}) for end in ("low", "high"))
    return speaker.text(N_("{level} interval {ends}"), level=speaker.percent(level), ends=speaker.ends(low, high))


def about(deal: Mapping[str, Any]) -> str:
    """Say what a deal is about, without the account's name that many deal names begin with."""
    account, name = deal["account"] or "", deal["name"] or ""
    if not account or name == account:
        return ""
    return name.removeprefix(account).strip(" -–·/,")


def amount_of(amount: Mapping[str, str] | None) -> Decimal | None:
    """Read the number of an amount."""
    return None if amount is None else Decimal(amount["amount"])


def _money(amount: Mapping[str, str]) -> Money:
    return Money(Decimal(amount["amount"]), amount["currency"])
