"""The sample company: CRM exports of an invented Korean B2B software firm, with a known truth.

`write_company` writes the files; `truth` holds what is true of the company. Three teams of eight sellers each sell for
two years. One is a star, one has left, three are newcomers; territories differ, so that one of two equally good sellers
has the worse raw win rate. One stage of one team has been stopped for half a year. Of three content items that are sent
often, one helps, one does nothing, one harms a little. The files are written as a person would export them, with the
usual dirt, and know nothing of our tables.
"""

from __future__ import annotations

from bokgi.sample.writing import DEFAULT_SEED, SampleSummary, write_company

__all__ = ["DEFAULT_SEED", "SampleSummary", "write_company"]
