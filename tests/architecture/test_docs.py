"""The documents say what is so: examples run, links lead somewhere, both languages have the same parts."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.architecture.examples import Block, anchors, blocks, broken_links, commands, differs, run_document

ROOT = Path(__file__).resolve().parents[2]
DOCUMENTS = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), ROOT / "src" / "bokgi" / "README.md"])
DECISIONS = sorted((ROOT / "docs" / "decisions").glob("*.md"))


def name(path: Path) -> str:
    return str(path.relative_to(ROOT))


@pytest.mark.parametrize("path", DOCUMENTS, ids=name)
def test_examples_run(path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("BOKGI_HOME", str(tmp_path / "home"))
    language = "ko_KR.UTF-8" if path.name.endswith(".ko.md") else "en_US.UTF-8"
    assert run_document(path.read_text(encoding="utf-8"), tmp_path, language) == []


@pytest.mark.parametrize("path", DOCUMENTS, ids=name)
def test_links_lead_somewhere(path: Path) -> None:
    assert broken_links(path) == []


def test_the_readmes_show_the_same_commands() -> None:
    shown = [
        [
            block.text
            for block in blocks((ROOT / file).read_text(encoding="utf-8"))
            if block.language in {"sh", "console"}
        ]
        for file in ("README.md", "README.ko.md")
    ]
    assert [len(texts) for texts in shown] == [len(shown[0])] * 2
    without_output = [
        re.findall(r"^(?:\$ )?((?:python3|bokgi) [^#\n]*?)\s*(?:#.*)?$", "\n".join(texts), re.MULTILINE)
        for texts in shown
    ]
    assert without_output[0] == without_output[1]
    assert {"python3 run.py", "python3 run.py test"} <= set(without_output[0])


@pytest.mark.parametrize("path", DECISIONS, ids=name)
def test_a_decision_says_what_why_what_else_and_what_would_change_it(path: Path) -> None:
    assert re.fullmatch(r"\d{4}-[a-z0-9-]+\.md", path.name)
    expected = {"what", "why", "what-else-there-was", "what-would-change-our-mind"}
    assert expected <= anchors(path.read_text(encoding="utf-8"))


def test_blocks_are_read_with_their_flags() -> None:
    text = "# A\n\n```csv file=a.csv\nx\n```\n\n```console run\n$ bokgi doctor\n```\n"
    assert blocks(text) == [Block("csv", ("file=a.csv",), "x\n", 3), Block("console", ("run",), "$ bokgi doctor\n", 7)]
    assert [(block.file, block.runs) for block in blocks(text)] == [("a.csv", False), (None, True)]


def test_commands_are_split_from_what_they_print() -> None:
    text = "$ bokgi import 'a b.csv' \\\n    --dry-run\nread 3\n$ python3 run.py bokgi doctor\n"
    assert commands(text) == [(["import", "a b.csv", "--dry-run"], "read 3\n"), (["doctor"], "")]


def test_a_foreign_command_is_refused() -> None:
    with pytest.raises(ValueError, match="only bokgi"):
        commands("$ rm -r folder\n")


@pytest.mark.parametrize(("answer", "fault"), [("7", ""), ("8", "Expected:")])
def test_a_wrong_example_is_found(answer: str, fault: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    read = "from pathlib import Path\nn = int(Path('a.txt').read_text())"
    given = f"```txt file=a.txt\n7\n```\n\n```python run\n{read}\n```\n"
    asked = f"```python run\n>>> n\n{answer}\n```\n"
    found = "".join(run_document(f"{given}\n{asked}", tmp_path, "C.UTF-8"))
    assert (fault in found) if fault else (found == "")


def test_what_is_printed_may_leave_things_open() -> None:
    assert differs("read ... rows\n", "read 12 rows\n") == ""
    assert "printed" in differs("read 13 rows\n", "read 12 rows\n")


def test_a_broken_link_is_found(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(
        "# One more\n\n[a](#one-more) [b](#two) [c](gone.md) [d](page.md#one-more) [e](https://x.y)", encoding="utf-8"
    )
    assert broken_links(page) == ["#two", "gone.md"]
