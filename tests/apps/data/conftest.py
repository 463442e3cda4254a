"""A home of its own for each test, and files as a CRM exports them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import override_settings

from bokgi.apps.access.models import User
from bokgi.apps.data import services
from bokgi.apps.data.models import Upload, Work, WorkKind

HEADER = "기회 ID,영업기회명,고객사,담당자,예상금액(원),진행단계,최초등록일,종료예정일,종료일"
ROWS = (
    'D-1,품질 데이터 통합,미르전자,최유나,"320,000,000",제안,2026-09-24,2026-12-19,',
    "D-2,발주 예측,다솜유통,김도현,협의 중,니즈 진단,2026-08-11,2026-12-01,",
    "D-3,품질 관리,온누리제약,이서연,90000000,수주,2026-07-02,2026-10-20,2026-10-02",
    "D-4,과금 연동,별하통신,최유나,240000000,실주,2026-06-19,2026-09-30,2026-09-28",
)

Give = Callable[..., Upload]


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Path]:
    """Give the home of this test."""
    folder = tmp_path / "home"
    folder.mkdir()
    with override_settings(HOME=folder):
        yield folder


def deals_file(*rows: str, name: str = "영업기회_20261124.csv", encoding: str = "utf-8") -> SimpleUploadedFile:
    """Write a file of deals."""
    return SimpleUploadedFile(name, "\n".join([HEADER, *(rows or ROWS)]).encode(encoding))


@pytest.fixture
def give(home: Path, users: dict[str, User]) -> Give:
    """Upload files and plan them."""
    del home

    def given(*files: SimpleUploadedFile) -> Upload:
        upload = services.upload_create(files=files or [deals_file()], by=users["admin"])
        done(upload.works.get())
        upload.refresh_from_db()
        return upload

    return given


def done(work: Work) -> Work:
    """Do work as a worker does it."""
    services.work_do(work.pk)
    work.refresh_from_db()
    return work


def imported(upload: Upload, by: User) -> Work:
    """Import an upload."""
    return done(services.work_ask(kind=WorkKind.IMPORT, upload=upload, by=by))
