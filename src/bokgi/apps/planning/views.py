"""The editors of definitions: what is set, what a change would do, and the change itself."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods

from bokgi.apps.access.permissions import EVERYBODY, Role
from bokgi.apps.access.permitting import may
from bokgi.apps.access.requests import PageRequest
from bokgi.apps.pipeline.selectors import Screen, screen_of
from bokgi.apps.planning import pages, rules, selectors
from bokgi.apps.planning.editors import CALENDAR, EDITORS, MEMBERSHIPS, Editor
from bokgi.apps.planning.months import months_of
from bokgi.apps.planning.rules import Row
from bokgi.apps.planning.services import calendar_rows, definitions_enter
from bokgi.domain.errors import BokgiError, ConflictError, UsageError
from bokgi.domain.labels import PIPELINES
from bokgi.domain.messages import N_, Message
from bokgi.domain.period import read_date
from bokgi.facts.model import Facts
from bokgi.facts.schema import TABLES
from bokgi.questions.people import people_by_name
from bokgi.ui.listing import Listing

_STATES = {"now": N_("Now and coming"), "past": N_("Past")}


def editor_of(table: str) -> Editor:
    """Find an editor; an unknown table is no page."""
    if table not in EDITORS:
        raise Http404
    return EDITORS[table]


@may(*EVERYBODY)
@require_GET
def definitions(request: PageRequest, table: str) -> HttpResponse:
    """List what is set in one table."""
    return _list(screen_of(request), editor_of(table))


@may(*EVERYBODY)
@require_GET
def team_index(request: PageRequest) -> HttpResponse:
    """List who works in which team."""
    return _list(screen_of(request), MEMBERSHIPS)


def _list(screen: Screen, editor: Editor) -> HttpResponse:
    request, found = screen.request, selectors.facts()
    shown: dict[str, Any] = {"screen": screen, "editor": editor, "tabs": _tabs(editor), "states": _STATES}
    shown["may_edit"] = selectors.may_edit(screen)
    if found is None:
        return render(request, "planning/list.html", {**shown, "there": False})
    people = people_by_name(found)
    rows = selectors.seen(screen, editor, selectors.rows_of(found, editor))
    wanted = request.GET.get("state") or "now"
    rows = [row for row in rows if (pages.state(editor, row, screen.as_of) == "past") is (wanted == "past")]
    listing = Listing.read(pages.columns(screen, editor), dict(request.GET.lists()), lang=screen.lang)
    word = listing.find.casefold()
    rows = [row for row in rows if word in " ".join(pages.texts(screen, editor, row, people).values()).casefold()]
    title = screen.say(editor.title)
    shown |= {
        "there": True,
        "state": wanted,
        "listing": listing,
        "total": len(rows),
        "table": pages.table(screen, editor, listing, listing.cut(rows), people, title),
        "path": request.path,
        "add": pages.change_address(editor),
        "hidden": selectors.hides_people(screen, editor),
    }
    if editor is CALENDAR:
        shown["hung"] = months_of(screen, found, request.GET.get("month", ""))
    return render(request, "planning/list.html", shown)


def _tabs(current: Editor) -> list[tuple[str, str, bool]]:
    return [
        (
            one.title,
            reverse("team:index") if one is MEMBERSHIPS else reverse("settings:definitions", args=[name]),
            one is current,
        )
        for name, one in EDITORS.items()
    ]


@may(Role.ADMIN, Role.LEADER)
@require_http_methods(["GET", "POST"])
def definition_change(request: PageRequest, table: str) -> HttpResponse:
    """Change a row or add one: first what it would do is shown, then it is written as an import."""
    screen, editor = screen_of(request), editor_of(table)
    found = selectors.facts()
    if found is None:
        return HttpResponseRedirect(reverse("settings:definitions", args=[table]))
    given: Mapping[str, str] = request.POST if request.method == "POST" else request.GET
    rows = selectors.rows_of(found, editor)
    key = given.get("key", "")
    before = selectors.row_of(editor, rows, key) if key else None
    options = selectors.choices(screen, found, editor)
    shown: dict[str, Any] = {
        "screen": screen,
        "editor": editor,
        "key": key,
        "back": _home(editor),
        "known": {
            name: [screen.speaker.label(PIPELINES, one) if name == "pipeline" else one for one in there]
            for name, there in selectors.suggestions(found, editor).items()
        },
        "fault": None,
        "look": None,
        "ending": False,
        "seen": selectors.digest(before),
    }
    typed: Mapping[str, str] = given if request.method == "POST" else rules.to_form(editor, before)
    if request.method == "GET" and before is None:
        typed = {**typed, **{one.name: given[one.name] for one in editor.inputs if one.name in given}}
    start = given.get("start", "") or screen.as_of.isoformat()
    wrong: dict[str, Message] = {}
    status = 200
    if request.method == "POST":
        try:
            change = _Change(screen, editor, found, rows, before, typed, start)
            if change.wrong and editor.dated and _is_gone(given.get("seen", ""), rows):
                shown["seen"] = given["seen"]
                raise _changed_meanwhile()
            wrong = change.wrong
            if not wrong:
                done = _act(request, change, given)
                if done is not None:
                    return done
                shown |= {"look": change.look(), "ending": change.ending, "seen": selectors.digest(change.replaced)}
            else:
                status = 422
        except BokgiError as error:
            shown["fault"], status = error, 422
    shown["fields"] = pages.fields(screen, editor, typed, wrong, options, fixed=before is not None, start=start)
    labels = {field.name: field.label for field in shown["fields"]}
    shown["wrong"] = [(f"{labels[name]}: {screen.speaker.message(one)}", name) for name, one in wrong.items()]
    return render(request, "planning/change.html", shown, status=status)


def _act(request: PageRequest, change: _Change, given: Mapping[str, str]) -> HttpResponse | None:
    """Write a change that was looked at; null where it is to be looked at first."""
    if given.get("step") != "save" or not (change.ending or change.differences()):
        return None
    if given.get("seen") != selectors.digest(change.replaced):
        raise _changed_meanwhile()
    number = definitions_enter(tables={change.editor.table: change.rows()}, by=request.user, at=timezone.now())
    told = Message(N_("Saved as import {number}; it can be taken back under Data."), {"number": number})
    messages.success(request, told.text(change.screen.lang))
    return HttpResponseRedirect(_home(change.editor))


def _changed_meanwhile() -> ConflictError:
    return ConflictError(
        "definition_changed",
        Message(N_("Somebody changed this meanwhile.")),
        Message(N_("Look at what stands there now, and save again if it still fits.")),
    )


def _is_gone(seen: str, rows: list[Row]) -> bool:
    """Tell whether the row that a form was opened with stands there no more: then it may only seem to be wrong."""
    return bool(seen) and seen not in {selectors.digest(row) for row in (*rows, None)}


def _home(editor: Editor) -> str:
    return reverse("team:index") if editor is MEMBERSHIPS else reverse("settings:definitions", args=[editor.table])


class _Change:
    """One change as it was typed: what is wrong with it, what it would do, which rows it writes."""

    def __init__(
        self,
        screen: Screen,
        editor: Editor,
        found: Facts,
        rows: list[Row],
        before: Row | None,
        typed: Mapping[str, str],
        start: str,
    ) -> None:
        self.screen, self.editor, self._found, self._all = screen, editor, found, rows
        self.ending = editor.dated and before is not None and typed.get("end") == "yes"
        self.start = screen.as_of
        options = {
            name: [code for code, _ in pairs] for name, pairs in selectors.choices(screen, found, editor).items()
        }
        values, self.wrong = rules.read(editor, typed, options)
        if self.ending:
            self.wrong = {}
        if editor.dated:
            try:
                self.start = read_date(start)
            except UsageError as error:
                self.wrong["start"] = error.message
        self.before = before
        self.after: Row = {}
        if not self.wrong:
            if self.ending and before is not None:
                self.after = before
            else:
                self.wrong = rules.refuse_unfit(editor, values, rows, before, self.start)
        if not self.wrong and not self.ending:
            self.after = rules.to_row(editor, values, found.settings.currency)

    @property
    def replaced(self) -> Row | None:
        """The row that stands there: the one that is changed, or one with the same key."""
        if self.editor.dated or not self.after:
            return self.before
        key = TABLES[self.editor.table].key
        rows = self._calendar() if self.editor.table == "calendar" else self._all
        return next((row for row in rows if all(row[name] == self.after[name] for name in key)), None)

    def _calendar(self) -> list[Row]:
        names = [column.name for column in TABLES["calendar"].own_columns]
        found: list[Row] = self._found.calendar.select(names).order_by("day").to_pyarrow().to_pylist()
        return found

    def rows(self) -> list[Row]:
        """Give the rows to write."""
        if self.editor.table == "calendar":
            return calendar_rows(self._calendar(), {self.after["day"]: (self.after["working"], self.after["holiday"])})
        if not self.editor.dated:
            return [self.after]
        if self.ending and self.before is not None:
            return rules.ended(self.before, self.start)
        return rules.changed(self.before, self.after, TABLES[self.editor.table].key, self.start)

    def differences(self) -> list[tuple[str, str, str]]:
        """List what changes: column, what stands there, what will."""
        if self.ending:
            return []
        people = people_by_name(self._found)
        return pages.differences(self.screen, self.editor, self.replaced, self.after, people)

    def look(self) -> dict[str, Any]:
        """Say what the change would do; raises as the write would. Where nothing changes there is nothing to tell."""
        self.rows()
        before, differs = self.replaced, self.differences()
        told: list[str] = []
        if differs or self.ending:
            when = self.start, self.screen.as_of
            found = selectors.touched(self._found, self.editor, before, self.after, *when, ending=self.ending)
            told = [self.screen.speaker.message(one) for one in found]
        return {"differences": differs, "told": told}
