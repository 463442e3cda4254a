"""Accounts: from their own file, and those that other files only mention."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from bokgi.domain.findings import Example, Finding, Severity
from bokgi.domain.messages import N_, Message
from bokgi.intake.judging.readings import Reading
from bokgi.intake.judging.typed import kept_with
from bokgi.intake.mapping.fields import FIELDS
from bokgi.intake.mapping.model import Entity
from bokgi.intake.workbench import Workbench
from bokgi.intake.writing.yields import Yield, attributes_of

DESCRIBED: Final = ("industry", "segment", "size", "employees", "region")
_REFERENCES: Final = tuple(
    name.removesuffix("_id")
    for name, field in FIELDS.items()
    if field.refers is Entity.ACCOUNTS and name.endswith("_id")
)


def prepare(bench: Workbench, readings: Sequence[Reading], held: str | None) -> None:
    """Find the account behind each name: table `account_of` (`name` as written, `account_id`, `listed`, `shared`).

    A name that exactly one account bears is that account; any other name is its own key. `shared`: several accounts
    that have ids bear it.
    """
    names = [
        f"SELECT DISTINCT {reading.sql(field)} AS name FROM {kept_with(reading, reading.sql(field))}"
        for reading in readings
        for field in (*(f"{prefix}_name" for prefix in _REFERENCES), "accounts.parent_name")
        if reading.says(field)
    ]
    known = [
        f"SELECT {_own_id(reading)} AS account_id, {reading.sql('accounts.name')} AS name FROM {reading.kept}"
        for reading in readings
        if reading.entity is Entity.ACCOUNTS
    ]
    if held is not None:
        known.append(f"SELECT account_id, name FROM {held}")
    empty = "SELECT NULL::VARCHAR AS name WHERE false"
    listed = known or ["SELECT NULL::VARCHAR AS account_id, NULL::VARCHAR AS name WHERE false"]
    bench.run(
        f"""CREATE TEMP TABLE accounts_known AS
            SELECT {_plain("name")} AS plain, min(account_id) AS account_id, count(DISTINCT account_id) AS accounts,
                count(DISTINCT account_id) FILTER (account_id <> name) AS with_ids
            FROM ({" UNION ALL ".join(listed)})
            WHERE name IS NOT NULL GROUP BY ALL"""
    )
    bench.run(
        f"""CREATE TEMP TABLE account_of AS
            SELECT n.name, CASE WHEN k.accounts = 1 THEN k.account_id ELSE n.name END AS account_id,
                k.plain IS NOT NULL AS listed, coalesce(k.with_ids > 1, false) AS shared
            FROM (SELECT DISTINCT name FROM ({" UNION ALL ".join([empty, *names])}) WHERE name IS NOT NULL) AS n
            LEFT JOIN accounts_known AS k ON k.plain = {_plain("n.name")}"""
    )


def _plain(name: str) -> str:
    return f"lower(trim(regexp_replace(nfc_normalize({name}), '\\s+', ' ', 'g')))"


def _own_id(reading: Reading, rows: str = "") -> str:
    by_id, name = reading.sql("accounts.account_id", rows=rows), reading.sql("accounts.name", rows=rows)
    return f"coalesce({by_id}, {name})" if reading.says("accounts.account_id") else name


def key(reading: Reading, prefix: str, rows: str = "r") -> tuple[str, str]:
    """Give the join and the SQL of the account that a row of another file refers to."""
    by_id, name = (reading.sql(f"{prefix}_{part}", rows=rows) for part in ("id", "name"))
    if not reading.says(f"{prefix}_name"):
        return "", by_id if reading.says(f"{prefix}_id") else "NULL::VARCHAR"
    alias = "a_" + prefix.replace(".", "_")
    join = f"LEFT JOIN account_of AS {alias} ON {name} = {alias}.name"
    found = f"{alias}.account_id"
    return join, f"coalesce({by_id}, {found})" if reading.says(f"{prefix}_id") else found


def yields(readings: Sequence[Reading], bench: Workbench) -> Iterator[Yield]:
    """Give the rows of accounts files, then the accounts that deals mention."""
    for reading in readings:
        if reading.entity is Entity.ACCOUNTS:
            yield _listed(reading)
    earlier = [
        f"SELECT {_own_id(reading)} FROM {reading.kept}" for reading in readings if reading.entity is Entity.ACCOUNTS
    ]
    for reading in readings:
        if reading.says("deals.account_id", "deals.account_name") and reading.entity in {
            Entity.DEALS,
            Entity.STAGE_HISTORY,
        }:
            table = _mention(bench, reading, earlier)
            earlier.append(f"SELECT account_id FROM {table}")
            described = [column for column in DESCRIBED if reading.says(f"accounts.{column}")]
            yield Yield(
                "accounts",
                reading.place,
                f"FROM {table}",
                said={"account_id": "account_id", **{column: column for column in described}},
                otherwise={"name": "name"},
                sticky=frozenset(described),
            )


def _listed(reading: Reading) -> Yield:
    said = {"account_id": _own_id(reading, "r")}
    for column in ("name", *DESCRIBED):
        if reading.says(f"accounts.{column}"):
            said[column] = reading.sql(f"accounts.{column}", rows="r")
    join = ""
    if reading.says("accounts.parent_name"):
        join = f"LEFT JOIN account_of AS p ON {reading.sql('accounts.parent_name', rows='r')} = p.name"
        said["parent_id"] = "p.account_id"
    if reading.says("accounts.parent_id"):
        by_id = reading.sql("accounts.parent_id", rows="r")
        said["parent_id"] = f"coalesce({by_id}, {said['parent_id']})" if "parent_id" in said else by_id
    columns = ", ".join(f"{text} AS {name}" for name, text in said.items())
    return Yield(
        "accounts",
        reading.place,
        f"SELECT r.*, {columns} FROM {reading.kept} AS r {join}",
        said={name: name for name in said},
        repeating=True,
        **attributes_of(reading),
    )


def _mention(bench: Workbench, reading: Reading, earlier: Sequence[str]) -> str:
    """Collect the accounts that a deals file mentions by name, or describes: one row each, from their first row."""
    table = f"mentioned_{reading.place}"
    join, account = key(reading, "deals.account")
    named = reading.says("deals.account_name")
    name = reading.sql("deals.account_name", rows="r")
    described = [column for column in DESCRIBED if reading.says(f"accounts.{column}")]
    texts = [("name", name), *((column, reading.sql(f"accounts.{column}", rows="r")) for column in described)]
    told = ", ".join(f"{text} AS {column}" for column, text in texts)
    columns = ", ".join(f"min_by({column}, _row) FILTER ({column} IS NOT NULL) AS {column}" for column, _ in texts)
    needed = ["deals.account_id", "deals.account_name", *(f"accounts.{column}" for column in described)]
    rows = kept_with(reading, *map(reading.sql, needed))
    listed = f"WHERE account_id NOT IN ({' UNION ALL '.join(f'({query})' for query in earlier)})" if earlier else ""
    bench.run(
        f"""CREATE TEMP TABLE {table} AS SELECT * FROM (
                SELECT account_id, min(_row) AS _row, {columns} FROM (
                    SELECT {account} AS account_id, {told}, min(r._row) AS _row FROM {rows} AS r {join}
                    WHERE {account} IS NOT NULL GROUP BY ALL
                ) GROUP BY account_id
            ) {listed}"""
    )
    if not named and not described:
        bench.run(f"DELETE FROM {table}")
    return table


def doubtful(bench: Workbench, readings: Sequence[Reading], *, known: bool) -> list[Finding]:
    """Say which account names several accounts have, and which stand in no list of accounts where there is one."""
    several = N_(
        "{n} {n:row|rows} of {file} {n:names|name} an account by a name that several accounts have; such a name stands "
        "as an account of its own. Add the account's id to say which is meant."
    )
    unlisted = N_("{n} {n:row|rows} of {file} {n:names|name} an account that stands in no list of accounts.")
    listed = known or any(reading.entity is Entity.ACCOUNTS for reading in readings)
    findings = []
    for reading in readings:
        for prefix in _REFERENCES:
            if not listed or not reading.says(f"{prefix}_name"):
                continue
            by_id = reading.says(f"{prefix}_id")
            alone = f" AND {reading.sql(f'{prefix}_id')} IS NULL" if by_id else ""
            findings += _named(bench, reading, prefix, f"shared{alone}", "account_ambiguous", several)
            if not by_id:
                findings += _named(bench, reading, prefix, "NOT listed", "account_unknown", unlisted)
    return findings


def _named(bench: Workbench, reading: Reading, prefix: str, which: str, code: str, text: str) -> list[Finding]:
    """Count the rows that name an account of which something holds in `account_of`."""
    name = reading.sql(f"{prefix}_name")
    ((count, numbers, names),) = bench.rows(
        f"""SELECT count(*), min(_row, 5), min_by(a.name, _row, 5)
            FROM {reading.kept} AS r JOIN account_of AS a ON {name} = a.name WHERE {which}"""
    )
    if not count:
        return []
    header = reading.header(f"{prefix}_name")
    examples = tuple(Example(reading.label, row, header, text) for row, text in zip(numbers, names, strict=True))
    message = Message(text, {"n": count, "file": reading.label})
    return [Finding(code, Severity.WARNING, message, count, examples)]
