"""Addresses of the pages of data."""

from __future__ import annotations

from django.urls import path

from bokgi.apps.data.views import connections, corrections, imports, quality, refused, uploading

urlpatterns = [
    path("", imports.imports, name="index"),
    path("upload/", uploading.upload, name="upload"),
    path("upload/<uuid:upload_id>/", uploading.uploaded, name="uploaded"),
    path("upload/<uuid:upload_id>/mapping/", uploading.hint, name="hint"),
    path("upload/<uuid:upload_id>/discard/", uploading.discard, name="discard"),
    path("work/<int:work>/", uploading.progress, name="progress"),
    path("imports/", imports.imports, name="imports"),
    path("imports/<int:import_no>/", imports.one_import, name="import"),
    path("imports/<int:import_no>/undo/", imports.undo, name="undo"),
    path("imports/<int:import_no>/release/", imports.release, name="release"),
    path("imports/<int:import_no>/mend/", refused.mend, name="mend"),
    path("quality/", quality.quality, name="quality"),
    path("corrections/", corrections.corrections, name="corrections"),
    path("corrections/<int:correction_id>/take-back/", corrections.take_back, name="take_back"),
    path("connections/", connections.connections, name="connections"),
    path("connections/<int:token_id>/revoke/", connections.revoke, name="revoke"),
    path("connections/remind/", connections.remind, name="remind"),
    path("arrive/", connections.arrive, name="arrive"),
    path("quarantine/", refused.refused, name="quarantine"),
    path("quarantine/dismiss/", refused.dismiss, name="dismiss"),
]
