"""The pages of data: what they show, to whom, and that each works without a script."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable
from datetime import date
from html import unescape
from pathlib import Path

import openpyxl
import pyarrow as pa
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.template import engines
from django.test import Client
from django.utils import timezone
from django_tasks_db.models import DBTaskResult

from bokgi.apps.access.models import User
from bokgi.apps.data import selectors
from bokgi.apps.data.models import Upload, Work
from bokgi.apps.data.tasks import do_work
from bokgi.domain.findings import Example, Finding, Severity
from bokgi.domain.messages import Message
from bokgi.domain.sentences import decoded
from bokgi.facts.lake import Lake
from bokgi.intake import sources
from bokgi.intake.entering import enter
from bokgi.intake.quarantine import Place, RefusedRow, Wanted
from tests.apps.data.conftest import HEADER, ROWS, Give, deals_file, done, imported

pytestmark = pytest.mark.django_db
AsRole = Callable[[str], Client]


def latest(upload: Upload) -> None:
    """Do the newest work on an upload."""
    work = selectors.upload_work(upload)
    assert work is not None
    done(work)


def test_a_home_without_data_says_what_to_do(home: Path, as_role: AsRole) -> None:
    del home
    page = as_role("admin").get("/data/imports/").content.decode()
    assert "아직 가져온 것이 없습니다" in page
    assert 'href="/data/upload/"' in page


@pytest.mark.parametrize("path", ["quality", "quarantine", "corrections"])
def test_what_was_set_before_the_first_import_is_no_data_that_is_complete(
    home: Path, as_role: AsRole, path: str
) -> None:
    # The first run writes the settings of the organisation: there are facts, but nothing of a CRM.
    rows = pa.table({"name": ["currency"], "setting": ["KRW"], "valid_from": [date(1970, 1, 1)]})
    enter(Lake.open(home, create=True), {"settings": rows}, by="user 1", at=timezone.now(), source="settings")
    page = as_role("admin").get(f"/data/{path}/").content.decode()
    assert "아직 가져온 것이 없습니다" in page
    assert 'href="/data/upload/"' in page
    if path != "quarantine":
        page = as_role("rep").get(f"/data/{path}/").content.decode()
        assert "영업 운영 담당자가 CRM에서 내보낸 파일을 올리면" in page
        assert page.count("아직 가져온 것이 없습니다") == 1
        assert "빠진 데이터가 없습니다" not in page
        assert 'href="/data/upload/"' not in page


def test_the_window_says_which_part_of_the_data_it_shows(give: Give, as_role: AsRole, users: dict[str, User]) -> None:
    imported(give(), users["admin"])
    client = as_role("admin")
    paths = ("imports", "quality", "quarantine", "corrections", "connections")
    pages = [client.get(f"/data/{path}/").content.decode() for path in paths]
    titles = [page.partition("<title>")[2].partition("</title>")[0] for page in pages]
    assert titles == [f"{part} · 데이터 · 복기" for part in ("가져오기", "품질", "격리", "수정", "연결")]


@pytest.mark.parametrize("role", ["manager", "rep", "viewer"])
def test_who_does_not_keep_data_sees_no_row_of_it(
    give: Give, as_role: AsRole, users: dict[str, User], role: str
) -> None:
    upload = give()
    imported(upload, users["admin"])
    client = as_role(role)
    for path in ("upload/", f"upload/{upload.pk}/", "imports/", "imports/1/", "quarantine/"):
        answer = client.get(f"/data/{path}")
        assert answer.status_code == 403
        assert "다솜유통" not in answer.content.decode()


def test_from_upload_to_import_by_the_pages(home: Path, as_role: AsRole) -> None:
    del home
    client = as_role("admin")
    answer = client.post("/data/upload/", {"files": [deals_file()]})
    upload = Upload.objects.get()
    assert answer["Location"] == f"/data/upload/{upload.pk}/"
    waiting = client.get(answer["Location"]).content.decode()
    assert 'hx-trigger="every 1s"' in waiting
    latest(upload)
    mapping = client.get(answer["Location"]).content.decode()
    assert "예상금액(원)" in mapping
    assert "최유나" not in mapping
    client.post(f"{answer['Location']}mapping/", {"then": "try"})
    latest(upload)
    tried = client.get(answer["Location"]).content.decode()
    assert "협의 중" in tried
    client.post(f"{answer['Location']}mapping/", {"then": "import"})
    latest(upload)
    done_page = client.get(answer["Location"]).content.decode()
    assert 'href="/data/imports/1/"' in done_page
    listed = client.get("/data/imports/?sort=-quarantined&find=영업").content.decode()
    assert 'href="/data/imports/1/"' in listed
    (at,) = [one.at for one in selectors.imports_listed()]
    assert "가져온 때" in listed
    assert f"<small>{timezone.localtime(at):%H:%M}</small>" in listed
    assert "가져온 때</a>" not in client.get("/data/imports/?columns=").content.decode()
    shown = client.get("/data/imports/1/").content.decode()
    assert re.search(r"정하늘이 [^<]*에 가져옴 · [^<]* 내보냄", shown)
    taken = client.get("/data/imports/?export=csv").content.decode("utf-8-sig")
    assert taken.splitlines()[1].endswith(",4,3,1,0,정하늘,영업기회_20261124.csv")
    assert taken.splitlines()[1].split(",")[1] == "파일"
    assert taken.splitlines()[1].split(",")[3] == f"{timezone.localtime(at):%Y-%m-%d %H:%M}"
    assert client.get("/data/imports/?export=xlsx").content.startswith(b"PK")


def test_what_was_changed_since_it_was_tried_is_tried_again_first(give: Give, as_role: AsRole) -> None:
    upload = give()
    client = as_role("admin")
    client.post(f"/data/upload/{upload.pk}/mapping/", {"then": "import", "complete": "on"})
    work = selectors.upload_work(upload)
    assert work is not None
    assert work.kind == "try"


def test_a_script_that_uploads_is_told_where_to_go_or_what_is_wrong(home: Path, as_role: AsRole) -> None:
    del home
    client = as_role("admin")
    alone = {"X-Requested-With": "XMLHttpRequest"}
    answer = client.post("/data/upload/", {"files": [deals_file()]}, headers=alone)
    assert answer["HX-Redirect"] == f"/data/upload/{Upload.objects.get().pk}/"
    refused = client.post("/data/upload/", {}, headers=alone)
    assert refused.status_code == 400
    assert "읽을 파일이 없습니다" in refused.content.decode()
    # An archive is taken only so that it can be told what to do with it.
    assert ".csv" in refused.content.decode()
    assert ".zip" not in refused.content.decode()
    assert ".csv.gz, .tsv.gz, .txt.gz</p>" in client.get("/data/upload/").content.decode()


def test_a_refused_row_is_mended_and_taken_in(give: Give, as_role: AsRole, users: dict[str, User]) -> None:
    imported(give(), users["admin"])
    client = as_role("admin")
    page = client.get("/data/quarantine/").content.decode()
    assert "<mark>협의 중</mark>" in page
    row = selectors.quarantine_seen(Wanted(), limit=None).rows[0]
    address = f"/data/imports/{row.place.import_no}/mend/"
    where = {"file": row.place.file, "row": str(row.place.row)}
    assert "협의 중" in client.get(address, where).content.decode()
    cells = {f"cell-{place}": text for place, text in enumerate(row.cells.values())}
    still = client.post(address, where | cells | {"cell-4": "아직 협의 중"})
    assert still.status_code == 422
    assert selectors.quarantine_count() == 1
    mended = client.post(address, where | cells | {"cell-4": "150000000"})
    assert mended["Location"] == "/data/quarantine/"
    assert selectors.quarantine_count() == 0
    assert "격리된 행이 없습니다" in client.get("/data/quarantine/").content.decode()


def test_the_page_of_a_row_names_who_share_the_name_in_it(give: Give, as_role: AsRole, users: dict[str, User]) -> None:
    people = "이름,이메일,팀\n김민수,kim@bokgi.test,영업1팀\n김민수,kim2@bokgi.test,영업2팀\n".encode()
    imported(give(SimpleUploadedFile("영업사원.csv", people)), users["admin"])
    imported(give(SimpleUploadedFile("2026 목표.csv", "담당자,1월,2월\n김민수,5,6\n".encode())), users["admin"])
    [row] = selectors.quarantine_seen(Wanted(), limit=None).rows
    where = {"file": row.place.file, "row": str(row.place.row)}
    page = as_role("admin").get(f"/data/imports/{row.place.import_no}/mend/", where).content.decode()
    assert "→ kim2@bokgi.test / kim@bokgi.test" in page


def test_a_cell_that_is_needed_and_empty_is_there_to_be_filled(
    give: Give, as_role: AsRole, users: dict[str, User]
) -> None:
    imported(
        give(SimpleUploadedFile("2026 목표.csv", "담당자,팀,1월,2월\n,,5,6\n최유나,,7,8\n".encode())), users["admin"]
    )
    client = as_role("admin")
    [row] = selectors.quarantine_seen(Wanted(), limit=None).rows
    where = {"file": row.place.file, "row": str(row.place.row)}
    page = client.get("/data/imports/1/mend/", where).content.decode()
    assert '<label for="cell-0">담당자</label>' in page
    assert "<option>팀</option>" in page
    refused = client.post("/data/imports/1/mend/", where | {"cell-1": "다섯", "header": "팀", "text": "영업1팀"})
    assert refused.status_code == 422
    assert "<option selected>팀</option>" in refused.content.decode()
    assert 'name="text" value="영업1팀"' in refused.content.decode()
    cells = {"cell-0": "", "cell-1": "5", "cell-2": "6", "header": "팀", "text": "영업1팀"}
    assert client.post("/data/imports/1/mend/", where | cells)["Location"] == "/data/quarantine/"
    assert selectors.quarantine_count() == 0


def test_what_weighs_most_is_said_first(give: Give, as_role: AsRole, users: dict[str, User]) -> None:
    imported(give(), users["admin"])
    page = as_role("admin").get("/data/imports/1/").content.decode()
    assert page.index("읽을 수 없습니다") < page.index("단계 순서와 종류를 추정했습니다")


def test_what_the_command_line_imported_is_told_in_the_language_of_the_page(
    give: Give, as_role: AsRole, users: dict[str, User]
) -> None:
    imported(give(), users["admin"])
    Work.objects.all().delete()
    page = as_role("admin").get("/data/imports/1/").content.decode()
    assert "읽을 수 없습니다" in page
    assert "cannot be read" not in page


def test_a_number_of_thousands_of_digits_is_answered_like_any_that_is_not_there(as_role: AsRole) -> None:
    client, many = as_role("admin"), "1" * 5000
    assert client.get(f"/data/quarantine/?import={many}").status_code == 200
    assert client.get(f"/data/imports/1/mend/?file=deals.csv&row={many}").status_code < 500
    assert client.post("/data/quarantine/dismiss/", {"row": f"1|{many}|deals.csv"}).status_code < 500
    assert client.post("/data/connections/remind/", {"every_days": many}).status_code < 500


def test_quarantine_and_mapping_are_taken_along_without_formulas(
    give: Give, as_role: AsRole, users: dict[str, User]
) -> None:
    row = 'D-9,"=HYPERLINK(""http://x"")",다솜유통,김도현,협의 중,니즈 진단,2026-08-11,2026-12-01,'
    imported(give(deals_file(row, *ROWS)), users["admin"])
    client = as_role("admin")
    page = client.get("/data/quarantine/").content.decode()
    assert 'href="/data/quarantine/?export=csv"' in page
    taken = client.get("/data/quarantine/?export=csv").content.decode("utf-8-sig")
    head, first, second = csv.reader(io.StringIO(taken))
    assert head[:5] == ["가져오기", "파일", "행", "발견한 것", "발견된 열"]
    assert head[5:] == HEADER.split(",")[:-1]  # no row has a day of closing
    assert first[3:7] == ["금액을 읽을 수 없음", "예상금액(원)", "D-9", '\'=HYPERLINK("http://x")']
    assert second[5] == "D-2"
    chosen = client.get("/data/quarantine/?export=csv&find=발주").content.decode("utf-8-sig")
    assert [line[5] for line in csv.reader(io.StringIO(chosen))][1:] == ["D-2"]
    book = openpyxl.load_workbook(io.BytesIO(client.get("/data/quarantine/?export=xlsx").content)).worksheets[0]
    assert {cell.data_type for line in book for cell in line} <= {"s", "n"}
    assert 'href="/data/imports/1/?export=xlsx"' in client.get("/data/imports/1/").content.decode()
    mapping = client.get("/data/imports/1/?export=csv").content.decode("utf-8-sig")
    columns = [line[2] for line in csv.reader(io.StringIO(mapping))][1:]
    assert columns == HEADER.split(",")
    assert "최유나" not in mapping
    assert client.get("/data/imports/1/?export=xlsx").content.startswith(b"PK")
    for path in ("quarantine/?export=csv", "imports/1/?export=xlsx"):
        assert as_role("rep").get(f"/data/{path}").status_code == 403


def test_chosen_rows_are_dismissed(give: Give, as_role: AsRole, users: dict[str, User]) -> None:
    imported(give(), users["admin"])
    row = selectors.quarantine_seen(Wanted(), limit=None).rows[0]
    client = as_role("admin")
    assert client.post("/data/quarantine/dismiss/", {}).status_code == 400
    value = f"{row.place.import_no}|{row.place.row}|{row.place.file}"
    assert client.post("/data/quarantine/dismiss/", {"row": [value]}).status_code == 302
    assert selectors.quarantine_count() == 0
    assert client.post("/data/quarantine/dismiss/", {"row": [value]}).status_code == 404


def test_an_import_is_taken_back_by_the_page(give: Give, as_role: AsRole, users: dict[str, User]) -> None:
    imported(give(), users["admin"])
    client = as_role("admin")
    assert client.post("/data/imports/1/undo/", {"reason": "잘못된 파일"}).status_code == 302
    work = selectors.work_of_import(1)
    assert work is not None
    done(work)
    page = client.get("/data/imports/1/").content.decode()
    assert "되돌린 가져오기입니다" in page
    assert "잘못된 파일" in page
    assert client.get("/data/imports/99/").status_code == 404


@pytest.mark.parametrize(("before", "said"), [("running", 1), ("done", 0)])
def test_what_waits_behind_other_work_is_not_said_to_happen(
    give: Give, as_role: AsRole, users: dict[str, User], before: str, said: int
) -> None:
    first = imported(give(), users["admin"])
    client = as_role("admin")
    client.post("/data/imports/1/undo/")
    Work.objects.filter(pk=first.pk).update(state=before)
    for address in ("/data/imports/1/", "/data/imports/"):
        page = client.get(address).content.decode()
        assert ("앞선 작업이 끝나면 가져오기를 되돌립니다" in page) == said
        assert ("가져오기를 되돌리는 중" in page) != said


def test_rows_below_another_header_come_in_once_somebody_says_so_at_the_import(
    give: Give, as_role: AsRole, users: dict[str, User]
) -> None:
    below = ("메모,제품,담당자,단계,,,,,", 'D-5,출하 예측,푸른들농업,최유나,"64,000,000",제안,2026-09-24,2026-12-19,')
    imported(give(deals_file(*ROWS, *below)), users["admin"])
    client = as_role("admin")
    page = client.get("/data/imports/1/").content.decode()
    assert "다른 표의 머리글로 보이는 행부터 2행이 격리되어 있습니다." in page
    assert "이어지는 행입니다" in page
    # A record without cells under headers cannot be mended by its cells.
    (first, *_) = [row for row in selectors.quarantine_seen(Wanted(), limit=None).rows if row.is_unread]
    place = {"file": first.place.file, "row": str(first.place.row)}
    shown = client.get("/data/imports/1/mend/", place).content.decode()
    assert "여기서는 고칠 수 없습니다" in shown
    assert 'name="cell-0"' not in shown

    client.post("/data/imports/1/release/", {"one_table": "1"})
    work = selectors.work_of_import(1)
    assert work is not None
    done(work)

    assert selectors.quarantine_count(1, "header_within") == 0
    assert work.result is not None
    assert work.result["released"] >= 1
    assert "이어지는 행입니다" not in client.get("/data/imports/1/").content.decode()


def test_rows_below_another_header_whose_file_is_gone_are_said_to_need_it(
    home: Path, give: Give, as_role: AsRole, users: dict[str, User]
) -> None:
    below = ("메모,제품,담당자,단계,,,,,", 'D-5,출하 예측,푸른들농업,최유나,"64,000,000",제안,2026-09-24,2026-12-19,')
    imported(give(deals_file(*ROWS, *below)), users["admin"])
    sources.drop(Lake.open(home), 1)
    client = as_role("admin")

    client.post("/data/imports/1/release/", {"one_table": "1"})
    work = selectors.work_of_import(1)
    assert work is not None
    done(work)

    page = client.get("/data/imports/1/").content.decode()
    assert "2개 행은 원본 파일에서만 읽을 수 있는데" in page


def test_what_is_told_of_rows_is_not_lost_behind_rows_that_are_judged_already(
    give: Give, as_role: AsRole, users: dict[str, User]
) -> None:
    imported(give(), users["admin"])
    client = as_role("admin")
    for given in ({}, {"one_table": "1"}, {"one_table": "1"}, {}):
        client.post("/data/imports/1/release/", given)
    asked = Work.objects.filter(kind="release").order_by("pk")
    assert [work.given for work in asked] == [{}, {"one_table": True}]


@pytest.mark.parametrize(("lang", "failed"), [("ko", "실패"), ("en", "failed")])
def test_work_that_failed_has_failed_in_the_queue_too(give: Give, as_role: AsRole, lang: str, failed: str) -> None:
    upload = give(deals_file(encoding="utf-16-be"))
    work = upload.works.get()
    assert work.state == "failed"
    assert work.fault is not None
    # The worker's task ends well: it did its work, which failed.
    task = {"args": [], "kwargs": {"work_id": work.pk}}
    DBTaskResult.objects.create(
        task_path=do_work.module_path, args_kwargs=task, status="SUCCESSFUL", run_after=work.asked_at
    )
    client = as_role("admin")
    client.post("/account/language/", {"language": lang})
    page = unescape(client.get("/settings/queue/").content.decode())
    assert f"<td>{failed}" in page
    assert decoded(work.fault["message"]).text(lang) in page
    assert f'href="/data/upload/{upload.pk}/"' in page
    assert "/retry/" not in page


def test_each_row_of_a_finding_stands_beside_its_own_file() -> None:
    places = [("a.csv", 3), ("a.csv", 5), ("b.csv", 2)]
    found = Finding("x", Severity.WARNING, Message("Said."), 3, tuple(Example(file, row) for file, row in places))
    page = '{% import "data/tabs.jinja" as data with context %}{{ data.findings(found) }}'
    shown = engines["jinja2"].from_string(page).render({"found": [found.as_json("ko")]})
    assert "a.csv · 3행 · 5행 · b.csv · 2행" in shown


def test_the_age_of_the_data_stands_on_every_page(give: Give, as_role: AsRole, users: dict[str, User]) -> None:
    client = as_role("viewer")
    assert "asof" not in client.get("/settings/").content.decode()
    imported(give(), users["admin"])
    assert "11월 24일 데이터" in client.get("/settings/").content.decode().replace("\u00a0", " ")


def test_what_was_found_in_a_long_row_is_in_sight() -> None:
    cells = {"번호": "1", "고객사": "가람", "이름": "정산", "금액": "삼백", "날짜": "2026-02-30"}

    def shown(*columns: str) -> list[tuple[str, bool]]:
        place = Place(import_no=1, file="deals.csv", row=2)
        findings = tuple({"column": column, "code": "unreadable", "value": None} for column in columns)
        return selectors.excerpt(RefusedRow(place, cells, findings))

    assert [text for text, _found in shown("금액")] == ["…", "정산", "삼백", "2026-02-30"]
    assert [text for text, found in shown("날짜") if found] == ["2026-02-30"]
    assert [text for text, _found in shown("이름", "날짜")] == list(cells.values())
    assert [text for text, _found in shown("")] == list(cells.values())
