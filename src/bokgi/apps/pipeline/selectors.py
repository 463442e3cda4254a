"""What a screen about deals needs to know first: who looks, at which team, as of which day, in which language."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Any
from urllib.parse import urlencode

from django.utils.translation import get_language

from bokgi.apps.access.asking import ask, today, viewer_of
from bokgi.apps.access.permissions import Role, Viewer, shown_groups
from bokgi.apps.access.requests import PageRequest, organisation_of
from bokgi.apps.access.warming import ask_later
from bokgi.domain.errors import NotFoundError
from bokgi.domain.messages import LANGUAGES, N_, Message
from bokgi.domain.period import Period, read_date
from bokgi.questions.answers import Question
from bokgi.questions.asked import Json
from bokgi.questions.roster import ask_roster
from bokgi.ui.format import quarter_name
from bokgi.ui.speaker import Speaker

WHOLE = "*"
"""Key of the group of everybody, beside the teams."""


@dataclass(frozen=True)
class Screen:
    """One request of a screen: `team` (null: everybody), `as_of`, and what the person who looks may see."""

    request: PageRequest
    viewer: Viewer
    as_of: date
    team: str | None
    lang: str
    currency: str

    @cached_property
    def speaker(self) -> Speaker:
        """Write values in the language of the request."""
        return Speaker(self.lang, self.as_of, self.currency)

    @cached_property
    def roster(self) -> list[Json]:
        """People with their teams on the day."""
        found: list[Json] = self.ask(ask_roster)["people"]
        return found

    @cached_property
    def teams(self) -> dict[str, frozenset[str]]:
        """Give the people of each team."""
        found: dict[str, set[str]] = {}
        for row in self.roster:
            if row["team"]:
                found.setdefault(row["team"], set()).add(row["person_id"])
        return {team: frozenset(people) for team, people in sorted(found.items())}

    @cached_property
    def shown(self) -> frozenset[str]:
        """Give the teams (and `WHOLE`) whose sums this person may see together."""
        everybody = frozenset(row["person_id"] for row in self.roster)
        return shown_groups({WHOLE: everybody, **self.teams}, self.viewer)

    @property
    def people(self) -> dict[str, str]:
        """Give the people whose rows this person may see: key and name, by name."""
        names = {row["person_id"]: row["name"] or row["person_id"] for row in self.roster}
        seen = self.viewer.people_seen(names)
        return {key: names[key] for key in sorted(seen, key=lambda key: (names[key], key))}

    @property
    def owners(self) -> tuple[str, ...] | None:
        """Whose deals may be listed: null for everybody's."""
        if self.viewer.role in {Role.ADMIN, Role.LEADER}:
            return None
        own = {self.viewer.person_id} - {""}
        return tuple(sorted(own | (self.viewer.managed if self.viewer.role is Role.MANAGER else frozenset())))

    @property
    def year_starts(self) -> int:
        """Give the first month of the company's fiscal year."""
        company = organisation_of(self.request)
        return 1 if company is None else company.fiscal_year_starts

    @property
    def quarter(self) -> Period:
        """Give the company's quarter of the day."""
        return Period.quarter_of(self.as_of, self.year_starts)

    def period_name(self, period: Period) -> str:
        """Name a period as the company does: a quarter by its fiscal year."""
        return quarter_name(period, self.lang, self.year_starts)

    @property
    def is_past(self) -> bool:
        """Tell whether the page looks back at another day than today."""
        return self.as_of != today(self.request)

    def ask(self, question: Question, /, **parameters: Any) -> Json:  # noqa: ANN401 - of the question
        """Ask as of the day of this screen."""
        return ask(self.request, question, as_of=self.as_of, **parameters)

    def ask_later(self, question: Question, /, **parameters: Any) -> Json | None:  # noqa: ANN401 - of the question
        """Ask as of the day of this screen; null while the worker computes it."""
        return ask_later(self.request, question, as_of=self.as_of, **parameters)

    def say(self, msgid: str, /, **values: object) -> str:
        """Write a marked text."""
        return self.speaker.text(msgid, **values)

    def address(self, **changes: str | None) -> str:
        """Give the address of this page with other parameters; null takes one away."""
        kept = {name: value for name, value in self.request.GET.items() if name != "page"} | changes
        return f"{self.request.path}?{urlencode({name: value for name, value in kept.items() if value})}"


def screen_of(request: PageRequest) -> Screen:
    """Read team and day from the address.

    Raises `UsageError` (`date_unreadable`) for a day that is none, and `NotFoundError` (`team_unknown`) for a team that
    is not there or whose sums this person may not see.
    """
    company = organisation_of(request)
    found = get_language() or LANGUAGES[0]
    screen = Screen(
        request=request,
        viewer=viewer_of(request),
        as_of=_day(request.GET) or today(request),
        team=request.GET.get("team") or None,
        lang=found if found in LANGUAGES else LANGUAGES[0],
        currency="KRW" if company is None else company.currency,
    )
    if screen.team is not None and screen.team not in screen.shown:
        shown = sorted(screen.shown - {WHOLE})
        raise NotFoundError(
            "team_unknown",
            Message(N_("There is no team “{team}”."), {"team": screen.team}),
            Message(N_("Teams: {teams}"), {"teams": ", ".join(shown) or "–"}),
        )
    return screen


def _day(query: Mapping[str, Any]) -> date | None:
    given = str(query.get("as_of") or "")
    return read_date(given) if given else None
