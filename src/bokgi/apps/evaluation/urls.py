"""Addresses of evaluations."""

from __future__ import annotations

from django.urls import URLPattern, path

from bokgi.apps.evaluation.views import calibration, criteria, forms, papers, rounds, templates, writing

urlpatterns: list[URLPattern] = [
    path("", rounds.index, name="index"),
    path("record.json", papers.record, name="record"),
    path("notices/", rounds.notices, name="notices"),
    path("templates/", templates.index, name="templates"),
    path("templates/roles/<str:of_role>/", templates.role_default, name="role_default"),
    path("templates/<int:template_id>/", templates.template, name="template"),
    path("rounds/new/", rounds.round_new, name="round_new"),
    path("rounds/<int:round_id>/", rounds.round_page, name="round"),
    path("rounds/<int:round_id>/people/", rounds.round_people, name="round_people"),
    path("rounds/<int:round_id>/calibration/", calibration.calibration, name="calibration"),
    path("rounds/<int:round_id>/criteria/<str:of_role>/", criteria.criteria, name="criteria"),
    path("rounds/<int:round_id>/do/<slug:deed>/", rounds.round_act, name="round_act"),
    path("forms/<int:evaluation_id>/", forms.form, name="form"),
    path("forms/<int:evaluation_id>/self/", writing.self_evaluation, name="self"),
    path("forms/<int:evaluation_id>/draft/", writing.draft, name="draft"),
    path("forms/<int:evaluation_id>/guard/", writing.guard, name="guard"),
    path("forms/<int:evaluation_id>/form.pdf", papers.form_pdf, name="form_pdf"),
    path("forms/<int:evaluation_id>/do/<slug:deed>/", forms.form_act, name="form_act"),
    path("colleagues/<int:request_id>/", writing.peer, name="peer"),
]
