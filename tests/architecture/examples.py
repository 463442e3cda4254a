"""The examples in documents: fenced blocks that say they run, and what they are to answer.

A block that opens with ```` ```console run ```` holds commands (`$ bokgi …`) and what they print;
```` ```python run ```` holds Python, plain or with `>>>`; ```` ```csv file=deals.csv ```` puts a file there first. The
blocks of one document run in order in one empty folder. In what is printed, `...` stands for anything.
"""

from __future__ import annotations

import doctest
import os
import re
import shlex
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

FENCE = re.compile(r"^(?P<ticks>`{3,})(?P<info>[^\n`]*)\n(?P<body>.*?)^(?P=ticks)[ ]*$", re.MULTILINE | re.DOTALL)
LINK = re.compile(
    r"!?\[[^\]]*\]\((?P<target>[^)\s]+)(?:\s+\"[^\"]*\")?\)|<(?:img|a)\s[^>]*?(?:src|href)=\"(?P<attribute>[^\"]+)\""
)
HEADING = re.compile(r"^#{1,6}\s+(?P<text>.+?)\s*#*$", re.MULTILINE)
OPTIONS = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE
PROGRAMS = ("bokgi", "python3 run.py bokgi")


@dataclass(frozen=True)
class Block:
    """A fenced block: its language, what else its first line says, its text, its line in the document."""

    language: str
    flags: tuple[str, ...]
    text: str
    line: int

    @property
    def runs(self) -> bool:
        """Tell whether the document says that the block runs."""
        return "run" in self.flags

    @property
    def file(self) -> str | None:
        """The file that the block is, when it is one."""
        return next((flag.removeprefix("file=") for flag in self.flags if flag.startswith("file=")), None)


def blocks(document: str) -> list[Block]:
    """Return the fenced blocks of a document."""
    found = []
    for match in FENCE.finditer(document):
        language, *flags = match["info"].split() or [""]
        line = document.count("\n", 0, match.start()) + 1
        found.append(Block(language, tuple(flags), match["body"], line))
    return found


def commands(text: str) -> list[tuple[list[str], str]]:
    """Split a console block into the commands, as arguments of bokgi, and what each is to print."""
    found: list[tuple[list[str], str]] = []
    for part in re.split(r"^\$ ", text, flags=re.MULTILINE)[1:]:
        command, _, expected = re.sub(r"\\\n\s*", " ", part).partition("\n")
        program = next((name for name in PROGRAMS if command.split()[: len(name.split())] == name.split()), None)
        if program is None:
            message = f"only bokgi runs in examples, not: {command}"
            raise ValueError(message)
        found.append((shlex.split(command)[len(program.split()) :], expected))
    return found


def differs(expected: str, given: str) -> str:
    """Say how what was printed differs from what the document says; nothing when it does not."""
    checker = doctest.OutputChecker()
    if not expected.strip() or checker.check_output(expected.strip() + "\n", given.strip() + "\n", OPTIONS):
        return ""
    return f"expected:\n{expected}\nprinted:\n{given}"


def run_console(block: Block, folder: Path, language: str) -> list[str]:
    """Run the commands of a block and list what went wrong."""
    environment = {**os.environ, "LANG": language, "LC_ALL": language, "NO_COLOR": "1", "COLUMNS": "100"}
    found = []
    for arguments, expected in commands(block.text):
        done = subprocess.run(
            [sys.executable, "-m", "bokgi.cli", *arguments],
            cwd=folder,
            env=environment,
            capture_output=True,
            encoding="utf-8",
            stdin=subprocess.DEVNULL,
            check=False,
        )
        wrong = f"exit code {done.returncode}\n{done.stderr}" if done.returncode else differs(expected, done.stdout)
        if wrong:
            found.append(f"line {block.line}: bokgi {shlex.join(arguments)}: {wrong}")
    return found


def run_python(block: Block, names: dict[str, object]) -> list[str]:
    """Run a block of Python in the folder where this process stands, and list what went wrong."""
    if ">>>" not in block.text:
        exec(compile(block.text, f"line {block.line}", "exec"), names)  # noqa: S102 - the example itself
        return []
    test = doctest.DocTestParser().get_doctest(block.text, names, f"line {block.line}", None, block.line)
    printed: list[str] = []
    runner = doctest.DocTestRunner(optionflags=OPTIONS)
    runner.run(test, out=printed.append, clear_globs=False)
    names.update(test.globs)
    return printed


def run_document(document: str, folder: Path, language: str) -> list[str]:
    """Run the examples of a document in `folder`, where this process stands, and list what went wrong."""
    names: dict[str, object] = {}
    found = []
    for block in blocks(document):
        if block.file is not None:
            (folder / block.file).write_text(block.text, encoding="utf-8")
        elif block.runs and block.language == "console":
            found += run_console(block, folder, language)
        elif block.runs and block.language == "python":
            found += run_python(block, names)
        elif block.runs:
            found.append(f"line {block.line}: {block.language} cannot be run")
    return found


def anchors(document: str) -> set[str]:
    """Return the anchors that the headings of a document make."""
    texts = [re.sub(r"[`*]|\[([^\]]*)\]\([^)]*\)", r"\1", match["text"]) for match in HEADING.finditer(document)]
    return {re.sub(r"[^\w\- ]", "", text.lower()).strip().replace(" ", "-") for text in texts}


def broken_links(path: Path) -> list[str]:
    """Return the relative links of a document that lead nowhere."""
    prose = FENCE.sub("", path.read_text(encoding="utf-8"))
    found = []
    for match in LINK.finditer(prose):
        target = match["target"] or match["attribute"]
        if re.match(r"[a-z]+:", target):
            continue
        name, _, anchor = target.partition("#")
        there = path if not name else path.parent / name
        if not there.exists() or (anchor and anchor not in anchors(there.read_text(encoding="utf-8"))):
            found.append(target)
    return found
