"""From uploaded files to facts: nothing is lost, nothing is done twice, nothing is half done."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from bokgi.apps.access.models import User
from bokgi.apps.data import rules, selectors, services
from bokgi.apps.data.models import Upload, Work, WorkKind, WorkState
from bokgi.domain.errors import ConflictError, InputError, UsageError
from bokgi.facts.lake import Lake
from bokgi.ui.format import plain
from tests.apps.data.conftest import ROWS, Give, deals_file, done, imported

AsRole = Callable[[str], Client]
pytestmark = pytest.mark.django_db


def test_an_upload_is_planned_in_both_languages(give: Give) -> None:
    upload = give()
    for lang, label in (("ko", "금액"), ("en", "amount")):
        columns = upload.plan[lang]["files"][0]["columns"]
        assert [column["label"] for column in columns if column["column"] == "예상금액(원)"] == [label]


def test_no_name_of_a_person_stands_in_the_plan(give: Give) -> None:
    assert "최유나" not in str(give().plan)


def test_trying_writes_nothing(give: Give, users: dict[str, User], home: Path) -> None:
    upload = give()
    work = done(services.work_ask(kind=WorkKind.TRY, upload=upload, by=users["admin"]))
    assert (work.result["read"], work.result["accepted"], work.result["quarantined"]) == (4, 3, 1)
    assert [one.kind for one in Lake.open(home).imports() if one.kind == "file"] == []
    assert services.folder_of(upload).is_dir()


def test_an_import_is_in_the_ledger_with_who_and_the_files_go(give: Give, users: dict[str, User], home: Path) -> None:
    upload = give()
    work = imported(upload, users["admin"])
    found = selectors.import_of(work.result["import_no"])
    assert (found.read, found.accepted, found.quarantined, found.known) == (4, 3, 1, 0)
    assert found.by == f"user {users['admin'].pk}"
    assert selectors.authors([found], "ko")[found.by] == users["admin"].name
    for by, told in (("system", "자동"), ("corrections", "화면에서 고친 사람"), ("entered", "화면에서 입력한 사람")):
        assert selectors.authors([replace(found, by=by)], "ko") == {by: told}
    assert not services.folder_of(upload).exists()
    upload.refresh_from_db()
    assert upload.plan is None
    assert Lake.open(home).version() == found.version


def test_the_same_files_again_say_nothing_new(give: Give, users: dict[str, User]) -> None:
    imported(give(), users["admin"])
    again = imported(give(), users["admin"])
    assert (again.result["import_no"], again.result["known"]) == (None, 4)


def test_work_that_was_committed_before_its_worker_died_is_not_done_again(give: Give, users: dict[str, User]) -> None:
    upload = give()
    work = imported(upload, users["admin"])
    first = work.result
    # As if the worker had been killed between the ledger and the database.
    Work.objects.filter(pk=work.pk).update(state=WorkState.RUNNING, result=None, ended_at=None)
    assert services.works_resume() == 1
    again = done(work)
    assert again.result["import_no"] == first["import_no"]
    assert (again.result["accepted"], again.result["quarantined"]) == (3, 1)
    assert len([one for one in selectors.imports_listed() if one.kind == "file"]) == 1


def test_work_that_a_living_worker_does_is_left_to_it(give: Give, users: dict[str, User]) -> None:
    upload = give()
    work = services.work_ask(kind=WorkKind.TRY, upload=upload, by=users["admin"])
    with services.lock_of(work.pk) as lock:
        assert lock.acquire()
        Work.objects.filter(pk=work.pk).update(state=WorkState.RUNNING)
        assert services.works_resume() == 0
        assert done(work).state == WorkState.RUNNING
    assert services.works_resume() == 1
    assert done(work).state == WorkState.DONE


def test_a_changed_column_is_planned_again_as_told(give: Give, users: dict[str, User]) -> None:
    upload = give()
    name = upload.plan["en"]["files"][0]["file"]
    done(
        services.upload_hint(
            upload=upload,
            by=users["admin"],
            entities={},
            columns=[(name, "예상금액(원)", "attributes")],
            answers={},
            exported_at="2026-11-20T09:00",
        )
    )
    upload.refresh_from_db()
    column = next(c for c in upload.plan["en"]["files"][0]["columns"] if c["column"] == "예상금액(원)")
    assert (column["field"], column["found_by"]) == ("attributes", "hand")
    assert upload.plan["en"]["exported_at"].startswith("2026-11-20T00:00")
    tried = done(services.work_ask(kind=WorkKind.TRY, upload=upload, by=users["admin"]))
    assert tried.result["quarantined"] == 0


def test_an_answer_can_be_given_otherwise(give: Give, users: dict[str, User], as_role: AsRole) -> None:
    name = "영업목표.csv"
    upload = give(SimpleUploadedFile(name, "담당자,1월,2월\n최유나,500,600\n".encode()))
    client = as_role("admin")
    address = reverse("data:hint", args=[upload.pk])
    asked = next(question for question in upload.plan["ko"]["questions"] if question["key"] == f"{name}:year")
    for answer in [option["answer"] for option in asked["options"]]:
        number = next(n for n, q in enumerate(upload.plan["ko"]["questions"]) if q["key"] == f"{name}:year")
        client.post(address, {f"answer-{number}": answer, "then": "plan"})
        done(upload.works.latest("pk"))
        upload.refresh_from_db()
        assert upload.hints["answers"][f"{name}:year"] == answer
        assert f'value="{answer}" checked' in client.get(reverse("data:uploaded", args=[upload.pk])).content.decode()
    tried = done(services.work_ask(kind=WorkKind.TRY, upload=upload, by=users["admin"]))
    assert tried.state == WorkState.DONE


def test_what_does_not_exist_cannot_be_told(give: Give, users: dict[str, User]) -> None:
    upload = give()
    by = users["admin"]
    with pytest.raises(UsageError):
        services.upload_hint(upload=upload, by=by, entities={"a": "nonsense"}, columns=[], answers={})
    with pytest.raises(UsageError):
        services.upload_hint(upload=upload, by=by, entities={}, columns=[("a", "b", "deals.nonsense")], answers={})
    with pytest.raises(UsageError):
        services.upload_hint(upload=upload, by=by, entities={}, columns=[], answers={}, exported_at="yesterday")


def test_a_file_that_cannot_be_read_fails_with_what_to_do_and_can_be_thrown_away(
    give: Give, users: dict[str, User]
) -> None:
    upload = give(SimpleUploadedFile("broken.xlsx", b"PK\x03\x04 this is no workbook"))
    work = selectors.upload_work(upload)
    assert work is not None
    assert work.state == WorkState.FAILED
    assert work.fault["message"]["message"]
    services.upload_discard(upload=upload, by=users["admin"])
    with pytest.raises(ConflictError):
        services.work_ask(kind=WorkKind.IMPORT, upload=upload, by=users["admin"])


def test_a_western_european_file_is_read_once_somebody_says_so(
    give: Give, users: dict[str, User], as_role: AsRole
) -> None:
    header = "Opportunity-ID;Opportunity-Name;Accountname;Opportunity-Inhaber;Phase;Betrag;Schlusstermin"
    row = "A1;Server;Müller GmbH;Jürgen Weiß;Proposal/Price Quote;1.234,50;23.11.2026"
    upload = give(SimpleUploadedFile("chancen.csv", f"{header}\r\n{row}\r\n".encode("cp1252")))
    assert upload.plan is None
    page = as_role("admin").get(reverse("data:uploaded", args=[upload.pk])).content.decode()
    assert 'name="encoding"' in page

    sent = as_role("admin").post(reverse("data:hint", args=[upload.pk]), {"encoding": "windows-1252"})
    assert sent.status_code == 302
    work = selectors.upload_work(upload)
    assert work is not None
    done(work)
    assert work.state == WorkState.DONE
    (file,) = Upload.objects.get(pk=upload.pk).plan["en"]["files"]
    assert file["encoding"] == "cp1252"
    amount = next(column for column in file["columns"] if column["column"] == "Betrag")
    assert (amount["field"], amount["samples"]) == ("deals.amount", ["1.234,50"])

    with pytest.raises(InputError):
        services.upload_hint(upload=upload, by=users["admin"], entities={}, columns=[], answers={}, encoding="no such")

    # Nearly every file can be read as Windows-1252: whoever chose wrongly chooses anew beside the mapping.
    page = as_role("admin").get(reverse("data:uploaded", args=[upload.pk])).content.decode()
    mapping = page.partition('id="mapping"')[2]
    assert '<option value="cp1252" selected>' in mapping
    as_role("admin").post(reverse("data:hint", args=[upload.pk]), {"encoding": ""})
    upload.refresh_from_db()
    assert upload.hints["encoding"] == ""


def test_what_is_found_names_days_as_people_do(give: Give) -> None:
    upload = give(deals_file())
    for lang, day in (("ko", "2026년 11월 24일"), ("en", "Nov 24, 2026")):
        said = [one["message"] for one in upload.plan[lang]["findings"] if one["code"] == "exported_at_found"]
        assert [day in plain(message) for message in said] == [True]


def test_a_column_found_by_a_preset_names_the_crm(give: Give, as_role: AsRole) -> None:
    rows = "Id,Name,StageName,Amount,CloseDate\n006A,Server,Proposal,500,2026-12-01\n"
    upload = give(SimpleUploadedFile("Opportunity.csv", rows.encode()))
    for lang, label in (("ko", "프리셋: Salesforce"), ("en", "preset: Salesforce")):
        columns = upload.plan[lang]["files"][0]["columns"]
        assert [one["found_by_label"] for one in columns if one["column"] == "StageName"] == [label]
    # On screen the file says it once, and not each of its columns.
    page = as_role("admin").get(reverse("data:uploaded", args=[upload.pk])).content.decode()
    assert sum(page.count(label) for label in ("프리셋: Salesforce", "preset: Salesforce")) == 1


def test_files_of_other_kinds_are_passed_over(home: Path, users: dict[str, User]) -> None:
    files = [deals_file(), SimpleUploadedFile("photo.png", b"x"), SimpleUploadedFile("~$영업.xlsx", b"x")]
    upload = services.upload_create(files=files, by=users["admin"])
    assert [file["name"] for file in upload.files] == ["영업기회_20261124.csv"]
    with pytest.raises(InputError):
        services.upload_create(files=files[1:], by=users["admin"])
    assert [path.name for path in (home / "uploads").iterdir()] == [str(upload.pk)]


def test_too_much_is_refused_before_it_is_kept(home: Path, users: dict[str, User]) -> None:
    with pytest.raises(InputError) as error:
        services.upload_create(
            files=[deals_file(name=f"deals-{number}.csv") for number in range(rules.MOST_FILES + 1)], by=users["admin"]
        )
    assert error.value.code == "upload_many_files"
    with pytest.raises(InputError):
        rules.refuse_unfit([("deals.csv", rules.MOST_BYTES + 1)])
    assert not (home / "uploads").exists()


def test_more_files_than_go_at_once_are_refused_in_a_sentence(home: Path, as_role: Callable[[str], Client]) -> None:
    files = [deals_file(name=f"deals-{number}.csv") for number in range(rules.MOST_FILES + 1)]
    for headers in ({}, {"X-Requested-With": "XMLHttpRequest"}):
        answer = as_role("admin").post("/data/upload/", {"files": files}, headers=headers)
        assert answer.status_code == 400
        assert "201" in answer.content.decode()
        for file in files:
            file.seek(0)
    assert not (home / "uploads").exists()


def test_a_name_of_very_many_korean_letters_is_kept_as_far_as_disks_take_it(
    home: Path, as_role: Callable[[str], Client]
) -> None:
    answer = as_role("admin").post("/data/upload/", {"files": [deals_file(name=f"{'가' * 300}.csv")]})
    assert answer.status_code == 302
    (kept,) = Upload.objects.get().files
    assert kept["name"] == f"{'가' * 60}.csv"
    assert (home / "uploads" / str(Upload.objects.get().pk) / kept["name"]).is_file()


def test_taking_an_import_back_and_what_follows(
    give: Give, users: dict[str, User], as_role: Callable[[str], Client]
) -> None:
    first = imported(give(), users["admin"]).result["import_no"]
    second = imported(give(deals_file(ROWS[0].replace("제안", "니즈 진단"), name="later_20261125.csv")), users["admin"])
    assert second.result["import_no"] is not None
    work = done(services.work_ask(kind=WorkKind.UNDO, import_no=first, by=users["admin"], given={"reason": "wrong"}))
    assert work.state == WorkState.DONE
    assert selectors.import_of(first).status == "undone"
    assert work.result["replays"].keys() == {str(second.result["import_no"])}
    page = as_role("admin").get(f"/data/imports/{second.result['import_no']}/").content.decode()
    assert "가져오기 1을 되돌려 다른 번호로 다시 판정했습니다" in page
    failed = done(services.work_ask(kind=WorkKind.UNDO, import_no=first, by=users["admin"]))
    assert failed.state == WorkState.FAILED


@pytest.mark.parametrize(
    "name", ["../../evil.csv", "/etc/passwd.csv", "a\x00b.csv", "CON.csv", "x" * 400 + ".csv", " .csv"]
)
def test_a_name_never_leaves_its_folder(name: str, home: Path, users: dict[str, User]) -> None:
    kept = rules.names_kept([name])[0]
    assert "/" not in kept
    assert "\\" not in kept
    path = home / kept
    path.write_bytes(b"")
    assert path.parent == home
    del users


def test_old_uploads_expire(give: Give) -> None:
    upload = give()
    upload.refresh_from_db()
    assert services.uploads_expire(before=upload.created_at) == 0
    assert services.uploads_expire(before=upload.created_at.replace(year=2099)) == 1
    assert not services.folder_of(upload).exists()
