"""Which texts the source marks for translation, and what the Korean catalogue lacks.

`python -m tests.architecture.catalogue` prints the missing entries, ready to be appended to the catalogue.
"""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass
from pathlib import Path
from string import Formatter
from typing import TYPE_CHECKING

from babel.messages.extract import extract
from babel.messages.pofile import read_po

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from babel.messages.catalog import Catalog

ROOT = Path(__file__).resolve().parents[2]
SOURCE = ROOT / "src" / "bokgi"
KOREAN = SOURCE / "locale" / "ko" / "LC_MESSAGES" / "bokgi.po"
MARKS = {"N_", "_"}
TEMPLATES = {".html", ".j2", ".jinja", ".md", ".txt", ".typ"}
# The form after a consonant first; the formatter chooses.
PARTICLES = {"은/는", "이/가", "을/를", "과/와", "으로/로", "이라/라", "이나/나", "이며/며", "이고/고"}
BARE_PARTICLE = re.compile(r"\{\w+\}(?:은|는|이|가|을|를|과|와|으로|로)(?=[\s.,:;)]|$)")


@dataclass(frozen=True)
class Text:
    """A marked text, with its plural where it has one."""

    msgid: str
    plural: str | None = None


@dataclass(frozen=True)
class Place:
    """Where a text is marked."""

    file: str
    line: int

    def __str__(self) -> str:
        """Write the place as editors understand it."""
        return f"{self.file}:{self.line}"


def _marked(node: ast.expr | None) -> str | None:
    """Return the text that `node` marks."""
    if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in MARKS and node.args):
        return None
    first = node.args[0]
    return first.value if isinstance(first, ast.Constant) and isinstance(first.value, str) else None


def python_texts(source: str) -> Iterator[tuple[Text, int]]:
    """Yield the texts that Python code marks, with their lines.

    `Message(N_(a), plural=N_(b))` marks one text with its plural.
    """
    tree = ast.parse(source)
    paired: set[int] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Message" and node.args:
            plural = next((keyword.value for keyword in node.keywords if keyword.arg == "plural"), None)
            one, many = _marked(node.args[0]), _marked(plural)
            if one is not None and many is not None and plural is not None:
                paired |= {id(node.args[0]), id(plural)}
                yield Text(one, many), node.lineno
    for node in ast.walk(tree):
        if isinstance(node, ast.expr) and id(node) not in paired:
            text = _marked(node)
            if text is not None:
                yield Text(text), node.lineno


def unmarkable(source: str) -> list[int]:
    """Return the lines that mark something that is no literal text, which no catalogue can hold."""
    return [
        node.lineno
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id in MARKS
        and _marked(node) is None
    ]


def template_texts(path: Path) -> Iterator[tuple[Text, int]]:
    """Yield the texts that a Jinja template marks."""
    with path.open("rb") as file:
        for line, message, _, _ in extract(
            "jinja2.ext:babel_extract", file, keywords={"_": None, "_n": (1, 2), "N_": None}
        ):
            one, many = message if isinstance(message, tuple) else (message, None)
            yield Text(one, many), line


def source_texts(root: Path = SOURCE) -> dict[Text, list[Place]]:
    """Return every marked text below `root` with its places."""
    found: dict[Text, list[Place]] = {}
    for path in sorted(root.rglob("*")):
        if path.suffix == ".py":
            texts: Iterable[tuple[Text, int]] = python_texts(path.read_text(encoding="utf-8"))
        elif path.suffix in TEMPLATES and path.name != "README.md":
            texts = template_texts(path)
        else:
            continue
        for text, line in texts:
            found.setdefault(text, []).append(Place(str(path.relative_to(root)), line))
    return found


def korean(path: Path = KOREAN) -> Catalog:
    """Read the Korean catalogue."""
    with path.open("rb") as file:
        return read_po(file, locale="ko", abort_invalid=True)


def catalogue_texts(catalogue: Catalog) -> dict[Text, list[str]]:
    """Return the texts of a catalogue with their translations."""
    found = {}
    for message in catalogue:
        if not message.id:
            continue
        text = Text(message.id) if isinstance(message.id, str) else Text(*message.id)
        given = message.string
        found[text] = [given or ""] if given is None or isinstance(given, str) else list(given)
    return found


def fields(template: str) -> set[str]:
    """Return the names of the values a template takes."""
    return {name for _, name, _, _ in Formatter().parse(template) if name}


def specifications(template: str) -> set[str]:
    """Return the particle pairs a template asks for."""
    return {spec for _, _, spec, _ in Formatter().parse(template) if spec and "/" in spec}


def translation_faults(text: Text, translations: list[str]) -> list[str]:
    """List what is wrong with the translations of one text."""
    expected = fields(text.msgid) | (fields(text.plural) if text.plural else set())
    found = []
    for translation in translations:
        if not translation.strip():
            found.append("empty")
            continue
        if fields(translation) != expected:
            found.append(f"takes {sorted(fields(translation))} instead of {sorted(expected)}")
        found += [f"unknown particle {pair}" for pair in sorted(specifications(translation) - PARTICLES)]
        found += [f"particle without the formatter: {match[0]}" for match in BARE_PARTICLE.finditer(translation)]
    return found


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n").replace("\t", "\\t") + '"'


def entry(text: Text, places: Iterable[Place]) -> str:
    """Write an untranslated entry as it stands in a catalogue."""
    lines = [f"#: {place}" for place in places] + [f"msgid {_quoted(text.msgid)}"]
    if text.plural is None:
        return "\n".join([*lines, 'msgstr ""', ""])
    return "\n".join([*lines, f"msgid_plural {_quoted(text.plural)}", 'msgstr[0] ""', ""])


def missing(root: Path = SOURCE, catalogue: Path = KOREAN) -> dict[Text, list[Place]]:
    """Return the texts that the source marks and the catalogue lacks."""
    there = catalogue_texts(korean(catalogue))
    return {text: places for text, places in source_texts(root).items() if text not in there}


if __name__ == "__main__":
    print("\n".join(entry(text, places) for text, places in missing().items()))  # noqa: T201 - the answer
