"""Addresses of what follows a meeting: commitments, learning, thanks, minutes."""

from __future__ import annotations

from django.urls import URLPattern, path

from bokgi.apps.reviews import recognition_views as recognition
from bokgi.apps.reviews.keeping import views as keeping
from bokgi.apps.reviews.learning import parts
from bokgi.apps.reviews.learning import views as learning
from bokgi.apps.reviews.telling import views as telling

after_addresses: list[URLPattern] = [
    path("commitments/", keeping.commitments, name="commitments"),
    path("commitments/of/<path:person_id>/", keeping.person_commitments, name="person_commitments"),
    path("commitments/on/<path:deal_id>/", keeping.deal_commitments, name="deal_commitments"),
    path("commitments/<int:commitment_id>/word/", keeping.say, name="commitment_say"),
    path("learning/", learning.library, name="library"),
    path("learning/new/", learning.case_new, name="case_new"),
    path("learning/reasons/", learning.reasons, name="reasons"),
    path("learning/like/<path:deal_id>/", learning.alike, name="alike"),
    path("learning/of/<path:person_id>/", parts.person_cases, name="person_cases"),
    path("learning/found/", parts.cases_found, name="cases_found"),
    path("learning/<int:case_id>/", learning.case, name="case"),
    path("learning/<int:case_id>/change/", learning.case_change, name="case_change"),
    path("learning/<int:case_id>/vote/", learning.vote, name="case_vote"),
    path("learning/<int:case_id>/withdraw/", learning.case_withdraw, name="case_withdraw"),
    path("thanks/", recognition.thanks, name="thanks"),
    path("thanks/ranking/", recognition.ranking_set, name="ranking_set"),
    path("thanks/<int:recognition_id>/withdraw/", recognition.thanks_withdraw, name="thanks_withdraw"),
    path("<int:meeting_id>/minutes.<slug:form>", telling.minutes, name="minutes"),
    path("mail/", telling.mail, name="mail"),
    path("mail/stop/<str:token>/", telling.mail_stop, name="mail_stop"),
    path("receivers/", telling.receivers, name="receivers"),
    path("receivers/<int:receiver_id>/remove/", telling.receiver_remove, name="receiver_remove"),
    path("deliveries/<int:delivery_id>/retry/", telling.delivery_retry, name="delivery_retry"),
]
