"""The sample company has submitted before: by the services, once, so that accuracy over time is real."""

from __future__ import annotations

import pytest

from bokgi.apps.access.demo import ROLES
from bokgi.apps.access.services import organisation_create, user_create
from bokgi.apps.forecast.demo import demo_submissions
from bokgi.apps.forecast.models import Submission


@pytest.mark.usefixtures("home", "db")
def test_leader_and_rep_of_the_sample_have_submitted_once() -> None:
    organisation_create(name="예제 회사")
    assert demo_submissions.func() == 0
    for role in ROLES:
        person = "lee" if role.key == "rep" else ""
        user_create(email=role.email, name=role.name, role=role.role, person_id=person)
    made = demo_submissions.func()
    assert made == Submission.objects.count() > 0
    assert {one.subject_kind for one in Submission.objects.all()} == {"organisation", "person"}
    assert all(one.on < one.period_end and one.by is not None for one in Submission.objects.all())
    assert demo_submissions.func() == 0
