"""Erasure of a person: nothing in the home names them any more, and their results stay under a key.

A person of ours or a contact is known by a key; names and addresses stand in `identities`. Erasing empties those rows,
puts the key in the place of every name, e-mail and telephone number wherever else it stands (texts, quarantine, raw
attributes, the ledger, mappings, kept source files), deletes what is derived, and lets Delta forget the old files. Then
the ledger says that it was done, without a name. Erasing again does no harm and finishes what was interrupted.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from bokgi.domain.errors import NotFoundError
from bokgi.domain.messages import N_, Message
from bokgi.domain.names import folded
from bokgi.facts import compaction, ledger
from bokgi.facts.engine import columns_of, connect, literal, parquet, quoted
from bokgi.facts.erasure import files
from bokgi.facts.erasure.traces import Traces
from bokgi.facts.lake import LOCK_SECONDS, Lake
from bokgi.facts.ledger import Entry, Import
from bokgi.facts.schema import FACT_TABLES, TABLES, Table

_PHONE_DIGITS: Final = 7
_Kept = tuple[int, str]
"""A kept source file: number of its import, name in its folder."""


@dataclass(frozen=True)
class Erased:
    """What an erasure did.

    `key` is what the results stay under; `others` are identities of other people with the same name, which stay;
    `deleted` are kept source files that could not be rewritten, by import.
    """

    version: int
    key: str
    rewritten_tables: tuple[str, ...]
    rewritten_sources: int
    deleted: tuple[int, ...]
    others: int


def erase(
    lake: Lake,
    kind: str,
    key: str | None,
    *,
    by: str,
    at: datetime,
    also: Sequence[str] = (),
    wait: float = LOCK_SECONDS,
) -> Erased:
    """Erase a person of ours (`kind` person) or a customer's (contact) from the home.

    `also` names more to take out: a former name, a telephone number. Without a key only these go: somebody who stands
    in refused rows or texts alone. Raises `NotFoundError` (`person_unknown`) for a
    key that never was, and `ConflictError` (`lake_busy`) while an import is at work.
    """
    with lake.exclusive(wait=wait):
        keys, words, traces = traces_of(lake, kind, key, also=also)
        others = _namesakes(lake, kind, keys, words)
        _waiting(lake, traces)
        changed, deleted = _sources(lake, traces, delete=others > 0)
        _mappings(lake, traces)
        tables = [name for name in FACT_TABLES if name != "identities" and _rewrite(lake, kind, keys, traces, name)]
        if ledger.rewrite(lake.table_folder("imports"), lambda one: _without(one, traces, changed, deleted)):
            tables.append("imports")
        shutil.rmtree(lake.folder / "state", ignore_errors=True)
        for name in TABLES:
            compaction.vacuum(lake, name, 0)
        if _rewrite_identities(lake, kind, keys, traces):
            tables.append("identities")
        compaction.vacuum(lake, "identities", 0)
        stays = traces.replaced(key or traces.label)
        version = _record(lake, kind, stays, by, at)
        return Erased(
            version, stays, tuple(tables), len(changed), tuple(sorted({number for number, _ in deleted})), others
        )


def traces_of(
    lake: Lake, kind: str, key: str | None, *, also: Sequence[str] = ()
) -> tuple[list[str], list[str], Traces]:
    """Give all keys of one human being, the words that name it, and the traces with what takes their place.

    Who has no key gets the label as one. Raises `NotFoundError` (`person_unknown`) for a key that never was.
    """
    if key is None:
        label = f"{kind}-{len(lake.imports()) + 1}"
        return [label], list(also), Traces.of(also, label)
    keys = _keys(lake, kind, key)
    words = [*_words(lake, kind, keys), *also]
    label = key if not Traces.of(words, "").found(key) else f"{kind}-{len(lake.imports()) + 1}"
    return keys, words, Traces.of(words, label)


def stands(lake: Lake, word: str) -> bool:
    """Tell whether a word stands in any table of the home, as a name in a refused row or in a text does."""
    traces = Traces.of([word], "")
    return any(_holding(TABLES[name], file.path, traces) for name in FACT_TABLES for file in lake.files(name))


def erased(lake: Lake) -> list[tuple[str, str]]:
    """List kind and key of everybody who was erased, in the order of the erasures."""
    found = [json.loads(one.findings)[0] for one in lake.imports() if one.kind == "erasure"]
    return [(entry["kind"], entry["key"]) for entry in found]


def erase_again(lake: Lake, people: Iterable[tuple[str, str]], *, by: str, at: datetime) -> list[Erased]:
    """Erase people once more whom a restored back-up brought back; people of no row in it are passed over."""
    done = []
    for kind, key in people:
        try:
            done.append(erase(lake, kind, key, by=by, at=at))
        except NotFoundError:
            continue
    return done


def _query(lake: Lake, table: str, columns: str, where: str = "true", values: Sequence[object] = ()) -> list[Any]:
    """Ask all physical rows of a table, of dead and undone imports as well."""
    paths = [file.path for file in lake.files(table)]
    if not paths:
        return []
    with connect() as connection:
        return connection.execute(f"SELECT {columns} FROM {parquet(paths)} WHERE {where}", list(values)).fetchall()


def _keys(lake: Lake, kind: str, key: str) -> list[str]:
    """Give all keys of one human being: identities linked to it, those with the same e-mail.

    Of a contact also those of the same name at the same deal: somebody entered on screen whom the CRM holds as well.
    """
    identities = _query(lake, "identities", "key, lower(email)", "kind = ?", [kind])
    known = {found for found, _ in identities}
    table, column = ("people", "person_id") if kind == "person" else ("contacts", "contact_id")
    known |= {row[0] for row in _query(lake, table, quoted(column))}
    if key not in known:
        raise NotFoundError("person_unknown", Message(N_("Nobody has the key {key}."), {"key": key}))
    links = _query(lake, "person_links", "person_id, same_as") if kind == "person" else _at_one_deal(lake, key)
    keys, before = {key}, set[str]()
    while keys != before:
        before = set(keys)
        keys |= {other for pair in links if keys & set(pair) for other in pair}
        emails = {email for found, email in identities if found in keys and email}
        keys |= {found for found, email in identities if email in emails}
    return sorted(keys)


def _at_one_deal(lake: Lake, key: str) -> list[tuple[str, str]]:
    """Pair a contact with those of its name who take part in one of its deals."""
    called = {folded(name) for (name,) in _query(lake, "identities", "name", "kind = 'contact' AND key = ?", [key])}
    deals = sorted({deal for (deal,) in _query(lake, "deal_contacts", "deal_id", "contact_id = ?", [key])})
    there = {who for (who,) in _query(lake, "deal_contacts", "contact_id", "list_contains(?, deal_id)", [deals])}
    names = _query(lake, "identities", "key, name", "kind = 'contact' AND list_contains(?, key)", [sorted(there)])
    return [(key, other) for other, name in names if name and folded(name) in called]


def _words(lake: Lake, kind: str, keys: Sequence[str]) -> list[str]:
    """Give names, addresses and numbers of a person; the id of the source is none of them."""
    rows = _query(lake, "identities", "name, email, source_key", "kind = ? AND list_contains(?, key)", [kind, keys])
    ids = {row[0] for row in _query(lake, "people", "source_id")} | set(keys)
    words = [word for name, email, called in rows for word in (name, email, None if called in ids else called)]
    if kind == "contact":
        rows = _query(lake, "contacts", "map_values(attributes)", "list_contains(?, contact_id)", [keys])
        for (values,) in rows:
            words += [value for value in values or () if value and _is_address(value)]
    return [word for word in words if word]


def _is_address(value: str) -> bool:
    """Tell whether a text looks like a telephone number or an e-mail address."""
    digits = sum(sign.isdigit() for sign in value)
    return "@" in value or (digits >= _PHONE_DIGITS and all(sign.isdigit() or sign in "+-() ." for sign in value))


def _namesakes(lake: Lake, kind: str, keys: Sequence[str], words: Sequence[str]) -> int:
    rows = _query(
        lake,
        "identities",
        "count(DISTINCT (kind, key))",
        "NOT (kind = ? AND list_contains(?, key)) AND list_contains(?, name)",
        [kind, keys, list(words)],
    )
    return int(rows[0][0]) if rows else 0


def _sources(lake: Lake, traces: Traces, *, delete: bool) -> tuple[dict[_Kept, tuple[str, int]], set[_Kept]]:
    """Take traces out of kept files; give digest and size of the rewritten ones, and the deleted ones.

    `delete`: there is a namesake, and the label would claim the rows of both; a file with traces is deleted then.
    """
    changed: dict[_Kept, tuple[str, int]] = {}
    deleted: set[_Kept] = set()
    folder = lake.home / "sources"
    for path in sorted(folder.rglob("*")) if folder.exists() else []:
        place = path.relative_to(folder)
        if not path.is_file() or not place.parts[0].isdigit():
            continue
        result = files.cleaned(path, traces)
        if result is files.Result.REWRITTEN and delete:
            path.unlink()
            result = files.Result.DELETED
        kept = (int(place.parts[0]), traces.replaced(path.name))
        if result is files.Result.DELETED:
            deleted.add(kept)
            continue
        there = path.rename(path.with_name(kept[1]))
        if result is files.Result.REWRITTEN:
            with there.open("rb") as file:
                changed[kept] = (hashlib.file_digest(file, "sha256").hexdigest(), there.stat().st_size)
    return changed, deleted


def _waiting(lake: Lake, traces: Traces) -> None:
    """Take traces out of files that wait to be imported: uploads, and the drop folder."""
    for folder in ("uploads", "drop"):
        for path in sorted((lake.home / folder).rglob("*")):
            if path.is_file() and files.cleaned(path, traces) is not files.Result.DELETED:
                path.rename(path.with_name(traces.replaced(path.name)))


def _mappings(lake: Lake, traces: Traces) -> None:
    folder = lake.home / "mappings"
    for path in sorted(folder.rglob("*.toml")) if folder.exists() else []:
        files.cleaned(path, traces)
        name = traces.replaced(path.name)
        if path.exists() and name != path.name:
            path.rename(path.with_name(name))


def _clean(column: str, kind: str, traces: Traces) -> str:
    """Give the SQL of a column without traces."""
    pattern, label = literal(traces.pattern), literal(traces.label)

    def text(value: str) -> str:
        return f"regexp_replace({value}, {pattern}, {label}, 'gi')"

    name = quoted(column)
    if kind == "map":
        entry = f"{{'key': {text('e.key')}, 'value': {text('e.value')}}}"
        pairs = f"list_transform(map_entries({name}), lambda e: {entry})"
        unique = (
            f"list_filter({pairs}, lambda e, i: list_position(list_transform({pairs}, lambda o: o.key), e.key) = i)"
        )
        return f"CASE WHEN {name} IS NULL THEN NULL ELSE map_from_entries({unique}) END"
    return text(name) if kind == "string" else name


def _holding(table: Table, path: Path, traces: Traces) -> set[str]:
    """Give the columns of a file that hold traces."""
    if not traces.words:
        return set()
    pattern = literal(traces.pattern)
    asked = {column.name: quoted(column.name) for column in table.columns if column.type == "string"}
    for column in table.columns:
        if column.type == "map":
            name = quoted(column.name)
            asked[column.name] = f"array_to_string(list_concat(map_keys({name}), map_values({name})), chr(31))"
    found = ", ".join(f"coalesce(bool_or(regexp_matches({text}, {pattern}, 'i')), false)" for text in asked.values())
    with connect() as connection:
        query = f"SELECT {found} FROM (SELECT {columns_of(table, [path])} FROM {parquet([path])})"
        row = connection.execute(query).fetchone() or ()
    return {name for name, holds in zip(asked, row, strict=True) if holds}


def _own(lake: Lake, kind: str, keys: Sequence[str], name: str) -> tuple[str, dict[str, str]]:
    """Give rows of a table that are about a contact alone, and what becomes of their columns."""
    listed = ", ".join(literal(key) for key in keys)
    if kind != "contact":
        return "false", {}
    if name == "contacts":
        return f"contact_id IN ({listed})", {"title": "NULL", "attributes": "NULL"}
    if name == "texts":
        of = {
            "response_comment": [
                row[0] for row in _query(lake, "responses", "response_id", f"contact_id IN ({listed})")
            ],
            "note": [row[0] for row in _query(lake, "activities", "activity_id", f"contact_id IN ({listed})")],
        }
        of["activity_subject"] = of["note"]
        parts = [
            f"(kind = {literal(word)} AND key IN ({', '.join(map(literal, ids))}))" for word, ids in of.items() if ids
        ]
        return " OR ".join(parts) or "false", {"text": "NULL"}
    return "false", {}


def _rewrite(lake: Lake, kind: str, keys: Sequence[str], traces: Traces, name: str) -> bool:
    """Rewrite the files of a table that hold traces, or rows about the contact alone; tell whether there were any."""
    table = TABLES[name]
    own, emptied = _own(lake, kind, keys, name)
    touched = False
    for file in lake.files(name):
        holding = _holding(table, file.path, traces)
        if not holding and not (emptied and _any(file.path, own)):
            continue
        columns = []
        for column in table.columns:
            clean = _clean(column.name, column.type, traces) if column.name in holding else quoted(column.name)
            if column.name in emptied:
                clean = f"CASE WHEN {own} THEN {emptied[column.name]} ELSE {clean} END"
            columns.append(f"{clean} AS {quoted(column.name)}")
        rows = f"(SELECT {columns_of(table, [file.path])} FROM {parquet([file.path])})"
        compaction.rewritten(lake, table, [file], f"SELECT {', '.join(columns)} FROM {rows}")
        touched = True
    return touched


def _any(path: Path, where: str) -> bool:
    with connect() as connection:
        return connection.execute(f"SELECT 1 FROM {parquet([path])} WHERE {where} LIMIT 1").fetchone() is not None


def _rewrite_identities(lake: Lake, kind: str, keys: Sequence[str], traces: Traces) -> bool:
    """Empty the identities of the person: the key stands in the place of what the source called them."""
    ids = ", ".join({literal(row[0]) for row in _query(lake, "people", "source_id") if row[0]}) or "''"
    mine = f"kind = {literal(kind)} AND key IN ({', '.join(literal(key) for key in keys)})"
    called = f"coalesce(source_key <> key AND source_key NOT IN ({ids}), false)"
    new_key = _clean("key", "string", traces) if traces.words else "key"
    touched = False
    for file in lake.files("identities"):
        if not _any(file.path, f"{mine} AND (name IS NOT NULL OR email IS NOT NULL OR {called})"):
            continue
        query = f"""
            SELECT import_no, kind, CASE WHEN {mine} THEN {new_key} ELSE key END AS key, source,
                CASE WHEN {mine} AND {called} THEN {new_key} ELSE source_key END AS source_key,
                CASE WHEN {mine} THEN NULL ELSE name END AS name, CASE WHEN {mine} THEN NULL ELSE email END AS email
            FROM {parquet([file.path])}
        """
        compaction.rewritten(lake, TABLES["identities"], [file], query)
        touched = True
    return touched


def _without(
    one: Import, traces: Traces, changed: Mapping[_Kept, tuple[str, int]], deleted: AbstractSet[_Kept]
) -> Import:
    """Take traces out of a row of the ledger; rewritten sources have a new digest, deleted ones are no longer kept."""
    clean: dict[str, Any] = {
        name: traces.replaced(value)
        for name in ("source", "files", "mapping", "by", "findings", "reason")
        if (value := getattr(one, name)) is not None
    }
    entries = json.loads(clean["files"])
    for entry in entries:
        kept = (one.import_no, entry.get("kept"))
        if kept in changed:
            entry["sha256"], entry["size"] = changed[kept]
        if kept in deleted:
            entry["kept"] = None
    if entries != json.loads(clean["files"]):
        clean["files"] = json.dumps(entries, ensure_ascii=False)
    return replace(one, **clean)


def _record(lake: Lake, kind: str, key: str, by: str, at: datetime) -> int:
    finding = json.dumps([{"code": "erased", "kind": kind, "key": key}])
    with lake.begin(wait=0) as writing:
        return writing.commit(Entry(kind="erasure", source="bokgi", by=by, at=at, findings=finding))
