"""How many queries each main page and page of the frame asks; more than the baseline is a loop that crept in."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

BASELINE: Final = {
    "/today/": 11,
    "/reviews/": 14,
    "/reviews/commitments/": 10,
    "/reviews/learning/": 11,
    "/funnel/": 8,
    "/funnel/change/": 8,
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
    "/settings/queue/": 11,
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
    "/evaluation/templates/": 18,
}
"""Session, user, organisation and the list of sessions are asked by every page."""


@pytest.mark.usefixtures("home")
@pytest.mark.parametrize("page", BASELINE)
def test_a_page_asks_no_more_than_before(
    page: str, as_role: Callable[[str], Client], django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    client = as_role("admin")
    client.get(page)
    with django_assert_max_num_queries(BASELINE[page]):
        assert client.get(page).status_code == 200
