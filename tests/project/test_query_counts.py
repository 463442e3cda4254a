"""How many queries each main page and page of the frame asks; more than the baseline is a loop that crept in."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import pytest
from django.test import Client
from django.urls import resolve
from pytest_django import DjangoAssertNumQueries

from bokgi.apps.access.models import User
from tests.project import things
from tests.project.addresses import ARGUMENTS, NOT_OPENED, pages

BASELINE: Final = {
    "/today/": 11,
    "/reviews/": 15,
    "/reviews/commitments/": 10,
    "/reviews/learning/": 11,
    "/funnel/": 8,
    "/funnel/change/": 8,
    "/funnel/win-loss/": 8,
    "/deals/": 9,
    "/deals/lee-0/": 10,
    "/people/": 8,
    "/people/lee/": 8,
    "/evaluation/": 13,
    "/search/?q=a": 8,
    "/data/imports/": 9,
    "/data/quality/": 8,
    "/settings/": 8,
    "/settings/users/": 11,
    "/settings/queue/": 13,
    "/account/security/": 10,
    "/forecast/": 9,
    "/forecast/submissions/": 9,
    "/kpi/": 8,
    "/team/": 8,
    "/settings/definitions/targets/": 8,
    "/settings/organisation/": 8,
    "/settings/definitions/calendar/": 8,
    "/funnel/compare/": 8,
    "/forecast/backtest/": 8,
    "/deals/new/": 8,
    "/reviews/pack/": 10,
    "/reviews/thanks/": 11,
    "/data/upload/": 9,
    "/data/imports/1/": 10,
    "/data/quarantine/": 8,
    "/data/corrections/": 9,
    "/data/connections/": 11,
    "/account/security/sessions/": 12,
    "/evaluation/templates/": 12,
    "/evaluation/templates/roles/AE/": 21,
    "/evaluation/rounds/new/": 17,
    "/evaluation/notices/": 11,
    "/components/": 8,
    "/components/button/": 8,
    "/account/sign-out/": 8,
    "/account/inactive/": 8,
    "/account/password/reset/": 8,
    "/account/password/reset/sent/": 8,
    "/account/password/reset/1-no-such-key/": 9,
    "/account/password/reset/saved/": 8,
    "/account/password/change/": 8,
    "/account/security/confirm/": 16,
    "/account/security/passkeys/": 9,
    "/data/": 9,
    "/forecast/submit/": 9,
    "/reviews/mail/": 9,
    "/reviews/receivers/": 10,
    "/reviews/learning/new/": 9,
    "/reviews/learning/reasons/": 10,
    "/reviews/learning/found/": 8,
    "/reviews/learning/of/lee/": 10,
    "/reviews/learning/like/lee-0/": 10,
    "/reviews/commitments/of/lee/": 11,
    "/reviews/commitments/on/lee-0/": 11,
    "/deals/new/amount/": 8,
    "/settings/definitions/targets/change/": 8,
    "/settings/definitions/memberships/change/": 8,
}
"""Session, user, organisation and the list of sessions are asked by every page."""
OF_A_TEAM: Final = {
    "/coaching/": 13,
    "/coaching/with/lee/": 11,
    "/coaching/record/": 12,
    "/coaching/ledger/": 11,
    "/coaching/causes/lee/": 8,
    "/coaching/skills/": 9,
    "/coaching/pairs/{pair_id}/": 12,
    "/coaching/1-1/{one_on_one_id}/": 11,
    "/coaching/plans/{plan_id}/": 11,
    "/reviews/{planned}/": 11,
    "/reviews/{planned}/prepare/": 12,
    "/reviews/{live}/prepare/{participant_id}/": 13,
    "/reviews/{live}/live/": 25,
    "/reviews/{live}/live/state/": 25,
    "/reviews/{past}/past/": 12,
    "/reviews/{past}/past/today/": 11,
    "/reviews/learning/{case_id}/": 10,
    "/evaluation/rounds/{round_id}/": 20,
    "/evaluation/forms/{evaluation_id}/": 39,
    "/evaluation/forms/{evaluation_id}/draft/": 27,
    "/evaluation/rounds/{round_id}/criteria/AE/": 12,
    "/coaching/pairs/{pair_id}/plan/": 9,
    "/reviews/{live}/prepare/{participant_id}/did/": 12,
    "/reviews/{past}/past/file/": 11,
}
"""Pages that a team's leader opens, of what people made: see `tests.project.things`."""
OF_EVERYBODY: Final = {
    "/settings/users/{user_id}/": 14,
    "/evaluation/templates/{template_id}/": 18,
    "/evaluation/rounds/{round_id}/people/": 14,
    "/reviews/learning/{case_id}/change/": 10,
}
"""Pages that an administrator opens, of what people made."""


@pytest.mark.usefixtures("home")
@pytest.mark.parametrize("page", BASELINE)
def test_a_page_asks_no_more_than_before(
    page: str, as_role: Callable[[str], Client], django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    client = as_role("admin")
    client.get(page)
    with django_assert_max_num_queries(BASELINE[page]):
        assert client.get(page).status_code == 200


@pytest.mark.usefixtures("home_with_key")
def test_a_page_of_what_people_made_asks_no_more_than_before(
    users: dict[str, User], as_role: Callable[[str], Client], django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    made = things.things(users)
    # Of the first team, and of it the meeting that is live with the seat of who sells.
    of_team = {name: values[0] for name, values in made.items()} | {"participant_id": made["participant_id"][1]}
    of_team["user_id"] = str(users["rep"].pk)
    meetings = dict(zip(("past", "live", "planned"), made["meeting_id"], strict=False))
    for role, baselines in (("manager", OF_A_TEAM), ("admin", OF_EVERYBODY)):
        client = as_role(role)
        for page, baseline in baselines.items():
            address = page.format(**of_team, **meetings)
            client.get(address)
            with django_assert_max_num_queries(baseline, info=address):
                assert client.get(address).status_code == 200, address


def test_no_page_is_without_a_baseline() -> None:
    names = dict.fromkeys(("past", "live", "planned", *ARGUMENTS), "1")
    keys = {name: values[0] for name, values in ARGUMENTS.items()}
    made = [page.format(**names | keys) for page in (*OF_A_TEAM, *OF_EVERYBODY)]
    measured = {resolve(page.partition("?")[0]).view_name for page in (*BASELINE, *made)}
    opened = {page.name for page in pages() if page.is_opened}
    assert opened - measured <= NOT_OPENED <= opened
