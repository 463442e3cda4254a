"""By what can deals be told apart: team, account and the other columns of the source."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import ibis
from ibis import _

from bokgi.domain.errors import UsageError
from bokgi.domain.messages import N_, Message


def deal_traits(
    deals: ibis.Table, accounts: ibis.Table, memberships: ibis.Table, *, on: date, attributes: Sequence[str] = ()
) -> ibis.Table:
    """Deals with the columns that figures are split by: their owner's team, their account's traits, attributes.

    Reads `deals` (one row per deal), `accounts` (one row per account) and `memberships` (person × team × role for a
    time). Gives `deals` with `team`, `industry`, `segment`, `size`, `region` and one text column
    `attributes.<header>` for each of `attributes`; one row per deal, as before. Null: not known.

    The team is the owner's on the day the deal closed, so that results stay with the team of the time; for an open deal
    the one on `on`. Who is in several teams on that day counts in the one with the largest share of their time, then
    the first by name.

    Refuses: nothing. Do not use it for leads: they have their own owner and no close date.
    Source: own definition; `tests/analysis/test_deal_traits.py`.

    >>> import pyarrow as pa
    >>> deals = pa.table({"deal_id": ["d"], "owner_id": ["kim"], "account_id": ["a"]})
    >>> deals = deals.append_column("closed_on", pa.array([None], pa.date32()))
    >>> account = {"account_id": ["a"], "industry": ["IT"], "segment": ["SMB"], "size": ["S"], "region": ["Seoul"]}
    >>> none = pa.array([None], pa.date32())
    >>> member = {"person_id": ["kim"], "team": ["1팀"], "share": [1.0], "valid_from": none, "valid_to": none}
    >>> tables = (ibis.memtable(pa.table(rows)) for rows in (account, member))
    >>> told = deal_traits(ibis.memtable(deals), *tables, on=date(2026, 11, 23))
    >>> told.select("deal_id", "team", "segment").to_pyarrow().to_pylist()
    [{'deal_id': 'd', 'team': '1팀', 'segment': 'SMB'}]
    """
    columns = deals.columns
    told = with_team(deals, memberships, person="owner_id", on=ibis.coalesce(deals.closed_on, ibis.literal(on)))
    told = told.left_join(
        accounts.select("account_id", "industry", "segment", "size", "region"), "account_id", rname="of_{name}"
    ).drop("of_account_id")
    named = {f"attributes.{header}": told.attributes.get(header) for header in attributes}
    return told.mutate(**named).select(*columns, "team", "industry", "segment", "size", "region", *named)


def with_team(rows: ibis.Table, memberships: ibis.Table, *, person: str, on: ibis.Value) -> ibis.Table:
    """Rows with `team`: the team of the person in column `person` on the day `on`; null: no team, or nobody.

    Who has left keeps the last team: else deals that close after that would be nobody's, and since those that go on
    close later than those that stop, what is left of a team with leavers would look worse than it was.

    >>> import pyarrow as pa
    >>> rows = ibis.memtable(pa.table({"owner_id": ["kim", "lee"], "day": [date(2026, 1, 1)] * 2}))
    >>> member = {"person_id": ["kim"], "team": ["1팀"], "share": [1.0], "valid_from": [date(2025, 1, 1)]}
    >>> member |= {"valid_to": pa.array([None], pa.date32())}
    >>> told = with_team(rows, ibis.memtable(pa.table(member)), person="owner_id", on=rows.day)
    >>> sorted(told.select("owner_id", "team").to_pyarrow().to_pylist(), key=str)
    [{'owner_id': 'kim', 'team': '1팀'}, {'owner_id': 'lee', 'team': None}]
    """
    rows = rows.mutate(team_on=on)
    # Few people and days stand for many rows: teams are looked up for these pairs, then joined back.
    pairs = rows.select(team_of=rows[person], team_at=rows.team_on).distinct()
    valid = memberships.filter(_.team.notnull()).select("person_id", "team", "share", "valid_from", "valid_to")
    found = pairs.join(
        valid,
        [
            pairs.team_of == valid.person_id,
            valid.valid_from.isnull() | (valid.valid_from <= pairs.team_at),
        ],
    ).mutate(ended_on=(_.valid_to <= _.team_at).ifelse(_.valid_to, ibis.null("date")))
    largest = ibis.window(
        group_by=["team_of", "team_at"],
        order_by=[_.ended_on.desc(nulls_first=True), _.share.desc(), _.team.asc()],
    )
    main = found.mutate(place=ibis.row_number().over(largest)).filter(_.place == 0).select("team_of", "team_at", "team")
    joined = rows.left_join(main, [rows[person] == main.team_of, rows.team_on == main.team_at])
    return joined.drop("team_of", "team_at", "team_on")


def check_columns(table: ibis.Table | None, by: Sequence[str]) -> tuple[str, ...]:
    """Return `by` when the table has all these columns, else raise `UsageError` with what it has; no table has none.

    >>> import pyarrow as pa
    >>> check_columns(ibis.memtable(pa.table({"team": ["1팀"]})), ["tema"])
    Traceback (most recent call last):
    ...
    bokgi.domain.errors.UsageError: Deals have no column “tema”. There are: team.
    """
    columns = () if table is None else table.columns
    for name in by:
        if name not in columns:
            raise UsageError(
                "column_unknown",
                Message(N_("Deals have no column “{column}”."), {"column": name}),
                Message(N_("There are: {columns}."), {"columns": ", ".join(columns) or "–"}),
            )
    return tuple(by)
