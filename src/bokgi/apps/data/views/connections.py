"""Files that come by themselves: the drop folder, the upload address and its tokens."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_POST

from bokgi.apps.access.permitting import anyone, may
from bokgi.apps.access.requests import PageRequest
from bokgi.apps.data import arriving, services
from bokgi.apps.data.models import UploadToken
from bokgi.apps.data.views.uploading import KEEPERS
from bokgi.domain.errors import BokgiError


@may(*KEEPERS)
@require_http_methods(["GET", "POST"])
def connections(request: PageRequest) -> HttpResponse:
    """Show where files come by themselves; make a token, which is shown once."""
    made = ""
    if request.method == "POST":
        _, made = arriving.token_create(name=request.POST.get("name", ""), by=request.user)
    shown = {
        "folder": settings.HOME / "drop",
        "address": request.build_absolute_uri(reverse("data:arrive")),
        "tokens": UploadToken.objects.filter(revoked_at=None).select_related("by"),
        "made": made,
    }
    return render(request, "data/connections.html", shown)


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
