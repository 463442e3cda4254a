"""Which columns of the files refer to each other, told by the values they share; counted in the engine."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import duckdb

from bokgi.domain.findings import Example, Finding, Severity
from bokgi.domain.messages import N_, Message
from bokgi.intake.files.staged import StagedFile
from bokgi.intake.mapping.fields import FIELDS, Kind
from bokgi.intake.mapping.headers import key
from bokgi.intake.mapping.model import Entity, FileMapping
from bokgi.intake.mapping.titles import WITHOUT_TITLE, without_title
from bokgi.intake.sql import literal
from bokgi.intake.values.salesforce_ids import SALESFORCE_ID, completed

MOST_ROWS: Final = 500_000
"""Rows of a file that are compared; more tell nothing new about which columns belong together."""
_MOST_SHOWN: Final = 5
_OWN_KEYS: Final = {
    Entity.PEOPLE: {Kind.ID: "people.person_id", Kind.NAME: "people.name", Kind.EMAIL: "people.email"},
    Entity.ACCOUNTS: {Kind.ID: "accounts.account_id", Kind.NAME: "accounts.name"},
    Entity.DEALS: {Kind.ID: "deals.deal_id", Kind.NAME: "deals.name"},
    Entity.CONTACTS: {Kind.ID: "contacts.contact_id", Kind.EMAIL: "contacts.email"},
}
_ID_OF: Final = {"deal_id": Entity.DEALS, "account_id": Entity.ACCOUNTS, "contact_id": Entity.CONTACTS}


@dataclass(frozen=True)
class Overlap:
    """How the different values of one column stand in another: how many there are, how many are found, the others.

    `missing`: (value, rows, the value that differs from it only by case, spaces or signs, or null), most rows first.
    """

    values: int
    found: int
    rows: int
    missing_rows: int
    missing: tuple[tuple[str, int, str | None], ...]

    @property
    def share(self) -> float:
        """Share of the different values that are found, 0 to 1; 0 where there are none."""
        return self.found / self.values if self.values else 0.0


def overlap(
    connection: duckdb.DuckDBPyConnection,
    child: tuple[StagedFile, str],
    parent: tuple[StagedFile, str],
    null_values: Sequence[str] = (),
    *,
    short_ids: bool = False,
    titled: bool = False,
) -> Overlap:
    """Compare the values of a column with those of another (file, header), over at most `MOST_ROWS` rows of each.

    `short_ids`: ids of Salesforce, some of them with 15 characters. `titled`: names, some of them with titles.
    """
    nulls = ", ".join(literal(text) for text in ("", *null_values))
    texts = [
        f"SELECT {_text(sql, short_ids=short_ids, titled=titled)} AS text FROM {rows} LIMIT {MOST_ROWS}"
        for sql, rows in ((file.column(header).sql, file.relation) for file, header in (child, parent))
    ]
    counted = f"""
        WITH child AS (SELECT text, count(*) AS n FROM ({texts[0]}) WHERE text NOT IN ({nulls}) GROUP BY text),
             parent AS (SELECT DISTINCT text FROM ({texts[1]}) WHERE text IS NOT NULL),
             near AS (
                 SELECT regexp_replace(lower(text), '[^\\p{{L}}\\p{{N}}]', '', 'g') AS folded, min(text) AS text
                 FROM parent GROUP BY folded
             ),
             compared AS (
                 SELECT child.text, n, parent.text IS NOT NULL AS found FROM child LEFT JOIN parent USING (text)
             )
    """
    totals = connection.execute(
        f"""{counted} SELECT count(*), count(*) FILTER (found), coalesce(sum(n), 0)::BIGINT,
                             coalesce(sum(n) FILTER (NOT found), 0)::BIGINT FROM compared"""
    ).fetchall()[0]
    missing = connection.execute(
        f"""{counted} SELECT compared.text, n, near.text FROM compared
            LEFT JOIN near ON near.folded = regexp_replace(lower(compared.text), '[^\\p{{L}}\\p{{N}}]', '', 'g')
            WHERE NOT found ORDER BY n DESC, compared.text LIMIT {_MOST_SHOWN}"""
    ).fetchall()
    values, found, rows, missing_rows = totals
    return Overlap(values, found, rows, missing_rows, tuple((text, n, near) for text, n, near in missing))


def _text(sql: str, *, short_ids: bool, titled: bool) -> str:
    if short_ids:
        return completed(f"trim({sql})")
    return without_title(f"trim({sql})") if titled else f"nfc_normalize(trim({sql}))"


@dataclass(frozen=True)
class Reference:
    """A column of one file that names rows of another."""

    child: StagedFile
    header: str
    field: str
    parent: StagedFile
    parent_header: str
    short_ids: bool = False
    titled: bool = False


def references(files: Sequence[StagedFile], mappings: Sequence[FileMapping]) -> Iterator[Reference]:
    """Give the references between the files of one import, by their fields and by equal headers of ignored lists.

    The companies of leads are not accounts yet, and nothing is made of them.
    """
    pairs = list(zip(files, mappings, strict=True))
    for file, mapping in pairs:
        if mapping.entity is Entity.LEADS:
            continue
        for column in mapping.columns:
            field = FIELDS.get(column.field)
            if field is None:
                continue
            name = column.field.partition(".")[2]
            to = field.refers or (_ID_OF.get(name) if mapping.entity is not _ID_OF.get(name) else None)
            parent_field = _OWN_KEYS.get(to, {}).get(field.kind) if to else None
            for other, its in pairs:
                if other is file:
                    continue
                if its.entity is to and parent_field and (parent := its.of(parent_field)):
                    short = SALESFORCE_ID in {column.format, parent.format}
                    titled = WITHOUT_TITLE in {column.format, parent.format}
                    yield Reference(file, column.column, column.field, other, parent.column, short, titled)
                elif mapping.entity is Entity.DEALS and its.entity is Entity.IGNORE and field.kind is Kind.CATEGORY:
                    same = [there.name for there in other.columns if key(there.name) == key(column.column)]
                    if same and other.columns[0].name == same[0]:
                        yield Reference(file, column.column, column.field, other, same[0])


def unmatched(reference: Reference, found: Overlap) -> Finding | None:
    """Say which values of a reference stand nowhere in the other file; null where all are found.

    Names of people are counted and not shown: a finding is kept with the import.
    """
    if found.values == found.found:
        return None
    where: dict[str, object] = {
        "n": found.missing_rows,
        "column": reference.header,
        "file": reference.child.name,
        "other": reference.parent.name,
    }
    if FIELDS[reference.field].personal:
        message = Message(
            N_("{n} {n:row|rows} of {file} {n:names|name} a “{column}” that {other} does not have."), where
        )
        return Finding("reference_unmatched", Severity.WARNING, message, found.missing_rows, (), where)
    values = where | {"values": ", ".join(text for text, _, _ in found.missing)}
    text = N_("{n} {n:row|rows} of {file} {n:names|name} a “{column}” that {other} does not have: {values}.")
    near = next(((text, other) for text, _, other in found.missing if other is not None), None)
    if near:
        values |= {"value": near[0], "like": near[1]}
        text = N_(
            "{n} {n:row|rows} of {file} {n:names|name} a “{column}” that {other} does not have: "
            "{values} (“{value}” is like “{like}”)."
        )
    examples = tuple(Example(reference.child.name, None, reference.header, text) for text, _, _ in found.missing)
    return Finding("reference_unmatched", Severity.WARNING, Message(text, values), found.missing_rows, examples, values)
