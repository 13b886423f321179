"""Pages of the door."""

from __future__ import annotations

from django.urls import path

from otay.intake import views

app_name = "intake"
urlpatterns = [
    path("", views.log, name="log"),
    path("send/", views.send, name="send"),
    path("<int:message_id>/", views.message, name="message"),
    path("<int:message_id>/raw/", views.raw, name="raw"),
    path("<int:message_id>/correct/", views.correct, name="correct"),
    path("<int:message_id>/replay/", views.replay, name="replay"),
]
