"""The forecast, what people submit, and how right both were."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal
from http import HTTPStatus

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods

from bokgi.apps.access.permissions import EVERYBODY, Role
from bokgi.apps.access.permitting import may
from bokgi.apps.access.requests import PageRequest
from bokgi.apps.access.warming import ask_later, still_waits
from bokgi.apps.forecast import accuracy, evidence, few_people, outlook, past_forecasts, selectors
from bokgi.apps.forecast.drawing import dots
from bokgi.apps.forecast.models import Submission
from bokgi.apps.forecast.rules import Numbers, Subject, Way
from bokgi.apps.forecast.services import submission_save
from bokgi.apps.pipeline.selectors import Screen, screen_of
from bokgi.apps.pipeline.sheets import sheet_file
from bokgi.domain.errors import BokgiError, UsageError
from bokgi.domain.messages import N_, Message
from bokgi.intake.values.amounts import read_amount
from bokgi.questions.backtest import MONTHS, ask_backtest
from bokgi.questions.forecast import ask_forecast
from bokgi.ui.blocks import Column, Field
from bokgi.ui.export import TYPES, as_csv, as_xlsx
from bokgi.ui.listing import Listing

SUBMITTING = (Role.ADMIN, Role.LEADER, Role.MANAGER, Role.REP)


def page(screen: Screen, template: str, shown: Mapping[str, object], *, status: int = 200) -> HttpResponse:
    """Render a page of this app; every one has its screen."""
    context = {"screen": screen, **shown}
    return render(screen.request, f"forecast/{template}", context, status=status)


@may(*EVERYBODY)
@require_GET
def forecast_index(request: PageRequest) -> HttpResponse:
    """Show what will be won in a period, what each says of it, why it moved, which deals matter."""
    screen = screen_of(request, shows="sums", also=lambda screen: (selectors.asked_period(screen),))
    period = selectors.asked_period(screen)
    subject = selectors.subject_of(screen)
    asked = screen.team in {None, *screen.teams}
    scope = selectors.scope_of(screen)
    answer = ask_later(request, ask_forecast, as_of=screen.as_of, period=period, **scope) if asked else None
    answer = None if answer is None else few_people.seen(screen, answer)
    shown: dict[str, object] = {
        "period": period,
        "periods": selectors.offered_periods(screen),
        "working": asked and answer is None,
    }
    if still_waits(request, working=asked and answer is None):
        return HttpResponse(status=HTTPStatus.NO_CONTENT)
    own = selectors.own_subject(screen)
    may_now = asked and screen.as_of < period.end and selectors.way_of(screen, own) is Way.OWN
    shown["submit"] = outlook.submit_address(own, period) if may_now else ""
    if answer is None:
        return page(screen, "index.html", shown)
    answer = few_people.without_trials(screen, answer)
    found = outlook.Outlook(screen, period, answer, selectors.submitted(period))
    whole = selectors.may_see(screen, subject) and not screen.hidden and not answer["few"]
    made = {"teams": outlook.teams_sheet(found) if whole else None, "people": outlook.people_sheet(found)}
    query = dict(request.GET.lists())
    sheets = {
        name: (sheet, Listing.read(sheet.table.columns, query, prefix=f"{name}-", lang=screen.lang))
        for name, sheet in made.items()
        if sheet is not None
    }
    for name, (sheet, listing) in sheets.items():
        if listing.export in TYPES:
            return sheet_file(screen, listing, sheet, f"forecast-{name}")
    shown |= {
        "answer": answer,
        "whole": whole,
        "dots": dots(screen, answer, 280),
        "figures": outlook.figures(found),
        "sayings": outlook.sayings(found),
        "categories": evidence.category_table(screen, answer, period),
        "sheets": sheets,
        "change": evidence.change_chart(screen, answer),
        "at_risk": evidence.deals_table(screen, answer["at_risk"], screen.say(N_("Deals at risk")), share=False),
        "deciding": evidence.deals_table(
            screen, answer["range_deals"], screen.say(N_("Deals that decide the range")), share=True
        ),
        "benchmarks": evidence.benchmark_table(screen, answer),
    }
    return page(screen, "index.html", shown)


@may(*EVERYBODY)
@require_GET
def backtest(request: PageRequest) -> HttpResponse:
    """Show how the forecast did on past periods, beside simple methods."""
    screen = screen_of(request, shows="sums")
    subject = selectors.subject_of(screen)
    length = request.GET.get("length", "month")
    length = length if length in MONTHS else "month"
    whole = selectors.may_see(screen, subject) and not screen.hidden
    scope = selectors.scope_of(screen)
    answer = ask_later(request, ask_backtest, as_of=screen.as_of, period=length, **scope) if whole else None
    working = whole and answer is None
    if still_waits(request, working=working):
        return HttpResponse(status=HTTPStatus.NO_CONTENT)
    shown: dict[str, object] = {"length": length, "whole": whole, "working": working}
    if answer is not None:
        told = past_forecasts.seen(screen, answer)
        shown |= {
            "whole": bool(told["origins"]) or not answer["origins"],
            "answer": told,
            "left_out": len(answer["origins"]) - len(told["origins"]),
            "tried": len(answer["origins"]),
            "scores": past_forecasts.scores_table(screen, told),
            "origins": past_forecasts.origins_table(screen, told),
        }
    return page(screen, "backtest.html", shown)


@may(*EVERYBODY)
@require_GET
def submissions(request: PageRequest) -> HttpResponse:
    """Show what was submitted, what came, and how right people and model were; or give it as a file."""
    screen = screen_of(request, shows="people")
    given = screen.team is not None or screen.person is not None
    subject = selectors.subject_of(screen)
    if not given and not selectors.may_see(screen, subject) and screen.viewer.person_id:
        screen = replace(screen, person=screen.viewer.person_id)
        subject = selectors.subject_of(screen)
    rows = accuracy.visible(screen, selectors.history())
    columns = (
        Column(screen.say(N_("Period")), key="period"),
        Column(screen.say(N_("For")), key="for"),
        Column(screen.say(N_("Submitted on")), key="on"),
        Column(screen.say(N_("Submitted number")), "right", key="amount"),
        Column(screen.say(N_("Commit amount")), "right", key="commit"),
        Column(screen.say(N_("Best-case amount")), "right", key="best"),
        Column(screen.say(N_("Model")), "right", key="model"),
        Column(screen.say(N_("Note")), key="note"),
    )
    listing = Listing.read(columns, dict(request.GET.lists()), lang=screen.lang)
    listed = (
        rows if not given else [one for one in rows if (one.subject_kind, one.subject_id) == (subject.kind, subject.id)]
    )
    if listing.export in TYPES:
        header, body = accuracy.as_rows(screen, listed)
        title = screen.say(N_("Submissions"))
        made = as_csv(header, body) if listing.export == "csv" else as_xlsx(title, header, body)
        attached = {
            "Content-Disposition": f'attachment; filename="submissions-{screen.as_of.isoformat()}.{listing.export}"'
        }
        return HttpResponse(made, content_type=TYPES[listing.export], headers=attached)
    every = accuracy.past(screen, subject, rows)
    past = accuracy.seen(screen, subject, every)
    judged = accuracy.judged(past)
    word = listing.find.casefold()

    def words(one: Submission) -> str:
        by = "" if one.by is None else one.by.name
        return f"{one.period.key} {selectors.note_of(screen, one)} {by}".casefold()

    fitting = [one for one in listed if word in words(one)]
    shown = {
        "left_out": len(every) - len(past),
        "sentence": accuracy.sentence(screen, judged),
        "judged": accuracy.judged_table(screen, judged),
        "past": accuracy.past_table(screen, subject, past),
        "any_past": bool(past),
        "listing": listing,
        "total": len(fitting),
        "table": accuracy.history_table(screen, columns, listing.cut(fitting)),
    }
    return page(screen, "submissions.html", shown)


@may(*SUBMITTING)
@require_http_methods(["GET", "POST"])
def submit(request: PageRequest) -> HttpResponse:
    """Take a number for a period, with what the model and the CRM say beside it."""
    screen = screen_of(request)
    given: Mapping[str, str] = request.POST if request.method == "POST" else request.GET
    subject = Subject.read(given["subject"]) if given.get("subject") else selectors.own_subject(screen)
    name = selectors.subject_name(screen, subject)
    way = selectors.way_of(screen, subject)
    if way is None:
        raise PermissionDenied
    # Who submits for somebody sees all of their deals, and so any period.
    team, person = (subject.id if subject.kind == kind else None for kind in ("team", "person"))
    period = selectors.readable_period(replace(screen, team=team, person=person), given.get("period"))
    answer = ask_later(request, ask_forecast, as_of=screen.as_of, period=period, team=None)
    model = selectors.model_word(answer, subject)
    before = selectors.submitted(period).get(subject, [])
    fault: BokgiError | None = None
    if request.method == "POST":
        try:
            numbers = _numbers(given, screen.currency)
            now = timezone.now()
            submission_save(
                subject=subject,
                period=period,
                given=numbers,
                way=way,
                by=request.user,
                at=now,
                on=screen.as_of,
                model=model,
            )
        except BokgiError as error:
            fault = error
        else:
            told = Message(N_("Submitted for {period}."), {"period": screen.period_name(period)})
            messages.success(request, told.text(screen.lang))
            return HttpResponseRedirect(f"{reverse('forecast:index')}?period={period.key}")
    shown = {
        "subject": subject,
        "name": name,
        "period": period,
        "periods": [one for one in selectors.offered_periods(screen) if one.end > screen.as_of],
        "way": way.value,
        "model": model,
        "levels": _levels(answer, subject),
        "before": before,
        "fields": _fields(screen, given, way),
        "fault": fault,
        "money": lambda amount: screen.speaker.money({"amount": str(amount), "currency": screen.currency}),
    }
    return page(screen, "submit.html", shown, status=422 if fault else 200)


def _levels(answer: Mapping[str, object] | None, subject: Subject) -> Mapping[str, object] | None:
    """Give what the CRM's categories of a subject come to; null where there are none."""
    if answer is None:
        return None
    found = answer["categories"]
    assert isinstance(found, dict)  # noqa: S101 - for the checker of types
    if not found["used"]:
        return None
    if subject == selectors.ORGANISATION:
        return found
    rows, column = (found["people"], "person_id") if subject.kind == "person" else (found["teams"], "team")
    return next((row for row in rows if row[column] == subject.id), None)


def _numbers(given: Mapping[str, str], currency: str) -> Numbers:
    def read(field: str) -> Decimal | None:
        text = given.get(field, "").strip()
        return read_amount(text) if text else None

    amount = read("amount")
    if amount is None:
        raise UsageError(
            "amount_missing", Message(N_("The number is missing.")), Message(N_("Write what you expect to be won."))
        )
    return Numbers(amount, currency, read("commit"), read("best_case"), given.get("note", ""), given.get("reason", ""))


def _fields(screen: Screen, given: Mapping[str, str], way: Way) -> list[Field]:
    say = screen.say
    hint = say(N_("260,000,000 or 2.6억 or 2억 6,000만"))
    told = [
        Field(
            "amount",
            say(N_("Submitted number")),
            "money",
            given.get("amount", ""),
            hint=hint,
            required=True,
            unit=screen.currency,
        ),
        Field(
            "commit",
            say(N_("Commit amount")),
            "money",
            given.get("commit", ""),
            hint=say(N_("What you stand for whatever happens.")),
            unit=screen.currency,
        ),
        Field(
            "best_case",
            say(N_("Best-case amount")),
            "money",
            given.get("best_case", ""),
            hint=say(N_("What comes when everything goes well.")),
            unit=screen.currency,
        ),
        Field("note", say(N_("Note")), "textarea", given.get("note", ""), attributes={"maxlength": "500"}),
    ]
    if way is Way.OVERRIDE:
        told.insert(
            1,
            Field(
                "reason",
                say(N_("Why another number")),
                "textarea",
                given.get("reason", ""),
                hint=say(N_("The person reads it; the own number stays beside yours.")),
                required=True,
                attributes={"maxlength": "500"},
            ),
        )
    return told
