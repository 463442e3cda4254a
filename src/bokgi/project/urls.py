"""All addresses. An app brings its own under the name of its rail entry."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, include, path

from bokgi.apps.access import people_views as people
from bokgi.apps.access import session_views as sessions
from bokgi.apps.access import views as access
from bokgi.apps.pipeline.urls import deal_addresses, funnel_addresses, search_addresses
from bokgi.apps.planning.urls import definition_addresses, kpi_addresses, team_addresses
from bokgi.project import queue, views

settings_addresses: list[URLPattern] = [
    path("", access.settings_index, name="index"),
    path("users/", people.users, name="users"),
    path("users/<int:user_id>/", people.user, name="user"),
    path("users/<int:user_id>/second-step/remove/", people.user_second_step_remove, name="user_second_step_remove"),
    path("users/<int:user_id>/sessions/<int:session_id>/end/", sessions.user_session_end, name="user_session_end"),
    path("invitations/<int:invitation_id>/withdraw/", people.invitation_withdraw, name="invitation_withdraw"),
    path("queue/", queue.queue, name="queue"),
    path("queue/<uuid:task_id>/retry/", queue.queue_retry, name="queue_retry"),
    path("schedules/<str:name>/", queue.schedule_change, name="schedule_change"),
    *definition_addresses,
]

urlpatterns: list[URLPattern | URLResolver] = [
    path("", views.home, name="home"),
    path("favicon.ico", views.icon, name="icon"),
    path("health/", views.health, name="health"),
    path("components/", views.components, name="components"),
    path("components/<slug:component_name>/", views.component, name="component"),
    path("vega-<slug:version>.js", views.vega_bundle, name="vega"),
    path("account/", include("bokgi.apps.access.urls")),
    path("data/", include(("bokgi.apps.data.urls", "data"))),
    path("forecast/", include(("bokgi.apps.forecast.urls", "forecast"))),
    path("kpi/", include((kpi_addresses, "kpi"))),
    path("team/", include((team_addresses, "team"))),
    path("today/", include(("bokgi.apps.today.urls", "today"))),
    path("coaching/", include(("bokgi.apps.coaching.urls", "coaching"))),
    path("people/", include(("bokgi.apps.people.urls", "people"))),
    path("reviews/", include(("bokgi.apps.reviews.urls", "reviews"))),
    path("evaluation/", include(("bokgi.apps.evaluation.urls", "evaluation"))),
    path("funnel/", include((funnel_addresses, "funnel"))),
    path("deals/", include((deal_addresses, "deals"))),
    path("search/", include((search_addresses, "search"))),
    path("settings/", include((settings_addresses, "settings"))),
]

handler400 = "bokgi.project.views.bad_request"
handler403 = "bokgi.project.views.permission_denied"
handler404 = "bokgi.project.views.page_not_found"
handler429 = "bokgi.project.views.too_many"
handler500 = "bokgi.project.views.server_error"
