"""Presets: what the exports of a known CRM look like, read from `presets/*.toml`."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, Final

from bokgi.domain.errors import MappingError
from bokgi.domain.messages import N_, Message
from bokgi.domain.stage import StageKind
from bokgi.intake.mapping.headers import key, without_prefix
from bokgi.intake.mapping.model import Entity

_FOLDER: Final = Path(__file__).resolve().parent / "presets"


@dataclass(frozen=True)
class PresetField:
    """A field that a column feeds; `assumed`: the preset takes it for that, though the source does not say so."""

    field: str
    assumed: bool = False


@dataclass(frozen=True)
class PresetPattern:
    """Headers of one make, with a stage in them (`stage_entered`, `stage_left`) or without use (`leave_out`)."""

    match: re.Pattern[str]
    field: str


@dataclass(frozen=True)
class PresetStage:
    """A stage of the ladder with which the CRM comes."""

    stage: str
    label: str
    kind: StageKind
    probability: float | None


@dataclass(frozen=True)
class Labels:
    """A file of ids and labels: which fields of other files hold such ids."""

    id: str
    label: str
    fields: tuple[str, ...]


@dataclass(frozen=True)
class PresetFile:
    """One kind of file: the keys of headers it needs (one of each group), those it must not have, and its columns."""

    entity: Entity
    about: str
    needs: tuple[tuple[str, ...], ...]
    without: frozenset[str]
    prefix: str | None
    columns: Mapping[str, tuple[PresetField, ...]]
    constants: Mapping[str, str]
    total_rows: Mapping[str, tuple[str, ...]]
    labels: Labels | None
    derived_deals: bool
    pivot: bool

    def fits(self, keys: frozenset[str], prefix: str | None) -> bool:
        """Tell whether a file with these headers is of this kind."""
        named = self.prefix is None or (prefix is not None and key(prefix) == key(self.prefix))
        return named and not (self.without & keys) and all(any(name in keys for name in group) for group in self.needs)


@dataclass(frozen=True)
class Preset:
    """What is known of a CRM."""

    name: str
    label: str
    files: tuple[PresetFile, ...]
    patterns: tuple[PresetPattern, ...] = ()
    ladder: tuple[PresetStage, ...] = ()
    known_at_creation: tuple[str, ...] = ()
    null_values: tuple[str, ...] = ()
    values: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    time_zone: str | None = None
    currency: str | None = None


@dataclass(frozen=True)
class PresetMatch:
    """A preset's kind of file that fits, and how many of the headers it knows."""

    preset: Preset
    file: PresetFile
    known: int

    @property
    def strength(self) -> tuple[int, int]:
        """Order of matches: who knows more headers, then who needs more."""
        return (self.known, len(self.file.needs))


def preset_names() -> tuple[str, ...]:
    """Give the names of the presets.

    >>> "salesforce" in preset_names()
    True
    """
    return tuple(sorted(preset.name for preset in presets()))


def preset_named(name: str) -> Preset:
    """Give a preset by name.

    >>> preset_named("hubspot").label
    'HubSpot'
    """
    for preset in presets():
        if preset.name == name:
            return preset
    raise MappingError(
        "preset_unknown",
        Message(N_("There is no preset {name}."), {"name": name}),
        Message(N_("There are: {names}."), {"names": ", ".join(preset_names())}),
    )


@cache
def presets() -> tuple[Preset, ...]:
    """Give every preset, in the order of their names."""
    return tuple(_preset(path) for path in sorted(_FOLDER.glob("*.toml")))


def matches(headers: Sequence[str], prefix: str | None, among: Sequence[Preset]) -> tuple[PresetMatch, ...]:
    """Give the kinds of file that fit the headers, the best first.

    >>> best = matches(["Id", "StageName", "CloseDate"], None, presets())[0]
    >>> best.preset.name, best.file.about
    ('salesforce', 'Opportunity')
    """
    found = list(_fitting(headers, prefix, among))
    return tuple(sorted(found, key=lambda match: match.strength, reverse=True))


def _fitting(headers: Sequence[str], prefix: str | None, among: Sequence[Preset]) -> Iterator[PresetMatch]:
    whole = frozenset(key(header) for header in headers)
    bare = frozenset(key(without_prefix(header, prefix)) for header in headers)
    for preset in among:
        for file in preset.files:
            keys = whole if file.prefix is None else bare
            if file.fits(keys, prefix):
                yield PresetMatch(preset, file, len(file.columns.keys() & keys))


def _preset(path: Path) -> Preset:
    with path.open("rb") as file:
        read = tomllib.load(file)
    return Preset(
        name=read["name"],
        label=read["label"],
        files=tuple(_file(part) for part in read["files"]),
        patterns=tuple(PresetPattern(re.compile(part["match"]), part["field"]) for part in read.get("patterns", ())),
        ladder=tuple(
            PresetStage(
                part["stage"], part.get("label", part["stage"]), StageKind(part["kind"]), part.get("probability")
            )
            for part in read.get("ladder", ())
        ),
        known_at_creation=tuple(read.get("known_at_creation", ())),
        null_values=tuple(read.get("null_values", ())),
        values=read.get("values", {}),
        time_zone=read.get("time_zone"),
        currency=read.get("currency"),
    )


def _file(read: Mapping[str, Any]) -> PresetFile:
    labels = read.get("labels")
    return PresetFile(
        entity=Entity(read["entity"]),
        about=read["about"],
        needs=tuple(tuple(key(name) for name in group.split("|")) for group in read["needs"]),
        without=frozenset(key(name) for name in read.get("without", ())),
        prefix=read.get("prefix"),
        columns={key(header): _fields(spec) for header, spec in read.get("columns", {}).items()},
        constants=read.get("constants", {}),
        total_rows={header: tuple(texts) for header, texts in read.get("total_rows", {}).items()},
        labels=Labels(labels["id"], labels["label"], tuple(labels["fields"])) if labels else None,
        derived_deals=read.get("derived_deals", False),
        pivot=read.get("pivot", False),
    )


def _fields(spec: str | Mapping[str, Any] | Sequence[Any]) -> tuple[PresetField, ...]:
    if isinstance(spec, str):
        return (PresetField(spec),)
    if isinstance(spec, Mapping):
        return (PresetField(spec["field"], spec.get("assumed", False)),)
    return tuple(field for part in spec for field in _fields(part))
