"""Addresses of coaching."""

from __future__ import annotations

from django.urls import URLPattern, path

from bokgi.apps.coaching.views import evidence, pairs, plans, skills, talks

urlpatterns: list[URLPattern] = [
    path("", pairs.index, name="index"),
    path("begin/", pairs.pair_begin, name="pair_begin"),
    path("with/<path:person_id>/", pairs.with_person, name="with_person"),
    path("record/", pairs.own_record, name="record"),
    path("ledger/", evidence.ledger, name="ledger"),
    path("causes/<path:person_id>/", evidence.causes, name="causes"),
    path("skills/", skills.rubric, name="rubric"),
    path("skills/<slug:skill_key>/", skills.skill, name="skill"),
    path("pairs/<uuid:pair_id>/", pairs.pair, name="pair"),
    path("pairs/<uuid:pair_id>/pass-on/", pairs.papers_pass_on, name="papers_pass_on"),
    path("pairs/<uuid:pair_id>/take-back/", pairs.papers_take_back, name="papers_take_back"),
    path("pairs/<uuid:pair_id>/1-1/", talks.one_on_one_plan, name="one_on_one_plan"),
    path("pairs/<uuid:pair_id>/plan/", plans.plan_new, name="plan_new"),
    path("1-1/<uuid:one_on_one_id>/", talks.one_on_one, name="one_on_one"),
    path("1-1/<uuid:one_on_one_id>/write/", talks.paper_write, name="paper_write"),
    path("1-1/<uuid:one_on_one_id>/close/", talks.one_on_one_close, name="one_on_one_close"),
    path("papers/<uuid:paper_id>/remove/", talks.paper_remove, name="paper_remove"),
    path("papers/<uuid:paper_id>/done/", talks.paper_done, name="paper_done"),
    path("papers/<uuid:paper_id>/agree/", talks.follow_up_agree, name="follow_up_agree"),
    path("plans/<uuid:plan_id>/", plans.plan, name="plan"),
    path("plans/<uuid:plan_id>/agree/", plans.plan_agree, name="plan_agree"),
    path("plans/<uuid:plan_id>/decline/", plans.plan_decline, name="plan_decline"),
    path("plans/<uuid:plan_id>/end/", plans.plan_end, name="plan_end"),
    path("plans/<uuid:plan_id>/pdf/", plans.plan_pdf, name="plan_pdf"),
]
