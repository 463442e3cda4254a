"""Saved mappings: a mapping as TOML that a person can read and edit, and back again.

No sample of the data is written, so that a mapping never holds a person's name. What each line was found by stands in
a comment behind it; whatever is read back counts as saved.
"""

from __future__ import annotations

import difflib
import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import tomli_w

from bokgi.domain.errors import MappingError
from bokgi.domain.messages import N_, Message
from bokgi.domain.stage import StageKind
from bokgi.facts.schema import TABLES, TRACKED_COLUMNS
from bokgi.intake.mapping.fields import FIELDS, field_of
from bokgi.intake.mapping.model import (
    ColumnMapping,
    Entity,
    FileMapping,
    FoundBy,
    StageDefinition,
    StageFoundBy,
)

VERSION: Final = 1
KEYS: Final = (
    "version",
    "name",
    "source",
    "file",
    "entity",
    "preset",
    "time_zone",
    "currency",
    "keys",
    "derived_deals",
    "one_table",
    "known_at_creation",
    "fully_recorded",
    "null_values",
    "stages",
    "columns",
    "constants",
    "values",
    "total_rows",
    "history_formats",
)
_COLUMN: Final = ("field", "format", "pipeline")
_STAGE: Final = (
    "pipeline",
    "stage",
    "label",
    "order",
    "kind",
    "probability",
    "journey_stage",
    "exit_criterion",
    "expected_days",
    "origin",
)
_LINE: Final = re.compile(r"line (\d+)")


def write(mapping: FileMapping) -> str:
    """Write a mapping as TOML with comments on what was found by what.

    >>> column = ColumnMapping("Amount", "deals.amount", FoundBy.NAME, 0.9)
    >>> text = write(FileMapping("deals.csv", Entity.DEALS, (column,), "crm"))
    >>> print(text.splitlines()[-1])
    "Amount" = "deals.amount"  # found by name, 0.90
    >>> read(text).of("deals.amount").column
    'Amount'
    """
    return "\n".join(_lines(mapping)) + "\n"


def _lines(mapping: FileMapping) -> Iterator[str]:
    yield "# What the columns of a file are. Edit freely: a column's field is one of docs/reference/mapping.md,"
    yield '# "attributes" keeps it under its header, "leave_out" does not take it.'
    yield f"version = {VERSION}"
    yield from (_pair(name, getattr(mapping, name)) for name in ("name", "source", "file") if getattr(mapping, name))
    yield f"{_pair('entity', mapping.entity.value)}  # {_found(mapping.found_by, mapping.confidence)}"
    for name in ("preset", "time_zone", "currency"):
        if getattr(mapping, name) is not None:
            yield _pair(name, getattr(mapping, name))
    yield f"keys = {_list(mapping.keys)}"
    yield from (f"{name} = true" for name in ("derived_deals", "one_table") if getattr(mapping, name))
    yield f"known_at_creation = {_list(mapping.known_at_creation)}"
    if mapping.entity is Entity.DEAL_HISTORY:
        yield f"fully_recorded = {_list(mapping.fully_recorded)}"
    if mapping.null_values:
        yield f"null_values = {_list(mapping.null_values)}"
    if mapping.stages:
        yield "stages = ["
        for stage in mapping.stages:
            yield f"  {_stage(stage)},  # {stage.origin}, found by {stage.found_by.value}"
        yield "]"
    for name in ("constants", "history_formats"):
        yield from _table(name, {key: _string(value) for key, value in getattr(mapping, name).items()})
    for field, words in mapping.values.items():
        yield from _table(f"values.{_string(field)}", {key: _string(value) for key, value in words.items()})
    yield from _table("total_rows", {key: _list(texts) for key, texts in mapping.total_rows.items()})
    yield ""
    yield "[columns]"
    yield from _columns(mapping.columns)


def _columns(columns: Iterable[ColumnMapping]) -> Iterator[str]:
    by_header: dict[str, list[ColumnMapping]] = {}
    for column in columns:
        by_header.setdefault(column.column, []).append(column)
    for header, parts in by_header.items():
        specs = [_spec(part) for part in parts]
        value = specs[0] if len(specs) == 1 else f"[{', '.join(specs)}]"
        comment = "; ".join(dict.fromkeys(_found(part.found_by, part.confidence) for part in parts))
        yield f"{_string(header)} = {value}  # {comment}"


def _spec(column: ColumnMapping) -> str:
    if column.format is None and column.pipeline is None:
        return _string(column.field)
    parts = {"field": column.field, "format": column.format, "pipeline": column.pipeline}
    return _inline({name: part for name, part in parts.items() if part is not None})


def _stage(stage: StageDefinition) -> str:
    parts: dict[str, object] = {
        "pipeline": stage.pipeline,
        "stage": stage.stage,
        "label": stage.label,
        "order": stage.stage_order,
        "kind": stage.kind.value,
        "probability": stage.probability,
        "journey_stage": stage.journey_stage,
        "exit_criterion": stage.exit_criterion,
        "expected_days": stage.expected_days,
        "origin": stage.origin,
    }
    return _inline({name: part for name, part in parts.items() if part is not None})


def _found(found_by: FoundBy, confidence: float) -> str:
    return f"found by {found_by.value}, {confidence:.2f}"


def _string(text: str) -> str:
    """Write a text as a TOML string (which is also a quoted key)."""
    return tomli_w.dumps({"x": text})[len("x = ") :].rstrip("\n")


def _value(value: object) -> str:
    return _string(value) if isinstance(value, str) else tomli_w.dumps({"x": value})[len("x = ") :].rstrip("\n")


def _pair(name: str, value: object) -> str:
    return f"{name} = {_value(value)}"


def _list(texts: Iterable[str]) -> str:
    return f"[{', '.join(_string(text) for text in texts)}]"


def _inline(parts: Mapping[str, object]) -> str:
    return "{ " + ", ".join(f"{name} = {_value(part)}" for name, part in parts.items()) + " }"


def _table(name: str, rows: Mapping[str, str]) -> Iterator[str]:
    if rows:
        yield ""
        yield f"[{name}]"
        yield from (f"{_string(key)} = {value}" for key, value in rows.items())


def read_file(path: Path) -> FileMapping:
    """Read a saved mapping from a file; errors name the file."""
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError as error:
        there = ", ".join(sorted(other.name for other in path.parent.glob("*.toml"))) or "–"
        raise MappingError(
            "mapping_missing",
            Message(N_("There is no mapping {file}."), {"file": path.name}),
            Message(N_("There are: {names}."), {"names": there}),
        ) from error
    except UnicodeDecodeError as error:
        raise MappingError(
            "mapping_not_utf8", Message(N_("{file} is not written in UTF-8."), {"file": path.name})
        ) from error
    return read(text, name=path.stem)


def read_folder(folder: Path) -> tuple[FileMapping, ...]:
    """Read every saved mapping of a folder, in the order of their names."""
    return tuple(read_file(path) for path in sorted(folder.glob("*.toml")))


def read(text: str, *, name: str = "") -> FileMapping:
    r"""Read a mapping; errors name the line or key, and what exists instead.

    >>> read('version = 1\nsource = "crm"\nentity = "targetz"\n')
    Traceback (most recent call last):
    bokgi.domain.errors.MappingError: Line 3, entity: there is no “targetz”. Did you mean targets?
    """
    return _Reader(text, name).mapping()


class _Reader:
    """Reads one text; knows where its keys stand."""

    def __init__(self, text: str, name: str) -> None:
        self.text = text
        self.name = name
        try:
            self.read: dict[str, Any] = tomllib.loads(text)
        except tomllib.TOMLDecodeError as error:
            found = _LINE.search(str(error))
            raise MappingError(
                "mapping_not_toml",
                Message(
                    N_("Line {line} of the mapping is no TOML: {problem}."),
                    {"line": int(found[1]) if found else text.count("\n") + 1, "problem": str(error)},
                ),
            ) from error

    def mapping(self) -> FileMapping:
        read = self.read
        for key in read:
            self._one_of(key, key, KEYS, N_("Line {line}: there is no key “{value}”."))
        if read.get("version", VERSION) != VERSION:
            raise self._wrong("version", "mapping_version_unknown", N_("Line {line}: version {value} is unknown."))
        for key in ("source", "entity"):
            if key not in read:
                raise MappingError(
                    "mapping_key_missing",
                    Message(N_("The mapping has no “{key}”."), {"key": key}),
                    Message(N_("It needs source, entity and columns.")),
                )
        entity = Entity(self._one_of("entity", self._text("entity"), [entity.value for entity in Entity]))
        columns = tuple(self._columns(entity))
        headers = {column.column for column in columns}
        return FileMapping(
            file=self._text("file", ""),
            entity=entity,
            columns=columns,
            source=self._text("source"),
            name=self._text("name", self.name),
            preset=read.get("preset"),
            found_by=FoundBy.SAVED,
            confidence=1.0,
            keys=tuple(self._field("keys", key, entity) for key in self._texts("keys")),
            derived_deals=bool(read.get("derived_deals", False)),
            one_table=bool(read.get("one_table", False)),
            stages=tuple(self._stages()),
            known_at_creation=tuple(
                self._one_of(key, key, [column.name for column in TABLES["deals"].columns])
                for key in self._texts("known_at_creation")
            ),
            fully_recorded=tuple(self._one_of(key, key, TRACKED_COLUMNS) for key in self._texts("fully_recorded")),
            time_zone=read.get("time_zone"),
            currency=read.get("currency"),
            constants={self._field(key, key, entity): str(value) for key, value in self._mapping("constants").items()},
            values={
                self._field(key, key, entity): {str(word): str(ours) for word, ours in words.items()}
                for key, words in self._mapping("values").items()
                if self._is(key, words, dict)
            },
            null_values=self._texts("null_values"),
            total_rows={
                self._one_of(header, header, sorted(headers)): tuple(str(text) for text in texts)
                for header, texts in self._mapping("total_rows").items()
                if self._is(header, texts, list)
            },
            history_formats={key: str(value) for key, value in self._mapping("history_formats").items()},
        )

    def _columns(self, entity: Entity) -> Iterator[ColumnMapping]:
        for header, spec in self._mapping("columns").items():
            for part in spec if isinstance(spec, list) else [spec]:
                parts = part if isinstance(part, dict) else {"field": part}
                for name in parts:
                    self._one_of(header, name, _COLUMN)
                if not isinstance(parts.get("field"), str):
                    raise self._wrong(header, "mapping_field_missing", N_("Line {line}: “{value}” names no field."))
                yield ColumnMapping(
                    header,
                    self._field(header, parts["field"], entity),
                    FoundBy.SAVED,
                    1.0,
                    format=parts.get("format"),
                    pipeline=parts.get("pipeline"),
                )

    def _stages(self) -> Iterator[StageDefinition]:
        listed = self.read.get("stages", [])
        self._is("stages", listed, list)
        for place, part in enumerate(listed, start=1):
            self._is("stages", part, dict)
            for name in part:
                self._one_of(str(part.get("stage", "stages")), name, _STAGE)
            if not isinstance(part.get("stage"), str):
                raise self._wrong("stages", "mapping_stage_unnamed", N_("Line {line}: a stage has no name."))
            stage = part["stage"]
            yield StageDefinition(
                pipeline=part.get("pipeline", "default"),
                stage=stage,
                label=part.get("label", stage),
                stage_order=part.get("order", place),
                kind=StageKind(self._one_of(stage, part.get("kind", "open"), [kind.value for kind in StageKind])),
                origin=self._one_of(stage, part.get("origin", "given"), ["given", "inferred"]),
                found_by=StageFoundBy.SAVED,
                probability=part.get("probability"),
                journey_stage=part.get("journey_stage"),
                exit_criterion=part.get("exit_criterion"),
                expected_days=part.get("expected_days"),
            )

    def _field(self, where: str, name: str, entity: Entity) -> str:
        found = field_of(name)
        fitting = [field.name for field in FIELDS.values() if not field.entities or entity in field.entities]
        if found is None or found.name not in fitting:
            self._one_of(where, name, fitting, N_("Line {line}, {key}: there is no field “{value}”."))
        return name

    def _one_of(
        self,
        where: str,
        value: str,
        allowed: Iterable[str],
        msgid: str = N_("Line {line}, {key}: there is no “{value}”."),
    ) -> str:
        names = list(allowed)
        if value in names:
            return value
        close = difflib.get_close_matches(str(value), names, n=3, cutoff=0.7)
        hint = (
            Message(N_("Did you mean {names}?"), {"names": ", ".join(close)})
            if close
            else Message(N_("There are: {names}."), {"names": ", ".join(names)})
        )
        values = {"line": self._line(where), "key": where, "value": value}
        raise MappingError("mapping_value_unknown", Message(msgid, values), hint)

    def _is(self, where: str, value: object, kind: type) -> bool:
        if not isinstance(value, kind):
            raise self._wrong(
                where, "mapping_shape_wrong", N_("Line {line}: “{value}” is not written as it should be.")
            )
        return True

    def _mapping(self, key: str) -> dict[str, Any]:
        found: dict[str, Any] = self.read.get(key, {})
        self._is(key, found, dict)
        return found

    def _text(self, key: str, otherwise: str | None = None) -> str:
        found = self.read.get(key, otherwise)
        self._is(key, found, str)
        return str(found)

    def _texts(self, key: str) -> tuple[str, ...]:
        found = self.read.get(key, [])
        self._is(key, found, list)
        return tuple(str(text) for text in found)

    def _wrong(self, where: str, code: str, msgid: str) -> MappingError:
        value = self.read.get(where, where)
        shown = value if isinstance(value, str | int) else where
        return MappingError(
            code,
            Message(msgid, {"line": self._line(where), "value": shown}),
            Message(N_("docs/reference/mapping.md shows how a mapping is written.")),
        )

    def _line(self, where: str) -> int:
        """Give the line on which a key or text stands, the first where it stands on several."""
        start = re.compile(rf"^\s*\[*\s*[\"']?{re.escape(where)}[\"']?\s*(?:=|\])")
        lines = self.text.splitlines()
        for number, line in enumerate(lines, start=1):
            if start.match(line):
                return number
        return next((number for number, line in enumerate(lines, start=1) if where in line), 1)
