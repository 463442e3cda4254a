"""Addresses of the weekly review."""

from __future__ import annotations

from django.urls import URLPattern, path

from bokgi.apps.reviews.after_addresses import after_addresses
from bokgi.apps.reviews.views import live, pack, past, planning, preparing

urlpatterns: list[URLPattern] = [
    path("", planning.index, name="index"),
    path("pack/", pack.pack, name="pack"),
    path("series/", planning.series_set, name="series_set"),
    path("series/<int:series_id>/end/", planning.series_end, name="series_end"),
    path("plan/", planning.plan, name="plan"),
    path("<int:meeting_id>/", planning.meeting, name="meeting"),
    path("<int:meeting_id>/focus/", planning.focus, name="focus"),
    path("<int:meeting_id>/agenda/", planning.agenda, name="agenda"),
    path("<int:meeting_id>/move/", planning.move, name="move"),
    path("<int:meeting_id>/cancel/", planning.cancel, name="cancel"),
    path("<int:meeting_id>/prepare/", preparing.prepare, name="prepare"),
    path("<int:meeting_id>/prepare/tidy/", preparing.tidy, name="tidy"),
    path("<int:meeting_id>/prepare/say/<int:commitment_id>/", preparing.say, name="say"),
    path("<int:meeting_id>/prepare/<int:participant_id>/", preparing.prepared, name="prepared"),
    path("<int:meeting_id>/prepare/<int:participant_id>/did/", preparing.did, name="did"),
    path("<int:meeting_id>/open/", live.open_, name="open"),
    path("<int:meeting_id>/live/", live.live, name="live"),
    path("<int:meeting_id>/live/state/", live.state, name="state"),
    path("<int:meeting_id>/live/part/", live.part, name="part"),
    path("<int:meeting_id>/live/extend/", live.extend, name="extend"),
    path("<int:meeting_id>/live/deal/", live.deal, name="deal"),
    path("<int:meeting_id>/live/notes/", live.note, name="note"),
    path("<int:meeting_id>/live/thanks/", live.thank, name="thank"),
    path("<int:meeting_id>/live/commitments/", live.commit, name="commit"),
    path("<int:meeting_id>/live/commitments/<int:commitment_id>/", live.commitment, name="commitment"),
    path("<int:meeting_id>/live/close/", live.close, name="close"),
    path("<int:meeting_id>/past/", past.past, name="past"),
    path("<int:meeting_id>/past/today/", past.today, name="today"),
    path("<int:meeting_id>/past/file/", past.kept_file, name="file"),
    *after_addresses,
]
