"""URLs of a node: the home page, sign-in, the API, and what each room registered."""

from __future__ import annotations

from django.contrib import admin
from django.urls import URLPattern, URLResolver, include, path

from otay.node import registry
from otay.web import views
from otay.web.api import api

urlpatterns: list[URLPattern | URLResolver] = [
    path("", views.home, name="home"),
    path("language/", views.set_language, name="set_language"),
    path("accounts/", include("allauth.urls")),
    path("admin/", admin.site.urls),
    path("api/v1/", api.urls),
    *(path(pages.prefix, include(pages.urlconf)) for pages in registry.pages),
]
