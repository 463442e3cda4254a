"""The quality of the data, told as what it does to the figures, with what to mend first."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from bokgi.apps.access.asking import ask, today, viewer_of
from bokgi.apps.access.permissions import Role
from bokgi.apps.access.permitting import may
from bokgi.apps.access.requests import PageRequest, organisation_of, page_language
from bokgi.apps.data.rules import KEEPERS
from bokgi.domain.labels import GAPS
from bokgi.questions.asked import Json
from bokgi.questions.data_quality import ask_data_quality
from bokgi.ui.speaker import Speaker


@may(Role.ADMIN, Role.LEADER, Role.MANAGER, Role.REP)
@require_GET
def quality(request: PageRequest) -> HttpResponse:
    """Say what each gap does, to who sees everybody; show everybody whose deals they see what to mend."""
    answer = ask(request, ask_data_quality)
    company = organisation_of(request)
    speaker = Speaker(page_language(), today(request), "KRW" if company is None else company.currency)
    keeps = Role(request.user.role) in KEEPERS
    viewer = viewer_of(request)
    owners = [row for row in answer["owners"] if viewer.sees_person(row["owner_id"] or "")]
    shown = [code for code in GAPS if any(row[code] for row in owners)]
    context = {
        "gaps": [_told(gap, speaker) for gap in answer["gaps"]] if keeps else [],
        "open": answer["open"],
        "whole": speaker.say(answer["all"]["sentence"]) if keeps and answer["gaps"] else "",
        "usual": {name: speaker.money(answer["usual"][name]) for name in ("low", "high")},
        "n": answer["usual"]["n"],
        "thin": answer["usual"]["low"] is None,
        "keeps": keeps,
        "owners": owners,
        "shown": shown,
        "names": GAPS,
    }
    return render(request, "data/quality.html", context)


def _told(gap: Json, speaker: Speaker) -> Json:
    return {**gap, "text": speaker.say(gap["sentence"])}
