"""By what deals can be told apart."""

from __future__ import annotations

from datetime import date

from bokgi.analysis.deal_traits import deal_traits
from tests.analysis.tables import facts, rows_of

DEALS = """
deal_id | owner_id | account_id | outcome | closed_on  | attributes
now     | lee      | a          | open    |            | Region=Seoul; Size=L
then    | lee      | b          | won     | 2026-03-01 | Size=S
nobody  |          |            | open    |            |
loner   | jung     | c          | open    |            |
late    | gone     |            | won     | 2026-09-01 |
early   | gone     |            | lost    | 2025-01-01 |
"""
ACCOUNTS = "account_id | industry | segment | size | region\na | IT | SMB | S | Seoul\nb | Food | Mid | M |"
MEMBERS = """
person_id | team | role    | share | valid_from | valid_to
lee       | 1팀  | AE      | 1     |            | 2026-06-01
lee       | 2팀  | AE      | 0.5   | 2026-06-01 |
lee       | 0팀  | manager | 0.5   | 2026-06-01 |
lee       | 3팀  | SDR     | 0.2   | 2026-06-01 |
jung      |      | AE      | 1     |            |
gone      | 1팀  | AE      | 1     | 2025-06-01 | 2026-01-01
gone      | 2팀  | AE      | 1     | 2026-01-01 | 2026-07-01
"""


def test_team_of_the_time_account_traits_and_attributes() -> None:
    data = facts(deals=DEALS, accounts=ACCOUNTS, memberships=MEMBERS)
    found = deal_traits(
        data.deals, data.accounts, data.memberships, on=date(2026, 11, 23), attributes=["Region", "Size"]
    )
    names = ["deal_id", "team", "industry", "segment", "attributes.Region", "attributes.Size"]
    told = {row["deal_id"]: tuple(row[name] for name in names[1:]) for row in rows_of(found)}
    assert told == {
        "now": ("0팀", "IT", "SMB", "Seoul", "L"),
        "then": ("1팀", "Food", "Mid", None, "S"),
        "nobody": (None, None, None, None, None),
        "loner": (None, None, None, None, None),
        "late": ("2팀", None, None, None, None),
        "early": (None, None, None, None, None),
    }
    assert [*found.columns[: len(data.deals.columns)]] == list(data.deals.columns)
