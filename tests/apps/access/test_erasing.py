"""Erasing a person reaches every text of the database: accounts, corrections, uploads, the trail."""

from __future__ import annotations

import json

import pytest
from django.apps import apps
from django.core import serializers
from django.utils import timezone

from bokgi.apps.access.erasing import person_erase
from bokgi.apps.access.models import User
from bokgi.apps.access.services import audit
from bokgi.apps.data.models import Correction, EnteredDeal, Upload, Work

pytestmark = pytest.mark.django_db
NAME, MAIL = "이준호", "rep@team.example"


def everything() -> str:
    """Write every row of every table, as its values are."""
    told = []
    for model in apps.get_models():
        rows = model._default_manager.all()  # noqa: SLF001 - Django's way to ask
        told.append(json.dumps(json.loads(serializers.serialize("json", rows)), ensure_ascii=False))
    return "\n".join(told)


def test_nothing_in_the_database_names_the_person_any_more(users: dict[str, User]) -> None:
    rep, now = users["rep"], timezone.now()
    Correction.objects.create(deal_id="d", field="next_step", value=f"{NAME}와 통화", seen=NAME, by=rep, at=now)
    EnteredDeal.objects.create(
        deal_id="e", account="고객", name=f"{NAME} 소개", pipeline="p", stage="s", at=now, by=rep, owner_id="lee"
    )
    upload = Upload.objects.create(
        came_by="screen", files=[{"name": f"{NAME}.csv", "size": 1}], plan={"ko": {"samples": [NAME, MAIL]}}
    )
    Work.objects.create(kind="plan", upload=upload, asked_at=now, result={"findings": [f"{NAME} 2행"]})
    audit(by=rep, action="correction_save", subject=NAME)
    assert NAME in everything()
    words = [NAME, MAIL]
    assert person_erase(person_id="lee", words=words) > 4
    told = everything()
    assert NAME not in told
    assert MAIL not in told
    rep.refresh_from_db()
    assert (rep.is_active, rep.name, rep.has_usable_password()) == (False, "lee", False)
    assert Correction.objects.get().value == "lee와 통화"
    assert users["leader"].name in told
    assert person_erase(person_id="lee", words=words) == 1
