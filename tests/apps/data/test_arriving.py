"""Files that come by themselves: recognised ones are imported, others wait; nobody comes in without a token."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from django.test import Client

from bokgi.apps.access.models import User
from bokgi.apps.data import arriving, selectors, tasks
from bokgi.apps.data.models import Upload, UploadToken, Work, WorkKind
from tests.apps.data.conftest import HEADER, ROWS, Give, deals_file, imported

pytestmark = pytest.mark.django_db
AsRole = Callable[[str], Client]


def all_done() -> None:
    """Do what waits until nothing does, as the worker does it."""
    while (work := Work.objects.filter(state="waiting").first()) is not None:
        tasks.do_work.func(work.pk)


def dropped(home: Path, text: str, name: str = "영업기회_20991201.csv") -> Path:
    path = home / "drop" / name
    path.parent.mkdir(exist_ok=True)
    path.write_text(text, encoding="utf-8")
    os.utime(path, (1, 1))
    return path


def test_a_recognised_file_in_the_drop_folder_is_imported_by_itself(
    give: Give, users: dict[str, User], home: Path
) -> None:
    imported(give(), users["admin"])
    path = dropped(home, "\n".join([HEADER, ROWS[0].replace("제안", "니즈 진단"), *ROWS[1:]]))
    assert arriving.drop_collect() is not None
    assert not path.exists()
    all_done()
    assert [one.read for one in selectors.imports_listed() if one.kind == "file"] == [4, 4]


def test_a_changed_header_waits_for_a_person(give: Give, users: dict[str, User], home: Path) -> None:
    imported(give(), users["admin"])
    dropped(home, "코드,가,나,다\nD-1,1,2,3")
    arriving.drop_collect()
    all_done()
    assert [one.read for one in selectors.imports_listed() if one.kind == "file"] == [4]
    assert selectors.uploads_open()[0].came_by == "drop"


def test_a_file_that_is_still_written_is_left_alone(home: Path) -> None:
    path = dropped(home, "x")
    os.utime(path, None)
    assert arriving.drop_collect() is None
    assert path.exists()
    assert Upload.objects.count() == 0


def test_only_a_token_opens_the_address(home: Path, users: dict[str, User], as_role: AsRole) -> None:
    client = as_role("")
    _, text = arriving.token_create(name="export", by=users["admin"])
    for shown in ("", "Bearer", "Bearer ", "Bearer nonsense", f"Basic {text}"):
        assert (
            client.post("/data/arrive/", {"files": [deals_file()]}, headers={"authorization": shown}).status_code == 401
        )
    answer = client.post("/data/arrive/", {"files": [deals_file()]}, headers={"authorization": f"Bearer {text}"})
    assert answer.status_code == 202
    assert Upload.objects.get().works.get().kind == WorkKind.PLAN
    empty = client.post("/data/arrive/", {}, headers={"authorization": f"Bearer {text}"})
    assert (empty.status_code, empty.json()["error"]) == (400, "upload_empty")
    torn = client.post(
        "/data/arrive/", "x", content_type="multipart/form-data", headers={"authorization": f"Bearer {text}"}
    )
    assert (torn.status_code, torn.json()["error"]) == (400, "request_unreadable")
    token = UploadToken.objects.get()
    assert text not in token.digest
    arriving.token_revoke(token=token, by=users["admin"])
    gone = client.post("/data/arrive/", {"files": [deals_file()]}, headers={"authorization": f"Bearer {text}"})
    assert gone.status_code == 401
    del home


def test_a_token_ends_with_the_account_of_whoever_made_it(home: Path, users: dict[str, User], as_role: AsRole) -> None:
    del home

    def sent(text: str) -> int:
        headers = {"Authorization": f"Bearer {text}"}
        return as_role("").post("/data/arrive/", {"files": [deals_file()]}, headers=headers).status_code

    for who, ending in (("admin", {"is_active": False}), ("leader", {"role": "rep"})):
        _, text = arriving.token_create(name="nightly", by=users[who])
        assert sent(text) == 202
        User.objects.filter(pk=users[who].pk).update(**ending)
        assert sent(text) == 401, ending
    User.objects.filter(pk=users["manager"].pk).update(role="leader")
    _, text = arriving.token_create(name="weekly", by=users["manager"])
    assert sent(text) == 202
    page = as_role("manager").get("/data/connections/").content.decode()
    assert "weekly" in page
    assert page.count("만든 사람에게 가져오기 권한이 더는 없음") == 2


def test_what_is_more_than_an_upload_holds_is_taken_by_and_by(
    home: Path, as_role: AsRole, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(arriving, "MOST_FILES", 2)
    monkeypatch.setattr(arriving, "MOST_BYTES", 100)
    sizes = {"a": 40, "b": 101, "c": 30, "d": 30, "e": 80}
    for name, size in sizes.items():
        dropped(home, "x" * size, f"{name}.csv")
    taken = []
    while (upload := arriving.drop_collect()) is not None:
        taken.append([file["name"] for file in upload.files])
    assert taken == [["a.csv", "c.csv"], ["d.csv"], ["e.csv"]]
    assert [path.name for path in (home / "drop").iterdir()] == ["b.csv"]
    assert "b.csv" in as_role("admin").get("/data/connections/").content.decode()


def test_a_link_in_the_drop_folder_is_left_alone(home: Path, tmp_path: Path) -> None:
    del home
    secret = tmp_path / "secret"
    secret.write_text(HEADER, encoding="utf-8")
    for name, target in (("deals.csv", secret), ("loop.csv", tmp_path / "loop.csv")):
        (arriving.drop_folder() / name).symlink_to(target)
    os.utime(secret, (1, 1))
    assert arriving.drop_collect() is None
    assert secret.exists()
    assert not Upload.objects.exists()


def test_a_new_token_is_shown_once(home: Path, as_role: AsRole) -> None:
    client = as_role("admin")
    page = client.post("/data/connections/", {"name": "export"}).content.decode()
    assert "새 토큰" in page
    later = client.get("/data/connections/").content.decode()
    assert "새 토큰" not in later
    assert "export" in later
    client.post(f"/data/connections/{UploadToken.objects.get().pk}/revoke/")
    assert "아직 토큰이 없습니다" in client.get("/data/connections/").content.decode()
    del home
