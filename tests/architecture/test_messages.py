"""The Korean catalogue has everything the source says, and nothing else."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.architecture.catalogue import (
    KOREAN,
    SOURCE,
    Text,
    catalogue_texts,
    entry,
    korean,
    missing,
    python_texts,
    source_texts,
    template_texts,
    translation_faults,
    unmarkable,
)


def test_every_text_is_in_the_catalogue() -> None:
    assert {text.msgid: list(map(str, places)) for text, places in missing().items()} == {}


def test_the_catalogue_holds_no_text_that_the_source_no_longer_has() -> None:
    there = source_texts()
    assert {text.msgid for text in catalogue_texts(korean()) if text not in there} == set()


def test_every_text_is_translated_with_the_same_values() -> None:
    faults = {text.msgid: translation_faults(text, given) for text, given in catalogue_texts(korean()).items()}
    assert {msgid: found for msgid, found in faults.items() if found} == {}


def test_no_entry_is_fuzzy_or_twice_there() -> None:
    assert [message.id for message in korean() if message.id and message.fuzzy] == []
    entries = [block for block in KOREAN.read_text(encoding="utf-8").split("\n\n") if "\nmsgid " in f"\n{block}"]
    # One of them is the header.
    assert len(entries) == len(catalogue_texts(korean())) + 1
    # A merge can leave two translations of one text, of which the later would be taken.
    assert [block for block in entries if f"\n{block}".count("\nmsgstr") != 1] == []


def test_or_more_includes_the_number_and_a_close_date_has_one_name() -> None:
    given = {text.msgid: " ".join(texts) for text, texts in catalogue_texts(korean()).items()}
    assert [msgid for msgid, text in given.items() if "times or more" in msgid and "이상" not in text] == []
    assert [msgid for msgid, text in given.items() if "마감 예정일" in text] == []
    assert [msgid for msgid, text in given.items() if "close date" in msgid and "밀" in text and "종료일" in text] == []


def test_the_close_date_of_an_open_deal_has_one_name() -> None:
    others = re.compile("(마감|예상|예정) ?(예정일|마감일|종료일)|마감일")
    said = [said for given in catalogue_texts(korean()).values() for said in given]
    assert [text for text in said if others.search(text)] == []
    assert [text for text in said if re.search("(?<!종료 )(?<!다음 단계 )예정일", text)] == []
    # "Three times or more" begins with the third.
    assert [text for text in said if "세 번 넘게" in text] == []


def test_only_literal_texts_are_marked() -> None:
    found = {
        str(path.relative_to(SOURCE)): unmarkable(path.read_text(encoding="utf-8"))
        for path in SOURCE.rglob("*.py")
        if path.name != "messages.py"
    }
    assert {file: lines for file, lines in found.items() if lines} == {}


def test_texts_are_found_in_python() -> None:
    source = 'a = N_("one " "text")\nb = Message(N_("{n} deal"), {"n": 2}, plural=N_("{n} deals"))\n'
    assert sorted(python_texts(source), key=lambda found: found[1]) == [
        (Text("one text"), 1),
        (Text("{n} deal", "{n} deals"), 2),
    ]


def test_texts_are_found_in_templates(tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    page.write_text("<h1>{{ _('Weekly review') }}</h1>\n", encoding="utf-8")
    assert list(template_texts(page)) == [(Text("Weekly review"), 1)]


def test_a_text_that_is_no_literal_is_found() -> None:
    assert unmarkable('x = N_("fine")\ny = N_(f"{name} is late")\nz = N_(text)\n') == [2, 3]


@pytest.mark.parametrize(
    ("msgid", "translation", "fault"),
    [
        ("Try again.", "", "empty"),
        ("Try again.", "다시 시도합니다.", None),
        ("{n} rows of {file}", "{file}의 행", "takes ['file'] instead of ['file', 'n']"),
        ("{n} rows", "행 {m}개", "takes ['m'] instead of ['n']"),
        ("{name} won.", "{name:은/는} 수주했습니다.", None),
        ("{name} won.", "{name:는/은} 수주했습니다.", "unknown particle 는/은"),
        ("{name} won.", "{name}은 수주했습니다.", "particle without the formatter: {name}은"),
        ("{name}'s deals", "{name}의 기회", None),
        ("{n} deals stand.", "{n}건이 멈춰 있습니다.", None),
    ],
)
def test_a_faulty_translation_is_found(msgid: str, translation: str, fault: str | None) -> None:
    assert translation_faults(Text(msgid), [translation]) == ([] if fault is None else [fault])


def test_a_missing_text_is_found_and_written_as_an_entry(tmp_path: Path) -> None:
    (tmp_path / "words.py").write_text('x = N_("Say \\"yes\\"")\n', encoding="utf-8")
    catalogue = tmp_path / "bokgi.po"
    catalogue.write_text('msgid ""\nmsgstr "Content-Type: text/plain; charset=utf-8\\n"\n', encoding="utf-8")
    found = missing(tmp_path, catalogue)
    assert list(found) == [Text('Say "yes"')]
    assert entry(*next(iter(found.items()))) == '#: words.py:1\nmsgid "Say \\"yes\\""\nmsgstr ""\n'
