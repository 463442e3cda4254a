"""Files that come by themselves: the drop folder, the upload address and its tokens."""

from __future__ import annotations

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_POST

from bokgi.apps.access.models import User
from bokgi.apps.access.permitting import anyone, may
from bokgi.apps.access.requests import PageRequest, key_given, page_language
from bokgi.apps.data import arriving, reminding, services
from bokgi.apps.data.models import ExportReminder, UploadToken
from bokgi.apps.data.rules import KEEPERS, MOST_BYTES
from bokgi.domain.errors import BokgiError
from bokgi.domain.messages import N_


@may(*KEEPERS)
@require_http_methods(["GET", "POST"])
def connections(request: PageRequest) -> HttpResponse:
    """Show where files come by themselves; make a token, which is shown once."""
    made = ""
    if request.method == "POST":
        _, made = arriving.token_create(name=request.POST.get("name", ""), by=request.user)
    shown = {
        "folder": settings.HOME / "drop",
        "too_large": arriving.drop_too_large(),
        "most_bytes": MOST_BYTES,
        "address": request.build_absolute_uri(reverse("data:arrive")),
        "tokens": UploadToken.objects.filter(revoked_at=None).select_related("by"),
        "made": made,
        "reminder": ExportReminder.objects.filter(pk=1).select_related("to").first(),
        "keepers": User.objects.filter(role__in=[role.value for role in KEEPERS], is_active=True).order_by("name"),
        "longest": reminding.LONGEST_DAYS,
        "to_export": reminding.to_export(page_language()),
    }
    return render(request, "data/connections.html", shown)


@may(*KEEPERS)
@require_POST
def remind(request: PageRequest) -> HttpResponse:
    """Set who is reminded of the next export, and how often."""
    to = None
    if chosen := key_given(request.POST.get("to")):
        to = get_object_or_404(User, pk=chosen, role__in=[role.value for role in KEEPERS])
    days = request.POST.get("every_days", "").strip()
    reminding.reminder_set(to=to, every_days=key_given(days), by=request.user)
    messages.success(request, N_("Saved."))
    return HttpResponseRedirect(reverse("data:connections"))


@may(*KEEPERS)
@require_POST
def revoke(request: PageRequest, token_id: int) -> HttpResponse:
    """Let a token work no more."""
    arriving.token_revoke(token=get_object_or_404(UploadToken, pk=token_id), by=request.user)
    return HttpResponseRedirect(reverse("data:connections"))


@anyone
@csrf_exempt
@require_POST
def arrive(request: HttpRequest) -> JsonResponse:
    """Take files from a program that shows a token (`Authorization: Bearer …`); the answer is JSON in English."""
    scheme, _, text = request.headers.get("Authorization", "").partition(" ")
    token = arriving.token_of(text.strip()) if scheme.lower() == "bearer" and text.strip() else None
    if token is None:
        return JsonResponse({"error": "token_unknown"}, status=401, headers={"WWW-Authenticate": "Bearer"})
    try:
        made = services.upload_create(files=request.FILES.getlist("files"), by=token.by, came_by="address")
    except BokgiError as error:
        return JsonResponse({"error": error.code, "message": str(error)}, status=400)
    return JsonResponse({"upload": str(made.pk), "files": [file["name"] for file in made.files]}, status=202)
