"""Minutes to take along, the mails one wants, and for administrators where else they go."""

from __future__ import annotations

from typing import Final

from django.contrib import messages
from django.core import signing
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from bokgi.apps.access.asking import viewer_of
from bokgi.apps.access.models import User
from bokgi.apps.access.permissions import EVERYBODY, Role
from bokgi.apps.access.permitting import anyone, may
from bokgi.apps.access.requests import PageRequest, organisation_of, page_language
from bokgi.apps.pipeline.selectors import screen_of
from bokgi.apps.reviews import rules
from bokgi.apps.reviews.models import Delivery, MailKind, Meeting, Receiver
from bokgi.apps.reviews.rendering.markdown import markdown
from bokgi.apps.reviews.telling import letters, services
from bokgi.apps.reviews.telling.rules import fault_words
from bokgi.apps.reviews.views.planning import teams_led
from bokgi.domain.errors import BokgiError, UsageError
from bokgi.domain.messages import N_, Message

MINUTES: Final = {
    "pdf": "application/pdf",
    "md": "text/markdown; charset=utf-8",
    "ics": "text/calendar; charset=utf-8",
}
KINDS: Final = {kind.value: str(kind.label) for kind in MailKind}
_SHOWN: Final = 50


@may(*EVERYBODY)
@require_GET
def minutes(request: PageRequest, meeting_id: int, form: str) -> HttpResponse:
    """Give the minutes of a closed meeting as PDF, Markdown or calendar, to who takes part or runs it."""
    found = get_object_or_404(Meeting.objects.prefetch_related("participants"), pk=meeting_id)
    company = organisation_of(request)
    if form not in MINUTES or company is None or not rules.may_see(found, request.user, viewer_of(request)):
        raise Http404
    told, lang = services.told_of(found, company), page_language()
    if form == "pdf":
        made = letters.minutes_for(told, request.user, lang)
    elif form == "md":
        made = markdown(letters.document_for(told, request.user, lang)).encode()
    else:
        made = letters.calendar_for(told, lang, at=timezone.now())
    response = HttpResponse(made, content_type=MINUTES[form])
    response["Content-Disposition"] = f'attachment; filename="review-{found.on.isoformat()}.{form}"'
    return response


@may(*EVERYBODY)
@require_http_methods(["GET", "POST"])
def mail(request: PageRequest) -> HttpResponse:
    """Choose which mails about reviews one gets."""
    if request.method == "POST":
        for kind in MailKind.values:
            services.mail_wish(user=request.user, kind=kind, wanted=kind in request.POST.getlist("kind"))
        messages.success(request, Message(N_("Saved.")).text(page_language()))
        return HttpResponseRedirect(reverse("reviews:mail"))
    context = {"kinds": KINDS, "wanted": services.mails_wanted(request.user)}
    return render(request, "reviews/mail.html", context)


@csrf_exempt
@anyone
@require_http_methods(["GET", "POST"])
def mail_stop(request: PageRequest, token: str) -> HttpResponse:
    """Stop a kind of mail by the link in it, without signing in; a look at the page alone changes nothing.

    Mail programs stop it themselves by a bare POST (RFC 8058); the signed link is what entitles to it.
    """
    try:
        user_id, kind = letters.read_token(token)
    except (signing.BadSignature, ValueError, TypeError):
        raise Http404 from None
    user = User.objects.filter(pk=user_id).first()
    if user is None or kind not in KINDS:
        raise Http404
    done = request.method == "POST"
    if done:
        services.mail_wish(user=user, kind=kind, wanted=False)
    return render(request, "reviews/mail_stop.html", {"kind": KINDS[kind], "done": done, "token": token})


@may(Role.ADMIN)
@require_http_methods(["GET", "POST"])
def receivers(request: PageRequest) -> HttpResponse:
    """Name the webhooks that hear of meetings, and see what was sent."""
    fault: BokgiError | None = None
    fresh: Receiver | None = None
    teams = teams_led(screen_of(request))
    if request.method == "POST":
        given = request.POST
        try:
            if given.get("team", "") not in {"", *teams}:
                raise UsageError("team_unknown", Message(N_("There is no team “{team}”."), {"team": given["team"]}))
            fresh = services.receiver_add(
                name=given.get("name", ""),
                address=given.get("address", ""),
                by=request.user,
                team=given.get("team", ""),
                language=page_language(),
                private=given.get("private") == "on",
            )
        except BokgiError as error:
            fault = error
    listed = Delivery.objects.select_related("meeting", "user", "receiver").order_by("-pk")[:_SHOWN]
    context = {
        "teams": teams,
        "receivers": Receiver.objects.filter(removed_at=None),
        "deliveries": listed,
        "kinds": KINDS,
        "why": fault_words,
        "fault": fault,
        "fresh": fresh,
        "given": request.POST if fault else {},
    }
    return render(request, "reviews/receivers.html", context, status=422 if fault else 200)


@may(Role.ADMIN)
@require_POST
def receiver_remove(request: PageRequest, receiver_id: int) -> HttpResponse:
    """Take a receiver away."""
    found = get_object_or_404(Receiver, pk=receiver_id, removed_at=None)
    services.receiver_remove(receiver=found, by=request.user, at=timezone.now())
    return HttpResponseRedirect(reverse("reviews:receivers"))


@may(Role.ADMIN)
@require_POST
def delivery_retry(request: PageRequest, delivery_id: int) -> HttpResponse:
    """Try once more what was given up."""
    services.delivery_retry(delivery_id=delivery_id, by=request.user, at=timezone.now())
    return HttpResponseRedirect(reverse("reviews:receivers"))
