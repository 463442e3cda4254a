"""What a screen about deals needs to know first: who looks, at which deals, as of which day, in which language."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import cached_property
from typing import Any, Literal
from urllib.parse import urlencode

from django.utils.translation import get_language

from bokgi.apps.access.asking import ask, today, viewer_of
from bokgi.apps.access.permissions import Role, Share, Viewer, managed_by, shown_groups, shown_parts
from bokgi.apps.access.requests import PageRequest, organisation_of
from bokgi.apps.access.warming import ask_later
from bokgi.domain.errors import NotFoundError
from bokgi.domain.labels import PIPELINES
from bokgi.domain.messages import LANGUAGES, N_, Message
from bokgi.domain.period import Period, read_date
from bokgi.questions.answers import Question
from bokgi.questions.asked import Json, unknown
from bokgi.questions.newest import QUIET_DAYS, ask_newest
from bokgi.questions.roster import ask_roster
from bokgi.questions.sellers import Moment, ask_sellers
from bokgi.ui.blocks import Table
from bokgi.ui.format import quarter_name
from bokgi.ui.listing import Chosen
from bokgi.ui.speaker import Speaker

WHOLE = "*"
"""Key of the group of everybody, beside the teams."""

Shows = Literal["all", "people", "sums", "rows"]
"""What a page may be narrowed to: a team only; a person, too; and a pipeline, of which it shows sums over people, or
rows of the own people only."""


@dataclass(frozen=True)
class Screen:
    """One request of a screen: `team` (null: everybody), `as_of`, and what the person who looks may see.

    `pipeline` and `person` are what is looked at; null: all, and on a page that cannot be narrowed (`shows`). `also`:
    the days and periods that the sums of the page are of, beside the day itself.
    """

    request: PageRequest
    viewer: Viewer
    as_of: date
    team: str | None
    lang: str
    currency: str
    pipeline: str | None = None
    person: str | None = None
    shows: Shows = "all"
    also: tuple[Moment, ...] = ()

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
        """Give the teams (and `WHOLE`) whose sums this person may see together, by who is in them and who sells there.

        With `also`, only those whose sums may be seen on these days and in these periods, too.
        """
        groups = {WHOLE: frozenset(row["person_id"] for row in self.roster), **self.teams}
        if self.owners is None:
            return frozenset(groups)
        found = frozenset(groups) & self.safe(groups)
        for moment in self._sellers["moments"]:
            found &= self.safe(self.by_scope(moment))
        return found

    def seen_in(self, moments: Sequence[Moment]) -> list[bool]:
        """Tell of each day or period, for itself, whether the sum of what is looked at is of enough people who sold."""
        if self.owners is None or self.person is not None:
            return [True for _ in moments]
        told = self.ask(ask_sellers, also=tuple(moments))
        pipelines = told["pipelines"] if self.pipeline is not None else [None]
        scope = self.team or WHOLE
        return [
            all(
                scope in self.safe(self.by_scope([row for row in moment if pipeline in {None, row["pipeline"]}]))
                for pipeline in pipelines
            )
            for moment in told["moments"][1:]
        ]

    @cached_property
    def _sellers(self) -> Json:
        return self.ask(ask_sellers, also=self.also)

    def by_scope(self, rows: Sequence[Json]) -> dict[str, frozenset[tuple[str, str | None]]]:
        """Give whose deals are summed up for everybody and for each team: people, with the team they count in."""
        found: dict[str, set[tuple[str, str | None]]] = {name: set() for name in (WHOLE, *self.teams)}
        for row in rows:
            for scope in {WHOLE, row["team"]} & found.keys():
                found[scope] |= {(person, row["team"]) for person in row["people"]}
        return {name: frozenset(people) for name, people in found.items()}

    def safe(self, groups: Mapping[str, Iterable[Share]], scopes: Mapping[str, str] | None = None) -> frozenset[str]:
        """Choose the scopes that may be shown together, one's own team first; to who leads it, its people are known.

        `scopes`: of which scope each of the groups is, where these have other names. Whom one managed once is known to
        that person: results stay with the team of their time, and with who led it.
        """
        of = {name: name if scopes is None else scopes[name] for name in groups}
        led = frozenset(name for name in groups if of[name] in self._led)
        others = {name: people for name, people in groups.items() if name not in led}
        own = [name for name in groups if self.viewer.person_id in self.teams.get(of[name], ())]
        known = shown_groups(groups, self._once, first=own)
        return known & (led | shown_groups(others, self.viewer, first=own))

    @cached_property
    def _once(self) -> Viewer:
        if self.viewer.role is not Role.MANAGER:
            return self.viewer
        pairs = ((person, manager) for person, manager in self._sellers["managers"])
        return replace(self.viewer, managed=self.viewer.managed | managed_by(self.viewer.person_id, pairs))

    @cached_property
    def _led(self) -> frozenset[str]:
        return frozenset(
            team for team, people in self.teams.items() if all(self.viewer.sees_person(person) for person in people)
        )

    def parts_shown(
        self,
        parts: Mapping[str, Sequence[Json]],
        of_all: Mapping[str, Sequence[Json]],
        *,
        team: str | None = None,
        among: AbstractSet[str] | None = None,
    ) -> frozenset[str] | None:
        """Choose which parts of a sum may be shown beside it, see `shown_parts`; `of_all` are the same of everybody.

        Both give `[]{person_id, team}`: whose the part is. `team`: whose sum it is; null: that of what is looked at.
        `among`: the parts that may be shown beside what else is; null: any.
        """
        scope = team or self.team or WHOLE
        safe: set[str] = set()
        for code in parts:
            rows = [{"team": row["team"], "people": [row["person_id"]]} for row in of_all.get(code, parts[code])]
            groups = {name: people for name, people in self.by_scope(rows).items() if name in self.shown}
            if (among is None or code in among) and (code not in of_all or scope in self.safe(groups)):
                safe.add(code)
        people = {code: [row["person_id"] for row in rows] for code, rows in parts.items()}
        return shown_parts(people, self._once if scope in self._led else self.viewer, safe)

    @cached_property
    def by_pipeline(self) -> bool:
        """Tell whether sums of single pipelines, and so of stages, may be shown of what is looked at.

        Together the pipelines are the whole: one that would show a single person takes the others along.
        """
        if self.shows == "rows" or self.person is not None or self.owners is None:
            return True
        scope = self.team or WHOLE
        told = self._sellers
        rows = [
            [row for row in moment if row["pipeline"] == pipeline]
            for moment in told["moments"]
            for pipeline in told["pipelines"]
        ]
        # Who ever sold there, by the teams of today: what was is theirs, on whatever day.
        team_of = {person: team for team, people in self.teams.items() for person in people}
        rows += [
            [{"team": team_of.get(person), "people": [person]} for person in people] for people in told["ever"].values()
        ]
        viewer = self._once if scope in self._led else self.viewer
        own = [row for some in rows for row in some if scope in {WHOLE, row["team"]}]
        if all(viewer.sees_person(person) for row in own for person in row["people"]):
            return True
        return all(
            self.shown
            <= self.safe({name: people for name, people in self.by_scope(some).items() if name in self.shown})
            for some in rows
        )

    @cached_property
    def pipelines(self) -> dict[str, str]:
        """Give the pipelines that this page may be narrowed to, with their names; none where there is no choice.

        What is offered does not hang on `also`: where its days or periods hide sums, the page says so.
        """
        if self.shows in {"all", "people"}:
            return {}
        found = self.ask(ask_sellers)["pipelines"]
        if not found[1:] or not replace(self, also=()).by_pipeline:
            return {}
        return {name: self.speaker.label(PIPELINES, name) for name in found}

    @property
    def scope(self) -> str:
        """Write what is looked at, to stand behind the address of a page that may be asked so.

        A pipeline that this page is not narrowed to goes along to those that are.
        """
        kept = {"pipeline"} if self.shows in {"all", "people"} else set()
        asked = urlencode(
            {
                name: value
                for name in ("team", "pipeline", "person")
                if (value := getattr(self, name) or (name in kept and self.request.GET.get(name)))
            }
        )
        return f"?{asked}" if asked else ""

    @cached_property
    def sums(self) -> Screen:
        """Give what pages of sums show of this: all where the sums of its person or pipeline may not be seen."""
        if self.shows == "sums" or (self.pipeline is None and self.person is None):
            return self
        person = self.person if self.person in self.people else None
        found = replace(self, shows="sums", person=person)
        return found if self.pipeline in {None, *found.pipelines} else replace(found, pipeline=None)

    @property
    def people(self) -> dict[str, str]:
        """Give the people whose rows this person may see: key and name, by name."""
        names = {row["person_id"]: row["name"] or row["person_id"] for row in self.roster}
        seen = self.viewer.people_seen(names)
        return {key: names[key] for key in sorted(seen, key=lambda key: (names[key], key))}

    @property
    def choice(self) -> dict[str, str]:
        """Give the people this page may be narrowed to: those of the team that is looked at; key and name, by name."""
        if self.shows == "all":
            return {}
        return {
            key: name for key, name in self.people.items() if self.team is None or key in self.teams.get(self.team, ())
        }

    @property
    def sums_only(self) -> bool:
        """Tell whether what is looked at is of people not all of whose deals this person may see."""
        return self.owners is not None and self.person is None and self.team not in self._led

    @property
    def between(self) -> bool:
        """Tell whether sums of the day are not shown because it lies between the ends of two past weeks.

        From one day to the next a sum changes by one deal. Today's is shown whatever the day.
        """
        return self.sums_only and self.is_past and self.week_before != self.as_of

    @property
    def week_before(self) -> date:
        """Give the last Sunday up to the day."""
        return self.as_of - timedelta(days=self.as_of.isoweekday() % 7)

    @property
    def hidden(self) -> bool:
        """Tell whether what is looked at is a sum that this person may not see."""
        narrowed = self.pipeline is not None and self.shows == "sums"
        few = (self.team or WHOLE) not in self.shown or (narrowed and not self.by_pipeline)
        return self.person is None and (few or self.between)

    @property
    def stages_hidden(self) -> bool:
        """Tell whether sums by stage, each of which is of one pipeline, may not be seen of what is looked at."""
        return self.hidden or not self.by_pipeline

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

    @cached_property
    def quiet_since(self) -> date | None:
        """Give the day of the newest record where it lies so far back that what is counted until today is nothing."""
        if self.is_past:
            return None
        with suppress(NotFoundError):
            day = self.ask(ask_newest)["day"]
            if day is not None and (self.as_of - date.fromisoformat(day)).days > QUIET_DAYS:
                return date.fromisoformat(day)
        return None

    def ask(self, question: Question, /, **parameters: Any) -> Json:  # noqa: ANN401 - of the question
        """Ask as of the day of this screen."""
        return ask(self.request, question, as_of=self.as_of, **parameters)

    def ask_later(self, question: Question, /, **parameters: Any) -> Json | None:  # noqa: ANN401 - of the question
        """Ask as of the day of this screen; null while the worker computes it."""
        return ask_later(self.request, question, as_of=self.as_of, **parameters)

    def say(self, msgid: str, /, **values: object) -> str:
        """Write a marked text."""
        return self.speaker.text(msgid, **values)

    def chosen(self, table: Table, prefix: str) -> Chosen:
        """Cut a short table to the columns that the address asks for; `prefix` tells it from the other tables."""
        return Chosen.read(table, dict(self.request.GET.lists()), prefix=prefix, lang=self.lang)

    def address(self, **changes: str | Sequence[str] | None) -> str:
        """Give the address of this page with other parameters (several values as a list); null takes one away.

        A stage, and what was counted at it, goes with its pipeline.
        """
        kept: dict[str, str | Sequence[str] | None] = {
            name: values for name, values in self.request.GET.lists() if name != "page"
        }
        kept |= changes
        if self.request.GET.get("stage") and {"pipeline", "stage"} & changes.keys():
            kept |= dict.fromkeys(("stage", "entered", "figure", "within")) | {"stage": changes.get("stage")}
        listed = [(name, [value] if isinstance(value, str) else value or ()) for name, value in kept.items()]
        pairs = [(name, value) for name, values in listed for value in values if value]
        return f"{self.request.path}?{urlencode(pairs)}"


def screen_of(
    request: PageRequest, *, shows: Shows = "all", also: Callable[[Screen], tuple[Moment, ...]] | None = None
) -> Screen:
    """Read team, day and, where a page `shows` something of one, pipeline and person from the address.

    `also` gives the days and periods, beside the day, that the sums of the page are of: whose they were then decides
    whether they are shown, too (`Screen.hidden`).

    Raises `UsageError` (`date_unreadable`) for a day that is none, and `NotFoundError` (`team_unknown`,
    `pipeline_unknown`, `person_unknown`) for what is not there or whose sums this person may not see.
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
        pipeline=(request.GET.get("pipeline") or None) if shows in {"sums", "rows"} else None,
        person=(request.GET.get("person") or None) if shows != "all" else None,
        shows=shows,
    )
    if screen.team is not None and screen.team not in (shown := screen.shown - {WHOLE}):
        # A team of today may have had nobody on a past day, or few: the page says so.
        now = replace(screen, as_of=today(request)).shown - {WHOLE} if screen.is_past else frozenset()
        if screen.team not in now:
            raise unknown("team", screen.team, sorted(shown | now))
    if shows in {"people", "sums"} and screen.person is not None and screen.person not in screen.people:
        raise NotFoundError("person_unknown", Message(N_("There is nobody called “{who}”."), {"who": screen.person}))
    if shows == "sums" and screen.pipeline is not None and screen.pipeline not in screen.pipelines:
        raise unknown("pipeline", screen.pipeline, screen.pipelines.values())
    return screen if also is None else replace(screen, also=also(screen))


def _day(query: Mapping[str, Any]) -> date | None:
    given = str(query.get("as_of") or "")
    return read_date(given) if given else None
