"""Erasure: afterwards a search over every byte of the home finds nothing, and the results are still there."""

from __future__ import annotations

import gzip
import io
import json
import unicodedata
import zipfile
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from bokgi.domain.errors import NotFoundError
from bokgi.facts.erasure import erase, erase_again, erased
from bokgi.facts.erasure.files import Result, cleaned
from bokgi.facts.erasure.traces import Traces
from bokgi.facts.lake import Lake
from bokgi.facts.undo import undo
from tests.facts.lakes import imported, lake_in, moment, read, rows
from tests.facts.worker import write

NAME, MAIL, PHONE = "남궁별하", "Byeolha.Namgung@example.com", "010-9876-5432"
NOW = moment("2026-06-01")


def searched(home: Path, *words: str) -> list[str]:
    """List every place of a home in which a word stands: names, bytes, unpacked parts, values of columns."""
    forms = {form for word in words for form in (word, word.lower(), unicodedata.normalize("NFD", word))}
    forms |= {json.dumps(form)[1:-1] for form in forms}
    coded = set()
    for form in forms:
        coded |= {form.encode("utf-8"), form.encode("utf-16-le"), form.encode("utf-16-be")}
        coded |= {form.encode("cp949", "ignore")} if form.encode("cp949", "ignore").decode("cp949") == form else set()

    def holds(content: bytes) -> bool:
        return any(code in content or code in content.lower() for code in coded)

    found = []
    for path in home.rglob("*"):
        contents = [str(path.relative_to(home)).encode()]
        if path.is_file():
            data = path.read_bytes()
            contents.append(data)
            if path.suffix == ".parquet":
                contents.append(str(pq.read_table(path, partitioning=None).to_pylist()).encode())
            if data[:2] == b"\x1f\x8b":
                contents.append(gzip.decompress(data))
            if zipfile.is_zipfile(path):
                with zipfile.ZipFile(path) as archive:
                    contents += [archive.read(part) for part in archive.namelist()]
        if any(holds(content) for content in contents):
            found.append(str(path.relative_to(home)))
    return found


def workbook(*shared: str) -> bytes:
    """Give a workbook of which only the shared strings matter."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/sharedStrings.xml", f"<sst>{''.join(f'<si>{one}</si>' for one in shared)}</sst>")
        archive.writestr("docProps/core.xml", f"<cp:lastModifiedBy>{NAME}</cp:lastModifiedBy>")
        archive.writestr("xl/media/image1.png", b"\x89PNG")
    return content.getvalue()


def filled(folder: Path) -> Lake:
    """Make a home in which a person of ours and a contact stand everywhere where one can stand."""
    lake = lake_in(folder)
    sources = {
        "utf8.csv": f"담당자,금액\n{NAME},100\n다른이,200\n".encode(),
        "cp949.csv": f"담당자,금액\n{NAME},100\n".encode("cp949"),
        "utf16.csv": f"담당자,금액\n{NAME},100\n".encode("utf-16"),
        "packed.csv.gz": gzip.compress(f"담당자\n{NAME}\n".encode()),
        "book.xlsx": workbook(
            f"<t>{NAME}</t>", f"<r><t>{NAME[:2]}</t></r><r><t>{NAME[2:]} 귀하</t></r>", "<t>다른이</t>"
        ),
        f"{NAME}.csv": b"amount\n1\n",
        "old.xls": b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + NAME.encode("utf-16-le") + b"\xff\xfe\xff",
        "clean.csv": b"amount\n1\n",
    }
    for name, content in sources.items():
        path = folder / "sources" / "1" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    (folder / "mappings").mkdir()
    (folder / "mappings" / "crm.toml").write_text(f'owner = "{NAME}"\n', encoding="utf-8")
    imported(
        lake,
        "2026-01-05",
        files=json.dumps(
            [{"name": name, "sha256": "x", "size": 1, "kept": name} for name in sources], ensure_ascii=False
        ),
        findings=json.dumps([{"code": "unknown_owner", "examples": [NAME]}]),
        mapping=f'owner = "{NAME}"',
        by=MAIL,
        people="person_id | source | source_id\np1-1 | crm | 0051\np1-2 | crm |\np1-3 | crm |",
        identities=f"""
        kind    | key   | source | source_key | name   | email
        person  | p1-1  | crm    | 0051       | {NAME} | {MAIL}
        person  | p1-2  | crm    | {NAME} (영업) | {NAME} (영업) |
        person  | p1-3  | crm    | 다른이     | 다른이 |
        contact | c1    | crm    | c1         | 고객 | customer@example.org
        """,
        person_links="person_id | same_as\np1-2 | p1-1",
        deals=f"""
        deal_id | owner_id | amount | account_id  | attributes
        d1      | p1-1     | 100    | {NAME} 상사 | 메모={NAME} 소개; 지역=서울
        d2      | p1-3     | 200    | A           | 지역=부산
        """,
        accounts=f"account_id | name\n{NAME} 상사 | {NAME} 상사",
        contacts=f"contact_id | title | attributes\nc1 | 이사 | 휴대폰={PHONE}; 성별=여",
        activities="activity_id | contact_id | happened_on\na1 | c1 | 2026-01-03\na2 | | 2026-01-03",
        texts=f"""
        kind      | key | text
        note      | a1  | 어제 통화 {PHONE}
        note      | a2  | {NAME}에게 전달
        deal_name | d1  | {NAME} 건
        """,
        quarantine=f'file | row | raw\n{NAME}.csv | 2 | {{"담당자": {json.dumps(NAME)}, "메일": "{MAIL.upper()}"}}',
    )
    imported(lake, "2026-01-12", texts=f"kind | key | text\ndeal_name | d2 | {NAME} 두 번째")
    undo(lake, 2, replay=lambda *_: None, by="test", at=NOW)
    with lake.begin() as writing:
        write(writing, NAME, 2)
        writing.register()
    with lake.begin() as writing:
        write(writing, NAME, 2)
    lake.state()
    lake.state(1)
    return lake


def test_after_an_erasure_no_byte_of_the_home_names_the_person(tmp_path: Path) -> None:
    lake = filled(tmp_path)
    assert len(searched(tmp_path, NAME, MAIL)) > 20
    done = erase(lake, "person", "p1-1", by="privacy", at=NOW)
    assert searched(tmp_path, NAME, MAIL) == []
    lake.state()
    assert searched(tmp_path, NAME, MAIL) == []
    assert (done.key, done.rewritten_sources, done.deleted, done.others) == ("p1-1", 5, (1,), 0)
    assert {"identities", "texts", "quarantine", "deals", "accounts", "imports"} <= set(done.rewritten_tables)


def test_results_stay_under_the_key_and_everybody_else_stays(tmp_path: Path) -> None:
    lake = filled(tmp_path)
    erase(lake, "person", "p1-1", by="privacy", at=NOW)
    found = read(lake)
    assert rows(found.deals, "deal_id", "owner_id", "amount", "account_id") == [
        ("d1", "p1-1", 100, "p1-1 상사"),
        ("d2", "p1-3", 200, "A"),
    ]
    assert rows(found.accounts, "account_id", "name") == [("p1-1 상사", "p1-1 상사")]
    assert dict(found.deals.filter(found.deals.deal_id == "d1").attributes.to_pyarrow().to_pylist()[0]) == {
        "메모": "p1-1 소개",
        "지역": "서울",
    }
    assert rows(found.identities, "kind", "key", "source_key", "name", "email") == [
        ("contact", "c1", "c1", "고객", "customer@example.org"),
        ("person", "p1-1", "0051", None, None),
        ("person", "p1-2", "p1-2", None, None),
        ("person", "p1-3", "다른이", "다른이", None),
    ]
    assert rows(found.texts, "key", "text") == [
        ("a1", f"어제 통화 {PHONE}"),
        ("a2", "p1-1에게 전달"),
        ("d1", "p1-1 건"),
    ]
    assert (tmp_path / "sources/1/utf8.csv").read_text(encoding="utf-8") == "담당자,금액\np1-1,100\n다른이,200\n"
    assert (tmp_path / "sources/1/cp949.csv").read_bytes() == "담당자,금액\np1-1,100\n".encode("cp949")
    assert (tmp_path / "sources/1/clean.csv").exists()
    with zipfile.ZipFile(tmp_path / "sources/1/book.xlsx") as book:
        assert book.read("xl/sharedStrings.xml").decode() == (
            "<sst><si><t>p1-1</t></si><si><t>p1-1 귀하</t></si><si><t>다른이</t></si></sst>"
        )


def test_the_ledger_says_that_it_was_done_and_counts_still_agree(tmp_path: Path) -> None:
    lake = filled(tmp_path)
    before = {one.import_no: (one.version, one.status, one.tables) for one in lake.imports()}
    erase(lake, "person", "p1-1", by="privacy", at=NOW)
    after = lake.imports()
    assert {one.import_no: (one.version, one.status, one.tables) for one in after if one.kind != "erasure"} == before
    assert erased(lake) == [("person", "p1-1")]
    kept = {file["name"]: file["kept"] for file in json.loads(after[0].files)}
    assert kept == {name: None if name == "old.xls" else name for name in kept}
    assert "p1-1.csv" in kept
    assert rows(read(lake, 1).deals, "deal_id") == [("d1",), ("d2",)]


def test_a_contact_goes_with_everything_about_it(tmp_path: Path) -> None:
    lake = filled(tmp_path)
    done = erase(lake, "contact", "c1", by="privacy", at=NOW)
    assert searched(tmp_path, PHONE, "customer@example.org", "고객") == []
    assert done.key == "c1"
    found = read(lake)
    assert rows(found.contacts, "contact_id", "title") == [("c1", None)]
    assert rows(found.texts.filter(found.texts.key == "a1"), "text") == [(None,)]
    assert ("person", "p1-1", NAME) in rows(found.identities, "kind", "key", "name")


def test_a_key_that_is_itself_an_address_is_replaced_everywhere(tmp_path: Path) -> None:
    lake = lake_in(tmp_path)
    imported(
        lake,
        "2026-01-05",
        contacts="contact_id\ncustomer@example.org",
        identities="kind | key | source | email\ncontact | customer@example.org | crm | customer@example.org",
        deal_contacts="deal_id | contact_id\nd1 | customer@example.org",
    )
    done = erase(lake, "contact", "customer@example.org", by="privacy", at=NOW)
    assert searched(tmp_path, "customer@example.org") == []
    found = read(lake)
    assert rows(found.deal_contacts, "deal_id", "contact_id") == [("d1", done.key)]
    assert rows(found.identities, "key", "email") == [(done.key, None)]


def test_an_interrupted_erasure_is_finished_by_the_next(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lake = filled(tmp_path)

    def dies(*_: object) -> int:
        raise KeyboardInterrupt

    for step in ("_rewrite_identities", "_record"):
        with monkeypatch.context() as patched:
            patched.setattr(f"bokgi.facts.erasure.{step}", dies)
            with pytest.raises(KeyboardInterrupt):
                erase(lake, "person", "p1-1", by="privacy", at=NOW)
        assert erased(lake) == []
    erase(lake, "person", "p1-1", by="privacy", at=NOW)
    assert searched(tmp_path, NAME, MAIL) == []
    assert erased(lake) == [("person", "p1-1")]


def test_erasures_are_done_again_after_a_restore(tmp_path: Path) -> None:
    lake = filled(tmp_path)
    done = erase_again(lake, [("person", "p1-1"), ("person", "p7-7")], by="restore", at=NOW)
    assert [one.key for one in done] == ["p1-1"]
    assert searched(tmp_path, NAME, MAIL) == []


def test_a_namesake_keeps_the_name_and_shared_sources_go(tmp_path: Path) -> None:
    lake = filled(tmp_path)
    imported(lake, "2026-02-05", identities=f"kind | key | source | name\nperson | p4-1 | crm | {NAME}")
    done = erase(lake, "person", "p1-1", by="privacy", at=NOW)
    assert done.others == 1
    assert ("p4-1", NAME) in rows(read(lake).identities, "key", "name")
    assert sorted(path.name for path in (tmp_path / "sources/1").iterdir()) == ["clean.csv", "p1-1.csv"]


def test_the_same_address_in_another_source_is_the_same_person(tmp_path: Path) -> None:
    lake = filled(tmp_path)
    imported(
        lake,
        "2026-02-05",
        identities=f"kind | key | source | name | email\nperson | p4-1 | other | {NAME} | {MAIL.lower()}",
    )
    assert erase(lake, "person", "p1-1", by="privacy", at=NOW).others == 0
    assert searched(tmp_path, NAME, MAIL) == []


def test_nobody_is_erased_by_a_key_that_never_was(tmp_path: Path) -> None:
    lake = filled(tmp_path)
    version = lake.version()
    with pytest.raises(NotFoundError, match="p9-9"):
        erase(lake, "person", "p9-9", by="privacy", at=NOW)
    assert lake.version() == version


def test_a_latin_name_is_found_as_a_word_and_not_inside_another() -> None:
    traces = Traces.of(["Lee"], "p1")
    assert traces.replaced("Lee's fleet, LEE; Leeds") == "p1's fleet, p1; Leeds"
    assert not traces.inside(b"a fleet of Leeds")
    assert traces.inside(b"(lee)")
    assert traces.inside("담당 Lee".encode("utf-16-le"))
    assert not traces.inside("fleet".encode("utf-16-be"))


def test_signs_in_a_name_mean_themselves() -> None:
    traces = Traces.of(["김.수+(주)"], "p1")
    assert traces.replaced("김.수+(주) 김x수+(주)") == "p1 김x수+(주)"


def test_without_words_nothing_changes(tmp_path: Path) -> None:
    traces = Traces.of([None, "", "x"], "p1")
    path = tmp_path / "a.csv"
    path.write_text("x", encoding="utf-8")
    assert traces.replaced("x") == "x"
    assert cleaned(path, traces) is Result.UNTOUCHED


def test_text_with_broken_bytes_is_kept_as_it_is_around_the_name(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(f"{NAME},".encode("cp949") + b"\xff\n")
    assert cleaned(path, Traces.of([NAME], "p1")) is Result.REWRITTEN
    assert path.read_bytes() == b"p1,\xff\n"


def test_a_zip_inside_a_zip_is_emptied_only_where_it_names_the_person(tmp_path: Path) -> None:
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("with.xlsx", workbook(f"<t>{NAME}</t>"))
        inner = io.BytesIO()
        with zipfile.ZipFile(inner, "w") as other:
            other.writestr("a.txt", "nobody")
        archive.writestr("without.zip", inner.getvalue())
        archive.writestr(f"{NAME}.txt", "a")
    assert cleaned(path, Traces.of([NAME], "p1")) is Result.REWRITTEN
    with zipfile.ZipFile(path) as archive:
        assert archive.namelist() == ["with.xlsx", "without.zip", "p1.txt"]
        assert (archive.read("with.xlsx"), len(archive.read("without.zip")) > 0) == (b"", True)
