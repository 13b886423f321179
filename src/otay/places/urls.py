"""URLs of the places pages."""

from __future__ import annotations

from django.urls import path

from otay.places import views

app_name = "places"

urlpatterns = [
    path("", views.ports, name="ports"),
    path("live/", views.live, name="live"),
    path("map/<slug:layout>.svg", views.picture, name="picture"),
    path("ports/<slug:code>/", views.port, name="port"),
    path("crossings/<slug:key>/", views.crossing, name="crossing"),
]
